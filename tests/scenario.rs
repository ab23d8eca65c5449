//! User stories over the simulated world: read `world/simulated.rs` first.

mod calls;
mod changing;
mod chaos;
mod company;
mod deflecting;
mod digits;
mod early;
mod encrypting;
mod explaining;
mod faxing;
mod forwarding;
mod guessing;
mod handling;
mod hostile;
mod latching;
mod losing;
mod messages;
mod referring;
mod registering;
mod reporting;
mod restarting;
mod ringing;
mod sound;
mod storm;
mod tampered;
mod torture;
mod trunks;

use crate::world::simulated::{PeerId, World};
use model::{CallRecord, Party, What};

/// A phone as records name it.
fn device(user: &str, device: &str) -> Party {
    Party::Device { user: user.into(), device: device.into() }
}

/// The demo site's operator as records name it.
fn operator() -> Party {
    Party::Trunk("operator".into())
}

/// Who ended a call, and why.
fn ending(record: &CallRecord) -> (Option<Party>, &str) {
    match record.trail.last().map(|step| &step.what) {
        Some(What::Ended { by, why }) => (by.clone(), why),
        other => panic!("a trail that ends with {other:?}"),
    }
}

/// The rules that decided, in order.
fn rules(record: &CallRecord) -> Vec<&str> {
    record.trail.iter().filter_map(|step| rule(&step.what)).collect()
}

fn rule(what: &What) -> Option<&str> {
    match what {
        What::Decided { rule, .. } => Some(rule),
        _ => None,
    }
}

/// Anna has called Bo; they talk and hear each other.
fn talking() -> (World, PeerId, PeerId) {
    let mut world = World::new();
    let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
    world.answers(bo, 0.5);
    world.dial(anna, "202");
    world.run(1.0);
    world.talk(anna, bo);
    (world, anna, bo)
}
