//! The sound of legs: ports, negotiation, joining, closing.

use super::diagnosis::Promise;
use super::leg::{Leg, Open, Sound};
use super::{Exchange, Network};
use call::{EndedBy, LegEvent};
use media::{Codec, Command, Encryption, Local, Negotiation, NegotiationError, Statistics};
use model::site::MediaEncryption;
use model::{LegId, LegQuality, Now, Party};
use pbx::Input;
use sip::Status;
use sip::endpoint::{Body, SessionId};

/// What the box speaks, the best first.
pub(crate) const CODECS: [Codec; 4] = [Codec::Opus, Codec::G722, Codec::Pcma, Codec::Pcmu];

/// What a record names in place of a codec where a leg has faxed.
const FAX: &str = "T.38";

impl Leg {
    /// What has been agreed about its sound.
    pub(crate) fn agreed(&self) -> Option<&media::Agreed> {
        self.opened()?.agreed.as_ref()
    }

    /// Its ports, while they are open.
    pub(super) fn opened(&self) -> Option<&Open> {
        match &self.sound {
            Sound::Open(open) => Some(open),
            Sound::Silent | Sound::Closing { .. } | Sound::Closed => None,
        }
    }

    /// The same, to change something.
    pub(super) fn open(&mut self) -> Option<&mut Open> {
        match &mut self.sound {
            Sound::Open(open) => Some(open),
            Sound::Silent | Sound::Closing { .. } | Sound::Closed => None,
        }
    }
}

impl<N: Network> Exchange<N> {
    /// Opens a leg's ports, unless they are open.
    pub(crate) fn open_sound(&mut self, leg: LegId, codecs: Vec<Codec>) -> Result<(), Status> {
        let seed = self.random.seed();
        let Some(entry) = self.legs.get(&leg) else { return Err(Status::SERVER_ERROR) };
        let encryption = self.encryption(&entry.party);
        let Some(entry) = self.legs.get_mut(&leg) else { return Err(Status::SERVER_ERROR) };
        if !matches!(entry.sound, Sound::Silent) {
            return Ok(());
        }
        let port = self.network.open(media::Leg(leg.0), entry.group, entry.own.bind).map_err(|error| {
            tracing::error!(%error, "a leg gets no ports");
            Status::SERVICE_UNAVAILABLE
        })?;
        let negotiation = Negotiation::new(Local {
            address: entry.own.sound,
            rtp_port: port,
            rtcp_port: port + 1,
            codecs,
            encryption,
            origin_id: leg.0,
            seed,
        });
        entry.sound = Sound::Open(Box::new(Open { negotiation, agreed: None, faxed: None, early: None }));
        Ok(())
    }

    /// Whether a party's sound is encrypted: as its trunk says, to phones as they like.
    pub(crate) fn encryption(&self, party: &Party) -> Encryption {
        match party {
            Party::Trunk(trunk) => {
                let trunk = self.site.as_ref().and_then(|site| site.trunk(trunk));
                match trunk.map(|trunk| trunk.media_encryption) {
                    Some(MediaEncryption::Sdes) => Encryption::Required,
                    Some(MediaEncryption::None) | None => Encryption::None,
                }
            }
            Party::Device { .. } => Encryption::Offered,
        }
    }

    /// The first description we send on a leg that offers.
    pub(crate) fn first_offer(&mut self, leg: LegId, prefer: Option<Codec>) -> Option<Vec<u8>> {
        Some(self.legs.get_mut(&leg)?.open()?.negotiation.offer(prefer))
    }

    /// From now on a leg about which nothing is agreed takes nothing but encryption. Not if it never offered any.
    pub(crate) fn encrypt(&mut self, leg: LegId) -> bool {
        let party = self.legs.get(&leg).map(|entry| &entry.party);
        if party.is_none_or(|party| self.encryption(party) != Encryption::Offered) {
            return false;
        }
        let Some(open) = self.legs.get_mut(&leg).and_then(Leg::open) else { return false };
        open.negotiation.require_encryption();
        true
    }

    /// The peer refused our last offer: what was agreed before holds.
    pub(crate) fn withdraw_offer(&mut self, session: SessionId) {
        let leg = self.sessions.get(&session).and_then(|leg| self.legs.get_mut(leg));
        if let Some(open) = leg.and_then(Leg::open) {
            open.negotiation.withdraw();
        }
    }

    /// Our description again, when the peer asks for it.
    pub(crate) fn offer_again(&mut self, leg: LegId) -> Option<Vec<u8>> {
        match self.terms_for(leg) {
            Some(terms) => Some(self.legs.get_mut(&leg)?.open()?.negotiation.offer_fax(&terms)),
            None => self.first_offer(leg, None),
        }
    }

    /// Answers the caller's offer; the answer stays the same from the first provisional response on.
    pub(crate) fn answer_caller(
        &mut self,
        now: Now,
        leg: LegId,
        prefer: Option<Codec>,
    ) -> Result<Vec<u8>, Status> {
        self.open_sound(leg, CODECS.to_vec())?;
        let Some(entry) = self.legs.get_mut(&leg) else { return Err(Status::SERVER_ERROR) };
        let offer = entry.offer.take();
        let Some(open) = entry.open() else { return Err(Status::SERVER_ERROR) };
        if let Some(early) = &open.early {
            return Ok(early.clone());
        }
        let Some(offer) = offer else { return Err(Status::SERVER_ERROR) };
        let (answer, agreed) = open.negotiation.answer(&offer, prefer).map_err(|error| refusal(&error))?;
        open.early = Some(answer.clone());
        self.configure(now, leg, agreed);
        Ok(answer)
    }

    /// Answers a later offer of the peer.
    pub(crate) fn answer_offer(&mut self, now: Now, leg: LegId, offer: &[u8]) -> Result<Vec<u8>, Status> {
        self.open_sound(leg, CODECS.to_vec())?;
        let prefer = self.legs.get(&leg).and_then(Leg::codec);
        let Some(open) = self.legs.get_mut(&leg).and_then(Leg::open) else {
            return Err(Status::SERVER_ERROR);
        };
        let (answer, agreed) = open.negotiation.answer(offer, prefer).map_err(|error| refusal(&error))?;
        if open.early.is_some() {
            open.early = Some(answer.clone());
        }
        self.configure(now, leg, agreed);
        Ok(answer)
    }

    /// The peer's answer to our offer. An answer that came before (RFC 3261 section 13.2.1) changes nothing.
    pub(crate) fn agree(&mut self, now: Now, leg: LegId, answer: &[u8]) -> Result<(), String> {
        let open = self.legs.get_mut(&leg).and_then(Leg::open).ok_or("the leg has no sound")?;
        if open.negotiation.has_offered_fax() {
            let fax = open.negotiation.accept_fax(answer).map_err(|error| error.to_string())?;
            self.pass(leg, &fax);
            return Ok(());
        }
        let settled = open.agreed.is_some() || open.negotiation.fax().is_some();
        let agreed = match open.negotiation.accept(answer) {
            // The peer has offered something newer since (RFC 3311, or after a glare): what that came to stands.
            Err(NegotiationError::NotOffered) if settled => return Ok(()),
            result => result.map_err(|error| error.to_string())?,
        };
        self.configure(now, leg, agreed);
        Ok(())
    }

    /// A description in a provisional response: usable, or the call goes on without it.
    pub(crate) fn early_answer(&mut self, now: Now, leg: LegId, body: &Body) -> bool {
        let open = self.legs.get(&leg).and_then(Leg::opened);
        if !self.may_sound_early(leg) || open.is_some_and(|open| open.negotiation.has_offered_fax()) {
            return false;
        }
        match self.agree(now, leg, &body.bytes) {
            Ok(()) => true,
            Err(why) => {
                tracing::debug!(leg = leg.0, why, "early sound cannot be used");
                false
            }
        }
    }

    fn may_sound_early(&self, leg: LegId) -> bool {
        match self.legs.get(&leg).map(|leg| &leg.party) {
            Some(Party::Trunk(trunk)) => {
                let trunk = self.site.as_ref().and_then(|site| site.trunk(trunk));
                trunk.is_none_or(|trunk| trunk.early_media)
            }
            Some(Party::Device { .. }) => true,
            None => false,
        }
    }

    fn configure(&mut self, _now: Now, leg: LegId, agreed: media::Agreed) {
        let Some(open) = self.legs.get_mut(&leg).and_then(Leg::open) else { return };
        if open.agreed.as_ref() == Some(&agreed) {
            return;
        }
        open.agreed = Some(agreed.clone());
        let key = media::Leg(leg.0);
        self.network.command(key, Command::Configure { leg: key, agreed: Box::new(agreed) });
    }

    /// A leg is joined with nobody any more.
    pub(crate) fn part(&mut self, now: Now, leg: LegId) {
        let Some(entry) = self.legs.get_mut(&leg) else { return };
        entry.room = None;
        let Some(peer) = entry.joined.take() else { return };
        if let Some(entry) = self.legs.get_mut(&peer).filter(|peer| peer.joined == Some(leg)) {
            entry.joined = None;
        }
        self.part_faxes(now, [leg, peer]);
    }

    /// Joins two legs' sound; what the box played to them ends.
    pub(crate) fn join(&mut self, now: Now, a: LegId, b: LegId) {
        if self.legs.get(&a).is_some_and(|leg| leg.joined != Some(b)) {
            self.part(now, a);
            self.part(now, b);
        }
        for (one, other) in [(a, b), (b, a)] {
            if let Some(leg) = self.legs.get_mut(&one) {
                leg.joined = Some(other);
            }
        }
        for leg in [a, b] {
            self.stop_playing(leg);
        }
        let (a, b) = (media::Leg(a.0), media::Leg(b.0));
        self.network.command(a, Command::Connect { a, b });
    }

    /// Closes a leg's sound; its figures come back by [`Exchange::handle_heard`].
    pub(crate) fn close_sound(&mut self, now: Now, leg: LegId) {
        self.forget_fax(now, leg);
        let Some(entry) = self.legs.get_mut(&leg) else { return };
        match std::mem::replace(&mut entry.sound, Sound::Closed) {
            Sound::Silent => self.closed(now, leg, None),
            Sound::Open(open) => {
                let sound = open.agreed.as_ref();
                let codec = match open.faxed {
                    Some(_) => FAX,
                    None => sound.map_or("", |agreed| agreed.codec.name()),
                };
                // Of two machines one may say nothing at all.
                let promise = sound.map_or(open.faxed.map(|remote| (remote, false)), |agreed| {
                    Some((agreed.remote_rtp, agreed.direction.receives() && !agreed.held_by_peer))
                });
                let promise = promise.map(|(address, sends)| Promise { address, sends, up: entry.up });
                entry.sound = Sound::Closing { codec: codec.to_owned(), promise };
                let key = media::Leg(leg.0);
                self.network.command(key, Command::Close { leg: key });
            }
            closing @ Sound::Closing { .. } => entry.sound = closing,
            Sound::Closed => self.tidy(leg),
        }
    }

    /// Something happened in a leg's sound.
    pub(crate) fn heard(&mut self, now: Now, leg: LegId, event: media::Event) {
        match event {
            media::Event::Closed(statistics) => {
                let Some(entry) = self.legs.get_mut(&leg) else { return };
                let Sound::Closing { codec, promise } = std::mem::replace(&mut entry.sound, Sound::Closed)
                else {
                    return;
                };
                let party = entry.party.clone();
                if let Some(promise) = promise {
                    self.note_sound(now, leg, (&promise, &statistics));
                }
                self.closed(now, leg, quality(party, codec, &statistics).map(Box::new));
            }
            media::Event::Silent { .. } => {
                self.pbx.handle_input(now, Input::Leg { leg, event: LegEvent::Silent });
            }
            media::Event::Latched { address } => tracing::debug!(leg = leg.0, %address, "sound comes from"),
            media::Event::Digit { digit, .. } => {
                self.pbx.handle_input(now, Input::Leg { leg, event: LegEvent::Digit(digit) });
            }
            media::Event::Finished { cue } => self.finished(now, leg, cue),
            media::Event::Quiet { .. } => self.record_quiet(now, leg),
            media::Event::Recorded { tape, .. } => self.record_ended(tape),
            media::Event::Flowing
            | media::Event::Stopped { .. }
            | media::Event::Full { .. }
            | media::Event::Speaking { .. } => {}
        }
    }

    fn closed(&mut self, now: Now, leg: LegId, quality: Option<Box<LegQuality>>) {
        self.forget_fetching(leg);
        let alive = self.legs.get(&leg).is_some_and(|leg| leg.session().is_some());
        if alive {
            // The sound broke under a leg that goes on: nothing can be heard any more.
            self.pbx.handle_input(now, Input::Leg { leg, event: LegEvent::Ended(EndedBy::Vanished) });
            self.end_session(now, leg, sip::Headers::new());
        }
        self.pbx.handle_input(now, Input::Leg { leg, event: LegEvent::Closed(quality) });
        self.tidy(leg);
    }

    /// A leg without sound and signalling is forgotten.
    pub(crate) fn tidy(&mut self, leg: LegId) {
        let over = self
            .legs
            .get(&leg)
            .is_some_and(|entry| entry.session().is_none() && matches!(entry.sound, Sound::Closed));
        if over {
            self.legs.remove(&leg);
        }
    }
}

/// What SIP says of a negotiation that failed.
pub(crate) fn refusal(error: &NegotiationError) -> Status {
    match error {
        NegotiationError::Unreadable(_) => Status::BAD_REQUEST,
        NegotiationError::NotAcceptable(_) => Status::NOT_ACCEPTABLE_HERE,
        NegotiationError::NotOffered => Status::SERVER_ERROR,
    }
}

/// For the record. A leg that never had sound says nothing about its quality.
fn quality(party: Party, codec: String, statistics: &Statistics) -> Option<LegQuality> {
    (!codec.is_empty()).then(|| LegQuality {
        party,
        mos: (statistics.received > 0 && codec != FAX).then_some(statistics.mos),
        codec,
        received: statistics.received,
        sent: statistics.sent,
        lost: statistics.lost,
        lost_remote: statistics.round_trip_ms.map(|_| statistics.lost_remote),
        jitter_ms: statistics.jitter_ms,
        round_trip_ms: statistics.round_trip_ms,
    })
}
