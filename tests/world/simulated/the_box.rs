//! The box: the real exchange, with its disk, its ports for sound, and everybody who waits for a reply.

use super::memory::Memory;
use super::ports::{Ports, Seam};
use super::weather::Packet;
use super::{site, voice};
use model::{Actor, Command, Event, LogEntry, Now, Recorded, Refusal, RefusalCode, Reply, Ticket};
use pbx::Query;
use sip::flow::{Flow, Hop, SendToken, Transmit, Transport};
use sip::locate::Located;
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};
use vaxeld::exchange::{Addresses, Exchange, Listening, Output, Receipt, Start, Wanted};

/// How long the disk usually takes for a commit.
const COMMIT: Duration = Duration::from_millis(3);

/// Where phones and operators reach the box.
pub(crate) fn address() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 5060))
}

/// The same, and by IPv6.
pub(crate) fn addresses() -> [SocketAddr; 2] {
    [address(), SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, 5060))]
}

struct Writing {
    done: Instant,
    receipt: Option<Receipt>,
    changes: Vec<model::Change>,
}

/// What leaves the box.
pub(crate) enum Sent {
    /// A SIP message or keep-alive; to be told when nobody is there.
    Signal(Packet, SendToken),
    /// A packet of sound or a report about it.
    Sound(Packet),
}

/// The box.
pub(crate) struct TheBox {
    pub exchange: Exchange<Seam>,
    pub ports: Rc<RefCell<Ports>>,
    pub memory: Memory,
    /// The hosts that the DNS knows.
    pub names: BTreeMap<String, Located>,
    /// Everything it has told its listeners.
    pub events: Vec<Event>,
    /// The disk takes nothing, for this reason.
    pub full: Option<String>,
    /// How long the disk takes for a commit.
    pub commit: Duration,
    writing: VecDeque<Writing>,
    waiting: BTreeMap<Ticket, Option<Reply>>,
    next_ticket: u64,
}

impl TheBox {
    /// Starts a box on what its disk holds.
    pub fn start(now: Now, memory: Memory, seed: [u8; 32]) -> Self {
        let ports = Rc::new(RefCell::new(Ports::new(seed)));
        let snapshot = memory.snapshot();
        let transports = [Transport::Udp, Transport::Tcp, Transport::Tls];
        let all =
            addresses().into_iter().flat_map(|address| transports.map(|transport| (transport, address)));
        let listening = all.map(|(transport, address)| Listening { transport, address });
        let addresses = Addresses::new(listening.collect(), memory.external.clone());
        let site = snapshot.site.as_deref().map(site::read);
        let start = Start { now, snapshot: &snapshot, site, addresses, seed };
        let mut exchange = Exchange::new(start, Seam(Rc::clone(&ports)));
        exchange.handle_voice(voice::voice());
        Self {
            exchange,
            ports,
            memory,
            names: BTreeMap::new(),
            events: Vec::new(),
            full: None,
            commit: COMMIT,
            writing: VecDeque::new(),
            waiting: BTreeMap::new(),
            next_ticket: 0,
        }
    }

    /// What is being recorded now, by key.
    pub fn tapes(&self) -> Vec<(u64, Vec<i16>)> {
        self.ports.borrow().tapes.clone().into_iter().collect()
    }

    /// When something is due.
    pub fn next(&self) -> Option<Instant> {
        let exchange = self.exchange.poll_timeout().map(|(at, _)| at);
        let disk = self.writing.front().map(|writing| writing.done);
        [exchange, disk, self.ports.borrow().next()].into_iter().flatten().min()
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Now) {
        while let Some(writing) = self.writing.pop_front_if(|writing| writing.done <= now.mono) {
            let result = match &self.full {
                None => {
                    self.memory.apply(writing.changes);
                    Ok(())
                }
                Some(why) => Err(why.clone()),
            };
            if let Some(receipt) = writing.receipt {
                self.exchange.handle_committed(now, receipt, result);
            }
        }
        if self.exchange.poll_timeout().is_some_and(|(at, _)| at <= now.mono) {
            self.exchange.handle_timeout(now);
        }
        self.ports.borrow_mut().handle_timeout(now.mono);
    }

    /// Is something listening there? Takes the packet if so.
    pub fn receive(&mut self, now: Now, packet: &Packet) -> bool {
        if addresses().contains(&packet.to) {
            let flow = Flow { transport: packet.transport, local: packet.to, remote: packet.from };
            match packet.transport {
                Transport::Udp => self.exchange.handle_datagram(now, flow, &packet.payload),
                Transport::Tcp | Transport::Tls => self.exchange.handle_stream(now, flow, &packet.payload),
            }
            return true;
        }
        let at = self.ports.borrow().leg_at(packet.to);
        if let Some(at) = at {
            self.ports.borrow_mut().receive(now.mono, at, packet.from, &packet.payload);
        }
        at.is_some()
    }

    /// Asks the box for something; the reply comes later.
    pub fn command(&mut self, now: Now, command: Command) -> Ticket {
        self.next_ticket += 1;
        let ticket = Ticket(self.next_ticket);
        self.waiting.insert(ticket, None);
        self.exchange.handle_command(now, ticket, (Actor::Local, command));
        ticket
    }

    /// The reply, once.
    pub fn reply(&mut self, ticket: Ticket) -> Option<Reply> {
        let reply = self.waiting.get_mut(&ticket)?.take()?;
        self.waiting.remove(&ticket);
        Some(reply)
    }

    /// Carries out what the exchange wants until it wants no more; gives what is to be sent.
    pub fn drain(&mut self, now: Now) -> Vec<Sent> {
        let mut sent = Vec::new();
        loop {
            while let Some(output) = self.exchange.poll_output() {
                self.carry_out(now, output, &mut sent);
            }
            let (packets, heard) = self.ports.borrow_mut().drain(now.mono);
            for (from, to, payload) in packets {
                sent.push(Sent::Sound(Packet { transport: Transport::Udp, from, to, payload }));
            }
            if heard.is_empty() {
                return sent;
            }
            for (whom, event) in heard {
                self.exchange.handle_heard(now, whom, event);
            }
        }
    }

    /// What is not at rest, for a person.
    pub fn leftovers(&mut self) -> Option<String> {
        let mut left = Vec::new();
        if !self.exchange.is_idle() {
            left.push(self.exchange.leftovers());
        }
        let ports = self.ports.borrow().count();
        if ports > 0 {
            left.push(format!("{ports} pairs of ports are open"));
        }
        if !self.writing.is_empty() {
            left.push(format!("{} commits are not done", self.writing.len()));
        }
        let unanswered = self.waiting.values().filter(|reply| reply.is_none()).count();
        if unanswered > 0 {
            left.push(format!("{unanswered} commands have no reply"));
        }
        (!left.is_empty()).then(|| left.join("; "))
    }

    fn carry_out(&mut self, now: Now, output: Output, sent: &mut Vec<Sent>) {
        match output {
            Output::Transmit(transmit) => sent.push(packed(transmit)),
            Output::Disconnect(flow) => self.exchange.handle_closed(now, flow),
            // Places for connections are the driver's.
            Output::Proved(_) => {}
            Output::Commit { receipt, changes } => {
                self.writing.push_back(Writing { done: now.mono + self.commit, receipt, changes });
            }
            Output::Reply { ticket, reply } => self.answered(ticket, reply),
            Output::Query { ticket, query } => {
                let reply = self.query(&query);
                self.answered(ticket, reply);
            }
            Output::Parse { ticket, document, current } => {
                let hasher = model::site::Argon2id(|| [7; 16]);
                let site = model::site::Site::parse_over(current.as_deref(), &document, &hasher);
                let site = site.map(Box::new);
                let result = site.map_err(|all| all.iter().map(ToString::to_string).collect());
                self.exchange.handle_parsed(now, ticket, result);
            }
            Output::Locate(wanted) => self.locate(now, &wanted),
            Output::Finish(recording) => {
                let tape = self.ports.borrow_mut().tapes.remove(&recording.key()).unwrap_or_default();
                let kept = tape[media::activity::trimmed(&tape)].to_vec();
                let duration_ms = u32::try_from(kept.len() / 16).expect("no hours");
                let sound = Recorded { duration_ms, speech_ms: duration_ms.saturating_sub(400) };
                self.memory.sounds.insert(recording, kept);
                self.exchange.handle_recorded(now, recording, Ok(sound));
            }
            Output::Erase(recording) => drop(self.memory.sounds.remove(&recording)),
            Output::Fetch(recording) => {
                let samples = self.memory.sounds.get(&recording);
                let clip = samples.map(|samples| media::program::Clip::new(media::program::RATE, samples));
                self.exchange.handle_sound(now, recording, clip);
            }
            Output::Speak(sayings) => {
                for saying in sayings {
                    let clip = voice::hum(&saying.text);
                    for id in saying.ids {
                        self.exchange.handle_spoken((saying.language, id), clip.clone());
                    }
                }
            }
            Output::Notify(event) => self.events.push(event),
        }
    }

    fn locate(&mut self, now: Now, wanted: &Wanted) {
        let name = match &wanted.place {
            sip::locate::Place::Name(name, _) => name.to_string(),
            sip::locate::Place::Address(address, _) => address.to_string(),
        };
        let result = self.names.get(&name).cloned().ok_or(format!("no such host: {name}"));
        self.exchange.handle_located(now, wanted, result);
    }

    fn answered(&mut self, ticket: Ticket, reply: Reply) {
        let before = self.waiting.insert(ticket, Some(reply));
        assert!(matches!(before, Some(None)), "a reply nobody waits for, or a second one: {before:?}");
    }

    fn query(&self, query: &Query) -> Reply {
        let missing = || Refusal { code: RefusalCode::NotFound, messages: Vec::new() };
        match query {
            Query::CallLog { limit } => {
                let newest = self.memory.records.iter().rev();
                Reply::CallLog(newest.take(*limit as usize).cloned().map(LogEntry::from).collect())
            }
            Query::CallLogShow(id) => {
                let record = self.memory.records.iter().find(|record| record.call.id == *id);
                record
                    .map_or(Reply::Refused(missing()), |record| Reply::CallLogEntry(Box::new(record.clone())))
            }
            Query::Registrations | Query::Trace(_) | Query::Log { .. } | Query::Sound { .. } => {
                Reply::Refused(missing())
            }
        }
    }
}

fn packed(transmit: Transmit) -> Sent {
    let Transmit { to, payload, token } = transmit;
    let (transport, remote) = (to.transport(), to.remote());
    let from = match to {
        Hop::Flow(flow) => flow.local,
        Hop::Open { local, .. } => local,
    };
    Sent::Signal(Packet { transport, from, to: remote, payload }, token)
}
