//! Legs of several threads that come together and part again, with real sockets.

use super::{Heard, SocketPorts, Sound};
use crate::exchange::Network;
use media::{Agreed, Codec, Command, Direction, Event, Leg, Role, Room, Statistics, Whom};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

const PATIENCE: Duration = Duration::from_secs(10);
/// A packet's time, and how long a phone listens before it says its next.
const PACKET: Duration = Duration::from_millis(20);
/// Sound of 20 ms.
const SAMPLES: u32 = 160;
const ROOM: Room = Room(1);

/// A phone, the port it was given, and where it is in what it says.
struct Phone {
    leg: Leg,
    socket: UdpSocket,
    port: SocketAddr,
    packets: u16,
}

impl Phone {
    /// Says a packet of loud sound with a mark of its own.
    fn say(&mut self) {
        let mut packet = vec![0x80, 8];
        packet.extend(self.packets.to_be_bytes());
        packet.extend((u32::from(self.packets) * SAMPLES).to_be_bytes());
        packet.extend([0, 0, 0, self.mark()]);
        packet.extend(self.sound());
        self.packets += 1;
        self.socket.send_to(&packet, self.port).unwrap();
    }

    fn mark(&self) -> u8 {
        u8::try_from(self.leg.0).unwrap() + 1
    }

    /// A loud square wave in A-law, of 400 Hz for the first and 800 Hz for the next.
    fn sound(&self) -> Vec<u8> {
        let half = 10 / usize::from(self.mark());
        (0..SAMPLES as usize).map(|at| if at / half % 2 == 0 { 0x9a } else { 0x1a }).collect()
    }

    /// What comes within a packet's time.
    fn hear(&self) -> Option<Vec<u8>> {
        let mut packet = [0; 400];
        let (length, from) = self.socket.recv_from(&mut packet).ok()?;
        assert_eq!(from, self.port, "its sound comes from its own port");
        Some(packet[12..length].to_vec())
    }
}

/// Phones whose legs are each on a thread of their own.
struct World {
    ports: SocketPorts,
    events: mpsc::Receiver<Heard>,
    phones: Vec<Phone>,
}

impl World {
    fn new(count: u64) -> Self {
        let (tell, events) = mpsc::channel(1_000);
        let seeds = (0..count).map(|seed| [seed as u8; 32]).collect();
        let first = free();
        let mut ports = SocketPorts::new(first..=u16::MAX - 1, Sound::start(seeds, &tell, None).unwrap());
        let phones = (0..count).map(Leg).map(|leg| {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            socket.set_read_timeout(Some(PACKET)).unwrap();
            let address = IpAddr::from(Ipv4Addr::LOCALHOST);
            let port = SocketAddr::new(address, ports.open(leg, leg.0, address).unwrap());
            let agreed = Box::new(agreed(socket.local_addr().unwrap()));
            ports.command(leg, Command::Configure { leg, agreed });
            Phone { leg, socket, port, packets: 0 }
        });
        let phones = phones.collect();
        Self { ports, events, phones }
    }

    fn connect(&mut self, a: u64, b: u64) {
        let (a, b) = (Leg(a), Leg(b));
        self.ports.command(a, Command::Connect { a, b });
    }

    fn join(&mut self, leg: u64) {
        let leg = Leg(leg);
        self.ports.command(leg, Command::Join { room: ROOM, leg, role: Role::MEMBER });
    }

    /// Some speak, until a phone hears what it should.
    fn until(&mut self, speakers: &[usize], by: usize, is_right: impl Fn(&[u8]) -> bool) {
        let began = now();
        loop {
            speakers.iter().for_each(|speaker| self.phones[*speaker].say());
            if self.phones[by].hear().is_some_and(|heard| is_right(&heard)) {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "phone {by} never heard {speakers:?}");
        }
    }

    /// Two hear each other just as they speak.
    fn talk(&mut self, a: usize, b: usize) {
        for (speaker, listener) in [(a, b), (b, a)] {
            let sound = self.phones[speaker].sound();
            self.until(&[speaker], listener, |heard| heard == sound);
        }
    }

    /// Closes all legs and gives what they were like.
    fn close(mut self) -> Vec<Statistics> {
        let legs: Vec<Leg> = self.phones.iter().map(|phone| phone.leg).collect();
        legs.iter().for_each(|leg| self.ports.command(*leg, Command::Close { leg: *leg }));
        let mut closed = Vec::new();
        while closed.len() < legs.len() {
            match self.events.blocking_recv() {
                Some((Whom::Leg(leg), Event::Closed(statistics))) => closed.push((leg, statistics)),
                Some(_) => {}
                None => panic!("only {} legs have said how it was", closed.len()),
            }
        }
        closed.sort_by_key(|(leg, _)| *leg);
        closed.into_iter().map(|(_, statistics)| statistics).collect()
    }
}

/// A port that is free now, from which on others are looked for.
fn free() -> u16 {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.local_addr().unwrap().port().min(60_000)
}

fn agreed(phone: SocketAddr) -> Agreed {
    Agreed {
        remote_rtp: phone,
        remote_rtcp: phone,
        rtcp_mux: false,
        codec: Codec::Pcma,
        payload_type: 8,
        receive_payload_type: 8,
        also_receive: Vec::new(),
        ptime_ms: 20,
        event_payload_type: None,
        event_receive_payload_type: None,
        event_clock_rate: 8_000,
        direction: Direction::SendReceive,
        srtp: None,
        held_by_peer: false,
    }
}

fn is_loud(heard: &[u8]) -> bool {
    // A-law with its sign and its alternate bits away: how loud.
    heard.iter().filter(|octet| (**octet ^ 0x55) & 0x7f > 0x30).count() > heard.len() / 2
}

#[allow(clippy::disallowed_methods)]
fn now() -> Instant {
    Instant::now()
}

#[test]
fn legs_of_different_threads_hear_each_other_and_change_partners() {
    let mut world = World::new(4);
    world.connect(0, 1);
    world.connect(2, 3);
    world.talk(0, 1);
    world.talk(2, 3);
    world.connect(1, 2);
    world.connect(0, 3);
    world.talk(1, 2);
    world.talk(0, 3);
    let said: Vec<u64> = world.phones.iter().map(|phone| phone.packets.into()).collect();
    let received: Vec<u64> = world.close().iter().map(|leg| leg.received).collect();
    assert_eq!(received, said, "nothing was lost on the way between threads");
}

#[test]
fn a_room_of_legs_of_different_threads_becomes_a_call_again() {
    let mut world = World::new(3);
    world.connect(0, 1);
    world.talk(0, 1);
    for leg in [2, 0, 1] {
        world.join(leg);
    }
    for listener in 0..3 {
        let others: Vec<usize> = (0..3).filter(|other| *other != listener).collect();
        world.until(&others, listener, is_loud);
    }
    world.connect(2, 1);
    world.talk(2, 1);
    assert_eq!(world.close().len(), 3);
}
