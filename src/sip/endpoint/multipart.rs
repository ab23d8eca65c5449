//! Bodies of several parts (RFC 5621): operators and softphones put other things beside the session description.

use crate::{Headers, Name, Params};

/// More parts than anybody sends.
const MAX_PARTS: usize = 16;

/// Replaces a multipart body by its session description, when it has one.
pub(crate) fn unwrap(headers: &mut Headers, body: &mut Vec<u8>) {
    if body.is_empty() || !headers.media_type().is_some_and(|kind| kind.starts_with("multipart/")) {
        return;
    }
    let params = headers.get(&Name::ContentType).and_then(|value| value.split_once(';'));
    let params = params.and_then(|(_, params)| Params::parse(params)).unwrap_or_default();
    let Some(boundary) = params.unquoted("boundary") else { return };
    let delimiter = format!("--{boundary}");
    if let Some(description) = description(body, delimiter.as_bytes()).map(<[u8]>::to_vec) {
        headers.set(Name::ContentType, "application/sdp");
        *body = description;
    }
}

fn description<'a>(body: &'a [u8], delimiter: &[u8]) -> Option<&'a [u8]> {
    let mut rest = after(body, delimiter)?.1;
    for _ in 0..MAX_PARTS {
        let (part, next) = after(rest, delimiter)?;
        let (head, content) = after(part, b"\r\n\r\n").or_else(|| after(part, b"\n\n"))?;
        let head = String::from_utf8_lossy(head).to_ascii_lowercase();
        let is_description = head.lines().any(|line| {
            let value = line.strip_prefix("content-type:").or_else(|| line.strip_prefix("c:"));
            value.is_some_and(|value| value.trim_start().starts_with("application/sdp"))
        });
        if is_description {
            // The line end before a delimiter belongs to the delimiter.
            let content = content.strip_suffix(b"\n").unwrap_or(content);
            return Some(content.strip_suffix(b"\r").unwrap_or(content));
        }
        rest = next;
    }
    None
}

/// What stands before and behind `needle`.
fn after<'a>(text: &'a [u8], needle: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = memchr::memmem::find(text, needle)?;
    Some((&text[..at], &text[at + needle.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_description_is_found_among_other_parts() {
        let mut headers = Headers::new();
        headers.push(Name::ContentType, "multipart/mixed; boundary=\"cut here\"");
        let mut body = b"--cut here\r\nContent-Type: application/isup\r\n\r\n\x01\x02\r\n--cut here\r\n\
            Content-Type: application/sdp\r\nContent-Disposition: session\r\n\r\nv=0\r\ns=-\r\n\r\n--cut here--\r\n"
            .to_vec();
        unwrap(&mut headers, &mut body);
        assert_eq!(body, b"v=0\r\ns=-\r\n");
        assert_eq!(headers.get(&Name::ContentType), Some("application/sdp"));
    }

    #[test]
    fn a_body_that_cannot_be_cut_stays() {
        let mut headers = Headers::new();
        headers.push(Name::ContentType, "multipart/mixed; boundary=x");
        for text in ["", "--x", "--x\r\n\r\n--x", "--x\r\nContent-Type: text/plain\r\n\r\nhi\r\n--x--"] {
            let mut body = text.as_bytes().to_vec();
            unwrap(&mut headers, &mut body);
            assert_eq!(body, text.as_bytes());
        }
    }
}
