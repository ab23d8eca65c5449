//! UDPTL (ITU-T T.38 section 9.1), the datagrams of a fax, as far as one who only passes them on must know them.
//!
//! ```text
//!  sequence number, 2 octets │ length, 1 or 2 octets │ so many octets of fax │ repetitions or repair
//! ```

/// The largest datagram that is passed on: what fits a frame of Ethernet in one piece.
pub const MAX_DATAGRAM: usize = 1472;

/// Whether a datagram can be UDPTL: what it says of its length must be there, and something after it.
pub fn is_whole(datagram: &[u8]) -> bool {
    let Some((_, rest)) = datagram.split_first_chunk::<2>() else { return false };
    // Lengths as in ITU-T X.691 section 10.9: one octet up to 127, two up to 16383, fragments beyond, which no fax has.
    let fax = match rest {
        [length @ 0..0x80, fax @ ..] => Some((usize::from(*length), fax)),
        [high @ 0x80..0xc0, low, fax @ ..] => {
            Some((usize::from(u16::from_be_bytes([high & 0x3f, *low])), fax))
        }
        _ => None,
    };
    datagram.len() <= MAX_DATAGRAM && fax.is_some_and(|(length, fax)| fax.len() > length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_datagram_with_what_it_promises_is_whole() {
        // "No signal", alone and with itself repeated from before.
        assert!(is_whole(&[0, 1, 1, 0, 0, 0]));
        assert!(is_whole(&[0, 2, 1, 0, 0, 1, 1, 0]));
        let mut long = vec![0xff, 0xff, 0x80, 200];
        long.extend([7; 200]);
        assert!(!is_whole(&long), "the repetitions' number is missing");
        long.push(0);
        assert!(is_whole(&long));
    }

    #[test]
    fn what_is_cut_off_or_too_large_or_something_else_is_not() {
        for broken in [&[][..], &[0], &[0, 0], &[0, 0, 1], &[0, 0, 1, 7], &[0, 0, 0xc0, 1, 1], &[0, 0, 0x80]]
        {
            assert!(!is_whole(broken), "{broken:?}");
        }
        assert!(!is_whole(b"OPTIONS"));
        let mut large = vec![0, 0, 0];
        large.resize(MAX_DATAGRAM, 0);
        assert!(is_whole(&large));
        large.push(0);
        assert!(!is_whole(&large));
    }
}
