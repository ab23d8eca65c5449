//! As much of a SIP message as a load program needs, read in place.

use std::net::{Ipv4Addr, SocketAddrV4};

/// A message.
#[derive(Clone, Copy)]
pub(crate) struct Message<'a> {
    /// All of it.
    pub text: &'a str,
    /// Its first line.
    pub first: &'a str,
}

impl<'a> Message<'a> {
    /// Reads a datagram.
    pub fn read(datagram: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(datagram).ok()?;
        let first = text.split("\r\n").next()?;
        Some(Self { text, first })
    }

    /// The status of a response.
    pub fn status(&self) -> Option<u16> {
        self.first.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
    }

    /// The method of a request.
    pub fn method(&self) -> &'a str {
        self.first.split(' ').next().unwrap_or_default()
    }

    /// The method in CSeq.
    pub fn sequence_method(&self) -> &'a str {
        self.line("CSeq: ").and_then(|value| value.rsplit(' ').next()).unwrap_or_default()
    }

    /// The first value of a header, written as the box writes its names.
    pub fn line(&self, name: &str) -> Option<&'a str> {
        let lines = self.text.split("\r\n").take_while(|line| !line.is_empty());
        lines.into_iter().find_map(|line| line.strip_prefix(name))
    }

    /// The URI in Contact.
    pub fn contact(&self) -> Option<&'a str> {
        let value = self.line("Contact: ")?;
        let inner = value.split('<').nth(1)?;
        inner.split('>').next()
    }

    /// Its lines that a response repeats.
    pub fn repeated(&self) -> impl Iterator<Item = &'a str> {
        let lines = self.text.split("\r\n").take_while(|line| !line.is_empty());
        lines.filter(|line| {
            ["Via: ", "From: ", "Call-ID: ", "CSeq: ", "Record-Route: "]
                .iter()
                .any(|name| line.starts_with(name))
        })
    }

    /// The body.
    pub fn body(&self) -> &'a str {
        self.text.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }

    /// Where a description wants its sound.
    pub fn sound(&self) -> Option<SocketAddrV4> {
        let mut lines = self.body().split("\r\n");
        let host = lines.clone().find_map(|line| line.strip_prefix("c=IN IP4 "))?;
        let port = lines.find_map(|line| line.strip_prefix("m=audio "))?.split(' ').next()?;
        Some(SocketAddrV4::new(host.parse::<Ipv4Addr>().ok()?, port.parse().ok()?))
    }

    /// The payload number of a codec in a description.
    pub fn payload_number(&self, codec: &str) -> Option<u8> {
        let maps = self.body().split("\r\n").filter_map(|line| line.strip_prefix("a=rtpmap:"));
        maps.filter_map(|map| map.split_once(' ')).find(|(_, name)| *name == codec)?.0.parse().ok()
    }
}

/// What stands between `start` and the next quotation mark.
pub(crate) fn quoted<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    let from = text.find(start)? + start.len();
    text[from..].split('"').next()
}
