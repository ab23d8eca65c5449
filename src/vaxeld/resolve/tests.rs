//! Against DNS servers on loopback: one that answers, one that is silent, one that talks rubbish.

use super::*;
use hickory_resolver::proto::op::{Message, Query, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, AAAA, NAPTR, SOA, SRV};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};
use sip::locate::{Answer, MAX_CANDIDATES};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::UdpSocket;

const SEED: [u8; 32] = [3; 32];

/// How a server behaves; can be changed while it runs.
const ANSWER: usize = 0;
const SILENT: usize = 1;
const RUBBISH: usize = 2;
const SERVFAIL: usize = 3;

struct Server {
    address: SocketAddr,
    mood: Arc<AtomicUsize>,
    asked: Arc<AtomicUsize>,
}

fn name(text: &str) -> Name {
    let mut name = Name::from_ascii(text).unwrap();
    name.set_fqdn(true);
    name
}

fn naptr(order: u16, service: &str, replacement: &str) -> RData {
    let bytes = |text: &str| text.as_bytes().to_vec().into_boxed_slice();
    RData::NAPTR(NAPTR::new(order, 10, bytes("s"), bytes(service), bytes(""), name(replacement)))
}

/// operator.se with NAPTR, SRV and addresses; plain.se with an address only.
fn zone(asked: &str, kind: RecordType) -> Vec<RData> {
    let srv = |priority, port, target| RData::SRV(SRV::new(priority, 0, port, name(target)));
    match (asked, kind) {
        ("operator.se.", RecordType::NAPTR) => {
            vec![
                naptr(20, "SIP+D2U", "_sip._udp.operator.se"),
                naptr(10, "SIPS+D2T", "_sips._tcp.operator.se"),
            ]
        }
        ("_sips._tcp.operator.se.", RecordType::SRV) => vec![srv(1, 5061, "a.operator.se")],
        ("_sip._udp.operator.se.", RecordType::SRV) => {
            vec![srv(2, 5062, "b.operator.se"), srv(1, 5060, "a.operator.se")]
        }
        ("a.operator.se.", RecordType::A) => vec![RData::A(A([192, 0, 2, 1].into()))],
        ("a.operator.se.", RecordType::AAAA) => vec![RData::AAAA(AAAA("2001:db8::1".parse().unwrap()))],
        ("b.operator.se." | "plain.se.", RecordType::A) => vec![RData::A(A([192, 0, 2, 2].into()))],
        _ => Vec::new(),
    }
}

fn reply(query: &[u8]) -> Option<Vec<u8>> {
    let query = Message::from_vec(query).ok()?;
    let question = query.queries.first()?.clone();
    let mut reply = Message::response(query.metadata.id, query.metadata.op_code);
    reply.metadata.recursion_available = true;
    reply.add_query(question.clone());
    let records = zone(&question.name().to_ascii().to_ascii_lowercase(), question.query_type());
    if records.is_empty() {
        let soa = SOA::new(name("operator.se"), name("hostmaster.operator.se"), 1, 60, 60, 60, 77);
        reply.add_authority(Record::from_rdata(name("operator.se"), 77, RData::SOA(soa)));
        reply.metadata.response_code = ResponseCode::NXDomain;
    }
    for data in records {
        reply.add_answer(Record::from_rdata(question.name().clone(), 120, data));
    }
    reply.to_vec().ok()
}

async fn server(mood: usize) -> Server {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let (mood, asked) = (Arc::new(AtomicUsize::new(mood)), Arc::new(AtomicUsize::new(0)));
    let shared = (Arc::clone(&mood), Arc::clone(&asked));
    tokio::spawn(async move {
        let mut buffer = [0; 2048];
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            shared.1.fetch_add(1, Ordering::SeqCst);
            let answer = match shared.0.load(Ordering::SeqCst) {
                ANSWER => reply(&buffer[..length]),
                RUBBISH => {
                    // The right id and question, then records that end in the middle.
                    let mut rubbish = buffer[..length].to_vec();
                    rubbish[2] |= 0x80;
                    rubbish[7] = 9;
                    rubbish.extend([0xc0, 0x0c, 0xff, 0xff, 0xc0]);
                    Some(rubbish)
                }
                SERVFAIL => {
                    let mut failed = buffer[..length].to_vec();
                    failed[2] |= 0x80;
                    failed[3] = 0x82;
                    Some(failed)
                }
                _ => None,
            };
            if let Some(answer) = answer
                && socket.send_to(&answer, from).await.is_err()
            {
                return;
            }
        }
    });
    Server { address, mood, asked }
}

struct Bench {
    resolver: Resolver,
    found: mpsc::Receiver<Found>,
}

fn bench(servers: Servers) -> Bench {
    let settings =
        Settings { servers, families: Families::V4First, patience: Duration::from_millis(400), seed: SEED };
    let (sender, found) = mpsc::channel(4);
    let (resolver, task) = Resolver::new(settings, sender);
    tokio::spawn(task);
    Bench { resolver, found }
}

fn wanted(place: &str, transport: Option<Transport>) -> Wanted {
    Wanted { place: place.parse().unwrap(), transport }
}

impl Bench {
    async fn find(&mut self, place: &str, transport: Option<Transport>) -> Found {
        self.resolver.locate(wanted(place, transport)).unwrap();
        tokio::time::timeout(Duration::from_secs(20), self.found.recv()).await.unwrap().unwrap()
    }
}

fn shown(found: &Found) -> Vec<String> {
    let candidates = found.candidates.as_ref().unwrap();
    candidates.iter().map(|candidate| format!("{} {}", candidate.transport, candidate.addr)).collect()
}

#[tokio::test]
async fn naptr_srv_and_both_families_are_followed() {
    let server = server(ANSWER).await;
    let mut bench = bench(Servers::These(vec![server.address]));
    let found = bench.find("operator.se", None).await;
    let expected = [
        "tls 192.0.2.1:5061",
        "tls [2001:db8::1]:5061",
        "udp 192.0.2.1:5060",
        "udp [2001:db8::1]:5060",
        "udp 192.0.2.2:5062",
    ];
    assert_eq!(shown(&found), expected);
    assert_eq!((found.good_for, found.stale), (Duration::from_secs(77), false));
    assert_eq!(found.candidates.unwrap()[0].tls_name.as_deref(), Some("operator.se"));
    let found = bench.find("operator.se", Some(Transport::Udp)).await;
    assert_eq!(shown(&found), ["udp 192.0.2.1:5060", "udp [2001:db8::1]:5060", "udp 192.0.2.2:5062"]);
    assert_eq!(shown(&bench.find("plain.se", Some(Transport::Tcp)).await), ["tcp 192.0.2.2:5060"]);
    assert_eq!(shown(&bench.find("plain.se:5999", None).await), ["udp 192.0.2.2:5999"]);
}

#[tokio::test]
async fn what_is_fresh_is_not_asked_again() {
    let server = server(ANSWER).await;
    let mut bench = bench(Servers::These(vec![server.address]));
    let first = bench.find("operator.se", None).await;
    let asked = server.asked.load(Ordering::SeqCst);
    assert!(asked >= 5, "{asked}");
    let second = bench.find("operator.se", None).await;
    assert_eq!(first.candidates, second.candidates);
    assert!(second.good_for <= first.good_for && !second.stale);
    assert_eq!(server.asked.load(Ordering::SeqCst), asked);
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_told_from_a_silent_dns() {
    let server = server(ANSWER).await;
    let mut bench = bench(Servers::These(vec![server.address]));
    let found = bench.find("nobody.se", None).await;
    assert_eq!(found.candidates, Err(LocateError::NoServers { host: "nobody.se".into() }));
}

#[tokio::test]
async fn a_silent_lying_or_failing_server_costs_a_bounded_time() {
    for mood in [SILENT, RUBBISH, SERVFAIL] {
        let server = server(mood).await;
        let mut bench = bench(Servers::These(vec![server.address]));
        let begun = Instant::now();
        let found = bench.find("operator.se", None).await;
        assert_eq!(
            found.candidates,
            Err(LocateError::NoAnswer { host: "operator.se".into() }),
            "mood {mood}"
        );
        assert!(begun.elapsed() < Duration::from_secs(4), "mood {mood} took {:?}", begun.elapsed());
        assert!(found.good_for <= RETRY);
    }
}

#[tokio::test]
async fn when_the_dns_fails_what_was_known_is_served() {
    let server = server(ANSWER).await;
    let servers = Servers::These(vec![server.address]);
    let patience = Duration::from_millis(300);
    let settings = Settings { servers: servers.clone(), families: Families::V4First, patience, seed: SEED };
    let dns = Arc::new(Dns::new(servers, patience));
    let mut task = Task { settings, dns, cache: Cache::default(), running: HashSet::new(), searches: 0 };
    let wanted = wanted("operator.se", None);
    let look = |task: &Task| {
        search(Locate::new("operator.se".parse().unwrap(), None, Families::V4First, SEED), task.dns.clone())
    };
    let outcome = look(&task).await;
    let first = task.finish(wanted.clone(), outcome);
    server.mood.store(SILENT, Ordering::SeqCst);
    let outcome = look(&task).await;
    let second = task.finish(wanted.clone(), outcome);
    assert_eq!((&first.candidates, second.stale), (&second.candidates, true));
    assert_eq!(second.good_for, RETRY);
    server.mood.store(ANSWER, Ordering::SeqCst);
    let outcome = look(&task).await;
    assert!(!task.finish(wanted, outcome).stale);
}

#[tokio::test]
async fn the_second_server_answers_for_a_dead_first_one() {
    let (dead, alive) = (server(SILENT).await, server(ANSWER).await);
    let mut bench = bench(Servers::These(vec![dead.address, alive.address]));
    assert_eq!(shown(&bench.find("plain.se:5060", None).await), ["udp 192.0.2.2:5060"]);
}

#[tokio::test]
async fn without_dns_servers_addresses_still_work_and_names_fail_at_once() {
    let mut bench = bench(Servers::These(Vec::new()));
    assert_eq!(shown(&bench.find("127.0.0.1:5090", None).await), ["udp 127.0.0.1:5090"]);
    let begun = Instant::now();
    assert!(bench.find("operator.se", None).await.candidates.is_err());
    assert!(begun.elapsed() < Duration::from_secs(4));
}

#[tokio::test]
async fn askers_never_wait_and_one_search_serves_all() {
    let server = server(SILENT).await;
    let mut bench = bench(Servers::These(vec![server.address]));
    for _ in 0..20 {
        bench.resolver.locate(wanted("operator.se", None)).unwrap();
        tokio::task::yield_now().await;
    }
    let mut refused = 0;
    for n in 0..500 {
        refused +=
            usize::from(bench.resolver.locate(wanted(&format!("h{n}.se"), None)) == Err(NotTaken::Busy));
    }
    assert!(refused >= 500 - QUEUE, "{refused}");
    let mut answers = 0;
    while let Ok(Some(found)) = tokio::time::timeout(Duration::from_secs(3), bench.found.recv()).await {
        answers += usize::from(found.wanted.place.to_string() == "operator.se");
        if answers == 1 && found.wanted.place.to_string() != "operator.se" {
            break;
        }
    }
    assert_eq!(answers, 1, "twenty askers, one search");
}

/// A query for a name, as bytes.
fn query(asked: &str, kind: RecordType) -> Vec<u8> {
    let mut query = Message::query();
    query.add_query(Query::query(name(asked), kind));
    query.to_vec().unwrap()
}

#[test]
fn answers_with_any_bytes_changed_are_read_or_refused_and_end_in_an_outcome() {
    let mut dice = ChaCha8Rng::from_seed(SEED);
    let questions = [
        query("operator.se", RecordType::NAPTR),
        query("_sip._udp.operator.se", RecordType::SRV),
        query("a.operator.se", RecordType::A),
        query("a.operator.se", RecordType::AAAA),
    ];
    let whole: Vec<Vec<u8>> = questions.iter().filter_map(|query| reply(query)).collect();
    let (mut refused, mut found, mut lost) = (0, 0, 0);
    for _ in 0..20_000 {
        let mut below = |most: usize| dice.next_u32() as usize % most.max(1);
        let mut bytes = whole[below(whole.len())].clone();
        for _ in 0..=below(6) {
            let at = below(bytes.len());
            bytes[at] = below(256) as u8;
        }
        bytes.truncate(bytes.len() - if below(4) == 0 { below(bytes.len()) } else { 0 });
        let Ok(message) = Message::from_vec(&bytes) else {
            refused += 1;
            continue;
        };
        let records: Vec<_> = message.answers.iter().filter_map(|record| dns::read(&record.data)).collect();
        let transport = [None, Some(Transport::Udp), Some(Transport::Tls)][below(3)];
        let place = "operator.se".parse().unwrap();
        let mut machine = Locate::new(place, transport, Families::V4First, SEED);
        while let Some(question) = machine.poll_question() {
            let answer = Answer::Found { records: records.clone(), ttl: Duration::from_secs(60) };
            machine.handle_answer(&question, answer);
        }
        match machine.poll_outcome().expect("an outcome once nothing is asked any more") {
            Ok(located) => {
                assert!((1..=MAX_CANDIDATES).contains(&located.candidates.len()));
                found += 1;
            }
            Err(_) => lost += 1,
        }
    }
    assert!(refused > 500 && found > 500 && lost > 500, "{refused} {found} {lost}");
}
