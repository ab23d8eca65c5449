//! The SIP ladders of the newest calls, secrets removed.

use super::{Exchange, Network};
use model::{CallId, Now, TraceLine};
use sip::endpoint::Traced;
use std::collections::{BTreeMap, HashMap, VecDeque};

/// Bytes of messages kept; the oldest calls are dropped first.
const BYTES_MAX: usize = 8 << 20;
/// Lines of one call; a call that sends more has had its say.
const LINES_MAX: usize = 400;
/// Messages that belong to no known call yet: the INVITE is traced before its call has a number.
const EARLY_MAX: usize = 64;

/// What is kept.
#[derive(Default)]
pub(crate) struct Traces {
    calls: BTreeMap<CallId, Vec<TraceLine>>,
    by_call_id: HashMap<String, CallId>,
    of_call: HashMap<CallId, Vec<String>>,
    early: VecDeque<(String, TraceLine)>,
    bytes: usize,
}

impl Traces {
    /// The ladder of a call, oldest first.
    pub fn of(&self, call: CallId) -> Option<Vec<TraceLine>> {
        self.calls.get(&call).cloned()
    }

    /// A SIP Call-ID belongs to a call.
    pub fn belongs(&mut self, call_id: &str, call: CallId) {
        if self.by_call_id.insert(call_id.to_owned(), call) == Some(call) {
            return;
        }
        self.of_call.entry(call).or_default().push(call_id.to_owned());
        let (mine, others) = std::mem::take(&mut self.early).into_iter().partition(|(id, _)| id == call_id);
        self.early = others;
        let mine: VecDeque<(String, TraceLine)> = mine;
        for (_, line) in mine {
            self.add(call, line);
        }
    }

    /// Something that explains a call, for people.
    pub fn note(&mut self, call: CallId, now: Now, (party, finding): (String, String)) {
        let line = TraceLine {
            time: now.wall,
            sent: false,
            note: true,
            peer: party,
            message: finding.clone(),
            summary: finding,
        };
        self.add(call, line);
    }

    fn take(&mut self, call_id: &str, line: TraceLine) {
        match self.by_call_id.get(call_id) {
            Some(call) => self.add(*call, line),
            None => {
                if self.early.len() == EARLY_MAX {
                    self.early.pop_front();
                }
                self.early.push_back((call_id.to_owned(), line));
            }
        }
    }

    fn add(&mut self, call: CallId, line: TraceLine) {
        let lines = self.calls.entry(call).or_default();
        if lines.len() >= LINES_MAX {
            return;
        }
        self.bytes += line.message.len();
        lines.push(line);
        while self.bytes > BYTES_MAX && self.calls.len() > 1 {
            let Some((oldest, lines)) = self.calls.pop_first() else { return };
            self.bytes -= lines.iter().map(|line| line.message.len()).sum::<usize>();
            for call_id in self.of_call.remove(&oldest).unwrap_or_default() {
                self.by_call_id.remove(&call_id);
            }
        }
    }
}

impl<N: Network> Exchange<N> {
    /// Takes what the endpoint has seen since last time.
    pub(crate) fn collect_trace(&mut self, now: Now) {
        while let Some(traced) = self.sip.poll_trace() {
            let call_id = traced.call_id.clone();
            self.traces.take(&call_id, line(now, traced));
        }
    }
}

fn line(now: Now, traced: Traced) -> TraceLine {
    let message = String::from_utf8_lossy(&traced.message).into_owned();
    let ago = now.mono.saturating_duration_since(traced.at);
    TraceLine {
        time: now.wall.checked_sub(ago).unwrap_or(now.wall),
        sent: traced.sent,
        note: false,
        peer: traced.flow.to_string(),
        summary: message.lines().next().unwrap_or_default().to_owned(),
        message,
    }
}
