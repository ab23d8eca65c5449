//! Commands: permission is checked once, here; then they are answered from the core's own state, or passed to the
//! driver as a [`Query`].

use crate::pbx::Pbx;
use crate::personal::{Asker, no_such_user};
use crate::{Effect, Query};
use model::site::{Mailbox, Role, Site};
use model::{
    Actor, Change, Command, Difference, Event, Now, Refusal, RefusalCode, Reply, Setting, Spent, Status,
    Ticket, UserId,
};
use std::sync::Arc;

/// A command that waits for the driver.
pub(crate) enum Pending {
    /// Its document is being read.
    Reading {
        /// Is it put in force, or only compared?
        apply: bool,
    },
    /// Its site is being written.
    Writing { site: Arc<Site>, differences: Vec<Difference> },
    /// That a user has called nothing at cost today is being written.
    Resetting { user: UserId },
}

/// Documents being read or written at once.
const PENDING_MAX: usize = 8;

impl Pbx {
    pub(crate) fn handle_command(&mut self, now: Now, ticket: Ticket, (actor, command): (&Actor, Command)) {
        if let Some(refusal) = self.forbidden(actor, &command) {
            return self.reply(ticket, Reply::Refused(refusal));
        }
        match command {
            Command::Status => {
                let status = self.status();
                self.reply(ticket, Reply::Status(status));
            }
            Command::SiteExport => match &self.site {
                Some(site) => {
                    let document = site.export();
                    self.reply(ticket, Reply::Site(document));
                }
                None => self.reply(ticket, no_site()),
            },
            Command::SiteDiff { document } => self.read(ticket, document, false),
            Command::SiteApply { document } => self.read(ticket, document, true),
            Command::Calls => {
                let calls = self.calls.list();
                self.reply(ticket, Reply::Calls(calls));
            }
            Command::Trunks => {
                let trunks = self.site.as_ref().map(|site| self.trunks.list(site, &self.calls));
                self.reply(ticket, Reply::Trunks(trunks.unwrap_or_default()));
            }
            Command::Registrations => self.query(ticket, Query::Registrations),
            Command::CallLog { limit } => self.query(ticket, Query::CallLog { limit }),
            Command::CallLogShow { id } => self.query(ticket, Query::CallLogShow(id)),
            Command::Trace { id } => self.query(ticket, Query::Trace(id)),
            Command::Log { limit } => self.query(ticket, Query::Log { limit }),
            Command::Personal { user } => {
                let known = self.site.as_ref().is_some_and(|site| site.user(&user).is_some());
                let reply = if known {
                    Reply::Personal(Box::new(self.personals.of(&user).clone()))
                } else {
                    let (code, message) = no_such_user(&user);
                    Reply::Refused(Refusal { code, messages: vec![message] })
                };
                self.reply(ticket, reply);
            }
            Command::Activity { user } => self.reply_activity(ticket, &user),
            Command::Voicemail { mailbox, wish } => {
                let reply = self.use_mailbox(&mailbox, wish);
                self.reply(ticket, reply);
            }
            Command::VoicemailSound { mailbox, id, from } => match self.message_of(&mailbox, id) {
                Some(_) => self.query(ticket, Query::Sound { recording: id, from }),
                None => {
                    let messages = vec![format!(
                        "{mailbox} has no message {id}; `vaxel voicemail list {mailbox}` has them all"
                    )];
                    self.reply(ticket, Reply::Refused(Refusal { code: RefusalCode::NotFound, messages }));
                }
            },
            Command::Rooms => {
                let rooms = self.rooms();
                self.reply(ticket, Reply::Rooms(rooms));
            }
            Command::Room { room, action } => {
                let reply = self.moderate(now, &room, &action);
                self.reply(ticket, reply);
            }
            Command::Spending { user } => {
                let reply = self.spending_reply(now, &user);
                self.reply(ticket, reply);
            }
            Command::SpendingReset { user } => self.reset_spending(now, ticket, user),
            Command::Set { user, setting: setting @ (Setting::Activity { .. } | Setting::ActivityClear) } => {
                self.set(now, &user, &setting, Asker::ActivityCommand(ticket));
            }
            Command::Set { user, setting } => self.set(now, &user, &setting, Asker::Command(ticket)),
        }
    }

    /// The document has been read, or every mistake in it found.
    pub(crate) fn parsed(&mut self, ticket: Ticket, result: Result<Box<Site>, Vec<String>>) {
        let Some(Pending::Reading { apply }) = self.pending.remove(&ticket) else { return };
        let site: Arc<Site> = match result {
            Ok(site) => Arc::from(site),
            Err(messages) => {
                let refusal = Refusal { code: RefusalCode::Invalid, messages };
                return self.reply(ticket, Reply::Refused(refusal));
            }
        };
        let differences = Site::diff(self.site.as_deref(), &site);
        if !apply || differences.is_empty() {
            return self.reply(ticket, Reply::Differences(differences));
        }
        let mut changes = vec![Change::Site(site.export())];
        changes.extend(self.personals.gone(&site));
        changes.extend(self.spending.gone(&site));
        self.pending.insert(ticket, Pending::Writing { site, differences });
        self.effects.push_back(Effect::Commit { ticket: Some(ticket), changes });
    }

    /// A site or a setting is durable: now, and only now, it is in force.
    pub(crate) fn committed(&mut self, now: Now, ticket: Ticket, result: Result<(), String>) {
        if self.setting_committed(now, ticket, &result) {
            return;
        }
        let Some(pending) = self.pending.remove(&ticket) else { return };
        if let Err(message) = result {
            let refusal = Refusal { code: RefusalCode::Storage, messages: vec![message] };
            return self.reply(ticket, Reply::Refused(refusal));
        }
        let (site, differences) = match pending {
            Pending::Writing { site, differences } => (site, differences),
            Pending::Resetting { user } => {
                self.spending.reset(&user);
                let reply = self.spending_reply(now, &user);
                return self.reply(ticket, reply);
            }
            Pending::Reading { .. } => return,
        };
        self.trunks.keep(&site);
        self.personals.keep(&site);
        self.spending.keep(&site);
        self.callbacks.keep(&site);
        self.keep_messages(&site);
        self.site = Some(Arc::clone(&site));
        self.effects.push_back(Effect::SiteInForce { site, differences: differences.clone() });
        self.effects.push_back(Effect::Notify(Event::SiteApplied));
        self.reply(ticket, Reply::Differences(differences));
    }

    fn spending_reply(&self, now: Now, user: &UserId) -> Reply {
        match self.spending_of(now, user) {
            Some(spending) => Reply::Spending(Box::new(spending)),
            None => {
                let (code, message) = no_such_user(user);
                Reply::Refused(Refusal { code, messages: vec![message] })
            }
        }
    }

    fn reset_spending(&mut self, now: Now, ticket: Ticket, user: UserId) {
        let Some(spending) = self.spending_of(now, &user) else {
            let reply = self.spending_reply(now, &user);
            return self.reply(ticket, reply);
        };
        let spent = Spent::nothing(spending.day);
        self.pending.insert(ticket, Pending::Resetting { user: user.clone() });
        let changes = vec![Change::Spent { user, spent }];
        self.effects.push_back(Effect::Commit { ticket: Some(ticket), changes });
    }

    fn read(&mut self, ticket: Ticket, document: String, apply: bool) {
        if self.pending.len() >= PENDING_MAX {
            let messages = vec!["other documents are being applied; try again in a moment".to_owned()];
            let refusal = Refusal { code: RefusalCode::Unavailable, messages };
            return self.reply(ticket, Reply::Refused(refusal));
        }
        self.pending.insert(ticket, Pending::Reading { apply });
        let current = self.site.clone();
        self.effects.push_back(Effect::Parse { ticket, document, current });
    }

    /// The local administrator and users with that role may do everything; others what is their own.
    fn forbidden(&self, actor: &Actor, command: &Command) -> Option<Refusal> {
        let site = self.site.as_deref();
        let may = match actor {
            Actor::Local => true,
            Actor::User(user) => {
                let is_own = match command {
                    Command::Voicemail { mailbox, .. } | Command::VoicemailSound { mailbox, .. } => {
                        self.may_hear(user, mailbox)
                    }
                    Command::Personal { user: of }
                    | Command::Activity { user: of }
                    | Command::Spending { user: of }
                    | Command::Set { user: of, .. } => of == user,
                    _ => false,
                };
                let known = site.and_then(|site| site.user(user));
                known.is_some_and(|user| is_own || user.roles.contains(&Role::Admin))
            }
        };
        let refusal = || Refusal {
            code: RefusalCode::Forbidden,
            messages: vec!["only an administrator may do that".to_owned()],
        };
        (!may).then(refusal)
    }

    /// One's own messages, and those of one's groups and of the queues one serves.
    fn may_hear(&self, user: &UserId, mailbox: &str) -> bool {
        let Some(site) = self.site.as_deref() else { return false };
        match crate::messages::mailbox(site, mailbox) {
            Some(Mailbox::User(of)) => of == *user,
            Some(Mailbox::Group(of)) => site.group(&of).is_some_and(|group| group.members.contains(user)),
            Some(Mailbox::Queue(of)) => site.queue(&of).is_some_and(|queue| queue.agents.contains(user)),
            None => false,
        }
    }

    fn status(&self) -> Status {
        let (trunks_up, trunks) = self.site.as_ref().map_or((0, 0), |site| self.trunks.count(site));
        let registrations = self.contacts.values().map(Vec::len).sum::<usize>();
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started: self.started,
            company: self.site.as_ref().map(|site| site.company().name.clone()),
            calls: u32::try_from(self.calls.count()).unwrap_or(u32::MAX),
            registrations: u32::try_from(registrations).unwrap_or(u32::MAX),
            trunks_up,
            trunks,
            alarms: self.alarms.values().cloned().collect(),
        }
    }

    fn query(&mut self, ticket: Ticket, query: Query) {
        self.effects.push_back(Effect::Query { ticket, query });
    }

    pub(crate) fn reply(&mut self, ticket: Ticket, reply: Reply) {
        self.effects.push_back(Effect::Reply { ticket, reply });
    }
}

fn no_site() -> Reply {
    let messages = vec!["no site has been applied yet: run `vaxel site apply FILE`".to_owned()];
    Reply::Refused(Refusal { code: RefusalCode::NotFound, messages })
}
