//! The answers to REGISTER.

use super::Refusal;
use super::contact::Contact;
use super::request::{EXTENSIONS, Verb, Wish};
use crate::flow::Transport;
use crate::header::Name;
use crate::message::{Request, Response};
use crate::status::Status;
use crate::uri::Uri;
use std::time::Instant;

/// Seconds after which a phone on a stream must have sent a keep-alive (RFC 5626 5.4); it sends earlier.
const FLOW_TIMER: u32 = 120;

/// 200 with every contact of the device (RFC 3261 10.3 step 8).
pub(super) fn accept<'a>(
    now: Instant,
    request: &Request,
    wish: &Wish,
    contacts: impl Iterator<Item = &'a Contact>,
) -> Response {
    let mut response = Response::to(request, Status::OK);
    let mut outbound = false;
    for contact in contacts {
        response.headers.push(Name::Contact, listed(now, contact, wish.gruu.as_ref()));
        let ours = contact.call_id == wish.call_id && contact.reg_id.is_some();
        // Over UDP outbound means keep-alives by STUN, which the box does not answer: a phone that believed in them
        // would give its flow up.
        outbound |= ours && contact.flow.transport != Transport::Udp;
    }
    // RFC 3327 5.3: the path that was stored, back to the phone.
    response.headers.copy(&request.headers, &Name::Path);
    if outbound && matches!(wish.verb, Verb::Change(_)) {
        response.headers.push(Name::Require, "outbound");
        response.headers.push(Name::FlowTimer, FLOW_TIMER);
    }
    response.headers.push(Name::Supported, EXTENSIONS.join(", "));
    response
}

/// One Contact value with the time it still has, and its public GRUU (RFC 5627 5.3).
fn listed(now: Instant, contact: &Contact, gruu_for: Option<&Uri>) -> String {
    let mut value = contact.header();
    let left = contact.remaining(now);
    let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
    value.push_str(&format!(";expires={seconds}"));
    if let (Some(aor), Some(instance)) = (gruu_for, &contact.instance)
        && let Some(authority) = aor.authority()
    {
        let aor = Uri::sip(aor.user().as_deref(), &authority);
        value.push_str(&format!(";pub-gruu=\"{}\"", aor.with_param("gr", Some(instance))));
    }
    value
}

/// The failure that fits.
pub(super) fn refuse(request: &Request, why: &Refusal) -> Response {
    let answer = |status| Response::to(request, status);
    match why {
        Refusal::Header(error) => answer(Status::BAD_REQUEST).with_reason(error.to_string()),
        Refusal::Contact(_) | Refusal::Star => answer(Status::BAD_REQUEST).with_reason(why.to_string()),
        Refusal::Extension(tags) => answer(Status::BAD_EXTENSION).with(Name::Unsupported, tags),
        Refusal::TooBrief { min } => answer(Status::INTERVAL_TOO_BRIEF).with(Name::MinExpires, min),
        Refusal::OutOfOrder => {
            answer(Status::SERVER_ERROR).with_reason(why.to_string()).with(Name::RetryAfter, 32)
        }
        Refusal::TooMany => answer(Status::FORBIDDEN).with_reason("Too Many Contacts"),
        Refusal::Full => answer(Status::SERVICE_UNAVAILABLE).with(Name::RetryAfter, 60),
        Refusal::FirstHop => answer(Status::FIRST_HOP_LACKS_OUTBOUND),
    }
}
