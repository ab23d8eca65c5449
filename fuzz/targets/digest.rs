//! Values of Authorization, and the same as values of WWW-Authenticate. `%NONCE%` stands for a nonce of ours.

use sip::digest::{Attempt, Authenticator, Config, Credentials, Ha1, Login, Verdict};
use sip::{Headers, Method, Name, Request, Uri};
use std::net::IpAddr;
use std::time::{Duration, Instant};

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

/// One header value.
#[allow(clippy::disallowed_methods)] // one arbitrary instant for everything below to count from
pub fn run(data: &[u8]) {
    let now = Instant::now();
    let mut server = Authenticator::new(Config::default(), [7; 32], now);
    let challenge = server.challenge(now, HERE).swap_remove(0);
    let nonce = challenge.split('"').nth(3).expect("a challenge has a realm and a nonce");
    let text = String::from_utf8_lossy(data).replace("%NONCE%", nonce);
    let mut headers = Headers::new();
    headers.push(Name::Authorization, &text);
    headers.push(Name::WwwAuthenticate, &text);
    headers.push(Name::ProxyAuthenticate, &text);
    let value = headers.get(&Name::Authorization).unwrap_or_default().to_owned();
    let uri = Uri::parse("sip:box.example.se").expect("a URI");
    let mut request = Request::new(Method::Register, uri.clone());
    request.headers.push(Name::Authorization, &value);
    let claimed = server.claimed(&request, &Name::Authorization);
    for lookup in [None, Some(Ha1::new("anna", "vaxel", "a secret nobody guesses"))] {
        for (later, source) in [(0, HERE), (4000, HERE), (0, THERE)] {
            let now = now + Duration::from_secs(later);
            let verdict = server.verify_request(now, (&request, &Name::Authorization, source), |_| lookup);
            let attempt = Attempt { method: &Method::Register, uri: &uri, authorization: &value, source };
            assert_eq!(server.verify(now, attempt, |_| lookup), verdict);
            match verdict {
                Verdict::Ok { .. } => panic!("{value}"),
                Verdict::Wrong { .. } if source == THERE => panic!("no guess is laid at another's door"),
                Verdict::Wrong { user } | Verdict::Stale { user } => assert_eq!(claimed, Some(user)),
                Verdict::Missing => assert_eq!(claimed, None),
            }
        }
    }
    let mut login = Login::new(Credentials { user: "an\"na".into(), secret: "secret".into() });
    for _ in 0..3 {
        login.learn(&headers);
        for (name, answer) in login.headers(&Method::Invite, uri.as_str(), "c0ffee") {
            request.headers.set(name.clone(), answer);
            server.claimed(&request, &name);
        }
    }
}
