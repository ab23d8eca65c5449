//! Lamps: phones that watch extensions, parking places and mailboxes (RFC 6665, RFC 4235, RFC 3856, RFC 3842), one by
//! one or as a list (RFC 4662).
//!
//! A lamp is not fed by events, it is compared: a moment after anything has happened in the core, what is watched is
//! looked at, and where it differs from what its watchers were told last, they are told all of it. So nothing that
//! happens can be forgotten here, and what changes to and fro within the moment is told once.
//!
//! Subscriptions do not outlive the box. When it stops in order their holders are told to begin anew; after a power cut
//! the next renewal is answered 481, which makes them do the same.

use super::leg::Signalling;
use super::{Exchange, Network};
use model::{DeviceId, Now, UserId};
use pbx::{Lamp, Watched};
use sip::endpoint::{Body, EndReason, Subscribe, SubscriptionId};
use sip::flow::Flow;
use sip::{Headers, Name, Request, Status};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

mod document;

pub(super) use document::mailbox_summary;

/// What happens within this is told at once, so that a watcher is told at most ten times a second.
const MOMENT: Duration = Duration::from_millis(100);
/// The longest a subscription lasts without being renewed. So long may lamps be dark after a power cut.
const LONGEST: Duration = Duration::from_secs(900);
/// Subscriptions a device may hold; a phone with key modules watches some 200.
const OF_DEVICE_MAX: usize = 500;
/// Members of a list, at most.
const LIST_MAX: usize = 500;
/// The user part that means everybody of the company.
const EVERYBODY: &str = "alla";

/// Who watches what.
#[derive(Default)]
pub(crate) struct Lamps {
    watchers: BTreeMap<SubscriptionId, Watcher>,
    watched: BTreeMap<Watched, Told>,
    of_device: BTreeMap<DeviceId, usize>,
    /// When to look.
    due: Option<Instant>,
}

/// What the watchers of something have been told, and who they are.
#[derive(Default)]
struct Told {
    lamp: Option<Lamp>,
    watchers: BTreeSet<SubscriptionId>,
}

/// One subscription.
struct Watcher {
    device: DeviceId,
    package: Package,
    scope: Scope,
    /// The host that the phone calls the box by.
    host: String,
    /// Documents told so far.
    version: u32,
}

/// What a watcher sees of what it watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Package {
    Dialog,
    Presence,
    MessageSummary,
}

/// Of how many.
enum Scope {
    /// Of one, under the name that was asked for.
    One(String, Watched),
    /// Of a list with this name: each member with its extension and name.
    List(String, Vec<(String, String, Watched)>),
}

impl Scope {
    fn all(&self) -> Vec<&Watched> {
        match self {
            Self::One(_, watched) => vec![watched],
            Self::List(_, members) => members.iter().map(|(.., watched)| watched).collect(),
        }
    }
}

impl Lamps {
    /// When to look, and why.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        self.due.map(|due| (due, "lamps are compared"))
    }

    /// Has a device subscribed to its messages?
    pub fn knows_its_mailbox(&self, device: &DeviceId) -> bool {
        let mut watchers = self.watchers.values();
        watchers.any(|watcher| watcher.device == *device && watcher.package == Package::MessageSummary)
    }

    /// Something has happened in the core.
    pub fn touch(&mut self, now: Now) {
        if !self.watchers.is_empty() {
            self.due.get_or_insert(now.mono + MOMENT);
        }
    }

    /// Adds one, who is told how things are `now`.
    fn add(&mut self, id: SubscriptionId, watcher: Watcher, now: impl Fn(&Watched) -> Option<Lamp>) {
        for watched in watcher.scope.all() {
            let told = self.watched.entry(watched.clone()).or_default();
            if told.watchers.is_empty() {
                told.lamp = now(watched);
            }
            told.watchers.insert(id);
        }
        *self.of_device.entry(watcher.device.clone()).or_default() += 1;
        self.watchers.insert(id, watcher);
    }

    fn remove(&mut self, id: SubscriptionId) {
        let Some(watcher) = self.watchers.remove(&id) else { return };
        for watched in watcher.scope.all() {
            if let Some(told) = self.watched.get_mut(watched) {
                told.watchers.remove(&id);
                if told.watchers.is_empty() {
                    self.watched.remove(watched);
                }
            }
        }
        if let Some(held) = self.of_device.get_mut(&watcher.device) {
            *held -= 1;
            if *held == 0 {
                self.of_device.remove(&watcher.device);
            }
        }
    }
}

impl<N: Network> Exchange<N> {
    /// Somebody wants to watch something.
    pub(crate) fn subscribed(
        &mut self,
        now: Now,
        (id, flow): (SubscriptionId, Flow),
        (subscribe, request): (&Subscribe, &Request),
    ) {
        let watcher = match self.watcher(now, flow, (subscribe, request)) {
            Ok(watcher) => watcher,
            Err((status, headers)) => {
                return self.sip.refuse_subscription(now.mono, id, status, &headers);
            }
        };
        match watcher.scope {
            Scope::One(..) => self.sip.accept_subscription(now.mono, id, LONGEST),
            Scope::List(..) => self.sip.accept_list(now.mono, id, LONGEST),
        }
        self.lamps.add(id, watcher, |watched| self.pbx.lamp(watched));
        self.tell_watcher(now, id);
        if subscribe.expires.is_zero() {
            self.lamps.remove(id);
        } else {
            // What its watchers know of it may be older.
            self.lamps.touch(now);
        }
    }

    fn watcher(
        &mut self,
        now: Now,
        flow: Flow,
        (subscribe, request): (&Subscribe, &Request),
    ) -> Result<Watcher, (Status, Headers)> {
        let refuse = |status| (status, Headers::new());
        let device = self.authenticate(now, flow, request)?;
        let package = match &*subscribe.package.name {
            "dialog" => Package::Dialog,
            "presence" => Package::Presence,
            "message-summary" => Package::MessageSummary,
            _ => return Err(refuse(Status::BAD_EVENT)),
        };
        if self.lamps.of_device.get(&device).is_some_and(|held| *held >= OF_DEVICE_MAX) {
            let mut headers = Headers::new();
            headers.push(Name::RetryAfter, LONGEST.as_secs());
            return Err((Status::SERVICE_UNAVAILABLE, headers));
        }
        let name = super::admission::number_in(&subscribe.resource).unwrap_or_default();
        let scope = self.scope(&device, package, (&name, subscribe.takes_lists));
        let scope = scope.ok_or_else(|| refuse(Status::NOT_FOUND))?;
        let host = subscribe.resource.raw_host().to_owned();
        Ok(Watcher { device, package, scope, host, version: 0 })
    }

    /// What a name means to a device that wants to watch it.
    fn scope(&self, device: &DeviceId, package: Package, (name, lists): (&str, bool)) -> Option<Scope> {
        let site = self.site.as_deref()?;
        let (owner, _) = site.device(device.as_str())?;
        let own = || name == device.as_str() || name == owner.extension.to_string();
        if package == Package::MessageSummary {
            // Whose letters wait is nobody else's business.
            return own().then(|| Scope::One(name.to_owned(), Watched::Mailbox(owner.id.clone())));
        }
        let of_user = |id: UserId| match package {
            Package::Presence => Watched::Presence(id),
            Package::Dialog | Package::MessageSummary => Watched::User(id),
        };
        if name == EVERYBODY && lists {
            let others = site.users().filter(|user| user.id != owner.id).take(LIST_MAX);
            let member = |user: &model::site::User| {
                (user.extension.to_string(), user.name.clone(), of_user(user.id.clone()))
            };
            return Some(Scope::List(name.to_owned(), others.map(member).collect()));
        }
        let watched = match name == device.as_str() {
            true => of_user(owner.id.clone()),
            false => match self.pbx.watchable(name)? {
                Watched::User(id) => of_user(id),
                other => other,
            },
        };
        Some(Scope::One(name.to_owned(), watched))
    }

    /// Tells a watcher everything, also what it may know: it has just come, or come again.
    pub(crate) fn tell_watcher(&mut self, now: Now, id: SubscriptionId) {
        match self.document(id) {
            Some(body) => self.sip.notify(now.mono, id, Some(body)),
            None => self.unwatch(now, id),
        }
    }

    /// A subscription is over by what the subscriber did or did not do.
    pub(crate) fn unsubscribed(&mut self, id: SubscriptionId) {
        self.lamps.remove(id);
    }

    /// Compares what is watched with what its watchers know.
    pub(crate) fn lamps_timeout(&mut self, now: Now) {
        if self.lamps.due.is_none_or(|due| due > now.mono) {
            return;
        }
        self.lamps.due = None;
        let mut news: BTreeSet<SubscriptionId> = BTreeSet::new();
        for (watched, told) in &mut self.lamps.watched {
            let lamp = self.pbx.lamp(watched);
            if told.lamp != lamp {
                told.lamp = lamp;
                news.extend(&told.watchers);
            }
        }
        for id in news {
            self.tell_watcher(now, id);
        }
    }

    /// A new site: who may no longer watch, or watches what is gone, is told so.
    pub(crate) fn lamps_for_site(&mut self, now: Now) {
        let Some(site) = self.site.clone() else { return };
        let gone = self.lamps.watchers.iter().filter(|(_, watcher)| {
            let owner = site.device(watcher.device.as_str());
            let mine = owner.map(|(owner, _)| Watched::Mailbox(owner.id.clone()));
            let others = matches!(&watcher.scope, Scope::One(_, it @ Watched::Mailbox(_)) if Some(it) != mine.as_ref());
            owner.is_none() || others
        });
        let gone: Vec<SubscriptionId> = gone.map(|(id, _)| *id).collect();
        for id in gone {
            self.unwatch(now, id);
        }
        self.lamps.touch(now);
    }

    /// The box stops: who watches is told to begin anew (RFC 6665 4.1.3).
    pub(crate) fn lamps_stop(&mut self, now: Now) {
        let watchers = std::mem::take(&mut self.lamps).watchers;
        for id in watchers.into_keys() {
            self.sip.end_subscription(now.mono, id, EndReason::Deactivated, None);
        }
    }

    fn unwatch(&mut self, now: Now, id: SubscriptionId) {
        self.lamps.remove(id);
        self.sip.end_subscription(now.mono, id, EndReason::NoResource, None);
    }

    /// What a watcher is told, all of it; none where what it watches is gone.
    fn document(&mut self, id: SubscriptionId) -> Option<Body> {
        let watcher = self.lamps.watchers.get_mut(&id)?;
        let version = watcher.version;
        watcher.version = watcher.version.wrapping_add(1);
        let watcher = self.lamps.watchers.get(&id)?;
        let part = |(name, watched): (&str, &Watched), version: u32| {
            let lamp = self.pbx.lamp(watched)?;
            let about = document::About { name, host: &watcher.host, version };
            Some(match watcher.package {
                Package::Dialog => document::dialogs(&about, &lamp, |glow| self.place_of(glow)),
                Package::Presence => document::presence(&about, &lamp),
                Package::MessageSummary => document::messages(&about, &lamp),
            })
        };
        match &watcher.scope {
            Scope::One(name, watched) => part((name, watched), version),
            Scope::List(list, members) => {
                let parts = members.iter().filter_map(|(extension, name, watched)| {
                    Some((extension.as_str(), name.as_str(), part((extension, watched), version)?))
                });
                Some(document::list(&document::About { name: list, host: &watcher.host, version }, parts))
            }
        }
    }

    /// What to say to take a call that rings at a phone (RFC 3891).
    fn place_of(&self, glow: &pbx::Glow) -> Option<sip::Replaces> {
        match self.legs.get(&glow.leg)?.signalling {
            Signalling::Inviting(session) => self.sip.replaces(session),
            Signalling::Offered(_) | Signalling::Up(_) | Signalling::Over => None,
        }
    }
}
