//! The commands, a file each: its arguments, what it asks, and how the answer reads.

mod activity;
mod call_log;
mod calls;
mod forward;
mod log;
mod personal;
mod registrations;
mod rooms;
mod site;
mod spend;
mod status;
mod trace;
mod trunks;
mod voicemail;

use crate::error::Error;
use crate::session::Session;
use clap::Subcommand;
use model::{CallId, Setting};

/// What the box can be asked.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// How the box is, and what needs a person.
    Status,
    /// The site document: everything about the company.
    #[command(subcommand)]
    Site(site::Site),
    /// Every phone that is registered.
    Registrations,
    /// Calls in progress.
    Calls,
    /// Finished calls, newest first.
    CallLog(call_log::CallLog),
    /// The SIP messages of a call, secrets removed.
    Trace(trace::Trace),
    /// The trunks and how they are.
    Trunks,
    /// The conference rooms and who is in them.
    Rooms,
    /// Moderates a room in which people are.
    Room(rooms::Moderate),
    /// What a user has called at cost today, and what they may.
    #[command(subcommand)]
    Spend(spend::Spend),
    /// The newest lines of the box's own log.
    Log(log::Log),
    /// What a user is doing, and until when.
    #[command(subcommand)]
    Activity(activity::Activity),
    /// The messages in a mailbox.
    #[command(subcommand)]
    Voicemail(voicemail::Voicemail),
    /// Where a user's calls are sent on to.
    #[command(subcommand)]
    Forward(forward::Forward),
    /// Whether any phone of a user rings.
    #[command(subcommand)]
    DoNotDisturb(personal::Switch),
    /// Whether a second call may knock at a user's phones.
    #[command(subcommand)]
    CallWaiting(personal::Choice),
    /// Whether a user turns callers away who withhold their number.
    #[command(subcommand)]
    RefuseAnonymous(personal::Switch),
    /// Whether a user's number is hidden unless they say otherwise for a call.
    #[command(subcommand)]
    HideNumber(personal::Choice),
}

impl Verb {
    /// Asks the box and shows its answer.
    pub fn run(self, session: &mut Session) -> Result<(), Error> {
        match self {
            Verb::Status => status::run(session),
            Verb::Site(site) => site::run(site, session),
            Verb::Registrations => registrations::run(session),
            Verb::Calls => calls::run(session),
            Verb::CallLog(call_log) => call_log::run(&call_log, session),
            Verb::Trace(trace) => trace::run(&trace, session),
            Verb::Trunks => trunks::run(session),
            Verb::Rooms => rooms::run(session),
            Verb::Room(moderate) => rooms::moderate(moderate, session),
            Verb::Spend(spend) => spend::run(spend, session),
            Verb::Log(log) => log::run(&log, session),
            Verb::Activity(activity) => activity::run(activity, session),
            Verb::Voicemail(voicemail) => voicemail::run(voicemail, session),
            Verb::Forward(forward) => forward::run(forward, session),
            Verb::DoNotDisturb(switch) => {
                personal::switch(switch, |on| Setting::DoNotDisturb { on }, session)
            }
            Verb::CallWaiting(choice) => personal::choose(choice, |on| Setting::CallWaiting { on }, session),
            Verb::RefuseAnonymous(switch) => {
                personal::switch(switch, |on| Setting::RefuseAnonymous { on }, session)
            }
            Verb::HideNumber(choice) => personal::choose(choice, |on| Setting::HideNumber { on }, session),
        }
    }
}

/// A call's number as typed.
fn call_id(text: &str) -> Result<CallId, String> {
    text.parse().map(CallId).map_err(|_| "a call's id is a number; `vaxel call-log` lists them".to_owned())
}
