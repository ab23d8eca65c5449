//! The referral: who is away, why, and until when. Also what is said of somebody who does not answer.
//!
//! Languages never mix, a name is never spoken by the engine (a mangled name is worse than none), and no frame needs a
//! genitive, which a recorded name cannot take.

use super::clock::{End, until};
use super::part::{Part, Position};
use jiff::ZonedDateTime;
use model::UserId;
use model::site::{Activity, Language};

/// Who is called.
#[derive(Clone, Copy, Debug)]
pub struct Person<'a> {
    /// Who.
    pub id: &'a UserId,
    /// Is there a recording of their name?
    pub name_recorded: bool,
}

/// What keeps somebody from their calls.
#[derive(Clone, Copy, Debug)]
pub struct Absence<'a> {
    /// What they are doing.
    pub activity: &'a Activity,
    /// Are calls stopped? As the user has set it for this activity, else as the activity says.
    pub closed: bool,
    /// Is there a recording of the activity's phrase, in the language that is spoken?
    pub phrase_recorded: bool,
    /// Until when. The first open day of the company at the earliest: whoever sets it has seen to that.
    pub end: Option<End>,
}

/// What a caller hears of somebody's activity; nothing where calls ring on. `now` is in the company's time zone.
pub fn referral(
    language: Language,
    absence: &Absence<'_>,
    person: &Person<'_>,
    now: &ZonedDateTime,
) -> Vec<Part> {
    let id = absence.activity.id.as_str();
    if !absence.closed || id == "available" {
        return Vec::new();
    }
    let end = absence.end.filter(|_| id != "sick" && !absence.activity.hide_end);
    let until = end.map(|end| until(language, now, end)).unwrap_or_default();
    let position = if until.is_empty() { Position::SentenceEnd } else { Position::PhraseEnd };
    let mut parts = vec![subject(person), phrase(language, absence, position)];
    if !until.is_empty() {
        parts.push(Part::inside("ref.back"));
        parts.extend(until);
    }
    parts
}

/// What a caller hears when nobody answers, or no phone of the person is connected.
pub fn no_answer(person: &Person<'_>) -> Vec<Part> {
    vec![subject(person), Part::last("vm.noanswer")]
}

/// What a caller hears when the person is in another call.
pub fn busy(person: &Person<'_>) -> Vec<Part> {
    vec![subject(person), Part::last("vm.oncall")]
}

fn subject(person: &Person<'_>) -> Part {
    if person.name_recorded {
        Part::Name(person.id.clone(), Position::Inside)
    } else {
        Part::inside("ref.person")
    }
}

/// What somebody is doing: as recorded, as the company has written it, or by the box's own words.
fn phrase(language: Language, absence: &Absence<'_>, position: Position) -> Part {
    let activity = absence.activity;
    // The prompt's own name says nothing of illness: it stands in logs.
    if activity.id.as_str() == "sick" {
        return Part::last("act.absent");
    }
    if absence.phrase_recorded {
        return Part::Phrase(activity.id.clone(), position);
    }
    if activity.own_words(language).is_some() {
        return Part::Say(activity.id.clone(), position);
    }
    let name = match activity.id.as_str() {
        "busy" => "act.busy",
        "meeting" => "act.meeting",
        "lunch" => "act.lunch",
        "break" => "act.break",
        "out" => "act.out",
        "travel" => "act.travel",
        "gone" => "act.gone",
        "holiday" => "act.holiday",
        "off" => "act.leave",
        _ => "act.away",
    };
    Part::prompt(name, position)
}
