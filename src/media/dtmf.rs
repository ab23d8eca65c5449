//! Digits: as telephone events in RTP (RFC 4733) and as sound (ITU-T Q.23, Q.24).

/// One pressed key, reported when it is released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digit {
    /// `0`–`9`, `*`, `#`, `A`–`D`.
    pub digit: char,
    /// How long it was held, in milliseconds.
    pub duration_ms: u32,
}

/// The digits in the order of their event codes 0 to 15 (RFC 4733 section 3.2).
pub const DIGITS: [char; 16] =
    ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'A', 'B', 'C', 'D'];

/// The event code of a digit, lower case letters allowed.
pub fn code(digit: char) -> Option<u8> {
    let digit = digit.to_ascii_uppercase();
    DIGITS.iter().position(|known| *known == digit).map(|index| index as u8)
}
