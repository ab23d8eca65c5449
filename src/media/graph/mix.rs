//! A room: each member hears all others and not itself.
//!
//! ```text
//!  Hearing ─▶ Activity ─▶ who talks ─▶ bus, 16 kHz, i32 ─┬─ all ─────────────────▶ Chorus ─▶ those who only hear
//!                                          program, tail ┘   └─ less oneself, plus whispers ─▶ a speaker of one's own
//! ```
//!
//! Up to [`ALL_MEMBERS`] who may be heard always are. Up to [`ALL_TALKERS`] all who speak are; beyond, the
//! [`TALKERS`] loudest, with a lead for those who have the word. Who comes or goes fades over 5 ms.

use super::beat::FRAME;
use super::chorus::{Chorus, Form, Payloads};
use super::line::Line;
use super::outbox::Outbox;
use super::player::{FADE, Player, fade_out};
use super::transcode::Speaker;
use super::{Cue, HeardBy, Hears, Leg, Role, Room};
use crate::activity::Activity;
use std::time::Instant;

/// The most members of a room.
pub(super) const MEMBERS_MAX: usize = 64;
/// Rooms of so few need no gate.
const ALL_MEMBERS: usize = 4;
/// In rooms of so many, all who speak are heard.
const ALL_TALKERS: usize = 9;
/// In larger ones, so many.
const TALKERS: usize = 4;
/// Who talks is taken for louder by 6 dB when the loudest are chosen.
const LEAD: f32 = 4.0;

/// Beats after which two G.722 encoders with the same sound are near enough: what differs is 40 dB down.
const MERGED: u32 = 50;

/// The lines of the graph.
pub(super) type Lines = [Option<Box<Line>>];

/// A member.
struct Member {
    leg: Leg,
    /// Its line.
    at: usize,
    role: Role,
    activity: Activity,
    talks: bool,
    /// Until when it still hears its peer by the relay, and the room does not hear it.
    warming: Option<Instant>,
    /// This beat's sound, faded where it begins or ends; empty when it is not heard.
    sound: Vec<i16>,
    /// Encodes for it alone, while it hears what nobody else does.
    own: Option<Box<Speaker>>,
    /// What it was last encoded in with others.
    grouped: Option<Form>,
    /// For how many beats its own speaker has said what the group's says.
    alike: u32,
}

/// A room.
pub(super) struct Mix {
    pub(super) room: Room,
    members: Vec<Member>,
    chorus: Chorus,
    playing: Option<(Cue, Player)>,
    /// What those who left were saying, fading out.
    tail: Vec<i32>,
    /// What all hear, before it is limited.
    sum: Vec<i32>,
    heard: Vec<i16>,
    payloads: Payloads,
}

impl Mix {
    pub(super) fn new(room: Room) -> Self {
        Self {
            room,
            members: Vec::new(),
            chorus: Chorus::default(),
            playing: None,
            tail: Vec::new(),
            sum: vec![0; FRAME],
            heard: Vec::with_capacity(FRAME),
            payloads: Payloads::default(),
        }
    }

    /// Takes a leg in, at once or when it has warmed up, or gives it another role; whether there was room.
    pub(super) fn join(&mut self, (leg, at): (Leg, usize), role: Role, warming: Option<Instant>) -> bool {
        if let Some(member) = self.members.iter_mut().find(|member| member.leg == leg) {
            member.role = role;
            return true;
        }
        if self.members.len() >= MEMBERS_MAX {
            return false;
        }
        self.members.push(Member {
            leg,
            at,
            role,
            activity: Activity::default(),
            talks: false,
            warming,
            sound: Vec::new(),
            own: None,
            grouped: None,
            alike: 0,
        });
        true
    }

    /// Lets a leg go; what it was saying fades out.
    pub(super) fn leave(&mut self, leg: Leg, line: Option<&mut Line>) {
        let Some(index) = self.members.iter().position(|member| member.leg == leg) else { return };
        let member = self.members.remove(index);
        let said = line.and_then(|line| line.hearing.as_mut()).map(|hearing| hearing.bus());
        if let (true, HeardBy::Everybody, Some(said)) = (member.talks, member.role.heard_by, said) {
            // The last frame backwards begins where it ended, so there is no step to be heard.
            let mut rest: Vec<i16> = said.iter().rev().take(FADE).copied().collect();
            fade_out(&mut rest);
            self.tail.resize(FADE, 0);
            self.tail.iter_mut().zip(rest).for_each(|(tail, rest)| *tail += i32::from(rest));
        }
    }

    /// A member that has warmed up; to be cut from its peer now.
    pub(super) fn poll_warm(&mut self, now: Instant) -> Option<Leg> {
        let is = |member: &&mut Member| member.warming.is_some_and(|until| until <= now);
        let member = self.members.iter_mut().find(is)?;
        member.warming = None;
        Some(member.leg)
    }

    /// The peer of a leg that has warmed up comes along, if it is to be in the room as well.
    pub(super) fn admit(&mut self, leg: Leg) -> bool {
        let member = self.members.iter_mut().find(|member| member.leg == leg);
        member.is_some_and(|member| member.warming.take().is_some())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Plays to all, in place of what was played before, which is told with its position.
    pub(super) fn play(&mut self, cue: Cue, player: Player) -> Option<(Cue, u64)> {
        let (before, player) = match self.playing.take() {
            Some((before, playing)) => (Some((before, playing.position_ms())), player.after(playing)),
            None => (None, player),
        };
        self.playing = Some((cue, player));
        before
    }

    /// Ends what is played.
    pub(super) fn stop(&mut self) -> Option<(Cue, u64)> {
        let (cue, mut playing) = self.playing.take()?;
        let stopped = (cue, playing.position_ms());
        playing.stop();
        let mut rest = Vec::with_capacity(FADE);
        playing.read(FADE, &mut rest);
        self.tail.resize(FADE, 0);
        self.tail.iter_mut().zip(rest).for_each(|(tail, rest)| *tail += i32::from(rest));
        Some(stopped)
    }

    /// What all hear in this beat, limited.
    pub(super) fn sound(&self) -> &[i16] {
        &self.heard
    }

    /// Mixes a frame and sends it; tells what has been played to its end.
    pub(super) fn beat(&mut self, now: Instant, lines: &mut Lines, out: &mut Outbox) -> Option<Cue> {
        self.listen(lines);
        let finished = self.add_up();
        self.speak(now, lines, out);
        finished
    }

    /// Chooses who talks, and takes their frames.
    fn listen(&mut self, lines: &mut Lines) {
        let mut open: Vec<(usize, f32)> = Vec::with_capacity(self.members.len());
        let heard = |member: &Member| member.role.heard_by != HeardBy::Nobody && member.warming.is_none();
        let audible = self.members.iter().filter(|member| heard(member)).count();
        for (index, member) in self.members.iter_mut().enumerate() {
            member.sound.clear();
            let Some(hearing) = hearing(lines, member.at) else { continue };
            let speaks = member.activity.hear(hearing.power());
            if heard(member) && (speaks || audible <= ALL_MEMBERS) {
                let lead = if member.talks { LEAD } else { 1.0 };
                open.push((index, member.activity.level() * lead));
            }
        }
        if audible > ALL_TALKERS && open.len() > TALKERS {
            open.sort_by(|a, b| b.1.total_cmp(&a.1));
            open.truncate(TALKERS);
        }
        for (index, member) in self.members.iter_mut().enumerate() {
            let talks = open.iter().any(|(talker, _)| *talker == index);
            let talked = std::mem::replace(&mut member.talks, talks);
            if (talks || talked)
                && let Some(hearing) = hearing(lines, member.at)
            {
                member.sound.extend_from_slice(hearing.bus());
                fade(&mut member.sound, talked, talks);
            }
        }
    }

    /// Sums what all hear.
    fn add_up(&mut self) -> Option<Cue> {
        self.sum.fill(0);
        let mut finished = None;
        if let Some((cue, player)) = &mut self.playing {
            self.heard.clear();
            player.read(FRAME, &mut self.heard);
            add(&mut self.sum, &self.heard);
            if player.is_over() {
                finished = Some(*cue);
                self.playing = None;
            }
        }
        for (sum, tail) in self.sum.iter_mut().zip(self.tail.drain(..)) {
            *sum += tail;
        }
        for member in &self.members {
            if member.role.heard_by == HeardBy::Everybody {
                add(&mut self.sum, &member.sound);
            }
        }
        limit(&self.sum, &mut self.heard);
        finished
    }

    /// Encodes: once for those who hear the same, and for each of the others.
    fn speak(&mut self, now: Instant, lines: &mut Lines, out: &mut Outbox) {
        self.chorus.begin();
        let mut groups = Vec::with_capacity(self.members.len());
        for index in 0..self.members.len() {
            let group = self.place(index, lines);
            groups.push(group);
        }
        self.chorus.speak(&self.heard);
        let mut mixed = Vec::with_capacity(FRAME);
        for (index, group) in groups.into_iter().enumerate() {
            let Some(line) = lines[self.members[index].at].as_deref_mut() else { continue };
            match group {
                Some(group) => line.send(now, self.chorus.payloads(group), out),
                None if self.members[index].own.is_some() => {
                    self.mix_for(index, &mut mixed);
                    let member = &mut self.members[index];
                    let Some(own) = &mut member.own else { continue };
                    own.write(&mixed);
                    self.payloads.collect(own);
                    line.send(now, &self.payloads, out);
                }
                None => {}
            }
        }
    }

    /// Gives a member a speaker of its own, or its group.
    fn place(&mut self, index: usize, lines: &Lines) -> Option<usize> {
        let alone = self.hears_alone(index);
        let member = &mut self.members[index];
        let form = lines[member.at].as_deref().and_then(|line| line.agreed.as_deref()).map(Form::of);
        let Some(form) = form.filter(|_| member.role.hears == Hears::Everybody && member.warming.is_none())
        else {
            (member.own, member.grouped) = (None, None);
            return None;
        };
        if member.own.as_ref().is_some_and(|own| !form.is_of(own)) {
            member.own = None;
        }
        if alone {
            let chorus = &mut self.chorus;
            member.own.get_or_insert_with(|| {
                let shared = chorus.speaker(form);
                let mut own = shared.map_or_else(|| form.speaker(), |speaker| speaker.split());
                if let Some(line) = lines[member.at].as_deref() {
                    own.follow(&line.egress);
                }
                Box::new(own)
            });
            (member.grouped, member.alike) = (None, 0);
            return None;
        }
        // Two G.722 encoders that hear the same adapt to it alike after a while, and only then may one be left for
        // the other without a noise.
        if form.adapts()
            && member.own.is_some()
            && member.alike < MERGED
            && self.chorus.speaker(form).is_some()
        {
            member.alike += 1;
            return None;
        }
        let own = member.own.take();
        let new = member.grouped.replace(form) != Some(form);
        let group = self.chorus.join(form, || own.map_or_else(|| form.speaker(), |own| *own));
        if new && let Some(speaker) = self.chorus.speaker(form) {
            speaker.start_afresh();
        }
        Some(group)
    }

    /// Whether a member hears what others do not: all without itself, or a whisper.
    fn hears_alone(&self, index: usize) -> bool {
        let member = &self.members[index];
        let itself = member.role.heard_by == HeardBy::Everybody && !member.sound.is_empty();
        itself || self.whispers(member.leg).next().is_some()
    }

    /// What is whispered to a leg.
    fn whispers(&self, leg: Leg) -> impl Iterator<Item = &[i16]> {
        let to = move |member: &&Member| {
            member.role.heard_by == HeardBy::Only(leg) && member.leg != leg && !member.sound.is_empty()
        };
        self.members.iter().filter(to).map(|member| member.sound.as_slice())
    }

    fn mix_for(&self, index: usize, mixed: &mut Vec<i16>) {
        let member = &self.members[index];
        let mut sum = self.sum.clone();
        if member.role.heard_by == HeardBy::Everybody {
            sum.iter_mut().zip(&member.sound).for_each(|(sum, own)| *sum -= i32::from(*own));
        }
        self.whispers(member.leg).for_each(|whisper| add(&mut sum, whisper));
        limit(&sum, mixed);
    }
}

fn hearing(lines: &mut Lines, at: usize) -> Option<&mut super::hearing::Hearing> {
    lines.get_mut(at)?.as_deref_mut()?.hearing.as_deref_mut()
}

fn add(sum: &mut [i32], samples: &[i16]) {
    sum.iter_mut().zip(samples).for_each(|(sum, sample)| *sum += i32::from(*sample));
}

fn limit(sum: &[i32], out: &mut Vec<i16>) {
    out.clear();
    out.extend(sum.iter().map(|sum| (*sum).clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16));
}

/// Fades a talker's first frame in and the last one out.
fn fade(sound: &mut [i16], talked: bool, talks: bool) {
    let edge = FADE.min(sound.len());
    if talks && !talked {
        for (index, sample) in sound[..edge].iter_mut().enumerate() {
            *sample = (i32::from(*sample) * index as i32 / edge as i32) as i16;
        }
    } else if talked && !talks {
        fade_out(&mut sound[..edge]);
        sound[edge..].fill(0);
    }
}
