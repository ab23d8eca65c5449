//! Registering: phones with the box, the box with operators; and signs of life.

use super::{Account, Peer, at_box};
use model::Now;
use sip::digest::{Ha1, Verdict};
use sip::endpoint::{IncomingId, OutOfDialog, RequestFailed};
use sip::{Authority, Headers, Method, Name, NameAddr, Request, Response, Status, Uri};
use std::time::Duration;

/// How long a phone registers for; it comes back at half of it.
const EXPIRES: u64 = 3_600;
/// Where the box asks from.
const BOX: std::net::IpAddr = std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

impl Peer {
    /// Registers, or registers again.
    pub fn register(&mut self, now: Now) {
        self.register_for(now, EXPIRES);
    }

    /// Registers for so many seconds; 0 takes the registration back.
    pub fn register_for(&mut self, now: Now, expires: u64) {
        self.registered = None;
        self.register_at = None;
        self.registers += 1;
        let Account::Device(device) = &self.account else { return };
        let host = Authority::from(self.address);
        let contact = Uri::sip(Some(device), &host);
        let contact = match self.transport {
            sip::flow::Transport::Udp => contact,
            other => contact.with_param("transport", Some(other.in_uri())),
        };
        let mut headers = Headers::new();
        headers.push(Name::CallId, format!("register-{}-{}", self.id.0, self.name));
        headers.push(Name::Contact, NameAddr::new(contact));
        headers.push(Name::Expires, expires);
        let name = at_box(device);
        self.endpoint.request(
            now.mono,
            OutOfDialog {
                target: self.target(),
                method: Method::Register,
                request_uri: at_box("x").uri,
                from: name.clone(),
                to: name,
                headers,
                cseq: Some(10 * self.registers),
                body: None,
                credentials: self.credentials(),
            },
        );
    }

    pub(super) fn register_response(&mut self, now: Now, result: Result<Box<Response>, RequestFailed>) {
        let status = result.map_or(Status::REQUEST_TIMEOUT, |response| response.status);
        self.registered = Some(status);
        let again = if status == Status::OK { EXPIRES / 2 } else { 30 };
        self.register_at = Some(now.mono + Duration::from_secs(again));
    }

    /// A request outside calls.
    pub(super) fn requested(&mut self, now: Now, id: IncomingId, request: &Request) {
        let response = match request.method {
            Method::Options => match self.health {
                Some(status) => Response::to(request, status),
                None => return,
            },
            Method::Notify => {
                self.notified.push(String::from_utf8_lossy(&request.body).into_owned());
                Response::to(request, Status::OK)
            }
            Method::Register => self.registrar(now, request),
            _ => Response::to(request, Status::METHOD_NOT_ALLOWED),
        };
        self.endpoint.respond(now.mono, id, response);
    }

    fn registrar(&mut self, now: Now, request: &Request) -> Response {
        let Account::Trunk(Some((authenticator, credentials))) = &mut self.account else {
            return Response::to(request, Status::METHOD_NOT_ALLOWED);
        };
        let realm = "operator.example";
        let lookup = |user: &str| {
            (user == credentials.user).then(|| Ha1::new(&credentials.user, realm, &credentials.secret))
        };
        match authenticator.verify_request(now.mono, (request, &Name::Authorization, BOX), lookup) {
            Verdict::Ok { .. } => {
                let mut response = Response::to(request, Status::OK).with(Name::Expires, 600);
                response.headers.copy(&request.headers, &Name::Contact);
                response
            }
            Verdict::Wrong { .. } => Response::to(request, Status::FORBIDDEN),
            Verdict::Stale { .. } | Verdict::Missing => {
                let mut response = Response::to(request, Status::UNAUTHORIZED);
                for challenge in authenticator.challenge(now.mono, BOX) {
                    response.headers.push(Name::WwwAuthenticate, challenge);
                }
                response
            }
        }
    }
}
