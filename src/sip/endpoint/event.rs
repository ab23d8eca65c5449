//! What an endpoint tells its user.

use std::time::Duration;

use super::command::{Body, Digit, IncomingId, RequestId, SessionId, SubscriptionId};
use crate::flow::Flow;
use crate::{Headers, NameAddr, Package, ReferTo, Request, Response, Status, Uri};

/// Facts in the order they happened. Every session gets exactly one of `Cancelled`, `Failed` and `Ended`, as its last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A call came in. 100 has been sent. An empty body asks for our offer.
    Invited {
        /// The new session.
        session: SessionId,
        /// Where it came from.
        flow: Flow,
        /// The INVITE.
        request: Box<Request>,
        /// The session whose place the caller wants to take (RFC 3891): an established one, or an unanswered call of
        /// ours. When this call is answered, hang that one up.
        replaces: Option<SessionId>,
    },
    /// The caller gave up before our final response; 487 has been sent.
    Cancelled {
        /// The session, now gone.
        session: SessionId,
        /// The Reason header of the CANCEL (RFC 3326).
        reason: Option<String>,
    },
    /// The ACK of our 2xx arrived.
    Confirmed {
        /// The session.
        session: SessionId,
    },
    /// The peer works on our INVITE: the first 1xx of any kind.
    Trying {
        /// The session.
        session: SessionId,
    },
    /// A provisional response above 100.
    Provisional {
        /// The session.
        session: SessionId,
        /// 180 to 199.
        status: Status,
        /// Early media, when there is a body.
        body: Option<Body>,
        /// Whether it was sent reliably (RFC 3262) and so its body is the answer.
        reliable: bool,
        /// All headers.
        headers: Headers,
    },
    /// The first 2xx to our INVITE; acknowledged unless an `Offer` follows.
    Established {
        /// The session.
        session: SessionId,
        /// The answer to our offer, also when it came earlier.
        body: Option<Body>,
        /// All headers.
        headers: Headers,
    },
    /// Our INVITE came to nothing.
    Failed {
        /// The session, now gone.
        session: SessionId,
        /// The final status; `None`: timeout or transport.
        status: Option<Status>,
        /// The reason phrase, or what happened.
        reason: String,
        /// All headers: Reason, Warning, Diversion.
        headers: Headers,
        /// Where a 3xx says to go instead, best first; `sip:`, `sips:` and `tel:` only.
        contacts: Vec<NameAddr>,
        /// Retry-After.
        retry_after: Option<Duration>,
    },
    /// The peer offers: in a re-INVITE or UPDATE, or in its response to our offerless INVITE. Ends with
    /// `accept_offer` or `refuse_offer`.
    Offer {
        /// The session.
        session: SessionId,
        /// The offer.
        body: Body,
    },
    /// The peer's re-INVITE asks for our offer: `accept_offer` sends it, the answer comes as `Answer`.
    OfferWanted {
        /// The session.
        session: SessionId,
    },
    /// The answer to an offer of ours, wherever it came.
    Answer {
        /// The session.
        session: SessionId,
        /// The answer.
        body: Body,
    },
    /// Our offer crossed with one of the peer's (491) and may be sent now, made anew: `modify` again. A session that no
    /// longer wants to change anything need not.
    OfferOutdated {
        /// The session.
        session: SessionId,
    },
    /// The peer refused our `modify`; the session stands as before.
    ModifyFailed {
        /// The session.
        session: SessionId,
        /// The final status; `None`: the modification could not be tried.
        status: Option<Status>,
    },
    /// A digit by INFO, already answered 200.
    Digit {
        /// The session.
        session: SessionId,
        /// Which.
        digit: Digit,
        /// How long it was pressed.
        lasting: Duration,
    },
    /// The peer asks us to call somebody else: a transfer. Ends with `accept_refer` or `refuse_refer`.
    Referred {
        /// To answer it, and to report progress.
        subscription: SubscriptionId,
        /// The session it is about: whose dialog it came in, or that its Target-Dialog names.
        session: Option<SessionId>,
        /// Where it came from.
        flow: Flow,
        /// What is asked.
        referral: Box<Referral>,
        /// The REFER.
        request: Box<Request>,
    },
    /// How it goes with a REFER of ours.
    ReferProgress {
        /// Which.
        refer: RequestId,
        /// What is known.
        progress: ReferProgress,
    },
    /// A peer wants to be told of something. Ends with `accept_subscription` or `refuse_subscription`.
    Subscribed {
        /// The new subscription.
        subscription: SubscriptionId,
        /// Where it came from.
        flow: Flow,
        /// What is asked.
        subscribe: Box<Subscribe>,
        /// The SUBSCRIBE.
        request: Box<Request>,
    },
    /// A subscription was renewed, already answered 200. The subscriber expects a `notify` with everything.
    Renewed {
        /// Which.
        subscription: SubscriptionId,
    },
    /// A subscription is over for a reason of the subscriber's.
    Unsubscribed {
        /// Which, now gone.
        subscription: SubscriptionId,
        /// Why.
        why: Unsubscribed,
    },
    /// An INFO request without a digit, already answered 200.
    Info {
        /// The session.
        session: SessionId,
        /// All headers.
        headers: Headers,
        /// The body.
        body: Vec<u8>,
    },
    /// The session is over.
    Ended {
        /// The session, now gone.
        session: SessionId,
        /// Why.
        how: EndedBy,
    },
    /// A request outside INVITE usages (or REFER, NOTIFY, MESSAGE, OPTIONS within one), to be answered with `respond`.
    Request {
        /// To answer it.
        id: IncomingId,
        /// The session whose dialog it came in.
        session: Option<SessionId>,
        /// Where it came from.
        flow: Flow,
        /// The request.
        request: Box<Request>,
    },
    /// The end of a request of ours.
    Response {
        /// Which.
        id: RequestId,
        /// The final response.
        result: Result<Box<Response>, RequestFailed>,
    },
    /// A connection has begun a message and does not end it: the driver closes it and says `handle_closed`.
    Stalled {
        /// The connection.
        flow: Flow,
    },
}

/// What a REFER asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referral {
    /// Whom to call.
    pub to: ReferTo,
    /// The session here that the Replaces in `to` names: the second call of an attended transfer.
    pub replaces: Option<SessionId>,
    /// Who asks, when said (RFC 3892).
    pub referred_by: Option<NameAddr>,
}

/// How it goes with a REFER of ours. `Refused` and `Ended` are the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReferProgress {
    /// The peer will try.
    Accepted,
    /// The peer will not; `None`: it did not say, or could not be asked.
    Refused(Option<Status>),
    /// What the peer heard from the one it calls.
    Reported(Status),
    /// It is over: the final status the peer got, when it said so.
    Ended(Option<Status>),
}

/// What a SUBSCRIBE asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscribe {
    /// To what.
    pub package: Package,
    /// Of whom: the Request-URI.
    pub resource: Uri,
    /// For how long; zero asks once.
    pub expires: Duration,
    /// The media types taken, in lower case; empty: the package's own.
    pub accept: Vec<String>,
    /// Whether lists may be answered as lists (RFC 4662).
    pub takes_lists: bool,
}

/// Why a subscription is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsubscribed {
    /// The subscriber has said so.
    ByPeer,
    /// It was not renewed.
    Expired,
    /// A NOTIFY was refused, or nobody answered it.
    Unreachable,
}

/// Who or what ended a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndedBy {
    /// The peer hung up.
    Peer {
        /// The Reason header (RFC 3326).
        reason: Option<String>,
    },
    /// Nobody refreshed the session in time (RFC 4028 10).
    Timer,
    /// Our 2xx was never acknowledged (RFC 3261 13.3.1.4).
    AckLost,
    /// The peer can no longer be reached.
    Transport,
    /// The peer no longer knows the session: 408 or 481 within it (RFC 3261 12.2.1.2).
    NotKnown,
    /// We hung up or rejected.
    Us,
}

/// Why a request has no response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestFailed {
    /// Nobody answered for 32 s (Timer F).
    #[error("no answer")]
    Timeout,
    /// It could not be sent.
    #[error("could not be sent")]
    Transport,
}

/// Why a connection must be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CloseConnection {
    /// What came is no SIP, or more than a message may hold.
    #[error("the peer sent something that cannot be framed")]
    Garbage,
    /// Too many connections.
    #[error("no room for another connection")]
    Full,
}
