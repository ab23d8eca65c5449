//! UDP sockets for SIP.

use super::streams::Told;
use nix::sys::socket::{MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt};
use sip::flow::{Flow, Transport};
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use std::future::poll_fn;
use std::io;
use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::AsRawFd as _;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;

/// No SIP message is longer (crate `sip` refuses them).
const DATAGRAM_MAX: usize = 65_535;
/// Kernel buffer asked for, bytes: half a second of a busy box.
const BUFFER: usize = 4 << 20;

/// All UDP sockets of the box.
pub struct Datagrams {
    sockets: Vec<(SocketAddr, Arc<UdpSocket>)>,
    /// Which socket is asked first: each in turn, so that none starves.
    turn: usize,
    buffer: Box<[u8]>,
}

/// A datagram that came in; its bytes are in [`Datagrams::bytes`] until the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// From where, to where.
    pub flow: Flow,
    /// How many bytes.
    pub length: usize,
}

impl Datagrams {
    /// Binds every address; `tell` is where refused datagrams are reported.
    pub fn bind(addresses: &[SocketAddr], tell: &mpsc::Sender<Told>) -> io::Result<Self> {
        let mut sockets = Vec::with_capacity(addresses.len());
        for address in addresses {
            let socket = bind(*address).map_err(|error| {
                io::Error::new(error.kind(), format!("cannot listen on udp {address}: {error}"))
            })?;
            let socket = Arc::new(socket);
            tokio::spawn(report_refusals(Arc::clone(&socket), tell.clone()));
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

    /// Takes what is already there.
    pub fn try_receive(&mut self) -> Option<Received> {
        let count = self.sockets.len();
        (0..count).find_map(|step| self.take((self.turn + step) % count).ok())
    }

    /// The bytes of the datagram just received.
    pub fn bytes(&self, length: usize) -> &[u8] {
        &self.buffer[..length]
    }

    /// Sends now or not at all: SIP retransmits what the system does not take.
    pub fn send(&self, local: SocketAddr, remote: SocketAddr, payload: &[u8]) -> io::Result<()> {
        let socket = self.sockets.iter().find(|(address, _)| *address == local);
        let (_, socket) = socket.ok_or(io::ErrorKind::AddrNotAvailable)?;
        // Past tokio, whose sockets send nothing until their first wake-up; it never blocks.
        let (socket, remote) = (SockRef::from(&**socket), remote.into());
        match socket.send_to(payload, &remote) {
            // The system hands out an earlier datagram's error with the next call, whomever that is for.
            Err(error) if is_refusal(&error) => socket.send_to(payload, &remote).map(drop),
            sent => sent.map(drop),
        }
    }

    fn take(&mut self, at: usize) -> io::Result<Received> {
        let (local, socket) = &self.sockets[at];
        let (length, remote) = match socket.try_recv_from(&mut self.buffer) {
            // As in `send`: an earlier datagram's error, which the task of the socket reports.
            Err(error) if is_refusal(&error) => socket.try_recv_from(&mut self.buffer)?,
            received => received?,
        };
        self.turn = at;
        Ok(Received { flow: Flow { transport: Transport::Udp, local: *local, remote }, length })
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Received> {
        let count = self.sockets.len();
        for step in 0..count {
            let at = (self.turn + 1 + step) % count;
            // Not ready after all: asking again registers for a wake-up.
            while self.sockets[at].1.poll_recv_ready(context).is_ready() {
                if let Ok(received) = self.take(at) {
                    return Poll::Ready(received);
                }
            }
        }
        Poll::Pending
    }
}

fn is_refusal(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable};
    matches!(error.kind(), ConnectionRefused | HostUnreachable | NetworkUnreachable)
}

/// Tells the core of every datagram that found nobody: port or host unreachable (RFC 1122 section 4.1.3.3).
async fn report_refusals(socket: Arc<UdpSocket>, tell: mpsc::Sender<Told>) {
    loop {
        tokio::select! {
            () = tell.closed() => return,
            ready = socket.ready(Interest::ERROR) => if ready.is_err() { return },
        }
        while let Ok(remote) = socket.try_io(Interest::ERROR, || refused(&socket)) {
            if let Some(remote) = remote
                && tell.send(Told::Refused { remote }).await.is_err()
            {
                return;
            }
        }
    }
}

/// The destination of a datagram that was refused, from the socket's queue of errors.
fn refused(socket: &UdpSocket) -> io::Result<Option<SocketAddr>> {
    let mut start = [0; 64];
    let mut parts = [io::IoSliceMut::new(&mut start)];
    let mut space = nix::cmsg_space!([u8; 256]);
    let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
    let message = recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut parts, Some(&mut space), flags)?;
    let Some(address) = message.address else { return Ok(None) };
    let v4 = address.as_sockaddr_in().map(|address| SocketAddr::from(SocketAddrV4::from(*address)));
    Ok(v4.or_else(|| address.as_sockaddr_in6().map(|address| SocketAddrV6::from(*address).into())))
}

fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    let errors = match address {
        SocketAddr::V4(_) => setsockopt(&socket, sockopt::Ipv4RecvErr, &true),
        SocketAddr::V6(_) => setsockopt(&socket, sockopt::Ipv6RecvErr, &true),
    };
    if let Err(error) = errors {
        tracing::debug!(%error, "refused datagrams will only show by silence");
    }
    let socket: std::net::UdpSocket = socket.into();
    let reference = SockRef::from(&socket);
    if let Err(error) = reference.set_recv_buffer_size(BUFFER).and(reference.set_send_buffer_size(BUFFER)) {
        tracing::debug!(%error, "the system gives smaller buffers");
    }
    UdpSocket::from_std(socket)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn bound() -> (Datagrams, mpsc::Receiver<Told>) {
        let (tell, told) = mpsc::channel(4);
        (Datagrams::bind(&["127.0.0.1:0".parse().unwrap()], &tell).unwrap(), told)
    }

    fn nobody() -> SocketAddr {
        std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
    }

    async fn refused_at(mut told: mpsc::Receiver<Told>) -> SocketAddr {
        match tokio::time::timeout(Duration::from_secs(5), told.recv()).await {
            Ok(Some(Told::Refused { remote })) => remote,
            _ => panic!("no refusal was reported"),
        }
    }

    #[tokio::test]
    async fn a_datagram_that_nobody_takes_is_reported_with_its_address() {
        let (datagrams, told) = bound();
        let (local, nobody) = (datagrams.addresses().next().unwrap(), nobody());
        datagrams.send(local, nobody, b"hello").unwrap();
        assert_eq!(refused_at(told).await, nobody);
    }

    #[tokio::test]
    async fn a_refusal_does_not_cost_the_next_datagram() {
        let (datagrams, told) = bound();
        let (local, nobody) = (datagrams.addresses().next().unwrap(), nobody());
        let somebody = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        datagrams.send(local, nobody, b"lost").unwrap();
        datagrams.send(local, somebody.local_addr().unwrap(), b"kept").unwrap();
        somebody.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let mut buffer = [0; 16];
        let (length, _) = somebody.recv_from(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], b"kept");
        assert_eq!(refused_at(told).await, nobody);
    }
}
