//! Sound in both directions of many calls, each phone at its own moment; when packets arrive is the kernel's word.

use super::phones::{Phone, Phones};
use super::{now, pause};
use anyhow::{Context, Result};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};
use nix::sys::time::TimeSpec;
use nix::time::{ClockId, clock_gettime};
use std::io::IoSliceMut;
use std::net::SocketAddrV4;
use std::os::fd::AsRawFd;
use std::time::Duration;

/// Time between two packets of a phone.
const PACKET: Duration = Duration::from_millis(20);
/// Opus packets that a phone repeats, taken from what it hears first.
const REPEATED: usize = 50;

/// What was sent and what arrived.
#[derive(Default)]
pub(crate) struct Heard {
    /// Packets sent to the box.
    pub sent: usize,
    /// Packets that arrived from it.
    pub arrived: usize,
    /// From sending to arrival at the far phone, where sound is passed on as it is.
    pub delays: Vec<Duration>,
}

struct Talker {
    phone: usize,
    sequence: u16,
    ssrc: u32,
    /// What an Opus phone says: what it heard.
    learned: Vec<Vec<u8>>,
}

/// Everything that talks.
pub(crate) struct Talk {
    talkers: Vec<Talker>,
    epoll: Epoll,
    speech: Vec<[u8; 160]>,
}

impl Talk {
    /// Prepares the phones of calls that are up.
    pub fn new(phones: &mut Phones, pairs: impl Iterator<Item = (usize, usize)>) -> Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let mut all: Vec<usize> = pairs.flat_map(|(a, b)| [a, b]).collect();
        // Neighbours in time must not be the two phones of one call.
        all.sort_unstable();
        let mut talkers = Vec::new();
        for (number, phone) in all.into_iter().enumerate() {
            let entry = phones.get(phone);
            let peer = entry.peer.context("a call has no description")?;
            entry.sound.connect(peer)?;
            setsockopt(&entry.sound, sockopt::ReceiveTimestampns, &true)?;
            epoll.add(&entry.sound, EpollEvent::new(EpollFlags::EPOLLIN, number as u64))?;
            talkers.push(Talker { phone, sequence: 0, ssrc: 0x1000 + phone as u32, learned: Vec::new() });
        }
        Ok(Self { talkers, epoll, speech: speech() })
    }

    /// Lets every phone talk to where it says.
    pub fn aim(&self, phones: &mut Phones, to: impl Fn(usize, &Phone) -> Option<SocketAddrV4>) -> Result<()> {
        for talker in &self.talkers {
            let phone = phones.get(talker.phone);
            let peer = to(talker.phone, phone).context("a phone without anybody to talk to")?;
            phone.sound.connect(peer)?;
        }
        Ok(())
    }

    /// Lets everybody talk for a while.
    pub fn run(&mut self, phones: &mut Phones, time: Duration) -> Result<Heard> {
        let mut heard = Heard::default();
        let began = now();
        let gap = PACKET / self.talkers.len() as u32;
        let mut turn: u32 = 0;
        while began.elapsed() < time {
            while began + gap * turn <= now() {
                let talker = turn as usize % self.talkers.len();
                self.say(phones, talker, &mut heard);
                turn += 1;
            }
            self.hear(phones, &mut heard)?;
            pause((began + gap * turn).saturating_duration_since(now()));
        }
        pause(PACKET * 3);
        self.hear(phones, &mut heard)?;
        Ok(heard)
    }

    fn say(&mut self, phones: &mut Phones, number: usize, heard: &mut Heard) {
        let talker = &mut self.talkers[number];
        let phone = phones.get(talker.phone);
        let opus = phone.codec != "PCMA/8000";
        let mut packet = Vec::with_capacity(256);
        let step: u32 = if opus { 960 } else { 160 };
        talker.sequence = talker.sequence.wrapping_add(1);
        let stamp = u32::from(talker.sequence).wrapping_mul(step);
        packet.extend_from_slice(&[0x80, phone.payload]);
        packet.extend_from_slice(&talker.sequence.to_be_bytes());
        packet.extend_from_slice(&stamp.to_be_bytes());
        packet.extend_from_slice(&talker.ssrc.to_be_bytes());
        let turn = usize::from(talker.sequence);
        if !opus {
            packet.extend_from_slice(&self.speech[turn % self.speech.len()]);
            packet[12..20].copy_from_slice(&clock().to_be_bytes());
        } else if let Some(learned) = talker.learned.get(turn % REPEATED) {
            packet.extend_from_slice(learned);
        } else {
            return;
        }
        if phone.sound.send(&packet).is_ok() {
            heard.sent += 1;
        }
    }

    fn hear(&mut self, phones: &mut Phones, heard: &mut Heard) -> Result<()> {
        let mut events = [EpollEvent::empty(); 256];
        loop {
            let count = match self.epoll.wait(&mut events, EpollTimeout::ZERO) {
                Ok(count) => count,
                Err(nix::Error::EINTR) => continue,
                Err(error) => return Err(error.into()),
            };
            for event in &events[..count] {
                let talker = &mut self.talkers[event.data() as usize];
                let phone = phones.get(talker.phone);
                let mut packet = [0; 512];
                while let Some((length, arrived)) = receive(&phone.sound, &mut packet) {
                    heard.arrived += 1;
                    if phone.codec != "PCMA/8000" {
                        if length > 12 && talker.learned.len() < REPEATED {
                            talker.learned.push(packet[12..length].to_vec());
                        }
                    } else if length == 172 {
                        let sent: [u8; 8] = packet[12..20].try_into()?;
                        let delay = arrived.checked_sub(u64::from_be_bytes(sent));
                        heard.delays.extend(delay.map(Duration::from_nanos));
                    }
                }
            }
            if count < events.len() {
                return Ok(());
            }
        }
    }
}

/// A packet and when the kernel got it.
fn receive(socket: &std::net::UdpSocket, packet: &mut [u8]) -> Option<(usize, u64)> {
    let mut space = nix::cmsg_space!(TimeSpec);
    let mut parts = [IoSliceMut::new(packet)];
    let message =
        recvmsg::<()>(socket.as_raw_fd(), &mut parts, Some(&mut space), MsgFlags::MSG_DONTWAIT).ok()?;
    let arrived = message.cmsgs().ok()?.find_map(|control| match control {
        ControlMessageOwned::ScmTimestampns(time) => Some(nanoseconds(time)),
        _ => None,
    });
    Some((message.bytes, arrived.unwrap_or_default()))
}

fn clock() -> u64 {
    clock_gettime(ClockId::CLOCK_REALTIME).map(nanoseconds).unwrap_or_default()
}

fn nanoseconds(time: TimeSpec) -> u64 {
    time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64
}

/// A second of a voice-like hum in A-law: three partials that rise and fall.
fn speech() -> Vec<[u8; 160]> {
    let sample = |at: usize| {
        let time = at as f64 / 8000.0;
        let envelope = 0.5 + 0.5 * (time * 2.0 * std::f64::consts::TAU).sin();
        let partial = |hertz: f64, part: f64| part * (time * hertz * std::f64::consts::TAU).sin();
        let sum = partial(180.0, 0.4) + partial(720.0, 0.3) + partial(1930.0, 0.15);
        alaw((envelope * sum * 20_000.0) as i16)
    };
    (0..50).map(|packet| std::array::from_fn(|at| sample(packet * 160 + at))).collect()
}

/// ITU-T G.711, A-law.
fn alaw(sample: i16) -> u8 {
    let (sign, magnitude) =
        if sample < 0 { (0, -(i32::from(sample) + 1)) } else { (0x80, i32::from(sample)) };
    let magnitude = magnitude >> 4;
    let exponent = (magnitude >> 4).max(1).ilog2() + u32::from(magnitude >= 16);
    let code = match exponent {
        0 => magnitude,
        exponent => ((exponent as i32) << 4) | ((magnitude >> (exponent - 1)) & 15),
    };
    (code as u8 | sign) ^ 0x55
}
