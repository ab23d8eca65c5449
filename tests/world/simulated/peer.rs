//! A peer: a phone of a user, or an operator. It speaks SIP with its own endpoint and sound with its own tone, and
//! treats calls as its [`Manner`] says.

mod called;
mod calling;
mod fax;
mod manner;
mod talking;
mod trunk;

pub(crate) use calling::Dial;
pub(crate) use fax::Faxing;
use fax::Machine;
pub(crate) use manner::{Digits, Manner, Profile, Reports};

use super::sound::{Ear, Voice};
use super::the_box;
use media::{Agreed, Local, Negotiation, Srtp};
use model::Now;
use sip::digest::{Authenticator, Credentials};
use sip::endpoint::{Body, Config, EndedBy, Endpoint, Event, ReferProgress, RequestId, SessionId};
use sip::flow::{Flow, Target, Transmit, Transport};
use sip::{Authority, Headers, NameAddr, Request, Status, Uri};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Instant;
pub(crate) use talking::Told;

/// Which peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PeerId(pub usize);

/// What a peer is.
pub(crate) enum Account {
    /// A phone with this SIP user name.
    Device(String),
    /// An operator, trusted by its address. With an authenticator it lets the box register and asks who it is.
    Trunk(Option<(Authenticator, Credentials)>),
}

/// Where one of a peer's calls stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It called, or is called; nobody has answered.
    Waiting,
    /// Answered.
    Up,
    /// It is over.
    Over(Over),
}

/// How a call was over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    /// The box said this final status; none: it said nothing.
    Refused(Option<Status>),
    /// The box cancelled its invitation.
    Cancelled,
    /// The box hung up.
    HungUp,
    /// This peer hung up, gave up or turned the call down.
    Here,
    /// The peer could not reach the box any more, or its timers ended the call.
    Broken,
}

/// One of a peer's calls.
pub(crate) struct Call {
    pub session: SessionId,
    pub state: State,
    /// Provisional statuses that came, in order.
    pub progress: Vec<u16>,
    /// The Reason header of the CANCEL or BYE that ended it.
    pub reason: Option<String>,
    /// The INVITE that came, for peers that were called.
    pub invite: Option<Request>,
    /// Refusals of changes it asked for: 491 and others. None where no answer came.
    pub refused: Vec<Option<Status>>,
    /// Changes of its that the box answered.
    pub changed: usize,
    pub agreed: Option<Agreed>,
    /// Its fax, in place of its sound.
    pub fax: Option<Machine>,
    /// It has asked to fax.
    fax_wanted: bool,
    /// An offer to fax that it has not answered.
    pondered: Option<(SessionId, Vec<u8>)>,
    /// Whether it says anything into its microphone.
    pub talks: bool,
    pub ear: Ear,
    /// What it is sent by RTCP.
    pub told: Told,
    pub profile: Profile,
    pub rtp: SocketAddr,
    lies: bool,
    negotiation: Negotiation,
    srtp: Option<Srtp>,
    voice: Voice,
    next_packet: Option<Instant>,
    next_report: Option<Instant>,
    answer_at: Option<Instant>,
    /// The description it gave before the answer.
    early: Option<Vec<u8>>,
}

/// A peer.
pub(crate) struct Peer {
    pub id: PeerId,
    pub name: String,
    pub address: SocketAddr,
    pub transport: Transport,
    pub account: Account,
    pub manner: Manner,
    pub profile: Profile,
    pub faxing: Faxing,
    /// Every call it ever had, in order.
    pub calls: Vec<Call>,
    /// What it heard of its wishes to connect others.
    pub referrals: Vec<ReferProgress>,
    /// Keys it pressed and sent, not yet answered.
    pub(super) keys: BTreeSet<RequestId>,
    /// What came of its last REGISTER; none while it waits.
    pub registered: Option<Status>,
    /// What it was told without having asked.
    pub notified: Vec<String>,
    /// What it says to OPTIONS; with none it says nothing.
    pub health: Option<Status>,
    /// It has lost its network, or its power: nothing comes or goes any more.
    pub gone: bool,
    /// It encrypts with another key than its descriptions say.
    pub lies_about_its_key: bool,
    pub(super) endpoint: Endpoint,
    register_at: Option<Instant>,
    registers: u32,
}

impl Peer {
    pub fn new(id: PeerId, name: &str, address: SocketAddr, account: Account, dice: u64) -> Self {
        let config = Config { product: format!("Peer/{name}"), ..Config::default() };
        let mut seed = [id.0 as u8 + 100; 32];
        seed[..8].copy_from_slice(&dice.to_le_bytes());
        Self {
            id,
            name: name.to_owned(),
            address,
            transport: Transport::Udp,
            account,
            manner: Manner::Rings,
            profile: Profile::default(),
            faxing: Faxing::Refuses(Status::NOT_ACCEPTABLE_HERE),
            calls: Vec::new(),
            referrals: Vec::new(),
            keys: BTreeSet::new(),
            registered: None,
            notified: Vec::new(),
            health: Some(Status::OK),
            gone: false,
            lies_about_its_key: false,
            endpoint: Endpoint::new(config, seed),
            register_at: None,
            registers: 0,
        }
    }

    /// Something came for its SIP port.
    pub fn receive(&mut self, now: Now, from: SocketAddr, transport: Transport, payload: &[u8]) {
        let flow = Flow { transport, local: self.address, remote: from };
        match transport {
            Transport::Udp => self.endpoint.handle_datagram(now.mono, flow, payload),
            Transport::Tcp | Transport::Tls => {
                let taken = self.endpoint.handle_stream(now.mono, flow, payload);
                assert_eq!(taken, Ok(()), "the box sent {:?}", String::from_utf8_lossy(payload));
            }
        }
    }

    /// The call with sound, or reports about it, on this port.
    pub fn call_at(&mut self, address: SocketAddr) -> Option<&mut Call> {
        self.calls.iter_mut().find(|call| call.rtp == address || call.rtcp() == address)
    }

    /// Its newest call.
    #[track_caller]
    pub fn call(&self) -> &Call {
        self.calls.last().unwrap_or_else(|| panic!("{} never had a call", self.name))
    }

    /// When it wants to do something.
    pub fn next(&self) -> Option<Instant> {
        let endpoint = self.endpoint.poll_timeout().map(|(at, _)| at);
        let calls = self
            .calls
            .iter()
            .flat_map(|call| [call.answer_at, call.next_packet, call.next_report, call.next_datagram()])
            .flatten();
        calls.chain(endpoint).chain(self.register_at).min()
    }

    /// Does what is due; gives packets of sound, with the port they come from.
    pub fn handle_timeout(&mut self, now: Now) -> Vec<(SocketAddr, SocketAddr, Vec<u8>)> {
        self.endpoint.handle_timeout(now.mono);
        if self.register_at.is_some_and(|at| at <= now.mono) {
            self.register(now);
        }
        for at in 0..self.calls.len() {
            if self.calls[at].answer_at.is_some_and(|due| due <= now.mono) {
                self.calls[at].answer_at = None;
                self.decide(now, at);
            }
        }
        self.calls
            .iter_mut()
            .flat_map(|call| [call.speak(now), call.report(now), call.fax_on(now)])
            .flatten()
            .collect()
    }

    /// Takes what its endpoint has to tell, and gives what it sends.
    pub fn drain(&mut self, now: Now) -> Vec<Transmit> {
        while let Some(event) = self.endpoint.poll_event() {
            self.signalled(now, event);
        }
        while self.endpoint.poll_trace().is_some() {}
        std::iter::from_fn(|| self.endpoint.poll_transmit()).collect()
    }

    /// What is left of its calls. An operator, asked for signs of life all the time, never forgets them all.
    pub fn leftovers(&mut self) -> Option<String> {
        let quiet = match self.account {
            Account::Device(_) => self.endpoint.is_idle(),
            Account::Trunk(_) => self.endpoint.load().1 == 0,
        };
        let states: Vec<State> = self.calls.iter().map(|call| call.state).collect();
        let over = states.iter().all(|state| matches!(state, State::Over(_)));
        let text = || format!("{} holds {:?}, calls {states:?}", self.name, self.endpoint.load());
        (!quiet || !over).then(text)
    }

    fn signalled(&mut self, now: Now, event: Event) {
        match event {
            Event::Invited { session, request, .. } => self.invited(now, session, *request),
            Event::Cancelled { session, reason } => self.over(session, Over::Cancelled, reason),
            Event::Confirmed { .. } | Event::Trying { .. } | Event::Stalled { .. } => {}
            Event::Info { .. } | Event::Digit { .. } => {}
            Event::Provisional { session, status, body, .. } => {
                let Some(at) = self.find(session) else { return };
                self.calls[at].progress.push(status.code());
                if let Some(body) = body {
                    self.calls[at].accept(now, &body.bytes);
                }
            }
            Event::Established { session, body, .. } => {
                let Some(at) = self.find(session) else { return };
                self.calls[at].state = State::Up;
                if let Some(body) = body {
                    self.calls[at].accept(now, &body.bytes);
                }
            }
            Event::Failed { session, status, .. } => self.over(session, Over::Refused(status), None),
            Event::Offer { session, body } => self.offered(now, session, &body.bytes),
            Event::OfferWanted { session } => self.offer_wanted(now, session),
            Event::Answer { session, body } => {
                let Some(at) = self.find(session) else { return };
                self.calls[at].changed += 1;
                self.calls[at].accept(now, &body.bytes);
            }
            Event::OfferOutdated { session } => {
                let Some(at) = self.find(session) else { return };
                if self.calls[at].fax_wanted {
                    return self.propose_fax(now);
                }
                let offer = self.calls[at].negotiation.offer(None);
                self.endpoint.modify(now.mono, session, Body::sdp(offer));
            }
            Event::ModifyFailed { session, status } => {
                let Some(at) = self.find(session) else { return };
                self.calls[at].refused.push(status);
                self.calls[at].fax_wanted = false;
                self.calls[at].negotiation.withdraw();
            }
            Event::Ended { session, how } => match how {
                EndedBy::Peer { reason } => self.over(session, Over::HungUp, reason),
                EndedBy::Us => self.over(session, Over::Here, None),
                _ => self.over(session, Over::Broken, None),
            },
            Event::Referred { subscription, .. } => {
                self.endpoint.refuse_refer(now.mono, subscription, Status::DECLINE, &Headers::new());
            }
            Event::Subscribed { subscription, .. } => {
                self.endpoint.refuse_subscription(now.mono, subscription, Status::DECLINE, &Headers::new());
            }
            Event::ReferProgress { progress, .. } => self.referrals.push(progress),
            Event::Renewed { .. } | Event::Unsubscribed { .. } => {}
            Event::Request { id, request, .. } => self.requested(now, id, &request),
            // What becomes of a key does not matter to who pressed it.
            Event::Response { id, .. } if self.keys.remove(&id) => {}
            Event::Response { result, .. } => self.register_response(now, result),
        }
    }

    fn over(&mut self, session: SessionId, how: Over, reason: Option<String>) {
        let Some(at) = self.find(session) else { return };
        let call = &mut self.calls[at];
        call.state = State::Over(how);
        call.reason = reason;
        call.answer_at = None;
        call.next_packet = None;
        call.next_report = None;
    }

    fn find(&self, session: SessionId) -> Option<usize> {
        self.calls.iter().rposition(|call| call.session == session)
    }

    fn new_call(&mut self, session: SessionId, negotiation: Negotiation, rtp: SocketAddr) -> usize {
        let number = self.calls.len();
        self.calls.push(Call {
            session,
            state: State::Waiting,
            progress: Vec::new(),
            reason: None,
            invite: None,
            refused: Vec::new(),
            changed: 0,
            agreed: None,
            fax: None,
            fax_wanted: false,
            pondered: None,
            talks: true,
            ear: Ear::default(),
            told: Told::default(),
            profile: self.profile.clone(),
            lies: self.lies_about_its_key,
            rtp,
            negotiation,
            srtp: None,
            voice: Voice::new(self.id.0, number),
            next_packet: None,
            next_report: None,
            answer_at: None,
            early: None,
        });
        number
    }

    /// The description of a call to come, and where its sound will be.
    fn negotiation(&self) -> (Negotiation, SocketAddr) {
        // Operators live on the same address as the box: their ports are far from its ports.
        let port = 40_000 + 2 * (self.calls.len() as u16 + 500 * self.id.0 as u16);
        let rtp = SocketAddr::new(self.address.ip(), port);
        (Negotiation::new(self.local(rtp, 3 + self.id.0 as u8)), rtp)
    }

    /// Its end of a call with sound at `rtp`; keys are made from the seed.
    fn local(&self, rtp: SocketAddr, seed: u8) -> Local {
        Local {
            address: rtp.ip(),
            rtp_port: rtp.port(),
            rtcp_port: rtp.port() + 1,
            codecs: self.profile.codecs.clone(),
            encryption: self.profile.encryption,
            origin_id: u64::from(rtp.port()),
            seed: [seed; 32],
        }
    }

    fn target(&self) -> Target {
        Target {
            transport: self.transport,
            remote: the_box::address(),
            local: self.address,
            advertised: self.address.into(),
            tls_name: None,
            reuse: None,
        }
    }
}

/// `sip:USER@HOST` of the box.
fn at_box(user: &str) -> NameAddr {
    let host = Authority::parse(&the_box::address().ip().to_string()).expect("an address is a host");
    NameAddr::new(Uri::sip(Some(user), &host))
}
