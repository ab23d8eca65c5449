//! What a REGISTER would change, found before anything is changed.

use super::contact::{Contact, Line, Reach};
use super::replace::{key, same_binding, same_phone};
use super::request::{Asked, Verb, Wish};
use super::table::Table;
use super::{Limits, Refusal};
use crate::flow::Flow;
use std::time::{Duration, Instant};

/// An older CSeq is refused only this long after the newer one: no request outlives its transaction (64 × T1), and some
/// phones keep their Call-ID over a restart and count from 1 again.
const REORDERING: Duration = Duration::from_secs(32);

/// Who asks for what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asker<'a> {
    pub wish: &'a Wish,
    pub device: &'a str,
    pub flow: Flow,
}

/// Contacts to remove, then contacts to put in; id 0 is a new one.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub remove: Vec<u64>,
    pub bind: Vec<Contact>,
}

pub(super) fn make(table: &Table, limits: &Limits, now: Instant, asker: Asker<'_>) -> Result<Plan, Refusal> {
    let existing: Vec<&Contact> = table.of_device(asker.device).collect();
    let mut plan = Plan::default();
    match &asker.wish.verb {
        Verb::Query => return Ok(plan),
        Verb::Clear => {
            for old in &existing {
                check_order(now, asker.wish, old)?;
                plan.remove.push(old.id);
            }
            return Ok(plan);
        }
        Verb::Change(all) => {
            for asked in all {
                take(&mut plan, &existing, now, (asker, asked))?;
            }
        }
    }
    replace(&mut plan, &existing);
    make_room(&mut plan, &existing, limits, asker)?;
    let rebound = |id: &&u64| plan.bind.iter().any(|new| new.id == **id);
    let added = plan.bind.iter().filter(|new| table.contact(new.id).is_none()).count();
    let removed = plan.remove.iter().filter(|id| !rebound(id)).count();
    if added > removed && table.len() + added - removed > limits.total {
        return Err(Refusal::Full);
    }
    Ok(plan)
}

/// One Contact: remove, refresh or add.
fn take(
    plan: &mut Plan,
    existing: &[&Contact],
    now: Instant,
    (asker, asked): (Asker<'_>, &Asked),
) -> Result<(), Refusal> {
    let mut new = contact(now, asker, asked);
    // The same contact twice in one request, perhaps written in another way: the first counts.
    if plan.bind.iter().any(|other| other.key == new.key || same_binding(&new, other)) {
        return Ok(());
    }
    let old = existing.iter().find(|old| same_binding(&new, old));
    if let Some(old) = old {
        check_order(now, asker.wish, old)?;
    }
    match (old, asked.expires) {
        (Some(old), 0) => plan.remove.push(old.id),
        (None, 0) => {}
        (Some(old), _) => {
            new.id = old.id;
            if old.key != new.key {
                // Its address behind a translator changed: kept under another key from now on.
                plan.remove.push(old.id);
            }
            plan.bind.push(new);
        }
        (None, _) => plan.bind.push(new),
    }
    Ok(())
}

/// Removes what the same phones had registered before and do not mention now; the first heir takes over the id.
fn replace(plan: &mut Plan, existing: &[&Contact]) {
    for old in existing {
        let mentioned = plan.remove.contains(&old.id) || plan.bind.iter().any(|new| new.id == old.id);
        if mentioned {
            continue;
        }
        if let Some(at) = plan.bind.iter().position(|new| same_phone(new, old)) {
            plan.remove.push(old.id);
            if plan.bind[at].id == 0 {
                plan.bind[at].id = old.id;
            }
        }
    }
}

/// Holds the device to its number of contacts: those that cannot be reached go first, then the oldest of the same
/// source; other people's phones are never thrown out.
fn make_room(
    plan: &mut Plan,
    existing: &[&Contact],
    limits: &Limits,
    asker: Asker<'_>,
) -> Result<(), Refusal> {
    loop {
        let bound = |id: &u64| plan.bind.iter().any(|new| new.id == *id);
        let staying = |old: &&&Contact| !plan.remove.contains(&old.id) && !bound(&old.id);
        let rest = existing.iter().filter(staying);
        if rest.clone().count() + plan.bind.len() <= limits.per_device {
            return Ok(());
        }
        let source = asker.flow.remote.ip().to_canonical();
        let lost = |old: &&&Contact| old.reach() == Reach::Nowhere;
        let near = |old: &&&Contact| old.source() == source;
        let victim = rest.clone().filter(lost).min_by_key(|old| old.registered_at);
        let victim = victim.or_else(|| rest.filter(near).min_by_key(|old| old.registered_at));
        let id = victim.ok_or(Refusal::TooMany)?.id;
        plan.remove.push(id);
    }
}

fn check_order(now: Instant, wish: &Wish, old: &Contact) -> Result<(), Refusal> {
    let recent = now.saturating_duration_since(old.registered_at) < REORDERING;
    if old.call_id == wish.call_id && wish.cseq <= old.cseq && recent {
        return Err(Refusal::OutOfOrder);
    }
    Ok(())
}

fn contact(now: Instant, asker: Asker<'_>, asked: &Asked) -> Contact {
    let wish = asker.wish;
    let mut contact = Contact {
        id: 0,
        device: asker.device.into(),
        key: "".into(),
        uri: asked.uri.clone(),
        path: wish.path.clone(),
        flow: asker.flow,
        line: Line::Open,
        instance: asked.instance.clone(),
        reg_id: asked.reg_id,
        q: asked.q,
        call_id: wish.call_id.clone(),
        cseq: wish.cseq,
        agent: wish.agent.clone(),
        registered_at: now,
        expires_at: now + Duration::from_secs(asked.expires.into()),
        aor_user: wish.aor_user.clone(),
    };
    contact.key = key(&contact).into();
    contact
}
