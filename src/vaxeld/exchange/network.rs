//! The seam to the network: ports for sound, and the box's own address towards a peer.

use media::Leg;
use std::net::IpAddr;
use thiserror::Error;

/// Why a leg gets no ports.
#[derive(Debug, Error)]
pub enum NetworkError {
    /// Every pair of the range is taken: by calls, or by other programs.
    #[error("no free pair of media ports; widen media.ports in vaxel.toml")]
    NoneFree,
    /// The system gives no socket.
    #[error("no socket for media: {0}")]
    System(#[from] std::io::Error),
    /// The media threads have stopped.
    #[error("the media threads have stopped")]
    Stopped,
}

/// The system's network, or the simulated one of the tests.
pub trait Network {
    /// Opens an RTP and RTCP port pair for a leg on a local address (RFC 3550 section 11) and gives the RTP port;
    /// RTCP has the next. Legs of one group share a thread.
    fn open(&mut self, leg: Leg, group: u64, address: IpAddr) -> Result<u16, NetworkError>;

    /// Tells the leg's sound something. A leg that was never opened is no error.
    fn command(&mut self, leg: Leg, command: media::Command);

    /// The box's own address on the way to a peer.
    fn source(&mut self, remote: IpAddr) -> Option<IpAddr>;
}
