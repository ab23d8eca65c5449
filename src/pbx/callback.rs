//! Call-back when busy (återuppringning): whoever found a colleague busy is rung when that one is free, and answering
//! calls them.

use crate::pbx::Pbx;
use crate::summons::Summons;
use call::Caller;
use model::site::{Site, Target};
use model::{CallId, CallRecord, Cause, Direction, Now, UserId};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A wish that has not come true by then is forgotten (ETSI EN 300 357: between 15 and 45 minutes).
const PATIENCE: Duration = Duration::from_secs(45 * 60);
/// Both must have been free for so long.
const REST: Duration = Duration::from_secs(3);
/// How long the one who wished rings.
const RINGING: Duration = Duration::from_secs(20);
/// Wishes of one user.
const WISHES_MAX: usize = 5;

/// Who wants to be called back, and whom people found busy last.
#[derive(Debug, Default)]
pub(crate) struct CallBacks {
    wishes: Vec<Wish>,
    found_busy: BTreeMap<UserId, UserId>,
}

#[derive(Debug)]
struct Wish {
    by: UserId,
    to: UserId,
    until: Instant,
    /// Since when both are free.
    free: Option<Instant>,
}

impl CallBacks {
    /// When to look again, and why.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        let next = |wish: &Wish| wish.free.map_or(wish.until, |free| free + REST);
        self.wishes.iter().map(next).min().map(|at| (at, "a call-back may be due"))
    }

    /// Does a user wait for somebody?
    pub fn waits(&self, user: &UserId) -> bool {
        self.wishes.iter().any(|wish| wish.by == *user)
    }

    /// Users that the site no longer has want nothing.
    pub fn keep(&mut self, site: &Site) {
        self.wishes.retain(|wish| site.user(&wish.by).is_some() && site.user(&wish.to).is_some());
        self.found_busy.retain(|by, to| site.user(by).is_some() && site.user(to).is_some());
    }
}

impl Pbx {
    /// `*37#`: the user wants to be called when the one they found busy is free.
    pub(crate) fn want_call_back(&mut self, now: Now, id: CallId) {
        let Some(by) = self.waiting_user(id) else { return };
        let Some(to) = self.callbacks.found_busy.get(&by).cloned() else {
            return self.confirm(now, id, ("call-back", Err("nobody was busy")));
        };
        let wishes = &mut self.callbacks.wishes;
        wishes.retain(|wish| (&wish.by, &wish.to) != (&by, &to));
        if wishes.iter().filter(|wish| wish.by == by).count() >= WISHES_MAX {
            return self.confirm(
                now,
                id,
                ("call-back", Err("there are five wishes already; #37# ends them")),
            );
        }
        wishes.push(Wish { by, to, until: now.mono + PATIENCE, free: None });
        self.confirm(now, id, ("call-back", Ok("the call is made when both are free")));
    }

    /// `#37#`: the user no longer waits for anybody.
    pub(crate) fn want_no_call_back(&mut self, now: Now, id: CallId) {
        let Some(by) = self.waiting_user(id) else { return };
        self.callbacks.wishes.retain(|wish| wish.by != by);
        self.confirm(now, id, ("call-back", Ok("no call-back is wanted")));
    }

    /// A call is over: whom did its caller find busy?
    pub(crate) fn note_busy(&mut self, record: &CallRecord) {
        let Some(site) = self.site.clone() else { return };
        let user = |number: &str| match site.target(&site.number(number)) {
            Some(Target::User(user)) => Some(user.clone()),
            _ => None,
        };
        if let (Cause::Busy, Direction::Internal) = (record.cause, record.call.direction)
            && let (Some(by), Some(to)) = (user(&record.call.from), user(&record.call.to))
        {
            self.callbacks.found_busy.insert(by, to);
        }
    }

    /// Makes the calls whose time has come.
    pub(crate) fn call_back(&mut self, now: Now) {
        if self.callbacks.wishes.is_empty() {
            return;
        }
        let mut due = Vec::new();
        let (calls, contacts, site) = (&self.calls, &self.contacts, self.site.clone());
        self.callbacks.wishes.retain_mut(|wish| {
            let is_free = |user: &UserId| {
                let devices = site.as_ref().and_then(|site| site.user(user)).map(|user| &user.devices);
                let there = devices.is_some_and(|all| all.iter().any(|one| contacts.contains_key(&one.id)));
                there && calls.legs_of(user) == 0
            };
            if !is_free(&wish.by) || !is_free(&wish.to) {
                wish.free = None;
                return wish.until > now.mono;
            }
            let since = *wish.free.get_or_insert(now.mono);
            if now.mono < since + REST {
                return wish.until > now.mono;
            }
            due.push((wish.by.clone(), wish.to.clone()));
            false
        });
        for (by, to) in due {
            // Two that are due at once may want the same: the first has made it busy.
            if self.calls.legs_of(&by) == 0 {
                self.ring_back(now, &by, &to);
            }
        }
    }

    fn ring_back(&mut self, now: Now, by: &UserId, to: &UserId) {
        let Some(site) = self.site.clone() else { return };
        let (Some(user), Some(wanted)) = (site.user(by), site.user(to)) else { return };
        let number = wanted.extension.to_string();
        let caller =
            Caller { name: Some(wanted.name.clone()), number: Some(number.clone()), ..Caller::default() };
        let ends = (user.extension.to_string(), number);
        let id = self.summon(now, Summons { user, caller, ends, patience: RINGING, page: None });
        self.decided(now, id, "call-back", format!("{to} is free, and {by} wanted to be called"));
    }
}
