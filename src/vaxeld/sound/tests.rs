//! Receiving and sending, against real sockets.

use super::peer::Sockets;
use super::polling::{PACKET_MAX, Polling, Ready, Wait};
use media::{Channel, Leg, Pin, Transmit};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(10);
const LEG: Leg = Leg(7);

/// Sockets with a timer that runs, so that nothing waits for ever.
struct World {
    polling: Polling,
    orders: EventFd,
    timer: TimerFd,
    heard: Vec<(Leg, Channel, SocketAddr, Vec<u8>)>,
    ordered: usize,
}

impl World {
    fn new() -> Self {
        let orders = EventFd::from_flags(EfdFlags::EFD_NONBLOCK).unwrap();
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, TimerFlags::TFD_NONBLOCK).unwrap();
        let interval = TimeSpec::from_duration(Duration::from_millis(5));
        timer.set(Expiration::Interval(interval), TimerSetTimeFlags::empty()).unwrap();
        let polling = Polling::new(orders.as_fd(), &timer).unwrap();
        Self { polling, orders, timer, heard: Vec::new(), ordered: 0 }
    }

    /// Opens a leg; where its sound is sent to.
    fn open(&mut self, leg: Leg) -> SocketAddr {
        let sockets = Sockets { rtp: socket(), rtcp: socket() };
        let address = sockets.rtp.local_addr().unwrap();
        self.polling.open(leg, sockets).unwrap();
        address
    }

    /// Goes on until something holds.
    fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let began = now();
        while !holds(self) {
            assert!(began.elapsed() < PATIENCE, "{what}: {} packets were heard", self.heard.len());
            self.turn();
        }
    }

    /// Three ticks: what was going to come has come.
    fn settle(&mut self) {
        for _ in 0..3 {
            self.turn();
        }
    }

    fn turn(&mut self) {
        self.polling.wait(Wait::Anything).unwrap();
        while let Some(ready) = self.polling.next() {
            match ready {
                Ready::Orders => {
                    self.orders.read().unwrap();
                    self.ordered += 1;
                }
                Ready::Timer => {
                    nix::unistd::read(&self.timer, &mut [0; 8]).map(drop).unwrap_or_default();
                }
                Ready::Packet { leg, channel, from, packet } => {
                    self.heard.push((leg, channel, from, packet.to_vec()));
                }
            }
        }
    }

    fn send(&mut self, to: SocketAddr, packet: &[u8]) {
        self.polling.send(&Transmit { leg: LEG, channel: Channel::Rtp, to, packet });
    }

    fn pin(&mut self, source: Option<SocketAddr>) {
        self.polling.pin(Pin { leg: LEG, source });
    }

    fn has_heard(&self, packet: &[u8]) -> bool {
        self.heard.iter().any(|(.., heard)| heard == packet)
    }
}

/// Bound to a port by its number, as the box's are: one that the system has chosen is lost when a socket is connected to
/// nobody again.
fn socket() -> UdpSocket {
    let free = || UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).unwrap();
    let socket = std::iter::repeat_with(|| UdpSocket::bind(free())).find_map(Result::ok).unwrap();
    socket.set_nonblocking(true).unwrap();
    socket
}

fn phone() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

fn received(phone: &UdpSocket) -> Vec<u8> {
    let mut packet = [0; 3000];
    let (length, _) = phone.recv_from(&mut packet).expect("a packet arrives");
    packet[..length].to_vec()
}

#[allow(clippy::disallowed_methods)]
fn now() -> Instant {
    Instant::now()
}

#[test]
fn packets_and_orders_come_in_and_packets_go_out() {
    let mut world = World::new();
    let ((phone, address), port) = (phone(), world.open(LEG));
    phone.send_to(b"hello", port).unwrap();
    world.orders.write(1).unwrap();
    world.until("hello and an order", |world| world.ordered > 0 && !world.heard.is_empty());
    assert_eq!(world.heard, [(LEG, Channel::Rtp, address, b"hello".to_vec())]);
    world.send(address, b"welcome");
    world.turn();
    assert_eq!(received(&phone), b"welcome");
}

#[test]
fn while_a_source_is_alone_others_are_refused_and_afterwards_heard_again() {
    let mut world = World::new();
    let ((peer, address), (stranger, strange)) = (phone(), phone());
    let port = world.open(LEG);
    world.pin(Some(address));
    stranger.send_to(b"stranger", port).unwrap();
    peer.send_to(b"peer", port).unwrap();
    world.until("the peer", |world| world.has_heard(b"peer"));
    assert!(!world.has_heard(b"stranger"));
    // Media may still have to go elsewhere: the agreement has moved, the pin not yet.
    world.send(strange, b"elsewhere");
    world.send(address, b"here");
    world.turn();
    assert_eq!((received(&stranger), received(&peer)), (b"elsewhere".to_vec(), b"here".to_vec()));
    world.pin(None);
    stranger.send_to(b"again", port).unwrap();
    world.until("the stranger", |world| world.has_heard(b"again"));
    assert_eq!(world.heard.last().unwrap().2, strange);
}

#[test]
fn a_peer_that_was_away_is_heard_and_answered_when_it_is_back() {
    let mut world = World::new();
    let ((peer, address), port) = (phone(), world.open(LEG));
    world.pin(Some(address));
    drop(peer);
    for _ in 0..20 {
        world.send(address, b"lost");
        world.turn();
    }
    let peer = UdpSocket::bind(address).unwrap();
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    peer.send_to(b"back", port).unwrap();
    world.until("the peer that is back", |world| world.has_heard(b"back"));
    world.send(address, b"first");
    world.send(address, b"second");
    world.turn();
    assert_eq!((received(&peer), received(&peer)), (b"first".to_vec(), b"second".to_vec()));
}

#[test]
fn what_is_sent_before_a_connection_changes_goes_where_it_should() {
    let mut world = World::new();
    let ((first, first_address), (second, second_address)) = (phone(), phone());
    world.open(LEG);
    world.pin(Some(first_address));
    world.send(first_address, b"one");
    world.pin(None);
    world.pin(Some(second_address));
    world.send(second_address, b"two");
    world.pin(Some(first_address));
    world.send(first_address, b"three");
    world.turn();
    assert_eq!((received(&first), received(&first)), (b"one".to_vec(), b"three".to_vec()));
    assert_eq!(received(&second), b"two");
    assert_eq!(world.polling.close(LEG), 0);
}

#[test]
fn a_refusal_costs_a_connected_leg_one_packet_and_nobody_any_time() {
    let mut world = World::new();
    let ((peer, address), port) = (phone(), world.open(LEG));
    world.pin(Some(address));
    drop(peer);
    world.send(address, b"refused");
    world.settle();
    // Where a refusal is made up, the peer is there.
    let peer = UdpSocket::bind(address).unwrap();
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    for number in 0..10_u8 {
        world.send(address, &[number]);
    }
    world.turn();
    for number in 0..10_u8 {
        assert_eq!(received(&peer), [number]);
    }
    let ((stranger, _), before) = (phone(), world.heard.len());
    peer.send_to(b"peer", port).unwrap();
    stranger.send_to(b"judged by the graph again", port).unwrap();
    world.until("both", |world| world.heard.len() == before + 2);
}

#[test]
fn a_flood_to_one_leg_holds_up_no_other() {
    let mut world = World::new();
    let ((flood, _), (caller, caller_address)) = (phone(), phone());
    let (flooded, quiet) = (world.open(Leg(1)), world.open(Leg(2)));
    world.turn();
    for round in 0..20 {
        let before = world.heard.len();
        for _ in 0..250 {
            flood.send_to(&[0; 172], flooded).unwrap();
        }
        caller.send_to(b"a word", quiet).unwrap();
        let word =
            |world: &World| world.heard[before..].iter().position(|(_, _, from, _)| *from == caller_address);
        world.until("a word", |world| word(world).is_some());
        let ahead = word(&world).unwrap_or_default();
        assert!(ahead < 128, "{ahead} packets went before in round {round}");
    }
}

#[test]
fn more_packets_than_there_is_room_for_all_arrive() {
    let mut world = World::new();
    let (phone, _) = phone();
    let ports: Vec<_> = (0..8).map(|leg| world.open(Leg(leg))).collect();
    for number in 0..100_u8 {
        for port in &ports {
            phone.send_to(&[number; 172], port).unwrap();
        }
    }
    world.until("all packets", |world| world.heard.len() == 800);
    phone.send_to(b"last", ports[3]).unwrap();
    world.until("the last", |world| world.has_heard(b"last"));
}

#[test]
fn more_packets_than_are_handed_over_at_once_are_all_sent() {
    let mut world = World::new();
    world.open(LEG);
    let phones: Vec<_> = (0..10).map(|_| phone()).collect();
    for number in 0..1000_u32 {
        world.send(phones[number as usize % 10].1, &number.to_be_bytes());
    }
    world.turn();
    for number in 0..1000_u32 {
        assert_eq!(received(&phones[number as usize % 10].0), number.to_be_bytes());
    }
    assert_eq!(world.polling.close(LEG), 0);
}

#[test]
fn what_is_sent_last_goes_out_before_a_leg_closes_and_its_port_is_free() {
    let mut world = World::new();
    let ((phone, address), port) = (phone(), world.open(LEG));
    world.send(address, b"goodbye");
    world.polling.close(LEG);
    world.settle();
    assert_eq!(received(&phone), b"goodbye");
    UdpSocket::bind(port).expect("the port is free");
}

#[test]
fn a_packet_too_long_is_cut_and_one_of_nothing_passes() {
    let mut world = World::new();
    let ((phone, _), port) = (phone(), world.open(LEG));
    for packet in [&[1; 3000][..], &[], b"end"] {
        phone.send_to(packet, port).unwrap();
    }
    world.until("the end", |world| world.has_heard(b"end"));
    assert_eq!(world.heard[0].3, [1; PACKET_MAX]);
}
