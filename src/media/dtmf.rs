//! Digits: as telephone events in RTP (RFC 4733) and as sound (ITU-T Q.23, Q.24).

mod detector;
mod event;
mod fit;
mod generator;

pub use detector::Detector;
pub use event::{Event, EventPacket, EventReceiver, EventSender};
pub use generator::Generator;

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

/// The lower and the higher frequencies of Q.23, in hertz, and the digits where they meet.
const ROWS: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
const COLUMNS: [f32; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
const KEYPAD: [[char; 4]; 4] =
    [['1', '2', '3', 'A'], ['4', '5', '6', 'B'], ['7', '8', '9', 'C'], ['*', '0', '#', 'D']];

#[cfg(test)]
mod tests;
