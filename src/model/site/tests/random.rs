//! Documents made up and documents damaged, from seeds.

use super::export::keeps_its_promises;
use super::*;
use toml::Value;

/// SplitMix64: enough to choose by, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % sides as u64).unwrap()
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.roll(of.len())]
    }

    /// The lines that must be there and some of those that may, in any order.
    fn lines(&mut self, must: &[String], may: &[String]) -> String {
        let mut lines: Vec<String> = must.to_vec();
        lines.extend(may.iter().filter(|_| self.roll(2) == 0).cloned());
        for at in (1..lines.len()).rev() {
            lines.swap(at, self.roll(at + 1));
        }
        lines.join("\n") + "\n"
    }

    fn then(&mut self, users: usize) -> String {
        let user = self.roll(users);
        let choices = [
            "voicemail".to_owned(),
            format!("voicemail:u{user}"),
            format!("forward:{}", 200 + user),
            "forward:070-123 45 67".to_owned(),
            "busy".to_owned(),
            "announce:a".to_owned(),
        ];
        self.one(&choices).clone()
    }
}

/// A document without mistakes, made up from the dice.
fn made_up(dice: &mut Dice) -> String {
    let users = 1 + dice.roll(8);
    let mut parts =
        vec![company(dice), "[[announcements]]\nid = \"a\"\ntext = { en = \"Hej \\\"du\\\"\" }\n".to_owned()];
    parts.push("[[trunks]]\nid = \"t\"\nkind = \"peer\"\nhosts = [\"[::1]:5060\"]\nnumbers = [\"+46812345200-299\"]\n".to_owned());
    if dice.roll(2) == 0 {
        let rule = ["classes = [\"national\"]", "trunks = [\"t\"]"].map(str::to_owned);
        parts.push("[[outbound]]\n".to_owned() + &dice.lines(&rule, &[]));
    }
    for at in 0..users {
        parts.push(user(dice, at, users));
    }
    for at in 0..dice.roll(3) {
        let must =
            [format!("id = \"g{at}\""), "name = \"G\"".to_owned(), format!("extension = \"{}\"", 300 + at)];
        let (then, strategy) = (dice.then(users), dice.one(&["all", "linear", "rotate"]).to_string());
        let may = [
            format!("number = \"+468123452{}\"", 50 + at),
            format!("strategy = \"{strategy}\""),
            format!("members = [\"u{}\"]", dice.roll(users)),
            format!("no_answer = {{ then = \"{then}\" }}"),
        ];
        parts.push("[[groups]]\n".to_owned() + &dice.lines(&must, &may));
    }
    for at in 0..dice.roll(3) {
        let must =
            [format!("id = \"h{at}\""), "open = { sun = [\"22:00-24:00\", \"00:00-06:30\"] }".to_owned()];
        let may = [
            "holidays = \"sweden\"".to_owned(),
            "closed = { then = \"busy\" }".to_owned(),
            "exceptions = [{ open = [], date = 2026-12-24 }, { date = \"2026-12-25\", open = [\"10:00-11:00\"] }]".to_owned(),
        ];
        parts.push("[[hours]]\n".to_owned() + &dice.lines(&must, &may));
    }
    dice.lines(&parts, &[])
}

fn company(dice: &mut Dice) -> String {
    let must =
        ["name = \"Åkeri & Co \\\\ \\\"Öst\\\"\"", "service_activated = \"2026-01-01T00:00:00+01:00\""];
    let may = [
        "language = \"en\"",
        "time_zone = \"Europe/Helsinki\"",
        "country = \"SE\"",
        "area_code = \"08\"",
        "number = \"0812345299\"",
    ];
    "[company]\n".to_owned() + &dice.lines(&must.map(str::to_owned), &may.map(str::to_owned))
}

fn user(dice: &mut Dice, at: usize, users: usize) -> String {
    let must =
        [format!("id = \"u{at}\""), format!("name = \"U {at}\""), format!("extension = \"{}\"", 200 + at)];
    let (first, second, third) = (dice.then(users), dice.then(users), dice.then(users));
    let may = [
        format!("number = \"08-123 452 {:02}\"", at),
        format!("plan = \"{}\"", dice.one(&["pro", "business", "enterprise"])),
        format!("password = \"p{}\"", dice.roll(3)),
        format!("present = \"{}\"", dice.one(&["fixed", "hidden"])),
        format!("no_answer = {{ after_s = {}, then = \"{first}\" }}", 1 + dice.roll(60)),
        format!("busy = {{ then = \"{second}\" }}"),
        format!("unreachable = {{ then = \"{third}\" }}"),
        format!("voicemail = {{ after_menu = {{ \"9\" = \"{}\", \"#\" = \"112 34 56\" }}, pin = \"0000\" }}", 200 + dice.roll(users)),
        "call_waiting = true".to_owned(),
        "barring = [\"mobile\", \"m2m\"]".to_owned(),
        "roles = [\"admin\", \"supervisor\"]".to_owned(),
        "contacts = [{ name = \"K\", numbers = [\"+47 21 23 45 67\", \"200\"], vip = true }, { name = \"K\" }]".to_owned(),
        "blocked = [{ number = \"0701234567\" }]".to_owned(),
    ];
    let mut text = "[[users]]\n".to_owned() + &dice.lines(&must, &may);
    for device in 0..dice.roll(3) {
        let must = [format!("id = \"u{at}-d{device}\""), format!("secret = \"s{}\"", dice.roll(100))];
        text += &("[[users.devices]]\n".to_owned() + &dice.lines(&must, &["kind = \"dect\"".to_owned()]));
    }
    text
}

#[test]
fn made_up_documents_are_read_and_exported_as_promised() {
    for seed in 0..300 {
        let text = made_up(&mut Dice(seed));
        let site = parse(&text).unwrap_or_else(|mistakes| panic!("seed {seed}: {mistakes:#?}\n{text}"));
        keeps_its_promises(&text, &site);
    }
}

#[test]
fn made_up_changes_are_all_shown() {
    for seed in 0..200 {
        let (old, new) = (made_up(&mut Dice(seed)), made_up(&mut Dice(seed + 1000)));
        let old = parse(&old).unwrap();
        let new = Site::parse_over(Some(&old), &new, &Quick).unwrap();
        let differences = Site::diff(Some(&old), &new);
        assert!(!differences.is_empty());
        let mut paths: Vec<&str> = differences.iter().map(|difference| difference.path.as_str()).collect();
        let back = Site::diff(Some(&new), &old);
        let mut back: Vec<&str> = back.iter().map(|difference| difference.path.as_str()).collect();
        paths.sort_unstable();
        back.sort_unstable();
        assert_eq!(paths, back, "seed {seed}");
    }
}

#[test]
fn damaged_text_is_read_or_refused_and_never_panics() {
    let mut read = 0;
    for seed in 0..1500 {
        let dice = &mut Dice(seed);
        let mut text: Vec<char> = DEMO.chars().collect();
        for _ in 0..=dice.roll(4) {
            let (at, length) = (dice.roll(text.len()), dice.roll(20));
            let end = (at + length).min(text.len());
            match dice.roll(4) {
                0 => drop(text.drain(at..end)),
                1 => text.insert(
                    at,
                    *dice.one(&['"', '[', ']', '=', '\n', '0', '.', 'é', '\0', '{', '*', '\u{1f600}']),
                ),
                2 => text[at] = *dice.one(&['"', '[', '5', '-', ' ', 'x', ':', '+']),
                _ => {
                    let piece = text[at..end].to_vec();
                    let to = dice.roll(text.len());
                    text.splice(to..to, piece);
                }
            }
        }
        let text: String = text.into_iter().collect();
        match parse(&text) {
            Ok(site) => {
                read += 1;
                keeps_its_promises(&text, &site);
            }
            Err(mistakes) => assert!(mistakes.iter().all(|m| !m.path.is_empty() && !m.message.is_empty())),
        }
    }
    assert!((50..1450).contains(&read), "{read}");
}

/// Puts a value of another kind somewhere; gives back the key it went to.
fn disturb(value: &mut Value, dice: &mut Dice) {
    let odd = [
        Value::Integer(-1),
        Value::Integer(i64::MAX),
        Value::Float(f64::NAN),
        Value::Boolean(true),
        Value::String(String::new()),
        Value::String("å\n\u{7f}".repeat(50)),
        Value::String("+".repeat(300)),
        Value::Array(vec![]),
        Value::Array(vec![Value::Table(toml::Table::new()), Value::Integer(1)]),
        Value::Table(toml::Table::new()),
    ];
    match value {
        Value::Table(table) if !table.is_empty() && dice.roll(8) > 0 => {
            let at = dice.roll(table.len());
            if let Some((_, below)) = table.iter_mut().nth(at) {
                disturb(below, dice);
            }
        }
        Value::Array(items) if !items.is_empty() && dice.roll(8) > 0 => {
            let at = dice.roll(items.len());
            disturb(&mut items[at], dice);
        }
        other => *other = dice.one(&odd).clone(),
    }
}

#[test]
fn values_of_the_wrong_kind_are_refused_and_never_panic() {
    let demo: Value = Value::Table(DEMO.parse().unwrap());
    for seed in 0..1500 {
        let dice = &mut Dice(seed);
        let mut document = demo.clone();
        for _ in 0..=dice.roll(3) {
            disturb(&mut document, dice);
        }
        let Ok(text) = toml::to_string(&document) else { continue };
        if let Ok(site) = parse(&text) {
            keeps_its_promises(&text, &site);
        }
    }
}
