//! Fax by T.38 between two legs that are joined: what one machine proposes is proposed to the other, and answered by what
//! that one says. The box has no machine of its own.
//!
//! ```text
//!  a re-INVITEs, image ─▶ b is re-INVITEd on the same terms ─▶ accepted: 200 to a, datagrams pass both ways
//!                                                          └─▶ refused, or [`WAIT`] is up: 488 to a, sound goes on
//!  a re-INVITEs, audio ─▶ 200 to a ─▶ b is re-INVITEd, audio
//! ```
//!
//! Whom the box serves alone, who is in a room or on hold, and who needs encryption is refused at once: machines then
//! go on faxing by G.711.

use super::leg::{Leg, Signalling};
use super::sound::{CODECS, refusal};
use super::{Exchange, Network};
use media::{Command, Encryption, Fax, Negotiation};
use model::{LegId, Now};
use sip::Status;
use sip::endpoint::{Body, SessionId};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long a machine may take to say whether it faxes. Machines give the first page up after half a minute.
const WAIT: Duration = Duration::from_secs(10);

/// Machines that have been asked and have not said: at most one proposal a leg.
#[derive(Debug, Default)]
pub(crate) struct Proposals(BTreeMap<LegId, Proposal>);

#[derive(Debug)]
struct Proposal {
    /// Whose it is.
    by: LegId,
    /// Its offer.
    offer: Vec<u8>,
    until: Instant,
}

impl Proposals {
    /// When the first has waited long enough.
    pub(crate) fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        let first = self.0.values().map(|proposal| proposal.until).min();
        first.map(|at| (at, "a fax machine has not said whether it faxes"))
    }

    /// The first that is due, taken out.
    fn due(&mut self, now: Instant) -> Option<Proposal> {
        let due = self.0.iter().find(|(_, proposal)| proposal.until <= now);
        let asked = due.map(|(asked, _)| *asked)?;
        self.0.remove(&asked)
    }
}

impl Leg {
    /// Its fax, while there is one in place of its sound.
    fn fax(&self) -> Option<&Fax> {
        self.opened()?.negotiation.fax()
    }

    /// Does it fax, in place of talking?
    pub(super) fn is_faxing(&self) -> bool {
        self.fax().is_some()
    }

    /// What a caller proposes who has not been answered.
    fn proposes(&self) -> Option<&[u8]> {
        self.offer.as_deref().filter(|offer| Negotiation::is_fax(offer))
    }
}

impl<N: Network> Exchange<N> {
    /// Takes the offer of an answered leg if it is about a fax, or cannot be taken because of one. Whether it was taken.
    pub(crate) fn takes_for_fax(
        &mut self,
        now: Now,
        (leg, session): (LegId, SessionId),
        offer: &[u8],
    ) -> bool {
        let faxes = self.legs.get(&leg).is_some_and(Leg::is_faxing);
        let refused = if Negotiation::is_fax(offer) {
            self.proposed(now, (leg, session), offer)
        } else if faxes && !Negotiation::is_two_way(offer) {
            // A fax cannot be held, and its machines cannot wait.
            Err(Status::NOT_ACCEPTABLE_HERE)
        } else {
            return false;
        };
        if let Err(status) = refused {
            self.sip.refuse_offer(now.mono, session, status);
        }
        true
    }

    fn proposed(&mut self, now: Now, (leg, session): (LegId, SessionId), offer: &[u8]) -> Result<(), Status> {
        let fax = Negotiation::fax_in(offer).map_err(|error| refusal(&error))?;
        let other = self.may_fax(leg).ok_or(Status::NOT_ACCEPTABLE_HERE)?;
        let known = |leg: LegId| self.legs.get(&leg).and_then(Leg::fax);
        if let (Some(own), Some(theirs)) = (known(leg), known(other))
            && own.terms == fax.terms
        {
            // Asked again on the same terms: a refresh, or the machine has moved.
            let terms = theirs.terms.clone();
            return self.agree_to_fax(now, (leg, session), (offer, &terms));
        }
        if let Some(crossing) = self.proposals.0.remove(&leg) {
            // Both have proposed it: each is the other's answer.
            return self.met(now, (leg, session, offer), &crossing);
        }
        let Some(Signalling::Up(asked)) = self.legs.get(&other).map(|other| other.signalling) else {
            return Err(Status::NOT_ACCEPTABLE_HERE);
        };
        let open = self.legs.get_mut(&other).and_then(Leg::open).ok_or(Status::NOT_ACCEPTABLE_HERE)?;
        let question = open.negotiation.offer_fax(&fax.terms);
        let proposal = Proposal { by: leg, offer: offer.to_vec(), until: now.mono + WAIT };
        self.proposals.0.insert(other, proposal);
        self.sip.modify(now.mono, asked, Body::sdp(question));
        Ok(())
    }

    /// The leg that may be asked to fax with this one.
    fn may_fax(&self, leg: LegId) -> Option<LegId> {
        let other = self.legs.get(&leg)?.joined?;
        let free = |one: LegId, with: LegId| {
            self.legs.get(&one).is_some_and(|leg| {
                let together = leg.joined == Some(with) && matches!(leg.signalling, Signalling::Up(_));
                let secret = self.encryption(&leg.party) == Encryption::Required
                    || leg.agreed().is_some_and(|agreed| agreed.srtp.is_some());
                together && !leg.held && !secret
            })
        };
        (free(leg, other) && free(other, leg)).then_some(other)
    }

    fn met(
        &mut self,
        now: Now,
        (leg, session, offer): (LegId, SessionId, &[u8]),
        crossing: &Proposal,
    ) -> Result<(), Status> {
        let theirs = Negotiation::fax_in(&crossing.offer).map_err(|error| refusal(&error))?;
        let own = Negotiation::fax_in(offer).map_err(|error| refusal(&error))?;
        self.agree_to_fax(now, (leg, session), (offer, &theirs.terms))?;
        self.answer_proposal(now, crossing, &own.terms);
        Ok(())
    }

    /// Answers a leg's offer to fax on the other's terms.
    fn agree_to_fax(
        &mut self,
        now: Now,
        (leg, session): (LegId, SessionId),
        (offer, terms): (&[u8], &[String]),
    ) -> Result<(), Status> {
        let open = self.legs.get_mut(&leg).and_then(Leg::open).ok_or(Status::SERVER_ERROR)?;
        let (answer, fax) = open.negotiation.answer_fax(offer, terms).map_err(|error| refusal(&error))?;
        self.sip.accept_offer(now.mono, session, Body::sdp(answer));
        self.pass(leg, &fax);
        Ok(())
    }

    /// Answers whoever has proposed to fax. Whether they fax now.
    fn answer_proposal(&mut self, now: Now, proposal: &Proposal, terms: &[String]) -> bool {
        let by = proposal.by;
        let Some(Signalling::Up(session)) = self.legs.get(&by).map(|leg| leg.signalling) else {
            return false;
        };
        match self.agree_to_fax(now, (by, session), (&proposal.offer, terms)) {
            Ok(()) => true,
            Err(status) => {
                self.sip.refuse_offer(now.mono, session, status);
                false
            }
        }
    }

    /// An answered leg's answer to our last offer, which was to fax.
    pub(crate) fn answered_fax(&mut self, now: Now, leg: LegId, answer: &[u8]) {
        let proposal = self.proposals.0.remove(&leg);
        let Some(open) = self.legs.get_mut(&leg).and_then(Leg::open) else { return };
        let before = open.negotiation.fax().is_some();
        let accepted = open.negotiation.accept_fax(answer);
        let agreed = match (&accepted, &proposal) {
            (Ok(fax), Some(proposal)) => {
                self.may_fax(leg) == Some(proposal.by) && self.answer_proposal(now, proposal, &fax.terms)
            }
            (Ok(_), None) => before,
            (Err(_), Some(proposal)) => {
                self.refuse_proposal(now, proposal);
                false
            }
            (Err(_), None) => false,
        };
        match accepted {
            Ok(fax) if agreed => self.pass(leg, &fax),
            // It faxes alone, or neither faxes nor talks: it is asked to talk.
            _ => {
                self.offer_sound(now, leg);
                self.end_fax_with(now, leg);
            }
        }
    }

    /// A leg has refused what we offered: if that was to fax, whoever proposed it hears so.
    pub(crate) fn refused_fax(&mut self, now: Now, session: SessionId) {
        let leg = self.sessions.get(&session);
        if let Some(proposal) = leg.and_then(|leg| self.proposals.0.remove(leg)) {
            self.refuse_proposal(now, &proposal);
        }
    }

    fn refuse_proposal(&mut self, now: Now, proposal: &Proposal) {
        if let Some(session) = self.legs.get(&proposal.by).and_then(Leg::session) {
            self.sip.refuse_offer(now.mono, session, Status::NOT_ACCEPTABLE_HERE);
        }
    }

    /// Machines that take too long have refused.
    pub(crate) fn proposals_timeout(&mut self, now: Now) {
        while let Some(proposal) = self.proposals.due(now.mono) {
            self.refuse_proposal(now, &proposal);
        }
    }

    /// A leg talks again: the one it faxed with is asked to talk as well.
    pub(crate) fn end_fax_with(&mut self, now: Now, leg: LegId) {
        if let Some(other) = self.legs.get(&leg).and_then(|leg| leg.joined)
            && self.legs.get(&other).is_some_and(Leg::is_faxing)
        {
            self.offer_sound(now, other);
        }
    }

    /// A leg goes away from the one it was joined with: nothing is proposed between them any more, and if they fax, both
    /// are asked to talk.
    pub(crate) fn part_faxes(&mut self, now: Now, legs: [LegId; 2]) {
        for leg in legs {
            if let Some(proposal) = self.proposals.0.remove(&leg) {
                self.refuse_proposal(now, &proposal);
            }
            if self.legs.get(&leg).is_some_and(Leg::is_faxing) {
                self.offer_sound(now, leg);
            }
        }
    }

    /// A leg is over: nobody waits for it.
    pub(crate) fn forget_fax(&mut self, now: Now, leg: LegId) {
        if let Some(proposal) = self.proposals.0.remove(&leg) {
            self.refuse_proposal(now, &proposal);
        }
        self.proposals.0.retain(|_, proposal| proposal.by != leg);
    }

    fn offer_sound(&mut self, now: Now, leg: LegId) {
        let Some(entry) = self.legs.get_mut(&leg) else { return };
        let Signalling::Up(session) = entry.signalling else { return };
        let Some(open) = entry.open() else { return };
        open.negotiation.withdraw();
        let offer = open.negotiation.offer(None);
        self.sip.modify(now.mono, session, Body::sdp(offer));
    }

    /// The terms on which a leg is offered to fax, if that is what it is to be offered now.
    pub(crate) fn terms_for(&self, leg: LegId) -> Option<Vec<String>> {
        let terms = |fax: Fax| fax.terms;
        if let Some(proposal) = self.proposals.0.get(&leg) {
            return Negotiation::fax_in(&proposal.offer).ok().map(terms);
        }
        let entry = self.legs.get(&leg)?;
        entry.fax()?;
        self.legs.get(&entry.joined?)?.fax().cloned().map(terms)
    }

    /// Our first offer to whom a caller is to be connected with, where that caller wants to fax from the start.
    pub(crate) fn first_offer_of_fax(&mut self, leg: LegId, caller: LegId) -> Option<Vec<u8>> {
        let offer = self.legs.get(&caller)?.proposes()?;
        let terms = Negotiation::fax_in(offer).ok()?.terms;
        Some(self.legs.get_mut(&leg)?.open()?.negotiation.offer_fax(&terms))
    }

    /// Whether a caller who has not been answered wants to fax.
    pub(crate) fn wants_fax(&self, leg: LegId) -> bool {
        self.legs.get(&leg).is_some_and(|leg| leg.proposes().is_some())
    }

    /// Answers a caller who wants to fax, on the terms of whoever took the call. The box alone cannot.
    pub(crate) fn answer_fax_caller(&mut self, leg: LegId, with: Option<LegId>) -> Result<Vec<u8>, Status> {
        let other = with.and_then(|with| self.legs.get(&with)?.fax().cloned());
        let other = other.ok_or(Status::NOT_ACCEPTABLE_HERE)?;
        self.open_sound(leg, CODECS.to_vec())?;
        let entry = self.legs.get_mut(&leg).ok_or(Status::SERVER_ERROR)?;
        let offer = entry.offer.take().ok_or(Status::SERVER_ERROR)?;
        let open = entry.open().ok_or(Status::SERVER_ERROR)?;
        let (answer, fax) =
            open.negotiation.answer_fax(&offer, &other.terms).map_err(|error| refusal(&error))?;
        self.pass(leg, &fax);
        Ok(answer)
    }

    /// A leg's datagrams are passed on, instead of sound.
    pub(crate) fn pass(&mut self, leg: LegId, fax: &Fax) {
        let Some(open) = self.legs.get_mut(&leg).and_then(Leg::open) else { return };
        let passes = open.agreed.take().is_none();
        if open.faxed.replace(fax.remote) == Some(fax.remote) && passes {
            return;
        }
        let leg = media::Leg(leg.0);
        self.network.command(leg, Command::Fax { leg, remote: fax.remote });
    }
}
