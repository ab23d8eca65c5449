//! What people are doing: set, asked for, and over when its time has come.
//!
//! An activity ends by the clock on the wall, which may be set, put back in October or stand still while the box is off. So
//! the end is compared with the clock once a second for as long as anybody has one, and at start.

use crate::Effect;
use crate::pbx::Pbx;
use crate::personal::{Asker, NotSet, no_such_user};
use crate::service::Until;
use crate::speaking::Words;
use crate::speech::{Absence, End, Part, Person, activity_set};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan};
use model::site::{Activity, Lasts, Site, User};
use model::{
    ActivityId, Availability, CallId, Change, Doing, NOTE_MAX, Now, Refusal, RefusalCode, Reply, Setting,
    Ticket, UserId,
};
use std::time::{Duration, Instant};

/// The activity of those who are doing nothing in particular.
pub(crate) const AVAILABLE: &str = "available";
/// How often ends are compared with the clock on the wall.
const LOOK: Duration = Duration::from_secs(1);

/// When to look next whether somebody is available again.
#[derive(Debug, Default)]
pub(crate) struct Returns {
    due: Option<Instant>,
}

impl Returns {
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        self.due.map(|at| (at, "somebody's activity may be over"))
    }
}

/// What is asked for.
pub(crate) struct Wish<'a> {
    pub activity: &'a ActivityId,
    pub until: Option<&'a str>,
    pub note: Option<&'a str>,
    pub closed: Option<bool>,
}

impl Wish<'_> {
    /// What a user is doing from now on; none where they are simply available.
    pub fn doing(&self, now: Now, site: &Site, user: &User) -> Result<Option<Doing>, NotSet> {
        let wrong = |why: String| (RefusalCode::Invalid, why);
        let activity = site.activity(self.activity).ok_or_else(|| {
            let all: Vec<&str> = site.activities().map(|activity| activity.id.as_str()).collect();
            (
                RefusalCode::NotFound,
                format!("there is no activity {}; there are {}", self.activity, all.join(", ")),
            )
        })?;
        let note = self.note.map(str::trim).filter(|note| !note.is_empty());
        if let Some(note) = note
            && (note.chars().count() > NOTE_MAX || note.chars().any(char::is_control))
        {
            return Err(wrong(format!("a note is one line of at most {NOTE_MAX} characters")));
        }
        let note = note.map(str::to_owned);
        if self.activity.as_str() == AVAILABLE {
            if self.until.is_some() || self.closed == Some(true) {
                return Err(wrong("who is available is so without an end, and takes calls".to_owned()));
            }
            let doing = |note| Doing {
                activity: activity.id.clone(),
                until: None,
                whole_day: false,
                note: Some(note),
                closed: None,
            };
            return Ok(note.map(doing));
        }
        let zone = &site.company().time_zone;
        let (until, whole_day) = match self.until {
            Some(text) => {
                let (until, whole_day) = end(zone, now.wall, text).map_err(wrong)?;
                (Some(until), whole_day)
            }
            None => (by_itself(now.wall, (site, user), activity), false),
        };
        let activity = activity.id.clone();
        Ok(Some(Doing { activity, until, whole_day, note, closed: self.closed }))
    }
}

/// The end that somebody has given.
fn end(zone: &TimeZone, now: Timestamp, text: &str) -> Result<(Timestamp, bool), String> {
    let today = zone.to_datetime(now).date();
    let past = |what: &str| format!("{what} has passed; give a later end");
    let (until, whole_day) = if let Ok(instant) = text.parse::<Timestamp>() {
        (instant, false)
    } else if let Some(time) = clock(text) {
        let instant = instant(zone, today.to_datetime(time), now).ok_or("that time cannot be")?;
        if instant <= now {
            return Err(past(&format!("{text} today")));
        }
        (instant, false)
    } else if let Some((date, time)) =
        text.split_once('T').and_then(|(date, time)| Some((date.parse::<Date>().ok()?, clock(time)?)))
    {
        (instant(zone, date.to_datetime(time), now).ok_or("that time cannot be")?, false)
    } else if let Ok(date) = text.parse::<Date>() {
        (instant(zone, date.to_datetime(Time::midnight()), now).ok_or("that day cannot be")?, true)
    } else {
        return Err(format!("\"{text}\" is no end; write 2026-11-23T13:15:00+01:00, 13:15 or 2026-11-24"));
    };
    if until <= now {
        return Err(past(text));
    }
    Ok((until, whole_day))
}

/// `13:15`.
fn clock(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let two = |digits: &str| (digits.len() == 2).then(|| digits.parse::<i8>().ok()).flatten();
    Time::new(two(hour)?, two(minute)?, 0, 0).ok()
}

/// The instant of a reading of the clock. Of one that comes twice the first that is still to come; one that is skipped is the
/// next whole hour.
fn instant(zone: &TimeZone, reading: DateTime, now: Timestamp) -> Option<Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(reading);
    match ambiguous.offset() {
        AmbiguousOffset::Gap { .. } => {
            let hour = reading.date().to_datetime(Time::new(reading.hour(), 0, 0, 0).ok()?);
            zone.to_timestamp(hour.checked_add(1.hour()).ok()?).ok()
        }
        AmbiguousOffset::Fold { .. } => {
            let first = ambiguous.earlier().ok()?;
            if first > now { Some(first) } else { ambiguous.later().ok() }
        }
        AmbiguousOffset::Unambiguous { .. } => ambiguous.compatible().ok(),
    }
}

/// When an activity ends that is given no end.
fn by_itself(now: Timestamp, (site, user): (&Site, &User), activity: &Activity) -> Option<Timestamp> {
    let zone = &site.company().time_zone;
    let (reading, hours) = (zone.to_datetime(now), site.working_hours(user));
    match activity.lasts {
        Lasts::UntilChanged => None,
        Lasts::Minutes(minutes) => now.checked_add(i64::from(minutes).minutes()).ok(),
        Lasts::WorkingDay => instant(zone, hours.day_ends(reading)?, now),
        Lasts::NextWorkingDay => instant(zone, hours.next_day_begins(reading.date())?, now),
    }
}

impl Pbx {
    /// What somebody is doing; none where they are available and have written nothing.
    pub(crate) fn doing<'a>(&'a self, site: &'a Site, user: &UserId) -> Option<(&'a Activity, &'a Doing)> {
        let doing = self.personals.of(user).doing.as_ref()?;
        Some((site.activity(&doing.activity)?, doing))
    }

    /// Does what somebody is doing stop calls?
    pub(crate) fn is_away(&self, site: &Site, user: &UserId) -> bool {
        let closed = |(activity, doing): (&Activity, &Doing)| doing.closed.unwrap_or(activity.closed);
        self.doing(site, user).is_some_and(closed)
    }

    /// What somebody is doing, as colleagues read it: "Lunch", "Lunch (på torget)".
    pub(crate) fn doing_in_words(&self, site: &Site, user: &UserId) -> Option<String> {
        let (activity, doing) = self.doing(site, user)?;
        let name = activity.name.in_language(site.company().language).unwrap_or(activity.id.as_str());
        Some(match (&doing.note, activity.id.as_str()) {
            (Some(note), AVAILABLE) => note.clone(),
            (Some(note), _) => format!("{name} ({note})"),
            (None, _) => name.to_owned(),
        })
    }

    /// What somebody is doing, as colleagues see it.
    pub(crate) fn availability(&self, user: &UserId) -> Result<Availability, NotSet> {
        let site = self.site.as_deref().ok_or_else(|| no_such_user(user))?;
        let owner = site.user(user).ok_or_else(|| no_such_user(user))?;
        let (activity, until, whole_day, note) = match self.doing(site, user) {
            Some((activity, doing)) => {
                (activity.id.clone(), doing.until, doing.whole_day, doing.note.clone())
            }
            None => (ActivityId::new(AVAILABLE), None, false, None),
        };
        let closed = self.is_away(site, user);
        Ok(Availability { user: owner.id.clone(), activity, until, whole_day, note, closed })
    }

    pub(crate) fn reply_activity(&mut self, ticket: Ticket, user: &UserId) {
        let reply = match self.availability(user) {
            Ok(availability) => Reply::Activity(Box::new(availability)),
            Err((code, message)) => Reply::Refused(Refusal { code, messages: vec![message] }),
        };
        self.reply(ticket, reply);
    }

    /// Looks whether somebody is available again, and when to look next.
    pub(crate) fn expire_activities(&mut self, now: Now) {
        let over = self.personals.returned(now.wall);
        if !over.is_empty() {
            let change = |user: &UserId| Change::Personal {
                user: user.clone(),
                personal: self.personals.of(user).clone(),
            };
            let changes = over.iter().map(change).collect();
            self.effects.push_back(Effect::Commit { ticket: None, changes });
        }
        let next = self.personals.next_return();
        self.returns.due = next.map(|at| {
            let left = Duration::try_from(at.duration_since(now.wall)).unwrap_or_default();
            now.mono + left.min(LOOK)
        });
    }

    pub(crate) fn returns_timeout(&mut self, now: Now) {
        if self.returns.due.is_some_and(|due| due <= now.mono) {
            self.expire_activities(now);
        }
    }

    /// Somebody has dialled the code for an activity.
    pub(crate) fn set_by_code(
        &mut self,
        now: Now,
        (id, user): (CallId, &UserId),
        (code, until): (u8, Option<Until>),
    ) {
        let Some(site) = self.site.clone() else { return };
        let Some(activity) = site.activity_coded(code) else {
            let why = format!("there is no activity {code}");
            return self.confirm(now, id, ("activity", Err(&why)));
        };
        let until = match until.map(|until| until.text(site.company().time_zone.to_datetime(now.wall))) {
            Some(None) => return self.confirm(now, id, ("activity", Err("the end cannot be"))),
            Some(Some(text)) => Some(text),
            None => None,
        };
        let activity = activity.id.clone();
        let setting = Setting::Activity { activity, until, note: None, closed: None };
        self.set(now, user, &setting, Asker::ActivityCall(id));
    }

    /// Says to whoever dialled a code what callers hear now.
    pub(crate) fn confirm_activity(&mut self, now: Now, id: CallId) {
        let (Some(site), Some(user)) = (self.site.clone(), self.waiting_user(id)) else { return };
        let Some(user) = site.user(&user) else { return };
        let outcome = format!(
            "{} is {}",
            user.id,
            self.doing(&site, &user.id).map_or(AVAILABLE, |(is, _)| is.id.as_str())
        );
        self.decided(now, id, "activity", outcome);
        let heard = self.own_activity(now, &site, user);
        self.tell(now, id, ("activity", Words { language: user.language, parts: heard }));
    }

    fn own_activity(&self, now: Now, site: &Site, user: &User) -> Vec<Part> {
        let person = self.person(user);
        let wall = now.wall.to_zoned_datetime(site.company().time_zone.clone());
        match self.absence(site, user) {
            Some(absence) => activity_set(user.language, &absence, &person, &wall),
            None => crate::speech::activity_cleared(),
        }
    }

    /// What keeps a user from their calls, for the words about it; also where calls are not stopped.
    pub(crate) fn absence<'a>(&'a self, site: &'a Site, user: &User) -> Option<Absence<'a>> {
        let (activity, doing) = self.doing(site, &user.id)?;
        let closed = doing.closed.unwrap_or(activity.closed);
        let end = doing.until.map(|until| match doing.whole_day {
            false => End::At(until),
            true => {
                let day = site.company().time_zone.to_datetime(until).date();
                End::Day(site.working_hours(user).first_open_day(day).unwrap_or(day))
            }
        });
        Some(Absence { activity, closed, phrase_recorded: false, end })
    }

    /// A user, for the words about them.
    pub(crate) fn person<'a>(&self, user: &'a User) -> Person<'a> {
        Person { id: &user.id, name_recorded: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stockholm() -> TimeZone {
        TimeZone::get("Europe/Stockholm").expect("a zone")
    }

    fn wall(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    #[test]
    fn an_end_is_an_instant_a_clock_today_or_a_day() {
        let now = wall("2026-11-23T12:00:00+01:00");
        for (text, until, whole_day) in [
            ("2026-11-23T13:15:00+01:00", "2026-11-23T13:15:00+01:00", false),
            ("13:15", "2026-11-23T13:15:00+01:00", false),
            ("2026-11-24", "2026-11-24T00:00:00+01:00", true),
        ] {
            assert_eq!(end(&stockholm(), now, text), Ok((wall(until), whole_day)), "{text}");
        }
        for text in ["12:00", "08:00", "24:00", "9:00", "2026-11-23", "2026-11-22T10:00:00Z", "later", ""] {
            assert!(end(&stockholm(), now, text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_clock_that_is_skipped_is_the_next_hour_and_one_that_comes_twice_the_first_to_come() {
        let end = |now: &str, text: &str| end(&stockholm(), wall(now), text).map(|(until, _)| until);
        let night = "2026-03-29T00:30:00+01:00";
        assert_eq!(end(night, "02:30"), Ok(wall("2026-03-29T03:00:00+02:00")));
        let (before, between) = ("2026-10-25T01:00:00+02:00", "2026-10-25T02:40:00+02:00");
        assert_eq!(end(before, "02:30"), Ok(wall("2026-10-25T02:30:00+02:00")));
        assert_eq!(end(between, "02:30"), Ok(wall("2026-10-25T02:30:00+01:00")));
    }
}
