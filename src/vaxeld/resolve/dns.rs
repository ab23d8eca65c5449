//! One question to the DNS; the only file that knows the resolver library.

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use sip::locate::{Answer, Kind, Question, Record};
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

/// Records of one answer looked at, at most.
const MAX_RECORDS: usize = 64;

/// Which DNS servers to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Servers {
    /// Those in /etc/resolv.conf, read again whenever it changes; without it none.
    System,
    /// These.
    These(Vec<SocketAddr>),
}

/// A way to ask.
#[derive(Debug)]
pub struct Dns {
    servers: Servers,
    patience: Duration,
    resolver: Mutex<Option<Known>>,
}

/// A resolver, and the state of the file that it was made from.
struct Known {
    file: Option<SystemTime>,
    resolver: TokioResolver,
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Known").field("file", &self.file).finish_non_exhaustive()
    }
}

impl Dns {
    /// Nothing is read or opened before the first question.
    pub fn new(servers: Servers, patience: Duration) -> Self {
        Self { servers, patience, resolver: Mutex::new(None) }
    }

    /// Asks one question; an answer, whatever happens, within the patience given.
    pub async fn ask(&self, question: &Question) -> Answer {
        let kind = match question.kind {
            Kind::Naptr => RecordType::NAPTR,
            Kind::Srv => RecordType::SRV,
            Kind::A => RecordType::A,
            Kind::Aaaa => RecordType::AAAA,
        };
        let Some(name) = name(&question.name) else { return Answer::Nothing { ttl: None } };
        let Some(resolver) = self.resolver() else { return Answer::Failed };
        match tokio::time::timeout(self.patience, resolver.lookup(name, kind)).await {
            Ok(Ok(lookup)) => {
                let wanted = || lookup.answers().iter().take(MAX_RECORDS);
                let records: Vec<Record> = wanted().filter_map(|record| read(&record.data)).collect();
                // An alias on the way bounds how long the whole holds.
                let ttl = wanted().map(|record| record.ttl).min().unwrap_or(0);
                Answer::Found { records, ttl: Duration::from_secs(ttl.into()) }
            }
            Ok(Err(error)) => failure(question, &error),
            Err(_) => {
                tracing::debug!(name = %question.name, kind = ?question.kind, "the DNS is silent");
                Answer::Failed
            }
        }
    }

    fn resolver(&self) -> Option<TokioResolver> {
        let file = match self.servers {
            Servers::System => std::fs::metadata("/etc/resolv.conf").and_then(|file| file.modified()).ok(),
            Servers::These(_) => None,
        };
        let mut known = self.resolver.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(known) = &*known
            && known.file == file
        {
            return Some(known.resolver.clone());
        }
        let resolver = self.build()?;
        *known = Some(Known { file, resolver: resolver.clone() });
        Some(resolver)
    }

    fn build(&self) -> Option<TokioResolver> {
        let provider = TokioRuntimeProvider::default();
        let mut builder = match &self.servers {
            Servers::System => TokioResolver::builder(provider.clone()).unwrap_or_else(|error| {
                tracing::warn!(%error, "no DNS servers: /etc/resolv.conf cannot be used");
                TokioResolver::builder_with_config(ResolverConfig::from_name_servers(Vec::new()), provider)
            }),
            Servers::These(addresses) => {
                let servers = addresses.iter().map(|address| server(*address)).collect();
                TokioResolver::builder_with_config(ResolverConfig::from_name_servers(servers), provider)
            }
        };
        limit(builder.options_mut(), self.patience);
        builder.build().inspect_err(|error| tracing::error!(%error, "the DNS resolver cannot be made")).ok()
    }
}

fn server(address: SocketAddr) -> NameServerConfig {
    let mut ways = vec![ConnectionConfig::udp(), ConnectionConfig::tcp()];
    for way in &mut ways {
        way.port = address.port();
    }
    NameServerConfig::new(address.ip(), true, ways)
}

/// Two attempts within the patience; the cache is ours, above whole searches.
fn limit(options: &mut ResolverOpts, patience: Duration) {
    options.timeout = options.timeout.min(patience / 2);
    options.attempts = options.attempts.min(2);
    options.cache_size = 0;
}

/// Fully qualified: a configured name with a dot in it is never tried in search domains.
fn name(text: &str) -> Option<Name> {
    let mut name = Name::from_ascii(text).ok()?;
    name.set_fqdn(text.contains('.'));
    Some(name)
}

/// A record as the search understands it; none for kinds that it never asks for.
pub(super) fn read(data: &RData) -> Option<Record> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match data {
        RData::NAPTR(naptr) => Some(Record::Naptr {
            order: naptr.order,
            preference: naptr.preference,
            flags: text(&naptr.flags),
            service: text(&naptr.services),
            replacement: naptr.replacement.to_ascii(),
        }),
        RData::SRV(srv) => Some(Record::Srv {
            priority: srv.priority,
            weight: srv.weight,
            port: srv.port,
            target: srv.target.to_ascii(),
        }),
        RData::A(a) => Some(Record::A(a.0)),
        RData::AAAA(aaaa) => Some(Record::Aaaa(aaaa.0)),
        _ => None,
    }
}

fn failure(question: &Question, error: &NetError) -> Answer {
    match error {
        NetError::Dns(DnsError::NoRecordsFound(none))
            if matches!(none.response_code, ResponseCode::NXDomain | ResponseCode::NoError) =>
        {
            Answer::Nothing { ttl: none.negative_ttl.map(|seconds| Duration::from_secs(seconds.into())) }
        }
        _ => {
            tracing::debug!(name = %question.name, kind = ?question.kind, %error, "the DNS failed");
            Answer::Failed
        }
    }
}
