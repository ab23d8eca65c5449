use super::*;
use std::collections::BTreeMap;

const SEED: [u8; 32] = [7; 32];

/// A DNS that knows some names: `kind name` → answer; everything else does not exist.
#[derive(Default)]
struct Zone(BTreeMap<(String, &'static str), Answer>);

impl Zone {
    fn with(mut self, name: &str, records: Vec<Record>) -> Self {
        let kind = match records[0] {
            Record::Naptr { .. } => "naptr",
            Record::Srv { .. } => "srv",
            Record::A(_) => "a",
            Record::Aaaa(_) => "aaaa",
        };
        let ttl = Duration::from_secs(300 + records.len() as u64);
        self.0.insert((name.into(), kind), Answer::Found { records, ttl });
        self
    }

    fn silent(mut self, name: &str, kind: &'static str) -> Self {
        self.0.insert((name.into(), kind), Answer::Failed);
        self
    }

    fn answer(&self, question: &Question) -> Answer {
        let kind = match question.kind {
            Kind::Naptr => "naptr",
            Kind::Srv => "srv",
            Kind::A => "a",
            Kind::Aaaa => "aaaa",
        };
        let known = self.0.get(&(question.name.to_string(), kind)).cloned();
        known.unwrap_or(Answer::Nothing { ttl: Some(Duration::from_secs(3600)) })
    }
}

fn naptr(order: u16, preference: u16, service: &str, replacement: &str) -> Record {
    let [flags, service, replacement] = ["s", service, replacement].map(str::to_owned);
    Record::Naptr { order, preference, flags, service, replacement }
}

fn srv(priority: u16, weight: u16, port: u16, target: &str) -> Record {
    Record::Srv { priority, weight, port, target: target.into() }
}

fn a(ip: &str) -> Record {
    Record::A(ip.parse().unwrap())
}

fn aaaa(ip: &str) -> Record {
    Record::Aaaa(ip.parse().unwrap())
}

fn search(
    zone: &Zone,
    place: &str,
    transport: Option<Transport>,
    families: Families,
    seed: [u8; 32],
) -> Outcome {
    let mut machine = Locate::new(place.parse().unwrap(), transport, families, seed);
    for _ in 0..100 {
        let asked: Vec<Question> = std::iter::from_fn(|| machine.poll_question()).collect();
        // Answers come in another order than the questions went.
        for question in asked.iter().rev() {
            machine.handle_answer(question, zone.answer(question));
        }
        if let Some(outcome) = machine.poll_outcome() {
            assert_eq!(machine.poll_outcome(), None, "an outcome is given once");
            return outcome;
        }
        assert!(!asked.is_empty(), "neither a question nor an outcome: {machine:?}");
    }
    panic!("no end: {machine:?}");
}

fn found(zone: &Zone, place: &str, transport: Option<Transport>) -> Vec<String> {
    let located = search(zone, place, transport, Families::V4First, SEED).unwrap();
    located.candidates.iter().map(shown).collect()
}

fn shown(candidate: &Candidate) -> String {
    let name = candidate.tls_name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
    format!("{} {}{name}", candidate.transport, candidate.addr)
}

#[test]
fn an_address_needs_no_questions() {
    let zone = Zone::default();
    for (place, transport, expected) in [
        ("127.0.0.1:5090", None, "udp 127.0.0.1:5090"),
        ("127.0.0.1", Some(Transport::Tcp), "tcp 127.0.0.1:5060"),
        ("[::1]:5070", Some(Transport::Udp), "udp [::1]:5070"),
        ("[2001:db8::1]", Some(Transport::Tls), "tls [2001:db8::1]:5061 2001:db8::1"),
        ("2001:db8::1", None, "udp [2001:db8::1]:5060"),
    ] {
        assert_eq!(found(&zone, place, transport), [expected], "{place}");
    }
}

#[test]
fn a_host_that_is_no_host_is_refused() {
    for (text, error) in [
        ("", PlaceError::Host(String::new())),
        ("sip operator", PlaceError::Host("sip operator".into())),
        ("sip.operator.se:0", PlaceError::Port("0".into())),
        ("sip.operator.se:+5", PlaceError::Port("+5".into())),
        ("sip.operator.se:65536", PlaceError::Port("65536".into())),
        ("[::1", PlaceError::Host("[::1".into())),
        ("[::1]5060", PlaceError::Host("[::1]5060".into())),
        ("10.0.0", PlaceError::Host("10.0.0".into())),
        ("10.0.0.256:5060", PlaceError::Host("10.0.0.256".into())),
        ("a..b", PlaceError::Host("a..b".into())),
        ("-a.se", PlaceError::Host("-a.se".into())),
    ] {
        assert_eq!(text.parse::<Place>(), Err(error), "{text}");
    }
    assert!(format!("{}.se", "a".repeat(64)).parse::<Place>().is_err());
    assert_eq!("SIP.Operator.SE.:5080".parse::<Place>().unwrap().to_string(), "sip.operator.se:5080");
    assert_eq!("[::1]:5070".parse::<Place>().unwrap().to_string(), "[::1]:5070");
}

#[test]
fn a_name_with_a_port_is_asked_for_addresses_only() {
    let zone = Zone::default()
        .with("_sip._udp.operator.se", vec![srv(0, 0, 5999, "wrong.operator.se")])
        .with("operator.se", vec![a("192.0.2.1"), a("192.0.2.2")])
        .with("operator.se", vec![aaaa("2001:db8::1")]);
    let expected = ["udp 192.0.2.1:5080", "udp 192.0.2.2:5080", "udp [2001:db8::1]:5080"];
    assert_eq!(found(&zone, "operator.se:5080", None), expected);
}

#[test]
fn without_a_transport_naptr_chooses_service_and_order() {
    let zone = Zone::default()
        .with(
            "operator.se",
            vec![
                naptr(60, 50, "SIP+D2U", "_sip._udp.operator.se"),
                naptr(50, 60, "SIP+D2T", "_sip._tcp.elsewhere.se."),
                naptr(50, 50, "SIPS+D2T", "_sips._tcp.operator.se"),
                naptr(10, 10, "SIP+D2S", "_sip._sctp.operator.se"),
                naptr(10, 10, "E2U+sip", "other.operator.se"),
            ],
        )
        .with("_sips._tcp.operator.se", vec![srv(0, 0, 5061, "tls.operator.se")])
        .with("_sip._tcp.elsewhere.se", vec![srv(0, 0, 5062, "tcp.elsewhere.se")])
        .with("_sip._udp.operator.se", vec![srv(0, 0, 5063, "udp.operator.se")])
        .with("tls.operator.se", vec![a("192.0.2.1")])
        .with("tcp.elsewhere.se", vec![a("192.0.2.2")])
        .with("udp.operator.se", vec![a("192.0.2.3")]);
    let expected = ["tls 192.0.2.1:5061 operator.se", "tcp 192.0.2.2:5062", "udp 192.0.2.3:5063"];
    assert_eq!(found(&zone, "operator.se", None), expected);
}

#[test]
fn a_configured_transport_asks_for_its_service_by_rule() {
    let zone = Zone::default()
        .with("_sips._tcp.operator.se", vec![srv(0, 0, 5061, "edge.operator.se")])
        .with("edge.operator.se", vec![a("192.0.2.9")]);
    assert_eq!(found(&zone, "operator.se", Some(Transport::Tls)), ["tls 192.0.2.9:5061 operator.se"]);
}

#[test]
fn without_srv_the_name_itself_is_the_server_at_the_default_port() {
    let zone = Zone::default().with("operator.se", vec![a("192.0.2.1")]);
    assert_eq!(found(&zone, "operator.se", None), ["udp 192.0.2.1:5060"]);
    assert_eq!(found(&zone, "operator.se", Some(Transport::Tls)), ["tls 192.0.2.1:5061 operator.se"]);
}

#[test]
fn lower_priorities_come_first_and_a_server_without_addresses_is_passed_over() {
    let zone = Zone::default()
        .with(
            "_sip._udp.operator.se",
            vec![
                srv(30, 0, 5060, "c.operator.se"),
                srv(10, 0, 5060, "gone.operator.se"),
                srv(20, 0, 5070, "b.operator.se"),
            ],
        )
        .with("b.operator.se", vec![a("192.0.2.2")])
        .with("b.operator.se", vec![aaaa("2001:db8::2")])
        .with("c.operator.se", vec![a("192.0.2.3")]);
    let expected = ["udp 192.0.2.2:5070", "udp [2001:db8::2]:5070", "udp 192.0.2.3:5060"];
    assert_eq!(found(&zone, "operator.se", Some(Transport::Udp)), expected);
    for (families, first) in [
        (Families::V6First, "udp [2001:db8::2]:5070"),
        (Families::V6, "udp [2001:db8::2]:5070"),
        (Families::V4, "udp 192.0.2.2:5070"),
    ] {
        let located = search(&zone, "operator.se", Some(Transport::Udp), families, SEED).unwrap();
        assert_eq!(shown(&located.candidates[0]), first, "{families:?}");
    }
}

#[test]
fn weights_share_out_the_first_place_and_the_seed_repeats_it() {
    let zone = Zone::default()
        .with(
            "_sip._udp.operator.se",
            vec![srv(1, 60, 5060, "a.se"), srv(1, 30, 5060, "b.se"), srv(1, 10, 5060, "c.se")],
        )
        .with("a.se", vec![a("192.0.2.1")])
        .with("b.se", vec![a("192.0.2.2")])
        .with("c.se", vec![a("192.0.2.3")]);
    let mut first = BTreeMap::new();
    for round in 0..2000u32 {
        let mut seed = [0; 32];
        seed[..4].copy_from_slice(&round.to_le_bytes());
        let located = search(&zone, "operator.se", Some(Transport::Udp), Families::V4, seed).unwrap();
        assert_eq!(located.candidates.len(), 3, "every server is there, whatever the draw");
        assert_eq!(located, search(&zone, "operator.se", Some(Transport::Udp), Families::V4, seed).unwrap());
        *first.entry(located.candidates[0].addr.ip().to_string()).or_insert(0u32) += 1;
    }
    for (ip, share) in [("192.0.2.1", 1200), ("192.0.2.2", 600), ("192.0.2.3", 200)] {
        let drawn = first[ip];
        assert!(drawn.abs_diff(share) < 80, "{ip} was first {drawn} times of 2000, not about {share}");
    }
}

#[test]
fn a_weight_of_zero_is_rarely_drawn_but_never_lost() {
    let zone = Zone::default()
        .with("_sip._udp.operator.se", vec![srv(1, 100, 5060, "a.se"), srv(1, 0, 5060, "b.se")])
        .with("a.se", vec![a("192.0.2.1")])
        .with("b.se", vec![a("192.0.2.2")]);
    let mut zero_first = 0;
    for round in 0..500u32 {
        let mut seed = [1; 32];
        seed[..4].copy_from_slice(&round.to_le_bytes());
        let located = search(&zone, "operator.se", Some(Transport::Udp), Families::V4, seed).unwrap();
        assert_eq!(located.candidates.len(), 2);
        zero_first += u32::from(located.candidates[0].addr.ip().to_string() == "192.0.2.2");
    }
    assert!((1..25).contains(&zero_first), "drawn first {zero_first} times of 500");
}

#[test]
fn a_target_of_a_dot_says_the_service_is_not_offered() {
    let zone = Zone::default()
        .with("_sip._udp.operator.se", vec![srv(0, 0, 0, ".")])
        .with("operator.se", vec![a("192.0.2.1")]);
    let outcome = search(&zone, "operator.se", Some(Transport::Udp), Families::V4First, SEED);
    assert_eq!(outcome, Err(LocateError::NotOffered { host: "operator.se".into() }));
    // Another transport that is offered is used.
    let zone = zone.with("_sip._tcp.operator.se", vec![srv(0, 0, 5060, "operator.se")]);
    assert_eq!(found(&zone, "operator.se", None), ["tcp 192.0.2.1:5060"]);
}

#[test]
fn the_smallest_time_to_live_on_the_way_counts() {
    let zone = Zone::default()
        .with("_sip._udp.operator.se", vec![srv(0, 0, 5060, "a.se"), srv(1, 0, 5060, "b.se")])
        .with("a.se", vec![a("192.0.2.1")])
        .with("b.se", vec![a("192.0.2.2"), a("192.0.2.3"), a("192.0.2.4")]);
    let located = search(&zone, "operator.se", Some(Transport::Udp), Families::V4, SEED).unwrap();
    assert_eq!(located.ttl, Duration::from_secs(301));
    assert!(located.complete);
}

#[test]
fn a_silent_dns_on_the_way_is_passed_by_but_told() {
    let zone = Zone::default()
        .silent("operator.se", "naptr")
        .with("_sip._udp.operator.se", vec![srv(0, 0, 5060, "a.se")])
        .with("a.se", vec![a("192.0.2.1")])
        .silent("a.se", "aaaa");
    let located = search(&zone, "operator.se", None, Families::V4First, SEED).unwrap();
    assert_eq!(located.candidates.len(), 1);
    assert!(!located.complete);
}

#[test]
fn no_address_and_no_answer_are_told_apart() {
    let host: Arc<str> = "operator.se".into();
    let none = search(&Zone::default(), "operator.se", None, Families::V4First, SEED);
    assert_eq!(none, Err(LocateError::NoServers { host: host.clone() }));
    let silent = Zone::default().silent("operator.se", "a");
    assert_eq!(
        search(&silent, "operator.se", None, Families::V4First, SEED),
        Err(LocateError::NoAnswer { host: host.clone() })
    );
    // An address of a family that the box does not have is no server.
    assert_eq!(
        search(&Zone::default(), "[::1]:5060", None, Families::V4, SEED),
        Err(LocateError::NoServers { host: "::1".into() })
    );
}

#[test]
fn a_domain_with_hundreds_of_servers_is_cut_to_a_bounded_list() {
    let targets = (0..500).map(|n| srv(n, 0, 5060, &format!("s{n}.se"))).collect();
    let mut zone = Zone::default().with("_sip._udp.operator.se", targets);
    for n in 0..500 {
        zone = zone.with(&format!("s{n}.se"), (0..50).map(|m| a(&format!("10.0.{}.{m}", n % 250))).collect());
    }
    let mut machine =
        Locate::new("operator.se".parse().unwrap(), Some(Transport::Udp), Families::V4First, SEED);
    let mut questions = 0;
    while let Some(question) = machine.poll_question() {
        questions += 1;
        machine.handle_answer(&question, zone.answer(&question));
    }
    assert_eq!(machine.poll_outcome().unwrap().unwrap().candidates.len(), MAX_CANDIDATES);
    assert!(questions <= 1 + 2 * MAX_SERVERS, "{questions} questions");
}

#[test]
fn hostile_answers_lead_nowhere() {
    let zone = Zone::default()
        .with("operator.se", vec![naptr(0, 0, "SIP+D2U", "not a name"), naptr(0, 0, "SIP+D2U", ".")])
        .with(
            "_sip._udp.operator.se",
            vec![srv(0, 0, 0, "a.se"), srv(0, 0, 5060, "bad name"), a("192.0.2.66")],
        )
        .with("operator.se", vec![a("192.0.2.1"), aaaa("2001:db8::1"), naptr(0, 0, "SIP+D2U", "x.se")]);
    assert_eq!(found(&zone, "operator.se", None), ["udp 192.0.2.1:5060"]);
}

#[test]
fn answers_nobody_asked_for_change_nothing() {
    let mut machine = Locate::new("operator.se".parse().unwrap(), None, Families::V4, SEED);
    let asked = machine.poll_question().unwrap();
    let stray = Question { name: "operator.se".into(), kind: Kind::A };
    machine.handle_answer(&stray, Answer::Found { records: vec![a("192.0.2.66")], ttl: FOREVER });
    assert_eq!(machine.poll_outcome(), None);
    machine.handle_answer(&asked, Answer::Nothing { ttl: None });
    let srv: Vec<Question> = std::iter::from_fn(|| machine.poll_question()).collect();
    assert_eq!(srv.len(), 3);
    machine.handle_answer(&srv[0], Answer::Nothing { ttl: None });
    machine.handle_answer(&srv[0], Answer::Nothing { ttl: None });
    machine.handle_answer(&stray, Answer::Failed);
    assert_eq!(machine.poll_question(), None, "two services are still awaited");
    machine.handle_answer(&srv[2], Answer::Nothing { ttl: None });
    machine.handle_answer(&srv[1], Answer::Nothing { ttl: None });
    let last = machine.poll_question().unwrap();
    machine.handle_answer(&last, Answer::Found { records: vec![a("192.0.2.1")], ttl: FOREVER });
    assert!(machine.poll_outcome().unwrap().unwrap().complete);
}
