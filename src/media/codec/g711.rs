//! G.711 A-law and µ-law by tables, built at compile time out of the segments of ITU-T G.711.

/// Linear samples for each octet.
static ULAW_EXPANDED: [i16; 256] = ulaw_expansion();
static ALAW_EXPANDED: [i16; 256] = alaw_expansion();
/// Octets for each sample: by its upper 14 bits for µ-law, its upper 13 for A-law.
static ULAW_COMPRESSED: [u8; 16_384] = ulaw_compression();
static ALAW_COMPRESSED: [u8; 8_192] = alaw_compression();

/// µ-law to linear.
pub(super) fn decode_ulaw(payload: &[u8], out: &mut Vec<i16>) {
    out.extend(payload.iter().map(|octet| ULAW_EXPANDED[usize::from(*octet)]));
}

/// A-law to linear.
pub(super) fn decode_alaw(payload: &[u8], out: &mut Vec<i16>) {
    out.extend(payload.iter().map(|octet| ALAW_EXPANDED[usize::from(*octet)]));
}

/// Linear to µ-law.
pub(super) fn encode_ulaw(pcm: &[i16], out: &mut Vec<u8>) {
    out.extend(pcm.iter().map(|sample| ULAW_COMPRESSED[usize::from(*sample as u16 >> 2)]));
}

/// Linear to A-law.
pub(super) fn encode_alaw(pcm: &[i16], out: &mut Vec<u8>) {
    out.extend(pcm.iter().map(|sample| ALAW_COMPRESSED[usize::from(*sample as u16 >> 3)]));
}

/// Table 2 of G.711: 14-bit magnitudes of eight segments, all bits inverted on the line.
const fn expand_ulaw(octet: u8) -> i16 {
    let code = !octet;
    let segment = (code >> 4) & 7;
    let step = (code & 15) as i16;
    let magnitude = ((2 * step + 33) << segment) - 33;
    (if code & 0x80 != 0 { -magnitude } else { magnitude }) << 2
}

/// Table 1 of G.711: 13-bit magnitudes, the first two segments linear, even bits inverted on the line.
const fn expand_alaw(octet: u8) -> i16 {
    let code = octet ^ 0x55;
    let segment = (code >> 4) & 7;
    let step = (code & 15) as i16;
    let magnitude = if segment == 0 { 2 * step + 1 } else { (2 * step + 33) << (segment - 1) };
    (if code & 0x80 != 0 { magnitude } else { -magnitude }) << 3
}

const fn compress_ulaw(sample: i16) -> u8 {
    let (sign, magnitude) = if sample < 0 { (0x80, -(sample as i32)) } else { (0, sample as i32) };
    let biased = if magnitude > 8_158 { 8_191 } else { magnitude + 33 };
    let segment = 26 - (biased as u32).leading_zeros();
    let step = (biased >> (segment + 1)) as u8 & 15;
    !(sign | (segment as u8) << 4 | step)
}

const fn compress_alaw(sample: i16) -> u8 {
    // A negative value takes the interval below it: decision values belong to the one nearer to zero.
    let (sign, magnitude) = if sample < 0 { (0, !(sample as i32)) } else { (0x80, sample as i32) };
    let code = if magnitude < 32 {
        (magnitude >> 1) as u8
    } else {
        let segment = 27 - (magnitude as u32).leading_zeros();
        (segment as u8) << 4 | ((magnitude >> segment) as u8 & 15)
    };
    (sign | code) ^ 0x55
}

const fn ulaw_expansion() -> [i16; 256] {
    let mut table = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        table[octet] = expand_ulaw(octet as u8);
        octet += 1;
    }
    table
}

const fn alaw_expansion() -> [i16; 256] {
    let mut table = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        table[octet] = expand_alaw(octet as u8);
        octet += 1;
    }
    table
}

const fn ulaw_compression() -> [u8; 16_384] {
    let mut table = [0; 16_384];
    let mut index = 0;
    while index < 16_384 {
        table[index] = compress_ulaw((index << 2) as u16 as i16 >> 2);
        index += 1;
    }
    table
}

const fn alaw_compression() -> [u8; 8_192] {
    let mut table = [0; 8_192];
    let mut index = 0;
    while index < 8_192 {
        table[index] = compress_alaw((index << 3) as u16 as i16 >> 3);
        index += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_octet_survives_the_way_to_linear_and_back() {
        for octet in 0..=255 {
            let mut out = Vec::new();
            encode_alaw(&[ALAW_EXPANDED[usize::from(octet)]], &mut out);
            assert_eq!(out, [octet], "A-law {octet:#04x}");
            out.clear();
            encode_ulaw(&[ULAW_EXPANDED[usize::from(octet)]], &mut out);
            // µ-law has two zeros; the negative one comes back as the positive.
            assert_eq!(out, [if octet == 0x7f { 0xff } else { octet }], "µ-law {octet:#04x}");
        }
    }

    #[test]
    fn the_ends_of_the_segments_are_those_of_the_recommendation() {
        // µ-law, table 2a: decoder output values 8031, 4063, 2015, 991, 479, 223, 95, 31 (of 14 bits) end the segments.
        let ends: Vec<i16> = (0..8).map(|segment| ULAW_EXPANDED[segment << 4] >> 2).collect();
        assert_eq!(ends, [-8031, -3999, -1983, -975, -471, -219, -93, -30]);
        assert_eq!(ULAW_EXPANDED[0x80] >> 2, 8031);
        // A-law, table 1a: the highest output is 4032 of 4096, the lowest 1.
        assert_eq!(ALAW_EXPANDED[0x80 ^ 0x55 ^ 0x7f] >> 3, 4032);
        assert_eq!(ALAW_EXPANDED[0x55 ^ 0x80] >> 3, 1);
        assert_eq!(ALAW_EXPANDED[0x55] >> 3, -1);
    }

    #[test]
    fn quantising_is_monotonic_and_errs_by_half_a_step_at_most() {
        for (encode, decode, zero_step) in [
            (encode_alaw as fn(&[i16], &mut Vec<u8>), decode_alaw as fn(&[u8], &mut Vec<i16>), 16),
            (encode_ulaw, decode_ulaw, 8),
        ] {
            let mut last = i16::MIN;
            for sample in i16::MIN..=i16::MAX {
                let (mut octets, mut back) = (Vec::new(), Vec::new());
                encode(&[sample], &mut octets);
                decode(&octets, &mut back);
                assert!(back[0] >= last, "{sample} went below its predecessor");
                last = back[0];
                let magnitude = i32::from(sample).abs();
                let error = (i32::from(sample) - i32::from(back[0])).abs();
                // Half a step is 1/32 of the segment's start; clipping above 32 124.
                assert!(error <= (magnitude / 32 + zero_step).max(magnitude - 32_124), "{sample}: {error}");
            }
        }
    }

    #[test]
    fn silence_is_the_octet_that_every_phone_sends() {
        let mut out = Vec::new();
        encode_alaw(&[0], &mut out);
        encode_ulaw(&[0], &mut out);
        assert_eq!(out, [0xd5, 0xff]);
    }
}
