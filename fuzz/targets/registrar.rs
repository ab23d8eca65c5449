//! REGISTER requests in sequence, ten seconds apart; a line `====` stands between them.

use sip::door::{Admitted, Door};
use sip::flow::{Flow, Transport};
use sip::registrar::{BindingChange, Contact, Event, Limits, Outcome, Registrar, Restore};
use sip::{Message, Name};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Contacts one device may have here.
const MOST: usize = 4;

/// What was told to be kept, by device and key.
type Kept = BTreeMap<(String, String), Box<Contact>>;

/// Some requests; what is kept always equals what is held, and nothing is left at the end.
#[allow(clippy::disallowed_methods)] // one arbitrary instant for everything below to count from
pub fn run(data: &[u8]) {
    let mut now = Instant::now() + Duration::from_secs(100_000);
    let mut registrar = Registrar::new(Limits { per_device: MOST, total: 6, ..Limits::default() });
    let mut kept = Kept::new();
    let mut rest = data;
    for at in 0..32 {
        let end = rest.windows(5).position(|window| window == b"====\n");
        let (piece, transport) =
            (&rest[..end.unwrap_or(rest.len())], if at % 3 == 2 { Transport::Tcp } else { Transport::Udp });
        let remote = ([198, 51, 100, 7], 5060 + at / 8).into();
        let flow = Flow { transport, local: ([192, 0, 2, 1], 5060).into(), remote };
        register(&mut registrar, &mut kept, (now, flow, piece));
        now += Duration::from_secs(10);
        pass(&mut registrar, &mut kept, now);
        let Some(end) = end else { break };
        rest = &rest[end + 5..];
    }
    for contact in kept.values() {
        restorable(now, contact);
    }
    pass(&mut registrar, &mut kept, now + Duration::from_secs(10_000));
    assert!(registrar.is_empty() && kept.is_empty() && registrar.poll_timeout().is_none());
}

fn register(registrar: &mut Registrar, kept: &mut Kept, (now, flow, piece): (Instant, Flow, &[u8])) {
    let Admitted::Message(Message::Request(request)) = Door::default().admit(piece, &flow) else { return };
    let device = match request.headers.get(&Name::UserAgent) {
        Some(agent) if agent.ends_with('2') => "two",
        _ => "one",
    };
    let (response, changes) = match registrar.register(now, &request, device, flow) {
        Outcome::Accept { response, changes } => (response, changes),
        Outcome::Refuse { response, .. } => (response, Vec::new()),
    };
    assert!(Message::parse(&response.to_bytes()).is_ok(), "the answer can be read");
    for change in changes {
        match change {
            BindingChange::Bound(contact) => {
                kept.insert((contact.device.to_string(), contact.key.to_string()), contact);
            }
            BindingChange::Unbound { device, key } => {
                let gone = kept.remove(&(device.to_string(), key.to_string()));
                assert!(gone.is_some(), "{key} was kept");
            }
        }
    }
    assert_eq!(kept.len(), registrar.len(), "what is kept is what is held");
    assert!(registrar.contacts(device).count() <= MOST);
    registrar.contacts(device).for_each(|contact| assert!(!matches!(contact.remaining(now), Duration::ZERO)));
}

fn pass(registrar: &mut Registrar, kept: &mut Kept, until: Instant) {
    while let Some((at, _)) = registrar.poll_timeout().filter(|(at, _)| *at <= until) {
        registrar.handle_timeout(at);
        while registrar.poll_keepalive().is_some() {}
        while let Some(Event::Expired(contact)) = registrar.poll_event() {
            kept.remove(&(contact.device.to_string(), contact.key.to_string()));
        }
    }
}

/// A contact comes back under its key after a restart.
fn restorable(now: Instant, contact: &Contact) {
    let mut registrar = Registrar::new(Limits::default());
    let header = contact.header();
    let again = registrar.restore(
        now,
        Restore {
            device: &contact.device,
            contact: &header,
            path: &contact.path,
            flow: contact.flow,
            call_id: &contact.call_id,
            cseq: contact.cseq,
            remaining: Duration::from_secs(60),
            agent: contact.agent.as_deref(),
        },
    );
    let again = again.unwrap_or_else(|error| panic!("{header}: {error}"));
    assert_eq!(registrar.contact(again).map(|again| &*again.key), Some(&*contact.key), "{header}");
}
