//! What every request must pass before a session or the user sees it (RFC 3261 8.2, 16.3).

use super::Endpoint;
use crate::{CSeq, Method, Name, Request, Response, Status};

impl Endpoint {
    /// Says what a new request outside dialogs is refused with, if it is.
    pub(crate) fn screen(&self, request: &Request, cseq: &CSeq) -> Option<Response> {
        if self.is_merged(request, cseq) {
            return Some(Response::to(request, Status::LOOP_DETECTED).with_reason("Merged Request"));
        }
        if self.is_loop(request) {
            return Some(Response::to(request, Status::LOOP_DETECTED));
        }
        if request.method != Method::Invite && request.headers.contains(&Name::Replaces) {
            // RFC 3891 3.
            return Some(Response::to(request, Status::BAD_REQUEST).with_reason("Replaces outside INVITE"));
        }
        // A back-to-back agent stands in the way like a proxy (RFC 7332); what ends here needs no further hop.
        let ends_here = matches!(request.method, Method::Options | Method::Register);
        if !ends_here && request.headers.max_forwards() == Ok(Some(0)) {
            return Some(Response::to(request, Status::TOO_MANY_HOPS));
        }
        // RFC 3261 8.2.3: no description among what the caller offers.
        let kind = request.headers.media_type();
        let other = kind.is_some_and(|kind| kind != "application/sdp") && !request.body.is_empty();
        if request.method == Method::Invite && other {
            let refusal = Response::to(request, Status::UNSUPPORTED_MEDIA_TYPE);
            return Some(refusal.with(Name::Accept, "application/sdp"));
        }
        if request.method == Method::Invite && !takes_description(request) {
            let refusal = Response::to(request, Status::NOT_ACCEPTABLE);
            return Some(refusal.with(Name::Warning, "399 vaxel \"only application/sdp can be answered\""));
        }
        self.screen_required(request)
    }

    /// 420 for options nobody here knows (RFC 3261 8.2.2.3).
    pub(crate) fn screen_required(&self, request: &Request) -> Option<Response> {
        let known = |tag: &&str| self.config.supported.iter().any(|known| known.eq_ignore_ascii_case(tag));
        let required = request.headers.values(&Name::Require);
        let unknown: Vec<&str> = required.filter(|tag| !known(tag)).collect();
        if unknown.is_empty() {
            return None;
        }
        Some(Response::to(request, Status::BAD_EXTENSION).with(Name::Unsupported, unknown.join(", ")))
    }

    /// True for a request of ours that comes back asking for the same: one of its Vias is the branch of a transaction
    /// that still runs, with the same Request-URI. Another Request-URI is a spiral, and fine (RFC 3261 16.3).
    fn is_loop(&self, request: &Request) -> bool {
        let Ok(vias) = request.headers.vias() else { return false };
        vias.iter().any(|via| {
            let tx = self.client_of(via, &request.method).and_then(|id| self.client(id));
            tx.is_some_and(|tx| tx.request.uri.is_equivalent(&request.uri))
        })
    }
}

/// May the answer hold a description? Without Accept it may (RFC 3261 20.1, RFC 4475 3.3.15).
fn takes_description(request: &Request) -> bool {
    let kinds = request.headers.values(&Name::Accept).map(|kind| {
        let kind = kind.split(';').next().unwrap_or_default();
        kind.split_whitespace().collect::<String>().to_ascii_lowercase()
    });
    let mut kinds = kinds.filter(|kind| !kind.is_empty()).peekable();
    let anything = kinds.peek().is_none();
    anything || kinds.any(|kind| matches!(kind.as_str(), "application/sdp" | "application/*" | "*/*"))
}
