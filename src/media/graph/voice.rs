//! What the box itself says to a leg: tones, samples and digits, in place of the leg's peer.
//!
//! Digits go before whatever is played, one after the other with a pause between them. A leg with telephone events
//! gets events, another one gets the sound of the keys.

use super::Cue;
use super::chorus::Form;
use super::egress::{Egress, Target};
use super::player::Player;
use super::protection::Wire;
use super::station::StationId;
use super::transcode::Speaker;
use crate::dtmf::{self, Digit, EventSender};
use crate::negotiation::Agreed;
use crate::program::RATE;
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

/// Something played.
enum Playing {
    /// To this leg alone; none while only its end fades.
    Alone(Option<Cue>, Box<Player>),
    /// To many; and the form it was last sent in.
    Station(Cue, StationId, Option<Form>),
}

/// What is said when a frame has been sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// More is to come.
    More,
    /// What was played has ended.
    Finished(Cue),
}

/// What was played when it was stopped: how far its own player had come, or the station it was.
pub(super) enum Stopped {
    At(Cue, u64),
    Station(Cue, StationId),
}

/// The box's own voice on a leg.
#[derive(Default)]
pub(super) struct Voice {
    playing: Option<Playing>,
    digits: VecDeque<Digit>,
    sending: Option<Sending>,
    speaker: Option<Speaker>,
    scratch: Vec<i16>,
}

impl Voice {
    /// Plays from now on, in place of what was played before, which fades.
    pub(super) fn play(&mut self, cue: Cue, player: Player) {
        let player = match self.playing.take() {
            Some(Playing::Alone(_, before)) => player.after(*before),
            Some(Playing::Station(..)) | None => player,
        };
        self.playing = Some(Playing::Alone(Some(cue), Box::new(player)));
    }

    /// Listens to a station from now on.
    pub(super) fn listen(&mut self, cue: Cue, station: StationId) {
        self.playing = Some(Playing::Station(cue, station, None));
        self.speaker = None;
    }

    /// Ends what is played, in a fade; what it was.
    pub(super) fn stop(&mut self) -> Option<Stopped> {
        match self.playing.take()? {
            Playing::Station(cue, station, _) => Some(Stopped::Station(cue, station)),
            Playing::Alone(cue, mut player) => {
                let at = player.position_ms();
                player.stop();
                self.playing = Some(Playing::Alone(None, player));
                cue.map(|cue| Stopped::At(cue, at))
            }
        }
    }

    /// What is played, and from where.
    pub(super) fn station(&self) -> Option<StationId> {
        match self.playing {
            Some(Playing::Station(_, station, _)) => Some(station),
            Some(Playing::Alone(..)) | None => None,
        }
    }

    /// The form a station is to be sent in; whether it is another than before.
    pub(super) fn tune(&mut self, to: Option<Form>) -> bool {
        match &mut self.playing {
            Some(Playing::Station(_, _, form)) => std::mem::replace(form, to) != to,
            Some(Playing::Alone(..)) | None => false,
        }
    }

    /// Whether digits are being sent, before anything that is played.
    pub(super) fn is_dialling(&self) -> bool {
        self.sending.is_some() || !self.digits.is_empty()
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
        self.playing.is_none() && !self.is_dialling()
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
        while self.has_own() && self.is_due(wire.now, agreed) {
            if self.sending.is_none() {
                self.sending = self.begin(agreed, egress, wire);
            }
            if let Some(sending) = self.sending.take() {
                self.sending = match sending {
                    Sending::Events(sender, at) => self.send_event((sender, at), agreed, egress, wire),
                    sending => self.sound_digit(sending, agreed, egress, wire),
                };
                continue;
            }
            let over = self.read(agreed);
            self.speak(agreed, egress, wire);
            if let Some(cue) = over {
                return Said::Finished(cue);
            }
        }
        Said::More
    }

    /// Lets time pass without sending, for a leg that may not be sent anything now: what is played goes on unheard,
    /// digits wait.
    pub(super) fn pass(&mut self, now: Instant, agreed: &Agreed) -> Said {
        while matches!(self.playing, Some(Playing::Alone(..))) && self.is_due(now, agreed) {
            if let Some(cue) = self.read(agreed) {
                return Said::Finished(cue);
            }
        }
        Said::More
    }

    /// Whether there is anything that no station says.
    fn has_own(&self) -> bool {
        self.is_dialling() || matches!(self.playing, Some(Playing::Alone(..)))
    }

    fn is_due(&mut self, now: Instant, agreed: &Agreed) -> bool {
        self.speaker(agreed).is_due(now)
    }

    fn speaker(&mut self, agreed: &Agreed) -> &mut Speaker {
        let form = Form::of(agreed);
        if !self.speaker.as_ref().is_some_and(|speaker| form.is_of(speaker)) {
            self.speaker = None;
        }
        self.speaker.get_or_insert_with(|| form.speaker())
    }

    /// The next digit, if one waits.
    fn begin(&mut self, agreed: &Agreed, egress: &mut Egress, wire: &Wire<'_>) -> Option<Sending> {
        let Digit { digit, duration_ms } = self.digits.pop_front()?;
        if agreed.event_payload_type.is_some() {
            let sender = EventSender::new(digit, duration_ms, agreed.event_clock_rate, agreed.ptime_ms)?;
            return Some(Sending::Events(sender, egress.begin(wire)));
        }
        let generator = dtmf::Generator::new(digit, RATE)?;
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
            let sound = wire.target;
            wire.target = Target { payload_type: number, adapts: false, ..sound };
            egress.send_at(wire, timestamp, &packet.payload);
            wire.target = sound;
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
        let ptime_ms = u32::from(agreed.codec.packet_time_ms(agreed.ptime_ms));
        let samples = (RATE / 1000 * ptime_ms) as usize;
        self.scratch.clear();
        let rest = match sending {
            Sending::Sound(mut generator, left) => {
                let sounding = RATE / 1000 * left.min(ptime_ms);
                generator.generate(sounding as usize, &mut self.scratch);
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
            self.speak(agreed, egress, wire);
        }
        rest
    }

    /// Reads a frame of what is played; its name if it has ended with this frame.
    fn read(&mut self, agreed: &Agreed) -> Option<Cue> {
        let frame = self.speaker(agreed).frame();
        self.scratch.clear();
        let Some(Playing::Alone(cue, player)) = &mut self.playing else { return None };
        player.read(frame, &mut self.scratch);
        if !player.is_over() {
            return None;
        }
        let cue = *cue;
        self.playing = None;
        cue
    }

    fn speak(&mut self, agreed: &Agreed, egress: &mut Egress, wire: &mut Wire<'_>) {
        let samples = std::mem::take(&mut self.scratch);
        let speaker = self.speaker(agreed);
        speaker.write(&samples);
        speaker.follow(egress);
        if let Some(frame) = speaker.payload() {
            egress.send(wire, frame);
        }
        self.scratch = samples;
    }
}
