//! Digits in INFO: `application/dtmf-relay` (`Signal=5`, `Duration=160`) and `application/dtmf` (the digit alone).

use std::time::Duration;

use crate::endpoint::{Body, Digit};

/// How long a digit sounds that does not say.
const USUAL: Duration = Duration::from_millis(160);
/// The longest a digit is taken to sound.
const LONGEST: Duration = Duration::from_secs(5);

/// A digit to send.
pub fn relay(digit: Digit, lasting: Duration) -> Body {
    Body {
        media_type: "application/dtmf-relay".to_owned(),
        bytes: format!("Signal={}\r\nDuration={}\r\n", digit.as_char(), lasting.as_millis()).into_bytes(),
    }
}

/// The digit of a body of this media type.
pub fn read(media_type: &str, body: &[u8]) -> Option<(Digit, Duration)> {
    let text = std::str::from_utf8(body).ok()?;
    if media_type == "application/dtmf" {
        return Some((Digit::parse(text.trim())?, USUAL));
    }
    let mut digit = None;
    let mut lasting = USUAL;
    for line in text.lines() {
        let Some((name, value)) = line.split_once('=') else { continue };
        match name.trim().to_ascii_lowercase().as_str() {
            "signal" => digit = Digit::parse(value.trim()),
            "duration" => {
                let milliseconds: u64 = crate::header::digits(value.trim())?;
                lasting = Duration::from_millis(milliseconds).min(LONGEST);
            }
            _ => {}
        }
    }
    Some((digit?, lasting))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digit(char: char) -> Digit {
        Digit::parse(&char.to_string()).expect("a digit")
    }

    #[test]
    fn both_ways_of_writing_digits_are_read() {
        let relayed = read("application/dtmf-relay", b"Signal= 5\nDuration= 250");
        assert_eq!(relayed, Some((digit('5'), Duration::from_millis(250))));
        assert_eq!(read("application/dtmf", b"#\r\n"), Some((digit('#'), USUAL)));
        assert_eq!(read("application/dtmf-relay", b"signal=10\r\n"), Some((digit('*'), USUAL)));
        assert_eq!(read("application/dtmf-relay", b"Signal=d\r\nX\r\n"), Some((digit('D'), USUAL)));
        let sent = relay(digit('*'), Duration::from_millis(90));
        assert_eq!(sent.bytes, b"Signal=*\r\nDuration=90\r\n");
        assert_eq!(read(&sent.media_type, &sent.bytes), Some((digit('*'), Duration::from_millis(90))));
    }

    #[test]
    fn what_is_no_digit_is_nothing() {
        for text in ["", "Signal=", "Signal=E", "Signal=55", "Duration=5", "Signal=5\nDuration=-1", "\u{fe}"]
        {
            assert_eq!(read("application/dtmf-relay", text.as_bytes()), None, "{text}");
        }
        assert_eq!(read("application/dtmf", b"12x"), None);
        let long = read("application/dtmf-relay", b"Signal=1\nDuration=99999999999");
        assert_eq!(long, Some((digit('1'), LONGEST)));
    }
}
