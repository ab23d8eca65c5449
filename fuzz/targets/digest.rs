//! Values of Authorization, and the same as values of WWW-Authenticate. `%NONCE%` stands for a nonce of ours.

use sip::digest::{Attempt, Authenticator, Config, Credentials, Ha1, Login, Verdict, claimed_user};
use sip::{Headers, Method, Name, Uri};
use std::time::{Duration, Instant};

/// One header value.
#[allow(clippy::disallowed_methods)] // one arbitrary instant for everything below to count from
pub fn run(data: &[u8]) {
    let now = Instant::now();
    let mut server = Authenticator::new(Config::default(), [7; 32], now);
    let challenge = server.challenge(now).swap_remove(0);
    let nonce = challenge.split('"').nth(3).expect("a challenge has a realm and a nonce");
    let text = String::from_utf8_lossy(data).replace("%NONCE%", nonce);
    let mut headers = Headers::new();
    headers.push(Name::Authorization, &text);
    headers.push(Name::WwwAuthenticate, &text);
    headers.push(Name::ProxyAuthenticate, &text);
    let value = headers.get(&Name::Authorization).unwrap_or_default().to_owned();
    claimed_user(&headers, &Name::Authorization);
    let uri = Uri::parse("sip:box.example.se").expect("a URI");
    let attempt = Attempt { method: &Method::Register, uri: &uri, authorization: &value };
    for lookup in [None, Some(Ha1::new("anna", "vaxel", "a secret nobody guesses"))] {
        for later in [Duration::ZERO, Duration::from_secs(4000)] {
            let verdict = server.verify(now + later, attempt, |_| lookup);
            assert!(!matches!(verdict, Verdict::Ok { .. }), "{value}");
        }
    }
    let mut login = Login::new(Credentials { user: "an\"na".into(), secret: "secret".into() });
    for _ in 0..3 {
        login.learn(&headers);
        for (name, answer) in login.headers(&Method::Invite, uri.as_str(), "c0ffee") {
            let mut headers = Headers::new();
            headers.push(name.clone(), answer);
            claimed_user(&headers, &name);
        }
    }
}
