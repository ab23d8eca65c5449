//! Media, frame-driven and sans-IO: RTP, RTCP, SRTP, codecs, resampling, jitter buffer, digits, tones and quality
//! estimates, and on top of them SDP negotiation and the graph that joins legs.
//!
//! Lacks on purpose: sockets, threads, clocks and a randomness source (time is an argument called `now`, secrets and
//! sequence starts come from the caller's seed), and any idea of a user or a SIP message. Read [`codec::Codec`] and
//! [`rtp::Header`] first: everything else moves these two about.

pub mod activity;
pub mod codec;
#[cfg(test)]
mod costs;
pub mod dtmf;
pub mod graph;
pub mod jitter;
pub mod music;
pub mod negotiation;
pub mod program;
pub mod quality;
pub mod reception;
pub mod resample;
pub mod rtcp;
pub mod rtp;
pub mod sdp;
pub mod srtp;
pub mod tone;
pub mod udptl;
pub mod voice;
pub mod wav;

pub use codec::{Codec, Decoder, Encoder};
pub use graph::{
    Channel, Command, Cue, Event, Graph, HeardBy, Hears, Leg, LegHasher, LegMap, Moving, Pin, Recorded, Role,
    Room, Take, Tape, Transmit, Watch, Whom,
};
pub use jitter::{Frame, JitterBuffer};
pub use negotiation::{Agreed, Encryption, Fax, Local, Mismatch, Negotiation, NegotiationError};
pub use program::{Clip, Piece, Program, Repeat};
pub use quality::{Refused, Statistics};
pub use reception::Reception;
pub use resample::Resampler;
pub use sdp::Direction;
pub use srtp::{Srtp, SrtpKeys};
pub use tone::Tone;
