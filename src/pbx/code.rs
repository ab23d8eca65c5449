//! Feature codes (plustjänster): what a user dials that is no number.

use crate::pbx::Pbx;
use crate::personal::Asker;
use crate::service::{Question, Service};
use call::{Effect, Program};
use model::{CallId, Cause, Now, Setting};

/// A code, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// `*8`: take a call that rings for somebody of one's groups.
    PickUp,
    /// `*8nr`: take the call that rings at an extension; one's own takes over the call from one's other phone.
    PickUpAt(String),
    /// `*51` to `*59`: park the call one holds there, or take the one that is parked.
    Park(u8),
    /// `*3`: all whom one holds and oneself, together.
    Conference,
    /// `*37#`: to be called back by whom one found busy; `#37#`: no more; `*#37#`: is one?
    CallBack(CallBack),
    /// `*9nr`: the phone at an extension answers by itself.
    Intercom(String),
    /// `*133#`: one's own mailbox.
    OwnMailbox,
    /// `*21*nr#` and its family.
    Service(Service),
}

/// What is done about being called back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallBack {
    /// It is wanted.
    Want,
    /// It no longer is.
    Clear,
    /// Is it?
    Ask,
}

impl Code {
    /// Reads what was dialled, with its `*` and `#`.
    pub fn read(dialled: &str) -> Option<Self> {
        let code = dialled.strip_suffix('#').unwrap_or(dialled);
        match code.as_bytes() {
            [b'*', b'1', b'3', b'3'] => Some(Self::OwnMailbox),
            [b'*', b'8'] => Some(Self::PickUp),
            [b'*', b'8', number @ ..] if number.iter().all(u8::is_ascii_digit) => {
                Some(Self::PickUpAt(code[2..].to_owned()))
            }
            [b'*', b'5', place @ b'1'..=b'9'] => Some(Self::Park(place - b'0')),
            [b'*', b'3'] => Some(Self::Conference),
            [b'*', b'3', b'7'] => Some(Self::CallBack(CallBack::Want)),
            [b'#', b'3', b'7'] => Some(Self::CallBack(CallBack::Clear)),
            [b'*', b'#', b'3', b'7'] => Some(Self::CallBack(CallBack::Ask)),
            [b'*', b'9', number @ ..] if !number.is_empty() && number.iter().all(u8::is_ascii_digit) => {
                Some(Self::Intercom(code[2..].to_owned()))
            }
            _ => Service::read(dialled).map(Self::Service),
        }
    }
}

impl Pbx {
    /// A user has dialled a code.
    pub(crate) fn code(&mut self, now: Now, id: CallId, dialled: &str) {
        match Code::read(dialled) {
            Some(Code::PickUp) => self.pick_up_any(now, id),
            Some(Code::PickUpAt(number)) => self.pick_up_at(now, id, &number),
            Some(Code::Park(place)) => self.park_or_fetch(now, id, place),
            Some(Code::Conference) => self.confer(now, id),
            Some(Code::CallBack(CallBack::Want)) => self.want_call_back(now, id),
            Some(Code::CallBack(CallBack::Clear)) => self.want_no_call_back(now, id),
            Some(Code::CallBack(CallBack::Ask)) => {
                let waits = self.waiting_user(id).is_some_and(|user| self.callbacks.waits(&user));
                let answer = if waits { Ok("a call-back is wanted") } else { Err("no call-back is wanted") };
                self.confirm(now, id, ("call-back", answer));
            }
            Some(Code::Intercom(number)) => self.intercom(now, id, &number),
            Some(Code::OwnMailbox) => self.enter_own_mailbox(now, id),
            Some(Code::Service(service)) => self.serve_user(now, id, service),
            None => self.refuse(now, id, Cause::UnknownNumber, "there is no such code"),
        }
    }

    /// A user has dialled a service code.
    fn serve_user(&mut self, now: Now, id: CallId, service: Service) {
        let Some(user) = self.waiting_user(id) else { return };
        match service {
            Service::Activity(code, until) => self.set_by_code(now, (id, &user), (code, until)),
            Service::Set(setting @ Setting::ActivityClear) => {
                self.set(now, &user, &setting, Asker::ActivityCall(id));
            }
            Service::Set(setting) => self.set(now, &user, &setting, Asker::Call(id)),
            Service::Ask(Question::Activity) => self.confirm_activity(now, id),
            // Here the answer is to be spoken (the number, the seconds) once there are prompts.
            Service::Ask(question) if self.is_set(&user, question) => {
                self.confirm(now, id, ("service", Ok("it is in force")));
            }
            Service::Ask(_) => self.confirm(now, id, ("service", Err("it is not in force"))),
            Service::Wrong(why) => self.confirm(now, id, ("service", Err(why))),
        }
    }

    /// Says by a tone whether what a code asked for is done, and hangs up after it.
    pub(crate) fn confirm(&mut self, now: Now, id: CallId, (rule, outcome): (&str, Result<&str, &str>)) {
        let (text, program) = match outcome {
            Ok(text) => (text, Program::Done),
            Err(text) => (text, Program::Refused),
        };
        self.decided(now, id, rule, text);
        if let Some(leg) = self.calls.serve(now, id, (Cause::Answered, Some(CONFIRM_MAX))) {
            self.calls.perform(Effect::Play { leg, program });
        }
    }
}

/// A confirmation whose end is never heard of ends then.
const CONFIRM_MAX: std::time::Duration = std::time::Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_with_and_without_the_key_that_ends_them() {
        for (dialled, code) in [
            ("*133#", Some(Code::OwnMailbox)),
            ("*8", Some(Code::PickUp)),
            ("*8#", Some(Code::PickUp)),
            ("*8202", Some(Code::PickUpAt("202".to_owned()))),
            ("*51", Some(Code::Park(1))),
            ("*59#", Some(Code::Park(9))),
            ("*50", None),
            ("*5", None),
            ("*511", None),
            ("*3", Some(Code::Conference)),
            ("*37#", Some(Code::CallBack(CallBack::Want))),
            ("#37#", Some(Code::CallBack(CallBack::Clear))),
            ("*#37#", Some(Code::CallBack(CallBack::Ask))),
            ("*9202", Some(Code::Intercom("202".to_owned()))),
            ("*9", None),
            ("*8*2", None),
            ("#8", None),
            ("*", None),
            ("", None),
        ] {
            assert_eq!(Code::read(dialled), code, "{dialled}");
        }
    }
}
