//! `message/sipfrag`: the first line of a response, as NOTIFY reports it about a REFER (RFC 3420, RFC 3515 2.4.5).

use crate::Status;
use crate::endpoint::Body;

/// The status line of a response that came to this.
pub fn line(status: Status) -> Body {
    Body {
        media_type: "message/sipfrag;version=2.0".to_owned(),
        bytes: format!("SIP/2.0 {status} {}\r\n", status.reason()).into_bytes(),
    }
}

/// The status a fragment begins with.
pub fn status(body: &[u8]) -> Option<Status> {
    let body = body.trim_ascii_start();
    let (version, rest) = body.split_at_checked(8)?;
    let (code, rest) = rest.split_at_checked(3)?;
    let ends = rest.first().is_none_or(u8::is_ascii_whitespace);
    if !version.eq_ignore_ascii_case(b"SIP/2.0 ") || !ends {
        return None;
    }
    Status::new(crate::header::digits(std::str::from_utf8(code).ok()?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let body = line(Status::BUSY_HERE);
        assert_eq!(body.bytes, b"SIP/2.0 486 Busy Here\r\n");
        assert_eq!(status(&body.bytes), Some(Status::BUSY_HERE));
        assert_eq!(status(b"\r\nsip/2.0 200"), Some(Status::OK));
    }

    #[test]
    fn what_is_no_status_line_is_nothing() {
        for text in
            ["", "SIP/2.0 ", "SIP/2.0 20", "SIP/2.0 2000 OK", "SIP/3.0 200 OK", "SIP/2.0 +20", "SIP/2.0 099"]
        {
            assert_eq!(status(text.as_bytes()), None, "{text}");
        }
        assert_eq!(status("SIP/2.0 \u{e5}\u{e5}0".as_bytes()), None);
    }
}
