//! Everything at once: half-open connections by the thousand, peers that never read, garbage on every port. Two people
//! talk meanwhile, and others call.

use super::daemon_company::{company, must_answer, options, phone};
use super::daemon_connections::{allow_connections, connection};
use super::daemon_hostile::{garbage, media_ports};
use super::handset::Handset;
use crate::world::daemon::Daemon;
use crate::world::loopback;
use crate::world::phone::baresip::Phone;
use anyhow::{Context, Result, ensure};
use std::io::{ErrorKind, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::time::Duration;

const CONNECTIONS: u32 = 10_000;
const ROUNDS: u32 = 10;
/// Peers that ask without end and read nothing.
const NEVER_READING: u32 = 4;
/// What each of them asks in a round.
const QUESTIONS: u32 = 2_000;
/// Calls measured in a round.
const CALLS: usize = 5;
/// A call rings at the latest after so many times what it takes alone, and this.
const RATIO: u32 = 10;
const SCHEDULING: Duration = Duration::from_millis(100);

/// Two further people.
const TALKERS: &str = "
[[users]]
id = \"dan\"
name = \"Dan\"
extension = \"204\"
plan = \"business\"
  [[users.devices]]
  id = \"dan-bord\"
  secret = \"dan-bord-hemlighet\"
  kind = \"desk\"
[[users]]
id = \"eva\"
name = \"Eva\"
extension = \"205\"
plan = \"business\"
  [[users.devices]]
  id = \"eva-bord\"
  secret = \"eva-bord-hemlighet\"
  kind = \"desk\"
";

/// Those who flood.
struct Flood<'a> {
    daemon: &'a Daemon,
    garbage: Vec<Vec<u8>>,
    media: Vec<u16>,
    open: Vec<TcpStream>,
    never_reading: Vec<TcpStream>,
    asked: u32,
    hung_up: u32,
}

impl Flood<'_> {
    /// A tenth of it all.
    fn goes_on(&mut self) -> Result<()> {
        for _ in 0..CONNECTIONS / ROUNDS {
            let number = self.open.len() as u32;
            let mut stream = connection(
                number,
                if number.is_multiple_of(2) { self.daemon.sip() } else { self.daemon.sips() },
            )?;
            if !number.is_multiple_of(3) {
                shout(&mut stream, &options("TCP", number).as_bytes()[..40]);
            }
            self.open.push(stream);
        }
        self.ask_without_reading()?;
        self.throw_garbage()
    }

    /// As much as is taken; whoever was hung up on comes again.
    fn ask_without_reading(&mut self) -> Result<()> {
        for stream in &mut self.never_reading {
            let local = stream.local_addr()?.to_string();
            for _ in 0..QUESTIONS {
                self.asked += 1;
                if !shout(stream, options("TCP", self.asked).replace("[local]", &local).as_bytes()) {
                    *stream = connection(CONNECTIONS + self.asked, self.daemon.sip())?;
                    self.hung_up += 1;
                    break;
                }
            }
        }
        Ok(())
    }

    fn throw_garbage(&self) -> Result<()> {
        let socket = UdpSocket::bind((loopback::address(), 0))?;
        let sip = self.daemon.sip();
        for bytes in &self.garbage {
            socket.send_to(bytes, sip)?;
            for port in &self.media {
                socket.send_to(bytes, SocketAddr::new(sip.ip(), *port))?;
                socket.send_to(bytes, SocketAddr::new(sip.ip(), *port + 1))?;
            }
        }
        for bytes in self.garbage.iter().step_by(5) {
            shout(&mut TcpStream::connect(sip)?, bytes);
            shout(&mut TcpStream::connect(self.daemon.sips())?, bytes);
            let mut control = UnixStream::connect(self.daemon.socket())?;
            control.set_nonblocking(true)?;
            // It may have hung up already, or take no more.
            control.write_all(bytes).unwrap_or_default();
        }
        Ok(())
    }
}

/// Writes what is taken; false when the box has hung up.
fn shout(stream: &mut TcpStream, bytes: &[u8]) -> bool {
    match stream.write_all(bytes) {
        Ok(()) => true,
        Err(error) => error.kind() == ErrorKind::WouldBlock,
    }
}

/// How long so many calls took until they rang, shortest first.
fn ringing(one: &mut Handset, other: &Handset, calls: usize) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    for _ in 0..calls {
        times.push(one.time_to_ring(other, "202")?);
    }
    times.sort();
    Ok(times)
}

#[test]
fn floods_of_every_kind_at_once_are_noticed_by_nobody_who_talks_or_calls() -> Result<()> {
    let _alone = allow_connections(CONNECTIONS)?;
    let daemon = Daemon::with_site(&(company() + TALKERS))?;
    let (mut anna, bo) =
        (Handset::registered(&daemon, "anna-bord")?, Handset::registered(&daemon, "bo-bord")?);
    let mut eva = Phone { answers: true, tone: 700, ..phone(&daemon, "eva-bord") }.start()?;
    let mut dan = phone(&daemon, "dan-bord").start()?;
    dan.dial("205")?;
    dan.wait_for("CALL_ESTABLISHED")?;
    ensure!(dan.hear(0.5)?.has_tone(700.0), "they hear each other");
    let alone = ringing(&mut anna, &bo, 4 * CALLS)?;

    let media = [media_ports(&dan)?, media_ports(&eva)?].concat();
    let never_reading = (0..NEVER_READING).map(|number| connection(CONNECTIONS + number, daemon.sip()));
    let never_reading = never_reading.collect::<Result<_>>()?;
    let mut flood = Flood {
        daemon: &daemon,
        garbage: garbage(),
        media,
        open: Vec::new(),
        never_reading,
        asked: NEVER_READING,
        hung_up: 0,
    };
    let mut beside = Vec::new();
    for round in 0..ROUNDS {
        let before = dan.hear(0.0)?.seconds();
        flood.goes_on()?;
        beside.extend(ringing(&mut anna, &bo, CALLS).with_context(|| format!("round {round}"))?);
        let heard = dan.hear(before + 0.5)?.between(before, f64::MAX);
        ensure!(heard.has_tone(700.0), "the talk goes on in round {round}");
    }
    beside.sort();
    let half = |times: &[Duration]| times[times.len() / 2];
    let (alone, beside, slowest) = (half(&alone), half(&beside), beside[beside.len() - 1]);
    eprintln!(
        "floods: ringing after {beside:?}, slowest {slowest:?}, alone {alone:?}; {} asked",
        flood.asked
    );
    ensure!(flood.hung_up > 0, "nobody who never reads was hung up on");
    ensure!(flood.open.len() == CONNECTIONS as usize, "{} connections", flood.open.len());
    ensure!(beside < alone * RATIO + SCHEDULING, "{beside:?} beside them, {alone:?} alone");
    ensure!(slowest < alone * RATIO * RATIO + SCHEDULING * 10, "{slowest:?} at worst, {alone:?} alone");

    eva.hang_up()?;
    dan.wait_for("CALL_CLOSED")?;
    ensure!(!daemon.log().contains("panicked"), "{}", daemon.log());
    must_answer(&daemon)
}
