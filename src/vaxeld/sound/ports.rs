//! RTP and RTCP port pairs (RFC 3550 section 11: even for RTP, the next for RTCP).

use super::peer::Sockets;
use super::thread::{Order, Sound};
use crate::exchange::{Network, NetworkError};
use media::Leg;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

/// Ports of the system.
pub struct SocketPorts {
    range: RangeInclusive<u16>,
    next: u16,
    sound: Sound,
    sources: HashMap<IpAddr, (Instant, Option<IpAddr>)>,
}

/// Routes asked about are remembered for so long, and so many of them.
const SOURCE_KEPT: Duration = Duration::from_secs(10);
const SOURCES_MAX: usize = 4_096;
/// Tries before the range counts as full: other programs may sit on some of its ports.
const TRIES_MAX: u32 = 200;

impl SocketPorts {
    /// Takes pairs from a range.
    pub fn new(range: RangeInclusive<u16>, sound: Sound) -> Self {
        let next = even(*range.start());
        Self { range, next, sound, sources: HashMap::new() }
    }

    /// Going round the range gives a port back only after all others: late packets of an old call find nobody.
    fn advance(&mut self) -> u16 {
        let port = self.next;
        self.next = match port.checked_add(2) {
            Some(next) if next < *self.range.end() => next,
            _ => even(*self.range.start()),
        };
        port
    }
}

impl Network for SocketPorts {
    fn open(&mut self, leg: Leg, group: u64, address: IpAddr) -> Result<u16, NetworkError> {
        let pairs = u32::from(self.range.end() - self.range.start()).div_ceil(2);
        for _ in 0..pairs.min(TRIES_MAX) {
            let port = self.advance();
            let pair = bind(address, port).and_then(|rtp| Ok((rtp, bind(address, port + 1)?)));
            match pair {
                Ok((rtp, rtcp)) => {
                    self.sound
                        .open(leg, group, Order::Open { leg, sockets: Sockets { rtp, rtcp } })
                        .map_err(|_| NetworkError::Stopped)?;
                    return Ok(port);
                }
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                Err(error) => return Err(NetworkError::System(error)),
            }
        }
        Err(NetworkError::NoneFree)
    }

    fn command(&mut self, leg: Leg, command: media::Command) {
        self.sound.command(leg, command);
    }

    fn source(&mut self, remote: IpAddr) -> Option<IpAddr> {
        let now = now();
        if let Some((at, source)) = self.sources.get(&remote)
            && now.duration_since(*at) < SOURCE_KEPT
        {
            return *source;
        }
        if self.sources.len() >= SOURCES_MAX {
            self.sources.clear();
        }
        let source = route(remote).ok();
        self.sources.insert(remote, (now, source));
        source
    }
}

/// The system's choice of own address: a datagram socket that is connected sends nothing.
fn route(remote: IpAddr) -> io::Result<IpAddr> {
    let any: IpAddr = match remote {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind(SocketAddr::new(any, 0))?;
    socket.connect(SocketAddr::new(remote, 9))?;
    Ok(socket.local_addr()?.ip())
}

#[allow(clippy::disallowed_methods)] // part of a driver: how long ago the system was asked
fn now() -> Instant {
    Instant::now()
}

fn bind(address: IpAddr, port: u16) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(SocketAddr::new(address, port))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn even(port: u16) -> u16 {
    port + port % 2
}
