//! The examples of `tests/data/prompts/examples.toml`, and that nothing is ever said that has not been recorded.

mod book;
mod examples;
mod gaps;
mod others;
mod repertoire;

use book::Book;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};
use model::site::{Activity, Hasher, Language, PasswordHash, Site};
use model::{AreaCode, Class, Number, Numbering};

const LANGUAGES: [Language; 2] = [Language::Swedish, Language::English];

/// There is no password to hash.
struct NoHasher;

impl Hasher for NoHasher {
    fn hash(&self, _password: &str) -> PasswordHash {
        PasswordHash::argon2id("none", [7; 16])
    }

    fn verify(&self, _password: &str, _hash: &PasswordHash) -> bool {
        false
    }
}

/// The twelve that every company has.
fn built_in() -> Vec<Activity> {
    let text = "[company]\nname = \"Exempel AB\"\ntime_zone = \"Europe/Stockholm\"\narea_code = \"08\"\n";
    Site::parse(text, &NoHasher).unwrap().activities().cloned().collect()
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn at(instant: &str, zone: &TimeZone) -> ZonedDateTime {
    instant.parse::<Timestamp>().unwrap().to_zoned_datetime(zone.clone())
}

/// A number of the network or the country.
fn outside(number: &str) -> Number {
    match number.strip_prefix('+') {
        Some(_) => Number::Public(number.parse().unwrap(), Class::National),
        None => {
            let area_code: AreaCode = "08".parse().unwrap();
            Numbering { area_code, internal_digits: 3 }.read(number, |_| false)
        }
    }
}

fn internal(extension: &str) -> Number {
    Number::Internal(extension.parse().unwrap())
}

/// As the examples write it: with + outside, without at home.
fn either(number: &str) -> Number {
    if number.starts_with('+') { outside(number) } else { internal(number) }
}
