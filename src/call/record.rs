//! The record: exactly one for each call, written when its last leg has closed.

use crate::Outcome;
use crate::call::Phase;
use crate::calls::Calls;
use model::{CallId, CallRecord, Event};

impl Calls {
    /// Removes a call whose phase is `Ending` and gives out its record.
    pub(crate) fn conclude(&mut self, id: CallId) {
        let Some(mut call) = self.calls.remove(&id) else { return };
        let (cause, ended) = match call.phase {
            Phase::Ending { cause, ended, .. } => (cause, ended),
            Phase::Deciding | Phase::Ringing { .. } | Phase::Talking { .. } | Phase::Served { .. } => {
                self.calls.insert(id, call);
                return;
            }
        };
        if let Some(at) = call.deadline.take() {
            self.forget_deadline(at, id);
        }
        let mut quality = Vec::new();
        for leg in &call.legs {
            self.release(*leg);
            if let Some(measured) = self.legs.remove(leg).and_then(|leg| leg.quality) {
                quality.push(*measured);
            }
        }
        let (answered, by) = match call.answered {
            Some(answered) => (Some(answered.at), answered.by),
            None => (None, None),
        };
        let (answered_by, answered_device) = by.unzip();
        let record = CallRecord {
            call: call.open,
            answered,
            ended,
            cause,
            answered_by,
            answered_device,
            trail: call.trail,
            quality,
        };
        self.events.push_back(Event::CallEnded(record.clone()));
        self.outcomes.push_back(Outcome::Ended(Box::new(record)));
    }
}
