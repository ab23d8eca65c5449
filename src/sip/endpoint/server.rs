//! Requests of peers: answering them, and their copies.

use std::time::Instant;

use super::{Endpoint, SessionId, SubscriptionId, TxId, Wake};
use crate::flow::{Flow, Hop, SendToken};
use crate::transaction::{InviteServer, Key, Server, ServerAct, ServerInput};
use crate::{CSeq, Method, Name, Request, Response, Status, Via};

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answerer {
    /// A session.
    Session(SessionId),
    /// The user, through `respond`.
    User,
    /// The user, through the commands of a subscription.
    Subscription(SubscriptionId),
    /// The endpoint, at once.
    Endpoint,
}

#[derive(Debug, Clone, Copy)]
enum Machine {
    Invite(InviteServer),
    Other(Server),
}

impl Machine {
    fn timeout(self) -> Option<Instant> {
        match self {
            Self::Invite(machine) => machine.timeout(),
            Self::Other(machine) => machine.timeout(),
        }
    }

    fn is_over(self) -> bool {
        matches!(self, Self::Invite(InviteServer::Over) | Self::Other(Server::Over))
    }
}

/// A server transaction and what it needs to act.
#[derive(Debug)]
pub(crate) struct ServerTx {
    key: Key,
    machine: Machine,
    /// Where responses go (RFC 3261 18.2.2, RFC 3581 4).
    back: Flow,
    /// The last response sent, for copies.
    last: Vec<u8>,
    /// A response without status, tag and body: what all responses to this request repeat.
    template: Option<Response>,
    pub answerer: Answerer,
    merging: Option<Box<str>>,
    pub wake: Option<Instant>,
}

impl ServerTx {
    /// True while the user still owes the final response.
    pub fn is_open(&self) -> bool {
        match self.machine {
            Machine::Invite(machine) => matches!(machine, InviteServer::Proceeding { .. }),
            Machine::Other(machine) => machine.is_open(),
        }
    }
}

/// What a second copy of the same request by another way has in common (RFC 3261 8.2.2.2).
pub(crate) fn merging_key(request: &Request, cseq: &CSeq) -> Option<Box<str>> {
    let to = request.headers.to().ok()?;
    if to.tag().is_some() || matches!(request.method, Method::Ack | Method::Cancel | Method::Options) {
        return None;
    }
    let from = request.headers.from().ok()?;
    let call_id = request.headers.call_id().ok()?;
    Some(format!("{}\n{call_id}\n{cseq}", from.tag()?).into())
}

/// Where the responses to a request go: streams go back on the connection, datagrams to where the request came from,
/// at the port asked for: the source port with `rport`, else the one in Via.
pub(crate) fn way_back(flow: Flow, via: &Via) -> Flow {
    let mut back = flow;
    if !flow.transport.is_reliable() && !via.wants_rport() {
        back.remote.set_port(via.port.unwrap_or(5060));
    }
    back
}

impl Endpoint {
    /// Opens the transaction of a request.
    pub(crate) fn open_server(
        &mut self,
        key: Key,
        flow: Flow,
        request: &Request,
        answerer: Answerer,
    ) -> TxId {
        let id = TxId(self.next_id());
        let reliable = flow.transport.is_reliable();
        let machine = match request.method {
            Method::Invite => Machine::Invite(InviteServer::new(reliable)),
            _ => Machine::Other(Server::new(reliable)),
        };
        let back = request.headers.via().map_or(flow, |via| way_back(flow, &via));
        let merging = request.headers.cseq().ok().and_then(|cseq| merging_key(request, &cseq));
        // Of two copies the first keeps the name.
        let merging = merging.filter(|merging| !self.merging.contains_key(merging));
        if let Some(merging) = &merging {
            self.merging.insert(merging.clone(), id);
        }
        self.server_keys.insert(key.clone(), id);
        let template = Some(Response::to(request, Status::TRYING));
        let tx = ServerTx { key, machine, back, last: Vec::new(), template, answerer, merging, wake: None };
        self.servers.insert(id, tx);
        id
    }

    pub(crate) fn server_of(&self, key: &Key) -> Option<TxId> {
        self.server_keys.get(key).copied()
    }

    /// True when this request has come by another way already.
    pub(crate) fn is_merged(&self, request: &Request, cseq: &CSeq) -> bool {
        merging_key(request, cseq).is_some_and(|key| self.merging.contains_key(&key))
    }

    pub(crate) fn answerer(&self, id: TxId) -> Option<Answerer> {
        self.servers.get(&id).map(|tx| tx.answerer)
    }

    pub(crate) fn is_open(&self, id: TxId) -> bool {
        self.servers.get(&id).is_some_and(ServerTx::is_open)
    }

    /// A response to fill in; `None` once the final one has been sent.
    pub(crate) fn draft(&self, id: TxId, status: Status) -> Option<Response> {
        let mut response = self.servers.get(&id)?.template.clone()?;
        response.status = status;
        status.reason().clone_into(&mut response.reason);
        if status != Status::TRYING {
            response.headers.remove(&Name::Timestamp);
        }
        Some(response)
    }

    /// Sends a response. Its To gets a tag when it has none.
    pub(crate) fn reply(&mut self, now: Instant, id: TxId, mut response: Response) {
        if response.status != Status::TRYING {
            let tag = self.wire.tag();
            response = response.with_to_tag(&tag);
            if !response.headers.contains(&Name::Server) {
                response.headers.push(Name::Server, &self.config.product);
            }
        }
        let input = match response.status {
            status if status.is_provisional() => ServerInput::Provisional,
            status if status.is_success() => ServerInput::Success,
            _ => ServerInput::Failure,
        };
        let payload = response.to_bytes();
        self.step_server(now, id, input, Some(payload));
    }

    /// Sends a response that has nothing to say but its status.
    pub(crate) fn reply_status(&mut self, now: Instant, id: TxId, status: Status) {
        if let Some(response) = self.draft(id, status) {
            self.reply(now, id, response);
        }
    }

    /// Answers without a transaction: when there is no room for one, or nobody has shown who asks. A copy of the request
    /// gets another such answer.
    pub(crate) fn reply_stateless(
        &mut self,
        now: Instant,
        flow: Flow,
        request: &Request,
        response: Response,
    ) {
        let back = request.headers.via().map_or(flow, |via| way_back(flow, &via));
        self.send_once(now, back, response);
    }

    /// Answers a request and forgets it at once.
    pub(crate) fn reply_once(&mut self, now: Instant, id: TxId, response: Response) {
        let Some(back) = self.back_of(id) else { return };
        self.forget_server(id);
        self.send_once(now, back, response);
    }

    /// Whether the first 1xx of a request could be kept from leaving: whoever has seen one does not ask again, and must
    /// be answered reliably (RFC 3261 8.2.7).
    pub(crate) fn take_back_trying(&mut self, id: TxId) -> bool {
        let Some(tx) = self.servers.get(&id) else { return false };
        self.wire.take_back(&Hop::Flow(tx.back), &tx.last)
    }

    fn send_once(&mut self, now: Instant, back: Flow, response: Response) {
        let tag = self.wire.tag();
        let mut response = response.with_to_tag(&tag);
        if !response.headers.contains(&Name::Server) {
            response.headers.push(Name::Server, &self.config.product);
        }
        self.wire.send(now, Hop::Flow(back), response.to_bytes(), SendToken::UNTRACKED);
    }

    pub(crate) fn wake_server(&mut self, now: Instant, id: TxId) {
        if let Some(tx) = self.servers.get_mut(&id) {
            tx.wake = None;
            self.step_server(now, id, ServerInput::Timer, None);
        }
    }

    /// One transition, and what it asks for. Tells whether an ACK belongs to the dialog.
    pub(crate) fn step_server(
        &mut self,
        now: Instant,
        id: TxId,
        input: ServerInput,
        payload: Option<Vec<u8>>,
    ) -> ServerAct {
        let Some(tx) = self.servers.get_mut(&id) else { return ServerAct::Nothing };
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
        match act {
            ServerAct::Send => {
                if let Some(payload) = payload {
                    self.wire.send(now, Hop::Flow(tx.back), payload.clone(), SendToken::UNTRACKED);
                    tx.last = payload;
                }
                if !tx.is_open() {
                    tx.template = None;
                    // The dialog keeps its 2xx itself.
                    if matches!(tx.machine, Machine::Invite(InviteServer::Accepted { .. })) {
                        tx.last = Vec::new();
                    }
                }
            }
            ServerAct::Resend if !tx.last.is_empty() => {
                self.wire.send(now, Hop::Flow(tx.back), tx.last.clone(), SendToken::UNTRACKED);
            }
            ServerAct::Resend | ServerAct::Nothing | ServerAct::Refuse | ServerAct::PassAck => {}
        }
        if tx.machine.is_over() {
            self.forget_server(id);
        } else {
            self.schedule_server(id);
        }
        act
    }

    /// Sends bytes the way the responses to this request go: 2xx again, by the dialog.
    pub(crate) fn back_of(&self, id: TxId) -> Option<Flow> {
        self.servers.get(&id).map(|tx| tx.back)
    }

    fn schedule_server(&mut self, id: TxId) {
        let Some(tx) = self.servers.get_mut(&id) else { return };
        let Some(at) = tx.machine.timeout() else { return };
        if tx.wake.is_none_or(|wake| at < wake) {
            tx.wake = Some(at);
            self.timers.push(at, Wake::Server(id));
        }
    }

    fn forget_server(&mut self, id: TxId) {
        if let Some(tx) = self.servers.remove(&id) {
            self.server_keys.remove(&tx.key);
            if let Some(merging) = tx.merging {
                self.merging.remove(&merging);
            }
        }
    }
}
