//! The side that challenges.

use std::fmt;
use std::hint::black_box;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::fields::Fields;
use super::nonce::{self, Issued};
use super::window::Windows;
use super::{Algorithm, Ha1, Proof};
use crate::header::Name;
use crate::lex;
use crate::message::Request;
use crate::method::Method;
use crate::uri::Uri;

/// How an [`Authenticator`] behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The realm of the challenges; stored [`Ha1`]s are for it.
    pub realm: Box<str>,
    /// How long a nonce may be used.
    pub lifetime: Duration,
    /// How many used nonces are remembered; beyond, the oldest become stale early.
    pub nonces: usize,
}

impl Default for Config {
    fn default() -> Config {
        Config { realm: "vaxel".into(), lifetime: Duration::from_secs(600), nonces: 65_536 }
    }
}

/// One Authorization or Proxy-Authorization value and the request it came in.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// The method of the request.
    pub method: &'a Method,
    /// The Request-URI.
    pub uri: &'a Uri,
    /// The header value.
    pub authorization: &'a str,
    /// Where it came from; a nonce is good only where it was sent.
    pub source: IpAddr,
}

/// What an attempt proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The sender knows the secret.
    Ok {
        /// Whose secret.
        user: String,
    },
    /// The nonce is not ours, was sent elsewhere, has expired or is used up: challenge again with [`Authenticator::challenge_stale`]. Says
    /// nothing about the secret, so it is no wrong guess.
    Stale {
        /// Who it claims to be.
        user: String,
    },
    /// A wrong guess, or nobody of that name.
    Wrong {
        /// Who it claims to be.
        user: String,
    },
    /// Nothing usable: no header for this realm, another scheme, missing fields. Challenge.
    Missing,
}

/// Challenges and checks answers. Remembers nothing of a challenge until it has been answered rightly.
pub struct Authenticator {
    config: Config,
    key: [u8; 32],
    began: Instant,
    serial: u64,
    windows: Windows,
    /// A serial number and when it was issued: once that is longer ago than the lifetime, all before it have expired.
    mark: Issued,
}

impl Authenticator {
    /// An authenticator whose nonces are signed with `key`, which should be random and new at every start.
    pub fn new(config: Config, key: [u8; 32], now: Instant) -> Authenticator {
        let windows = Windows::new(config.nonces);
        let mark = Issued { serial: 0, at: Duration::ZERO };
        Authenticator { config, key, began: now, serial: 0, windows, mark }
    }

    /// The realm.
    pub fn realm(&self) -> &str {
        &self.config.realm
    }

    /// The values for WWW-Authenticate (or Proxy-Authenticate) of a new challenge, SHA-256 first (RFC 8760 section 2.3).
    pub fn challenge(&mut self, now: Instant, source: IpAddr) -> Vec<String> {
        self.challenge_with(now, source, "")
    }

    /// A challenge that tells the client that only its nonce was bad, so that it asks nobody for the password again.
    pub fn challenge_stale(&mut self, now: Instant, source: IpAddr) -> Vec<String> {
        self.challenge_with(now, source, ", stale=true")
    }

    fn challenge_with(&mut self, now: Instant, source: IpAddr, end: &str) -> Vec<String> {
        let issued = Issued { serial: self.serial, at: self.since(now) };
        self.serial += 1;
        let nonce = nonce::write(&self.key, issued, source);
        let mut realm = String::new();
        lex::quote(&mut realm, &self.config.realm);
        let value = |algorithm| {
            format!(r#"Digest realm={realm}, nonce="{nonce}", algorithm={algorithm}, qop="auth"{end}"#)
        };
        [Algorithm::Sha256, Algorithm::Md5].map(value).into()
    }

    /// Checks whichever header called `name` (Authorization or Proxy-Authorization) is for this realm.
    pub fn verify_request(
        &mut self,
        now: Instant,
        (request, name, source): (&Request, &Name, IpAddr),
        lookup: impl FnOnce(&str) -> Option<Ha1>,
    ) -> Verdict {
        let Some(authorization) = self.ours(request, name) else { return Verdict::Missing };
        self.verify(
            now,
            Attempt { method: &request.method, uri: &request.uri, authorization, source },
            lookup,
        )
    }

    /// Who [`Authenticator::verify_request`] would be told that it is: nothing is proved by it.
    pub fn claimed(&self, request: &Request, name: &Name) -> Option<String> {
        Answer::parse(self.ours(request, name)?, &self.config.realm).map(|answer| answer.user)
    }

    fn ours<'a>(&self, request: &'a Request, name: &Name) -> Option<&'a str> {
        let ours = |value: &&str| {
            Fields::parse(value)
                .and_then(|fields| fields.text("realm"))
                .is_some_and(|realm| *realm == *self.config.realm)
        };
        request.headers.all(name).find(ours)
    }

    /// Checks one header value. `lookup` gives the stored hashes of a user.
    pub fn verify(
        &mut self,
        now: Instant,
        attempt: Attempt<'_>,
        lookup: impl FnOnce(&str) -> Option<Ha1>,
    ) -> Verdict {
        let Some(answer) = Answer::parse(attempt.authorization, &self.config.realm) else {
            return Verdict::Missing;
        };
        let user = answer.user.clone();
        // A nonce anybody could have made up must not count as a guess: it may carry somebody else's source address.
        let Some(issued) = self.valid(now, answer.nonce, attempt.source) else {
            return Verdict::Stale { user };
        };
        let proof = Proof {
            algorithm: answer.algorithm,
            nonce: answer.nonce,
            counted: answer.counted,
            method: attempt.method.as_str(),
            uri: answer.uri,
        };
        // An unknown user takes as long as a known one.
        let known = lookup(&user);
        let expected = proof.response(&known.unwrap_or(Ha1 { md5: [0; 16], sha256: [0; 32] }));
        let right = same(expected.as_bytes(), answer.response.to_ascii_lowercase().as_bytes());
        if known.is_none() || !right || !same_target(answer.uri, attempt.uri) {
            return Verdict::Wrong { user };
        }
        // Without a count (RFC 2069) a nonce is good once.
        let count = answer.counted.map_or(Some(1), |(nc, _)| u32::from_str_radix(nc, 16).ok());
        if count.is_some_and(|count| self.windows.spend(issued.serial, count)) {
            Verdict::Ok { user }
        } else {
            Verdict::Stale { user }
        }
    }

    /// How many used nonces are remembered now.
    pub fn remembered(&self) -> usize {
        self.windows.len()
    }

    fn since(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.began)
    }

    /// What the nonce says, when it is ours and has not expired.
    fn valid(&mut self, now: Instant, nonce: &str, source: IpAddr) -> Option<Issued> {
        let (now, lifetime) = (self.since(now), self.config.lifetime);
        if self.mark.at + lifetime < now {
            self.windows.forget_before(self.mark.serial);
            self.mark = Issued { serial: self.serial, at: now };
        }
        nonce::read(&self.key, nonce, source).filter(|issued| issued.at + lifetime >= now)
    }
}

/// Never shows the key.
impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authenticator({}, {} nonces used)", self.config.realm, self.remembered())
    }
}

/// The fields of an answer that matter.
struct Answer<'a> {
    user: String,
    algorithm: Algorithm,
    nonce: &'a str,
    uri: &'a str,
    response: &'a str,
    counted: Option<(&'a str, &'a str)>,
}

impl<'a> Answer<'a> {
    fn parse(value: &'a str, realm: &str) -> Option<Answer<'a>> {
        let fields = Fields::parse(value)?;
        if fields.text("realm")? != realm {
            return None;
        }
        let user = match fields.text("username") {
            Some(user) => user.into_owned(),
            // RFC 7616 section 3.4: names beyond ASCII in the notation of RFC 8187.
            None => {
                let (charset, rest) = fields.raw("username*")?.split_once('\'')?;
                let (_language, user) = rest.split_once('\'')?;
                charset.eq_ignore_ascii_case("UTF-8").then(|| lex::unescape(user).into_owned())?
            }
        };
        let counted = match fields.raw("qop") {
            Some(qop) if qop.eq_ignore_ascii_case("auth") => Some((fields.raw("nc")?, fields.raw("cnonce")?)),
            Some(_) => return None,
            None => None,
        };
        Some(Answer {
            user,
            algorithm: Algorithm::parse(fields.raw("algorithm"))?,
            nonce: fields.raw("nonce")?,
            uri: fields.raw("uri")?,
            response: fields.raw("response")?,
            counted,
        })
    }
}

/// Compares without telling by its duration how much is equal.
fn same(one: &[u8], two: &[u8]) -> bool {
    let differences = one.iter().zip(two).fold(0, |sum, (one, two)| black_box(sum | (one ^ two)));
    one.len() == two.len() && differences == 0
}

/// Whether an answer made for `stated` may be used for the Request-URI `actual` (RFC 7616 section 3.4.6): user and host
/// are the same. Port and parameters are left out, since phones differ in whether they repeat them.
fn same_target(stated: &str, actual: &Uri) -> bool {
    if stated == actual.as_str() {
        return true;
    }
    let Ok(stated) = Uri::parse(stated) else { return false };
    stated.is_sip() == actual.is_sip() && stated.user() == actual.user() && stated.host() == actual.host()
}
