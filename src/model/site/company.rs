//! The company itself, and the places where its phones are.

use super::defaults::{self, most};
use super::fields::{Fields, Read, Wrong};
use super::value::{count, flag, id, line, moment, parsed, reference, string, word};
use crate::{AreaCode, E164, HoursId, Numbering, SiteId};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use thiserror::Error;
use toml::Value;

/// `[company]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Company {
    /// What it is called.
    pub name: String,
    /// Its number with the authorities.
    pub organisation_number: Option<String>,
    /// Language of prompts and screens where nothing else is said.
    pub language: Language,
    /// Where its clocks are.
    pub time_zone: TimeZone,
    /// How numbers are dialled.
    pub numbering: Numbering,
    /// Shown outside for users who have no number of their own.
    pub number: Option<E164>,
    /// May phones say where calls for their user go (a 302 in SIP)? Only where that user may call.
    pub phone_redirects: bool,
    /// The hours of its working day; weekdays from eight to five where none are named.
    pub hours: Option<HoursId>,
    /// When the company's base service was activated; user plans need it.
    pub service_activated: Option<jiff::Timestamp>,
}

/// A language the product speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// Swedish.
    #[default]
    Swedish,
    /// English.
    English,
}

impl Language {
    /// Its ISO 639 code.
    pub fn as_str(self) -> &'static str {
        match self {
            Language::Swedish => "sv",
            Language::English => "en",
        }
    }
}

pub(super) const LANGUAGES: &[(&str, Language)] = &[("sv", Language::Swedish), ("en", Language::English)];
const COUNTRIES: &[(&str, ())] = &[("SE", ())];

impl Company {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.need("name", line);
        let organisation_number = fields.maybe("organisation_number", line);
        let language = fields.or("language", word(LANGUAGES), Language::default());
        let time_zone = fields.maybe("time_zone", time_zone);
        fields.maybe("country", word(COUNTRIES));
        let area_code = fields.or("area_code", parsed::<AreaCode>, defaults::AREA_CODE);
        // At most 6 fits.
        let internal_digits = fields.maybe("internal_digits", count(2..=6)).map(|digits| digits as u8);
        let reading = fields.reading;
        let number = fields.maybe("number", |value| reading.known.public(value));
        let hours = fields.maybe("hours", reference::<HoursId>("hours", &reading.known.hours));
        let phone_redirects = fields.or("phone_redirects", flag, true);
        let service_activated = fields.maybe("service_activated", moment);
        let internal_digits = internal_digits.unwrap_or(defaults::INTERNAL_DIGITS);
        Some(Self {
            name: name?,
            organisation_number,
            language,
            time_zone: time_zone.or_else(|| zone(defaults::TIME_ZONE)).unwrap_or(TimeZone::UTC),
            numbering: Numbering { area_code, internal_digits },
            number,
            phone_redirects,
            hours,
            service_activated,
        })
    }
}

/// The zones are those built in, so that a document means the same on every box.
fn zone(name: &str) -> Option<TimeZone> {
    TimeZoneDatabase::bundled().get(name).ok()
}

fn time_zone(value: &Value) -> Read<TimeZone> {
    let name = string(value)?;
    let wrong = || {
        Wrong(format!("there is no time zone \"{}\"; one is Europe/Stockholm", super::fields::shown(name)))
    };
    zone(name).ok_or_else(wrong)
}

/// `[[sites]]`: a place where phones are. It decides what an emergency call says.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Its id.
    pub id: SiteId,
    /// The addresses phones have there.
    pub subnets: Vec<Subnet>,
    /// Street, postal code and town.
    pub address: Option<String>,
    /// The municipality's number, 4 digits.
    pub municipality: Option<String>,
    /// The number that 112 calls from there present.
    pub emergency_number: Option<E164>,
}

impl Place {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let reading = fields.reading;
        let id = fields.need("id", id::<SiteId>);
        let subnets = fields.list("subnets", most::SUBNETS, parsed);
        let address = fields.maybe("address", line);
        let municipality = fields.maybe("municipality", municipality);
        let emergency_number = fields.maybe("emergency_number", |value| reading.known.public(value));
        Some(Self { id: id?, subnets, address, municipality, emergency_number })
    }
}

fn municipality(value: &Value) -> Read<String> {
    let text = string(value)?;
    let right = text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit());
    right
        .then(|| text.to_owned())
        .ok_or_else(|| Wrong("a municipality is 4 digits in quotes, as in \"0180\"".to_owned()))
}

/// A row of network addresses, `10.0.0.0/8` (RFC 4632) or `fd00::/8` (RFC 4291).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subnet {
    network: IpAddr,
    bits: u8,
}

/// Why a text is no [`Subnet`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a subnet is written 192.168.1.0/24 or fd00::/8, with nothing after the network's bits")]
pub struct NotASubnet;

impl Subnet {
    /// Is the address in it? An IPv4 address written as IPv6 counts as what it is.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.network, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                (network.to_bits() ^ address.to_bits()).leading_zeros() >= u32::from(self.bits)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                (network.to_bits() ^ address.to_bits()).leading_zeros() >= u32::from(self.bits)
            }
            _ => false,
        }
    }

    /// How many bits of an address it fixes: the narrower subnet decides.
    pub fn bits(&self) -> u8 {
        self.bits
    }
}

impl FromStr for Subnet {
    type Err = NotASubnet;

    fn from_str(text: &str) -> Result<Self, NotASubnet> {
        let (network, bits) = match text.split_once('/') {
            Some((network, bits)) => (network, Some(bits.parse().map_err(|_| NotASubnet)?)),
            None => (text, None),
        };
        let network: IpAddr = network.parse().map_err(|_| NotASubnet)?;
        let most = if network.is_ipv4() { 32 } else { 128 };
        let bits: u8 = bits.unwrap_or(most);
        let rest = match network {
            IpAddr::V4(network) => network.to_bits().checked_shl(bits.into()).unwrap_or(0) != 0,
            IpAddr::V6(network) => network.to_bits().checked_shl(bits.into()).unwrap_or(0) != 0,
        };
        if bits > most || rest { Err(NotASubnet) } else { Ok(Self { network, bits }) }
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.bits)
    }
}
