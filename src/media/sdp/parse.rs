//! Bytes to [`Description`].

use super::{
    Description, Direction, Format, MAX_BYTES, MAX_CRYPTO, MAX_FAX_TERM, MAX_FAX_TERMS, MAX_FORMATS,
    MAX_STREAMS, Protocol, RtcpAddress, SdpError, Stream,
};
use crate::srtp::Crypto;
use std::collections::HashMap;
use std::net::IpAddr;

/// What `a=rtpmap` says of a payload type.
struct Mapping {
    encoding: String,
    clock_rate: u32,
    channels: u8,
}

/// What stands before the first m-line and holds for every stream that does not say otherwise.
#[derive(Clone, Copy, Default)]
struct Defaults {
    address: Option<IpAddr>,
    direction: Direction,
    ptime: Option<u32>,
    maxptime: Option<u32>,
}

/// A stream while its lines are being read.
struct Open {
    stream: Stream,
    mappings: HashMap<u8, Mapping>,
    parameters: HashMap<u8, String>,
}

pub(super) fn description(bytes: &[u8]) -> Result<Description, SdpError> {
    if bytes.len() > MAX_BYTES {
        return Err(SdpError::TooLong);
    }
    let text = String::from_utf8_lossy(bytes);
    // Carriage returns, line feeds and both together end a line; phones have been seen with each.
    let mut lines = text.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty());
    if lines.next().map(|line| line.trim_start_matches('\u{feff}')) != Some("v=0") {
        return Err(SdpError::NotSdp);
    }
    let mut defaults = Defaults::default();
    let mut streams = Vec::new();
    let mut open: Option<Open> = None;
    for line in lines {
        let Some((kind, value)) = line.split_once('=') else { continue };
        let value = value.trim();
        match (kind, &mut open) {
            ("m", _) => {
                let started = start(value, &defaults)?;
                streams.extend(open.replace(started).map(finish));
                if streams.len() >= MAX_STREAMS {
                    return Err(SdpError::TooManyStreams);
                }
            }
            ("c", Some(open)) => open.stream.address = address(value),
            ("c", None) => defaults.address = address(value),
            ("a", Some(open)) => attribute(value, open),
            ("a", None) => session_attribute(value, &mut defaults),
            _ => {}
        }
    }
    streams.extend(open.map(finish));
    Ok(Description { streams })
}

/// `audio 49170/2 RTP/AVP 8 0 101`, RFC 8866 section 5.14.
fn start(value: &str, defaults: &Defaults) -> Result<Open, SdpError> {
    let mut words = value.split_ascii_whitespace();
    let (Some(kind), Some(port), Some(protocol)) = (words.next(), words.next(), words.next()) else {
        return Err(SdpError::BrokenStream);
    };
    let port = port.split('/').next().and_then(|port| port.parse().ok()).ok_or(SdpError::BrokenStream)?;
    let words: Vec<String> = words.take(MAX_FORMATS).map(str::to_owned).collect();
    let stream = Stream {
        kind: kind.to_owned(),
        port,
        protocol: self::protocol(protocol),
        words,
        formats: Vec::new(),
        address: defaults.address,
        direction: defaults.direction,
        ptime: defaults.ptime,
        maxptime: defaults.maxptime,
        rtcp: None,
        rtcp_mux: false,
        crypto: Vec::new(),
        fax: Vec::new(),
    };
    Ok(Open { stream, mappings: HashMap::new(), parameters: HashMap::new() })
}

fn protocol(word: &str) -> Protocol {
    let word = word.to_owned();
    match word.to_ascii_uppercase().as_str() {
        "RTP/AVP" | "RTP/AVPF" => Protocol::Plain(word),
        "RTP/SAVP" | "RTP/SAVPF" => Protocol::Secure(word),
        _ => Protocol::Other(word),
    }
}

/// `IN IP4 192.0.2.1/127`, RFC 8866 section 5.7. Names and groups are not dialled: both count as no address.
fn address(value: &str) -> Option<IpAddr> {
    let word = value.split_ascii_whitespace().nth(2)?;
    let address: IpAddr = word.split(['/', '%']).next()?.trim_matches(['[', ']']).parse().ok()?;
    (!address.is_multicast()).then_some(address)
}

fn session_attribute(value: &str, defaults: &mut Defaults) {
    let (name, value) = value.split_once(':').unwrap_or((value, ""));
    match name {
        "ptime" => defaults.ptime = milliseconds(value),
        "maxptime" => defaults.maxptime = milliseconds(value),
        _ => defaults.direction = direction(name).unwrap_or(defaults.direction),
    }
}

fn attribute(line: &str, open: &mut Open) {
    let (name, value) = line.split_once(':').unwrap_or((line, ""));
    let value = value.trim();
    let stream = &mut open.stream;
    match name.trim() {
        "rtpmap" => {
            if let Some((number, mapping)) = rtpmap(value) {
                open.mappings.insert(number, mapping);
            }
        }
        "fmtp" => {
            if let Some((number, text)) = value.split_once(char::is_whitespace)
                && let Some(number) = payload_type(number)
            {
                open.parameters.insert(number, text.trim().to_owned());
            }
        }
        "ptime" => stream.ptime = milliseconds(value).or(stream.ptime),
        "maxptime" => stream.maxptime = milliseconds(value).or(stream.maxptime),
        "rtcp" => stream.rtcp = rtcp(value),
        "rtcp-mux" => stream.rtcp_mux = true,
        name if is_fax_term(name) => {
            if stream.fax.len() < MAX_FAX_TERMS && is_passable(line) {
                stream.fax.push(line.to_owned());
            }
        }
        "crypto" if stream.crypto.len() < MAX_CRYPTO => stream.crypto.extend(Crypto::parse(value)),
        name => stream.direction = direction(name).unwrap_or(stream.direction),
    }
}

/// Names are compared without case: T.38 writes some of them in two ways itself.
fn is_fax_term(name: &str) -> bool {
    name.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("T38"))
}

/// Whether a line may be said to somebody else.
fn is_passable(line: &str) -> bool {
    line.len() <= MAX_FAX_TERM && line.bytes().all(|octet| (b' '..=b'~').contains(&octet))
}

fn direction(name: &str) -> Option<Direction> {
    match name {
        "sendrecv" => Some(Direction::SendReceive),
        "sendonly" => Some(Direction::SendOnly),
        "recvonly" => Some(Direction::ReceiveOnly),
        "inactive" => Some(Direction::Inactive),
        _ => None,
    }
}

/// Some phones write `20.0`, and some the value of every format: the first number counts.
fn milliseconds(value: &str) -> Option<u32> {
    let digits: &str = value.trim().split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok().filter(|milliseconds| *milliseconds > 0)
}

fn payload_type(word: &str) -> Option<u8> {
    word.parse().ok().filter(|number| *number < 128)
}

/// `111 opus/48000/2`, RFC 8866 section 6.6.
fn rtpmap(value: &str) -> Option<(u8, Mapping)> {
    let (number, encoding) = value.split_once(char::is_whitespace)?;
    let mut parts = encoding.trim().split('/');
    let mapping = Mapping {
        encoding: parts.next().filter(|name| !name.is_empty())?.to_owned(),
        clock_rate: parts.next().and_then(|rate| rate.trim().parse().ok())?,
        channels: parts.next().and_then(|channels| channels.trim().parse().ok()).unwrap_or(1),
    };
    Some((payload_type(number)?, mapping))
}

/// `53020 IN IP4 192.0.2.1`, RFC 3605 section 2.1.
fn rtcp(value: &str) -> Option<RtcpAddress> {
    let (port, rest) = value.split_once(char::is_whitespace).unwrap_or((value, ""));
    // The address part has the form of a c= line.
    Some(RtcpAddress { port: port.parse().ok()?, address: address(rest) })
}

/// Joins the m-line's numbers with what the attributes said of them.
fn finish(open: Open) -> Stream {
    let Open { mut stream, mut mappings, mut parameters } = open;
    for word in &stream.words {
        let Some(number) = payload_type(word) else { continue };
        if stream.formats.iter().any(|format| format.payload_type == number) {
            continue;
        }
        let Some(mapping) = mappings.remove(&number).or_else(|| static_mapping(number)) else { continue };
        stream.formats.push(Format {
            payload_type: number,
            encoding: mapping.encoding,
            clock_rate: mapping.clock_rate,
            channels: mapping.channels,
            parameters: parameters.remove(&number),
        });
    }
    stream
}

/// The assignments of RFC 3551 table 4 that are met in the field; `a=rtpmap` is optional for them.
fn static_mapping(number: u8) -> Option<Mapping> {
    let (encoding, clock_rate) = match number {
        0 => ("PCMU", 8000),
        3 => ("GSM", 8000),
        4 => ("G723", 8000),
        8 => ("PCMA", 8000),
        9 => ("G722", 8000),
        13 => ("CN", 8000),
        18 => ("G729", 8000),
        _ => return None,
    };
    Some(Mapping { encoding: encoding.to_owned(), clock_rate, channels: 1 })
}
