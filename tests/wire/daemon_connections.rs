//! Connections by the thousand, and connections that dawdle: whoever calls meanwhile notices nothing.

use super::daemon_company::{company, must_answer, options, phone_over};
use super::handset::Handset;
use crate::world::daemon::Daemon;
use crate::world::deadline::wait_for;
use anyhow::{Context, Result, ensure};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrIn, bind, connect as begin, setsockopt, socket, sockopt,
};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Attackers' addresses begin here; nobody else's do.
const ATTACKERS: u32 = u32::from_be_bytes([127, 192, 0, 1]);
/// What the box may keep for connections that never said who they are, KiB.
const GROWTH_MAX: u64 = 120 * 1_024;

/// A connection from an address of its own choice; it is not waited for.
pub(super) fn connection(number: u32, to: SocketAddr) -> Result<TcpStream> {
    let SocketAddr::V4(to) = to else { anyhow::bail!("IPv4 only") };
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let socket = socket(AddressFamily::Inet, SockType::Stream, flags, None)?;
    setsockopt(&socket, sockopt::ReuseAddr, &true)?;
    use std::os::fd::AsRawFd as _;
    let from = SocketAddrV4::new(Ipv4Addr::from(ATTACKERS + number), 0);
    bind(socket.as_raw_fd(), &SockaddrIn::from(from))?;
    match begin(socket.as_raw_fd(), &SockaddrIn::from(to)) {
        Ok(()) | Err(nix::errno::Errno::EINPROGRESS) => Ok(TcpStream::from(socket)),
        Err(error) => Err(error.into()),
    }
}

/// Lets this process hold so many connections. The limit is the whole suite's, so two such stories run one by one.
pub(super) fn allow_connections(count: u32) -> Result<MutexGuard<'static, ()>> {
    static ALONE: Mutex<()> = Mutex::new(());
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    let needed = u64::from(count) + 2_000;
    ensure!(hard > needed, "{count} connections need {needed} files; `ulimit -Hn` allows {hard}");
    Ok(ALONE.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Writes what is taken; that the box hangs up is its right.
fn throw(stream: &mut TcpStream, bytes: &[u8]) -> bool {
    match stream.write_all(bytes) {
        Ok(()) => true,
        Err(error) => error.kind() == ErrorKind::WouldBlock,
    }
}

/// The box has closed it.
fn is_closed(stream: &mut TcpStream) -> bool {
    let mut buffer = [0; 4_096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        }
    }
}

/// What the box occupies, KiB.
fn resident(daemon: &Daemon) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.id().context("it runs")?))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// The longest of so many calls until it rings.
fn slowest(one: &mut Handset, other: &Handset, calls: u32) -> Result<Duration> {
    let times: Vec<Duration> = (0..calls).map(|_| one.time_to_ring(other, "202")).collect::<Result<_>>()?;
    times.into_iter().max().context("a call")
}

#[test]
fn ten_thousand_half_open_connections_from_as_many_addresses_are_not_noticed() -> Result<()> {
    let _alone = allow_connections(10_000)?;
    let daemon = Daemon::with_site(&company())?;
    let (mut anna, bo) =
        (Handset::registered(&daemon, "anna-bord")?, Handset::registered(&daemon, "bo-bord")?);
    let mut cia = phone_over(&daemon, "cia-bord", "tls").start()?;
    let alone = slowest(&mut anna, &bo, 20)?;
    let before = resident(&daemon)?;

    // A third say nothing, a third half a message, a third what may be the beginning of a handshake.
    let mut open = Vec::new();
    let (mut beside, mut number) = (Duration::ZERO, 0);
    while number < 10_000 {
        for _ in 0..1_000 {
            let tls = number % 3 == 2;
            let mut stream = connection(number, if tls { daemon.sips() } else { daemon.sip() })?;
            let part = &options("TCP", number)[..40];
            match number % 3 {
                0 => {}
                1 => drop(throw(&mut stream, part.as_bytes())),
                _ => drop(throw(&mut stream, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")),
            }
            open.push(stream);
            number += 1;
        }
        beside = beside.max(slowest(&mut anna, &bo, 3)?);
    }
    // Those that connected only now say their part, too.
    for (number, stream) in open.iter_mut().enumerate().filter(|(number, _)| number % 3 == 1) {
        throw(stream, &options("TCP", number as u32).as_bytes()[40..60]);
    }
    beside = beside.max(slowest(&mut anna, &bo, 20)?);
    let grown = resident(&daemon)?.saturating_sub(before);
    eprintln!("10,000 half-open connections: ringing after {beside:?}, alone {alone:?}; {grown} KiB more");
    assert!(beside < alone * 20 + Duration::from_millis(200), "{beside:?} beside them, {alone:?} alone");
    assert!(grown < GROWTH_MAX, "the box grew by {grown} KiB");

    // A registered phone's connection made room for nobody, and new ones find room.
    cia.dial("202")?;
    bo.rings()?;
    cia.wait_for("CALL_RINGING").with_context(|| format!("cia's own connection: {}", cia.words()))?;
    cia.hang_up()?;
    let _tcp = phone_over(&daemon, "anna-dator", "tcp").start().context("a phone that comes by TCP")?;
    let _tls = phone_over(&daemon, "anna-bord", "tls").start().context("a phone that comes by TLS")?;
    let mut kept = || open.iter_mut().filter_map(|stream| (!is_closed(stream)).then_some(())).count();
    wait_for("end of connections that never said who they are", Duration::from_secs(10), || {
        (kept() <= 2_048).then_some(())
    })
    .with_context(|| format!("{} were kept", kept()))?;
    drop(open);
    must_answer(&daemon)
}

#[test]
fn a_connection_that_dawdles_is_let_go_and_one_that_talks_is_not() -> Result<()> {
    let daemon = Daemon::with_site(&company())?;
    let mut talks = connection(1, daemon.sip())?;
    let mut open =
        [(2, "nothing"), (3, "line ends"), (4, "a message, by the byte"), (5, "a handshake, by the byte")]
            .map(|(number, what)| {
                let to = if number == 5 { daemon.sips() } else { daemon.sip() };
                connection(number, to).map(|stream| (what, stream))
            });
    let message = options("TCP", 1);
    let mut sent = 0;
    wait_for("end of those that dawdle", Duration::from_secs(45), || {
        // Looked at every few milliseconds; a byte at each tenth look.
        sent += 1;
        if sent % 10 == 0 {
            throw(&mut talks, options("TCP", sent).as_bytes());
        }
        let mut left = 0;
        for (what, stream) in open.iter_mut().flatten() {
            if sent % 100 == 0 {
                match *what {
                    "line ends" => _ = throw(stream, b"\r\n\r\n"),
                    "a message, by the byte" => {
                        throw(stream, &message.as_bytes()[sent as usize / 100 % 60..][..1]);
                    }
                    "a handshake, by the byte" => _ = throw(stream, b"\x16"),
                    _ => {}
                }
            }
            left += usize::from(!is_closed(stream));
        }
        (left == 0).then_some(())
    })?;
    assert!(!is_closed(&mut talks));
    must_answer(&daemon)
}
