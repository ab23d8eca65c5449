//! Every sequence of what people do, against a model of who hears whom.
//!
//! The model knows links between two people, who holds whom, the parking place and the conference; it says which
//! actions are possible and what each changes. After each the real exchange must agree: whoever is in a call hears
//! exactly those the model says.

use crate::world::simulated::{Dial, PeerId, World};
use media::Direction;
use std::collections::BTreeSet;

/// Somebody's end of a call, and when it began: a person's newest is what their phone shows.
#[derive(Clone, Copy, Debug, PartialEq)]
struct End {
    who: PeerId,
    began: u32,
}

/// Two people in one call, and which of them hold the other.
#[derive(Clone, Debug, PartialEq)]
struct Link {
    ends: [End; 2],
    held_by: BTreeSet<PeerId>,
}

impl Link {
    /// A person's own end and the other's.
    fn seen_by(&self, who: PeerId) -> Option<(End, End)> {
        let [one, other] = self.ends;
        if one.who == who { Some((one, other)) } else { (other.who == who).then_some((other, one)) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Action {
    Hold(PeerId),
    Resume(PeerId),
    /// Calls a third while the second is on hold.
    Consult(PeerId, PeerId),
    /// Connects the other with a third, blind.
    Pass(PeerId, PeerId),
    /// Connects the two others with each other.
    Connect(PeerId),
    Park(PeerId),
    Fetch(PeerId),
    Confer(PeerId),
    Leave(PeerId),
}

#[derive(Clone, Debug, Default)]
struct Model {
    links: Vec<Link>,
    /// Who is parked, and whether they hold.
    parked: Option<(End, BTreeSet<PeerId>)>,
    room: BTreeSet<PeerId>,
    /// Those in the room who had their hold key pressed when they came in: they neither hear nor are heard.
    aside: BTreeSet<PeerId>,
    calls: u32,
}

impl Model {
    /// A person's links, oldest first.
    fn of(&self, who: PeerId) -> Vec<&Link> {
        let mut own: Vec<&Link> = self.links.iter().filter(|link| link.seen_by(who).is_some()).collect();
        own.sort_by_key(|link| link.seen_by(who).map(|(own, _)| own.began));
        own
    }

    fn is_parked(&self, who: PeerId) -> bool {
        self.parked.as_ref().is_some_and(|(parked, _)| parked.who == who)
    }

    /// A person's end of a call that begins now.
    fn end(&mut self, who: PeerId) -> End {
        self.calls += 1;
        End { who, began: self.calls }
    }

    fn is_idle(&self, who: PeerId) -> bool {
        self.of(who).is_empty() && !self.room.contains(&who) && !self.is_parked(who)
    }

    /// Whom a person hears in the newest call.
    fn hears(&self, who: PeerId) -> Vec<PeerId> {
        if self.room.contains(&who) {
            let talk = |other: &PeerId| *other != who && !self.aside.contains(other);
            let deaf = self.aside.contains(&who);
            return self.room.iter().copied().filter(|other| !deaf && talk(other)).collect();
        }
        let newest = self.of(who).pop().filter(|_| !self.is_parked(who));
        let talks = newest.filter(|link| link.held_by.is_empty()).and_then(|link| link.seen_by(who));
        talks.map(|(_, other)| other.who).into_iter().collect()
    }

    /// What can be done now. Colleagues do everything; whoever is outside only leaves.
    fn possible(&self, people: &[PeerId], outside: PeerId) -> Vec<Action> {
        let mut actions = Vec::new();
        for &who in people {
            if !self.is_idle(who) {
                actions.push(Action::Leave(who));
            }
            if who == outside || self.room.contains(&who) || self.is_parked(who) {
                continue;
            }
            let own = self.of(who);
            let thirds = || people.iter().copied().filter(|third| *third != outside && self.is_idle(*third));
            let holds = |link: &&Link| link.held_by.contains(&who);
            match own.as_slice() {
                [] if self.is_idle(who) && self.parked.is_some() => actions.push(Action::Fetch(who)),
                [] => {}
                [link] if holds(link) => {
                    actions.push(Action::Resume(who));
                    actions.push(Action::Confer(who));
                    if self.parked.is_none() {
                        actions.push(Action::Park(who));
                    }
                    actions.extend(thirds().map(|third| Action::Consult(who, third)));
                }
                [_] => {
                    actions.push(Action::Hold(who));
                    actions.extend(thirds().map(|third| Action::Pass(who, third)));
                }
                [.., newest] if holds(newest) => {
                    actions.push(Action::Resume(who));
                    actions.push(Action::Confer(who));
                    actions.push(Action::Connect(who));
                }
                _ => {
                    actions.push(Action::Hold(who));
                    actions.push(Action::Connect(who));
                }
            }
        }
        actions
    }

    fn apply(&mut self, action: Action) {
        match action {
            Action::Hold(who) => drop(self.newest(who).held_by.insert(who)),
            Action::Resume(who) => drop(self.newest(who).held_by.remove(&who)),
            Action::Consult(who, third) => {
                let ends = [self.end(who), self.end(third)];
                self.links.push(Link { ends, held_by: BTreeSet::new() });
            }
            Action::Pass(who, third) => {
                let (stays, held_by) = self.take(who).remove(0);
                let ends = [stays, self.end(third)];
                self.links.push(Link { ends, held_by });
            }
            Action::Connect(who) => {
                let mut taken = self.take(who);
                let (second, more) = taken.pop().expect("two links");
                let (first, mut held_by) = taken.pop().expect("two links");
                held_by.extend(more);
                self.links.push(Link { ends: [first, second], held_by });
            }
            Action::Park(who) => self.parked = self.take(who).pop(),
            Action::Fetch(who) => {
                let (waits, held_by) = self.parked.take().expect("somebody is parked");
                let ends = [waits, self.end(who)];
                self.links.push(Link { ends, held_by });
            }
            Action::Confer(who) => {
                let taken = self.take(who);
                self.aside = taken.iter().flat_map(|(_, holds)| holds.iter().copied()).collect();
                self.room = taken.into_iter().map(|(stays, _)| stays.who).chain([who]).collect();
            }
            Action::Leave(who) => {
                self.take(who);
                self.parked = self.parked.take().filter(|(parked, _)| parked.who != who);
                self.room.remove(&who);
                if self.room.len() == 1 {
                    self.room.clear();
                }
            }
        }
    }

    fn newest(&mut self, who: PeerId) -> &mut Link {
        let own = self.links.iter_mut().filter(|link| link.seen_by(who).is_some());
        own.max_by_key(|link| link.seen_by(who).map(|(own, _)| own.began)).expect("a link")
    }

    /// Ends a person's links; gives the other ends, oldest first, and whether those hold.
    fn take(&mut self, who: PeerId) -> Vec<(End, BTreeSet<PeerId>)> {
        let own: Vec<Link> = self.of(who).into_iter().cloned().collect();
        self.links.retain(|link| link.seen_by(who).is_none());
        let stays = own.into_iter().filter_map(|mut link| {
            link.held_by.remove(&who);
            Some((link.seen_by(who)?.1, link.held_by))
        });
        stays.collect()
    }
}

/// The real exchange beside the model.
struct Story {
    world: World,
    people: [PeerId; 4],
    model: Model,
    done: Vec<Action>,
}

const NUMBERS: [&str; 4] = ["", "201", "202", "203"];

impl Story {
    /// Somebody outside has called Bo and they talk; Anna and Cia are free.
    fn begin() -> Self {
        let mut world = World::new();
        let [anna, bo, cia] = ["anna-bord", "bo-bord", "cia-bord"].map(|device| world.phone(device));
        for phone in [anna, bo, cia] {
            world.answers(phone, 0.2);
        }
        let outside = World::OPERATOR;
        world.call(outside, Dial::to("+46812345202").from("+46701234567"));
        world.run(1.0);
        let mut model = Model::default();
        model.apply(Action::Consult(outside, bo));
        let mut story = Self { world, people: [outside, anna, bo, cia], model, done: Vec::new() };
        story.agrees();
        story
    }

    fn number(&self, who: PeerId) -> &'static str {
        self.people.iter().position(|person| *person == who).map_or("", |at| NUMBERS[at])
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Hold(who) => self.world.wish_up(who, Direction::SendOnly),
            Action::Resume(who) => self.world.wish_up(who, Direction::SendReceive),
            Action::Consult(who, third) => self.world.dial(who, self.number(third)),
            Action::Pass(who, third) => self.world.connect_with(who, self.number(third)),
            Action::Connect(who) => self.world.connect_both(who),
            Action::Park(who) | Action::Fetch(who) => self.world.dial(who, "*51"),
            Action::Confer(who) => self.world.dial(who, "*3"),
            Action::Leave(who) => self.world.leave(who),
        }
        // A confirmation tone, or a phone that takes a moment to answer.
        self.world.run(if matches!(action, Action::Park(_)) { 2.5 } else { 1.5 });
        self.model.apply(action);
        self.done.push(action);
        self.agrees();
    }

    fn agrees(&mut self) {
        for who in self.people {
            let newest = self.world.up_calls(who).pop();
            let heard = newest.map(|call| self.world.hears_in(who, call)).unwrap_or_default();
            let busy = !self.model.is_idle(who);
            assert_eq!(
                (newest.is_some(), heard),
                (busy, self.model.hears(who)),
                "{who:?} after {:?}\n{:#?}\n{}",
                self.done,
                self.model,
                self.world.ladder
            );
        }
    }

    fn end(mut self) {
        self.world.all_hang_up();
        self.world.settles();
    }
}

/// Every sequence that begins so, up to a length; only whole ones are played, for they contain their beginnings.
fn every(begun: &mut Vec<Action>, (model, people): (&Model, &[PeerId]), length: usize) -> usize {
    let next = if begun.len() < length { model.possible(people, World::OPERATOR) } else { Vec::new() };
    if next.is_empty() {
        let mut story = Story::begin();
        for action in begun {
            story.act(*action);
        }
        story.end();
        return 1;
    }
    let mut count = 0;
    for action in next {
        let mut model = model.clone();
        model.apply(action);
        begun.push(action);
        count += every(begun, (&model, people), length);
        begun.pop();
    }
    count
}

#[test]
fn every_sequence_of_five_lets_those_hear_each_other_who_should() {
    let Story { model, people, .. } = Story::begin();
    let count = every(&mut Vec::new(), (&model, &people), 5);
    assert!(count > 500, "{count} sequences");
}

#[test]
fn long_sequences_drawn_at_random_let_those_hear_each_other_who_should() {
    let mut dice = 1_u64;
    let mut below = |bound: usize| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(dice >> 33).unwrap_or(0) % bound
    };
    for _ in 0..40 {
        let mut story = Story::begin();
        for _ in 0..12 {
            let possible = story.model.possible(&story.people, World::OPERATOR);
            let Some(action) = possible.get(below(possible.len().max(1))) else { break };
            story.act(*action);
        }
        story.end();
    }
}
