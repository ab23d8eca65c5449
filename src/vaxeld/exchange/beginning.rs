//! A call's beginning: durable before anybody is told of the call.
//!
//! ```text
//!  INVITE ─▶ pbx decides ─▶ Commit(CallBegan) ─▶ durable ─▶ INVITE to the callee, 180, 200, refusal …
//! ```
//!
//! So whoever saw anything of a call but its 100 finds its one record, wherever the box was killed. A disk that takes
//! its time, or takes nothing, holds up no call: after [`HOLD`] it goes on.

use super::{Exchange, Network, Output, Receipt};
use model::{CallId, Change, Now};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long a call waits for the disk. Solid disks take 0.1 to 5 ms for a commit, and nobody hears 50.
const HOLD: Duration = Duration::from_millis(50);
/// Beginnings being written at once; further calls go on without waiting. Together with the REGISTERs that wait, fewer
/// than the writer's answers have room for.
const WAITING_MAX: usize = 2_000;

/// Calls whose beginning is being written.
#[derive(Debug, Default)]
pub(crate) struct Beginnings(BTreeMap<CallId, Beginning>);

#[derive(Debug)]
struct Beginning {
    /// None when it waits no longer.
    until: Option<Instant>,
    held: Vec<call::Effect>,
}

impl Beginnings {
    /// When the first has waited long enough.
    pub(crate) fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        let first = self.0.values().filter_map(|beginning| beginning.until).min();
        first.map(|at| (at, "a call's beginning is not written yet"))
    }

    fn is_waiting(&self, call: CallId) -> bool {
        self.0.get(&call).is_some_and(|beginning| beginning.until.is_some())
    }
}

impl<N: Network> Exchange<N> {
    /// Has changes written that nobody asked for. A call that begins waits for them.
    pub(crate) fn keep(&mut self, now: Now, changes: Vec<Change>) {
        let began = match changes.as_slice() {
            [Change::CallBegan(open)] if self.beginnings.0.len() < WAITING_MAX => Some(open.id),
            _ => None,
        };
        if let Some(call) = began {
            let beginning = Beginning { until: Some(now.mono + HOLD), held: Vec::new() };
            self.beginnings.0.insert(call, beginning);
        }
        self.outputs.push_back(Output::Commit { receipt: began.map(Receipt::Call), changes });
    }

    /// Does something with a leg, in its turn.
    pub(crate) fn do_in_turn(&mut self, now: Now, effect: call::Effect) {
        let waiting = self.pbx.call_of(effect.leg()).filter(|call| self.beginnings.is_waiting(*call));
        match waiting.and_then(|call| self.beginnings.0.get_mut(&call)) {
            Some(beginning) => beginning.held.push(effect),
            None => self.do_with_leg(now, effect),
        }
    }

    /// A call's beginning is durable, or waits in memory because the disk takes nothing: the call goes on.
    pub(crate) fn call_committed(&mut self, now: Now, call: CallId) {
        let beginning = self.beginnings.0.remove(&call);
        for effect in beginning.map(|beginning| beginning.held).unwrap_or_default() {
            self.do_with_leg(now, effect);
        }
    }

    /// Calls that have waited long enough go on.
    pub(crate) fn beginnings_timeout(&mut self, now: Now) {
        let due = |beginning: &&mut Beginning| beginning.until.is_some_and(|until| until <= now.mono);
        let mut held = Vec::new();
        let mut calls = 0;
        for beginning in self.beginnings.0.values_mut().filter(due) {
            beginning.until = None;
            held.append(&mut beginning.held);
            calls += 1;
        }
        if calls > 0 {
            tracing::warn!(calls, "the disk is slow: calls go on that are not written down yet");
        }
        for effect in held {
            self.do_with_leg(now, effect);
        }
    }
}
