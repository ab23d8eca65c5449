//! RTP data packets (RFC 3550 section 5.1): the fixed header, parsed, written and rewritten in place.
//!
//! Our own lines rather than a crate: the relay rewrites five fields in a received buffer without copying the
//! payload, which builders do not offer, and a parser of twelve octets is smaller than its wrapper would be.

use std::ops::Range;

/// The octets of a header without contributing sources or extension.
pub const HEADER_LEN: usize = 12;

const VERSION: u8 = 2;

/// The fields of the fixed header that matter to an endpoint (RFC 3550 section 5.1). Contributing sources and header
/// extensions are skipped by [`parse`] and never written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// First packet of a talk spurt, or of a telephone event.
    pub marker: bool,
    /// Seven bits, as negotiated in SDP.
    pub payload_type: u8,
    /// Increments by one a packet, wraps.
    pub sequence: u16,
    /// Sampling instant of the first octet, in units of the codec's clock rate.
    pub timestamp: u32,
    /// Synchronisation source.
    pub ssrc: u32,
}

/// Reads the header and says where in `packet` the payload lies, with extension and padding taken off. `None` when it
/// is not RTP version 2, is truncated, or is RTCP multiplexed on the same port (RFC 5761 section 4).
pub fn parse(packet: &[u8]) -> Option<(Header, Range<usize>)> {
    let (header, start) = parse_header(packet)?;
    let mut end = packet.len();
    if packet[0] & 0x20 != 0 {
        let padding = usize::from(*packet.last()?);
        if padding == 0 {
            return None;
        }
        end = end.checked_sub(padding)?;
    }
    (start <= end).then_some((header, start..end))
}

/// Reads the header and says where the payload starts, for packets whose payload is encrypted, padding included.
pub fn parse_header(packet: &[u8]) -> Option<(Header, usize)> {
    let fixed = packet.first_chunk::<HEADER_LEN>()?;
    if fixed[0] >> 6 != VERSION || is_rtcp(packet) {
        return None;
    }
    let header = Header {
        marker: fixed[1] & 0x80 != 0,
        payload_type: fixed[1] & 0x7f,
        sequence: u16::from_be_bytes([fixed[2], fixed[3]]),
        timestamp: u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]),
        ssrc: u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]]),
    };
    Some((header, header_len(packet)?))
}

/// The octets before the payload, with contributing sources and extension (RFC 3550 section 5.3.1); `None` when they
/// do not fit the packet.
pub fn header_len(packet: &[u8]) -> Option<usize> {
    let first = *packet.first()?;
    let mut len = HEADER_LEN + 4 * usize::from(first & 0x0f);
    if first & 0x10 != 0 {
        let words = packet.get(len + 2..len + 4)?;
        len += 4 + 4 * usize::from(u16::from_be_bytes([words[0], words[1]]));
    }
    (len <= packet.len()).then_some(len)
}

/// Whether a datagram on a multiplexed port is RTCP: packet types 192 to 223 (RFC 5761 section 4).
pub fn is_rtcp(packet: &[u8]) -> bool {
    packet.get(1).is_some_and(|octet| (192..=223).contains(octet))
}

/// Appends header and payload to `out`.
pub fn write(header: &Header, payload: &[u8], out: &mut Vec<u8>) {
    out.reserve(HEADER_LEN + payload.len());
    out.extend_from_slice(&octets(header));
    out.extend_from_slice(payload);
}

fn octets(header: &Header) -> [u8; HEADER_LEN] {
    let mut octets = [0; HEADER_LEN];
    octets[0] = VERSION << 6;
    octets[1] = u8::from(header.marker) << 7 | header.payload_type & 0x7f;
    octets[2..4].copy_from_slice(&header.sequence.to_be_bytes());
    octets[4..8].copy_from_slice(&header.timestamp.to_be_bytes());
    octets[8..12].copy_from_slice(&header.ssrc.to_be_bytes());
    octets
}

#[cfg(test)]
pub(crate) mod tests;
