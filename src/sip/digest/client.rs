//! The side that is challenged: registrations and calls over trunks.

use std::fmt;

use super::fields::Fields;
use super::{Algorithm, Ha1, Proof};
use crate::header::{Headers, Name};
use crate::lex;
use crate::method::Method;

/// More realms than this are not answered at once.
const MAX_REALMS: usize = 4;

/// A user name and its secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The authentication user.
    pub user: String,
    /// The password.
    pub secret: String,
}

/// Never shows the secret.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({})", self.user)
    }
}

/// What a challenge means for somebody who may already have answered one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Learned {
    /// Answer it: send the request again with [`Login::headers`].
    Try,
    /// The answer already given was refused: the credentials are wrong.
    Refused,
    /// Nothing in it can be answered: no Digest challenge, or no known algorithm.
    Unusable,
}

/// The challenges met so far for one set of credentials, and how often each nonce was used. Lives as long as the
/// registration or call it serves; requests after the first challenge carry answers at once.
#[derive(Debug, Clone)]
pub struct Login {
    credentials: Credentials,
    known: Vec<Challenge>,
}

/// The best challenge of one realm.
#[derive(Debug, Clone)]
struct Challenge {
    /// The header the answer goes into.
    header: Name,
    realm: String,
    /// Realm, nonce and opaque as written, escapes kept.
    raw_realm: String,
    nonce: String,
    opaque: Option<String>,
    algorithm: Algorithm,
    /// Whether `qop=auth` is offered.
    counted: bool,
    stale: bool,
    /// How often the nonce was used.
    count: u32,
    /// Whether an answer to it has been accepted.
    proven: bool,
    /// How many challenges before it, none ever accepted, had called their nonce stale.
    stales: u8,
    /// The hashes of user, realm and secret.
    ha1: Ha1,
}

impl Login {
    /// A login that has met no challenge yet.
    pub fn new(credentials: Credentials) -> Login {
        Login { credentials, known: Vec::new() }
    }

    /// Takes in the headers of a 401 or 407.
    pub fn learn(&mut self, headers: &Headers) -> Learned {
        let mut best: Vec<Challenge> = Vec::new();
        for (name, header) in [
            (Name::WwwAuthenticate, Name::Authorization),
            (Name::ProxyAuthenticate, Name::ProxyAuthorization),
        ] {
            for value in headers.all(&name).flat_map(challenges) {
                let Some(challenge) = Challenge::parse(value, &header, &self.credentials) else { continue };
                match best.iter().position(|other| other.is_for(&challenge)) {
                    Some(at) if best[at].algorithm < challenge.algorithm => best[at] = challenge,
                    Some(_) => {}
                    None if best.len() < MAX_REALMS => best.push(challenge),
                    None => {}
                }
            }
        }
        if best.is_empty() {
            return Learned::Unusable;
        }
        let mut verdict = Learned::Try;
        for mut challenge in best {
            if let Some(at) = self.known.iter().position(|old| old.is_for(&challenge)) {
                let old = self.known.remove(at);
                if old.is_refused_by(&challenge) {
                    verdict = Learned::Refused;
                }
                challenge.stales = if old.proven { 0 } else { old.stales + u8::from(challenge.stale) };
            }
            self.known.push(challenge);
        }
        let excess = self.known.len().saturating_sub(MAX_REALMS);
        self.known.drain(..excess);
        verdict
    }

    /// Call this when an answered request was not challenged again: the next challenge is then a new nonce and not a
    /// refusal, even from a server that forgets to call the old one stale.
    pub fn accepted(&mut self) {
        self.known.iter_mut().for_each(|challenge| challenge.proven = challenge.count > 0);
    }

    /// Whether there is anything to answer.
    pub fn is_challenged(&self) -> bool {
        !self.known.is_empty()
    }

    /// The headers that answer all challenges for a request. `uri` is the text of its Request-URI, `cnonce` random hex
    /// or alphanumeric text.
    pub fn headers(&mut self, method: &Method, uri: &str, cnonce: &str) -> Vec<(Name, String)> {
        let user = &self.credentials.user;
        self.known.iter_mut().map(|challenge| challenge.answer(user, (method, uri), cnonce)).collect()
    }
}

/// Takes several challenges on one line apart: each begins with a scheme, a word with a space behind it.
fn challenges(line: &str) -> Vec<&str> {
    let mut starts = vec![0];
    let mut from = 0;
    while let Some(comma) = lex::find(&line[from..], b',') {
        from += comma + 1;
        let item = line[from..].trim_start_matches([' ', '\t']);
        let word = item.find([' ', '\t', '=', ',']).unwrap_or(item.len());
        let behind = item[word..].trim_start_matches([' ', '\t']);
        if item[word..].starts_with([' ', '\t']) && !behind.starts_with('=') {
            starts.push(line.len() - item.len());
        }
    }
    let ends = starts.iter().skip(1).copied().chain([line.len()]);
    let piece = |(start, end): (&usize, usize)| line[*start..end].trim_end_matches([' ', '\t', ',']);
    starts.iter().zip(ends).map(piece).collect()
}

impl Challenge {
    fn parse(value: &str, header: &Name, credentials: &Credentials) -> Option<Challenge> {
        let fields = Fields::parse(value)?;
        let realm = fields.text("realm")?.into_owned();
        let qop = fields.raw("qop");
        let counted =
            qop.is_some_and(|offered| lex::split(offered, b',').any(|qop| qop.eq_ignore_ascii_case("auth")));
        if qop.is_some() && !counted {
            return None;
        }
        Some(Challenge {
            header: header.clone(),
            raw_realm: fields.raw("realm")?.to_owned(),
            nonce: fields.raw("nonce")?.to_owned(),
            opaque: fields.raw("opaque").map(str::to_owned),
            algorithm: Algorithm::parse(fields.raw("algorithm"))?,
            counted,
            stale: fields.raw("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
            count: 0,
            proven: false,
            stales: 0,
            ha1: Ha1::new(&credentials.user, &realm, &credentials.secret),
            realm,
        })
    }

    /// Whether `new`, coming back for a request that carried an answer to this one, says that the secret is wrong.
    /// Three stale nonces in a row are a server that will never be content.
    fn is_refused_by(&self, new: &Challenge) -> bool {
        let only_stale = new.stale && self.stales < 2;
        self.count > 0 && !self.proven && !only_stale
    }

    fn is_for(&self, other: &Challenge) -> bool {
        self.header == other.header && self.realm == other.realm
    }

    fn answer(&mut self, user: &str, (method, uri): (&Method, &str), cnonce: &str) -> (Name, String) {
        use fmt::Write;

        self.count += 1;
        let nc = format!("{:08x}", self.count);
        let counted = self.counted.then_some((&*nc, cnonce));
        let proof =
            Proof { algorithm: self.algorithm, nonce: &self.nonce, counted, method: method.as_str(), uri };
        let response = proof.response(&self.ha1);
        let mut quoted = String::new();
        lex::quote(&mut quoted, user);
        let Challenge { raw_realm, nonce, algorithm, .. } = self;
        let mut text = format!(
            r#"Digest username={quoted}, realm="{raw_realm}", nonce="{nonce}", uri="{uri}", response="{response}", algorithm={algorithm}"#
        );
        // Writing to a String cannot fail.
        if counted.is_some() {
            write!(text, r#", qop=auth, nc={nc}, cnonce="{cnonce}""#).ok();
        }
        if let Some(opaque) = &self.opaque {
            write!(text, r#", opaque="{opaque}""#).ok();
        }
        (self.header.clone(), text)
    }
}
