//! What happens to a call for a user: one function over plain facts, in the order that the company was promised.
//!
//! ```text
//! block list ─▶ anonymous ─▶ VIP flag ─▶ always ─▶ activity ─▶ do not disturb ─▶ busy ─▶ unreachable ─▶ ring
//!                                                                        after ringing: rejected │ moved │ busy │ no answer
//! ```
//!
//! What each case leads to (a forward, a mailbox, busy) is `forwarding.rs`'s.

use model::{Cause, When};

/// What is known of a call for a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// How far the call has come with this user.
    pub moment: Moment,
    /// The caller's number is on the user's block list.
    pub blocked: bool,
    /// The caller withholds the number, and the user turns such callers away.
    pub refused_anonymous: bool,
    /// The caller is one of the user's VIPs.
    pub vip: bool,
    /// A forward of every call is in force for this kind of caller.
    pub forwards_always: bool,
    /// What the user is doing stops calls.
    pub away: bool,
    /// The user does not want to be disturbed.
    pub do_not_disturb: bool,
    /// The user has other legs in use.
    pub in_use: bool,
    /// A second call may knock.
    pub call_waiting: bool,
    /// Something of the user's can ring.
    pub reachable: bool,
}

/// How far a call has come with a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// It has just arrived.
    Arrived,
    /// The user's phones have rung, and it came to this.
    Rang(Cause),
    /// The same, and one of them said where the call should go, which is allowed.
    Moved(Cause),
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The caller is turned away, and no rule of the user's is asked.
    Refuse(Cause),
    /// The user's rule for the case is followed; without one the call ends with the cause.
    Follow(When, Cause),
    /// The caller hears what the user is doing, and until when.
    Refer,
    /// The user's phones ring.
    Ring,
    /// The call goes where the phone said.
    Move,
}

/// What is done, and which rule says so: its name goes to the trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    pub rule: &'static str,
    pub verdict: Verdict,
}

/// Decides on a call for a user.
pub(crate) fn decide(facts: &Facts) -> Decision {
    let (rule, verdict) = match facts.moment {
        Moment::Arrived => arrived(facts),
        // Somebody has said no on another phone.
        Moment::Moved(Cause::Rejected) => ("rejected", Verdict::Refuse(Cause::Rejected)),
        Moment::Moved(_) => ("deflected", Verdict::Move),
        Moment::Rang(Cause::Busy) => ("busy", Verdict::Follow(When::Busy, Cause::Busy)),
        Moment::Rang(Cause::Rejected) => ("rejected", Verdict::Refuse(Cause::Rejected)),
        Moment::Rang(_) => ("no-answer", Verdict::Follow(When::NoAnswer, Cause::NoAnswer)),
    };
    Decision { rule, verdict }
}

fn arrived(facts: &Facts) -> (&'static str, Verdict) {
    if facts.blocked {
        return ("block-list", Verdict::Refuse(Cause::Blocked));
    }
    if facts.refused_anonymous {
        return ("anonymous", Verdict::Refuse(Cause::Blocked));
    }
    if facts.forwards_always {
        return ("always", Verdict::Follow(When::Always, Cause::NoAnswer));
    }
    if facts.away && !facts.vip {
        return ("activity", Verdict::Refer);
    }
    if facts.do_not_disturb && !facts.vip {
        return ("do-not-disturb", Verdict::Follow(When::Busy, Cause::Busy));
    }
    if facts.in_use && !facts.call_waiting {
        return ("busy", Verdict::Follow(When::Busy, Cause::Busy));
    }
    if !facts.reachable {
        return ("unreachable", Verdict::Follow(When::Unreachable, Cause::NoAnswer));
    }
    ("devices", Verdict::Ring)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a fact must be, `1` or `0`, or `.` where it does not matter: blocked, refused as anonymous, VIP, forwards
    /// always, away, do not disturb, in use, call waiting, reachable. Every combination stands in one row and no other.
    const TABLE: [(&str, &str, Verdict); 15] = [
        ("1........", "block-list", Verdict::Refuse(Cause::Blocked)),
        ("01.......", "anonymous", Verdict::Refuse(Cause::Blocked)),
        ("00.1.....", "always", Verdict::Follow(When::Always, Cause::NoAnswer)),
        ("00001....", "activity", Verdict::Refer),
        ("000001...", "do-not-disturb", Verdict::Follow(When::Busy, Cause::Busy)),
        // A VIP rings through a closed activity and do-not-disturb, but knocks no louder than others and rings no phone
        // that is not there.
        ("0010..10.", "busy", Verdict::Follow(When::Busy, Cause::Busy)),
        ("0010..0.0", "unreachable", Verdict::Follow(When::Unreachable, Cause::NoAnswer)),
        ("0010..110", "unreachable", Verdict::Follow(When::Unreachable, Cause::NoAnswer)),
        ("0010..0.1", "devices", Verdict::Ring),
        ("0010..111", "devices", Verdict::Ring),
        ("00000010.", "busy", Verdict::Follow(When::Busy, Cause::Busy)),
        ("0000000.0", "unreachable", Verdict::Follow(When::Unreachable, Cause::NoAnswer)),
        ("000000110", "unreachable", Verdict::Follow(When::Unreachable, Cause::NoAnswer)),
        ("0000000.1", "devices", Verdict::Ring),
        ("000000111", "devices", Verdict::Ring),
    ];
    /// How many facts there are.
    const FACTS: u16 = 9;

    fn facts(bits: u16, moment: Moment) -> (Facts, String) {
        let bit = |place: u16| bits & (1 << (FACTS - 1 - place)) != 0;
        let facts = Facts {
            moment,
            blocked: bit(0),
            refused_anonymous: bit(1),
            vip: bit(2),
            forwards_always: bit(3),
            away: bit(4),
            do_not_disturb: bit(5),
            in_use: bit(6),
            call_waiting: bit(7),
            reachable: bit(8),
        };
        (facts, format!("{bits:09b}"))
    }

    #[test]
    fn every_combination_of_facts_is_decided_as_the_table_says() {
        for bits in 0..1 << FACTS {
            let (facts, text) = facts(bits, Moment::Arrived);
            let fits = |row: &&(&str, &str, Verdict)| {
                row.0.chars().zip(text.chars()).all(|(want, is)| want == '.' || want == is)
            };
            let rows: Vec<_> = TABLE.iter().filter(fits).collect();
            assert_eq!(rows.len(), 1, "{text} stands in {} rows", rows.len());
            let (_, rule, verdict) = *rows[0];
            assert_eq!(decide(&facts), Decision { rule, verdict }, "{text}");
        }
    }

    #[test]
    fn what_phones_said_decides_after_they_have_rung_whatever_else_holds() {
        for bits in 0..1 << FACTS {
            for (cause, rule, verdict) in [
                (Cause::Busy, "busy", Verdict::Follow(When::Busy, Cause::Busy)),
                (Cause::Rejected, "rejected", Verdict::Refuse(Cause::Rejected)),
                (Cause::NoAnswer, "no-answer", Verdict::Follow(When::NoAnswer, Cause::NoAnswer)),
                (Cause::UnknownNumber, "no-answer", Verdict::Follow(When::NoAnswer, Cause::NoAnswer)),
                (Cause::TrunkFailed, "no-answer", Verdict::Follow(When::NoAnswer, Cause::NoAnswer)),
            ] {
                let (rang, text) = facts(bits, Moment::Rang(cause));
                assert_eq!(decide(&rang), Decision { rule, verdict }, "{text}");
                let (rule, verdict) = match cause {
                    Cause::Rejected => (rule, verdict),
                    _ => ("deflected", Verdict::Move),
                };
                let (moved, text) = facts(bits, Moment::Moved(cause));
                assert_eq!(decide(&moved), Decision { rule, verdict }, "{text} moved");
            }
        }
    }
}
