//! Trunks, which calls leave by them, and which calls may be made at all.

use super::defaults::{self, most};
use super::fields::{Fields, Read, Wrong, shown};
use super::mistake::suggestion;
use super::profile::Profile;
use super::secret::Pin;
use super::spend::Spend;
use super::value::{count, flag, id, line, parsed, pin, reference, secret, string, word};
use crate::{Classes, E164, NumberRange, TrunkId};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use thiserror::Error;
use toml::Value;

/// `[[trunks]]`: a connection to an operator.
#[derive(Clone, Debug, PartialEq)]
pub struct Trunk {
    /// Its id.
    pub id: TrunkId,
    /// How the operator and the box know each other.
    pub kind: TrunkKind,
    /// What SIP travels on; where none is given the DNS says it (RFC 3263 section 4.1), else UDP.
    pub transport: Option<Transport>,
    /// What arrives here and may be presented there.
    pub numbers: Vec<NumberRange>,
    /// How many calls at once.
    pub channels: u32,
    /// Encryption of the sound.
    pub media_encryption: MediaEncryption,
    /// May sound come before the answer?
    pub early_media: bool,
    /// How callers are shown there.
    pub profile: Profile,
}

/// How the operator and the box know each other.
#[derive(Clone, Debug, PartialEq)]
pub enum TrunkKind {
    /// By address.
    Peer {
        /// In order of preference; at least one.
        hosts: Vec<Host>,
    },
    /// The box registers (RFC 3261 section 10).
    Register(Registrar),
}

/// Where and as whom the box registers.
#[derive(Clone, PartialEq, Eq)]
pub struct Registrar {
    /// The server.
    pub host: Host,
    /// The user part of the address of record.
    pub username: String,
    /// The user name of the digest; mostly the same.
    pub auth_username: String,
    /// In clear: the box is the client.
    pub secret: String,
    /// The domain of the address of record; the server's name where none is given.
    pub domain: String,
    /// How long a registration is asked for, seconds.
    pub expires_s: u32,
}

/// Keeps the secret out of logs.
impl fmt::Debug for Registrar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registrar")
            .field("host", &self.host)
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

impl TrunkKind {
    /// The contract's word.
    pub fn as_str(&self) -> &'static str {
        match self {
            TrunkKind::Peer { .. } => "peer",
            TrunkKind::Register(_) => "register",
        }
    }
}

impl Trunk {
    /// Does the number belong to the trunk?
    pub fn owns(&self, number: E164) -> bool {
        self.numbers.iter().any(|range| range.contains(number))
    }

    /// Where calls are sent, in order of preference.
    pub fn hosts(&self) -> &[Host] {
        match &self.kind {
            TrunkKind::Peer { hosts } => hosts,
            TrunkKind::Register(registrar) => std::slice::from_ref(&registrar.host),
        }
    }

    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.need("id", id::<TrunkId>);
        let kind = match fields.need("kind", word(KINDS)) {
            Some(Kind::Peer) => peer(fields),
            Some(Kind::Register) => register(fields),
            None => {
                // Whatever kind was meant, its keys are no further mistakes.
                for key in REGISTER_KEYS.into_iter().chain(["hosts"]) {
                    fields.maybe(key, |_| Ok(()));
                }
                None
            }
        };
        let transport = fields.maybe("transport", word(TRANSPORTS));
        let numbers = fields.list("numbers", most::RANGES, parsed);
        let channels = fields.or("channels", count(1..=10_000), defaults::TRUNK_CHANNELS);
        let media_encryption = fields.or("media_encryption", word(ENCRYPTIONS), MediaEncryption::default());
        let early_media = fields.or("early_media", flag, true);
        let profile = Profile::read(fields);
        let (id, kind) = (id?, kind?);
        Some(Self { id, kind, transport, numbers, channels, media_encryption, early_media, profile })
    }
}

fn peer(fields: &mut Fields<'_>) -> Option<TrunkKind> {
    let hosts = fields.list("hosts", most::HOSTS, parsed::<Host>);
    if !fields.has("hosts") {
        fields.wrong("hosts", "a trunk of kind \"peer\" needs at least one host");
    } else if hosts.is_empty() {
        fields.wrong("hosts", "at least one host is needed here");
    }
    unfit(fields, &REGISTER_KEYS, "register");
    Some(TrunkKind::Peer { hosts })
}

/// What only a trunk of kind `register` has.
const REGISTER_KEYS: [&str; 6] = ["registrar", "username", "auth_username", "secret", "domain", "expires_s"];

/// Keys of the other kind would silently do nothing.
fn unfit(fields: &mut Fields<'_>, keys: &[&'static str], kind: &str) {
    for key in keys.iter().filter(|key| fields.has(key)).copied().collect::<Vec<_>>() {
        fields.maybe(key, |_| Err::<(), _>(Wrong(format!("only a trunk of kind \"{kind}\" has this"))));
    }
}

fn register(fields: &mut Fields<'_>) -> Option<TrunkKind> {
    unfit(fields, &["hosts"], "peer");
    let host = fields.need("registrar", parsed::<Host>);
    let username = fields.need("username", line);
    let auth_username = fields.maybe("auth_username", line);
    let secret = fields.need("secret", secret);
    let domain = fields.maybe("domain", line);
    let expires_s = fields.or("expires_s", count(60..=86_400), defaults::TRUNK_EXPIRES_S);
    let (host, username) = (host?, username?);
    Some(TrunkKind::Register(Registrar {
        auth_username: auth_username.unwrap_or_else(|| username.clone()),
        domain: domain.unwrap_or_else(|| host.name.clone()),
        host,
        username,
        secret: secret?,
        expires_s,
    }))
}

#[derive(Clone, Copy)]
enum Kind {
    Peer,
    Register,
}

const KINDS: &[(&str, Kind)] = &[("peer", Kind::Peer), ("register", Kind::Register)];

/// What SIP travels on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Transport {
    /// Datagrams.
    #[default]
    Udp,
    /// A stream.
    Tcp,
    /// An encrypted stream.
    Tls,
}

impl Transport {
    /// As in a `transport` parameter (RFC 3261 section 19.1.1).
    pub fn as_str(self) -> &'static str {
        match self {
            Transport::Udp => "udp",
            Transport::Tcp => "tcp",
            Transport::Tls => "tls",
        }
    }
}

const TRANSPORTS: &[(&str, Transport)] =
    &[("udp", Transport::Udp), ("tcp", Transport::Tcp), ("tls", Transport::Tls)];

/// Encryption of the sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MediaEncryption {
    /// Plain RTP.
    #[default]
    None,
    /// SRTP with keys in SDP (RFC 4568).
    Sdes,
}

const ENCRYPTIONS: &[(&str, MediaEncryption)] =
    &[("none", MediaEncryption::None), ("sdes", MediaEncryption::Sdes)];

/// A name or address with or without a port: `sip.example.se`, `127.0.0.1:5090`, `[::1]:5060`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Host {
    /// Name or address, an IPv6 address without brackets.
    pub name: String,
    /// Without one, the name is looked up by NAPTR and SRV (RFC 3263).
    pub port: Option<u16>,
}

/// Why a text is no [`Host`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a host is written sip.example.se, 192.0.2.1:5060 or [2001:db8::1]:5060")]
pub struct NotAHost;

impl FromStr for Host {
    type Err = NotAHost;

    fn from_str(text: &str) -> Result<Self, NotAHost> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self { name: address.to_string(), port: None });
        }
        if let Some(rest) = text.strip_prefix('[') {
            let (address, port) = rest.split_once(']').ok_or(NotAHost)?;
            let address: std::net::Ipv6Addr = address.parse().map_err(|_| NotAHost)?;
            let port = match port.strip_prefix(':') {
                Some(digits) => Some(port_of(digits)?),
                None if port.is_empty() => None,
                None => return Err(NotAHost),
            };
            return Ok(Self { name: address.to_string(), port });
        }
        let (name, port) = match text.split_once(':') {
            Some((name, digits)) => (name, Some(port_of(digits)?)),
            None => (text, None),
        };
        let looks_like_address = name.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let right = if looks_like_address { name.parse::<IpAddr>().is_ok() } else { is_name(name) };
        if right { Ok(Self { name: name.to_owned(), port }) } else { Err(NotAHost) }
    }
}

fn port_of(digits: &str) -> Result<u16, NotAHost> {
    let plain = digits.bytes().all(|b| b.is_ascii_digit());
    digits.parse().ok().filter(|port| plain && *port > 0).ok_or(NotAHost)
}

/// RFC 1123 section 2.1.
fn is_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.strip_suffix('.').unwrap_or(name).split('.').all(label)
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.name.contains(':'), self.port) {
            (true, Some(port)) => write!(f, "[{}]:{port}", self.name),
            (false, Some(port)) => write!(f, "{}:{port}", self.name),
            (_, None) => f.write_str(&self.name),
        }
    }
}

/// `[[outbound]]`: which trunks a class of numbers leaves by, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Outbound {
    /// What it is for.
    pub classes: Classes,
    /// The first that can carry the call does.
    pub trunks: Vec<TrunkId>,
}

impl Outbound {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let reading = fields.reading;
        let classes = classes(fields, "classes");
        let trunks = fields.list("trunks", most::TRUNKS, reference("trunk", &reading.known.trunks));
        for key in ["classes", "trunks"] {
            if !fields.has(key) {
                fields.wrong(key, "this must be given");
            }
        }
        Some(Self { classes: classes.unwrap_or_default(), trunks })
    }
}

/// `[barring]`: what nobody may dial. It never touches emergency calls.
#[derive(Clone, Debug, PartialEq)]
pub struct Barring {
    /// For the whole company, unless a user or their plan is allowed.
    pub company: Classes,
    /// Who types it may dial what is barred, for one call.
    pub pin: Option<Pin>,
    /// What each user may call at cost in a day.
    pub spend: Spend,
}

impl Barring {
    pub(super) fn read(fields: &mut Fields<'_>) -> Self {
        let company = classes(fields, "company").unwrap_or_else(defaults::barred);
        Self { company, pin: fields.maybe("pin", pin), spend: Spend::key(fields) }
    }

    pub(super) fn default() -> Self {
        Self { company: defaults::barred(), pin: None, spend: Spend::default() }
    }
}

/// A list of class names; none where the key is not there.
pub(super) fn classes(fields: &mut Fields<'_>, key: &'static str) -> Option<Classes> {
    let names = fields.list(key, most::WORDS, class);
    fields.has(key).then(|| names.into_iter().fold(Classes::NONE, Classes::with))
}

fn class(value: &Value) -> Read<Classes> {
    let name = string(value)?;
    Classes::named(name).ok_or_else(|| {
        let all: Vec<&str> = Classes::names().collect();
        let meant = suggestion(name, Classes::names());
        Wrong(format!("there is no class \"{}\"{meant} (there are: {})", shown(name), all.join(", ")))
    })
}
