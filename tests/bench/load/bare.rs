//! The least that passing packets on costs on this machine: a thread with an epoll, and for each packet one call that
//! takes it and one that sends it on. It knows nothing of RTP. What a box costs is read against it, since machines and
//! moments differ by more than programs do.

use super::exchange::network;
use anyhow::{Context, Result};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::unistd::{Pid, gettid};
use std::net::{SocketAddr, SocketAddrV4, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;
use std::time::Duration;

/// The loop, while it runs.
pub(crate) struct Bare {
    /// Where each phone sends to.
    pub ports: Vec<SocketAddrV4>,
    thread: Pid,
    stop: Arc<AtomicBool>,
    handle: Option<JoinHandle<()>>,
}

/// Where a packet goes.
struct Way {
    socket: UdpSocket,
    /// Whose socket it leaves by.
    other: usize,
    /// The phone at this socket.
    phone: SocketAddr,
}

impl Bare {
    /// Passes on between the phones of each pair; each phone has an address.
    pub fn start(phones: &[SocketAddrV4], pairs: &[(usize, usize)]) -> Result<Self> {
        let mut others: Vec<usize> = (0..phones.len()).collect();
        for &(a, b) in pairs {
            (others[a], others[b]) = (b, a);
        }
        let (mut ways, mut ports) = (Vec::new(), Vec::new());
        for (phone, other) in phones.iter().zip(others) {
            let socket = UdpSocket::bind((network(0, 2), 0))?;
            socket.set_nonblocking(true)?;
            let SocketAddr::V4(port) = socket.local_addr()? else { continue };
            ports.push(port);
            ways.push(Way { socket, other, phone: (*phone).into() });
        }
        let stop = Arc::new(AtomicBool::new(false));
        let (tell, told) = sync_channel(1);
        let stopping = Arc::clone(&stop);
        let handle = std::thread::Builder::new().name("bare".to_owned()).spawn(move || {
            tell.send(gettid()).unwrap_or_default();
            // A loop that ends early shows as packets that do not arrive.
            pass_on(&ways, &stopping).unwrap_or_default();
        })?;
        Ok(Self { ports, thread: told.recv()?, stop, handle: Some(handle) })
    }

    /// Processor time it has taken so far.
    pub fn processor(&self) -> Result<Duration> {
        let path = format!("/proc/self/task/{}/schedstat", self.thread);
        let text = std::fs::read_to_string(path)?;
        Ok(Duration::from_nanos(text.split(' ').next().context("schedstat")?.parse()?))
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(handle) = self.handle.take() {
            handle.join().unwrap_or_default();
        }
    }
}

fn pass_on(ways: &[Way], stop: &AtomicBool) -> Result<()> {
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    for (number, way) in ways.iter().enumerate() {
        epoll.add(&way.socket, EpollEvent::new(EpollFlags::EPOLLIN, number as u64))?;
    }
    let (mut ready, mut packet) = ([EpollEvent::empty(); 256], [0; 2048]);
    while !stop.load(Ordering::Relaxed) {
        let count = match epoll.wait(&mut ready, EpollTimeout::from(100_u16)) {
            Ok(count) => count,
            Err(nix::Error::EINTR) => continue,
            Err(error) => return Err(error.into()),
        };
        for event in &ready[..count] {
            let way = &ways[event.data() as usize];
            let Ok((length, _)) = way.socket.recv_from(&mut packet) else { continue };
            let to = &ways[way.other];
            to.socket.send_to(&packet[..length], to.phone).map(drop).unwrap_or_default();
        }
    }
    Ok(())
}
