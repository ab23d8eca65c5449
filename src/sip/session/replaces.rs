//! Taking another call's place: Replaces (RFC 3891).

use super::{Session, State};
use crate::endpoint::{Endpoint, SessionId};
use crate::{Name, Replaces, Request, Response, Status};

/// What a session is to somebody who wants its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Established.
    Up,
    /// Our call, not answered yet.
    Early,
    /// The peer's call, not answered yet: only the caller of an early dialog can have it replaced (RFC 3891 3).
    Theirs,
    /// Over, its last messages on their way.
    Over,
}

impl Session {
    fn standing(&self) -> Standing {
        match self.state {
            State::Up(_) => Standing::Up,
            State::Calling(_) => Standing::Early,
            State::Called(_) => Standing::Theirs,
            State::Cancelling(_) | State::Unacked(..) | State::Leaving(_) | State::Done => Standing::Over,
        }
    }

    fn remote_tag(&self) -> Option<&str> {
        let dialog = match &self.state {
            State::Up(up) => &up.dialog,
            State::Called(called) => &called.dialog,
            State::Calling(calling) => &calling.early.last()?.dialog,
            State::Cancelling(_) | State::Unacked(..) | State::Leaving(_) | State::Done => return None,
        };
        Some(&dialog.remote_tag)
    }
}

impl Endpoint {
    /// What somebody else says to the peer of this session to take our place in it; also the ids of the dialog as a
    /// dialog-info document has them.
    pub fn replaces(&self, id: SessionId) -> Option<Replaces> {
        let session = self.session(id)?;
        Some(Replaces {
            call_id: (*session.call_id).into(),
            to_tag: session.remote_tag()?.into(),
            from_tag: (*session.local_tag).into(),
            early_only: false,
        })
    }

    /// The session whose place a new INVITE wants, or what it is refused with (RFC 3891 3).
    pub(crate) fn replaced(&self, request: &Request) -> Result<Option<SessionId>, Box<Response>> {
        let refuse = |status| Err(Box::new(Response::to(request, status)));
        if !self.supports("replaces") {
            return Ok(None);
        }
        let replaces = match request.headers.replaces() {
            Ok(Some(_)) if request.headers.contains(&Name::Join) => {
                let response = Response::to(request, Status::BAD_REQUEST);
                return Err(Box::new(response.with_reason("Replaces and Join exclude each other")));
            }
            Ok(Some(replaces)) => replaces,
            Ok(None) => return Ok(None),
            Err(error) => {
                let response = Response::to(request, Status::BAD_REQUEST);
                return Err(Box::new(response.with_reason(error.to_string())));
            }
        };
        let found = self.session_of(&replaces.call_id, &replaces.to_tag, &replaces.from_tag);
        let Some((id, session)) = found.and_then(|id| Some((id, self.session(id)?))) else {
            return refuse(Status::NO_CALL);
        };
        match session.standing() {
            Standing::Up if replaces.early_only => refuse(Status::BUSY_HERE),
            Standing::Up | Standing::Early => Ok(Some(id)),
            Standing::Theirs => refuse(Status::NO_CALL),
            Standing::Over => refuse(Status::DECLINE),
        }
    }
}
