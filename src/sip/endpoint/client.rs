//! Own requests: sending, hearing, giving up.

use std::time::Instant;

use super::command::RequestId;
use super::{Endpoint, Event, RequestFailed, SessionId, SubscriptionId, TxId, Wake};
use crate::dialog::{Dialog, Path};
use crate::digest::Login;
use crate::flow::{Hop, HostPort, SendToken};
use crate::transaction::{Client, ClientAct, ClientInput, InviteClient, Key};
use crate::{CSeq, Headers, Method, Name, Request, Response, Via};

/// Forks of one INVITE that are acknowledged and hung up; beyond, the peer is left to its timers.
const MAX_FORKS: usize = 8;

/// Who waits for the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A session.
    Session(SessionId, Purpose),
    /// The user.
    Request(RequestId),
    /// A subscription, for its NOTIFY.
    Subscription(SubscriptionId),
    /// Nobody: CANCEL, and BYE to a fork that lost.
    Nobody,
}

/// What a request does for its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The INVITE that made it.
    Invite,
    /// A re-INVITE or UPDATE with a new offer of the user.
    Modify,
    /// A re-INVITE or UPDATE that only keeps the session alive (RFC 4028).
    Refresh,
    /// A PRACK.
    Prack,
    /// The BYE.
    Bye,
    /// A REFER, whose outcome the user waits for.
    Refer(RequestId),
    /// Anything else that the user waits for.
    Request(RequestId),
}

#[derive(Debug, Clone, Copy)]
enum Machine {
    Invite(InviteClient),
    Other(Client),
}

impl Machine {
    fn timeout(self) -> Option<Instant> {
        match self {
            Self::Invite(machine) => machine.timeout(),
            Self::Other(machine) => machine.timeout(),
        }
    }

    fn is_over(self) -> bool {
        matches!(self, Self::Invite(InviteClient::Over) | Self::Other(Client::Over))
    }
}

/// A client transaction and what it needs to act.
#[derive(Debug)]
pub(crate) struct ClientTx {
    key: Key,
    machine: Machine,
    pub hop: Hop,
    /// As sent; the body is dropped once a final response has come.
    pub request: Request,
    pub advertised: HostPort,
    pub owner: Owner,
    /// What challenges are answered with.
    pub login: Option<Login>,
    /// How often it was sent again under a new number: 401, 407, 422.
    pub retries: u8,
    /// The ACKs of its 2xx by the peer's tag.
    acks: Vec<(Box<str>, Hop, Vec<u8>)>,
    /// For acknowledging a 2xx that no session takes; only with INVITE.
    pub path: Option<Path>,
    /// What the BYE says after such a 2xx: why the INVITE was given up (RFC 3326).
    pub farewell: Headers,
    pub wake: Option<Instant>,
}

/// A request to send.
#[derive(Debug)]
pub(crate) struct Outgoing {
    /// Without Via.
    pub request: Request,
    pub hop: Hop,
    pub advertised: HostPort,
    pub owner: Owner,
    /// What challenges are answered with.
    pub login: Option<Login>,
    pub retries: u8,
    pub path: Option<Path>,
}

impl Outgoing {
    /// A request within a dialog.
    pub fn within(dialog: &Dialog, request: Request, hop: Hop, owner: Owner) -> Self {
        let advertised = dialog.path.advertised.clone();
        let path = (request.method == Method::Invite).then(|| dialog.path.clone());
        Self { request, hop, advertised, owner, login: None, retries: 0, path }
    }

    /// The same, answering the challenges met before and those to come.
    pub fn authorized(mut self, login: &mut Option<Login>, cnonce: &str) -> Self {
        if let Some(login) = login {
            authorize(&mut self.request, login, cnonce);
            self.login = Some(login.clone());
        }
        self
    }
}

/// Answers the challenges met so far (RFC 3261 22.2, 22.3).
pub(crate) fn authorize(request: &mut Request, login: &mut Login, cnonce: &str) {
    request.headers.remove(&Name::Authorization);
    request.headers.remove(&Name::ProxyAuthorization);
    if login.is_challenged() {
        for (name, value) in login.headers(&request.method, request.uri.as_str(), cnonce) {
            request.headers.push(name, value);
        }
    }
}

/// A Via line of our own (RFC 3261 8.1.1.7, RFC 3581 3).
fn via(hop: &Hop, advertised: &HostPort, branch: &str) -> String {
    format!("SIP/2.0/{} {advertised};rport;branch={branch}", hop.transport().in_via())
}

impl Endpoint {
    /// Sends a request in a new transaction.
    pub(crate) fn send_request(&mut self, now: Instant, out: Outgoing) -> TxId {
        let Outgoing { mut request, hop, advertised, owner, login, retries, path } = out;
        let id = TxId(self.next_id());
        let branch = self.wire.branch();
        request.headers.remove(&Name::Via);
        request.headers.insert_front(Name::Via, via(&hop, &advertised, &branch));
        if !request.headers.contains(&Name::UserAgent) {
            request.headers.push(Name::UserAgent, &self.config.product);
        }
        let reliable = hop.transport().is_reliable();
        let machine = match request.method {
            Method::Invite => Machine::Invite(InviteClient::new(now, reliable)),
            _ => Machine::Other(Client::new(now, reliable)),
        };
        let key = Key::client(&branch, &request.method);
        self.wire.send(now, hop.clone(), request.to_bytes(), SendToken(id.0));
        if reliable {
            self.on_streams.insert((hop.transport(), hop.remote(), id));
        }
        self.client_keys.insert(key.clone(), id);
        let tx = ClientTx {
            key,
            machine,
            hop,
            request,
            advertised,
            owner,
            login,
            retries,
            acks: Vec::new(),
            farewell: Headers::new(),
            path,
            wake: None,
        };
        self.clients.insert(id, tx);
        self.schedule_client(id);
        id
    }

    pub(crate) fn client(&self, id: TxId) -> Option<&ClientTx> {
        self.clients.get(&id)
    }

    /// The user has given up an INVITE: a 2xx that comes all the same is told why.
    pub(crate) fn give_up(&mut self, id: TxId, farewell: &Headers) {
        if let Some(tx) = self.clients.get_mut(&id) {
            tx.farewell = farewell.clone();
        }
    }

    /// The transaction of a branch of ours.
    pub(crate) fn client_of(&self, via: &Via, method: &Method) -> Option<TxId> {
        self.client_keys.get(&Key::client(via.branch()?, method)).copied()
    }

    /// A response has come.
    pub(crate) fn receive_response(&mut self, now: Instant, response: Response) {
        let (Ok(via), Ok(cseq)) = (response.headers.via(), response.headers.cseq()) else { return };
        let Some(id) = self.client_of(&via, &cseq.method) else { return };
        let input = match response.status {
            status if status.is_provisional() => ClientInput::Provisional,
            status if status.is_success() => ClientInput::Success,
            _ => ClientInput::Failure,
        };
        self.step_client(now, id, input, Some(response));
    }

    pub(crate) fn wake_client(&mut self, now: Instant, id: TxId) {
        if let Some(tx) = self.clients.get_mut(&id) {
            tx.wake = None;
            self.step_client(now, id, ClientInput::Timer, None);
        }
    }

    /// One transition, and what it asks for.
    pub(crate) fn step_client(
        &mut self,
        now: Instant,
        id: TxId,
        input: ClientInput,
        response: Option<Response>,
    ) {
        let Some(tx) = self.clients.get_mut(&id) else { return };
        let fell_silent = input == ClientInput::Timer
            && matches!(tx.machine, Machine::Invite(InviteClient::Proceeding { .. }));
        let act = match &mut tx.machine {
            Machine::Invite(machine) => {
                let (next, act) = machine.next(now, input);
                *machine = next;
                act
            }
            Machine::Other(machine) => {
                let (next, act) = machine.next(now, input);
                *machine = next;
                act
            }
        };
        let owner = tx.owner;
        if fell_silent && act == ClientAct::TimedOut {
            // It may still ring there.
            self.send_cancel(now, id, &Headers::new());
        }
        let Some(tx) = self.clients.get(&id) else { return };
        if tx.machine.is_over() {
            self.forget_client(id);
        } else {
            self.schedule_client(id);
        }
        match act {
            ClientAct::Nothing => {}
            ClientAct::Resend => self.resend(now, id),
            ClientAct::TimedOut => self.undelivered(now, id, owner, RequestFailed::Timeout),
            ClientAct::Unreachable => self.undelivered(now, id, owner, RequestFailed::Transport),
            ClientAct::AckAgain => {
                if let Some(response) = &response {
                    self.acknowledge_failure(now, id, response);
                }
            }
            ClientAct::DeliverAndAck => {
                if let Some(response) = response {
                    self.acknowledge_failure(now, id, &response);
                    self.deliver(now, id, owner, response);
                }
            }
            ClientAct::Deliver => {
                if let Some(response) = response {
                    self.deliver(now, id, owner, response);
                }
            }
        }
    }

    fn resend(&mut self, now: Instant, id: TxId) {
        if let Some(tx) = self.clients.get(&id) {
            self.wire.send(now, tx.hop.clone(), tx.request.to_bytes(), SendToken(id.0));
        }
    }

    /// The ACK of a 3xx to 6xx: same branch, same Route (RFC 3261 17.1.1.3).
    fn acknowledge_failure(&mut self, now: Instant, id: TxId, response: &Response) {
        let Some(tx) = self.clients.get(&id) else { return };
        let mut ack = companion(&tx.request, Method::Ack);
        if let Some(to) = response.headers.get(&Name::To) {
            ack.headers.set(Name::To, to);
        }
        self.wire.send(now, tx.hop.clone(), ack.to_bytes(), SendToken::UNTRACKED);
    }

    /// Sends the CANCEL of an INVITE (RFC 3261 9.1).
    pub(crate) fn send_cancel(&mut self, now: Instant, invite: TxId, extra: &Headers) {
        let Some(tx) = self.clients.get(&invite) else { return };
        let mut request = companion(&tx.request, Method::Cancel);
        request.headers.extend(extra);
        let (hop, advertised) = (tx.hop.clone(), tx.advertised.clone());
        // CANCEL has the branch of its INVITE, so it cannot go through `send_request`.
        let id = TxId(self.next_id());
        let Some(branch) = request.headers.via().ok().and_then(|via| via.branch().map(str::to_owned)) else {
            return;
        };
        let key = Key::client(&branch, &Method::Cancel);
        if self.client_keys.contains_key(&key) {
            return;
        }
        self.wire.send(now, hop.clone(), request.to_bytes(), SendToken(id.0));
        let reliable = hop.transport().is_reliable();
        if reliable {
            self.on_streams.insert((hop.transport(), hop.remote(), id));
        }
        self.client_keys.insert(key.clone(), id);
        let tx = ClientTx {
            key,
            machine: Machine::Other(Client::new(now, reliable)),
            hop,
            request,
            advertised,
            owner: Owner::Nobody,
            login: None,
            retries: 0,
            acks: Vec::new(),
            farewell: Headers::new(),
            path: None,
            wake: None,
        };
        self.clients.insert(id, tx);
        self.schedule_client(id);
    }

    fn deliver(&mut self, now: Instant, id: TxId, owner: Owner, response: Response) {
        let is_invite = self.clients.get(&id).is_some_and(|tx| tx.request.method == Method::Invite);
        if is_invite && response.status.is_success() && self.acknowledge_again(now, id, &response) {
            return;
        }
        if response.status.is_failure() && self.retry(now, id, &response) {
            return;
        }
        match owner {
            Owner::Session(session, purpose) => {
                self.session_response(now, (session, id, purpose), response);
            }
            Owner::Request(request) if response.status.is_final() => {
                self.events.push_back(Event::Response { id: request, result: Ok(Box::new(response)) });
            }
            Owner::Subscription(subscription) => self.notify_response(now, subscription, id, &response),
            Owner::Request(_) | Owner::Nobody => {}
        }
        if let Some(tx) = self.clients.get_mut(&id)
            && !matches!(tx.machine, Machine::Invite(machine) if !machine.is_decided())
            && !matches!(tx.machine, Machine::Other(Client::Trying { .. } | Client::Proceeding { .. }))
        {
            tx.request.body = Vec::new();
        }
    }

    fn undelivered(&mut self, now: Instant, id: TxId, owner: Owner, failed: RequestFailed) {
        match owner {
            Owner::Session(session, purpose) => {
                self.session_undelivered(now, (session, id, purpose), failed);
            }
            Owner::Request(id) => self.events.push_back(Event::Response { id, result: Err(failed) }),
            Owner::Subscription(subscription) => self.notify_undelivered(now, subscription, id),
            Owner::Nobody => {}
        }
    }

    /// Sends the ACK of a 2xx and keeps it for copies of the 2xx (RFC 3261 13.2.2.4).
    pub(crate) fn acknowledge(
        &mut self,
        now: Instant,
        invite: TxId,
        dialog: &Dialog,
        body: Option<super::Body>,
    ) {
        let Some(tx) = self.clients.get_mut(&invite) else { return };
        let Ok(CSeq { number, .. }) = tx.request.headers.cseq() else { return };
        let (mut ack, hop) = dialog.request_numbered(Method::Ack, number);
        // The ACK carries the same credentials as the INVITE (RFC 3261 22.1).
        ack.headers.copy(&tx.request.headers, &Name::Authorization);
        ack.headers.copy(&tx.request.headers, &Name::ProxyAuthorization);
        let branch = self.wire.branch();
        ack.headers.insert_front(Name::Via, via(&hop, &dialog.path.advertised, &branch));
        if let Some(body) = body {
            ack = ack.with_body(&body.media_type, body.bytes);
        }
        let payload = ack.to_bytes();
        self.wire.send(now, hop.clone(), payload.clone(), SendToken::UNTRACKED);
        tx.acks.push((dialog.remote_tag.clone(), hop, payload));
    }

    /// Sends the ACK of this 2xx again when there was one; absorbs it when there are too many forks.
    fn acknowledge_again(&mut self, now: Instant, id: TxId, response: &Response) -> bool {
        let Some(tx) = self.clients.get(&id) else { return true };
        let to = response.headers.to().ok();
        let tag = to.as_ref().and_then(|to| to.tag()).unwrap_or("");
        if let Some((_, hop, payload)) = tx.acks.iter().find(|(known, ..)| **known == *tag) {
            self.wire.send(now, hop.clone(), payload.clone(), SendToken::UNTRACKED);
            return true;
        }
        tx.acks.len() >= MAX_FORKS
    }

    /// A 2xx that nobody wants: from another fork, or after the session has gone. ACK, and BYE when it made a dialog
    /// (RFC 3261 13.2.2.4).
    pub(crate) fn shed(&mut self, now: Instant, id: TxId, response: &Response) {
        let Some(tx) = self.clients.get(&id) else { return };
        let Some(path) = tx.path.clone() else { return };
        let (mut login, farewell) = (tx.login.clone(), tx.farewell.clone());
        let Some(mut dialog) = Dialog::of_response(&tx.request, response, &path) else { return };
        // A re-INVITE is only acknowledged: its session has sent its BYE.
        let within = tx.request.headers.to().is_ok_and(|to| to.tag().is_some());
        if within {
            dialog.routes = tx.request.headers.routes().unwrap_or_default();
        }
        self.acknowledge(now, id, &dialog, None);
        if within {
            return;
        }
        let (mut request, hop) = dialog.request(Method::Bye);
        request.headers.extend(&farewell);
        let cnonce = self.wire.tag();
        let out = Outgoing::within(&dialog, request, hop, Owner::Nobody).authorized(&mut login, &cnonce);
        self.send_request(now, out);
    }

    fn schedule_client(&mut self, id: TxId) {
        let Some(tx) = self.clients.get_mut(&id) else { return };
        let Some(at) = tx.machine.timeout() else { return };
        // A later time than the one already asked for is found out when that one comes.
        if tx.wake.is_none_or(|wake| at < wake) {
            tx.wake = Some(at);
            self.timers.push(at, Wake::Client(id));
        }
    }

    fn forget_client(&mut self, id: TxId) {
        if let Some(tx) = self.clients.remove(&id) {
            self.client_keys.remove(&tx.key);
            if tx.hop.transport().is_reliable() {
                self.on_streams.remove(&(tx.hop.transport(), tx.hop.remote(), id));
            }
        }
    }
}

/// A request that shares branch, route and number with an INVITE: its ACK or CANCEL.
fn companion(invite: &Request, method: Method) -> Request {
    let mut request = Request::new(method.clone(), invite.uri.clone());
    let headers = &mut request.headers;
    if let Some(via) = invite.headers.get(&Name::Via) {
        headers.push(Name::Via, via);
    }
    headers.push(Name::MaxForwards, 70);
    for name in [Name::Route, Name::From, Name::To, Name::CallId] {
        headers.copy(&invite.headers, &name);
    }
    let number = invite.headers.cseq().map_or(1, |cseq| cseq.number);
    headers.push(Name::CSeq, CSeq { number, method });
    request
}
