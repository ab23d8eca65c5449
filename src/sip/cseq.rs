//! The CSeq header (RFC 3261 section 20.16).

use std::fmt;

use crate::header::digits;
use crate::method::Method;

/// A sequence number and the method it counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CSeq {
    /// Less than 2³¹ (RFC 3261 section 8.1.1.5).
    pub number: u32,
    /// The method of the request, repeated in its responses.
    pub method: Method,
}

impl CSeq {
    /// Reads the value of a CSeq header.
    pub fn parse(text: &str) -> Option<CSeq> {
        let (number, method) = text.split_once([' ', '\t'])?;
        let number: u32 = digits(number)?;
        let method = Method::parse(method.trim_matches([' ', '\t']))?;
        (number <= i32::MAX as u32).then_some(CSeq { number, method })
    }
}

impl fmt::Display for CSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.method)
    }
}
