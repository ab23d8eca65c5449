//! Session timers (RFC 4028): agreeing on an interval, refreshing, expiring.

use std::time::{Duration, Instant};

use super::{Body, EndedBy, Exchange, Ours, Session, State};
use crate::endpoint::{Alarm, Endpoint, Outgoing, Owner, Purpose};
use crate::{Headers, Method, Name, Refresher, SessionExpires};

/// The least interval anybody may ask for, in seconds (RFC 4028 5).
pub(crate) const MIN_INTERVAL: u32 = 90;

/// What a session knows about its timer.
#[derive(Debug, Default)]
pub(crate) struct Interval {
    /// What our INVITE asked for, in seconds.
    pub asked: Option<u32>,
    /// What is in force.
    pub agreed: Option<Agreed>,
    /// What our next 2xx will say.
    pub agreeing: Option<Agreed>,
}

/// An interval and who refreshes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Agreed {
    seconds: u32,
    /// True when we refresh.
    ours: bool,
    /// The refresher as named in the transaction it was agreed in.
    refresher: Refresher,
}

/// The interval a peer asks for is below `MIN_INTERVAL`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooSmall;

impl Agreed {
    /// What we answer a request with (RFC 4028 9): its refresher, else the peer when it can, else us.
    pub fn answering(request: &Headers, wanted: Option<Duration>) -> Result<Option<Self>, TooSmall> {
        let knows = request.has_option(&Name::Supported, "timer");
        let asked = request.session_expires().ok().flatten();
        let (seconds, refresher) = match asked {
            Some(SessionExpires { seconds, .. }) if seconds < MIN_INTERVAL && knows => return Err(TooSmall),
            Some(SessionExpires { seconds, refresher }) => {
                (seconds, if knows { refresher.unwrap_or(Refresher::Uac) } else { Refresher::Uas })
            }
            None => match wanted {
                Some(wanted) => (u32::try_from(wanted.as_secs()).unwrap_or(u32::MAX), Refresher::Uas),
                None => return Ok(None),
            },
        };
        let least = request.min_se().ok().flatten().unwrap_or(0).max(MIN_INTERVAL);
        let seconds = if asked.is_some() { seconds.max(MIN_INTERVAL) } else { seconds.max(least) };
        Ok(Some(Self { seconds, ours: refresher == Refresher::Uas, refresher }))
    }

    /// What we answer the peer's re-INVITE or UPDATE with. One that says nothing of the timer would stop it: we take
    /// over its refreshes instead.
    pub fn answering_within(request: &Headers, agreed: Option<Self>) -> Result<Option<Self>, TooSmall> {
        Self::answering(request, agreed.map(|agreed| Duration::from_secs(agreed.seconds.into())))
    }

    /// What the 2xx to a request of ours settled (RFC 4028 7.2); without Session-Expires there is no timer.
    pub fn answered(response: &Headers) -> Option<Self> {
        let SessionExpires { seconds, refresher } = response.session_expires().ok().flatten()?;
        let refresher = refresher.unwrap_or(Refresher::Uac);
        Some(Self { seconds: seconds.max(MIN_INTERVAL), ours: refresher == Refresher::Uac, refresher })
    }

    /// For Session-Expires of a response.
    pub fn as_header(self) -> SessionExpires {
        SessionExpires { seconds: self.seconds, refresher: Some(self.refresher) }
    }

    /// True when the response must require the peer to know timers (RFC 4028 9, table 2).
    pub fn requires_peer(self) -> bool {
        self.refresher == Refresher::Uac
    }
}

impl Endpoint {
    /// Adds what a request of ours that changes or keeps the session says about the timer.
    pub(super) fn ask_interval(&self, session: &Session, headers: &mut Headers) {
        if let Some(agreed) = session.interval.agreed {
            let refresher = Some(if agreed.ours { Refresher::Uac } else { Refresher::Uas });
            headers.push(Name::SessionExpires, SessionExpires { seconds: agreed.seconds, refresher });
            headers.push(Name::MinSe, MIN_INTERVAL);
        }
    }

    /// Winds the clock: we refresh at half time; whoever refreshes, an interval without refresh is the end
    /// (RFC 4028 10: a third of the interval or 32 s early, so that BYE arrives in time).
    pub(super) fn arm(&mut self, now: Instant, session: &mut Session) {
        session.alarms.clear(Alarm::Refresh);
        session.alarms.clear(Alarm::Expire);
        let Some(Agreed { seconds, ours, .. }) = session.interval.agreed else { return };
        if ours {
            self.alarm(session, Alarm::Refresh, now + Duration::from_secs(u64::from(seconds / 2)));
        }
        let early = (seconds / 3).min(32);
        self.alarm(session, Alarm::Expire, now + Duration::from_secs(u64::from(seconds - early)));
    }

    /// Sends a refresh: UPDATE when the peer takes it, else re-INVITE with the description as it stands.
    pub(super) fn refresh(&mut self, now: Instant, session: &mut Session) {
        let again = now + Duration::from_secs(5);
        let State::Up(up) = &mut session.state else { return };
        if session.ours.is_some() || up.unacked.is_some() || up.exchange != Exchange::Settled {
            return self.alarm(session, Alarm::Refresh, again);
        }
        let body: Option<Body> = if up.dialog.takes_update { None } else { session.described.clone() };
        let method = if body.is_some() { Method::Invite } else { Method::Update };
        self.send_change(now, session, method, (body, Purpose::Refresh));
    }

    /// Nobody refreshed.
    pub(super) fn expire(&mut self, now: Instant, session: &mut Session) {
        let mut reason = Headers::new();
        reason.push(Name::Reason, "SIP;cause=408;text=\"Session Timer Expired\"");
        self.depart(now, session, reason, EndedBy::Timer);
    }

    /// Sends a re-INVITE or UPDATE of ours.
    pub(super) fn send_change(
        &mut self,
        now: Instant,
        session: &mut Session,
        method: Method,
        (body, purpose): (Option<Body>, Purpose),
    ) {
        let Some((dialog, exchange)) = session.current() else { return };
        let (mut request, hop) = dialog.request(method.clone());
        request.headers.push(Name::Contact, dialog.contact());
        self.abilities.introduce(&mut request.headers);
        let mut out = Outgoing::within(dialog, request, hop, Owner::Nobody);
        if body.is_some() {
            *exchange = Exchange::Sent;
        }
        out.owner = Owner::Session(session.id, purpose);
        self.ask_interval(session, &mut out.request.headers);
        if let Some(body) = body.clone() {
            out.request = out.request.with_body(&body.media_type, body.bytes);
        }
        let cnonce = self.wire.tag();
        let out = out.authorized(&mut session.login, &cnonce);
        let tx = self.send_request(now, out);
        session.ours = Some(Ours { tx, is_invite: method == Method::Invite, body });
    }
}
