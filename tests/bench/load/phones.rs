//! Phones: an address and three sockets each, all waited for at once.

use super::digest::Key;
use super::exchange::network;
use anyhow::{Context, Result};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use std::net::{SocketAddrV4, UdpSocket};
use std::time::Duration;

/// The port of a phone's sound.
pub(crate) const SOUND: u16 = 4000;

/// One phone.
pub(crate) struct Phone {
    /// Its name at the box.
    pub user: String,
    /// Its password.
    pub secret: String,
    /// The extension it is called by.
    pub extension: String,
    /// Where it is.
    pub address: SocketAddrV4,
    /// Its key in the box's realm.
    pub key: Key,
    /// For its sound.
    pub sound: UdpSocket,
    /// Where the box wants its sound in the running call.
    pub peer: Option<SocketAddrV4>,
    /// The payload number in the running call.
    pub payload: u8,
    /// The codec it speaks and nothing else, as in a description.
    pub codec: &'static str,
    signalling: UdpSocket,
    /// Takes reports, so that the system has nothing to complain about.
    _reports: UdpSocket,
}

/// All phones.
pub(crate) struct Phones {
    list: Vec<Phone>,
    epoll: Epoll,
    exchange: SocketAddrV4,
}

impl Phones {
    /// Makes phones for the first users of [`super::exchange::site`].
    pub fn new(count: usize, exchange: SocketAddrV4) -> Result<Self> {
        Self::placed(1, count, exchange)
    }

    /// Makes them in another network, beside those that are there.
    pub fn placed(network_number: u8, count: usize, exchange: SocketAddrV4) -> Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let mut list = Vec::with_capacity(count);
        for number in 0..count {
            let ip = network(network_number + (number / 200) as u8, 1 + (number % 200) as u8);
            let bind = |port: u16| -> Result<UdpSocket> {
                let socket = UdpSocket::bind((ip, port)).with_context(|| format!("binding {ip}:{port}"))?;
                socket.set_nonblocking(true)?;
                Ok(socket)
            };
            let signalling = bind(5060)?;
            signalling.connect(exchange)?;
            epoll.add(&signalling, EpollEvent::new(EpollFlags::EPOLLIN, number as u64))?;
            list.push(Phone {
                user: format!("phone{number}"),
                secret: format!("secret-{number}"),
                extension: (2000 + number).to_string(),
                address: SocketAddrV4::new(ip, 5060),
                key: Key::default(),
                sound: bind(SOUND)?,
                peer: None,
                payload: 8,
                codec: "PCMA/8000",
                signalling,
                _reports: bind(SOUND + 1)?,
            });
        }
        Ok(Self { list, epoll, exchange })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// The box.
    pub fn exchange(&self) -> SocketAddrV4 {
        self.exchange
    }

    /// One of them.
    pub fn get(&mut self, number: usize) -> &mut Phone {
        &mut self.list[number]
    }

    /// Sends a message from a phone. What the system does not take is lost, and shows as a failed call.
    pub fn send(&self, number: usize, message: &str) {
        self.list[number].signalling.send(message.as_bytes()).map(drop).unwrap_or_default();
    }

    /// Waits for messages; which phones have some.
    pub fn wait(&self, patience: Duration, ready: &mut Vec<usize>) -> Result<()> {
        ready.clear();
        let mut events = [EpollEvent::empty(); 128];
        // Rounded up: a wait of nothing would spin.
        let timeout = u16::try_from(patience.as_micros().div_ceil(1000)).unwrap_or(1000);
        match self.epoll.wait(&mut events, EpollTimeout::from(timeout)) {
            Ok(count) => ready.extend(events[..count].iter().map(|event| event.data() as usize)),
            Err(nix::Error::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// A message that has come to a phone.
    pub fn receive(&self, number: usize, buffer: &mut [u8]) -> Option<usize> {
        self.list[number].signalling.recv(buffer).ok()
    }
}
