//! Limits for calls at cost: pay calls and calls to other countries, by user and local day. Calls for help are neither.
//!
//! A call counts once it is answered, for whoever dialled it, sent it on by a rule, or connected it further. While it
//! runs it counts as well, so that a stolen password does not spend in parallel what it may not spend in turn; when the
//! minutes are used up, it ends. What is used is durable with the record of the call. A call that runs over midnight
//! counts for the day on which it ends, and one under which the box loses its power counts for nothing.

use crate::pbx::Pbx;
use call::HangUp;
use jiff::civil::Date;
use model::site::{Limit, Site, User};
use model::{CallId, Change, Class, Now, Spent, Used, UserId};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// At what cost a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Premium,
    International,
}

impl Kind {
    /// That of a class of numbers; none where calls cost what every call does.
    fn of(class: Class) -> Option<Self> {
        match class {
            Class::Premium | Class::MassCall | Class::Directory => Some(Self::Premium),
            Class::International(_) => Some(Self::International),
            Class::Emergency
            | Class::Society
            | Class::Freephone
            | Class::National
            | Class::Mobile
            | Class::SharedCost
            | Class::Paging
            | Class::Personal
            | Class::OperatorSpecific
            | Class::M2m
            | Class::Internal => None,
        }
    }

    fn used(self, spent: &mut Spent) -> &mut Used {
        match self {
            Self::Premium => &mut spent.premium,
            Self::International => &mut spent.international,
        }
    }

    fn limit(self, site: &Site, user: &User) -> Limit {
        match self {
            Self::Premium => site.spend_premium(user),
            Self::International => site.spend_international(user),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Premium => "pay calls",
            Self::International => "calls to other countries",
        }
    }
}

/// What is used, and the calls that use more.
#[derive(Debug, Default)]
pub(crate) struct Spending {
    spent: BTreeMap<UserId, Spent>,
    running: Vec<Running>,
    /// When the first of them has to end.
    due: Option<Instant>,
}

#[derive(Debug)]
struct Running {
    call: CallId,
    user: UserId,
    kind: Kind,
    answered: Option<Instant>,
    /// When it was made to end.
    stopped: Option<Instant>,
}

impl Spending {
    /// Takes what was kept.
    pub fn restore(kept: &[(UserId, Spent)]) -> Self {
        Self { spent: kept.iter().cloned().collect(), ..Self::default() }
    }

    /// When a call has to end, and why.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        self.due.map(|due| (due, "a user's minutes at cost are used up"))
    }

    /// The changes that go with a site: what was used by users it does not have.
    pub fn gone(&self, site: &Site) -> Vec<Change> {
        let gone = self.spent.iter().filter(|(user, _)| site.user(user).is_none());
        let nothing = |(user, spent): (&UserId, &Spent)| Change::Spent {
            user: user.clone(),
            spent: Spent::nothing(spent.day),
        };
        gone.map(nothing).collect()
    }

    /// Forgets users that the site no longer has.
    pub fn keep(&mut self, site: &Site) {
        self.spent.retain(|user, _| site.user(user).is_some());
    }

    /// A user has used nothing today.
    pub fn reset(&mut self, user: &UserId) {
        self.spent.remove(user);
    }

    /// A call goes on as another.
    pub fn moved(&mut self, from: CallId, into: CallId) {
        for running in self.running.iter_mut().filter(|running| running.call == from) {
            running.call = into;
        }
    }

    /// What a user has used on a day, ended calls only.
    fn ended(&self, user: &UserId, day: Date) -> Spent {
        self.spent.get(user).filter(|spent| spent.day == day).copied().unwrap_or(Spent::nothing(day))
    }

    /// The same with running calls.
    fn used(&self, now: Instant, (user, day): (&UserId, Date)) -> Spent {
        let mut spent = self.ended(user, day);
        for running in self.running.iter().filter(|running| running.user == *user) {
            running.count(now, &mut spent);
        }
        spent
    }
}

impl Running {
    /// Does it use more and more?
    fn runs(&self) -> bool {
        self.answered.is_some() && self.stopped.is_none()
    }

    fn count(&self, now: Instant, spent: &mut Spent) {
        let used = self.kind.used(spent);
        used.calls = used.calls.saturating_add(1);
        let until = self.stopped.unwrap_or(now);
        let lasted = self.answered.map_or(Duration::ZERO, |at| until.saturating_duration_since(at));
        let seconds = lasted.as_secs() + u64::from(lasted.subsec_nanos() > 0);
        used.seconds = used.seconds.saturating_add(u32::try_from(seconds).unwrap_or(u32::MAX));
    }
}

impl Pbx {
    /// Counts a call at cost for a user, or says why it may not be made.
    pub(crate) fn spends(
        &mut self,
        now: Now,
        id: CallId,
        (site, user): (&Site, &User),
        class: Class,
    ) -> Result<(), String> {
        let running = &mut self.spending.running;
        running.retain(|running| running.call != id || running.answered.is_some());
        let Some(kind) = Kind::of(class) else { return Ok(()) };
        let mut spent = self.spending.used(now.mono, (&user.id, today(site, now)));
        let (used, limit) = (*kind.used(&mut spent), kind.limit(site, user));
        if used.calls >= limit.calls {
            return Err(format!("{} has made {} {} today", user.id, used.calls, kind.name()));
        }
        if used.seconds >= limit.minutes.saturating_mul(60) {
            return Err(format!(
                "{} has used the day's {} minutes of {}",
                user.id,
                limit.minutes,
                kind.name()
            ));
        }
        self.spending.running.push(Running {
            call: id,
            user: user.id.clone(),
            kind,
            answered: None,
            stopped: None,
        });
        Ok(())
    }

    /// Somebody outside has answered.
    pub(crate) fn spending_began(&mut self, now: Now, id: CallId) {
        let running = self.spending.running.iter_mut();
        for running in running.filter(|running| running.call == id) {
            running.answered.get_or_insert(now.mono);
        }
        self.plan_spending(now);
    }

    /// A call is over: what it has used, to be kept with its record.
    pub(crate) fn spending_ended(&mut self, now: Now, id: CallId) -> Vec<Change> {
        let Some(site) = self.site.clone() else { return Vec::new() };
        let (over, runs) =
            std::mem::take(&mut self.spending.running).into_iter().partition(|running| running.call == id);
        self.spending.running = runs;
        let over: Vec<Running> = over;
        let mut changes = Vec::new();
        for running in over.iter().filter(|running| running.answered.is_some()) {
            let mut spent = self.spending.ended(&running.user, today(&site, now));
            running.count(now.mono, &mut spent);
            self.spending.spent.insert(running.user.clone(), spent);
            changes.push(Change::Spent { user: running.user.clone(), spent });
        }
        if !over.is_empty() {
            self.plan_spending(now);
        }
        changes
    }

    /// Ends the calls of users whose minutes are used up.
    pub(crate) fn spending_timeout(&mut self, now: Now) {
        if self.spending.due.is_none_or(|due| due > now.mono) {
            return;
        }
        let Some(site) = self.site.clone() else { return };
        let runs = self.spending.running.iter().filter(|running| running.runs());
        let over = runs.filter(|running| self.left(&site, now, running).is_some_and(|left| left.is_zero()));
        let over: Vec<(CallId, Kind)> = over.map(|running| (running.call, running.kind)).collect();
        for (call, kind) in over {
            for running in self.spending.running.iter_mut().filter(|running| running.call == call) {
                running.stopped = Some(now.mono);
            }
            self.decided(now, call, "spend", format!("the day's minutes of {} are used up", kind.name()));
            self.calls.cut(now, call, HangUp::Released);
        }
        self.plan_spending(now);
    }

    fn plan_spending(&mut self, now: Now) {
        let Some(site) = self.site.clone() else { return };
        let runs = self.spending.running.iter().filter(|running| running.runs());
        let ends = runs.filter_map(|running| {
            let together =
                |other: &&Running| other.runs() && (&other.user, other.kind) == (&running.user, running.kind);
            let count = self.spending.running.iter().filter(together).count();
            let left = self.left(&site, now, running)?;
            // At least a second, so that a wake-up always finds something new.
            Some(now.mono + (left / u32::try_from(count).unwrap_or(1).max(1)).max(Duration::from_secs(1)))
        });
        self.spending.due = ends.min();
    }

    /// What is left of the minutes that a running call uses; none where it uses nobody's.
    fn left(&self, site: &Site, now: Now, running: &Running) -> Option<Duration> {
        let limit = running.kind.limit(site, site.user(&running.user)?);
        let mut spent = self.spending.used(now.mono, (&running.user, today(site, now)));
        let seconds = limit.minutes.saturating_mul(60).saturating_sub(running.kind.used(&mut spent).seconds);
        Some(Duration::from_secs(seconds.into()))
    }

    /// What a user has called at cost today beside what they may.
    pub(crate) fn spending_of(&self, now: Now, user: &UserId) -> Option<model::Spending> {
        let site = self.site.as_deref()?;
        let user = site.user(user)?;
        let day = today(site, now);
        let mut spent = self.spending.used(now.mono, (&user.id, day));
        let mut of = |kind: Kind| {
            let (Used { calls, seconds }, limit) = (*kind.used(&mut spent), kind.limit(site, user));
            model::SpendingOf { calls, calls_limit: limit.calls, seconds, minutes_limit: limit.minutes }
        };
        let (premium, international) = (of(Kind::Premium), of(Kind::International));
        Some(model::Spending { user: user.id.clone(), day, premium, international })
    }
}

fn today(site: &Site, now: Now) -> Date {
    site.company().time_zone.to_datetime(now.wall).date()
}
