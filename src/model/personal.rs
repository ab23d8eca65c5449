//! What users have set for themselves, over what the site document says of them.

use crate::ActivityId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a user has set. Where nothing is set, the site document holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Personal {
    /// Where calls are sent on to: one entry for each case that was ever set, in a fixed order.
    pub forwards: Vec<Forward>,
    /// No phone of theirs rings.
    pub do_not_disturb: bool,
    /// May a second call knock? None leaves it to the site document.
    pub call_waiting: Option<bool>,
    /// Callers who withhold their number are turned away.
    pub refuse_anonymous: bool,
    /// Is their number hidden unless they say otherwise for a call? None leaves it to the site document.
    pub hide_number: Option<bool>,
    /// What they are doing; they are available where nothing is set.
    pub doing: Option<Doing>,
}

/// What a user is doing, and for how long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doing {
    /// Which of the site's activities.
    pub activity: ActivityId,
    /// When they are available again; none until they say so.
    pub until: Option<Timestamp>,
    /// Is the end a day, whose clock does not matter? Then `until` is when it begins.
    pub whole_day: bool,
    /// What colleagues read beside it.
    pub note: Option<String>,
    /// Are calls stopped? None leaves it to the activity.
    pub closed: Option<bool>,
}

/// Most characters of a note.
pub const NOTE_MAX: usize = 200;

/// Where calls go in one case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forward {
    /// In which case.
    pub when: When,
    /// Whose calls.
    pub callers: Callers,
    /// The number, in its normal form: `202`, `+46701234501`.
    pub number: String,
    /// Is it in force? One that is not keeps its number, to be put in force again.
    pub on: bool,
    /// For [`When::NoAnswer`]: after how many seconds; none leaves it to the site document.
    pub after_s: Option<u32>,
    /// Must whoever answers press 1? None means: where the number is a mobile's.
    pub accept: Option<bool>,
}

/// The case in which a call is sent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// At once (medflyttning).
    Always,
    /// The user is in another call, or does not want to be disturbed.
    Busy,
    /// Nobody answers.
    NoAnswer,
    /// No phone of the user is registered.
    Unreachable,
}

impl When {
    /// Every case.
    pub const ALL: [Self; 4] = [When::Always, When::Busy, When::NoAnswer, When::Unreachable];

    /// The word for listings and the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            When::Always => "always",
            When::Busy => "busy",
            When::NoAnswer => "no-answer",
            When::Unreachable => "unreachable",
        }
    }
}

/// Whose calls a rule is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Callers {
    /// Colleagues'.
    Internal,
    /// Those of everybody else.
    External,
}

impl Callers {
    /// Both.
    pub const ALL: [Self; 2] = [Callers::Internal, Callers::External];

    /// The word for listings and the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Callers::Internal => "internal",
            Callers::External => "external",
        }
    }
}

/// Fewest and most seconds before an unanswered call is sent on.
pub const FORWARD_AFTER_S: std::ops::RangeInclusive<u32> = 5..=60;

/// Something a user sets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "set", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Setting {
    /// Calls are sent on.
    Forward {
        /// In which case.
        when: When,
        /// Whose calls; none means everybody's.
        callers: Option<Callers>,
        /// Where to, in any spelling.
        number: String,
        /// For [`When::NoAnswer`]: after how many seconds.
        after_s: Option<u32>,
        /// Must whoever answers press 1? None means: where the number is a mobile's.
        accept: Option<bool>,
    },
    /// What was last set for a case is in force again.
    ForwardAgain {
        /// Which case.
        when: When,
    },
    /// Calls are no longer sent on.
    ForwardClear {
        /// In which case; none means every.
        when: Option<When>,
        /// Whose calls; none means everybody's.
        callers: Option<Callers>,
    },
    /// Whether any phone rings.
    DoNotDisturb {
        /// Does none?
        on: bool,
    },
    /// Whether a second call may knock.
    CallWaiting {
        /// May it? None leaves it to the site document.
        on: Option<bool>,
    },
    /// Whether callers who withhold their number are turned away.
    RefuseAnonymous {
        /// Are they?
        on: bool,
    },
    /// What the user is doing.
    Activity {
        /// Which of the site's activities.
        activity: ActivityId,
        /// Until when: an instant as RFC 3339 has it, `HH:MM` today, or `YYYY-MM-DD`, the first day back. None is as long
        /// as the activity lasts by itself.
        until: Option<String>,
        /// What colleagues read beside it.
        note: Option<String>,
        /// Are calls stopped? None leaves it to the activity.
        closed: Option<bool>,
    },
    /// The user is available again.
    ActivityClear,
    /// Whether the user's number is hidden unless they say otherwise for a call.
    HideNumber {
        /// Is it? None leaves it to the site document.
        on: Option<bool>,
    },
}

impl Personal {
    /// The forward that is in force in a case.
    pub fn forward(&self, when: When, callers: Callers) -> Option<&Forward> {
        self.last(when, callers).filter(|forward| forward.on)
    }

    /// What was last set for a case, in force or not.
    pub fn last(&self, when: When, callers: Callers) -> Option<&Forward> {
        self.forwards.iter().find(|forward| (forward.when, forward.callers) == (when, callers))
    }

    /// Puts a forward in the place of what was set for its case.
    pub fn put(&mut self, forward: Forward) {
        let case = |forward: &Forward| (forward.when, forward.callers);
        match self.forwards.binary_search_by_key(&case(&forward), case) {
            Ok(at) => self.forwards[at] = forward,
            Err(at) => self.forwards.insert(at, forward),
        }
    }

    /// Is nothing set?
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forward(when: When, callers: Callers, number: &str) -> Forward {
        Forward { when, callers, number: number.into(), on: true, after_s: None, accept: None }
    }

    #[test]
    fn each_case_has_one_forward_and_they_lie_in_a_fixed_order() {
        let mut personal = Personal::default();
        for when in When::ALL.into_iter().rev() {
            for callers in Callers::ALL {
                personal.put(forward(when, callers, "201"));
                personal.put(forward(when, callers, "202"));
            }
        }
        assert_eq!(personal.forwards.len(), 8);
        assert!(personal.forwards.is_sorted_by_key(|forward| (forward.when, forward.callers)));
        assert!(personal.forwards.iter().all(|forward| forward.number == "202"));
    }

    #[test]
    fn what_is_off_is_remembered_and_not_in_force() {
        let mut personal = Personal::default();
        personal.put(Forward { on: false, ..forward(When::Busy, Callers::Internal, "202") });
        assert_eq!(personal.forward(When::Busy, Callers::Internal), None);
        assert!(personal.last(When::Busy, Callers::Internal).is_some());
        assert!(!personal.is_empty());
    }
}
