//! Messages that callers have left, and the recordings they are.

use crate::CallId;
use crate::site::Mailbox;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// One recording of a call: `4711-1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RecordingId {
    /// Of which call.
    pub call: CallId,
    /// Which of it, from 1.
    pub number: u8,
}

/// Why a text is no [`RecordingId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a recording is named by its call and number: 4711-1")]
pub struct NotARecording;

impl fmt::Display for RecordingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.call, self.number)
    }
}

impl FromStr for RecordingId {
    type Err = NotARecording;

    fn from_str(text: &str) -> Result<Self, NotARecording> {
        let (call, number) = text.split_once('-').ok_or(NotARecording)?;
        let plain = |digits: &str| !digits.is_empty() && digits.bytes().all(|octet| octet.is_ascii_digit());
        if !plain(call) || !plain(number) {
            return Err(NotARecording);
        }
        let call = CallId(call.parse().map_err(|_| NotARecording)?);
        Ok(Self { call, number: number.parse().map_err(|_| NotARecording)? })
    }
}

impl TryFrom<String> for RecordingId {
    type Error = NotARecording;

    fn try_from(text: String) -> Result<Self, NotARecording> {
        text.parse()
    }
}

impl From<RecordingId> for String {
    fn from(id: RecordingId) -> Self {
        id.to_string()
    }
}

impl RecordingId {
    /// The same as a number, for those who count recordings.
    pub fn key(self) -> u64 {
        self.call.0 << 8 | u64::from(self.number)
    }

    /// From such a number.
    pub fn from_key(key: u64) -> Self {
        // The low octet is the number.
        Self { call: CallId(key >> 8), number: key as u8 }
    }
}

/// A message in a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its recording.
    pub id: RecordingId,
    /// Whose it is.
    pub mailbox: Mailbox,
    /// The caller's number or extension; none where withheld.
    pub from: Option<String>,
    /// When the caller began to speak.
    pub began: Timestamp,
    /// How long it is, milliseconds.
    pub duration_ms: u32,
    /// How far it has come.
    pub state: MessageState,
    /// The box stopped while it was recorded: the end is missing.
    pub cut: bool,
}

/// How far a message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageState {
    /// The caller is speaking; nobody sees it.
    Recording,
    /// Nobody has heard it.
    New,
    /// Somebody has.
    Saved,
}

/// A recording that is whole and durable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// How long it is, milliseconds.
    pub duration_ms: u32,
    /// For how long somebody spoke, milliseconds.
    pub speech_ms: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_is_named_by_its_call_and_number() {
        let id = RecordingId { call: CallId(4711), number: 2 };
        assert_eq!((id.to_string(), "4711-2".parse()), ("4711-2".to_owned(), Ok(id)));
        assert_eq!(RecordingId::from_key(id.key()), id);
        for text in ["", "4711", "-1", "4711-", "4711-256", "+1-1", "a-1", "1-1-1", "../1-1"] {
            assert_eq!(text.parse::<RecordingId>(), Err(NotARecording), "{text}");
        }
    }
}
