//! Checksummed frames: the shape of everything written outside the index.
//!
//! ```text
//! 0      4        8       12        13     21
//! | mark | crc-32 | length | version | seq  | payload ... |
//!          crc-32 covers length to payload
//! ```
//!
//! The mark is not UTF-8 and payloads are JSON, so it never occurs inside one: after damage the reader finds the
//! next frame again by it.

/// Starts every frame.
const MARK: [u8; 4] = [0xF5, b'V', b'x', 0xF6];
/// Bytes before the payload.
pub(crate) const HEAD: usize = 21;
/// No payload is longer, so damage in a length cannot ask for all memory.
pub(crate) const MAX_PAYLOAD: usize = 16 << 20;

/// One frame as read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    pub(crate) seq: u64,
    pub(crate) version: u8,
    pub(crate) payload: &'a [u8],
}

/// What the reader found next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Item<'a> {
    /// A good frame.
    Frame(Frame<'a>),
    /// Bytes that are no frame, with good frames after them.
    Damage { bytes: usize },
    /// No frame follows. `clean` when only zeros or nothing do; else a torn write or a damaged last frame.
    End { at: usize, clean: bool },
}

/// Appends one frame.
pub(crate) fn push(out: &mut Vec<u8>, seq: u64, version: u8, payload: &[u8]) {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_le_bytes();
    let mut crc = crc32fast::Hasher::new();
    crc.update(&length);
    crc.update(&[version]);
    crc.update(&seq.to_le_bytes());
    crc.update(payload);
    out.extend_from_slice(&MARK);
    out.extend_from_slice(&crc.finalize().to_le_bytes());
    out.extend_from_slice(&length);
    out.push(version);
    out.extend_from_slice(&seq.to_le_bytes());
    out.extend_from_slice(payload);
}

/// Reads frames from the front of some bytes.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    ended: bool,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, ended: false }
    }

    fn frame_at(&self, at: usize) -> Option<(Frame<'a>, usize)> {
        let rest = self.bytes.get(at..)?;
        let head = rest.first_chunk::<HEAD>()?;
        let [m0, m1, m2, m3, c0, c1, c2, c3, l0, l1, l2, l3, version, seq @ ..] = *head;
        if [m0, m1, m2, m3] != MARK {
            return None;
        }
        let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
        if length > MAX_PAYLOAD {
            return None;
        }
        let covered = rest.get(8..HEAD + length)?;
        let payload = rest.get(HEAD..HEAD + length)?;
        let crc = u32::from_le_bytes([c0, c1, c2, c3]);
        (crc32fast::hash(covered) == crc)
            .then(|| (Frame { seq: u64::from_le_bytes(seq), version, payload }, at + HEAD + length))
    }

    /// The next good frame's place at or after `at`.
    fn find_frame(&self, at: usize) -> Option<usize> {
        let mut from = at;
        while let Some(step) = self.bytes.get(from..)?.iter().position(|byte| *byte == MARK[0]) {
            if self.frame_at(from + step).is_some() {
                return Some(from + step);
            }
            from += step + 1;
        }
        None
    }
}

impl<'a> Iterator for Reader<'a> {
    type Item = Item<'a>;

    /// Frames and damage, then exactly one end.
    fn next(&mut self) -> Option<Item<'a>> {
        if self.ended {
            return None;
        }
        if let Some((frame, next)) = self.frame_at(self.at) {
            self.at = next;
            return Some(Item::Frame(frame));
        }
        if let Some(next) = self.find_frame(self.at) {
            let bytes = next - self.at;
            self.at = next;
            return Some(Item::Damage { bytes });
        }
        self.ended = true;
        let clean = self.bytes.get(self.at..).unwrap_or_default().iter().all(|byte| *byte == 0);
        Some(Item::End { at: self.at, clean })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> Vec<u8> {
        let mut out = Vec::new();
        for seq in 1..=3 {
            push(&mut out, seq, 1, format!("[{seq}]").as_bytes());
        }
        out
    }

    #[test]
    fn frames_come_back_and_zeros_after_them_are_a_clean_end() {
        let mut bytes = three();
        let end = bytes.len();
        bytes.resize(end + 100, 0);
        let items: Vec<_> = Reader::new(&bytes).collect();
        assert_eq!(items.len(), 4);
        assert_eq!(items[1], Item::Frame(Frame { seq: 2, version: 1, payload: b"[2]" }));
        assert_eq!(items[3], Item::End { at: end, clean: true });
    }

    #[test]
    fn each_flipped_bit_costs_its_own_frame_only() {
        let good = three();
        let length = good.len() / 3;
        for at in 0..good.len() {
            for bit in 0..8 {
                let mut bytes = good.clone();
                bytes[at] ^= 1 << bit;
                let seqs: Vec<u64> = Reader::new(&bytes)
                    .filter_map(|item| match item {
                        Item::Frame(frame) => Some(frame.seq),
                        _ => None,
                    })
                    .collect();
                let hit = at / length + 1;
                let expected: Vec<u64> = (1..=3).filter(|seq| *seq != hit as u64).collect();
                assert_eq!(seqs, expected, "byte {at} bit {bit}");
            }
        }
    }

    #[test]
    fn a_torn_tail_is_an_unclean_end_at_the_last_good_frame() {
        let good = three();
        let start_of_last = good.len() / 3 * 2;
        for cut in start_of_last + 1..good.len() {
            let last = Reader::new(&good[..cut]).last();
            assert_eq!(last, Some(Item::End { at: start_of_last, clean: false }));
        }
    }
}
