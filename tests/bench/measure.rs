//! What is measured, one a file.

mod calls;
mod capacity;
mod lamps;
mod memory;
mod registrations;
mod rooms;
mod sound;
mod start;

use anyhow::Result;
use serde_json::Value;

/// A measurement: its figures as a JSON object.
pub(crate) type Measure = fn() -> Result<Value>;

/// All measurements: name, what it tells, and how it is done.
pub(crate) const MEASUREMENTS: [(&str, &str, Measure); 10] = [
    ("start", "start to ready: empty, and with a site of 500 users", start::measure),
    ("registrations", "processor time of a registration with digest, kept durably", registrations::measure),
    ("calls", "processor time of a call with digest between two phones", calls::measure),
    ("ringing", "from INVITE to 180 while little is going on", calls::measure_ringing),
    ("capacity", "calls a second held without one failure", capacity::measure),
    ("lamps", "250 users, each watched by 20: processor time of a lamp told, and how late", lamps::measure),
    ("memory", "memory of 100 calls with sound", memory::measure),
    (
        "relay",
        "100 two-way G.711 calls passed on: processor time, also beside a bare loop's, and delay",
        sound::measure_relay,
    ),
    ("rooms", "rooms of 50 and of 5: processor time a tick, mixing delay", rooms::measure),
    ("transcoding", "100 two-way calls between G.711 and Opus: processor time", sound::measure_transcoding),
];
