//! Peers of a world, and the verbs of stories.

use super::peer::{Account, Call, Dial, Faxing, Manner, Peer, PeerId};
use super::weather::Packet;
use super::{World, secs, sound, the_box};
use media::Direction;
use model::{CallRecord, Command, Reply};
use sip::Status;
use sip::digest::{Authenticator, Config, Credentials};
use sip::flow::Transport;
use std::net::SocketAddr;

impl World {
    /// The operator of the demo site.
    pub const OPERATOR: PeerId = PeerId(0);
    /// The registrar of its reserve trunk.
    pub const RESERVE: PeerId = PeerId(1);

    /// A phone that has registered.
    #[track_caller]
    pub fn phone(&mut self, device: &str) -> PeerId {
        let phone = self.device(device);
        self.register(phone);
        phone
    }

    /// A phone that has not registered. Each has an address of its own.
    pub fn device(&mut self, device: &str) -> PeerId {
        let address = SocketAddr::from(([127, 0, 0, 11 + self.peers.len() as u8], 5060));
        self.add(device, address, Account::Device(device.to_owned()))
    }

    /// A further contact of a device: the same name and secret at another address.
    pub fn device_at(&mut self, device: &str, address: &str) -> PeerId {
        let address = address.parse().expect("an address");
        self.add(device, address, Account::Device(device.to_owned()))
    }

    /// Registers a phone and waits for the box to agree.
    #[track_caller]
    pub fn register(&mut self, phone: PeerId) {
        let now = self.now;
        self.peers[phone.0].register(now);
        self.drain();
        self.wait(35.0, "a registration", |world| world.peers[phone.0].registered.is_some());
        assert_eq!(self.peers[phone.0].registered, Some(Status::OK), "{}", self.ladder);
    }

    /// An operator that is trusted by its address.
    pub fn operator_at(&mut self, name: &str, address: &str) -> PeerId {
        self.add(name, address.parse().expect("an address"), Account::Trunk(None))
    }

    /// An operator that the box registers with.
    pub fn registrar_at(&mut self, name: &str, address: &str, (user, secret): (&str, &str)) -> PeerId {
        let config = Config { realm: "operator.example".into(), ..Config::default() };
        let authenticator = Authenticator::new(config, [5; 32], self.now.mono);
        let credentials = Credentials { user: user.to_owned(), secret: secret.to_owned() };
        let account = Account::Trunk(Some((authenticator, credentials)));
        self.add(name, address.parse().expect("an address"), account)
    }

    /// An address that a story sends from by itself; what it is sent is in [`World::letters`].
    pub fn stranger(&mut self, address: &str, message: &str) {
        self.stranger_bytes(address, message.replace('\n', "\r\n").as_bytes());
    }

    /// The same with any bytes.
    pub fn stranger_bytes(&mut self, address: &str, payload: &[u8]) {
        let from = address.parse().expect("an address");
        let packet =
            Packet { transport: Transport::Udp, from, to: the_box::address(), payload: payload.to_vec() };
        self.network.send(self.now.mono, packet);
    }

    /// A peer, to look at or to change.
    pub fn peer(&mut self, peer: PeerId) -> &mut Peer {
        &mut self.peers[peer.0]
    }

    /// A peer's newest call.
    #[track_caller]
    pub fn on(&self, peer: PeerId) -> &Call {
        self.peers[peer.0].call()
    }

    /// Is a peer's newest call answered and not over?
    pub fn is_up(&self, peer: PeerId) -> bool {
        self.peers[peer.0].calls.last().is_some_and(Call::is_up)
    }

    /// From now on the peer answers after so many seconds of ringing.
    pub fn answers(&mut self, peer: PeerId, seconds: f64) {
        self.peers[peer.0].manner = Manner::Answers(secs(seconds));
    }

    /// Somebody dials.
    pub fn dial(&mut self, peer: PeerId, number: &str) {
        self.call(peer, Dial::to(number));
    }

    /// Somebody calls, in a particular way.
    pub fn call(&mut self, peer: PeerId, dial: Dial) {
        let now = self.now;
        self.peers[peer.0].dial(now, dial);
        self.drain();
    }

    /// Somebody hangs up, gives up, or turns the call down.
    pub fn hang_up(&mut self, peer: PeerId) {
        let now = self.now;
        self.peers[peer.0].hang_up(now);
        self.drain();
    }

    /// Somebody's phone says that another should be called instead: `<sip:203@127.0.0.1>`.
    pub fn send_on(&mut self, peer: PeerId, contact: &str) {
        let now = self.now;
        self.peers[peer.0].send_on(now, contact);
        self.drain();
    }

    /// Everybody ends every call they have.
    pub fn all_hang_up(&mut self) {
        let now = self.now;
        self.peers.iter_mut().for_each(|peer| peer.hang_up_all(now));
        self.drain();
    }

    /// Somebody's phone offers any text as its description.
    pub fn propose(&mut self, peer: PeerId, description: &str) {
        let now = self.now;
        self.peers[peer.0].propose(now, description);
        self.drain();
    }

    /// Somebody's machine asks to fax.
    pub fn propose_fax(&mut self, peer: PeerId) {
        let now = self.now;
        self.peers[peer.0].propose_fax(now);
        self.drain();
    }

    /// Somebody's machine answers at last whether it faxes.
    pub fn has_pondered(&mut self, peer: PeerId, faxing: Faxing) {
        let now = self.now;
        self.peers[peer.0].has_pondered(now, faxing);
        self.drain();
    }

    /// Somebody's machine sends a page for so many seconds.
    #[track_caller]
    pub fn page(&mut self, peer: PeerId, seconds: f64) {
        let now = self.now.mono;
        let machine = |world: &mut Self| {
            let fax = world.peers[peer.0].calls.last_mut().and_then(|call| call.fax.as_mut());
            fax.map(|fax| (fax.next, fax.sends) = (now, !fax.sends)).is_some()
        };
        assert!(machine(self), "it does not fax\n{}", self.ladder);
        self.run(seconds);
        machine(self);
        self.run(0.1);
    }

    /// Somebody answers now.
    pub fn pick_up(&mut self, peer: PeerId) {
        let (now, at) = (self.now, self.peers[peer.0].calls.len() - 1);
        self.peers[peer.0].pick_up(now, at);
        self.drain();
    }

    /// Somebody presses hold.
    pub fn hold(&mut self, peer: PeerId) {
        self.wish(peer, Direction::SendOnly);
    }

    /// Somebody takes the other side back.
    pub fn resume(&mut self, peer: PeerId) {
        self.wish(peer, Direction::SendReceive);
    }

    /// Somebody's phone asks for another direction of sound, or for the same again.
    pub fn wish(&mut self, peer: PeerId, direction: Direction) {
        let now = self.now;
        self.peers[peer.0].wish(now, direction);
        self.drain();
    }

    /// Somebody presses keys.
    pub fn press(&mut self, peer: PeerId, digits: &str) {
        self.peers[peer.0].press(digits);
    }

    /// Somebody's phone moves to another address in the middle of a call, and says so.
    pub fn moves(&mut self, peer: PeerId, rtp: &str) {
        let (now, rtp) = (self.now, rtp.parse().expect("an address"));
        self.peers[peer.0].moves(now, rtp);
        self.drain();
    }

    /// A datagram from anywhere to anywhere.
    pub fn throw(&mut self, from: SocketAddr, to: SocketAddr, payload: Vec<u8>) {
        self.network.send(self.now.mono, Packet { transport: Transport::Udp, from, to, payload });
    }

    /// A peer loses its power: nothing comes from it and nothing reaches it.
    pub fn vanishes(&mut self, peer: PeerId) {
        self.peers[peer.0].gone = true;
    }

    /// Whom a peer hears now, on its newest call.
    pub fn hears(&self, peer: PeerId) -> Vec<PeerId> {
        let call = self.peers[peer.0].calls.len().saturating_sub(1);
        self.hears_in(peer, call)
    }

    /// Whom a peer hears now in one of its calls, counted from 0.
    pub fn hears_in(&self, peer: PeerId, call: usize) -> Vec<PeerId> {
        let Some(call) = self.peers[peer.0].calls.get(call) else { return Vec::new() };
        let Some(agreed) = &call.agreed else { return Vec::new() };
        let tones: Vec<u32> = (0..self.peers.len()).map(sound::pitch).collect();
        let heard = call.ear.hears(self.now.mono, agreed, &tones);
        let whose = |tone: u32| tones.iter().position(|other| *other == tone).map(PeerId);
        heard.into_iter().filter_map(whose).collect()
    }

    /// Two peers talk for a second and a half, and hear each other and nobody else.
    #[track_caller]
    pub fn talk(&mut self, one: PeerId, other: PeerId) {
        self.run(1.5);
        assert_eq!(self.hears(one), [other], "{} hears\n{}", self.peers[one.0].name, self.ladder);
        assert_eq!(self.hears(other), [one], "{} hears\n{}", self.peers[other.0].name, self.ladder);
    }

    /// Asks the box for something and waits for the reply.
    #[track_caller]
    pub fn ask(&mut self, command: Command) -> Reply {
        let ticket = self.vaxel.command(self.now, command);
        self.drain();
        let mut reply = None;
        self.wait(5.0, "a reply", |world| {
            reply = world.vaxel.reply(ticket);
            reply.is_some()
        });
        reply.expect("it came")
    }

    /// Puts a site document in force.
    #[track_caller]
    pub fn apply(&mut self, document: String) {
        let reply = self.ask(Command::SiteApply { document });
        assert!(matches!(reply, Reply::Differences(_)), "{reply:?}");
    }

    /// The record of the only call there was.
    #[track_caller]
    pub fn record(&self) -> &CallRecord {
        let records = &self.vaxel.memory.records;
        assert_eq!(records.len(), 1, "{records:#?}\n{}", self.ladder);
        &records[0]
    }

    fn add(&mut self, name: &str, address: SocketAddr, account: Account) -> PeerId {
        let id = PeerId(self.peers.len());
        self.ladder.name(name);
        self.peers.push(Peer::new(id, name, address, account, self.seed));
        id
    }

    pub(super) fn peers(&mut self) -> &mut [Peer] {
        &mut self.peers
    }
}
