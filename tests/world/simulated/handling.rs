//! What people do with calls: connecting, keys, and what they hear of the box itself.

use super::World;
use super::peer::{PeerId, State};
use media::Direction;
use sip::endpoint::{Digit, Refer, ReferProgress};
use sip::{Authority, Headers, ReferTo, Uri};
use std::time::Duration;

impl World {
    /// A phone connects whom its newest call talks to with a number.
    pub fn connect_with(&mut self, peer: PeerId, number: &str) {
        let to = ReferTo::new(at_box(number));
        let call = *self.up_calls(peer).last().expect("it is in a call");
        self.refers(peer, call, to);
    }

    /// A phone connects those whom its two newest calls talk to with each other.
    pub fn connect_both(&mut self, peer: PeerId) {
        let calls = self.peers[peer.0].calls.iter().enumerate();
        let going: Vec<usize> =
            calls.filter(|(_, call)| !matches!(call.state, State::Over(_))).map(|(at, _)| at).collect();
        let [.., first, second] = going[..] else { panic!("there are not two calls\n{}", self.ladder) };
        let second = self.peers[peer.0].calls[second].session;
        let mut to = ReferTo::new(at_box("nobody"));
        to.replaces = self.peers[peer.0].endpoint.replaces(second);
        assert!(to.replaces.is_some(), "there is a second call");
        self.refers(peer, first, to);
    }

    /// What became of a phone's wishes to connect.
    pub fn connected(&self, peer: PeerId) -> &[ReferProgress] {
        &self.peers[peer.0].referrals
    }

    /// Somebody presses keys, which their phone sends by INFO.
    pub fn press_by_info(&mut self, peer: PeerId, keys: &str) {
        let session = self.on(peer).session;
        for key in keys.chars() {
            let digit = Digit::parse(&key.to_string()).expect("a key");
            let now = self.now.mono;
            let phone = &mut self.peers[peer.0];
            let id = phone.endpoint.send_digit(now, session, digit, Duration::from_millis(160));
            phone.keys.insert(id);
            self.drain();
            self.run(0.2);
        }
    }

    /// Somebody asks for another direction of sound in the newest call that is going on.
    pub fn wish_up(&mut self, peer: PeerId, direction: Direction) {
        let now = self.now;
        let call = *self.up_calls(peer).last().expect("it is in a call");
        self.peers[peer.0].wish_in(now, call, direction);
        self.drain();
    }

    /// Somebody's calls that are answered and going on, the newest last; calls count from 0.
    pub fn up_calls(&self, peer: PeerId) -> Vec<usize> {
        let calls = self.peers[peer.0].calls.iter().enumerate();
        calls.filter(|(_, call)| call.is_up()).map(|(at, _)| at).collect()
    }

    /// Somebody hangs up every call they have.
    pub fn leave(&mut self, peer: PeerId) {
        let now = self.now;
        self.peers[peer.0].hang_up_all(now);
        self.drain();
    }

    /// Does a peer hear something of the box in its newest call, tone or music, that none of the others says? Waits for
    /// as long as the pause in a ringing tone.
    pub fn hears_the_box(&mut self, peer: PeerId) -> bool {
        for _ in 0..21 {
            let call = self.on(peer);
            let loud =
                call.agreed.as_ref().is_some_and(|agreed| call.ear.loudness(self.now.mono, agreed) > 0.1);
            if loud && self.hears(peer).is_empty() {
                return true;
            }
            self.run(0.3);
        }
        false
    }

    fn refers(&mut self, peer: PeerId, call: usize, to: ReferTo) {
        let now = self.now.mono;
        let phone = &mut self.peers[peer.0];
        let session = phone.calls[call].session;
        phone.endpoint.refer(now, session, Refer { to, referred_by: None, extra: Headers::new() });
        self.drain();
    }
}

fn at_box(number: &str) -> Uri {
    let host = Authority::parse(&super::the_box::address().ip().to_string()).expect("an address is a host");
    Uri::sip(Some(number), &host)
}
