//! The daemon's log: to standard error or the journal, and its newest lines kept for `vaxel log`.

use crate::config;
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex, PoisonError};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::{EnvFilter, Layer};

/// Lines kept.
const LINES_MAX: usize = 2_000;
/// A longer line is cut.
const LINE_MAX: usize = 2_000;

/// The newest lines of the log, oldest first. Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub struct Recent(Arc<Mutex<VecDeque<String>>>);

impl Recent {
    /// The newest `limit` lines.
    pub fn lines(&self, limit: usize) -> Vec<String> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().skip(lines.len().saturating_sub(limit)).cloned().collect()
    }

    fn push(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LINES_MAX {
            lines.pop_front();
        }
        lines.push_back(line);
    }
}

/// Starts logging for the whole process. Under a service manager lines go to the journal with their fields.
pub fn start(config: &config::Log) -> Recent {
    let recent = Recent::default();
    let filter = EnvFilter::new(&config.level);
    let under_manager = std::env::var_os("JOURNAL_STREAM").is_some();
    let journal = under_manager.then(|| tracing_journald::layer().ok()).flatten();
    let console = journal.is_none().then(|| {
        tracing_subscriber::fmt::layer()
            .with_writer(std::io::stderr)
            .with_ansi(std::io::stderr().is_terminal())
            .with_target(false)
    });
    let subscriber =
        tracing_subscriber::registry().with(filter).with(journal).with(console).with(recent.clone());
    if tracing::subscriber::set_global_default(subscriber).is_err() {
        tracing::debug!("logging had already been started");
    }
    recent
}

/// One line for what has happened: a call when it is over, and whatever an administrator should know.
pub fn event(event: &model::Event) {
    use model::Event;
    match event {
        Event::CallEnded(record) => tracing::info!(
            call = %record.call.id,
            from = record.call.from,
            to = record.call.to,
            cause = record.cause.as_str(),
            "call ended"
        ),
        Event::DeviceRegistered { device } => tracing::info!(%device, "a phone can be reached"),
        Event::DeviceUnregistered { device } => tracing::info!(%device, "a phone can no longer be reached"),
        Event::TrunkUp { trunk } => tracing::info!(%trunk, "a trunk is up"),
        Event::TrunkDown { trunk } => tracing::error!(%trunk, "a trunk is down"),
        Event::SiteApplied => tracing::info!("a new site is in force"),
        Event::AlarmRaised { alarm, text } => tracing::error!(alarm, text, "alarm"),
        Event::AlarmCleared { alarm } => tracing::info!(alarm, "the alarm is over"),
        Event::CallBegan(_)
        | Event::PartyRang { .. }
        | Event::PartyAnswered { .. }
        | Event::PartyHeld { .. }
        | Event::PartyResumed { .. }
        | Event::CallMerged { .. } => tracing::debug!(?event, "call"),
    }
}

impl<S: Subscriber> Layer<S> for Recent {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut line = Line(format!("{} {:5}", jiff::Timestamp::now(), event.metadata().level()));
        event.record(&mut line);
        let mut text = line.0;
        if text.len() > LINE_MAX {
            let end = (0..=LINE_MAX).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            text.truncate(end);
        }
        self.push(text);
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let written = match field.name() {
            "message" => write!(self.0, " {value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
        debug_assert!(written.is_ok(), "writing to a string does not fail");
    }
}
