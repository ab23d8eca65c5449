//! The core's task: every input to the exchange, one at a time, and everything it wants done.

use crate::control::Asked;
use crate::disk::{Disk, Kept};
use crate::exchange::{Exchange, Output, Wanted};
use crate::log::{self, Recent};
use crate::recorder::{self, Recorder};
use crate::resolve::{self, Found, Resolver};
use crate::sound::{Heard, SocketPorts};
use crate::speaker::{Speaker, Spoken};
use crate::transport::{Datagrams, Received, Sent, Streams, Told, Way};
use model::site::{Argon2id, Site};
use model::{Actor, CallId, LogEntry, Now, Refusal, RefusalCode, Reply, SoundStretch, Ticket};
use pbx::Query;
use sip::flow::{Hop, SendToken, Transmit, Transport};
use sip::locate::Located;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::Store;
use tokio::sync::{mpsc, oneshot};

/// Datagrams handled before others get their turn.
const BURST_MAX: usize = 64;
/// How long a stopping box waits for its BYEs and last records.
const FAREWELL: Duration = Duration::from_secs(3);

/// A document that has been read.
pub(crate) type Parsed = (Ticket, Result<Box<Site>, Vec<String>>);

/// Everything the core's task owns.
pub(crate) struct Core {
    pub exchange: Exchange<SocketPorts>,
    pub datagrams: Datagrams,
    pub sent: Sent,
    pub streams: Streams,
    pub disk: Disk,
    pub store: Arc<Store>,
    pub resolver: Resolver,
    /// What the resolver was asked, and for whom; the lines ask for each host once at a time.
    pub locating: Vec<(resolve::Wanted, Wanted)>,
    pub recent: Recent,
    pub speaker: Speaker,
    pub recorder: Recorder,
    pub waiting: HashMap<Ticket, oneshot::Sender<Reply>>,
    pub next_ticket: u64,
    pub parsed: mpsc::Sender<Parsed>,
}

/// Where inputs come from.
pub(crate) struct Inlets {
    pub told: mpsc::Receiver<Told>,
    pub heard: mpsc::Receiver<Heard>,
    pub asked: mpsc::Receiver<Asked>,
    pub kept: mpsc::Receiver<Kept>,
    pub found: mpsc::Receiver<Found>,
    pub parsed: mpsc::Receiver<Parsed>,
    pub spoken: mpsc::Receiver<Spoken>,
    pub recorded: mpsc::Receiver<recorder::Told>,
}

impl Core {
    /// Runs until `stop` is done, then says goodbye to everybody.
    pub async fn run(mut self, mut inlets: Inlets, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        self.carry_out();
        loop {
            tokio::select! {
                () = &mut stop => break,
                () = self.step(&mut inlets) => {}
            }
        }
        self.exchange.stop(now());
        self.carry_out();
        let farewell = tokio::time::sleep(FAREWELL);
        tokio::pin!(farewell);
        while self.exchange.has_calls() {
            tokio::select! {
                () = &mut farewell => break,
                () = self.step(&mut inlets) => {}
            }
        }
    }

    /// Waits for one input, takes it, and carries out what follows.
    async fn step(&mut self, inlets: &mut Inlets) {
        let wake = self.exchange.poll_timeout().map(|(at, _)| at);
        tokio::select! {
            received = self.datagrams.receive() => self.receive(received),
            () = until(wake) => self.exchange.handle_timeout(now()),
            Some(told) = inlets.told.recv() => self.told(told),
            Some((whom, event)) = inlets.heard.recv() => self.exchange.handle_heard(now(), whom, event),
            Some(asked) = inlets.asked.recv() => self.asked(asked),
            Some(kept) = inlets.kept.recv() => self.kept(kept),
            Some(found) = inlets.found.recv() => self.found(found),
            Some(told) = inlets.recorded.recv() => self.recorded(told),
            Some(spoken) = inlets.spoken.recv() => self.spoken(spoken),
            Some((ticket, result)) = inlets.parsed.recv() => self.exchange.handle_parsed(now(), ticket, result),
        }
        self.carry_out();
    }

    fn receive(&mut self, first: Received) {
        let mut next = Some(first);
        let mut count = 0;
        while let Some(received) = next {
            let Received { flow, length } = received;
            self.exchange.handle_datagram(now(), flow, self.datagrams.bytes(length));
            self.carry_out();
            count += 1;
            next = if count < BURST_MAX { self.datagrams.try_receive() } else { None };
        }
        // A steady stream of datagrams must not keep timers waiting.
        if self.exchange.poll_timeout().is_some_and(|(at, _)| at <= now().mono) {
            self.exchange.handle_timeout(now());
        }
    }

    fn told(&mut self, told: Told) {
        match told {
            Told::Refused { remote } => {
                for token in self.sent.take(remote) {
                    self.exchange.handle_undeliverable(now(), token);
                }
            }
            Told::Opened { flow, writer } => {
                for token in self.streams.opened(flow, writer) {
                    self.exchange.handle_undeliverable(now(), token);
                }
            }
            Told::Data { flow, bytes } => self.exchange.handle_stream(now(), flow, &bytes),
            Told::Closed { flow } => {
                self.streams.closed(flow);
                self.exchange.handle_closed(now(), flow);
            }
            Told::Failed { remote, transport, why } => {
                self.exchange.handle_unreachable(transport, remote, &why);
                for token in self.streams.failed(transport, remote) {
                    self.exchange.handle_undeliverable(now(), token);
                }
            }
        }
    }

    fn asked(&mut self, asked: Asked) {
        self.next_ticket += 1;
        let ticket = Ticket(self.next_ticket);
        self.waiting.retain(|_, reply| !reply.is_closed());
        self.waiting.insert(ticket, asked.reply);
        self.exchange.handle_command(now(), ticket, (Actor::Local, asked.command));
    }

    fn kept(&mut self, kept: Kept) {
        match kept {
            Kept::Done { receipt, result } => self.exchange.handle_committed(now(), receipt, result),
            Kept::Alarm { alarm, text } => self.exchange.handle_alarm(now(), alarm, text),
        }
    }

    fn recorded(&mut self, told: recorder::Told) {
        match told {
            recorder::Told::Finished { recording, result } => {
                self.exchange.handle_recorded(now(), recording, result);
            }
            recorder::Told::Fetched { recording, clip } => self.exchange.handle_sound(now(), recording, clip),
        }
    }

    fn spoken(&mut self, spoken: Spoken) {
        match spoken {
            Spoken::Prompts { voice, trouble } => {
                self.exchange.handle_voice(*voice);
                if let Some(trouble) = trouble {
                    tracing::warn!(trouble, "the prompts");
                    self.exchange.handle_alarm(now(), "prompts", Some(trouble));
                }
            }
            Spoken::Clip { saying, clip } => {
                for id in saying.ids {
                    self.exchange.handle_spoken((saying.language, id), clip.clone());
                }
            }
            Spoken::Trouble(trouble) => {
                if let Some(trouble) = &trouble {
                    tracing::warn!(trouble, "the speech engine");
                }
                self.exchange.handle_alarm(now(), "speech-engine", trouble);
            }
        }
    }

    fn found(&mut self, found: Found) {
        let Found { wanted, candidates, good_for, stale } = found;
        let result = candidates.map_err(|error| error.to_string()).map(|candidates| Located {
            candidates: candidates.to_vec(),
            ttl: good_for,
            complete: !stale,
        });
        let (same, others) =
            std::mem::take(&mut self.locating).into_iter().partition(|(asked, _)| *asked == wanted);
        self.locating = others;
        let same: Vec<(resolve::Wanted, Wanted)> = same;
        for (_, wanted) in same {
            self.exchange.handle_located(now(), &wanted, result.clone());
        }
    }

    /// Does what the exchange wants done.
    fn carry_out(&mut self) {
        while let Some(output) = self.exchange.poll_output() {
            match output {
                Output::Transmit(transmit) => self.transmit(transmit),
                Output::Finish(recording) => self.recorder.finish(recording),
                Output::Erase(recording) => self.recorder.erase(recording),
                Output::Fetch(recording) => self.recorder.fetch(recording),
                Output::Speak(sayings) => sayings.into_iter().for_each(|saying| self.speaker.speak(saying)),
                Output::Disconnect(flow) => self.streams.disconnect(flow),
                Output::Proved(flow) => self.streams.prove(flow),
                Output::Commit { receipt, changes } => self.disk.keep(receipt, changes),
                Output::Reply { ticket, reply } => self.reply(ticket, reply),
                Output::Query { ticket, query } => self.query(ticket, query),
                Output::Parse { ticket, document, current } => self.parse(ticket, document, current),
                Output::Locate(wanted) => self.locate(wanted),
                Output::Notify(event) => log::event(&event),
            }
        }
    }

    fn transmit(&mut self, transmit: Transmit) {
        let Transmit { to, payload, token } = transmit;
        let delivered = match to {
            Hop::Flow(flow) if flow.transport == Transport::Udp => {
                self.sent.note(flow.remote, token);
                self.datagrams.send(flow.local, flow.remote, &payload).is_ok()
            }
            Hop::Flow(flow) => self.streams.send(flow, payload).is_ok(),
            Hop::Open { transport: Transport::Udp, local, remote, .. } => {
                self.sent.note(remote, token);
                self.datagrams.send(local, remote, &payload).is_ok()
            }
            Hop::Open { transport, local, remote, tls_name } => {
                self.streams.send_to(Way { transport, local, remote, tls_name }, payload, token).is_ok()
            }
        };
        if !delivered && token != SendToken::UNTRACKED {
            self.exchange.handle_undeliverable(now(), token);
        }
    }

    fn reply(&mut self, ticket: Ticket, reply: Reply) {
        if let Some(waiting) = self.waiting.remove(&ticket)
            && waiting.send(reply).is_err()
        {
            tracing::debug!("whoever asked has gone");
        }
    }

    /// Reading old records may take the disk's time: never on the core's task.
    fn query(&mut self, ticket: Ticket, query: Query) {
        let Some(waiting) = self.waiting.remove(&ticket) else { return };
        let (store, recent) = (Arc::clone(&self.store), self.recent.clone());
        let recorder = self.recorder.clone();
        tokio::task::spawn_blocking(move || {
            if waiting.send(answer(&store, (&recent, &recorder), query)).is_err() {
                tracing::debug!("whoever asked has gone");
            }
        });
    }

    fn parse(&mut self, ticket: Ticket, document: String, current: Option<Arc<Site>>) {
        let parsed = self.parsed.clone();
        tokio::task::spawn_blocking(move || {
            let site = Site::parse_over(current.as_deref(), &document, &Argon2id(random::<16>));
            let result =
                site.map(Box::new).map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect());
            if parsed.blocking_send((ticket, result)).is_err() {
                tracing::debug!("the core has stopped");
            }
        });
    }

    fn locate(&mut self, wanted: Wanted) {
        let asked = resolve::Wanted { place: wanted.place.clone(), transport: wanted.transport };
        match self.resolver.locate(asked.clone()) {
            Ok(()) => self.locating.push((asked, wanted)),
            Err(why) => self.exchange.handle_located(now(), &wanted, Err(why.to_string())),
        }
    }
}

fn answer(store: &Store, (recent, recorder): (&Recent, &Recorder), query: Query) -> Reply {
    let refused = |error: store::StoreError| {
        Reply::Refused(Refusal { code: RefusalCode::Storage, messages: vec![error.to_string()] })
    };
    match query {
        Query::CallLog { limit } => match store.records(None, usize::try_from(limit).unwrap_or(usize::MAX)) {
            Ok(records) => Reply::CallLog(records.into_iter().map(LogEntry::from).collect()),
            Err(error) => refused(error),
        },
        Query::CallLogShow(id) => match store.record(id) {
            Ok(Some(record)) => Reply::CallLogEntry(Box::new(record)),
            Ok(None) => no_such_call(id, "it may still be in progress: see `vaxel calls`"),
            Err(error) => refused(error),
        },
        Query::Trace(id) => no_such_call(id, "only the newest calls since the box started are kept"),
        Query::Log { limit } => Reply::Log(recent.lines(usize::try_from(limit).unwrap_or(usize::MAX))),
        Query::Sound { recording, from } => match recorder.stretch(recording, from) {
            Ok((total, octets)) => Reply::Sound(SoundStretch { total, octets }),
            Err(error) => {
                let messages = vec![format!("the sound of {recording} cannot be read: {error}")];
                Reply::Refused(Refusal { code: RefusalCode::Storage, messages })
            }
        },
        Query::Registrations => Reply::Registrations(Vec::new()),
    }
}

fn no_such_call(id: CallId, hint: &str) -> Reply {
    let messages = vec![format!("there is no call {id}; {hint}")];
    Reply::Refused(Refusal { code: RefusalCode::NotFound, messages })
}

/// Unguessable bytes from the system.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .expect("the system's random generator works on every Linux that runs this daemon");
    bytes
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

#[allow(clippy::disallowed_methods)] // the one place where the core's time is read
pub(crate) fn now() -> Now {
    Now { mono: Instant::now(), wall: jiff::Timestamp::now() }
}
