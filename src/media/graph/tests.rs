//! Two or more scripted peers around a graph, in virtual time: what each of them hears is measured.

mod continuity;
mod cost;
mod digits;
mod fax;
mod hostile;
mod latching;
mod peer;
mod playing;
mod recording;
mod relaying;
mod reporting;
mod rooms;
mod securing;
mod world;
