//! Numbered batches of changes, and what a store must hold after each. Every fault test writes these.

use jiff::Timestamp;
use model::site::Mailbox;
use model::{
    Binding, CallId, CallRecord, Cause, Change, DeviceId, Direction, LegQuality, Message, MessageState,
    OpenCall, Party, Personal, RecordingId, Snapshot, Spent, Step, TrunkId, UserId, What,
};
use std::collections::BTreeMap;
use store::{Store, StoreError};

/// The time at which batch `number` is applied.
pub fn time(number: u64) -> Timestamp {
    let second = 1_790_000_000 + i64::try_from(number).expect("few batches");
    Timestamp::from_second(second).expect("in range")
}

/// The call that begins in batch `number`.
pub fn call(number: u64) -> OpenCall {
    OpenCall {
        id: CallId(number),
        direction: Direction::Inbound,
        from: format!("+4670{number:07}"),
        to: "+468123400".into(),
        began: time(number),
    }
}

/// Its record.
pub fn record(number: u64) -> CallRecord {
    let user = UserId::new("anna");
    let device = DeviceId::new("anna-desk");
    let phone = Party::Device { user: user.clone(), device: device.clone() };
    let trunk = Party::Trunk(TrunkId::new("operator"));
    let step = |after: u64, what| Step { time: time(number + after), what };
    let quality = |party: Party| LegQuality {
        party,
        codec: "PCMA/8000".into(),
        received: 3000 + number,
        sent: 3001,
        lost: number % 7,
        lost_remote: Some(2),
        jitter_ms: 1.25,
        round_trip_ms: number.is_multiple_of(2).then_some(20.5),
        mos: Some(4.3),
    };
    CallRecord {
        call: call(number),
        answered: Some(time(number + 3)),
        ended: time(number + 60),
        cause: Cause::Answered,
        answered_by: Some(user),
        answered_device: Some(device),
        trail: vec![
            step(0, What::Offered { by: trunk.clone(), dialled: "468123400".into() }),
            step(0, What::Numbered { number: "+468123400".into(), class: "internal".into() }),
            step(0, What::Invited { party: phone.clone() }),
            step(1, What::Rang { party: phone.clone() }),
            step(3, What::Answered { party: phone.clone() }),
            step(60, What::Ended { by: Some(trunk.clone()), why: "hung up".into() }),
        ],
        quality: vec![quality(phone), quality(trunk)],
    }
}

fn binding(number: u64) -> Binding {
    Binding {
        device: DeviceId::new(format!("phone-{}", number % 7)),
        key: format!("sip:phone@10.0.0.{}", number % 3),
        contact: "<sip:phone@10.0.0.1:5060>".into(),
        path: Vec::new(),
        source: "udp:10.0.0.1:5060".into(),
        local: "udp:10.0.0.254:5060".into(),
        call_id: "registration".into(),
        cseq: u32::try_from(number).expect("few batches"),
        expires: time(number + 300),
        agent: Some("Phone/1.0".into()),
    }
}

/// How many batches a call lasts.
const LASTS: u64 = 3;

/// Batch `number`; the first is 1.
pub fn batch(number: u64) -> Vec<Change> {
    let mut changes = vec![Change::CallBegan(call(number)), Change::Bound(binding(number))];
    if number > LASTS {
        changes.push(Change::CallEnded(record(number - LASTS)));
    }
    if number.is_multiple_of(5) {
        // Long enough to span several sectors of the disk.
        changes.push(Change::Site(format!("# site {number}\n").repeat(80)));
    }
    if number.is_multiple_of(4) {
        let Binding { device, key, .. } = binding(number - 1);
        changes.push(Change::Unbound { device, key });
    }
    if number.is_multiple_of(3) {
        changes.push(personal(number));
        changes.push(spent(number));
        changes.push(message(number));
    }
    changes
}

/// Every other time, nothing is set any more.
fn personal(number: u64) -> Change {
    let user = UserId::new(format!("user-{}", number % 5));
    let personal = Personal { do_not_disturb: number.is_multiple_of(2), ..Personal::default() };
    Change::Personal { user, personal }
}

/// Every other time, nothing any more.
fn spent(number: u64) -> Change {
    let user = UserId::new(format!("user-{}", number % 4));
    let mut spent =
        Spent::nothing(jiff::civil::date(2026, 11, 1 + i8::try_from(number % 28).expect("a day")));
    spent.international.calls = u32::from(number.is_multiple_of(2));
    Change::Spent { user, spent }
}

/// Every other one takes the one before it away.
fn message(number: u64) -> Change {
    let id = |number| RecordingId { call: CallId(number), number: 1 };
    if number.is_multiple_of(2) {
        return Change::MessageGone(id(number - 3));
    }
    Change::Message(Message {
        id: id(number),
        mailbox: Mailbox::User(UserId::new(format!("user-{}", number % 5))),
        from: Some("+46701234567".into()),
        began: jiff::Timestamp::UNIX_EPOCH,
        duration_ms: 4_000,
        state: MessageState::New,
        cut: false,
    })
}

/// What a store holds after the batches 1 to `number`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expected {
    pub number: u64,
    site: Option<String>,
    bindings: BTreeMap<(DeviceId, String), Binding>,
    personals: BTreeMap<UserId, Personal>,
    spent: BTreeMap<UserId, Spent>,
    messages: BTreeMap<RecordingId, Message>,
    open: BTreeMap<CallId, OpenCall>,
    records: BTreeMap<CallId, CallRecord>,
}

impl Expected {
    /// After one batch more.
    pub fn next(&mut self) {
        self.number += 1;
        for change in batch(self.number) {
            match change {
                Change::Site(text) => self.site = Some(text),
                Change::Bound(binding) => {
                    self.bindings.insert((binding.device.clone(), binding.key.clone()), binding);
                }
                Change::Unbound { device, key } => drop(self.bindings.remove(&(device, key))),
                Change::Personal { user, personal } if personal.is_empty() => {
                    self.personals.remove(&user);
                }
                Change::Personal { user, personal } => drop(self.personals.insert(user, personal)),
                Change::Spent { user, spent } if spent.is_nothing() => drop(self.spent.remove(&user)),
                Change::Spent { user, spent } => drop(self.spent.insert(user, spent)),
                Change::Message(message) => drop(self.messages.insert(message.id, message)),
                Change::MessageGone(id) => drop(self.messages.remove(&id)),
                Change::CallBegan(call) => drop(self.open.insert(call.id, call)),
                Change::CallEnded(record) => {
                    self.open.remove(&record.call.id);
                    self.records.insert(record.call.id, record);
                }
            }
        }
    }

    /// After the batches 1 to `number`.
    pub fn after(number: u64) -> Self {
        let mut expected = Self::default();
        while expected.number < number {
            expected.next();
        }
        expected
    }

    /// What opening must hand out.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            site: self.site.clone(),
            bindings: self.bindings.values().cloned().collect(),
            personals: self.personals.clone().into_iter().collect(),
            spent: self.spent.clone().into_iter().collect(),
            messages: self.messages.values().cloned().collect(),
            recordings: Vec::new(),
            open_calls: self.open.values().cloned().collect(),
            next_call: (self.number > 0).then_some(CallId(self.number + 1)),
        }
    }

    /// Whether the store holds exactly these records; an error when it cannot say.
    pub fn has_records(&self, store: &Store) -> Result<bool, StoreError> {
        let found = store.records(None, usize::MAX)?;
        Ok(found.iter().eq(self.records.values().rev()))
    }
}
