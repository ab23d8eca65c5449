//! Text messages from phone to phone (RFC 3428): passed to every telephone of a colleague, unchanged, and kept nowhere.
//!
//! The writer is told 200 as soon as one telephone has it. Messages come from the company's own devices alone and go to
//! its own users alone; a trunk neither sends nor gets any.

use super::{Exchange, Network, names};
use model::{Cause, DeviceId, Now};
use sip::endpoint::{Body, IncomingId, RequestFailed, RequestId};
use sip::flow::Flow;
use sip::{Headers, Method, Name, Request, Response, Status};
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

/// The longest text, in bytes: a request that fits any network (RFC 3428 section 8).
const TEXT_MAX: usize = 1_300;
/// Messages on their way at once.
const ON_THE_WAY_MAX: usize = 1_000;
/// A device may write so many within [`WINDOW`].
const BURST: u32 = 20;
/// For how long they are counted.
const WINDOW: Duration = Duration::from_secs(10);
/// What phones write to each other.
const KINDS: [&str; 5] =
    ["text/plain", "text/html", "text/vcard", "message/cpim", "application/im-iscomposing+xml"];

/// Messages that have not been answered.
#[derive(Default)]
pub(crate) struct Messages {
    /// Copies on their way, and of which message each is.
    copies: HashMap<RequestId, u64>,
    messages: BTreeMap<u64, OnTheWay>,
    last: u64,
    /// Who wrote lately: since when, and how many.
    writers: BTreeMap<DeviceId, (Instant, u32)>,
}

/// One message.
struct OnTheWay {
    incoming: IncomingId,
    request: Box<Request>,
    copies: usize,
    /// The refusal that tells most.
    worst: Status,
}

impl Messages {
    /// Counts a message of a device; false where it writes too many.
    fn may_write(&mut self, now: Instant, device: &DeviceId) -> bool {
        self.writers.retain(|_, (since, _)| now.saturating_duration_since(*since) < WINDOW);
        let (_, count) = self.writers.entry(device.clone()).or_insert((now, 0));
        *count += 1;
        *count <= BURST
    }
}

impl<N: Network> Exchange<N> {
    /// Somebody writes to somebody.
    pub(crate) fn message(&mut self, now: Now, (id, flow): (IncomingId, Flow), request: &Request) {
        let device = match self.authenticate(now, flow, request) {
            Ok(device) => device,
            Err((status, headers)) => {
                let mut response = Response::to(request, status);
                response.headers.extend(&headers);
                return self.sip.respond_once(now.mono, id, response);
            }
        };
        if let Err(response) = self.deliver(now, id, (&device, request)) {
            self.sip.respond(now.mono, id, *response);
        }
    }

    fn deliver(
        &mut self,
        now: Now,
        id: IncomingId,
        (device, request): (&DeviceId, &Request),
    ) -> Result<(), Box<Response>> {
        let refuse = |status| Err(Box::new(Response::to(request, status)));
        let kind = request.headers.media_type().unwrap_or_default();
        if !KINDS.contains(&kind.as_str()) {
            let response = Response::to(request, Status::UNSUPPORTED_MEDIA_TYPE);
            return Err(Box::new(response.with(Name::Accept, KINDS.join(", "))));
        }
        if request.body.len() > TEXT_MAX {
            return refuse(Status::new(413).unwrap_or(Status::BAD_REQUEST));
        }
        let full = self.messages.messages.len() >= ON_THE_WAY_MAX;
        if full || !self.messages.may_write(now.mono, device) {
            let response = Response::to(request, Status::SERVICE_UNAVAILABLE);
            return Err(Box::new(response.with(Name::RetryAfter, WINDOW.as_secs())));
        }
        let number = super::admission::number_in(&request.uri).unwrap_or_default();
        let letter = match self.pbx.letter(device, &number) {
            Ok(letter) => letter,
            Err(Cause::UnknownNumber) => return refuse(Status::NOT_FOUND),
            Err(_) => return refuse(Status::TEMPORARILY_UNAVAILABLE),
        };
        self.messages.last += 1;
        let message = self.messages.last;
        let media_type = request.headers.get(&Name::ContentType).unwrap_or("text/plain").to_owned();
        let mut copies = 0;
        for contact in &letter.contacts {
            let Some(way) = self.way_to_contact(contact.0, &letter.called) else { continue };
            let Some(from) = names::from(&letter.from, &way.from_host) else { continue };
            let body = Body { media_type: media_type.clone(), bytes: request.body.clone() };
            let copy = way.request(Method::Message, from, (&Headers::new(), body));
            let copy = self.sip.request(now.mono, copy);
            self.messages.copies.insert(copy, message);
            copies += 1;
        }
        if copies == 0 {
            return refuse(Status::TEMPORARILY_UNAVAILABLE);
        }
        let (request, worst) = (Box::new(request.clone()), Status::TEMPORARILY_UNAVAILABLE);
        self.messages.messages.insert(message, OnTheWay { incoming: id, request, copies, worst });
        Ok(())
    }

    /// A telephone has answered a message, or will not. False where it was no message.
    pub(crate) fn message_answered(
        &mut self,
        now: Now,
        copy: RequestId,
        result: &Result<Box<Response>, RequestFailed>,
    ) -> bool {
        let Some(message) = self.messages.copies.remove(&copy) else { return false };
        let Some(on_the_way) = self.messages.messages.get_mut(&message) else { return true };
        on_the_way.copies -= 1;
        let taken = result.as_ref().is_ok_and(|response| response.status.is_success());
        if let Ok(response) = result
            && !taken
        {
            // What a telephone says of the message tells more than that another is away.
            on_the_way.worst = response.status;
        }
        if taken || on_the_way.copies == 0 {
            let answer = if taken { Status::OK } else { on_the_way.worst };
            if let Some(OnTheWay { incoming, request, .. }) = self.messages.messages.remove(&message) {
                self.sip.respond(now.mono, incoming, Response::to(&request, answer));
            }
        }
        true
    }
}
