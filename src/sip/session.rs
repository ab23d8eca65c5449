//! INVITE usages (RFC 3261 13 to 15): one session is one call leg seen from the box.
//!
//! ```text
//!  invite ─► Calling ──2xx──► Up ──hang_up──► Leaving ──► Done
//!               │ hang_up      ▲ └─ 2xx not acknowledged: Unacked ─ ACK ─► Leaving
//!               └► Cancelling  │
//!  INVITE ─► Called ───answer──┘
//! ```
//!
//! Each verb of the user and each request of the peer has its file. The terminal event leaves when the outcome is
//! decided; Cancelling, Unacked and Leaving only tidy up after it.

mod acknowledge;
mod answer;
mod expire;
mod hang_up;
mod incoming;
mod info;
mod invite;
mod modify;
mod offer;
mod prack;
mod refer;
mod reinvite;
mod reject;
mod replaces;
mod ring;
mod update;
mod within;

#[cfg(test)]
pub(crate) mod tests;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use crate::dialog::Dialog;
use crate::digest::Login;
use crate::endpoint::{
    Alarm, Alarms, Body, EndedBy, Endpoint, Event, Purpose, RequestFailed, SessionId, TxId, Within,
};
use crate::flow::{Flow, HostPort};
use crate::transaction::{ClientInput, Resend};
use crate::{Headers, Method, Name, Request, Response, Status};
pub(crate) use expire::MIN_INTERVAL;
use expire::{Agreed, Interval};

/// One INVITE usage.
#[derive(Debug)]
pub(crate) struct Session {
    pub id: SessionId,
    pub call_id: Arc<str>,
    pub local_tag: Arc<str>,
    pub login: Option<Login>,
    pub alarms: Alarms,
    state: State,
    interval: Interval,
    /// Our re-INVITE or UPDATE that has no answer yet.
    ours: Option<Ours>,
    /// An offer of the user that waits for its turn.
    pending: Option<Body>,
    /// The last description we sent, for refreshes by re-INVITE.
    described: Option<Body>,
    /// How often our offer met a glare.
    glares: u8,
    /// Our offer met a glare: it is to be made anew.
    outdated: bool,
    /// REFERs of ours whose outcome is not known yet.
    referring: Vec<refer::Referring>,
}

#[derive(Debug)]
enum State {
    /// Our INVITE has no final response.
    Calling(Calling),
    /// The peer's INVITE has no final response.
    Called(Box<Called>),
    /// A 2xx was sent or received.
    Up(Box<Up>),
    /// We hung up before the answer; CANCEL waits for a provisional response or for its effect.
    Cancelling(Cancelling),
    /// We hung up before the ACK of our 2xx: BYE must wait for it (RFC 3261 15).
    Unacked(Box<Up>, Headers),
    /// BYE is on its way.
    Leaving(Box<Dialog>),
    /// To be forgotten.
    Done,
}

/// Our call, not yet decided.
#[derive(Debug)]
struct Calling {
    invite: TxId,
    /// True once any 1xx came: from then on CANCEL may be sent.
    heard: bool,
    /// True when the INVITE had an offer.
    offered: bool,
    early: Vec<Early>,
}

/// Our call, given up.
#[derive(Debug)]
struct Cancelling {
    invite: TxId,
    heard: bool,
    extra: Headers,
}

/// One early dialog of our call; a fork makes several (RFC 3261 13.2.2.1).
#[derive(Debug)]
struct Early {
    dialog: Dialog,
    exchange: Exchange,
    /// The RSeq acknowledged last (RFC 3262 4).
    rseq: Option<u32>,
    /// The description the peer gave, reliably or as a preview.
    answer: Option<Body>,
}

/// The peer's call, not yet decided.
#[derive(Debug)]
struct Called {
    invite: TxId,
    number: u32,
    dialog: Dialog,
    exchange: Exchange,
    reliability: Reliability,
    rseq: u32,
    /// A reliable response without PRACK.
    unacked: Option<Unacked>,
    /// Provisional responses behind it.
    queue: VecDeque<(Status, Option<Body>)>,
    /// The answer behind it.
    answer: Option<(Body, Headers)>,
    /// The status last rung with.
    last: Option<Status>,
}

/// What the caller says of reliable provisional responses (RFC 3262 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reliability {
    Unknown,
    Supported,
    Required,
}

/// An established session.
#[derive(Debug)]
struct Up {
    dialog: Dialog,
    exchange: Exchange,
    /// A 2xx of ours without ACK.
    unacked: Option<Unacked>,
    /// True when we chose the Call-ID: who waits longer after a glare (RFC 3261 14.1).
    caller: bool,
}

/// A response sent again until acknowledged.
#[derive(Debug)]
struct Unacked {
    /// RSeq of a 1xx, CSeq of a 2xx.
    number: u32,
    payload: Vec<u8>,
    back: Flow,
    resend: Resend,
    give_up: Instant,
    /// True when it has a description.
    describes: bool,
    /// True for the 2xx that made the session.
    first: bool,
}

/// Where offer and answer stand (RFC 3264, RFC 6337).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exchange {
    /// Nothing offered yet.
    Open,
    /// Our offer has no answer.
    Sent,
    /// The peer's offer has no answer.
    Owed(Owed),
    /// Both sides have what they need.
    Settled,
}

/// Where our answer goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owed {
    /// Into a response to the first INVITE: `ring` and `answer`.
    Invited,
    /// Into the ACK of the 2xx to our offerless INVITE.
    Ack(TxId),
    /// Into the PRACK of this response to our offerless INVITE.
    Prack(u32),
    /// Into the 2xx to the peer's re-INVITE.
    Reinvite(TxId),
    /// Not an answer but our offer, into the 2xx to the peer's offerless re-INVITE.
    Wanted(TxId),
    /// Into the 2xx to the peer's UPDATE or PRACK.
    Reply(TxId),
}

/// A request of ours that changes or keeps the session.
#[derive(Debug)]
struct Ours {
    tx: TxId,
    is_invite: bool,
    body: Option<Body>,
}

impl Session {
    fn new(id: SessionId, call_id: Arc<str>, local_tag: Arc<str>, state: State) -> Self {
        Self {
            id,
            call_id,
            local_tag,
            login: None,
            alarms: Alarms::default(),
            state,
            interval: Interval::default(),
            ours: None,
            pending: None,
            described: None,
            glares: 0,
            outdated: false,
            referring: Vec::new(),
        }
    }

    /// True when nothing is left to do.
    pub fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// True until the terminal event.
    pub fn is_alive(&self) -> bool {
        matches!(self.state, State::Calling(_) | State::Called(_) | State::Up(_))
    }

    /// True when this dialog is one of the session's (our tag is known to match).
    pub fn is_dialog(&self, call_id: &str, remote_tag: &str) -> bool {
        let is = |dialog: &Dialog| *dialog.remote_tag == *remote_tag;
        *self.call_id == *call_id
            && match &self.state {
                State::Calling(calling) => calling.early.iter().any(|early| is(&early.dialog)),
                State::Called(called) => is(&called.dialog),
                State::Up(up) | State::Unacked(up, _) => is(&up.dialog),
                State::Leaving(dialog) => is(dialog),
                State::Cancelling(_) | State::Done => false,
            }
    }

    /// Changes our Contact.
    pub fn advertise(&mut self, advertised: HostPort) {
        match &mut self.state {
            State::Called(called) => called.dialog.path.advertised = advertised,
            State::Up(up) => up.dialog.path.advertised = advertised,
            State::Calling(_)
            | State::Cancelling(_)
            | State::Unacked(..)
            | State::Leaving(_)
            | State::Done => {}
        }
    }

    pub(crate) fn dialog_mut(&mut self, remote_tag: &str) -> Option<&mut Dialog> {
        match &mut self.state {
            State::Calling(calling) => {
                let early = calling.early.iter_mut().find(|early| *early.dialog.remote_tag == *remote_tag);
                early.map(|early| &mut early.dialog)
            }
            State::Called(called) => Some(&mut called.dialog),
            State::Up(up) | State::Unacked(up, _) => Some(&mut up.dialog),
            State::Leaving(dialog) => Some(dialog),
            State::Cancelling(_) | State::Done => None,
        }
    }

    /// The dialog and offer state with this peer, while the session lives.
    fn slot(&mut self, remote_tag: &str) -> Option<(&mut Dialog, &mut Exchange)> {
        match &mut self.state {
            State::Calling(calling) => {
                let early = calling.early.iter_mut().find(|early| *early.dialog.remote_tag == *remote_tag);
                early.map(|early| (&mut early.dialog, &mut early.exchange))
            }
            State::Called(called) => Some((&mut called.dialog, &mut called.exchange)),
            State::Up(up) => Some((&mut up.dialog, &mut up.exchange)),
            State::Cancelling(_) | State::Unacked(..) | State::Leaving(_) | State::Done => None,
        }
    }

    /// Checks and takes the CSeq of a request of the peer, and where it came from.
    pub fn accept_sequence(&mut self, request: &Request, number: u32, flow: Flow) -> bool {
        let tag = remote_tag(&request.headers);
        let Some(dialog) = self.dialog_mut(&tag) else { return false };
        let in_order = dialog.accept_sequence(number).is_ok();
        if in_order {
            dialog.path.follow(flow);
        }
        in_order
    }

    /// The CSeq number for a request sent again: the next of its dialog, or of the INVITE before there is one.
    pub fn next_sequence(&mut self, last: u32) -> u32 {
        match &mut self.state {
            State::Calling(calling) => {
                let early = calling.early.iter_mut().map(|early| &mut early.dialog);
                early.fold(last + 1, |number, dialog| {
                    dialog.sequence = dialog.sequence.max(last) + 1;
                    number.max(dialog.sequence)
                })
            }
            State::Called(called) => next(&mut called.dialog, last),
            State::Up(up) | State::Unacked(up, _) => next(&mut up.dialog, last),
            State::Leaving(dialog) => next(dialog, last),
            State::Cancelling(_) | State::Done => last + 1,
        }
    }

    /// A request was sent again in a new transaction.
    pub fn replace_request(&mut self, purpose: Purpose, old: TxId, new: TxId) {
        match (purpose, &mut self.state) {
            (Purpose::Invite, State::Calling(calling)) => calling.invite = new,
            (Purpose::Modify | Purpose::Refresh, _) => {
                if let Some(ours) = self.ours.as_mut().filter(|ours| ours.tx == old) {
                    ours.tx = new;
                }
            }
            _ => {}
        }
    }
}

fn next(dialog: &mut Dialog, last: u32) -> u32 {
    dialog.sequence = dialog.sequence.max(last) + 1;
    dialog.sequence
}

/// The tag of the peer in a request of the peer.
fn remote_tag(headers: &Headers) -> String {
    headers.from().ok().and_then(|from| from.tag().map(str::to_owned)).unwrap_or_default()
}

/// The tag of the peer in a response of the peer.
fn answering_tag(headers: &Headers) -> String {
    headers.to().ok().and_then(|to| to.tag().map(str::to_owned)).unwrap_or_default()
}

/// The session description of a message, when there is one. Without a Content-Type a body is taken for one.
fn body_of(headers: &Headers, bytes: &[u8]) -> Option<Body> {
    let is_description = headers.media_type().is_none_or(|kind| kind == "application/sdp");
    if bytes.is_empty() || !is_description {
        return None;
    }
    let media_type = headers.get(&Name::ContentType).unwrap_or("application/sdp").to_owned();
    Some(Body { media_type, bytes: bytes.to_vec() })
}

impl Endpoint {
    /// Ends a session with its terminal event. What is owed to the peer is answered 487 (RFC 3261 15.1.2).
    fn end(&mut self, now: Instant, session: &mut Session, after: State, event: Event) {
        self.end_referring(session);
        if matches!(after, State::Done) {
            self.part_subscriptions(now, session);
        }
        session.alarms.clear_all();
        session.pending = None;
        if let Some(ours) = session.ours.take() {
            self.step_client(now, ours.tx, ClientInput::Ending, None);
        }
        let state = std::mem::replace(&mut session.state, after);
        let exchanges: Vec<Exchange> = match &state {
            State::Calling(calling) => calling.early.iter().map(|early| early.exchange).collect(),
            State::Called(called) => vec![called.exchange],
            State::Up(up) => vec![up.exchange],
            State::Cancelling(_) | State::Unacked(..) | State::Leaving(_) | State::Done => Vec::new(),
        };
        for exchange in exchanges {
            if let Exchange::Owed(Owed::Reinvite(tx) | Owed::Wanted(tx) | Owed::Reply(tx)) = exchange {
                self.reply_status(now, tx, Status::REQUEST_TERMINATED);
            }
        }
        self.events.push_back(event);
    }

    /// Ends a session for a reason.
    fn end_by(&mut self, now: Instant, session: &mut Session, after: State, how: EndedBy) {
        let event = Event::Ended { session: session.id, how };
        self.end(now, session, after, event);
    }

    /// A response to a request of a session.
    pub(crate) fn session_response(
        &mut self,
        now: Instant,
        (id, tx, purpose): (SessionId, TxId, Purpose),
        response: Response,
    ) {
        if let Purpose::Request(request) = purpose
            && response.status.is_final()
        {
            let result = Ok(Box::new(response.clone()));
            self.events.push_back(Event::Response { id: request, result });
        }
        let is_invite = self.client(tx).is_some_and(|tx| tx.request.method == Method::Invite);
        let used = self.with(id, |endpoint, session| {
            if response.status.is_final()
                && let Some(tx) = endpoint.client(tx)
            {
                session.login.clone_from(&tx.login);
                if let Some(login) = &mut session.login {
                    login.accepted();
                }
            }
            match purpose {
                Purpose::Invite => endpoint.invite_response(now, session, tx, &response),
                Purpose::Modify | Purpose::Refresh => {
                    endpoint.modify_response(now, session, (tx, purpose), &response)
                }
                Purpose::Prack => true,
                Purpose::Bye => endpoint.bye_response(now, session, &response),
                Purpose::Refer(_) | Purpose::Request(_) => {
                    endpoint.within_response(now, session, purpose, &response);
                    true
                }
            }
        });
        if is_invite && response.status.is_success() && used != Some(true) {
            self.shed(now, tx, &response);
        }
    }

    /// A request of a session that came to nothing.
    pub(crate) fn session_undelivered(
        &mut self,
        now: Instant,
        (id, tx, purpose): (SessionId, TxId, Purpose),
        failed: RequestFailed,
    ) {
        if let Purpose::Request(request) = purpose {
            self.events.push_back(Event::Response { id: request, result: Err(failed) });
        }
        self.with(id, |endpoint, session| match purpose {
            Purpose::Invite => endpoint.invite_undelivered(now, session, failed),
            Purpose::Modify | Purpose::Refresh => endpoint.modify_undelivered(now, session, tx, failed),
            Purpose::Prack => {}
            Purpose::Bye => endpoint.left(now, session),
            Purpose::Refer(request) => endpoint.refer_undelivered(session, request),
            Purpose::Request(_) => {}
        });
    }

    /// A request of the peer within a session (RFC 3261 12.2.2).
    pub(crate) fn session_request(&mut self, now: Instant, id: SessionId, within: Within) {
        let tx = within.tx;
        let found = self.with(id, |endpoint, session| {
            // A BYE that was overtaken by another request ends the session all the same.
            let in_order = session.accept_sequence(&within.request, within.cseq, within.flow);
            if !in_order && within.request.method != Method::Bye {
                return endpoint.reply_status(now, within.tx, Status::SERVER_ERROR);
            }
            match within.request.method {
                Method::Bye => endpoint.bye_request(now, session, &within),
                Method::Invite => endpoint.reinvite_request(now, session, within),
                Method::Update => endpoint.update_request(now, session, within),
                Method::Prack => endpoint.prack_request(now, session, within),
                Method::Notify => endpoint.notify_request(now, session, &within),
                Method::Options => endpoint.options_request(now, &within),
                _ => endpoint.info_request(now, session, within),
            }
        });
        if found.is_none() {
            self.reply_status(now, tx, Status::NO_CALL);
        }
    }

    /// OPTIONS within a session asks what may be said in it, and whether it still stands (RFC 3261 11.2).
    fn options_request(&mut self, now: Instant, within: &Within) {
        if let Some(mut response) = self.draft(within.tx, Status::OK) {
            self.abilities.introduce(&mut response.headers);
            self.reply(now, within.tx, response.with(Name::Accept, "application/sdp"));
        }
    }

    /// An alarm of a session.
    pub(crate) fn wake_session(&mut self, now: Instant, id: SessionId, alarm: Alarm) {
        self.with(id, |endpoint, session| {
            session.alarms.clear(alarm);
            match alarm {
                Alarm::Resend => endpoint.resend_unacked(now, session),
                Alarm::Ringing => endpoint.ring_on(now, session),
                Alarm::Refresh => endpoint.refresh(now, session),
                Alarm::Expire => endpoint.expire(now, session),
                Alarm::Glare => endpoint.try_again(now, session),
                Alarm::Cancelled => endpoint.abandon(now, session),
                Alarm::OfferDue => endpoint.refuse_owed(now, session, Status::SERVER_TIMEOUT),
            }
        });
    }

    /// What a 2xx that makes or changes a session says of us.
    fn introduce(&self, session: &Session, dialog: &Dialog, headers: &mut Headers) {
        headers.push(Name::Contact, dialog.contact());
        self.abilities.introduce(headers);
        if let Some(agreed) = session.interval.agreeing {
            headers.push(Name::SessionExpires, agreed.as_header());
            if agreed.requires_peer() {
                headers.push(Name::Require, "timer");
            }
        }
    }

    /// Takes over what a 2xx settled about the session timer.
    fn agree(&mut self, now: Instant, session: &mut Session, agreed: Option<Agreed>) {
        session.interval.agreed = agreed;
        session.interval.agreeing = None;
        self.arm(now, session);
    }
}
