//! Owners at their mailboxes.

use super::*;
use model::site::Mailbox;
use model::{CallId, Message, MessageState, Recorded, RecordingId};

fn message(number: u64, state: MessageState) -> Message {
    Message {
        id: RecordingId { call: CallId(number), number: 1 },
        mailbox: Mailbox::User("anna".into()),
        from: Some("+46701112233".to_owned()),
        began: "2026-11-23T07:15:00Z".parse().expect("an instant"),
        duration_ms: 4_000,
        state,
        cut: false,
    }
}

/// An office in which Anna has messages.
fn with_messages(messages: Vec<Message>) -> Office {
    let now = base();
    let recordings = messages.iter().map(|message| (message.id, message.duration_ms)).collect();
    let next_call = Some(CallId(100));
    let snapshot = Snapshot { messages, recordings, next_call, ..Snapshot::default() };
    let pbx = Pbx::new(now, &snapshot, Some(site(DEMO)));
    let mut office = Office { now, pbx, effects: Vec::new(), tickets: 0 };
    office.contacts("anna-bord", &[1]);
    office.trunk("operator", &[true]);
    office.effects.clear();
    office
}

impl Office {
    fn says(&mut self, leg: LegId) -> Vec<String> {
        let words = self.pbx.take_words(leg);
        words.map(|words| words.parts.iter().map(ToString::to_string).collect()).unwrap_or_default()
    }

    fn press(&mut self, leg: LegId, keys: &str) {
        for key in keys.chars() {
            self.leg(leg, LegEvent::Digit(key));
        }
    }

    fn new_and_saved(&mut self) -> (usize, usize) {
        let ticket =
            self.command(Actor::Local, Command::Voicemail { mailbox: "anna".to_owned(), wish: None });
        match self.reply(ticket) {
            Some(Reply::Voicemail(entries)) => {
                let new = entries.iter().filter(|entry| entry.new).count();
                (new, entries.len() - new)
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn new_messages_are_heard_at_once_and_then_count_as_heard() {
    let mut office = with_messages(vec![message(1, MessageState::Saved), message(2, MessageState::New)]);
    let leg = office.dial("anna-bord", "133");
    assert_eq!(office.says(leg), ["mb.new.1.c", "mb.andsaved.1.e"]);
    office.leg(leg, LegEvent::Played);
    let heard = office.says(leg);
    assert_eq!(heard[..4], ["mb.first", "mb.received.m", "day.today.m", "time.h08.m"]);
    assert!(heard.contains(&"@recording:2-1".to_owned()), "the new one comes first: {heard:?}");
    assert_eq!(office.new_and_saved(), (1, 1), "not before it is heard");
    office.leg(leg, LegEvent::Played);
    assert_eq!(office.new_and_saved(), (0, 2));
    assert!(office.says(leg).contains(&"@recording:1-1".to_owned()));
    office.leg(leg, LegEvent::Played);
    assert_eq!(office.says(leg), ["mb.nomore"]);
    office.leg(leg, LegEvent::Played);
    office.over(&[leg]);
}

#[test]
fn what_is_deleted_can_be_taken_back_until_the_next_message() {
    let mut office = with_messages(vec![message(1, MessageState::New), message(2, MessageState::New)]);
    let leg = office.dial("anna-bord", "133");
    office.leg(leg, LegEvent::Played);
    office.press(leg, "3");
    assert_eq!(office.says(leg), ["mb.deleted"]);
    office.press(leg, "7");
    assert_eq!(office.says(leg)[0], "mb.restored");
    assert_eq!(office.new_and_saved(), (2, 0));
    office.press(leg, "3");
    office.says(leg);
    office.leg(leg, LegEvent::Played);
    assert_eq!(office.new_and_saved(), (1, 0));
    assert!(office.effects.iter().any(|effect| matches!(effect, Effect::Erase(id) if id.call == CallId(1))));
    office.press(leg, "#");
    office.over(&[leg]);
    assert_eq!(office.new_and_saved(), (1, 0), "one not heard to its end is new");
}

#[test]
fn the_caller_is_called_back_by_a_key() {
    let mut office = with_messages(vec![message(1, MessageState::New)]);
    let leg = office.dial("anna-bord", "*133#");
    office.leg(leg, LegEvent::Played);
    office.press(leg, "4");
    let (called, _, invite) = office.by_trunk();
    assert_eq!(invite.called, "+46701112233");
    office.over(&[leg, called]);
}

#[test]
fn from_outside_a_pin_opens_it_and_three_wrong_ones_lock_it() {
    let mut office = with_messages(vec![message(1, MessageState::New)]);
    let calls = |office: &mut Office| {
        let leg = office.ring_in(Some("+46709998877"), "+46812345201");
        let phones: Vec<LegId> = office.invited().into_iter().map(|(leg, _)| leg).collect();
        office.pass(21);
        office.says(leg);
        office.pass(2);
        office.press(leg, "*");
        (leg, phones)
    };
    let ends = |office: &mut Office, (leg, mut phones): (LegId, Vec<LegId>)| {
        phones.push(leg);
        office.over(&phones);
        office.effects.clear();
    };
    let call = calls(&mut office);
    assert_eq!(office.says(call.0), ["mb.pin"]);
    office.press(call.0, "4711#");
    assert_eq!(office.says(call.0), ["mb.new.1"]);
    ends(&mut office, call);
    let call = calls(&mut office);
    office.press(call.0, "00000#");
    assert_eq!(office.says(call.0), ["mb.pin.wrong"]);
    ends(&mut office, call);
    let call = calls(&mut office);
    office.press(call.0, "1111");
    office.press(call.0, "2222");
    assert_eq!(office.says(call.0), ["mb.pin.locked"]);
    ends(&mut office, call);
    let call = calls(&mut office);
    assert_eq!(office.says(call.0), ["mb.pin.locked"], "also the right one does not help now");
    ends(&mut office, call);
    office.pass(15 * 60);
    let call = calls(&mut office);
    assert_eq!(office.says(call.0), ["mb.pin"]);
    ends(&mut office, call);
}

#[test]
fn a_recording_that_fails_leaves_no_message() {
    let mut office = with_messages(Vec::new());
    let leg = office.ring_in(Some("+46709998877"), "+46812345201");
    let mut phones: Vec<LegId> = office.invited().into_iter().map(|(leg, _)| leg).collect();
    office.pass(21);
    office.leg(leg, LegEvent::Played);
    let recording = office.effects.iter().find_map(|effect| match effect {
        Effect::Leg(call::Effect::Record { recording, .. }) => Some(*recording),
        _ => None,
    });
    let recording = recording.expect("it is recorded");
    office.leg(leg, LegEvent::Ended(EndedBy::Party));
    office.input(Input::Recorded { recording, result: Err("no room".to_owned()) });
    assert_eq!(office.new_and_saved(), (0, 0));
    phones.push(leg);
    office.over(&phones);
    office.input(Input::Recorded { recording, result: Ok(Recorded::default()) });
    assert!(matches!(office.effects.last(), Some(Effect::Erase(id)) if *id == recording), "nobody wants it");
}
