//! The box's own configuration: `vaxel.toml`. Everything about the company is in the site document.
//!
//! Raw text becomes a [`Config`] in one step; every default is in this file.

mod raw;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The validated configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where the state is kept.
    pub state: PathBuf,
    /// Addresses for SIP.
    pub sip: Sip,
    /// Ports and addresses for sound.
    pub media: Media,
    /// A WAV file with music for those who wait; none: that of the box.
    pub music: Option<PathBuf>,
    /// What is spoken, and by what.
    pub speech: Speech,
    /// DNS servers; none uses the system's.
    pub dns: Vec<SocketAddr>,
    /// The control socket.
    pub control: PathBuf,
    /// What is logged.
    pub log: Log,
}

/// Addresses for SIP; an empty list switches a transport off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sip {
    /// For datagrams.
    pub udp: Vec<SocketAddr>,
    /// For connections.
    pub tcp: Vec<SocketAddr>,
    /// For connections under TLS.
    pub tls: Vec<SocketAddr>,
    /// Certificate chain for TLS, PEM; none uses one signed by the box's own authority.
    pub certificate: Option<PathBuf>,
    /// Its key, PEM.
    pub key: Option<PathBuf>,
    /// Files with the authorities, PEM, that sign the certificates of operators, beside those the system trusts.
    pub authorities: Vec<PathBuf>,
}

/// Ports and addresses for sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// Ports to take RTP and RTCP pairs from.
    pub ports: RangeInclusive<u16>,
    /// What peers beyond NAT reach the box by: a name or an address.
    pub external_address: Option<String>,
    /// Threads that carry sound.
    pub threads: usize,
}

/// What is spoken, and by what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Speech {
    /// The folder with the prompts.
    pub prompts: PathBuf,
    /// The program that reads the company's own texts aloud.
    pub engine: PathBuf,
}

/// What is logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// A level, or directives for single parts.
    pub level: String,
}

/// Why the configuration is refused. Each says where the mistake is and what was meant.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("{path}: cannot be read: {source}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The text is not what it should be.
    #[error("{path}:{line}: {message}")]
    Wrong {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong and what was meant.
        message: String,
    },
}

impl Config {
    /// Reads a file. A file that is not there is an error: the default is used only where no path was given.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        Self::parse(&text, path)
    }

    /// Reads a text; `path` is for messages.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        raw::parse(text).map_err(|mistake| ConfigError::Wrong {
            path: path.to_owned(),
            line: 1 + text.get(..mistake.at).unwrap_or_default().matches('\n').count(),
            message: mistake.message,
        })
    }
}

/// All defaults.
impl Default for Config {
    fn default() -> Self {
        let everywhere = |port: u16| -> Vec<SocketAddr> {
            vec![
                (std::net::Ipv4Addr::UNSPECIFIED, port).into(),
                (std::net::Ipv6Addr::UNSPECIFIED, port).into(),
            ]
        };
        Self {
            state: "/var/lib/vaxel".into(),
            sip: Sip {
                udp: everywhere(5060),
                tcp: everywhere(5060),
                tls: everywhere(5061),
                certificate: None,
                key: None,
                authorities: Vec::new(),
            },
            media: Media { ports: 20_000..=29_999, external_address: None, threads: 1 },
            music: None,
            speech: Speech { prompts: "/usr/share/vaxel/prompts".into(), engine: "espeak-ng".into() },
            dns: Vec::new(),
            control: "/run/vaxel/control.sock".into(),
            log: Log { level: "info".to_owned() },
        }
    }
}
