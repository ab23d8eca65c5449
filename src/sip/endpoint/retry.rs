//! Requests sent again under a new number because of what the answer said: 401, 407 (RFC 3261 22) and 422 (RFC 4028 7.4).

use std::time::Instant;

use super::client::{Outgoing, authorize};
use super::{Endpoint, Owner, Purpose, TxId};
use crate::digest::Learned;
use crate::session::MIN_INTERVAL;
use crate::{CSeq, Name, Request, Response, Status};

/// How often one request is sent again at most.
const MAX_RETRIES: u8 = 4;
/// A longer interval than a peer may ask for.
const MAX_INTERVAL: u32 = 24 * 3600;

impl Endpoint {
    /// Sends the request of this transaction again when the answer asks for that; tells whether it did.
    pub(crate) fn retry(&mut self, now: Instant, id: TxId, response: &Response) -> bool {
        let Some(tx) = self.client(id) else { return false };
        if tx.retries >= MAX_RETRIES || !self.is_wanted(tx.owner) {
            return false;
        }
        let mut request = tx.request.clone();
        let mut login = tx.login.clone();
        let changed = match response.status {
            Status::UNAUTHORIZED | Status::PROXY_AUTHENTICATION_REQUIRED => {
                login.as_mut().is_some_and(|login| login.learn(&response.headers) == Learned::Try)
            }
            Status::INTERVAL_TOO_SMALL => raise_interval(&mut request, response),
            _ => false,
        };
        if !changed {
            return false;
        }
        let out = Outgoing {
            request,
            hop: tx.hop.clone(),
            advertised: tx.advertised.clone(),
            owner: tx.owner,
            login,
            retries: tx.retries + 1,
            path: tx.path.clone(),
        };
        self.send_again(now, id, out);
        true
    }

    fn send_again(&mut self, now: Instant, old: TxId, mut out: Outgoing) {
        let cnonce = self.wire.tag();
        if let Some(login) = &mut out.login {
            authorize(&mut out.request, login, &cnonce);
        }
        let Ok(CSeq { number, method }) = out.request.headers.cseq() else { return };
        match out.owner {
            Owner::Session(session, purpose) => {
                let login = out.login.clone();
                self.with(session, |endpoint, session| {
                    let number = session.next_sequence(number);
                    session.renumber(purpose, number);
                    out.request.headers.set(Name::CSeq, CSeq { number, method });
                    session.login = login;
                    let id = endpoint.send_request(now, out);
                    session.replace_request(purpose, old, id);
                });
            }
            Owner::Subscription(_) => {}
            Owner::Request(_) | Owner::Nobody => {
                out.request.headers.set(Name::CSeq, CSeq { number: number + 1, method });
                self.send_request(now, out);
            }
        }
    }

    /// False when nobody waits for the request any more.
    fn is_wanted(&self, owner: Owner) -> bool {
        match owner {
            Owner::Session(id, Purpose::Bye) => self.sessions.contains_key(&id),
            Owner::Session(id, _) => self.sessions.get(&id).is_some_and(|session| session.is_alive()),
            // Nobody gives us a secret for a subscriber.
            Owner::Subscription(_) => false,
            Owner::Request(_) | Owner::Nobody => true,
        }
    }
}

/// Asks for the interval the peer wants at least.
fn raise_interval(request: &mut Request, response: &Response) -> bool {
    let Ok(Some(wanted)) = response.headers.min_se() else { return false };
    let Ok(Some(mut asked)) = request.headers.session_expires() else { return false };
    if wanted > MAX_INTERVAL || wanted <= asked.seconds {
        return false;
    }
    asked.seconds = wanted.max(MIN_INTERVAL);
    request.headers.set(Name::SessionExpires, asked);
    request.headers.set(Name::MinSe, wanted.max(MIN_INTERVAL));
    true
}
