//! Expiry, keep-alives, restarts.

use super::*;

const HOME: &str = "udp:198.51.100.7:40001";
const PRIVATE: &str = "<sip:anna@192.168.1.20:5060>";

/// Seconds at which each keep-alive is due, over a span.
fn keepalives(world: &mut World, seconds: f64) -> Vec<(u64, Flow)> {
    let mut sent = Vec::new();
    let end = world.seconds + seconds;
    while let Some((at, _)) = world.registrar.poll_timeout() {
        let step = at.saturating_duration_since(world.now()).as_secs_f64();
        if world.seconds + step > end {
            break;
        }
        world.pass(step);
        while let Some(flow) = world.registrar.poll_keepalive() {
            sent.push((world.seconds.round() as u64, flow));
        }
    }
    world.seconds = end;
    sent
}

#[test]
fn what_is_not_refreshed_expires_with_an_event() {
    let mut world = World::new();
    world.ok(&Phone::new("anna", HOME, PRIVATE).header("Expires: 600"));
    world.ok(&Phone::new("bertil", "udp:10.0.0.6:5060", "<sip:bertil@10.0.0.6>").header("Expires: 60"));
    assert_eq!(world.registrar.poll_timeout().unwrap().0, world.start + Duration::from_secs(25));
    world.seconds = 60.0;
    world.registrar.handle_timeout(world.now());
    let Some(Event::Expired(contact)) = world.registrar.poll_event() else { panic!("nothing expired") };
    assert_eq!(&*contact.device, "bertil");
    assert!(world.registrar.poll_event().is_none());
    assert_eq!(world.registrar.len(), 1);
}

#[test]
fn a_contact_past_its_time_is_not_refreshed_but_new() {
    let mut world = World::new();
    let mut phone = Phone::new("anna", "udp:10.0.0.5:5060", "<sip:anna@10.0.0.5>").header("Expires: 60");
    world.ok(&phone);
    let id = world.registrar.all().next().unwrap().id;
    world.kept.clear();
    world.seconds = 61.0; // the driver is late: no timeout was handled
    world.ok(phone.again());
    assert_ne!(world.registrar.all().next().unwrap().id, id);
    assert!(matches!(world.registrar.poll_event(), Some(Event::Expired(_))));
}

#[test]
fn phones_behind_nat_get_keepalives_and_others_do_not() {
    let mut world = World::new();
    world.ok(&Phone::new("anna", HOME, PRIVATE));
    world.ok(&Phone::new("bertil", "udp:10.0.0.6:5060", "<sip:bertil@10.0.0.6>"));
    let sent = keepalives(&mut world, 101.0);
    assert_eq!(sent, [25, 50, 75, 100].map(|at| (at, flow(HOME))));
}

#[test]
fn a_refresh_does_not_put_the_keepalive_off() {
    let mut world = World::new();
    let mut phone = Phone::new("anna", HOME, PRIVATE);
    world.ok(&phone);
    world.pass(20.0);
    world.ok(phone.again());
    assert_eq!(keepalives(&mut world, 6.0), [(25, flow(HOME))]);
    // On a new flow the count begins anew.
    phone.from = "udp:198.51.100.7:40002";
    world.ok(phone.again());
    assert_eq!(keepalives(&mut world, 26.0), [(51, flow("udp:198.51.100.7:40002"))]);
}

#[test]
fn a_closed_connection_gets_no_keepalive() {
    let mut world = World::new();
    let from = "tls:198.51.100.7:40001";
    world.ok(&Phone::new("anna", from, "<sip:anna@192.168.1.20:5061;transport=tls>"));
    assert_eq!(keepalives(&mut world, 95.0), [(90, flow(from))]);
    world.registrar.flow_lost(flow(from));
    assert!(keepalives(&mut world, 600.0).is_empty());
    assert_eq!(world.registrar.len(), 1);
}

#[test]
fn nothing_is_left_when_everything_is_gone() {
    let mut world = World::new();
    world.ok(&Phone::new("anna", HOME, PRIVATE).header("Expires: 60"));
    world.pass(3600.0);
    assert!(world.registrar.is_empty());
    assert_eq!(world.registrar.poll_timeout(), None);
}

#[test]
fn contacts_come_back_after_a_restart() {
    let mut world = World::new();
    let instance = "+sip.instance=\"<urn:uuid:1>\";reg-id=1";
    for phone in [
        Phone::new("anna", HOME, PRIVATE).header("Path: <sip:edge.example;lr>"),
        Phone::new("anna", "udp:203.0.113.9:50001", PRIVATE),
        Phone::new("bertil", "udp:10.0.0.6:5060", "<sip:bertil@10.0.0.6>;q=0.5"),
        Phone::new("cecilia", "tls:10.0.0.7:49152", "<sip:c@10.0.0.7;transport=tls>"),
        Phone::new(
            "david",
            "tls:198.51.100.8:49152",
            &format!("<sip:d@192.168.1.9;transport=tls>;{instance}"),
        )
        .header("Supported: outbound"),
    ] {
        world.ok(&phone);
    }
    let before: Vec<Contact> = world.registrar.all().cloned().collect();
    assert_eq!(before.len(), 5);
    let mut after = World::new();
    for kept in &before {
        let restore = Restore {
            device: &kept.device,
            contact: &kept.header(),
            path: &kept.path,
            flow: read_flow(&kept.flow.to_string(), &kept.flow.local.to_string()).unwrap(),
            call_id: &kept.call_id,
            cseq: kept.cseq,
            remaining: Duration::from_secs(1000),
            agent: kept.agent.as_deref(),
        };
        let id = after.registrar.restore(after.start, restore).unwrap();
        let back = after.registrar.contact(id).unwrap();
        assert_eq!(
            (&back.key, &back.uri, &back.path, back.flow),
            (&kept.key, &kept.uri, &kept.path, kept.flow)
        );
        assert_eq!((back.q, &back.instance, back.reg_id), (kept.q, &kept.instance, kept.reg_id));
        assert_eq!((&back.agent, back.cseq, &back.call_id), (&kept.agent, kept.cseq, &kept.call_id));
        after.kept.insert((back.device.to_string(), back.key.to_string()), back.header());
    }
    after.check();
    // UDP is usable at once, a connection is gone, and the phone on the local network can be dialled.
    assert_eq!(after.reach("bertil"), [Reach::Flow(flow("udp:10.0.0.6:5060"))]);
    assert!(matches!(after.reach("cecilia")[..], [Reach::Dial(Flow { transport: Transport::Tls, .. })]));
    assert_eq!(after.reach("david"), [Reach::Nowhere]);
    // A refresh finds what was restored, even of a phone that counts from one again.
    let mut phone = Phone::new("bertil", "udp:10.0.0.6:5060", "<sip:bertil@10.0.0.6>");
    phone.cseq = 1;
    after.ok(&phone);
    assert_eq!(after.uris("bertil").len(), 1);
}

#[test]
fn a_kept_contact_that_is_over_or_damaged_is_refused() {
    let mut world = World::with(Limits { total: 1, ..Limits::default() });
    let kept = Restore {
        device: "anna",
        contact: "<sip:anna@10.0.0.5>",
        path: &[],
        flow: flow("udp:10.0.0.5:5060"),
        call_id: "1",
        cseq: 1,
        remaining: Duration::from_secs(10),
        agent: None,
    };
    let now = world.start;
    let mut restore = |kept| world.registrar.restore(now, kept);
    assert_eq!(restore(Restore { remaining: Duration::ZERO, ..kept }), Err(RestoreError::Expired));
    assert_eq!(restore(Restore { contact: "<sip:", ..kept }), Err(RestoreError::Damaged));
    assert!(restore(kept).is_ok());
    assert_eq!(restore(Restore { contact: "<sip:b@10.0.0.5>", ..kept }), Err(RestoreError::Full));
    assert_eq!(read_flow("udp:10.0.0.5", "10.0.0.1:5060"), None);
    assert_eq!(read_flow("sctp:10.0.0.5:5060", "10.0.0.1:5060"), None);
}

#[test]
fn restored_phones_behind_nat_get_their_keepalives_spread_out() {
    let mut world = World::new();
    for n in 0..200 {
        let kept = Restore {
            device: "anna",
            contact: &format!("<sip:anna@192.168.1.20:{}>", 5000 + n),
            path: &[],
            flow: flow(&format!("udp:198.51.100.7:{}", 40000 + n)),
            call_id: "1",
            cseq: 1,
            remaining: Duration::from_secs(3000),
            agent: None,
        };
        let id = world.registrar.restore(world.now(), kept).unwrap();
        let contact = world.registrar.contact(id).unwrap();
        world.kept.insert((contact.device.to_string(), contact.key.to_string()), contact.header());
    }
    let sent = keepalives(&mut world, 24.9);
    assert_eq!(sent.len(), 200);
    for second in 0..=25 {
        let at_once = sent.iter().filter(|(at, _)| *at == second).count();
        assert!(at_once <= 16, "{at_once} in second {second}");
    }
}
