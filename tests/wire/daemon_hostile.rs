//! Peers that mean harm, or know no better: everybody else notices nothing.

use super::daemon_company::{
    ask_by_datagram, bo, company, connect, must_answer, options, phone, phone_over, records,
};
use crate::world::daemon::Daemon;
use crate::world::deadline::Deadline;
use crate::world::loopback;
use crate::world::phone::baresip::{Baresip, Phone};
use anyhow::{Context, Result, ensure};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// What an innocent bystander waits at most.
const PROMPTLY: Duration = Duration::from_secs(1);

/// Bytes of every kind: noise, torn messages, numbers that are too large.
pub(super) fn garbage() -> Vec<Vec<u8>> {
    let mut dice = ChaCha8Rng::seed_from_u64(4711);
    let mut all: Vec<Vec<u8>> = Vec::new();
    for length in [1, 3, 20, 200, 1_400, 9_000] {
        for _ in 0..8 {
            let mut noise = vec![0; length];
            dice.fill_bytes(&mut noise);
            all.push(noise);
        }
    }
    let good = options("UDP", 9);
    for cut in (0..good.len()).step_by(37) {
        all.push(good.as_bytes()[..cut].to_vec());
    }
    for (from, to) in [
        ("SIP/2.0\r\nVia", "SIP/7.0\r\nVia"),
        ("Content-Length: 0", "Content-Length: -1"),
        ("Content-Length: 0", "Content-Length: 99999999999999999999"),
        ("CSeq: 1 OPTIONS", "CSeq: 99999999999 INVITE"),
        ("OPTIONS sip", "\u{fffd}\u{0} sip"),
        ("From: ", "From: \"\u{0}"),
        ("Max-Forwards: 70", "Max-Forwards: -70"),
    ] {
        all.push(good.replacen(from, to, 1).into_bytes());
    }
    all
}

/// Sends bytes and does not mind that the other side hangs up.
fn throw(stream: &mut TcpStream, bytes: &[u8]) -> Result<()> {
    match stream.write_all(bytes) {
        Ok(()) => Ok(()),
        Err(error) if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => Ok(()),
        Err(error) => Err(error).context("throwing"),
    }
}

#[test]
fn garbage_on_every_port_changes_nothing() -> Result<()> {
    let daemon = Daemon::with_site(&company())?;
    let socket = UdpSocket::bind((loopback::address(), 0))?;
    for bytes in garbage() {
        socket.send_to(&bytes, daemon.sip())?;
        throw(&mut TcpStream::connect(daemon.sip())?, &bytes)?;
        throw(&mut TcpStream::connect(daemon.sips())?, &bytes)?;
        let mut control = UnixStream::connect(daemon.socket())?;
        control.set_write_timeout(Some(PROMPTLY))?;
        if let Err(error) = control.write_all(&bytes) {
            ensure!(error.kind() == ErrorKind::BrokenPipe, "{error}");
        }
    }
    must_answer(&daemon)?;
    let mut stream = connect(&daemon)?;
    stream.write_all(options("TCP", 2).replace("[local]", &stream.local_addr()?.to_string()).as_bytes())?;
    let mut answer = [0; 2_048];
    let length = stream.read(&mut answer)?;
    assert!(answer[..length].starts_with(b"SIP/2.0 200"), "{}", String::from_utf8_lossy(&answer[..length]));
    assert!(!daemon.log().contains("panicked"), "{}", daemon.log());
    Ok(())
}

/// The ports for sound that the box gave a phone.
pub(super) fn media_ports(phone: &Baresip) -> Result<Vec<u16>> {
    let words = phone.words();
    let offered = words.split("m=audio ").skip(1).filter_map(|rest| rest.split(' ').next()?.parse().ok());
    let ports: Vec<u16> = offered.filter(|port| *port >= 20_000).collect();
    ensure!(!ports.is_empty(), "the box gave a port: {words}");
    Ok(ports)
}

#[test]
fn garbage_on_media_ports_is_not_heard() -> Result<()> {
    let daemon = Daemon::with_site(&company())?;
    let mut bo = Phone { answers: true, ..bo(&daemon) }.start()?;
    let mut anna = phone(&daemon, "anna-bord").start()?;
    anna.dial("202")?;
    anna.wait_for("CALL_ESTABLISHED")?;
    assert!(anna.hear(0.5)?.has_tone(700.0));
    let ports = media_ports(&anna)?;
    let socket = UdpSocket::bind((loopback::address(), 0))?;
    let before = anna.hear(0.0)?.seconds();
    for bytes in garbage() {
        for port in &ports {
            for port in [*port, port + 1] {
                socket.send_to(&bytes, SocketAddr::new(daemon.sip().ip(), port))?;
            }
        }
    }
    let heard = anna.hear(before + 1.0)?.between(before, f64::MAX);
    assert!(heard.has_tone(700.0), "the call goes on");
    bo.hang_up()?;
    records(&daemon, 1)?;
    Ok(())
}

#[test]
fn a_connection_that_never_reads_harms_nobody() -> Result<()> {
    let daemon = Daemon::with_site(&company())?;
    let mut bo = Phone { answers: true, ..bo(&daemon) }.start()?;
    let mut anna = phone(&daemon, "anna-bord").start()?;
    anna.dial("202")?;
    anna.wait_for("CALL_ESTABLISHED")?;
    let before = anna.hear(0.5)?.seconds();

    let mut stream = TcpStream::connect(daemon.sip())?;
    stream.set_write_timeout(Some(Duration::from_millis(200)))?;
    let local = stream.local_addr()?.to_string();
    let deadline = Deadline::after(Duration::from_secs(8));
    let (mut sent, mut slowest) = (0, Duration::ZERO);
    while sent < 200_000 && !deadline.has_passed() {
        let batch: String =
            (sent..sent + 1_000).map(|number| options("TCP", number).replace("[local]", &local)).collect();
        sent += 1_000;
        // Not to be read from any more, or hung up on, is as good as being answered.
        if stream.write_all(batch.as_bytes()).is_err() {
            break;
        }
        if sent % 10_000 == 0 {
            slowest = slowest.max(answer_time(&daemon)?);
        }
    }
    slowest = slowest.max(answer_time(&daemon)?);
    assert!(slowest < PROMPTLY, "somebody else waited {slowest:?} after {sent} requests");
    let started = Deadline::after(Duration::from_secs(5));
    let mut cia = phone(&daemon, "cia-bord").start()?;
    assert!(!started.has_passed(), "a phone registers meanwhile");
    assert!(anna.hear(before + 1.0)?.between(before, f64::MAX).has_tone(700.0), "the call has its sound");
    cia.dial("201")?;
    // Anna is in a call: her mailbox takes this one.
    cia.wait_for("CALL_ESTABLISHED")?;
    bo.hang_up()?;
    anna.wait_for("CALL_CLOSED")?;
    Ok(())
}

/// How long an OPTIONS by datagram waits for its answer.
fn answer_time(daemon: &Daemon) -> Result<Duration> {
    const ALL: Duration = Duration::from_secs(60);
    let watch = Deadline::after(ALL);
    ask_by_datagram(daemon, &options("UDP", 7))?;
    Ok(ALL - watch.left())
}

#[test]
fn thousands_of_half_open_connections_keep_nobody_from_calling() -> Result<()> {
    let daemon = Daemon::with_site(&company())?;
    let _bo = Phone { answers: true, ..bo(&daemon) }.start()?;
    let mut anna = phone(&daemon, "anna-bord").start()?;
    let mut open = Vec::new();
    // More than one host may have: those that came first make room.
    for number in 0..3_000_u32 {
        let at = if number % 2 == 0 { daemon.sip() } else { daemon.sips() };
        let Ok(mut stream) = TcpStream::connect_timeout(&at, PROMPTLY) else { break };
        let part = &options("TCP", number)[..40];
        throw(&mut stream, part.as_bytes())?;
        open.push(stream);
    }
    assert!(open.len() > 500, "only {} connections were taken", open.len());
    anna.dial("202")?;
    anna.wait_for_within("CALL_ESTABLISHED", Duration::from_secs(3))
        .with_context(|| format!("beside {} connections", open.len()))?;
    assert!(answer_time(&daemon)? < PROMPTLY);
    // Its connection comes from the same address as theirs.
    let _cia =
        phone_over(&daemon, "cia-bord", "tcp").start().context("beside its own address's connections")?;
    anna.hang_up()?;
    records(&daemon, 1)?;
    drop(open);
    must_answer(&daemon)
}

#[test]
fn the_torture_messages_of_rfc_4475_and_5118_leave_the_box_answering() -> Result<()> {
    let daemon = Daemon::with_site(&company())?;
    let socket = UdpSocket::bind((loopback::address(), 0))?;
    socket.set_read_timeout(Some(PROMPTLY))?;
    let mut messages = 0;
    for folder in ["rfc4475", "rfc5118"] {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(folder);
        let mut entries: Vec<_> =
            std::fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
        entries.sort();
        for path in entries.iter().filter(|path| path.extension().is_some_and(|name| name == "dat")) {
            let bytes = std::fs::read(path)?;
            messages += 1;
            socket.send_to(&bytes, daemon.sip())?;
            throw(&mut TcpStream::connect(daemon.sip())?, &bytes)?;
            must_answer(&daemon).with_context(|| format!("after {}", path.display()))?;
        }
    }
    assert!(messages > 50, "only {messages} messages were thrown");
    assert!(!daemon.log().contains("panicked"), "{}", daemon.log());
    assert_eq!(daemon.ask(&["calls"])?, serde_json::json!([]), "none of them is a call");
    Ok(())
}

#[test]
fn a_control_client_that_says_nothing_keeps_nobody_waiting() -> Result<()> {
    let daemon = Daemon::start()?;
    let idle: Vec<UnixStream> =
        (0..30).map(|_| UnixStream::connect(daemon.socket())).collect::<Result<_, _>>()?;
    for line in ["{}\n", "[]\n", "{\"command\":{\"do\":\"fly\"}}\n", "\n"] {
        let mut stream = UnixStream::connect(daemon.socket())?;
        stream.set_read_timeout(Some(PROMPTLY))?;
        stream.write_all(line.as_bytes())?;
        let mut answer = [0; 1_024];
        let length = stream.read(&mut answer)?;
        let text = String::from_utf8_lossy(&answer[..length]).into_owned();
        assert!(text.contains("refused"), "{line:?} got {text}");
    }
    daemon.ask(&["status"])?;
    drop(idle);
    Ok(())
}
