//! Which digests a phone is asked for.
//!
//! Everybody is asked for SHA-256 and MD5 (RFC 8760 section 2.4). Some phones give up when they meet an algorithm
//! they do not know, although the next header has the one they do; those are asked for MD5 alone. They are known by
//! their name, or by coming back without an answer to what they were asked. Test programs, which mostly have no name,
//! look at the first header only and do not come back: for those MD5 is the first.

use sip::{Headers, Name, Request};
use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Programs that stop at an algorithm they do not know.
const STUMBLES: [&str; 2] = ["baresip v0.", "baresip v1."];
/// Programs that look at the first challenge only.
const FIRST_ONLY: [&str; 1] = ["sipp"];
/// Whoever comes back without an answer so soon did not understand the question.
const PUZZLED: Duration = Duration::from_secs(180);
/// But sooner than this it has not come back: it asks for something else (a REGISTER and an INVITE at once) before its
/// answer is here. Linphone, asked for another algorithm then, asks its user for the password.
const BUSY: Duration = Duration::from_secs(2);
/// Phones remembered at once; when they are too many, the half that was asked longest ago is forgotten.
const ASKED_MAX: usize = 8_192;
/// Longer branches are not kept, in bytes.
const BRANCH_MAX: usize = 64;

/// Phones that were challenged and have not answered.
#[derive(Default)]
pub(crate) struct Asked {
    since: HashMap<(IpAddr, String), Question>,
}

/// What a phone was challenged for.
#[derive(Clone)]
struct Question {
    at: Instant,
    /// The branch of its request, by which a copy of it is told from a further try.
    branch: Option<Box<str>>,
}

impl Asked {
    /// The challenges to send of those there are, the strongest of which is first.
    pub fn choose(
        &mut self,
        now: Instant,
        (source, user): (IpAddr, &str),
        (request, mut all): (&Request, Vec<String>),
    ) -> Headers {
        let agent = request.headers.get(&Name::UserAgent).unwrap_or_default();
        let key = (source, user.to_owned());
        let via = request.headers.via().ok();
        let branch = via.as_ref().and_then(|via| via.unique_branch());
        let branch: Option<Box<str>> = branch.filter(|branch| branch.len() <= BRANCH_MAX).map(Box::from);
        let puzzled = self.since.get(&key).is_some_and(|asked| {
            let copy = branch.is_some() && asked.branch == branch;
            !copy && (BUSY..PUZZLED).contains(&now.duration_since(asked.at))
        });
        if self.since.len() >= ASKED_MAX {
            self.forget_half();
        }
        self.since.insert(key, Question { at: now, branch });
        let weak = puzzled || STUMBLES.iter().any(|name| agent.starts_with(name));
        let name = agent.to_ascii_lowercase();
        if weak {
            all.drain(..all.len().saturating_sub(1));
        } else if name.is_empty() || FIRST_ONLY.iter().any(|known| name.starts_with(known)) {
            all.reverse();
        }
        let mut headers = Headers::new();
        for value in all {
            headers.push(Name::WwwAuthenticate, value);
        }
        headers
    }

    fn forget_half(&mut self) {
        let mut times: Vec<Instant> = self.since.values().map(|asked| asked.at).collect();
        let half = times.len() / 2;
        let (_, &mut limit, _) = times.select_nth_unstable(half);
        let mut left = half;
        self.since.retain(|_, asked| {
            let goes = asked.at <= limit && left > 0;
            left -= usize::from(goes);
            !goes
        });
    }

    /// It answered.
    pub fn answered(&mut self, source: IpAddr, user: &str) {
        self.since.remove(&(source, user.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sip::{Method, Uri};

    fn challenges(asked: &mut Asked, now: Instant, agent: &str) -> usize {
        let mut request = Request::new(Method::Register, Uri::parse("sip:vaxel.example.se").unwrap());
        request.headers.push(Name::UserAgent, agent);
        let all = vec!["Digest algorithm=SHA-256".to_owned(), "Digest algorithm=MD5".to_owned()];
        let source = "192.0.2.1".parse().unwrap();
        let headers = asked.choose(now, (source, "anna-bord"), (&request, all));
        let values: Vec<&str> = headers.all(&Name::WwwAuthenticate).collect();
        assert!(values.iter().any(|value| value.ends_with("MD5")), "MD5 is always among them");
        assert_eq!(
            values[0].ends_with("MD5"),
            values.len() == 1 || agent.is_empty(),
            "the strongest is first"
        );
        values.len()
    }

    #[allow(clippy::disallowed_methods)] // the base of a virtual clock
    fn base() -> Instant {
        Instant::now()
    }

    #[test]
    fn a_phone_that_comes_back_without_an_answer_is_asked_for_md5_alone() {
        let (mut asked, now) = (Asked::default(), base());
        assert_eq!(challenges(&mut asked, now, "Snom"), 2);
        assert_eq!(challenges(&mut asked, now + Duration::from_secs(30), "Snom"), 1);
        asked.answered("192.0.2.1".parse().unwrap(), "anna-bord");
        assert_eq!(challenges(&mut asked, now + Duration::from_secs(60), "Snom"), 2);
        assert_eq!(challenges(&mut asked, now + Duration::from_secs(600), "Snom"), 2, "long ago");
    }

    #[test]
    fn a_phone_that_wants_two_things_at_once_is_asked_the_same_for_both() {
        let (mut asked, now) = (Asked::default(), base());
        assert_eq!(challenges(&mut asked, now, "Linphonec"), 2);
        assert_eq!(challenges(&mut asked, now + Duration::from_millis(100), "Linphonec"), 2);
    }

    #[test]
    fn a_flood_of_names_is_bounded_and_a_phone_that_comes_back_soon_is_still_known() {
        let (mut asked, now) = (Asked::default(), base());
        let request = Request::new(Method::Register, Uri::parse("sip:vaxel.example.se").unwrap());
        let flood = |asked: &mut Asked, count: u32| {
            for number in 0..count {
                let source = std::net::Ipv4Addr::from_bits(number).into();
                asked.choose(now, (source, "x"), (&request, Vec::new()));
            }
        };
        flood(&mut asked, 20_000);
        assert!(asked.since.len() <= ASKED_MAX);
        let later = now + Duration::from_millis(1);
        assert_eq!(challenges(&mut asked, later, "Snom"), 2);
        flood(&mut asked, 4_000);
        assert_eq!(challenges(&mut asked, later + BUSY, "Snom"), 1);
    }

    #[test]
    fn a_program_without_a_name_finds_md5_first_and_sha_256_too() {
        assert_eq!(challenges(&mut Asked::default(), base(), ""), 2);
    }

    #[test]
    fn a_program_known_to_stumble_is_asked_for_md5_at_once() {
        assert_eq!(challenges(&mut Asked::default(), base(), "baresip v1.0.0 (x86_64/linux)"), 1);
    }
}
