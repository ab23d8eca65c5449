//! [`Stream`]s to bytes.

use super::{Origin, Stream};
use std::fmt::Write as _;
use std::net::IpAddr;

pub(super) fn description(origin: &Origin, streams: &[Stream]) -> Vec<u8> {
    let mut text = String::with_capacity(512);
    let Origin { id, version, address } = origin;
    line(&mut text, format_args!("v=0"));
    line(&mut text, format_args!("o=- {id} {version} IN {}", Written(*address)));
    line(&mut text, format_args!("s=-"));
    line(&mut text, format_args!("c=IN {}", Written(*address)));
    line(&mut text, format_args!("t=0 0"));
    for stream in streams {
        self::stream(&mut text, stream, *address);
    }
    text.into_bytes()
}

fn stream(text: &mut String, stream: &Stream, session: IpAddr) {
    let words = if stream.words.is_empty() { "0".to_owned() } else { stream.words.join(" ") };
    line(text, format_args!("m={} {} {} {words}", stream.kind, stream.port, stream.protocol.as_str()));
    if stream.port == 0 {
        return;
    }
    if let Some(address) = stream.address.filter(|address| *address != session) {
        line(text, format_args!("c=IN {}", Written(address)));
    }
    for format in &stream.formats {
        let number = format.payload_type;
        let channels = if format.channels > 1 { format!("/{}", format.channels) } else { String::new() };
        line(text, format_args!("a=rtpmap:{number} {}/{}{channels}", format.encoding, format.clock_rate));
        if let Some(parameters) = &format.parameters {
            line(text, format_args!("a=fmtp:{number} {parameters}"));
        }
    }
    if let Some(ptime) = stream.ptime {
        line(text, format_args!("a=ptime:{ptime}"));
    }
    if let Some(maxptime) = stream.maxptime {
        line(text, format_args!("a=maxptime:{maxptime}"));
    }
    for term in &stream.fax {
        line(text, format_args!("a={term}"));
    }
    // Faxes have no direction; there are machines that stumble over one.
    if !stream.is_fax() {
        line(text, format_args!("a={}", stream.direction.as_str()));
    }
    if let Some(rtcp) = stream.rtcp {
        match rtcp.address {
            Some(address) => line(text, format_args!("a=rtcp:{} IN {}", rtcp.port, Written(address))),
            None => line(text, format_args!("a=rtcp:{}", rtcp.port)),
        }
    }
    if stream.rtcp_mux {
        line(text, format_args!("a=rtcp-mux"));
    }
    for crypto in &stream.crypto {
        line(text, format_args!("a=crypto:{}", crypto));
    }
}

/// Every line ends in CRLF (RFC 8866 section 9).
fn line(text: &mut String, content: std::fmt::Arguments<'_>) {
    // Writing to a String does not fail.
    text.write_fmt(content).unwrap_or_default();
    text.push_str("\r\n");
}

/// An address with its type in front, as `o=` and `c=` want it.
struct Written(IpAddr);

impl std::fmt::Display for Written {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            IpAddr::V4(address) => write!(f, "IP4 {address}"),
            IpAddr::V6(address) => write!(f, "IP6 {address}"),
        }
    }
}
