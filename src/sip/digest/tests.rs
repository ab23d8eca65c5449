use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use super::*;
use crate::header::{Headers, Name};
use crate::message::Request;
use crate::method::Method;
use crate::uri::Uri;

/// Where requests come from.
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

#[allow(clippy::disallowed_methods)] // one arbitrary instant for everything below to count from
fn start() -> Instant {
    Instant::now()
}

fn authenticator(now: Instant) -> Authenticator {
    Authenticator::new(Config::default(), [7; 32], now)
}

fn stored(user: &str) -> Option<Ha1> {
    (user == "1001").then(|| Ha1::new("1001", "vaxel", "secret"))
}

fn login(secret: &str) -> Login {
    Login::new(Credentials { user: "1001".into(), secret: secret.into() })
}

fn challenged(values: &[String]) -> Headers {
    let mut headers = Headers::new();
    values.iter().for_each(|value| headers.push(Name::WwwAuthenticate, value));
    headers
}

/// A REGISTER carrying whatever the login answers.
fn register(login: &mut Login) -> Request {
    let uri = Uri::parse("sip:box.example.se").unwrap();
    let mut request = Request::new(Method::Register, uri.clone());
    for (name, value) in login.headers(&Method::Register, uri.as_str(), "c0ffee") {
        request.headers.push(name, value);
    }
    request
}

fn verify(server: &mut Authenticator, now: Instant, request: &Request) -> Verdict {
    server.verify_request(now, (request, &Name::Authorization, HERE), stored)
}

fn user() -> String {
    "1001".to_owned()
}

#[test]
fn the_vectors_of_rfc_7616_come_out() {
    let ha1 = Ha1::new("Mufasa", "http-auth@example.org", "Circle of Life");
    for (algorithm, expected) in [
        (Algorithm::Md5, "8ca523f5e9506fed4657c9700eebdbec"),
        (Algorithm::Sha256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ] {
        let proof = Proof {
            algorithm,
            nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            counted: Some(("00000001", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")),
            method: "GET",
            uri: "/dir/index.html",
        };
        assert_eq!(proof.response(&ha1), expected);
    }
}

#[test]
fn the_vectors_of_the_older_rfcs_come_out() {
    let proof = |counted| Proof {
        algorithm: Algorithm::Md5,
        nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
        counted,
        method: "GET",
        uri: "/dir/index.html",
    };
    let rfc2617 = Ha1::new("Mufasa", "testrealm@host.com", "Circle Of Life");
    let response = proof(Some(("00000001", "0a4f113b"))).response(&rfc2617);
    assert_eq!(response, "6629fae49393a05397450978507c4ef1");
    let rfc2069 = Ha1::new("Mufasa", "testrealm@host.com", "CircleOfLife");
    assert_eq!(proof(None).response(&rfc2069), "1949323746fe6a43ef61f9606e7febea");
}

#[test]
fn the_challenge_offers_sha_256_first_and_md5_second() {
    let now = start();
    let challenge = authenticator(now).challenge(now, HERE);
    assert_eq!(challenge.len(), 2);
    assert!(challenge[0].starts_with(r#"Digest realm="vaxel", nonce=""#));
    assert!(challenge[0].ends_with(r#"algorithm=SHA-256, qop="auth""#));
    assert!(challenge[1].ends_with(r#"algorithm=MD5, qop="auth""#));
}

#[test]
fn a_client_that_knows_the_secret_gets_in_again_and_again_on_one_nonce() {
    let now = start();
    let (mut server, mut client) = (authenticator(now), login("secret"));
    assert_eq!(client.learn(&challenged(&server.challenge(now, HERE))), Learned::Try);
    for count in 1..=5 {
        let request = register(&mut client);
        let value = request.headers.get(&Name::Authorization).unwrap();
        assert!(value.contains("algorithm=SHA-256") && value.contains(&format!("nc=0000000{count}")));
        assert_eq!(verify(&mut server, now, &request), Verdict::Ok { user: user() });
        client.accepted();
    }
    assert_eq!(server.remembered(), 1);
}

#[test]
fn a_client_that_only_knows_md5_gets_in_too() {
    let now = start();
    let (mut server, mut client) = (authenticator(now), login("secret"));
    client.learn(&challenged(&server.challenge(now, HERE)[1..]));
    assert_eq!(verify(&mut server, now, &register(&mut client)), Verdict::Ok { user: user() });
}

#[test]
fn an_answer_without_qop_is_good_once() {
    let now = start();
    let (mut server, mut client) = (authenticator(now), login("secret"));
    let old = server.challenge(now, HERE)[1].replace(r#", qop="auth""#, "");
    client.learn(&challenged(&[old]));
    let request = register(&mut client);
    assert!(!request.headers.get(&Name::Authorization).unwrap().contains("nc="));
    assert_eq!(verify(&mut server, now, &request), Verdict::Ok { user: user() });
    assert_eq!(verify(&mut server, now, &request), Verdict::Stale { user: user() });
}

#[test]
fn a_replayed_answer_is_stale() {
    let now = start();
    let (mut server, mut client) = (authenticator(now), login("secret"));
    client.learn(&challenged(&server.challenge(now, HERE)));
    let request = register(&mut client);
    assert_eq!(verify(&mut server, now, &request), Verdict::Ok { user: user() });
    assert_eq!(verify(&mut server, now, &request), Verdict::Stale { user: user() });
}

#[test]
fn a_wrong_secret_and_an_unknown_user_look_alike() {
    let now = start();
    let mut server = authenticator(now);
    for credentials in [("1001", "guess"), ("nobody", "secret")] {
        let (name, secret) = credentials;
        let mut client = Login::new(Credentials { user: name.into(), secret: secret.into() });
        client.learn(&challenged(&server.challenge(now, HERE)));
        assert_eq!(verify(&mut server, now, &register(&mut client)), Verdict::Wrong { user: name.into() });
    }
    assert_eq!(server.remembered(), 0, "guesses leave nothing behind");
}

#[test]
fn an_expired_nonce_is_stale_and_a_made_up_one_is_no_guess() {
    let now = start();
    let (mut server, mut client) = (authenticator(now), login("secret"));
    client.learn(&challenged(&server.challenge(now, HERE)));
    let late = now + Duration::from_secs(601);
    assert_eq!(verify(&mut server, late, &register(&mut client)), Verdict::Stale { user: user() });
    let mut other = Authenticator::new(Config::default(), [8; 32], now);
    let mut liar = login("guess");
    liar.learn(&challenged(&other.challenge(now, HERE)));
    assert_eq!(verify(&mut server, now, &register(&mut liar)), Verdict::Stale { user: user() });
}

#[test]
fn used_nonces_are_forgotten_once_they_have_expired() {
    let now = start();
    let mut server = authenticator(now);
    for minute in 0..60 {
        let now = now + Duration::from_secs(60 * minute);
        let mut client = login("secret");
        client.learn(&challenged(&server.challenge(now, HERE)));
        assert_eq!(verify(&mut server, now, &register(&mut client)), Verdict::Ok { user: user() });
        assert!(server.remembered() <= 25, "{} after minute {minute}", server.remembered());
    }
}

#[test]
fn an_answer_for_another_target_or_method_is_worth_nothing() {
    let now = start();
    let (mut server, mut client) = (authenticator(now), login("secret"));
    client.learn(&challenged(&server.challenge(now, HERE)));
    let mut request = register(&mut client);
    request.uri = Uri::parse("sip:+46900123456@box.example.se").unwrap();
    assert_eq!(verify(&mut server, now, &request), Verdict::Wrong { user: user() });
    request.uri = Uri::parse("sip:box.example.se:5060;transport=tcp").unwrap();
    assert_eq!(
        verify(&mut server, now, &request),
        Verdict::Ok { user: user() },
        "port and parameters do not count"
    );
    let mut request = register(&mut client);
    request.method = Method::Invite;
    assert_eq!(verify(&mut server, now, &request), Verdict::Wrong { user: user() });
}

#[test]
fn other_schemes_other_realms_and_half_answers_are_challenged() {
    let now = start();
    let mut server = authenticator(now);
    for value in [
        "NoOneKnowsThisScheme opaque-data=here",
        "Digest",
        "Digest username",
        r#"Digest username="1001", realm="other", nonce="x", uri="sip:a", response="0""#,
        r#"Digest username="1001", realm="vaxel", uri="sip:a", response="0""#,
        r#"Digest username="1001", realm="vaxel", nonce="x", uri="sip:a", response="0", algorithm=SHA-512"#,
        r#"Digest username="1001", realm="vaxel", nonce="x", uri="sip:a", response="0", qop=auth"#,
        r#"Digest username="1001", realm="vaxel", nonce="x", uri="sip:a", response="0", qop=auth-int"#,
    ] {
        let mut request = Request::new(Method::Register, Uri::parse("sip:a").unwrap());
        request.headers.push(Name::Authorization, value);
        assert_eq!(verify(&mut server, now, &request), Verdict::Missing, "{value}");
    }
}

#[test]
fn the_text_of_the_uri_is_hashed_as_it_stands() {
    let now = start();
    let (mut server, mut client) = (authenticator(now), login("secret"));
    client.learn(&challenged(&server.challenge(now, HERE)));
    let uri = Uri::parse("sip:%75ser@box.example.se;transport=TLS").unwrap();
    let (name, value) = client.headers(&Method::Invite, uri.as_str(), "c0ffee").remove(0);
    let mut request = Request::new(Method::Invite, Uri::parse("sip:user@BOX.example.se").unwrap());
    request.headers.push(name, value);
    assert_eq!(verify(&mut server, now, &request), Verdict::Ok { user: user() });
}

#[test]
fn a_client_gives_up_on_a_refusal_but_not_on_a_stale_nonce() {
    let now = start();
    let (mut server, mut client) = (authenticator(now), login("guess"));
    assert_eq!(client.learn(&challenged(&server.challenge(now, HERE))), Learned::Try);
    register(&mut client);
    assert_eq!(client.learn(&challenged(&server.challenge_stale(now, HERE))), Learned::Try);
    register(&mut client);
    assert_eq!(client.learn(&challenged(&server.challenge(now, HERE))), Learned::Refused);
}

#[test]
fn a_client_once_accepted_takes_a_new_nonce_without_the_word_stale() {
    let now = start();
    let (mut server, mut client) = (authenticator(now), login("secret"));
    client.learn(&challenged(&server.challenge(now, HERE)));
    register(&mut client);
    client.accepted();
    register(&mut client);
    assert_eq!(client.learn(&challenged(&server.challenge(now, HERE))), Learned::Try);
    register(&mut client);
    assert_eq!(client.learn(&challenged(&server.challenge(now, HERE))), Learned::Refused);
}

#[test]
fn a_server_that_finds_every_nonce_stale_does_not_keep_a_client_busy_for_ever() {
    let now = start();
    let (mut server, mut client) = (authenticator(now), login("secret"));
    client.learn(&challenged(&server.challenge(now, HERE)));
    let mut tries = 0;
    loop {
        register(&mut client);
        tries += 1;
        if client.learn(&challenged(&server.challenge_stale(now, HERE))) == Learned::Refused {
            break;
        }
        assert!(tries < 10);
    }
    assert_eq!(tries, 3);
}

#[test]
fn challenges_of_several_proxies_are_all_answered_even_on_one_line() {
    let mut headers = Headers::new();
    let line = r#"Digest realm="a, b", nonce="1", qop="auth,auth-int", Digest realm="a, b", nonce="2", algorithm=SHA-256, opaque="o\"p""#;
    headers.push(Name::ProxyAuthenticate, line);
    headers.push(Name::WwwAuthenticate, r#"Digest realm="c",nonce="3",stale=FALSE"#);
    headers.push(Name::WwwAuthenticate, "Bearer x=y");
    let mut client = login("secret");
    assert_eq!(client.learn(&headers), Learned::Try);
    let mut answers = client.headers(&Method::Invite, "sip:a", "c");
    answers.sort_by_key(|(name, _)| name.as_str().len());
    let [(first, one), (second, two)] = &answers[..] else { panic!("{answers:?}") };
    assert_eq!((first, second), (&Name::Authorization, &Name::ProxyAuthorization));
    assert!(one.contains(r#"realm="c", nonce="3""#) && one.contains("algorithm=MD5"));
    assert!(two.contains(r#"realm="a, b", nonce="2""#) && two.contains(r#"opaque="o\"p""#));
}

#[test]
fn what_cannot_be_answered_is_said_so() {
    let mut headers = Headers::new();
    headers.push(Name::WwwAuthenticate, r#"Digest realm="c", nonce="3", algorithm=AKAv1-MD5"#);
    headers.push(Name::WwwAuthenticate, "Bearer");
    assert_eq!(login("secret").learn(&headers), Learned::Unusable);
}

#[test]
fn no_secret_is_ever_printed() {
    let printed = format!("{:?} {:?}", login("hunter2"), Ha1::new("1001", "vaxel", "hunter2"));
    assert!(!printed.contains("hunter2") && printed.contains("Ha1(…)"));
}

#[test]
fn a_nonce_is_good_only_where_it_was_sent() {
    let (now, mut client) = (start(), login("secret"));
    let mut server = authenticator(now);
    client.learn(&challenged(&server.challenge(now, HERE)));
    let request = register(&mut client);
    let mut from = |source: &str| {
        let source = source.parse().unwrap();
        server.verify_request(now, (&request, &Name::Authorization, source), stored)
    };
    assert_eq!(from("192.0.2.2"), Verdict::Stale { user: user() }, "neither an entry nor a guess");
    assert_eq!(from("::ffff:192.0.2.1"), Verdict::Ok { user: user() });
    let mut wrong = login("guess");
    wrong.learn(&challenged(&server.challenge(now, "2001:db8::1".parse().unwrap())));
    let request = register(&mut wrong);
    let mut from = |source: &str| {
        let source = source.parse().unwrap();
        server.verify_request(now, (&request, &Name::Authorization, source), stored)
    };
    assert_eq!(from("2001:db8:0:1::1"), Verdict::Stale { user: user() });
    assert_eq!(from("2001:db8::ffff"), Verdict::Wrong { user: user() }, "one network is one place");
}

#[test]
fn whoever_is_claimed_is_who_would_be_verified() {
    let server = authenticator(start());
    for (values, claimed) in [
        (&[r#"Digest username="x", realm="other", nonce="n", uri="sip:a", response="0""#][..], None),
        (
            &[
                r#"Digest username="x", realm="other", nonce="n", uri="sip:a", response="0""#,
                r#"Digest username="1001", realm="vaxel", nonce="n", uri="sip:a", response="0""#,
            ],
            Some("1001"),
        ),
        (
            &[r#"Digest username*=UTF-8''10%301, realm="vaxel", nonce="n", uri="sip:a", response="0""#],
            Some("1001"),
        ),
    ] {
        let mut request = Request::new(Method::Register, Uri::parse("sip:box.example.se").unwrap());
        values.iter().for_each(|value| request.headers.push(Name::Authorization, *value));
        assert_eq!(server.claimed(&request, &Name::Authorization).as_deref(), claimed, "{values:?}");
    }
}
