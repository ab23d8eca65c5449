//! INFO of the peer: digits, and whatever else (RFC 6086, and the two legacy ways of sending digits).

use std::time::Instant;

use super::Session;
use crate::body::dtmf;
use crate::endpoint::{Endpoint, Event, Within};
use crate::{Name, Request, Status};

impl Endpoint {
    /// INFO is answered at once; what it says is the user's business.
    pub(super) fn info_request(&mut self, now: Instant, session: &mut Session, within: Within) {
        if !session.is_alive() {
            return self.reply_status(now, within.tx, Status::NO_CALL);
        }
        let Request { headers, body, .. } = within.request;
        if headers.contains(&Name::Other("Info-Package".into())) {
            // No package has been offered in Recv-Info (RFC 6086 4.2.2).
            return self.reply_status(now, within.tx, Status::BAD_INFO_PACKAGE);
        }
        let session = session.id;
        match headers.media_type().as_deref() {
            Some(kind @ ("application/dtmf-relay" | "application/dtmf")) => {
                let Some((digit, lasting)) = dtmf::read(kind, &body) else {
                    return self.reply_status(now, within.tx, Status::BAD_REQUEST);
                };
                self.reply_status(now, within.tx, Status::OK);
                self.events.push_back(Event::Digit { session, digit, lasting });
            }
            _ => {
                self.reply_status(now, within.tx, Status::OK);
                self.events.push_back(Event::Info { session, headers, body });
            }
        }
    }
}
