//! `application/simple-message-summary`: how many messages wait (RFC 3842).

use crate::endpoint::Body;

/// The media type.
pub const MEDIA_TYPE: &str = "application/simple-message-summary";

/// What waits in a mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageSummary {
    /// Whose mailbox: the address a phone calls to listen.
    pub account: Option<String>,
    /// Voice messages not heard.
    pub new: u32,
    /// Voice messages heard and kept.
    pub old: u32,
    /// How many of the new are urgent.
    pub urgent_new: u32,
    /// How many of the old are urgent.
    pub urgent_old: u32,
}

impl MessageSummary {
    /// The body.
    pub fn to_body(&self) -> Body {
        let waiting = if self.new > 0 { "yes" } else { "no" };
        let mut text = format!("Messages-Waiting: {waiting}\r\n");
        if let Some(account) = &self.account {
            let plain = account.chars().filter(|char| !char.is_control());
            text.push_str("Message-Account: ");
            text.extend(plain);
            text.push_str("\r\n");
        }
        let Self { new, old, urgent_new, urgent_old, .. } = self;
        text.push_str(&format!("Voice-Message: {new}/{old} ({urgent_new}/{urgent_old})\r\n"));
        Body { media_type: MEDIA_TYPE.to_owned(), bytes: text.into_bytes() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_told_and_an_account_adds_no_lines() {
        let account = Some("sip:*98@vaxel\r\nVoice-Message: 9/9".to_owned());
        let summary = MessageSummary { account, new: 2, old: 8, urgent_new: 0, urgent_old: 2 };
        assert_eq!(
            String::from_utf8(summary.to_body().bytes).as_deref(),
            Ok(
                "Messages-Waiting: yes\r\nMessage-Account: sip:*98@vaxelVoice-Message: 9/9\r\nVoice-Message: 2/8 (0/2)\r\n"
            )
        );
        let none = MessageSummary { account: None, new: 0, old: 3, urgent_new: 0, urgent_old: 0 };
        assert!(none.to_body().bytes.starts_with(b"Messages-Waiting: no\r\n"));
    }
}
