//! The exchange: SIP, sound and the core joined together, still without sockets and clocks.
//!
//! This is where SIP status codes meet call causes and where a leg has both its signalling and its sound. The daemon
//! drives it with real sockets; the scenario tests drive it with a simulated network and clock. Ports for sound are
//! the one thing it takes by a trait ([`Network`]), because a description cannot be written before they are known.
//!
//! ```text
//!  datagram ─▶ sip::Endpoint ─▶ signalled() ─▶ legs ─▶ pbx::Pbx ─▶ carry_out() ─▶ sip::Endpoint ─▶ Output::Transmit
//!  bytes                                        ▲                       │
//!  media::Event ────────────────────────────────┘                       └──────▶ Network::command (media::Command)
//! ```

mod addresses;
mod admission;
mod beginning;
mod causes;
mod challenge;
mod diagnosis;
mod fax;
mod incoming;
mod lamps;
mod leg;
mod messages;
mod names;
mod network;
mod outgoing;
mod playing;
mod program;
mod queries;
mod recording;
mod referral;
mod register;
mod signalled;
mod sound;
mod trace;
mod trunks;
mod voice;
mod waiting;

pub use addresses::{Addresses, Listening};
pub use network::{Network, NetworkError};
pub use program::prepare;
pub use voice::Voice;

use crate::exchange::leg::Leg;
use crate::exchange::trace::Traces;
use crate::exchange::trunks::Lines;
use crate::speaker::Saying;
use model::site::Site;
use model::{
    Actor, CallId, Change, Command, Event, LegId, Now, Recorded, RecordingId, Reply, Snapshot, Ticket,
};
use pbx::{Effect, Input, Pbx, Query};
use sip::Method;
use sip::digest::Authenticator;
use sip::endpoint::{Endpoint, SessionId};
use sip::flow::{Flow, SendToken, Transmit, Transport};
use sip::guard::Guard;
use sip::locate::Located;
use sip::registrar::{Limits, Registrar};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

/// What the driver is to do.
#[derive(Debug)]
pub enum Output {
    /// Send this.
    Transmit(Transmit),
    /// Close a connection that broke the rules.
    Disconnect(Flow),
    /// Keep a connection, whoever else wants its place: a device or trunk has shown who it is on it.
    Proved(Flow),
    /// Keep these changes, all or none, and say so with [`Exchange::handle_committed`] where there is a receipt.
    Commit {
        /// Comes back.
        receipt: Option<Receipt>,
        /// The changes.
        changes: Vec<Change>,
    },
    /// Answer a command.
    Reply {
        /// Of the command.
        ticket: Ticket,
        /// The answer.
        reply: Reply,
    },
    /// Answer a command from the store or the log.
    Query {
        /// Of the command.
        ticket: Ticket,
        /// The question.
        query: Query,
    },
    /// Read a site document elsewhere and give it to [`Exchange::handle_parsed`].
    Parse {
        /// Of the command.
        ticket: Ticket,
        /// The document.
        document: String,
        /// The site in force.
        current: Option<Arc<Site>>,
    },
    /// Find the servers behind a trunk's host and give them to [`Exchange::handle_located`].
    Locate(trunks::Wanted),
    /// A recording has all it will have: make it whole and durable, and say so with [`Exchange::handle_recorded`].
    Finish(RecordingId),
    /// Forget a recording.
    Erase(RecordingId),
    /// Read a recording, to be heard, and give it to [`Exchange::handle_sound`].
    Fetch(RecordingId),
    /// Have the company's own texts spoken, and give the sound to [`Exchange::handle_spoken`].
    Speak(Vec<Saying>),
    /// Tell whoever listens.
    Notify(Event),
}

pub use trunks::Wanted;

/// What waits for a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Receipt {
    /// A command.
    Command(Ticket),
    /// A REGISTER that has not been answered.
    Register(u64),
    /// A call of which nobody has been told. Also while the disk takes nothing its changes are kept, in memory.
    Call(CallId),
}

/// What an exchange starts from.
pub struct Start<'a> {
    /// The time.
    pub now: Now,
    /// What was kept.
    pub snapshot: &'a Snapshot,
    /// The site of the snapshot, read.
    pub site: Option<Arc<Site>>,
    /// Where the box listens.
    pub addresses: Addresses,
    /// Unguessable; everything random is drawn from it.
    pub seed: [u8; 32],
}

/// The whole exchange. After every input drain [`Exchange::poll_output`].
pub struct Exchange<N> {
    pub(crate) sip: Endpoint,
    pub(crate) registrar: Registrar,
    pub(crate) authenticator: Authenticator,
    pub(crate) guard: Guard,
    pub(crate) challenged: challenge::Asked,
    pub(crate) pbx: Pbx,
    pub(crate) network: N,
    pub(crate) addresses: Addresses,
    pub(crate) site: Option<Arc<Site>>,
    pub(crate) legs: HashMap<LegId, Leg>,
    pub(crate) sessions: HashMap<SessionId, LegId>,
    pub(crate) lines: Lines,
    pub(crate) lamps: lamps::Lamps,
    pub(crate) messages: messages::Messages,
    pub(crate) waiting: waiting::Waiting,
    pub(crate) registering: BTreeMap<u64, register::Waiting>,
    pub(crate) beginnings: beginning::Beginnings,
    pub(crate) proposals: fax::Proposals,
    pub(crate) traces: Traces,
    pub(crate) voice: Voice,
    pub(crate) fetching: recording::Fetching,
    pub(crate) outputs: VecDeque<Output>,
    pub(crate) next_cue: u64,
    pub(crate) random: names::Random,
    pub(crate) next_receipt: u64,
}

impl<N: Network> Exchange<N> {
    /// An exchange that goes on from what was kept.
    pub fn new(start: Start<'_>, network: N) -> Self {
        let mut random = names::Random::new(start.seed);
        let Start { now, snapshot, site, addresses, .. } = start;
        let mut exchange = Self {
            sip: Endpoint::new(config(), random.seed()),
            registrar: Registrar::new(Limits::default()),
            authenticator: Authenticator::new(sip::digest::Config::default(), random.seed(), now.mono),
            guard: Guard::new(sip::guard::Limits::default()),
            challenged: challenge::Asked::default(),
            pbx: Pbx::new(now, snapshot, site),
            network,
            addresses,
            site: None,
            legs: HashMap::new(),
            sessions: HashMap::new(),
            lines: Lines::new(random.seed()),
            lamps: lamps::Lamps::default(),
            messages: messages::Messages::default(),
            waiting: waiting::Waiting::default(),
            registering: BTreeMap::new(),
            beginnings: beginning::Beginnings::default(),
            proposals: fax::Proposals::default(),
            traces: Traces::default(),
            voice: Voice::default(),
            fetching: recording::Fetching::default(),
            outputs: VecDeque::new(),
            next_cue: 0,
            random,
            next_receipt: 0,
        };
        exchange.drain(now);
        exchange.restore(now, snapshot);
        exchange.drain(now);
        exchange
    }

    /// A datagram arrived.
    pub fn handle_datagram(&mut self, now: Now, flow: Flow, data: &[u8]) {
        self.sip.handle_datagram(now.mono, flow, data);
        self.drain(now);
    }

    /// Bytes arrived on a connection.
    pub fn handle_stream(&mut self, now: Now, flow: Flow, data: &[u8]) {
        if let Err(why) = self.sip.handle_stream(now.mono, flow, data) {
            tracing::debug!(%flow, %why, "a connection is closed");
            self.outputs.push_back(Output::Disconnect(flow));
        }
        self.drain(now);
    }

    /// A connection is gone.
    pub fn handle_closed(&mut self, now: Now, flow: Flow) {
        self.sip.handle_closed(now.mono, flow);
        self.registrar.flow_lost(flow);
        self.lines_closed(now, flow);
        self.drain(now);
    }

    /// A connection could not be opened, and why, for people. The messages that waited for it are undeliverable.
    pub fn handle_unreachable(&mut self, transport: Transport, remote: SocketAddr, why: &str) {
        self.lines_unreachable((transport, remote), why);
    }

    /// A message could not be sent.
    pub fn handle_undeliverable(&mut self, now: Now, token: SendToken) {
        self.sip.handle_undeliverable(now.mono, token);
        self.drain(now);
    }

    /// Something happened in the sound of a leg or a room.
    pub fn handle_heard(&mut self, now: Now, whom: media::Whom, event: media::Event) {
        match whom {
            media::Whom::Leg(leg) => self.heard(now, LegId(leg.0), event),
            media::Whom::Room(room) => tracing::debug!(room = room.0, ?event, "heard in a room"),
        }
        self.drain(now);
    }

    /// Somebody asks for something.
    pub fn handle_command(&mut self, now: Now, ticket: Ticket, (actor, command): (Actor, Command)) {
        self.pbx.handle_input(now, Input::Command { ticket, actor, command });
        self.drain(now);
    }

    /// A site document has been read.
    pub fn handle_parsed(&mut self, now: Now, ticket: Ticket, result: Result<Box<Site>, Vec<String>>) {
        self.pbx.handle_input(now, Input::Parsed { ticket, result });
        self.drain(now);
    }

    /// Changes are durable, or could not be kept.
    pub fn handle_committed(&mut self, now: Now, receipt: Receipt, result: Result<(), String>) {
        match receipt {
            Receipt::Command(ticket) => self.pbx.handle_input(now, Input::Committed { ticket, result }),
            Receipt::Register(number) => self.register_committed(now, number, result),
            Receipt::Call(call) => self.call_committed(now, call),
        }
        self.drain(now);
    }

    /// The servers behind a trunk's host, or why there are none.
    pub fn handle_located(&mut self, now: Now, wanted: &Wanted, result: Result<Located, String>) {
        self.located(now, wanted, result);
        self.drain(now);
    }

    /// A recording is whole and durable, or is not, and why.
    pub fn handle_recorded(&mut self, now: Now, recording: RecordingId, result: Result<Recorded, String>) {
        self.pbx.handle_input(now, Input::Recorded { recording, result });
        self.drain(now);
    }

    /// Something needs a person, or no longer does.
    pub fn handle_alarm(&mut self, now: Now, alarm: &'static str, text: Option<String>) {
        self.pbx.handle_input(now, Input::Alarm { alarm, text });
        self.drain(now);
    }

    /// Whatever was due until `now` happens.
    pub fn handle_timeout(&mut self, now: Now) {
        self.sip.handle_timeout(now.mono);
        self.pbx.handle_timeout(now);
        self.beginnings_timeout(now);
        self.proposals_timeout(now);
        self.registrar.handle_timeout(now.mono);
        self.lines_timeout(now);
        self.lamps_timeout(now);
        self.waiting_timeout(now);
        self.drain(now);
    }

    /// When to call [`Exchange::handle_timeout`], and why.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        let all = [
            self.sip.poll_timeout(),
            self.pbx.poll_timeout(),
            self.beginnings.poll_timeout(),
            self.proposals.poll_timeout(),
            self.registrar.poll_timeout(),
            self.lines.poll_timeout(),
            self.lamps.poll_timeout(),
            self.waiting.poll_timeout(),
        ];
        all.into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Ends every call, every subscription and every registration of ours, because the box stops.
    pub fn stop(&mut self, now: Now) {
        self.lamps_stop(now);
        self.pbx.stop(now);
        self.unregister(now);
        self.drain(now);
    }

    /// Is a call in progress, or a leg of one not yet closed?
    pub fn has_calls(&self) -> bool {
        !self.pbx.is_idle() || !self.legs.is_empty()
    }

    /// Has everything come to rest: no call, leg, session, transaction or port?
    pub fn is_idle(&mut self) -> bool {
        self.pbx.is_idle() && self.legs.is_empty() && self.sessions.is_empty() && self.sip.is_idle()
    }

    /// What is left, for the message of a test that expected nothing.
    pub fn leftovers(&mut self) -> String {
        format!(
            "legs {:?}, sessions {:?}, sip idle {}, transactions and sessions {:?}, due {:?}, pbx idle {}",
            self.legs.keys(),
            self.sessions,
            self.sip.is_idle(),
            self.sip.load(),
            self.sip.poll_timeout().map(|(_, why)| why),
            self.pbx.is_idle()
        )
    }

    /// Runs the machines until none has anything more to say.
    fn drain(&mut self, now: Now) {
        let mut decided = false;
        loop {
            let mut busy = false;
            while let Some(event) = self.sip.poll_event() {
                busy = true;
                self.signalled(now, event);
            }
            while let Some(event) = self.registrar.poll_event() {
                busy = true;
                self.registration_ended(now, event);
            }
            while let Some(effect) = self.pbx.poll_effect() {
                (busy, decided) = (true, true);
                self.carry_out(now, effect);
            }
            if !busy {
                break;
            }
        }
        if decided {
            self.lamps.touch(now);
        }
        self.waiting.touch(now, self.pbx.mailboxes_state());
        while let Some(flow) = self.registrar.poll_keepalive() {
            self.outputs.push_back(Output::Transmit(Transmit {
                to: sip::flow::Hop::Flow(flow),
                payload: b"\r\n\r\n".to_vec(),
                token: SendToken::UNTRACKED,
            }));
        }
        self.collect_trace(now);
        while let Some(transmit) = self.sip.poll_transmit() {
            self.outputs.push_back(Output::Transmit(transmit));
        }
    }

    fn carry_out(&mut self, now: Now, effect: Effect) {
        match effect {
            Effect::Leg(effect) => self.do_in_turn(now, effect),
            Effect::Commit { ticket: None, changes } => self.keep(now, changes),
            Effect::Commit { ticket: Some(ticket), changes } => {
                self.outputs.push_back(Output::Commit { receipt: Some(Receipt::Command(ticket)), changes });
            }
            Effect::Erase(recording) => self.outputs.push_back(Output::Erase(recording)),
            Effect::Notify(event) => self.outputs.push_back(Output::Notify(event)),
            Effect::Reply { ticket, reply } => self.outputs.push_back(Output::Reply { ticket, reply }),
            Effect::Query { ticket, query } => self.answer_query(now, ticket, query),
            Effect::Parse { ticket, document, current } => {
                self.outputs.push_back(Output::Parse { ticket, document, current });
            }
            Effect::SiteInForce { site, .. } => self.site_in_force(now, site),
        }
    }

    fn do_with_leg(&mut self, now: Now, effect: call::Effect) {
        match effect {
            call::Effect::Invite { leg, invite } => self.invite(now, leg, *invite),
            call::Effect::Ring { leg } => self.ring(now, leg),
            call::Effect::Early { leg, from } => self.early(now, leg, from),
            call::Effect::Join { leg, with } => self.join_legs(now, leg, with),
            call::Effect::Answer { leg } => {
                self.answer(now, leg, None);
            }
            call::Effect::Play { leg, program: call::Program::Speech } => self.say(leg),
            call::Effect::Play { leg, program } => self.play(leg, program::sound(program)),
            call::Effect::Stop { leg } => self.stop_playing(leg),
            call::Effect::Enter { leg, room } => self.enter(now, leg, room),
            call::Effect::Mute { leg, on } => self.mute(leg, on),
            call::Effect::Leave { leg } => self.leave(leg),
            call::Effect::Refer { leg, result } => self.answer_referral(now, leg, result),
            call::Effect::Reject { leg, refusal } => self.reject(now, leg, &refusal),
            call::Effect::HangUp { leg, why } => self.hang_up(now, leg, why),
            call::Effect::Record { leg, recording, limit, quiet } => {
                self.record(leg, recording, (limit, quiet));
            }
            call::Effect::EndRecord { leg, recording } => self.end_record(leg, recording),
            call::Effect::Probe { leg } => self.probe(now, leg),
        }
    }

    /// A new site: devices and trunks that are gone lose what they had, the rest goes on.
    fn site_in_force(&mut self, now: Now, site: Arc<Site>) {
        self.site = Some(Arc::clone(&site));
        self.forget_devices(now, &site);
        self.lines_for(now, &site);
        self.lamps_for_site(now);
        self.outputs.push_back(Output::Speak(voice::own_texts(&site)));
    }
}

fn config() -> sip::endpoint::Config {
    // What the exchange does, not all that the endpoint could: a peer must not rely on more.
    let supported = ["100rel", "timer", "path", "outbound", "gruu", "replaces", "norefersub", "eventlist"]
        .map(str::to_owned)
        .to_vec();
    let methods = vec![
        Method::Invite,
        Method::Ack,
        Method::Bye,
        Method::Cancel,
        Method::Options,
        Method::Register,
        Method::Prack,
        Method::Update,
        Method::Info,
        Method::Refer,
        Method::Subscribe,
        Method::Message,
    ];
    let packages = ["dialog", "presence", "message-summary"].map(str::to_owned).to_vec();
    sip::endpoint::Config {
        methods,
        packages,
        supported,
        product: concat!("Vaxel/", env!("CARGO_PKG_VERSION")).to_owned(),
        ..sip::endpoint::Config::default()
    }
}
