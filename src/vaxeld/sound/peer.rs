//! A leg's RTP socket and the one source it may be connected to.
//!
//! The system then refuses packets of others, and knows the way to the peer without looking it up for each packet. It
//! also hands out ICMP errors, which it spares an unconnected socket: the first one ends the connection, so that no more
//! than one packet is lost to them, whoever makes them up.

use super::kernel;
use media::{Channel, Transmit};
use std::io;
use std::net::{SocketAddr, UdpSocket};

/// A leg's sockets.
pub(super) struct Sockets {
    pub(super) rtp: UdpSocket,
    pub(super) rtcp: UdpSocket,
}

impl Sockets {
    pub(super) fn of(&self, channel: Channel) -> &UdpSocket {
        match channel {
            Channel::Rtp => &self.rtp,
            Channel::Rtcp => &self.rtcp,
        }
    }
}

/// A leg's sockets, and what became of its packets.
pub(super) struct Peer {
    pub(super) sockets: Sockets,
    connected: Option<SocketAddr>,
    /// Packets that the system did not take.
    pub(super) unsent: u64,
}

impl Peer {
    pub(super) fn new(sockets: Sockets) -> Self {
        Self { sockets, connected: None, unsent: 0 }
    }

    /// Connects to a source or to none. Where that fails, packets go on as before: the graph judges each.
    pub(super) fn pin(&mut self, source: Option<SocketAddr>) {
        if let Err(error) = self.connect(source) {
            tracing::debug!(%error, "a leg's socket is left as it is");
        }
    }

    /// After an error of a socket. One that came of being connected ends the connection.
    pub(super) fn refused(&mut self, channel: Channel, error: &io::Error) {
        use io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable};
        let told = matches!(error.kind(), ConnectionRefused | HostUnreachable | NetworkUnreachable);
        if told && channel == Channel::Rtp {
            self.pin(None);
        }
    }

    fn connect(&mut self, source: Option<SocketAddr>) -> io::Result<()> {
        match source {
            Some(source) if is_bound_to_one(&self.sockets.rtp) => {
                self.sockets.rtp.connect(source)?;
                self.connected = Some(source);
            }
            Some(_) => {}
            None if self.connected.is_some() => {
                kernel::disconnect(&self.sockets.rtp)?;
                self.connected = None;
            }
            None => {}
        }
        Ok(())
    }

    /// Where a packet must be told to go; nothing where the socket knows.
    pub(super) fn told(&self, transmit: &Transmit<'_>) -> Option<SocketAddr> {
        let known = transmit.channel == Channel::Rtp && self.connected == Some(transmit.to);
        (!known).then_some(transmit.to)
    }
}

/// Whether a socket may be connected: one bound to every address would then receive on one of them only.
fn is_bound_to_one(socket: &UdpSocket) -> bool {
    socket.local_addr().is_ok_and(|address| !address.ip().is_unspecified())
}
