//! Where SIP status codes meet call causes: the one place that knows both.

use call::HangUp;
use model::{Cause, Party};
use sip::{Headers, Name, Status};

/// What a caller is answered with. A refusal without a better word is 480, "temporarily unavailable".
pub(crate) fn status(cause: Cause) -> u16 {
    match cause {
        Cause::Busy => 486,
        Cause::Rejected | Cause::Blocked => 603,
        Cause::UnknownNumber => 404,
        Cause::Barred => 403,
        Cause::TrunkFailed | Cause::Lost => 503,
        Cause::NoAnswer | Cause::Cancelled | Cause::Voicemail | Cause::Answered | Cause::Transferred => 480,
    }
}

/// What a leg's refusal means. `None` is silence or a broken transport. On a trunk some words mean that the trunk,
/// not the called party, is the trouble: those let the next trunk try.
pub(crate) fn cause(party: &Party, status: Option<Status>) -> Cause {
    let trunk = matches!(party, Party::Trunk(_));
    match status.map(|status| status.code()) {
        Some(486 | 600) => Cause::Busy,
        Some(603 | 607 | 608) => Cause::Rejected,
        Some(404 | 410 | 484 | 604) => Cause::UnknownNumber,
        Some(480 | 487) => Cause::NoAnswer,
        Some(408 | 430 | 500..=599) | None if trunk => Cause::TrunkFailed,
        Some(401 | 407 | 421 | 422 | 488 | 415) if trunk => Cause::TrunkFailed,
        Some(403 | 488 | 606) => Cause::Rejected,
        _ => Cause::NoAnswer,
    }
}

/// The Reason header for a leg that is hung up (RFC 3326).
pub(crate) fn reason(why: HangUp) -> Headers {
    let mut headers = Headers::new();
    let reason = match why {
        HangUp::AnsweredElsewhere => "SIP;cause=200;text=\"Call completed elsewhere\"",
        HangUp::Preempted => "Q.850;cause=8;text=\"Preemption\"",
        HangUp::TimeUp => "SIP;cause=408;text=\"No answer\"",
        HangUp::Normal | HangUp::Released => return headers,
    };
    headers.push(Name::Reason, reason);
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_trunk(code: u16) -> Cause {
        cause(&Party::Trunk("operator".into()), Status::new(code))
    }

    #[test]
    fn a_broken_trunk_lets_the_next_one_try_and_a_final_word_does_not() {
        for code in [408, 500, 502, 503, 504, 401, 488] {
            assert_eq!(of_trunk(code), Cause::TrunkFailed, "{code}");
        }
        assert_eq!(cause(&Party::Trunk("operator".into()), None), Cause::TrunkFailed);
        for (code, expected) in [(404, Cause::UnknownNumber), (486, Cause::Busy), (603, Cause::Rejected)] {
            assert_eq!(of_trunk(code), expected, "{code}");
        }
    }

    #[test]
    fn a_silent_phone_is_no_broken_trunk() {
        let phone = Party::Device { user: "bo".into(), device: "bo-bord".into() };
        assert_eq!(cause(&phone, None), Cause::NoAnswer);
        assert_eq!(cause(&phone, Status::new(503)), Cause::NoAnswer);
    }
}
