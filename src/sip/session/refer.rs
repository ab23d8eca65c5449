//! Asking the peer to call somebody else: REFER of ours, and the NOTIFYs about it (RFC 3515, RFC 4488).

use std::time::Instant;

use super::{Session, State};
use crate::body;
use crate::endpoint::{Endpoint, Event, Purpose, Refer, ReferProgress, RequestId, SessionId, Within};
use crate::{Headers, Method, Name, Package, Response, Status};

/// Referrals of ours that run at once in one session.
const MAX_REFERRING: usize = 4;

/// A REFER of ours whose outcome is not known yet.
#[derive(Debug)]
pub(super) struct Referring {
    id: RequestId,
    /// The CSeq number of the REFER, which names its subscription (RFC 3515 2.4.6).
    number: u32,
    /// Whether the user knows that the peer tries it.
    accepted: bool,
}

impl Session {
    /// A REFER was sent again under another number.
    pub(crate) fn renumber(&mut self, purpose: Purpose, number: u32) {
        if let Purpose::Refer(id) = purpose
            && let Some(referring) = self.referring.iter_mut().find(|referring| referring.id == id)
        {
            referring.number = number;
        }
    }
}

impl Endpoint {
    /// Asks the peer of an established session to call somebody else. `Event::ReferProgress` tells what comes of it;
    /// the session goes on until somebody hangs up.
    pub fn refer(&mut self, now: Instant, session: SessionId, command: Refer) -> RequestId {
        let id = RequestId(self.next_id());
        let sent = self.with(session, |endpoint, session| {
            if !matches!(session.state, State::Up(_)) || session.referring.len() >= MAX_REFERRING {
                return false;
            }
            let mut headers = Headers::new();
            headers.push(Name::ReferTo, &command.to);
            if let Some(by) = &command.referred_by {
                headers.push(Name::ReferredBy, by);
            }
            headers.extend(&command.extra);
            let number =
                endpoint.send_within(now, session, (Method::Refer, Purpose::Refer(id)), (headers, None));
            number.map(|number| session.referring.push(Referring { id, number, accepted: false })).is_some()
        });
        if sent != Some(true) {
            self.refer_progress(id, ReferProgress::Refused(None));
        }
        id
    }

    /// A final response to our REFER.
    pub(super) fn refer_response(&mut self, session: &mut Session, id: RequestId, response: &Response) {
        // A NOTIFY may have come first, and said it all.
        let Some(at) = session.referring.iter().position(|referring| referring.id == id) else { return };
        if !response.status.is_final() {
            return;
        }
        if !response.status.is_success() {
            session.referring.remove(at);
            return self.refer_progress(id, ReferProgress::Refused(Some(response.status)));
        }
        self.accepted(&mut session.referring[at]);
        // No subscription was made: nothing more will be heard (RFC 4488 4).
        let silent = response.headers.get(&Name::ReferSub).is_some_and(|value| value.starts_with("false"));
        if silent {
            session.referring.remove(at);
            self.refer_progress(id, ReferProgress::Ended(None));
        }
    }

    /// Our REFER came to nothing.
    pub(super) fn refer_undelivered(&mut self, session: &mut Session, id: RequestId) {
        let before = session.referring.len();
        session.referring.retain(|referring| referring.id != id);
        if session.referring.len() < before {
            self.refer_progress(id, ReferProgress::Refused(None));
        }
    }

    fn accepted(&mut self, referring: &mut Referring) {
        if !std::mem::replace(&mut referring.accepted, true) {
            self.refer_progress(referring.id, ReferProgress::Accepted);
        }
    }

    /// A NOTIFY within a session: about a REFER of ours, or about nothing (RFC 6665 4.1.3).
    pub(super) fn notify_request(&mut self, now: Instant, session: &mut Session, within: &Within) {
        let headers = &within.request.headers;
        let package = headers.package().ok().filter(|package| &*package.name == "refer");
        let at = package.and_then(|package| find(&session.referring, &package));
        let Some(at) = at else {
            return self.reply_status(now, within.tx, Status::NO_CALL);
        };
        let state = headers.get(&Name::SubscriptionState).unwrap_or("active");
        let over = state.trim_start().get(..10).is_some_and(|word| word.eq_ignore_ascii_case("terminated"));
        let status = body::sipfrag::status(&within.request.body);
        self.reply_status(now, within.tx, Status::OK);
        let id = session.referring[at].id;
        self.accepted(&mut session.referring[at]);
        if over {
            session.referring.remove(at);
            let known = status.filter(|status| status.is_final());
            self.refer_progress(id, ReferProgress::Ended(known));
        } else if let Some(status) = status {
            self.refer_progress(id, ReferProgress::Reported(status));
        }
    }

    /// The session ends, and with it what was asked in it.
    pub(super) fn end_referring(&mut self, session: &mut Session) {
        for referring in std::mem::take(&mut session.referring) {
            self.refer_progress(referring.id, ReferProgress::Ended(None));
        }
    }

    fn refer_progress(&mut self, refer: RequestId, progress: ReferProgress) {
        self.events.push_back(Event::ReferProgress { refer, progress });
    }
}

/// Which REFER a NOTIFY is about. Without an id it is the first (RFC 3515 2.4.6).
fn find(referring: &[Referring], package: &Package) -> Option<usize> {
    match &package.id {
        Some(id) => {
            let number: u32 = id.parse().ok()?;
            referring.iter().position(|referring| referring.number == number)
        }
        None => (!referring.is_empty()).then_some(0),
    }
}
