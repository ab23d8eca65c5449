//! Phones register, in every way that phones have.

use crate::world::simulated::{Manner, Over, RawPhone, Side, State, World, header};
use model::{Cause, Command, Reply};
use sip::digest::Login;
use sip::flow::Transport;
use sip::{Message, Method, Name, Response, Status};
use std::net::SocketAddr;

/// Bo's phone with transport and address as given.
fn bo(transport: Transport, at: &str) -> RawPhone {
    RawPhone::new("bo-bord", transport, at)
}

/// Calls Bo, and gives how many invitations arrive at each address; all are then refused with 486.
fn rings(world: &mut World, at: &[SocketAddr]) -> Vec<usize> {
    let anna = world.phone("anna-bord");
    world.dial(anna, "202");
    world.run(0.1);
    let invites: Vec<_> = at.iter().map(|at| (*at, world.requests_at(*at, &Method::Invite))).collect();
    for (at, all) in &invites {
        for invite in all {
            let transport = if header(&invite.headers, &Name::Via).contains("UDP") {
                Transport::Udp
            } else if header(&invite.headers, &Name::Via).contains("TCP") {
                Transport::Tcp
            } else {
                Transport::Tls
            };
            let busy = Response::to(invite, Status::BUSY_HERE).with_to_tag("b");
            world.tell((transport, *at), busy.to_bytes());
        }
    }
    world.run(0.2);
    assert_eq!(world.on(anna).state, State::Over(Over::Refused(Some(Status::BUSY_HERE))), "{}", world.ladder);
    world.settles();
    assert_eq!(world.record().cause, Cause::Busy);
    invites.into_iter().map(|(_, all)| all.len()).collect()
}

/// How many contacts Bo has.
fn contacts(world: &mut World) -> usize {
    world.vaxel.memory.bindings.keys().filter(|(device, _)| device.as_str() == "bo-bord").count()
}

#[test]
fn a_phone_registers_and_is_called_over_each_transport() {
    for transport in [Transport::Udp, Transport::Tcp, Transport::Tls] {
        let mut world = World::new();
        let mut phone = bo(transport, "127.0.0.80:5066");
        assert_eq!(world.registers(&mut phone, "").status, Status::OK, "{transport}");
        assert_eq!(rings(&mut world, &[phone.at]), [1], "{transport}");
    }
}

#[test]
fn a_phone_registers_and_is_called_over_ipv6() {
    for transport in [Transport::Udp, Transport::Tcp, Transport::Tls] {
        let mut world = World::new();
        let mut phone = bo(transport, "[::1]:5066");
        assert_eq!(world.registers(&mut phone, "").status, Status::OK, "{transport}");
        let anna = world.phone("anna-bord");
        world.dial(anna, "202");
        world.run(0.1);
        let invites = world.requests_at(phone.at, &Method::Invite);
        let body = String::from_utf8_lossy(&invites[0].body).into_owned();
        assert!(body.contains("c=IN IP6 ::1"), "{body}");
        assert!(header(&invites[0].headers, &Name::Contact).contains("[::1]:5060"), "{:?}", invites[0]);
        let busy = Response::to(&invites[0], Status::BUSY_HERE).with_to_tag("b");
        world.tell((transport, phone.at), busy.to_bytes());
        world.settles();
    }
}

#[test]
fn every_device_and_every_contact_of_a_user_rings() {
    let mut world = World::new();
    let desk = world.phone("anna-bord");
    let soft = world.phone("anna-dator");
    let second = world.device_at("anna-bord", "127.0.0.90:5070");
    world.register(second);
    let bo = world.phone("bo-bord");
    world.dial(bo, "201");
    world.run(0.5);
    for phone in [desk, soft, second] {
        assert_eq!(world.on(phone).state, State::Waiting, "{}", world.ladder);
    }
    world.pick_up(second);
    world.talk(bo, second);
    for phone in [desk, soft] {
        assert_eq!(world.on(phone).state, State::Over(Over::Cancelled));
        assert_eq!(
            world.on(phone).reason.as_deref(),
            Some("SIP;cause=200;text=\"Call completed elsewhere\"")
        );
    }
    world.hang_up(bo);
    world.settles();
    assert_eq!(
        (world.record().cause, world.record().answered_device.clone()),
        (Cause::Answered, Some("anna-bord".into()))
    );
}

#[test]
fn a_phone_may_prove_itself_by_sha_256_or_by_md5() {
    for algorithm in ["SHA-256", "MD5"] {
        let mut world = World::new();
        let mut phone = bo(Transport::Udp, "127.0.0.80:5060");
        let request = phone.request("");
        let mut challenge = world.asks(&phone, &request);
        let all: Vec<String> = challenge.headers.all(&Name::WwwAuthenticate).map(str::to_owned).collect();
        assert_eq!(all.len(), 2, "{all:?}");
        challenge.headers.remove(&Name::WwwAuthenticate);
        let chosen = all.iter().find(|value| value.contains(&format!("algorithm={algorithm}")));
        challenge.headers.push(Name::WwwAuthenticate, chosen.expect("both are offered"));
        phone.login.learn(&challenge.headers);
        let request = phone.proven("");
        assert_eq!(world.asks(&phone, &request).status, Status::OK, "{algorithm}");
        assert_eq!(rings(&mut world, &[phone.at]), [1]);
    }
}

#[test]
fn a_nonce_whose_time_is_over_is_called_stale_and_the_next_try_works() {
    let mut world = World::new();
    let mut phone = bo(Transport::Udp, "127.0.0.80:5060");
    assert_eq!(world.registers(&mut phone, "").status, Status::OK);
    world.run(1_200.0);
    let request = phone.proven("");
    let stale = world.asks(&phone, &request);
    assert_eq!(stale.status, Status::UNAUTHORIZED);
    assert!(header(&stale.headers, &Name::WwwAuthenticate).contains("stale=true"), "{stale:?}");
    phone.login.learn(&stale.headers);
    let request = phone.proven("");
    assert_eq!(world.asks(&phone, &request).status, Status::OK);
    world.settles();
}

#[test]
fn a_nonce_count_used_before_proves_nothing() {
    let mut world = World::new();
    let mut phone = bo(Transport::Udp, "127.0.0.80:5060");
    assert_eq!(world.registers(&mut phone, "").status, Status::OK);
    // The same answer again, in a request that is not a retransmission.
    let proof = phone.proven("");
    assert_eq!(world.asks(&phone, &proof).status, Status::OK);
    let mut replay = phone.request("Expires: 0\n");
    replay.headers.copy(&proof.headers, &Name::Authorization);
    assert_eq!(world.asks(&phone, &replay).status, Status::UNAUTHORIZED);
    assert_eq!(rings(&mut world, &[phone.at]), [1], "it is still registered");
}

#[test]
fn a_call_takes_the_path_that_the_registration_came() {
    let mut world = World::new();
    let mut phone = bo(Transport::Udp, "127.0.0.80:5060");
    phone.contact = "<sip:bo-bord@10.9.9.9:5060>".to_owned();
    let path = "Path: <sip:127.0.0.80:5060;lr>\nSupported: path\n";
    let answer = world.registers(&mut phone, path);
    assert_eq!(answer.status, Status::OK);
    assert!(header(&answer.headers, &Name::Path).contains("127.0.0.80"), "{answer:?}");
    assert_eq!(rings(&mut world, &[phone.at]), [1]);
    let invite = &world.requests_at(phone.at, &Method::Invite)[0];
    assert_eq!(invite.uri.raw_host(), "10.9.9.9");
    assert_eq!(header(&invite.headers, &Name::Route), "<sip:127.0.0.80:5060;lr>");
}

#[test]
fn a_phone_behind_nat_is_answered_where_it_sends_from_and_kept_reachable() {
    let mut world = World::new();
    let mut phone = bo(Transport::Udp, "203.0.113.80:34567");
    phone.contact = "<sip:bo-bord@192.168.7.7:5060>".to_owned();
    let answer = world.registers(&mut phone, "");
    let via = answer.headers.via().expect("a Via");
    assert_eq!((via.rport(), answer.status), (Some(34_567), Status::OK));
    world.run(80.0);
    let alive = world.parcels.iter().filter(|(to, what)| *to == phone.at && what == b"\r\n\r\n").count();
    assert!((3..=4).contains(&alive), "{alive} signs of life in 80 s");
    assert_eq!(rings(&mut world, &[phone.at]), [1]);
}

#[test]
fn contacts_survive_a_restart_and_a_call_reaches_the_phone() {
    let mut world = World::new();
    let mut phone = bo(Transport::Udp, "203.0.113.80:34567");
    phone.contact = "<sip:bo-bord@192.168.7.7:5060>".to_owned();
    assert_eq!(world.registers(&mut phone, "").status, Status::OK);
    world.restart();
    world.letters.clear();
    assert_eq!(rings(&mut world, &[phone.at]), [1]);
}

#[test]
fn a_registration_is_confirmed_only_when_the_disk_has_it() {
    let mut world = World::new();
    world.vaxel.commit = std::time::Duration::from_secs(5);
    let mut phone = bo(Transport::Udp, "127.0.0.80:5060");
    let request = phone.request("");
    let challenge = world.asks(&phone, &request);
    phone.login.learn(&challenge.headers);
    let request = phone.proven("");
    world.tell((Transport::Udp, phone.at), request.to_bytes());
    let finals = |world: &World| {
        let ok = |line: &&(SocketAddr, Message)| matches!(&line.1, Message::Response(response) if response.status == Status::OK);
        world.letters.iter().filter(ok).count()
    };
    world.run(4.9);
    assert_eq!((finals(&world), contacts(&mut world)), (0, 0));
    world.run(0.2);
    assert_eq!((finals(&world), contacts(&mut world)), (1, 1));
    world.vaxel.commit = std::time::Duration::from_millis(3);
    world.settles();
}

#[test]
fn a_full_disk_takes_no_new_phone_and_keeps_those_it_knows() {
    let mut world = World::new();
    let mut known = bo(Transport::Udp, "127.0.0.80:5060");
    assert_eq!(world.registers(&mut known, "").status, Status::OK);
    world.vaxel.full = Some("no space left on the disk".to_owned());
    world.run(1.0);
    assert_eq!(world.registers(&mut known, "").status, Status::OK);
    let mut new = RawPhone::new("cia-bord", Transport::Udp, "127.0.0.81:5060");
    let answer = world.registers(&mut new, "");
    assert_eq!(answer.status, Status::SERVICE_UNAVAILABLE);
    assert!(answer.headers.retry_after().is_some());
    world.vaxel.full = None;
    world.run(61.0);
    assert_eq!(world.registers(&mut new, "").status, Status::OK);
    let listed = world.ask(Command::Registrations);
    let Reply::Registrations(all) = &listed else { panic!("{listed:?}") };
    assert_eq!(all.len(), 2, "{all:?}");
    assert_eq!(world.registers(&mut known, "").status, Status::OK, "and is kept again");
    assert_eq!(rings(&mut world, &[known.at]), [1]);
}

#[test]
fn a_phone_refused_by_a_full_disk_is_not_called_as_if_it_were_registered() {
    let mut world = World::new();
    world.vaxel.full = Some("no space left on the disk".to_owned());
    let mut phone = bo(Transport::Udp, "127.0.0.80:5060");
    assert_eq!(world.registers(&mut phone, "").status, Status::SERVICE_UNAVAILABLE);
    world.vaxel.full = None;
    assert_eq!(world.ask(Command::Registrations), Reply::Registrations(Vec::new()));
    world.settles();
}

#[test]
fn wrong_passwords_are_slowed_and_the_owner_is_not() {
    let mut world = World::new();
    let mut owner = bo(Transport::Udp, "127.0.0.80:5060");
    assert_eq!(world.registers(&mut owner, "").status, Status::OK);
    let mut thief = RawPhone::knowing("bo-bord", Transport::Udp, ("203.0.113.66:5060", "hemligt"));
    for _ in 0..6 {
        let answer = world.registers(&mut thief, "");
        assert_eq!(answer.status, Status::FORBIDDEN);
        assert_eq!(answer.headers.retry_after(), None, "a wrong guess");
        thief.login = fresh("bo-bord", "hemligt");
    }
    // Now even the right secret has to wait, at this place.
    thief.login = fresh("bo-bord", "bo-bord-hemlighet");
    let answer = world.registers(&mut thief, "");
    assert_eq!(answer.status, Status::FORBIDDEN);
    assert!(answer.headers.retry_after().is_some(), "{answer:?}");
    // The owner's phone, elsewhere, is untouched: it registers again and is called.
    assert_eq!(world.registers(&mut owner, "").status, Status::OK);
    world.run(60.0);
    thief.login = fresh("bo-bord", "bo-bord-hemlighet");
    assert_eq!(world.registers(&mut thief, "Expires: 0\n").status, Status::OK, "after the wait");
    assert_eq!(rings(&mut world, &[owner.at]), [1]);
}

#[test]
fn a_registered_phone_is_never_locked_out_by_guesses_from_its_own_address() {
    let mut world = World::new();
    let mut owner = bo(Transport::Udp, "203.0.113.80:5060");
    assert_eq!(world.registers(&mut owner, "").status, Status::OK);
    // A whole office behind one address: somebody there guesses at every name until the address is shut out.
    for guess in 0..70 {
        let mut thief =
            RawPhone::knowing(&format!("gast-{guess}"), Transport::Udp, ("203.0.113.80:40000", "hemligt"));
        world.registers(&mut thief, "");
    }
    let mut new = RawPhone::new("cia-bord", Transport::Udp, "203.0.113.80:40001");
    assert_eq!(world.registers(&mut new, "").status, Status::FORBIDDEN, "the address is shut out");
    assert_eq!(world.registers(&mut owner, "").status, Status::OK);
    assert_eq!(rings(&mut world, &[owner.at]), [1]);
}

#[test]
fn a_phone_that_registers_from_a_new_port_is_called_there_and_only_there() {
    let mut world = World::new();
    let mut phone = bo(Transport::Udp, "203.0.113.80:30001");
    phone.contact = "<sip:bo-bord@192.168.7.7:5060>".to_owned();
    assert_eq!(world.registers(&mut phone, "").status, Status::OK);
    let old = phone.at;
    phone.at = "203.0.113.80:30002".parse().expect("an address");
    world.run(1.0);
    assert_eq!(world.registers(&mut phone, "").status, Status::OK);
    assert_eq!(rings(&mut world, &[old, phone.at]), [0, 1]);
}

#[test]
fn a_time_too_brief_is_refused_with_the_shortest_there_is() {
    let mut world = World::new();
    let mut phone = bo(Transport::Udp, "127.0.0.80:5060");
    let answer = world.registers(&mut phone, "Expires: 20\n");
    assert_eq!((answer.status.code(), answer.headers.min_expires().ok().flatten()), (423, Some(60)));
    assert_eq!(world.registers(&mut phone, "Expires: 60\n").status, Status::OK);
    assert_eq!(contacts(&mut world), 1);
    // Unless it comes back in time, it is forgotten.
    world.run(61.0);
    assert_eq!(contacts(&mut world), 0);
    world.settles();
}

#[test]
fn a_phone_takes_its_registration_back_and_another_takes_all_back() {
    let mut world = World::new();
    let mut one = bo(Transport::Udp, "127.0.0.80:5060");
    let mut two = bo(Transport::Udp, "127.0.0.81:5060");
    for phone in [&mut one, &mut two] {
        assert_eq!(world.registers(phone, "").status, Status::OK);
    }
    assert_eq!(contacts(&mut world), 2);
    assert_eq!(world.registers(&mut one, "Expires: 0\n").status, Status::OK);
    assert_eq!(contacts(&mut world), 1);
    assert_eq!(world.registers(&mut one, "").status, Status::OK);
    assert_eq!(world.registers(&mut two, "Contact: *\nExpires: 3600\n").status, Status::BAD_REQUEST);
    assert_eq!(contacts(&mut world), 2);
    assert_eq!(world.registers(&mut two, "Contact: *\nExpires: 0\n").status, Status::OK);
    assert_eq!(contacts(&mut world), 0);
    let anna = world.phone("anna-bord");
    world.peer(anna).manner = Manner::Rings;
    world.dial(anna, "202");
    world.run(1.0);
    assert_eq!(world.on(anna).state, State::Over(Over::Refused(Status::new(480))));
    assert_eq!(world.ladder.count(Side::Box, "INVITE"), 0);
    world.settles();
}

fn fresh(device: &str, secret: &str) -> Login {
    Login::new(sip::digest::Credentials { user: device.to_owned(), secret: secret.to_owned() })
}
