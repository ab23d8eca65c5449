//! UDP sockets for SIP.

use sip::flow::{Flow, Transport};
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};
use tokio::net::UdpSocket;

/// No SIP message is longer (crate `sip` refuses them).
const DATAGRAM_MAX: usize = 65_535;
/// Kernel buffer asked for, bytes: half a second of a busy box.
const BUFFER: usize = 4 << 20;

/// All UDP sockets of the box.
pub struct Datagrams {
    sockets: Vec<(SocketAddr, UdpSocket)>,
    /// Which socket is asked first: each in turn, so that none starves.
    turn: usize,
    buffer: Box<[u8]>,
}

/// A datagram that came in; its bytes are in [`Datagrams::bytes`] until the next one.
#[derive(Clone, Copy, Debug)]
pub struct Received {
    /// From where, to where.
    pub flow: Flow,
    /// How many bytes.
    pub length: usize,
}

impl Datagrams {
    /// Binds every address.
    pub fn bind(addresses: &[SocketAddr]) -> io::Result<Self> {
        let mut sockets = Vec::with_capacity(addresses.len());
        for address in addresses {
            let socket = bind(*address).map_err(|error| {
                io::Error::new(error.kind(), format!("cannot listen on udp {address}: {error}"))
            })?;
            sockets.push((socket.local_addr()?, socket));
        }
        Ok(Self { sockets, turn: 0, buffer: vec![0; DATAGRAM_MAX].into() })
    }

    /// The bound addresses.
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddr> + '_ {
        self.sockets.iter().map(|(address, _)| *address)
    }

    /// Waits until a datagram comes.
    pub async fn receive(&mut self) -> Received {
        poll_fn(|context| self.poll(context)).await
    }

    /// Takes a datagram that is already there.
    pub fn try_receive(&mut self) -> Option<Received> {
        let count = self.sockets.len();
        for step in 0..count {
            let at = (self.turn + step) % count;
            let (local, socket) = &self.sockets[at];
            if let Ok((length, remote)) = socket.try_recv_from(&mut self.buffer) {
                self.turn = at;
                return Some(Received {
                    flow: Flow { transport: Transport::Udp, local: *local, remote },
                    length,
                });
            }
        }
        None
    }

    /// The bytes of a datagram just received.
    pub fn bytes(&self, received: &Received) -> &[u8] {
        &self.buffer[..received.length]
    }

    /// Sends now or not at all: SIP retransmits what the system does not take.
    pub fn send(&self, local: SocketAddr, remote: SocketAddr, payload: &[u8]) -> io::Result<()> {
        let socket = self.sockets.iter().find(|(address, _)| *address == local);
        let (_, socket) = socket.ok_or(io::ErrorKind::AddrNotAvailable)?;
        socket.try_send_to(payload, remote).map(drop)
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Received> {
        let count = self.sockets.len();
        for step in 0..count {
            let at = (self.turn + 1 + step) % count;
            let (local, socket) = &self.sockets[at];
            while socket.poll_recv_ready(context).is_ready() {
                match socket.try_recv_from(&mut self.buffer) {
                    Ok((length, remote)) => {
                        self.turn = at;
                        let flow = Flow { transport: Transport::Udp, local: *local, remote };
                        return Poll::Ready(Received { flow, length });
                    }
                    // Not ready after all: the next turn of the loop registers for a wake-up.
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    // An ICMP error of something sent earlier.
                    Err(_) => {}
                }
            }
        }
        Poll::Pending
    }
}

fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    let socket: std::net::UdpSocket = socket.into();
    let reference = SockRef::from(&socket);
    if let Err(error) = reference.set_recv_buffer_size(BUFFER).and(reference.set_send_buffer_size(BUFFER)) {
        tracing::debug!(%error, "the system gives smaller buffers");
    }
    UdpSocket::from_std(socket)
}
