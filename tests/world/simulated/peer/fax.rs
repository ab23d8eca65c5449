//! A peer's fax machine: its descriptions, written by hand, and the datagrams it sends and gets (ITU-T T.38).

use super::{Call, Manner, Peer};
use model::Now;
use sip::endpoint::{Body, SessionId};
use sip::{Headers, Request, Status};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How often a machine sends while it sends a page.
const PACE: Duration = Duration::from_millis(40);

/// What a peer does when it is asked to fax by T.38.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Faxing {
    /// It has no machine, or one that knows G.711 only.
    Refuses(Status),
    /// It does.
    Takes,
    /// It says nothing.
    Ponders,
    /// It answers with sound in the place of the fax.
    Talks,
}

/// A fax going on.
pub(crate) struct Machine {
    /// Where it sends to.
    pub remote: SocketAddr,
    /// What the box said of the other machine.
    pub terms: Vec<String>,
    /// Whether it has a page to send.
    pub sends: bool,
    /// What it sent.
    pub sent: Vec<Vec<u8>>,
    /// All that came while it did not talk, whatever it was.
    pub got: Vec<Vec<u8>>,
    pub next: Instant,
}

impl Call {
    /// What its machine says of itself.
    pub fn terms(&self) -> Vec<String> {
        terms(self.rtp)
    }

    fn image(&self, version: usize) -> String {
        let shown = SocketAddr::new(self.profile.shows.unwrap_or(self.rtp.ip()), self.rtp.port());
        image(self.rtp, version).replace(&self.rtp.ip().to_string(), &shown.ip().to_string())
    }

    /// Takes the box's description of a fax. False where it is about something else.
    pub(super) fn take_fax(&mut self, now: Now, description: &[u8]) -> bool {
        let text = String::from_utf8_lossy(description);
        let of = |start: &str| text.lines().find_map(|line| line.strip_prefix(start).map(str::to_owned));
        let Some(image) = of("m=image ").filter(|image| !image.starts_with("0 ")) else { return false };
        let port: u16 = image.strip_suffix(" udptl t38").expect("T.38").parse().expect("a port");
        let ip = of("c=IN IP4 ").expect("an address").parse().expect("an address");
        let terms = text.lines().filter(|line| line.starts_with("a=T38")).map(str::to_owned).collect();
        let remote = SocketAddr::new(ip, port);
        (self.next_packet, self.next_report) = (None, None);
        match &mut self.fax {
            Some(machine) => (machine.remote, machine.terms) = (remote, terms),
            None => {
                let (sent, got) = (Vec::new(), Vec::new());
                self.fax = Some(Machine { remote, terms, sends: false, sent, got, next: now.mono });
            }
        }
        true
    }

    /// When its machine sends next.
    pub(super) fn next_datagram(&self) -> Option<Instant> {
        self.fax.as_ref().filter(|machine| machine.sends && self.is_up()).map(|machine| machine.next)
    }

    /// The next datagram of its page.
    pub(super) fn fax_on(&mut self, now: Now) -> Option<(SocketAddr, SocketAddr, Vec<u8>)> {
        self.next_datagram().filter(|at| *at <= now.mono)?;
        let rtp = self.rtp;
        let machine = self.fax.as_mut()?;
        machine.next = now.mono + PACE;
        // Some numbers look like those of RTP and RTCP.
        let number = 0x8060_u16.wrapping_add(machine.sent.len() as u16);
        let mut datagram = number.to_be_bytes().to_vec();
        datagram.push(20 + (number % 50) as u8);
        datagram.extend((0..20 + number % 50).map(|at| (at * 7 + rtp.port()) as u8));
        datagram.extend([0, 0]);
        machine.sent.push(datagram.clone());
        Some((rtp, machine.remote, datagram))
    }
}

impl Peer {
    /// Its newest call is to become a fax; what comes of it is in [`Call::fax`] or [`Call::refused`].
    pub fn propose_fax(&mut self, now: Now) {
        let Some(call) = self.calls.last_mut() else { return };
        call.fax_wanted = true;
        let offer = call.image(2);
        self.endpoint.modify(now.mono, call.session, Body::sdp(offer));
    }

    /// Its machine says at last what it has thought about.
    pub fn has_pondered(&mut self, now: Now, faxing: Faxing) {
        self.faxing = faxing;
        let at = self.calls.len() - 1;
        let (session, offer) = self.calls[at].pondered.take().expect("it was asked");
        self.offered_fax(now, (session, at), &offer);
    }

    /// Is called by a machine that wants to fax at once.
    pub(super) fn called_by_fax(&mut self, now: Now, at: usize, request: Request) {
        let (session, offer) = (self.calls[at].session, request.body.clone());
        self.calls[at].invite = Some(request);
        if let Faxing::Refuses(status) = self.faxing {
            return self.endpoint.reject(now.mono, session, status, Headers::new());
        }
        self.calls[at].take_fax(now, &offer);
        self.calls[at].early = Some(self.calls[at].image(1).into_bytes());
        self.endpoint.ring(now.mono, session, Status::RINGING, None);
        if let Manner::Answers(after) = self.manner {
            self.calls[at].answer_at = Some(now.mono + after);
        }
    }

    /// Treats an offer to fax in an answered call. False where it is about something else.
    pub(super) fn offered_fax(&mut self, now: Now, (session, at): (SessionId, usize), offer: &[u8]) -> bool {
        if !String::from_utf8_lossy(offer).contains("\nm=image ") {
            return false;
        }
        let call = &mut self.calls[at];
        let sound = call.negotiation.offer(None);
        let answer = match self.faxing {
            Faxing::Refuses(status) => {
                call.negotiation.withdraw();
                self.endpoint.refuse_offer(now.mono, session, status);
                return true;
            }
            Faxing::Ponders => {
                call.negotiation.withdraw();
                call.pondered = Some((session, offer.to_vec()));
                return true;
            }
            Faxing::Talks => sound,
            Faxing::Takes => {
                assert!(call.take_fax(now, offer), "{}", String::from_utf8_lossy(offer));
                call.image(3).into_bytes()
            }
        };
        self.endpoint.accept_offer(now.mono, session, Body::sdp(answer));
        true
    }
}

/// How a machine at an address describes itself.
pub(super) fn image(rtp: SocketAddr, version: usize) -> String {
    let (ip, port) = (rtp.ip(), rtp.port());
    let terms: String = terms(rtp).iter().map(|term| format!("{term}\r\n")).collect();
    format!(
        "v=0\r\no=fax 7 {version} IN IP4 {ip}\r\ns=fax\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=image {port} udptl \
         t38\r\n{terms}"
    )
}

/// What it says of itself; each machine something else.
fn terms(rtp: SocketAddr) -> Vec<String> {
    let buffer = 100 + rtp.port();
    vec![
        "a=T38FaxVersion:0".to_owned(),
        "a=T38MaxBitRate:14400".to_owned(),
        "a=T38FaxRateManagement:transferredTCF".to_owned(),
        format!("a=T38FaxMaxBuffer:{buffer}"),
        "a=T38FaxMaxDatagram:320".to_owned(),
        "a=T38FaxUdpEC:t38UDPRedundancy".to_owned(),
        "a=T38Novelty:a b".to_owned(),
    ]
}
