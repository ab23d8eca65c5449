//! Symmetric RTP: media goes back to where it comes from, and nobody else may take it over.
//!
//! ```text
//!            first source                    anything but the pinned source: refused, except
//!  unpinned ─────────────▶ pinned ◀────┐     · the declared address, while the window is open or the pin is silent
//!     ▲                      │         │     · any source, while the window is open and the pin is silent
//!     └── declared address ──┘         └──── relearned
//!         has moved
//! ```
//!
//! The window opens with each agreement and with the first packet, since an answer and the media race each other.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How long after an agreement, or after the first packet, a source may be relearned.
const WINDOW: Duration = Duration::from_secs(2);
/// A pinned source that has sent nothing for this long is silent.
const SILENT: Duration = Duration::from_millis(500);

/// What is to be done with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It comes from where it should.
    Accept,
    /// It comes from a new place that may be learned, once the packet has proved to be good.
    Learn,
    /// It comes from somebody else.
    Refuse,
}

/// Where a leg's peer really is.
#[derive(Debug, Default)]
pub(super) struct Latch {
    declared: Option<SocketAddr>,
    pinned: Option<SocketAddr>,
    /// Pinned before the declared address moved: still heard, no longer answered.
    stale: Option<SocketAddr>,
    heard: Option<Instant>,
    window: Option<Instant>,
}

impl Latch {
    /// Takes the address out of an agreement. An unspecified one is a hold and says nothing.
    pub(super) fn declare(&mut self, now: Instant, address: SocketAddr) {
        self.window = Some(now + WINDOW);
        if address.ip().is_unspecified() || address.port() == 0 || self.declared == Some(address) {
            return;
        }
        if self.declared.replace(address).is_some() && self.pinned != Some(address) {
            self.stale = self.pinned.take();
        }
    }

    /// Where media came from last.
    pub(super) fn source(&self) -> Option<SocketAddr> {
        self.pinned
    }

    /// Where media goes.
    pub(super) fn destination(&self) -> Option<SocketAddr> {
        self.pinned.or(self.declared)
    }

    /// The only source that is listened to, while nothing else could be learned.
    pub(super) fn sole(&self, now: Instant) -> Option<SocketAddr> {
        self.pinned.filter(|_| !self.is_open(now) && !self.is_silent(now))
    }

    /// Whether a packet from there may be listened to.
    pub(super) fn judge(&self, now: Instant, from: SocketAddr) -> Verdict {
        let (open, silent) = (self.is_open(now), self.is_silent(now));
        let declared = self.declared == Some(from);
        match self.pinned {
            Some(pinned) if pinned == from => Verdict::Accept,
            Some(_) if declared && (open || silent) => Verdict::Learn,
            Some(_) if open && silent => Verdict::Learn,
            Some(_) => Verdict::Refuse,
            None if self.stale == Some(from) && open => Verdict::Accept,
            None => Verdict::Learn,
        }
    }

    /// Notes a good packet; whether its source is new.
    pub(super) fn heard(&mut self, now: Instant, from: SocketAddr, verdict: Verdict) -> bool {
        if self.pinned == Some(from) {
            self.heard = Some(now);
        }
        if verdict != Verdict::Learn {
            return false;
        }
        if self.heard.is_none() {
            self.window = Some(now + WINDOW);
        }
        self.heard = Some(now);
        self.stale = None;
        self.pinned = Some(from);
        true
    }

    fn is_open(&self, now: Instant) -> bool {
        self.window.is_some_and(|until| now < until)
    }

    fn is_silent(&self, now: Instant) -> bool {
        self.heard.is_none_or(|heard| now.saturating_duration_since(heard) >= SILENT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[allow(clippy::disallowed_methods)]
    fn start() -> Instant {
        Instant::now()
    }

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn offer(latch: &mut Latch, now: Instant, from: &str) -> Verdict {
        let verdict = latch.judge(now, address(from));
        latch.heard(now, address(from), verdict);
        verdict
    }

    const DECLARED: &str = "10.0.0.5:4000";
    const REAL: &str = "192.0.2.9:61000";
    const THIRD: &str = "203.0.113.66:4000";

    #[test]
    fn the_first_source_is_pinned_and_a_third_never_takes_over() {
        let (mut latch, start) = (Latch::default(), start());
        latch.declare(start, address(DECLARED));
        assert_eq!(latch.destination(), Some(address(DECLARED)));
        for millisecond in (0..60_000).step_by(20) {
            let now = start + Duration::from_millis(millisecond);
            assert_ne!(offer(&mut latch, now, REAL), Verdict::Refuse);
            assert_eq!(offer(&mut latch, now, THIRD), Verdict::Refuse);
        }
        assert_eq!(latch.destination(), Some(address(REAL)));
        // Not even when the pinned source falls silent.
        assert_eq!(offer(&mut latch, start + Duration::from_secs(90), THIRD), Verdict::Refuse);
    }

    #[test]
    fn the_declared_address_wins_over_a_stranger_who_was_quicker() {
        let (mut latch, start) = (Latch::default(), start());
        latch.declare(start, address(DECLARED));
        assert_eq!(offer(&mut latch, start, THIRD), Verdict::Learn);
        assert_eq!(offer(&mut latch, start + Duration::from_millis(100), DECLARED), Verdict::Learn);
        assert_eq!(offer(&mut latch, start + Duration::from_millis(120), THIRD), Verdict::Refuse);
    }

    #[test]
    fn the_declared_address_is_relearned_only_when_the_pin_is_silent() {
        let (mut latch, start) = (Latch::default(), start());
        latch.declare(start, address(DECLARED));
        offer(&mut latch, start, REAL);
        let later = start + Duration::from_secs(10);
        offer(&mut latch, later, REAL);
        assert_eq!(offer(&mut latch, later, DECLARED), Verdict::Refuse);
        assert_eq!(offer(&mut latch, later + Duration::from_secs(1), DECLARED), Verdict::Learn);
    }

    #[test]
    fn a_new_declared_address_is_sent_to_at_once() {
        let (mut latch, start) = (Latch::default(), start());
        latch.declare(start, address(DECLARED));
        offer(&mut latch, start, REAL);
        let later = start + Duration::from_secs(10);
        latch.declare(later, address("10.0.0.6:5000"));
        assert_eq!(latch.destination(), Some(address("10.0.0.6:5000")));
        assert_eq!(offer(&mut latch, later, REAL), Verdict::Accept);
        assert_eq!(latch.destination(), Some(address("10.0.0.6:5000")));
        assert_eq!(offer(&mut latch, later, "192.0.2.9:62000"), Verdict::Learn);
        assert_eq!(offer(&mut latch, later, REAL), Verdict::Refuse);
    }

    #[test]
    fn after_an_agreement_a_silent_source_may_have_moved() {
        let (mut latch, start) = (Latch::default(), start());
        latch.declare(start, address(DECLARED));
        offer(&mut latch, start, REAL);
        let later = start + Duration::from_secs(30);
        latch.declare(later, address(DECLARED));
        assert_eq!(offer(&mut latch, later, "192.0.2.9:62000"), Verdict::Learn);
    }
}
