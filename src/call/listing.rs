//! Calls in progress, for people.

use crate::call::{Call, Phase};
use crate::calls::Calls;
use crate::leg::LegState;
use model::Party;

impl Calls {
    /// Every call in progress, oldest first.
    pub fn list(&self) -> Vec<model::Call> {
        self.calls.values().map(|call| self.describe(call)).collect()
    }

    fn describe(&self, call: &Call) -> model::Call {
        let legs = call.legs.iter().filter_map(|id| self.legs.get(id));
        let held = legs.clone().any(|leg| leg.state == LegState::Holding);
        let state = match call.phase {
            Phase::Deciding => "deciding",
            Phase::Ringing { .. } => "ringing",
            Phase::Talking { .. } if held => "held",
            Phase::Talking { .. } => "talking",
            Phase::Served { .. } => "with the box",
            Phase::Ending { .. } => "ending",
        };
        model::Call {
            id: call.open.id,
            from: call.open.from.clone(),
            to: call.open.to.clone(),
            state: state.to_owned(),
            since: call.open.began,
            legs: legs
                .map(|leg| model::Leg { party: name(&leg.party), state: leg.state.as_str().to_owned() })
                .collect(),
        }
    }
}

fn name(party: &Party) -> String {
    match party {
        Party::Device { device, .. } => format!("device:{device}"),
        Party::Trunk(trunk) => format!("trunk:{trunk}"),
    }
}
