//! Every example composed from its inputs.

use super::super::*;
use super::*;
use model::site::{Lasts, Phrase};
use model::{ActivityId, UserId, When};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use toml::{Table, Value};

const EXAMPLES: &str = include_str!("../../../../tests/data/prompts/examples.toml");
/// So many there are.
const ALL: usize = 307;

/// The examples, and the company they are of.
struct Cases {
    document: Table,
    book: Book,
    zone: TimeZone,
    activities: BTreeMap<String, Activity>,
    checked: usize,
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap()
}

fn count(value: &Value, key: &str) -> u32 {
    value[key].as_integer().unwrap().try_into().unwrap()
}

fn is(value: &Value, key: &str) -> Option<bool> {
    value.get(key).map(|value| value.as_bool().unwrap())
}

fn language(case: &Value) -> Language {
    *LANGUAGES.iter().find(|language| language.as_str() == text(case, "lang")).unwrap()
}

fn instant(case: &Value, key: &str) -> Timestamp {
    case[key].as_datetime().unwrap().to_string().parse().unwrap()
}

fn own(custom: &Value) -> Activity {
    let words = |language| custom.get("spoken").and_then(|spoken| spoken.get(language)?.as_str());
    let phrase = |words: Option<&str>| words.map(str::to_owned);
    Activity {
        id: ActivityId::new(text(custom, "id")),
        code: 20,
        name: Phrase { swedish: Some(text(custom, "id").to_owned()), english: None },
        closed: is(custom, "closed").unwrap(),
        lasts: Lasts::UntilChanged,
        spoken: custom
            .get("spoken")
            .map(|_| Phrase { swedish: phrase(words("sv")), english: phrase(words("en")) }),
        hide_end: is(custom, "hide_end").unwrap_or(false),
    }
}

impl Cases {
    fn read() -> Self {
        let document: Table = EXAMPLES.parse().unwrap();
        let mut book = Book::read();
        let mut activities: BTreeMap<_, _> =
            built_in().into_iter().map(|activity| (activity.id.to_string(), activity)).collect();
        for custom in document["custom"].as_array().unwrap() {
            let id = text(custom, "id");
            activities.insert(id.to_owned(), own(custom));
            for language in ["sv", "en"] {
                let words = |key| custom.get(key).and_then(|words| words.get(language)?.as_str());
                book.put(language, &format!("@phrase:{id}"), words("recorded").unwrap_or_default());
                for end in ["c", "e"] {
                    book.put(language, &format!("@say:{id}.{end}"), words("spoken").unwrap_or_default());
                }
            }
        }
        for person in document["person"].as_array().unwrap() {
            if is(person, "name_recorded") == Some(true) {
                for language in ["sv", "en"] {
                    book.put(language, &format!("@name:{}", text(person, "id")), text(person, "name"));
                }
            }
        }
        let zone = zone(document["time_zone"].as_str().unwrap());
        Self { document, book, zone, activities, checked: 0 }
    }

    fn each(&mut self, family: &str, compose: impl Fn(&Self, &Value) -> Vec<Part>) {
        for case in self.document[family].as_array().unwrap().clone() {
            let parts = compose(self, &case);
            let ids: Vec<String> = parts.iter().map(Part::to_string).collect();
            let expected: Vec<&str> =
                case["parts"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
            assert_eq!(ids, expected, "{family} {case}");
            let sentences = self.book.sentences(language(&case), &parts);
            assert_eq!(sentences, text(&case, "sentence"), "{family} {case}");
            self.checked += 1;
        }
    }

    fn now(&self, case: &Value) -> ZonedDateTime {
        instant(case, "now").to_zoned_datetime(self.zone.clone())
    }

    fn person(&self, id: &str) -> (UserId, bool) {
        let persons = self.document["person"].as_array().unwrap();
        let person = persons.iter().find(|person| text(person, "id") == id).unwrap();
        (id.into(), is(person, "name_recorded").unwrap())
    }

    fn recorded(&self, activity: &str, language: Language) -> bool {
        let customs = self.document["custom"].as_array().unwrap();
        let custom = customs.iter().find(|custom| text(custom, "id") == activity);
        custom.and_then(|custom| custom.get("recorded")?.get(language.as_str())).is_some()
    }

    fn referral(&self, case: &Value) -> Vec<Part> {
        let (id, name_recorded) = self.person(text(case, "person"));
        let activity = &self.activities[text(case, "activity")];
        let end = match (case.get("end_at"), case.get("end_day")) {
            (Some(_), _) => Some(End::At(instant(case, "end_at"))),
            (None, Some(day)) => Some(End::Day(day.as_datetime().unwrap().to_string().parse().unwrap())),
            (None, None) => None,
        };
        let absence = Absence {
            activity,
            closed: is(case, "closed").unwrap_or(activity.closed),
            phrase_recorded: self.recorded(activity.id.as_str(), language(case)),
            end,
        };
        let person = Person { id: &id, name_recorded };
        let mut parts = referral(language(case), &absence, &person, &self.now(case));
        if let Some(choices) = case.get("after_menu") {
            let choices: Vec<_> = choices.as_array().unwrap().iter().map(choice).collect();
            let leave = if is(case, "voicemail") == Some(true) { Leave::Message } else { Leave::Nothing };
            parts.extend(tail(&choices, leave));
        }
        parts
    }
}

fn choice(line: &Value) -> (u8, Chosen) {
    let chosen = match text(line, "to") {
        "colleague" => Chosen::Colleague,
        "group" => Chosen::Group,
        "switchboard" => Chosen::Switchboard,
        "mobile" => Chosen::Mobile,
        "other" => Chosen::Other,
        name => Chosen::Named(name.strip_prefix("name:").unwrap().into()),
    };
    (text(line, "digit").parse().unwrap(), chosen)
}

fn forward(case: &Value) -> Vec<Part> {
    let when = match text(case, "kind") {
        "all" => When::Always,
        "busy" => When::Busy,
        "no-answer" => When::NoAnswer,
        "unreachable" => When::Unreachable,
        other => panic!("{other}"),
    };
    let after_s = case.get("after_s").map_or(0, |_| count(case, "after_s"));
    match text(case, "to") {
        "voicemail" => forwarding_on(when, after_s, ForwardTo::Voicemail),
        to => forwarding_on(when, after_s, ForwardTo::Number(&either(to))),
    }
}

fn closed_until(cases: &Cases, case: &Value) -> Vec<Part> {
    opening(language(case), Closed::Now, &cases.now(case), Some(instant(case, "opens")))
}

#[test]
#[allow(clippy::disallowed_methods)] // one instant to count from
fn every_example_is_composed_as_it_is_written() {
    let mut cases = Cases::read();
    let start = Instant::now();
    cases.each("case", Cases::referral);
    cases.each("number", |_, case| match is(case, "internal") {
        Some(true) => number(&internal(text(case, "number"))),
        _ => number(&outside(text(case, "number"))),
    });
    cases.each("count", |_, case| message_count(count(case, "new"), count(case, "saved")));
    cases.each("stamp", |cases, case| received(language(case), &cases.now(case), instant(case, "received")));
    cases.each("forward", |_, case| forward(case));
    cases.each("queue", |_, case| {
        let wait = Duration::from_secs(count(case, "estimate_s").into());
        QueueNews::default().tell(start, count(case, "position"), Some(wait))
    });
    cases.each("room", |_, case| entered(count(case, "present") as usize));
    cases.each("opens", closed_until);
    cases.each("other", |_, case| others::compose(text(case, "name")));
    assert_eq!(cases.checked, ALL);
}
