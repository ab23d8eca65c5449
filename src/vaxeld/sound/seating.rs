//! Which leg is on which thread. Who hear each other are on one: a leg changes threads when it joins somebody elsewhere.

use media::{Command, Leg, Room};
use std::collections::HashMap;

/// Where legs and rooms are.
#[derive(Debug, Default)]
pub(super) struct Seating {
    legs: HashMap<Leg, Seat>,
    /// As many as have members.
    rooms: HashMap<Room, Table>,
}

#[derive(Debug)]
struct Seat {
    thread: usize,
    room: Option<Room>,
}

#[derive(Debug)]
struct Table {
    thread: usize,
    members: usize,
}

/// A leg changes threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Move {
    pub(super) leg: Leg,
    pub(super) from: usize,
    pub(super) to: usize,
}

impl Seating {
    /// A leg comes to a thread.
    pub(super) fn sit(&mut self, leg: Leg, thread: usize) {
        self.legs.insert(leg, Seat { thread, room: None });
    }

    /// The thread a leg's command is for, and who must be moved before; none where the leg has no sound.
    pub(super) fn place(&mut self, leg: Leg, command: &Command) -> Option<(usize, Option<Move>)> {
        let moved = match command {
            Command::Connect { a, b } => {
                self.leave(*a);
                self.leave(*b);
                let to = self.legs.get(a)?.thread;
                self.bring(*b, to)
            }
            Command::Join { room, leg, .. } => self.join(*leg, *room),
            Command::Disconnect { leg } => {
                self.leave(*leg);
                None
            }
            Command::Close { leg } => {
                self.leave(*leg);
                return self.legs.remove(leg).map(|seat| (seat.thread, None));
            }
            Command::Open { .. }
            | Command::Configure { .. }
            | Command::Fax { .. }
            | Command::Play { .. }
            | Command::Stop { .. }
            | Command::Record { .. }
            | Command::EndRecord { .. }
            | Command::SendDigit { .. } => None,
        };
        Some((self.legs.get(&leg)?.thread, moved))
    }

    fn join(&mut self, leg: Leg, room: Room) -> Option<Move> {
        let seat = self.legs.get(&leg)?;
        if seat.room == Some(room) {
            return None;
        }
        let here = seat.thread;
        self.leave(leg);
        let table = self.rooms.entry(room).or_insert(Table { thread: here, members: 0 });
        table.members += 1;
        let to = table.thread;
        self.legs.get_mut(&leg)?.room = Some(room);
        self.bring(leg, to)
    }

    fn leave(&mut self, leg: Leg) {
        let Some(room) = self.legs.get_mut(&leg).and_then(|seat| seat.room.take()) else { return };
        let Some(table) = self.rooms.get_mut(&room) else { return };
        table.members -= 1;
        if table.members == 0 {
            self.rooms.remove(&room);
        }
    }

    fn bring(&mut self, leg: Leg, to: usize) -> Option<Move> {
        let seat = self.legs.get_mut(&leg)?;
        let from = std::mem::replace(&mut seat.thread, to);
        (from != to).then_some(Move { leg, from, to })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use media::Role;

    const ROOM: Room = Room(1);

    /// As many legs as threads, each on its own.
    fn apart(legs: usize) -> Seating {
        let mut seating = Seating::default();
        (0..legs).for_each(|thread| seating.sit(Leg(thread as u64), thread));
        seating
    }

    fn connect(seating: &mut Seating, a: u64, b: u64) -> Option<(usize, Option<Move>)> {
        seating.place(Leg(a), &Command::Connect { a: Leg(a), b: Leg(b) })
    }

    fn join(seating: &mut Seating, leg: u64) -> Option<(usize, Option<Move>)> {
        let leg = Leg(leg);
        seating.place(leg, &Command::Join { room: ROOM, leg, role: Role::MEMBER })
    }

    #[test]
    fn who_is_connected_comes_to_the_others_thread_and_stays_there() {
        let mut seating = apart(3);
        let moved = Move { leg: Leg(2), from: 2, to: 1 };
        assert_eq!(connect(&mut seating, 1, 2), Some((1, Some(moved))));
        assert_eq!(connect(&mut seating, 2, 1), Some((1, None)));
        assert_eq!(connect(&mut seating, 2, 9), Some((1, None)), "there is no such leg");
        assert_eq!(connect(&mut seating, 9, 2), None);
    }

    #[test]
    fn all_members_of_a_room_come_to_the_thread_of_its_first() {
        let mut seating = apart(3);
        assert_eq!(join(&mut seating, 2), Some((2, None)));
        assert_eq!(join(&mut seating, 0), Some((2, Some(Move { leg: Leg(0), from: 0, to: 2 }))));
        assert_eq!(join(&mut seating, 0), Some((2, None)), "with another role");
    }

    #[test]
    fn a_room_that_all_have_left_begins_anew_elsewhere() {
        let mut seating = apart(4);
        join(&mut seating, 0);
        join(&mut seating, 1);
        seating.place(Leg(0), &Command::Close { leg: Leg(0) });
        assert_eq!(join(&mut seating, 2).and_then(|(_, moved)| moved).map(|moved| moved.to), Some(0));
        seating.place(Leg(1), &Command::Disconnect { leg: Leg(1) });
        connect(&mut seating, 3, 2);
        assert_eq!(seating.rooms.len(), 0);
        assert_eq!(join(&mut seating, 3), Some((3, None)));
        assert_eq!(seating.place(Leg(0), &Command::Close { leg: Leg(0) }), None, "it is closed already");
    }
}
