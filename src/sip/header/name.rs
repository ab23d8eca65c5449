//! Header field names: canonical spelling, compact forms, and a lookup that does not care about case.

use std::fmt;
use std::hash::{Hash, Hasher};

macro_rules! names {
    ($($(#[$meta:meta])* $variant:ident $text:literal $($compact:literal)? $(list $list:tt)?;)*) => {
        /// The name of a header field (RFC 3261 section 7.3.1): compared without case, printed in the canonical spelling.
        #[derive(Debug, Clone)]
        pub enum Name {
            $(#[doc = concat!("`", $text, "`.")] $variant,)*
            /// Any other name, in the spelling it was received or made with.
            Other(Box<str>),
        }

        /// Every spelling understood, long and compact.
        static SPELLINGS: &[(&str, Name)] = &[$(($text, Name::$variant), $(($compact, Name::$variant),)?)*];
        const HASHES: &[u8] = &[$(hash($text.as_bytes()), $(hash($compact.as_bytes()),)?)*];

        impl Name {
            /// The canonical spelling.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Name::$variant => $text,)*
                    Name::Other(text) => text,
                }
            }

            /// Whether the grammar lets several values share one line, separated by commas.
            pub fn is_list(&self) -> bool {
                match self {
                    $($(Name::$variant => stringify!($list) == "yes",)?)*
                    _ => false,
                }
            }
        }
    };
}

names! {
    Accept "Accept" list yes;
    AcceptContact "Accept-Contact" "a" list yes;
    AcceptEncoding "Accept-Encoding" list yes;
    AcceptLanguage "Accept-Language" list yes;
    AlertInfo "Alert-Info" list yes;
    Allow "Allow" list yes;
    AllowEvents "Allow-Events" "u" list yes;
    AuthenticationInfo "Authentication-Info";
    Authorization "Authorization";
    CallId "Call-ID" "i";
    CallInfo "Call-Info" list yes;
    Contact "Contact" "m" list yes;
    ContentDisposition "Content-Disposition";
    ContentEncoding "Content-Encoding" "e" list yes;
    ContentLanguage "Content-Language" list yes;
    ContentLength "Content-Length" "l";
    ContentType "Content-Type" "c";
    CSeq "CSeq";
    Date "Date";
    Diversion "Diversion" list yes;
    ErrorInfo "Error-Info" list yes;
    Event "Event" "o";
    Expires "Expires";
    FlowTimer "Flow-Timer";
    From "From" "f";
    HistoryInfo "History-Info" list yes;
    Identity "Identity" "y";
    InReplyTo "In-Reply-To" list yes;
    Join "Join";
    MaxForwards "Max-Forwards";
    MimeVersion "MIME-Version";
    MinExpires "Min-Expires";
    MinSe "Min-SE";
    Organization "Organization";
    PAccessNetworkInfo "P-Access-Network-Info" list yes;
    PAssertedIdentity "P-Asserted-Identity" list yes;
    PAssociatedUri "P-Associated-URI" list yes;
    PCalledPartyId "P-Called-Party-ID";
    PEarlyMedia "P-Early-Media";
    PPreferredIdentity "P-Preferred-Identity" list yes;
    Path "Path" list yes;
    Priority "Priority";
    Privacy "Privacy";
    ProxyAuthenticate "Proxy-Authenticate";
    ProxyAuthorization "Proxy-Authorization";
    ProxyRequire "Proxy-Require" list yes;
    RAck "RAck";
    RSeq "RSeq";
    Reason "Reason" list yes;
    RecordRoute "Record-Route" list yes;
    ReferSub "Refer-Sub";
    ReferTo "Refer-To" "r";
    ReferredBy "Referred-By" "b";
    RejectContact "Reject-Contact" "j" list yes;
    RemotePartyId "Remote-Party-ID" list yes;
    Replaces "Replaces";
    ReplyTo "Reply-To";
    RequestDisposition "Request-Disposition" "d" list yes;
    Require "Require" list yes;
    RetryAfter "Retry-After";
    Route "Route" list yes;
    Server "Server";
    ServiceRoute "Service-Route" list yes;
    SessionExpires "Session-Expires" "x";
    SipEtag "SIP-ETag";
    SipIfMatch "SIP-If-Match";
    Subject "Subject" "s";
    SubscriptionState "Subscription-State";
    Supported "Supported" "k" list yes;
    TargetDialog "Target-Dialog";
    Timestamp "Timestamp";
    To "To" "t";
    Unsupported "Unsupported" list yes;
    UserAgent "User-Agent";
    Via "Via" "v" list yes;
    Warning "Warning" list yes;
    WwwAuthenticate "WWW-Authenticate";
}

/// A slot of the lookup table: spelling index + 1, 0 when free. 512 slots keep probing short.
const SLOTS: [u8; 512] = slots();

const fn hash(name: &[u8]) -> u8 {
    let mut sum: u32 = name.len() as u32;
    let mut at = 0;
    while at < name.len() {
        sum = sum.wrapping_mul(31) ^ (name[at] | 0x20) as u32;
        at += 1;
    }
    (sum ^ (sum >> 8) ^ (sum >> 16)) as u8
}

const fn slots() -> [u8; 512] {
    let mut out = [0; 512];
    let mut at = 0;
    while at < HASHES.len() {
        let mut slot = HASHES[at] as usize * 2;
        while out[slot] != 0 {
            slot = (slot + 1) % 512;
        }
        out[slot] = at as u8 + 1;
        at += 1;
    }
    out
}

impl Name {
    /// The name spelled `text`, in whatever case, long or compact.
    pub fn parse(text: &str) -> Name {
        let mut slot = hash(text.as_bytes()) as usize * 2;
        while SLOTS[slot] != 0 {
            let (spelling, name) = &SPELLINGS[SLOTS[slot] as usize - 1];
            if spelling.eq_ignore_ascii_case(text) {
                return name.clone();
            }
            slot = (slot + 1) % 512;
        }
        Name::Other(text.into())
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Name) -> bool {
        match (self, other) {
            (Name::Other(one), Name::Other(two)) => one.eq_ignore_ascii_case(two),
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

impl Eq for Name {}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        if let Name::Other(text) = self {
            text.bytes().for_each(|byte| byte.to_ascii_lowercase().hash(state));
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_found_in_any_case() {
        for (spelling, name) in SPELLINGS {
            assert_eq!(&Name::parse(spelling), name);
            assert_eq!(&Name::parse(&spelling.to_uppercase()), name);
            assert_eq!(&Name::parse(&spelling.to_lowercase()), name);
        }
    }

    #[test]
    fn an_unknown_name_keeps_its_spelling_and_compares_without_case() {
        let name = Name::parse("NewFangledHeader");
        assert_eq!(name.as_str(), "NewFangledHeader");
        assert_eq!(name, Name::Other("newfangledHEADER".into()));
        assert_ne!(name, Name::Via);
    }
}
