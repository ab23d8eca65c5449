//! The machine against a scripted registrar, in virtual time.

use super::*;
use crate::flow::Transport;
use crate::header::Name;
use crate::message::Request;
use crate::method::Method;
use crate::via::Via;

struct World {
    machine: Registration,
    start: Instant,
    seconds: f64,
    sent: Vec<(f64, Attempt)>,
    events: Vec<Event>,
    keepalives: Vec<f64>,
}

/// How a server answers an attempt.
type Script<'a> = &'a dyn Fn(&Attempt) -> Reply;

enum Reply {
    Says(Box<Response>),
    Silence(Silence),
    Nothing,
}

#[allow(clippy::disallowed_methods)]
fn start() -> Instant {
    Instant::now()
}

fn server(n: u8) -> Server {
    let candidate = Candidate {
        transport: Transport::Udp,
        addr: SocketAddr::from(([192, 0, 2, n], 5060)),
        tls_name: None,
    };
    Server { candidate, advertised: Authority::parse("10.0.0.1:5060").unwrap() }
}

/// What a registrar would say: Via and so on from the attempt as the endpoint would send it.
fn answer(attempt: &Attempt, code: u16) -> Response {
    let mut request = Request::new(Method::Register, attempt.request_uri.clone());
    request.headers.push(Name::Via, Via::new("UDP", &Authority::parse("10.0.0.1:5060").unwrap(), "z9hG4bK1"));
    request.headers.push(Name::From, &attempt.from);
    request.headers.push(Name::To, &attempt.to);
    request.headers.extend(&attempt.headers);
    request.headers.push(Name::CSeq, format_args!("{} REGISTER", attempt.cseq));
    Response::to(&request, Status::new(code).unwrap())
}

fn says(response: Response) -> Reply {
    Reply::Says(Box::new(response))
}

/// 200 with what was asked for.
fn grants(attempt: &Attempt) -> Reply {
    let mut response = answer(attempt, 200);
    for contact in attempt.headers.contacts().unwrap() {
        if contact.params.get("expires") != Some("0") {
            response.headers.push(Name::Contact, contact);
        }
    }
    says(response)
}

impl World {
    fn new(servers: &[u8]) -> Self {
        let account = Account::new(Authority::parse("operator.se:5091").unwrap(), "exempel");
        let mut machine = Registration::new(account, [9; 32]);
        let start = start();
        machine.set_servers(start, servers.iter().copied().map(server).collect());
        Self { machine, start, seconds: 0.0, sent: Vec::new(), events: Vec::new(), keepalives: Vec::new() }
    }

    fn started(servers: &[u8]) -> Self {
        let mut world = Self::new(servers);
        world.machine.start(world.now());
        world
    }

    fn now(&self) -> Instant {
        self.start + Duration::from_secs_f64(self.seconds)
    }

    fn settle(&mut self, script: Script<'_>) {
        while let Some(attempt) = self.machine.poll_attempt() {
            let reply = script(&attempt);
            let number = attempt.number;
            self.sent.push((self.seconds, attempt));
            match reply {
                Reply::Says(response) => self.machine.handle_response(self.now(), number, &response),
                Reply::Silence(silence) => self.machine.handle_silence(self.now(), number, silence),
                Reply::Nothing => {}
            }
        }
        while self.machine.poll_keepalive().is_some() {
            self.keepalives.push(self.seconds);
        }
        self.events.extend(std::iter::from_fn(|| self.machine.poll_event()));
    }

    fn run(&mut self, seconds: f64, script: Script<'_>) {
        let end = self.seconds + seconds;
        self.settle(script);
        while let Some((at, _)) = self.machine.poll_timeout() {
            let at_seconds = at.saturating_duration_since(self.start).as_secs_f64();
            if at_seconds > end {
                break;
            }
            self.seconds = self.seconds.max(at_seconds);
            self.machine.handle_timeout(at.max(self.now()));
            self.settle(script);
        }
        self.seconds = end;
    }

    fn servers_tried(&self) -> Vec<u8> {
        let last = |attempt: &Attempt| match attempt.server.addr.ip() {
            std::net::IpAddr::V4(ip) => ip.octets()[3],
            std::net::IpAddr::V6(_) => 0,
        };
        self.sent.iter().map(|(_, attempt)| last(attempt)).collect()
    }

    fn registered(&self) -> usize {
        self.events.iter().filter(|event| matches!(event, Event::Registered { .. })).count()
    }

    fn failed(&self) -> Vec<(String, f64)> {
        let failed = |event: &Event| match event {
            Event::Failed { why, retry_in } => Some((why.to_string(), retry_in.as_secs_f64())),
            _ => None,
        };
        self.events.iter().filter_map(failed).collect()
    }
}

#[test]
fn the_request_says_who_and_where() {
    let mut world = World::started(&[1]);
    world.run(0.0, &grants);
    let (_, attempt) = &world.sent[0];
    assert_eq!(attempt.request_uri.as_str(), "sip:operator.se:5091");
    assert_eq!(attempt.from.to_string(), "<sip:exempel@operator.se>");
    assert_eq!(attempt.to, attempt.from);
    assert_eq!(attempt.headers.get(&Name::Contact), Some("<sip:exempel@10.0.0.1:5060>;expires=600"));
    assert_eq!(attempt.headers.expires().unwrap(), Some(600));
    assert_eq!(attempt.cseq, 1);
    let bound = world.machine.bound().unwrap();
    assert_eq!(bound.contact.as_str(), "sip:exempel@10.0.0.1:5060");
    assert_eq!(bound.expires_at, world.start + Duration::from_secs(600));
    assert!(matches!(world.machine.phase(), Phase::Registered { .. }));
}

#[test]
fn it_refreshes_between_a_half_and_four_fifths_with_one_call_id() {
    let mut world = World::started(&[1]);
    world.run(3600.0, &grants);
    assert!((7..=12).contains(&world.sent.len()), "{}", world.sent.len());
    for pair in world.sent.windows(2) {
        assert!((300.0..=480.0).contains(&(pair[1].0 - pair[0].0)));
        assert_eq!(pair[1].1.headers.call_id(), pair[0].1.headers.call_id());
        assert_eq!(pair[1].1.cseq, pair[0].1.cseq + 1);
    }
    assert_eq!(world.registered(), 1, "a refresh is no event");
}

#[test]
fn what_the_operator_grants_counts() {
    for (contact, header, expected) in [
        (Some("<sip:exempel@10.0.0.1:5060>;expires=120"), None, 120),
        (Some("<sip:exempel@10.0.0.1>;expires=120"), Some(90), 90),
        (Some("<sip:exempel@10.0.0.1:5060>"), Some(90), 90),
        (None, Some(300), 300),
        (None, None, 600),
        // Rewritten on the way, but the only one.
        (Some("<sip:exempel@198.51.100.1:1024>;expires=200"), Some(90), 200),
    ] {
        let mut world = World::started(&[1]);
        world.run(0.0, &|attempt| {
            let mut response = answer(attempt, 200);
            if contact == Some("<sip:exempel@10.0.0.1>;expires=120") {
                response.headers.push(Name::Contact, "<sip:other@192.0.2.77>;expires=7777");
            }
            response.headers.remove(&Name::Expires);
            if let Some(value) = contact {
                response.headers.push(Name::Contact, value);
            }
            if let Some(seconds) = header {
                response.headers.push(Name::Expires, seconds);
            }
            says(response)
        });
        let expires_at = world.machine.bound().unwrap().expires_at;
        assert_eq!(expires_at, world.start + Duration::from_secs(expected), "{contact:?} {header:?}");
    }
}

#[test]
fn a_challenge_answered_by_the_endpoint_counts_the_cseq_on() {
    let mut world = World::started(&[1]);
    world.run(700.0, &|attempt| {
        // As if the endpoint had repeated the request with credentials.
        let repeated = Attempt { cseq: attempt.cseq + 1, ..attempt.clone() };
        grants(&repeated)
    });
    let numbers: Vec<u32> = world.sent.iter().map(|(_, attempt)| attempt.cseq).collect();
    assert_eq!(&numbers[..2], [1, 3]);
}

#[test]
fn a_time_too_short_is_lengthened_once() {
    let brief = |least: u32| {
        move |attempt: &Attempt| {
            if attempt.headers.expires().unwrap() < Some(least) {
                says(answer(attempt, 423).with(Name::MinExpires, least))
            } else {
                grants(attempt)
            }
        }
    };
    let mut world = World::started(&[1]);
    world.run(0.0, &brief(1800));
    assert_eq!(world.sent.len(), 2);
    assert_eq!(world.machine.bound().unwrap().expires_at, world.start + Duration::from_secs(1800));
    // The longer time is kept for refreshes.
    world.run(1500.0, &brief(1800));
    assert_eq!(world.sent.len(), 3);
    // A registrar that never has enough is not followed.
    let mut world = World::started(&[1]);
    world.run(0.0, &|attempt| {
        let more = attempt.headers.expires().unwrap().unwrap() + 100;
        says(answer(attempt, 423).with(Name::MinExpires, more))
    });
    assert_eq!(world.sent.len(), 2);
    assert_eq!(world.failed().len(), 1);
    let mut world = World::started(&[1]);
    world.run(0.0, &|attempt| says(answer(attempt, 423).with(Name::MinExpires, u32::MAX)));
    assert_eq!((world.sent.len(), world.failed().len()), (1, 1));
}

#[test]
fn the_next_server_is_tried_on_503_refusal_and_silence() {
    let first_fails = |how: fn(&Attempt) -> Reply| {
        move |attempt: &Attempt| {
            if attempt.server == server(1).candidate { how(attempt) } else { grants(attempt) }
        }
    };
    for (how, within) in [
        ((|attempt| says(answer(attempt, 503))) as fn(&Attempt) -> Reply, 0.0),
        (|attempt| says(answer(attempt, 500)), 0.0),
        (|attempt| says(answer(attempt, 302)), 0.0),
        (|_| Reply::Silence(Silence::Refused), 0.0),
        (|_| Reply::Silence(Silence::Timeout), 0.0),
        (|_| Reply::Nothing, 4.0),
    ] {
        let mut world = World::started(&[1, 2]);
        world.run(within, &first_fails(how));
        assert_eq!(world.servers_tried(), [1, 2]);
        assert_eq!(world.machine.bound().unwrap().server, server(2));
        assert!(world.failed().is_empty());
        // Refreshes stay where the binding is.
        world.run(600.0, &first_fails(how));
        assert!(world.servers_tried()[2..].iter().all(|n| *n == 2));
    }
}

#[test]
fn when_every_server_fails_it_waits_longer_each_time() {
    let mut world = World::started(&[1, 2]);
    world.run(3600.0, &|attempt| says(answer(attempt, 503)));
    let waits: Vec<f64> = world.failed().into_iter().map(|(_, wait)| wait).collect();
    for (wait, longest) in waits.iter().zip([5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0, 300.0]) {
        assert!((longest / 2.0..=longest).contains(wait), "{waits:?}");
    }
    assert!(waits.len() > 12 && waits.iter().all(|wait| *wait <= 300.0));
    // Each round begins with the first server and a new Call-ID.
    assert_eq!(world.servers_tried()[..4], [1, 2, 1, 2]);
    assert_ne!(world.sent[1].1.headers.call_id(), world.sent[2].1.headers.call_id());
    // One success, and the count begins anew.
    world.events.clear();
    world.run(400.0, &grants);
    assert_eq!(world.registered(), 1);
    world.events.clear();
    world.run(600.0, &|attempt| says(answer(attempt, 503)));
    assert!(world.failed()[0].1 <= 5.0);
}

#[test]
fn a_wrong_secret_is_not_tried_elsewhere_and_seldom_again() {
    for code in [401, 403, 404, 407] {
        let mut world = World::started(&[1, 2]);
        world.run(29.0, &|attempt| says(answer(attempt, code)));
        assert_eq!(world.servers_tried(), [1], "{code}");
        let (why, wait) = &world.failed()[0];
        assert!(why.starts_with(&code.to_string()) && *wait >= 30.0, "{why} {wait}");
    }
}

#[test]
fn retry_after_is_respected_within_five_minutes() {
    for (asked, least, most) in [(40, 40.0, 40.0), (100_000, 300.0, 300.0), (1, 2.5, 5.0)] {
        let mut world = World::started(&[1]);
        world.run(0.0, &|attempt| says(answer(attempt, 503).with(Name::RetryAfter, asked)));
        assert!((least..=most).contains(&world.failed()[0].1), "{asked}: {:?}", world.failed());
    }
}

#[test]
fn a_failing_refresh_keeps_the_binding_until_its_time_is_over() {
    let mut world = World::started(&[1]);
    world.run(0.0, &grants);
    world.run(599.0, &|_| Reply::Silence(Silence::Timeout));
    assert!(world.machine.bound().is_some() && !world.failed().is_empty());
    assert!(!world.events.contains(&Event::Lost));
    world.run(2.0, &|_| Reply::Silence(Silence::Timeout));
    assert!(world.machine.bound().is_none());
    assert_eq!(world.events.iter().filter(|event| **event == Event::Lost).count(), 1);
    world.run(600.0, &grants);
    assert_eq!(world.registered(), 2);
}

#[test]
fn a_refresh_that_succeeds_after_failing_is_told() {
    let mut world = World::started(&[1]);
    world.run(0.0, &grants);
    let failed = std::cell::Cell::new(0);
    world.run(500.0, &|attempt| {
        failed.set(failed.get() + 1);
        if failed.get() == 1 { says(answer(attempt, 500)) } else { grants(attempt) }
    });
    assert_eq!((world.failed().len(), world.registered()), (1, 2));
}

#[test]
fn our_public_address_is_learned_told_and_registered() {
    let mut world = World::started(&[1]);
    let nat = |attempt: &Attempt| {
        let Reply::Says(mut response) = grants(attempt) else { panic!() };
        let mut via = response.headers.via().unwrap();
        via.stamp("198.51.100.1:1024".parse().unwrap());
        response.headers.set(Name::Via, via);
        Reply::Says(response)
    };
    world.run(0.0, &nat);
    let seen: Vec<_> =
        world.events.iter().filter(|event| matches!(event, Event::Seen { .. })).cloned().collect();
    let [Event::Seen { address }] = seen[..] else { panic!("{:?}", world.events) };
    assert_eq!(address.ip().to_string(), "198.51.100.1");
    // Given back, it is registered at once, and the private one is taken back in the same request.
    let public = Server { advertised: address.into(), ..server(1) };
    world.machine.set_servers(world.now(), vec![public.clone()]);
    world.run(0.0, &nat);
    let contacts: Vec<&str> = world.sent[1].1.headers.all(&Name::Contact).collect();
    assert!(contacts[0].starts_with("<sip:exempel@198.51.100.1:") && contacts[0].ends_with(">;expires=600"));
    assert_eq!(contacts[1], "<sip:exempel@10.0.0.1:5060>;expires=0");
    assert_eq!(world.sent.len(), 2);
    // The same list again changes nothing; the next refresh names the public one only.
    world.machine.set_servers(world.now(), vec![public]);
    world.run(500.0, &nat);
    assert_eq!(world.sent.len(), 3);
    assert_eq!(world.sent[2].1.headers.all(&Name::Contact).count(), 1);
    assert_eq!(world.events.iter().filter(|event| matches!(event, Event::Seen { .. })).count(), 1);
}

#[test]
fn an_address_learned_while_registering_is_registered_right_after() {
    let mut world = World::started(&[1]);
    let attempt = world.machine.poll_attempt().unwrap();
    let public = Server { advertised: Authority::parse("198.51.100.1:1024").unwrap(), ..server(1) };
    world.machine.set_servers(world.now(), vec![public]);
    let Reply::Says(response) = grants(&attempt) else { panic!() };
    world.machine.handle_response(world.now(), attempt.number, &response);
    world.run(0.0, &grants);
    assert_eq!(world.machine.bound().unwrap().contact.as_str(), "sip:exempel@198.51.100.1:1024");
}

#[test]
fn it_waits_for_servers_and_begins_when_they_are_found() {
    let mut world = World::started(&[]);
    world.run(1.0, &grants);
    assert_eq!(world.failed()[0].0, "no server is known for the registrar");
    world.machine.set_servers(world.now(), vec![server(1)]);
    world.run(0.0, &grants);
    assert_eq!(world.registered(), 1);
}

#[test]
fn leaving_takes_the_registration_back_and_ends_in_time() {
    let mut world = World::started(&[1, 2]);
    world.run(10.0, &grants);
    world.machine.stop(world.now());
    world.run(0.0, &grants);
    let (_, last) = world.sent.last().unwrap();
    assert_eq!(last.headers.get(&Name::Contact), Some("<sip:exempel@10.0.0.1:5060>;expires=0"));
    assert_eq!(world.events.last(), Some(&Event::Stopped));
    assert_eq!((world.machine.phase(), world.machine.poll_timeout()), (Phase::Idle, None));
    // A registrar that does not answer holds us four seconds.
    let mut world = World::started(&[1]);
    world.run(10.0, &grants);
    world.machine.stop(world.now());
    world.run(3.9, &|_| Reply::Nothing);
    assert_eq!(world.machine.phase(), Phase::Unregistering);
    world.run(0.2, &|_| Reply::Nothing);
    assert_eq!((world.machine.phase(), world.events.last()), (Phase::Idle, Some(&Event::Stopped)));
    // What is under way may be granted after we left: it is taken back as well.
    let mut world = World::started(&[1]);
    world.settle(&|_| Reply::Nothing);
    world.machine.stop(world.now());
    world.settle(&grants);
    assert_eq!(world.sent[1].1.headers.expires().unwrap(), Some(0));
    // With nothing registered there is nothing to say; and it can begin anew.
    let mut world = World::started(&[]);
    world.machine.stop(world.now());
    world.settle(&grants);
    assert!(world.sent.is_empty() && world.events.last() == Some(&Event::Stopped));
    world.machine.set_servers(world.now(), vec![server(1)]);
    world.machine.start(world.now());
    world.run(0.0, &grants);
    assert_eq!(world.registered(), 1);
}

#[test]
fn keepalives_go_to_the_server_that_holds_the_binding() {
    let mut world = World::started(&[1]);
    world.run(101.0, &grants);
    assert_eq!(world.keepalives, [25.0, 50.0, 75.0, 100.0]);
    world.machine.stop(world.now());
    world.run(100.0, &grants);
    assert_eq!(world.keepalives.len(), 4);
}

#[test]
fn a_closed_connection_is_registered_over_again() {
    let mut over_tcp = server(1);
    over_tcp.candidate.transport = Transport::Tcp;
    let mut world = World::new(&[]);
    world.machine.set_servers(world.start, vec![over_tcp.clone()]);
    world.machine.start(world.start);
    world.run(0.0, &grants);
    assert_eq!(world.machine.bound().unwrap().contact.as_str(), "sip:exempel@10.0.0.1:5060;transport=tcp");
    world.machine.handle_closed(world.now(), server(2).candidate.addr);
    world.run(0.0, &grants);
    assert_eq!(world.sent.len(), 1);
    world.machine.handle_closed(world.now(), over_tcp.candidate.addr);
    world.run(0.0, &grants);
    assert_eq!(world.sent.len(), 2);
}

#[test]
fn late_answers_change_nothing() {
    let mut world = World::started(&[1, 2]);
    world.settle(&|_| Reply::Nothing);
    let (_, first) = world.sent[0].clone();
    world.run(4.0, &|_| Reply::Nothing);
    assert_eq!(world.servers_tried(), [1, 2]);
    let Reply::Says(late) = grants(&first) else { panic!() };
    world.machine.handle_response(world.now(), first.number, &late);
    world.machine.handle_silence(world.now(), first.number, Silence::Refused);
    assert!(world.machine.bound().is_none());
    assert_eq!(world.machine.phase(), Phase::Registering);
}

#[test]
fn a_grant_of_no_time_is_a_failure() {
    let mut world = World::started(&[1]);
    world.run(0.0, &|attempt| {
        says(answer(attempt, 200).with(Name::Contact, "<sip:exempel@10.0.0.1:5060>;expires=0"))
    });
    assert!(world.machine.bound().is_none());
    assert_eq!(world.failed().len(), 1);
}

#[test]
fn service_routes_are_kept_with_the_binding() {
    let mut world = World::started(&[1]);
    world.run(0.0, &|attempt| {
        let Reply::Says(response) = grants(attempt) else { panic!() };
        says(response.with(Name::ServiceRoute, "<sip:p1.operator.se;lr>, <sip:p2.operator.se;lr>"))
    });
    assert_eq!(
        world.machine.bound().unwrap().service_route,
        ["<sip:p1.operator.se;lr>", "<sip:p2.operator.se;lr>"]
    );
}

#[test]
fn the_seed_repeats_everything() {
    let story = || {
        let mut world = World::started(&[1, 2]);
        world.run(2000.0, &|attempt| {
            if attempt.number.is_multiple_of(3) { says(answer(attempt, 503)) } else { grants(attempt) }
        });
        world.sent.into_iter().map(|(at, attempt)| (at, attempt.headers)).collect::<Vec<_>>()
    };
    assert_eq!(story(), story());
}
