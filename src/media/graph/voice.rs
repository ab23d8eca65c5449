//! What the box itself says to a leg: tones, samples and digits, in place of the leg's peer.
//!
//! Digits go before whatever is played, one after the other with a pause between them. A leg with telephone events
//! gets events, another one gets the sound of the keys.

use super::Source;
use super::egress::Egress;
use super::player::Player;
use super::protection::Wire;
use super::transcode::Speaker;
use crate::codec::Codec;
use crate::dtmf::{self, Digit, EventSender};
use crate::negotiation::Agreed;
use std::collections::VecDeque;
use std::time::Instant;

/// Digits waiting at most; more are dropped.
const MAX_DIGITS: usize = 64;
/// What a receiver needs to notice a key (ITU-T Q.24), and what nobody exceeds on purpose.
const HELD_MS: std::ops::RangeInclusive<u32> = 60..=6000;
/// Silence between two digits, and after the last.
const PAUSE_MS: u32 = 60;

/// The digit being sent.
enum Sending {
    /// As telephone events with this timestamp.
    Events(EventSender, u32),
    /// As sound, for so many milliseconds more.
    Sound(dtmf::Generator, u32),
    /// The pause after it, for so many milliseconds more.
    Pause(u32),
}

/// What is said when a frame has been sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// More is to come.
    More,
    /// What was played has ended.
    Finished,
}

/// The box's own voice on a leg.
#[derive(Default)]
pub(super) struct Voice {
    player: Option<Player>,
    digits: VecDeque<Digit>,
    sending: Option<Sending>,
    speaker: Option<Speaker>,
    scratch: Vec<i16>,
}

impl Voice {
    /// Plays from now on, in place of what was played before.
    pub(super) fn play(&mut self, source: Source, codec: Codec) {
        self.player = Some(Player::new(source, codec.sample_rate()));
    }

    /// Ends what is played; whether there was anything.
    pub(super) fn stop(&mut self) -> bool {
        self.player.take().is_some()
    }

    /// Sends a digit after those that wait.
    pub(super) fn press(&mut self, digit: Digit) {
        if dtmf::code(digit.digit).is_some() && self.digits.len() < MAX_DIGITS {
            let duration_ms = digit.duration_ms.clamp(*HELD_MS.start(), *HELD_MS.end());
            self.digits.push_back(Digit { duration_ms, ..digit });
        }
    }

    /// Whether there is nothing left to say.
    pub(super) fn is_over(&self) -> bool {
        self.player.is_none() && self.digits.is_empty() && self.sending.is_none()
    }

    /// The agreement has changed: encoders are made anew, and a digit begun as an event is given up.
    pub(super) fn agreed(&mut self) {
        self.speaker = None;
        if matches!(self.sending, Some(Sending::Events(..))) {
            self.sending = Some(Sending::Pause(PAUSE_MS));
        }
    }

    /// Sends what is due.
    pub(super) fn tick(&mut self, agreed: &Agreed, egress: &mut Egress, wire: &mut Wire<'_>) -> Said {
        let mut said = Said::More;
        while !self.is_over() && self.is_due(wire.now, agreed) {
            if self.sending.is_none() {
                self.sending = self.begin(agreed, egress, wire);
            }
            if let Some(sending) = self.sending.take() {
                self.sending = match sending {
                    Sending::Events(sender, at) => self.send_event((sender, at), agreed, egress, wire),
                    sending => self.sound_digit(sending, agreed, egress, wire),
                };
            } else if self.read(agreed) {
                let rate = self.rate(agreed);
                self.speak((agreed, rate), egress, wire);
            } else {
                self.player = None;
                said = Said::Finished;
            }
        }
        said
    }

    /// Lets time pass without sending, for a leg that may not be sent anything now: what is played goes on unheard,
    /// digits wait.
    pub(super) fn pass(&mut self, now: Instant, agreed: &Agreed) -> Said {
        while self.player.is_some() && self.is_due(now, agreed) {
            if !self.read(agreed) {
                self.player = None;
                return Said::Finished;
            }
        }
        Said::More
    }

    fn is_due(&mut self, now: Instant, agreed: &Agreed) -> bool {
        let rate = self.rate(agreed);
        self.speaker(agreed, rate).is_due(now)
    }

    /// The rate of what is being said. Digits are made at the codec's, samples have their own.
    fn rate(&self, agreed: &Agreed) -> u32 {
        let own = agreed.codec.sample_rate();
        match (&self.sending, &self.player) {
            (None, Some(player)) if self.digits.is_empty() => player.rate(),
            (_, _) => own,
        }
    }

    fn speaker(&mut self, agreed: &Agreed, rate: u32) -> &mut Speaker {
        let fits = |speaker: &Speaker| speaker.codec() == agreed.codec && speaker.rate() == rate;
        if !self.speaker.as_ref().is_some_and(fits) {
            self.speaker = None;
        }
        self.speaker.get_or_insert_with(|| Speaker::new(agreed.codec, agreed.ptime_ms, rate))
    }

    /// The next digit, if one waits.
    fn begin(&mut self, agreed: &Agreed, egress: &mut Egress, wire: &Wire<'_>) -> Option<Sending> {
        let Digit { digit, duration_ms } = self.digits.pop_front()?;
        if agreed.event_payload_type.is_some() {
            let sender = EventSender::new(digit, duration_ms, agreed.event_clock_rate, agreed.ptime_ms)?;
            return Some(Sending::Events(sender, egress.begin(wire)));
        }
        let generator = dtmf::Generator::new(digit, agreed.codec.sample_rate())?;
        Some(Sending::Sound(generator, duration_ms))
    }

    fn send_event(
        &mut self,
        (mut sender, timestamp): (EventSender, u32),
        agreed: &Agreed,
        egress: &mut Egress,
        wire: &mut Wire<'_>,
    ) -> Option<Sending> {
        if let (Some(packet), Some(number)) = (sender.next(), agreed.event_payload_type) {
            if packet.marker {
                egress.mark();
            }
            let sound = std::mem::replace(&mut wire.target.payload_type, number);
            egress.send_at(wire, timestamp, &packet.payload);
            wire.target.payload_type = sound;
            return Some(Sending::Events(sender, timestamp));
        }
        // Durations count in the events' clock, the stream in the codec's.
        let rate = u64::from(agreed.event_clock_rate.max(1));
        let units = u64::from(sender.units()) * u64::from(wire.target.clock_rate) / rate;
        egress.advance_to(timestamp.wrapping_add(units as u32));
        egress.mark();
        (!self.digits.is_empty()).then_some(Sending::Pause(PAUSE_MS))
    }

    /// One frame of a digit's sound or of the pause after it.
    fn sound_digit(
        &mut self,
        sending: Sending,
        agreed: &Agreed,
        egress: &mut Egress,
        wire: &mut Wire<'_>,
    ) -> Option<Sending> {
        let ptime_ms = u32::from(agreed.ptime_ms);
        let samples = agreed.codec.samples(ptime_ms);
        let rate = agreed.codec.sample_rate();
        self.scratch.clear();
        let rest = match sending {
            Sending::Sound(mut generator, left) => {
                generator.generate(agreed.codec.samples(left.min(ptime_ms)), &mut self.scratch);
                match left.saturating_sub(ptime_ms) {
                    0 => Some(Sending::Pause(PAUSE_MS)),
                    left => Some(Sending::Sound(generator, left)),
                }
            }
            Sending::Pause(left) => (left > ptime_ms).then(|| Sending::Pause(left - ptime_ms)),
            Sending::Events(..) => None,
        };
        // After events nothing needs to be said to be silent.
        if agreed.event_payload_type.is_none() {
            self.scratch.resize(samples, 0);
            self.speak((agreed, rate), egress, wire);
        }
        rest
    }

    /// Reads a frame of what is played; whether it has not ended yet.
    fn read(&mut self, agreed: &Agreed) -> bool {
        let rate = self.rate(agreed);
        let frame = self.speaker(agreed, rate).frame();
        self.scratch.clear();
        self.player.as_mut().is_some_and(|player| player.read(frame, &mut self.scratch))
    }

    fn speak(&mut self, (agreed, rate): (&Agreed, u32), egress: &mut Egress, wire: &mut Wire<'_>) {
        let samples = std::mem::take(&mut self.scratch);
        let speaker = self.speaker(agreed, rate);
        speaker.write(&samples);
        if let Some(frame) = speaker.payload() {
            egress.send(wire, frame);
        }
        self.scratch = samples;
    }
}
