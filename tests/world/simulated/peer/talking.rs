//! The sound of a peer's call: what it agrees on, says, hears and reports.

use super::{Call, Digits, Reports, State};
use media::rtcp::{self, Compound, NtpClock, Packet, ReportBlock, SenderInfo};
use media::srtp::MasterKey;
use media::{Agreed, NegotiationError, Srtp, rtp};
use model::Now;
use std::net::SocketAddr;
use std::time::Duration;

/// How often a peer reports; more often than real ones, so that stories are short.
const REPORTS: Duration = Duration::from_secs(2);

/// What the box has reported to a peer.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// How often it did.
    pub count: usize,
    /// What it said last about the peer's own sound.
    pub last: Option<ReportBlock>,
    /// It said goodbye.
    pub goodbye: bool,
}

/// A datagram: from where, to where, and what.
type Datagram = (SocketAddr, SocketAddr, Vec<u8>);

impl Call {
    /// Is it answered and not over?
    pub fn is_up(&self) -> bool {
        self.state == State::Up
    }

    /// Where its reports go to, unless they share the port of its sound.
    pub fn rtcp(&self) -> SocketAddr {
        SocketAddr::new(self.rtp.ip(), self.rtp.port() + 1)
    }

    pub(super) fn offer(&mut self) -> Vec<u8> {
        self.profile.offer(self.negotiation.offer(None), self.rtp)
    }

    pub(super) fn answer(&mut self, offer: &[u8]) -> Result<(Vec<u8>, Agreed), NegotiationError> {
        let (answer, agreed) = self.negotiation.answer(offer, None)?;
        Ok((self.profile.answer(answer, self.rtp), agreed))
    }

    /// Takes the box's answer.
    pub(super) fn accept(&mut self, now: Now, answer: &[u8]) {
        if std::mem::take(&mut self.fax_wanted) {
            assert!(self.take_fax(now, answer), "no fax: {}", String::from_utf8_lossy(answer));
            return;
        }
        let mut accepted = self.negotiation.accept(answer);
        if accepted == Err(NegotiationError::NotOffered) && self.agreed.is_some() {
            // The endpoint tried our offer again after a glare, and the box's own came in between.
            drop(self.negotiation.offer(None));
            accepted = self.negotiation.accept(answer);
        }
        match accepted {
            Ok(mut agreed) => {
                // What its words offered beyond its negotiation.
                if self.profile.reports == Reports::Within
                    && String::from_utf8_lossy(answer).contains("a=rtcp-mux")
                {
                    (agreed.rtcp_mux, agreed.remote_rtcp) = (true, agreed.remote_rtp);
                }
                self.agree(now, agreed);
            }
            Err(error) => panic!("the box's answer: {error}\n{}", String::from_utf8_lossy(answer)),
        }
    }

    pub(super) fn agree(&mut self, now: Now, mut agreed: Agreed) {
        if let Some(machine) = &mut self.fax {
            machine.sends = false;
        }
        if self.profile.digits == Digits::Sound {
            // Its descriptions name no events, whatever its negotiation thinks.
            (agreed.event_payload_type, agreed.event_receive_payload_type) = (None, None);
        }
        // Its own number for events is what the box sends them with.
        if let (Digits::Events(number), Some(_)) = (self.profile.digits, agreed.event_payload_type) {
            agreed.event_receive_payload_type = Some(number);
        }
        // Somebody who was called and has not picked up is not heard, but for early sound.
        let mute = self.invite.is_some() && self.state == State::Waiting && self.early.is_none();
        if agreed.direction.sends() && !mute {
            self.next_packet = self.next_packet.or(Some(now.mono));
        } else {
            self.next_packet = None;
        }
        if self.profile.reports != Reports::None {
            self.next_report = self.next_report.or(Some(now.mono + REPORTS));
        }
        let mut keys = agreed.srtp.clone();
        if let Some(keys) = keys.as_mut().filter(|_| self.lies) {
            keys.send = MasterKey::from_random(keys.send.suite(), &[0x55; _]);
        }
        match (&mut self.srtp, &keys) {
            (Some(srtp), Some(keys)) => srtp.update(keys),
            (srtp, keys) => *srtp = keys.as_ref().map(Srtp::new),
        }
        self.agreed = Some(agreed);
    }

    pub(super) fn speak(&mut self, now: Now) -> Option<Datagram> {
        let at = self.next_packet.filter(|at| *at <= now.mono)?;
        self.next_packet = Some(at + Duration::from_millis(u64::from(self.profile.sends_ms)));
        let agreed = self.agreed.as_ref()?;
        if !self.talks {
            return None;
        }
        let mut packet = self.voice.speak(agreed, self.profile.sends_ms);
        if let Some(srtp) = &mut self.srtp {
            srtp.protect(&mut packet).expect("fresh packets");
        }
        Some((self.rtp, agreed.remote_rtp, packet))
    }

    pub(super) fn report(&mut self, now: Now) -> Option<Datagram> {
        let at = self.next_report.filter(|at| *at <= now.mono)?;
        self.next_report = Some(at + REPORTS);
        let agreed = self.agreed.as_ref()?;
        let (ssrc, rtp_timestamp, packets, octets) = self.voice.sent();
        let ntp = NtpClock::new(now.mono, Duration::from_millis(now.wall.as_millisecond().unsigned_abs()));
        let sender = Some(SenderInfo { ntp: ntp.at(now.mono), rtp_timestamp, packets, octets });
        let report = self.ear.reception.report(now.mono);
        let mut packet = Vec::new();
        rtcp::write(&Compound { ssrc, sender, report, cname: "peer", goodbye: false }, &mut packet);
        if let Some(srtp) = &mut self.srtp {
            srtp.protect_rtcp(&mut packet).expect("fresh reports");
        }
        Some(match agreed.rtcp_mux {
            true => (self.rtp, agreed.remote_rtp, packet),
            false => (self.rtcp(), agreed.remote_rtcp, packet),
        })
    }

    /// A datagram came for one of its ports.
    pub fn hear(&mut self, now: Now, to: SocketAddr, packet: &[u8]) {
        if self.next_packet.is_none()
            && let Some(machine) = &mut self.fax
        {
            machine.got.push(packet.to_vec());
            return;
        }
        let mut packet = packet.to_vec();
        let is_report = to != self.rtp || rtp::is_rtcp(&packet);
        if let Some(srtp) = &mut self.srtp {
            let opened =
                if is_report { srtp.unprotect_rtcp(&mut packet) } else { srtp.unprotect(&mut packet) };
            if opened.is_err() {
                self.ear.garbled += 1;
                return;
            }
        }
        if is_report {
            self.hear_report(now, &packet);
        } else {
            self.ear.receive(now.mono, &packet, self.agreed.as_ref());
        }
    }

    fn hear_report(&mut self, now: Now, packet: &[u8]) {
        let own = self.voice.sent().0;
        self.told.count += 1;
        for packet in rtcp::parse(packet).into_iter().flatten() {
            let reports = match packet {
                Packet::SenderReport { ssrc, info, reports } => {
                    self.ear.reception.handle_sender_report(ssrc, info.ntp, now.mono);
                    reports
                }
                Packet::ReceiverReport { reports, .. } => reports,
                Packet::Goodbye { .. } => {
                    self.told.goodbye = true;
                    continue;
                }
                Packet::Cname { .. } => continue,
            };
            self.told.last = reports.into_iter().find(|report| report.ssrc == own).or(self.told.last);
        }
    }
}
