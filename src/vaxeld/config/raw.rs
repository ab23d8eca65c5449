//! The configuration as written: serde's view of it, and the step to the typed one.

use super::Config;
use serde::Deserialize;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use toml::Spanned;

/// A mistake and where it is, as a byte offset.
pub(super) struct Mistake {
    pub at: usize,
    pub message: String,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Raw {
    state: Option<PathBuf>,
    sip: Sip,
    media: Media,
    dns: Dns,
    music: Music,
    speech: Speech,
    http: Http,
    control: Control,
    log: Log,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Sip {
    udp: Option<Vec<Spanned<String>>>,
    tcp: Option<Vec<Spanned<String>>>,
    tls: Option<Vec<Spanned<String>>>,
    certificate: Option<Spanned<PathBuf>>,
    key: Option<Spanned<PathBuf>>,
    authorities: Vec<PathBuf>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Dns {
    servers: Vec<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Music {
    on_hold: Option<PathBuf>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Speech {
    prompts: Option<PathBuf>,
    engine: Option<PathBuf>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Media {
    ports: Option<Spanned<String>>,
    external_address: Option<String>,
    threads: Option<Spanned<usize>>,
}

/// Checked here, used by the web server once there is one.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Http {
    http: Option<Vec<Spanned<String>>>,
    https: Option<Vec<Spanned<String>>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Control {
    socket: Option<PathBuf>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Log {
    level: Option<Spanned<String>>,
}

pub(super) fn parse(text: &str) -> Result<Config, Mistake> {
    let raw: Raw = toml::from_str(text).map_err(|error| Mistake {
        at: error.span().map_or(0, |span| span.start),
        message: error.message().trim().to_owned(),
    })?;
    let mut config = Config::default();
    if let Some(state) = raw.state {
        config.state = state;
    }
    if let Some(socket) = raw.control.socket {
        config.control = socket;
    }
    for (given, place) in [
        (raw.sip.udp, &mut config.sip.udp),
        (raw.sip.tcp, &mut config.sip.tcp),
        (raw.sip.tls, &mut config.sip.tls),
    ] {
        if let Some(given) = given {
            *place = addresses(&given)?;
        }
    }
    for given in [raw.http.http, raw.http.https].into_iter().flatten() {
        addresses(&given)?;
    }
    config.sip.authorities = raw.sip.authorities;
    config.dns = addresses(&raw.dns.servers)?;
    match (raw.sip.certificate, raw.sip.key) {
        (Some(one), None) | (None, Some(one)) => {
            let message = "certificate and key go together: give both or neither".to_owned();
            return Err(Mistake { at: one.span().start, message });
        }
        (certificate, key) => {
            config.sip.certificate = certificate.map(Spanned::into_inner);
            config.sip.key = key.map(Spanned::into_inner);
        }
    }
    config.music = raw.music.on_hold.filter(|path| !path.as_os_str().is_empty());
    let given = |path: Option<PathBuf>| path.filter(|path| !path.as_os_str().is_empty());
    if let Some(prompts) = given(raw.speech.prompts) {
        config.speech.prompts = prompts;
    }
    if let Some(engine) = given(raw.speech.engine) {
        config.speech.engine = engine;
    }
    if let Some(given) = raw.media.ports {
        config.media.ports = ports(&given)?;
    }
    if let Some(given) = raw.media.threads {
        if !(1..=64).contains(given.get_ref()) {
            return Err(Mistake { at: given.span().start, message: "threads is 1 to 64".to_owned() });
        }
        config.media.threads = given.into_inner();
    }
    config.media.external_address = raw.media.external_address.filter(|address| !address.is_empty());
    if let Some(given) = raw.log.level {
        let text = given.get_ref();
        // The filter's reader panics at some of what is not ASCII; no level or part of ours is anything else.
        if !text.is_ascii() || text.parse::<tracing_subscriber::EnvFilter>().is_err() {
            let message = "level is one of error, warn, info, debug, trace".to_owned();
            return Err(Mistake { at: given.span().start, message });
        }
        config.log.level = given.into_inner();
    }
    Ok(config)
}

fn addresses(given: &[Spanned<String>]) -> Result<Vec<SocketAddr>, Mistake> {
    let address = |text: &Spanned<String>| {
        text.get_ref().parse().map_err(|_| Mistake {
            at: text.span().start,
            message: format!(
                "`{}` is no address with a port: write \"192.0.2.1:5060\", \"0.0.0.0:5060\" or \"[::]:5060\"",
                text.get_ref()
            ),
        })
    };
    given.iter().map(address).collect()
}

fn ports(given: &Spanned<String>) -> Result<RangeInclusive<u16>, Mistake> {
    let bounds = given.get_ref().split_once('-').and_then(|(low, high)| {
        let (low, high) = (low.trim().parse::<u16>().ok()?, high.trim().parse::<u16>().ok()?);
        (low >= 1024 && high > low).then_some(low..=high)
    });
    bounds.ok_or_else(|| Mistake {
        at: given.span().start,
        message: format!(
            "`{}` is no range of ports: write \"20000-29999\", not below 1024; each party of a call takes two",
            given.get_ref()
        ),
    })
}
