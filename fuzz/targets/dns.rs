//! A search for servers and the answers of a DNS to it, as text.
//!
//! The first line is the host, a transport (`udp`, `tcp`, `tls`, `any`) and the families (`4`, `6`, `46`, `64`). Then a
//! record a line: `naptr 10 20 s SIP+D2U _sip._udp.x.se`, `srv 1 2 5060 a.x.se`, `a 192.0.2.1`, `aaaa 2001:db8::1`; `--`
//! ends one answer, `fail` makes it a failure and `nothing` an empty one.

use sip::flow::Transport;
use sip::locate::{Answer, Families, Locate, MAX_CANDIDATES, Place, Record};
use std::time::Duration;

/// One search; when the answers given are used up, they come again from the beginning.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (head, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let mut words = head.split(' ');
    let Ok(place) = words.next().unwrap_or_default().parse::<Place>() else { return };
    let transport = match words.next() {
        Some("udp") => Some(Transport::Udp),
        Some("tcp") => Some(Transport::Tcp),
        Some("tls") => Some(Transport::Tls),
        _ => None,
    };
    let families = match words.next() {
        Some("4") => Families::V4,
        Some("6") => Families::V6,
        Some("64") => Families::V6First,
        _ => Families::V4First,
    };
    let answers: Vec<Answer> = rest.split("--\n").take(64).map(answer).collect();
    let mut search = Locate::new(place, transport, families, [3; 32]);
    let mut asked = 0;
    while let Some(question) = search.poll_question() {
        assert!(search.poll_outcome().is_none(), "no outcome while something is asked");
        let given = answers[asked % answers.len()].clone();
        search.handle_answer(&question, given.clone());
        search.handle_answer(&question, given);
        asked += 1;
        assert!(asked <= 32, "a search ends");
    }
    let outcome = search.poll_outcome().expect("a search that asks nothing has ended");
    assert!(search.poll_outcome().is_none());
    if let Ok(located) = outcome {
        assert!((1..=MAX_CANDIDATES).contains(&located.candidates.len()));
        for candidate in located.candidates {
            let tls = candidate.transport == Transport::Tls;
            assert_eq!(candidate.tls_name, tls.then(|| search.host()), "the certificate is the host's");
        }
    }
}

fn answer(text: &str) -> Answer {
    match text.trim() {
        "fail" => Answer::Failed,
        "nothing" => Answer::Nothing { ttl: None },
        _ => {
            Answer::Found { records: text.lines().filter_map(record).collect(), ttl: Duration::from_secs(60) }
        }
    }
}

fn record(line: &str) -> Option<Record> {
    let words: Vec<&str> = line.split(' ').collect();
    Some(match words[..] {
        ["a", ip] => Record::A(ip.parse().ok()?),
        ["aaaa", ip] => Record::Aaaa(ip.parse().ok()?),
        ["srv", priority, weight, port, target] => Record::Srv {
            priority: priority.parse().ok()?,
            weight: weight.parse().ok()?,
            port: port.parse().ok()?,
            target: target.to_owned(),
        },
        ["naptr", order, preference, flags, service, replacement] => Record::Naptr {
            order: order.parse().ok()?,
            preference: preference.parse().ok()?,
            flags: flags.to_owned(),
            service: service.to_owned(),
            replacement: replacement.to_owned(),
        },
        _ => return None,
    })
}
