//! Which contacts are the same phone.
//!
//! A phone that comes back must replace what it left behind, or the old address rings for an hour; two phones with one
//! credential must never replace each other. No single field tells, because phones differ in what they keep:
//!
//! ```text
//!                                       Call-ID   contact URI       source          told by
//!  refresh                              same      same              same            URI
//!  address changed (Wi-Fi to mobile)    same      new               new             Call-ID
//!  NAT lost its mapping                 same      same              new port        URI, Call-ID
//!  restart, fixed port                  new       same or new user  same            URI, flow
//!  restart behind NAT, fixed port       new       same or new user  new port        URI, named address behind one NAT
//!  restart, any port, own contact user  new       same user         new port        token
//!  restart with an instance             new       new               new             instance
//!  restart, any port, nothing of it     new       new               new port        nothing: the old one is refused by
//!                                                                                   the phone's host, or expires
//!  second phone, one LAN                new       other host        other           other everything
//!  second phone, other NAT, same LAN IP new       same              other address   NAT scope in the key
//! ```

use super::contact::Contact;

/// Whether `new` is the phone that registered `old` before, so that `old` must go.
pub(super) fn same_phone(new: &Contact, old: &Contact) -> bool {
    let direct = new.is_direct() && old.is_direct();
    let anonymous = new.is_anonymous() || old.is_anonymous();
    if direct && new.flow == old.flow {
        // One connection with contacts that name no place is one phone, whatever it calls itself now.
        if anonymous {
            return true;
        }
        // Nothing moved, and both are credible places: they are meant to stand side by side.
        if !new.is_behind_nat() && !old.is_behind_nat() && new.named() != old.named() {
            return false;
        }
    }
    if let (Some(one), Some(two)) = (&new.instance, &old.instance) {
        // Two flows of one phone stand side by side (RFC 5626 6).
        return one == two && (new.reg_id == old.reg_id || new.reg_id.is_none() || old.reg_id.is_none());
    }
    let same_socket_there =
        || direct && new.named().is_some() && new.named() == old.named() && new.source() == old.source();
    let same_token = || new.token().is_some_and(|token| token.len() >= 6 && Some(token) == old.token());
    new.call_id == old.call_id || same_socket_there() || same_token()
}

/// Whether a Contact in a request means the contact `old` (RFC 3261 10.3 step 7, RFC 5626 6).
pub(super) fn same_binding(new: &Contact, old: &Contact) -> bool {
    match (&new.instance, new.reg_id, &old.instance, old.reg_id) {
        (Some(one), Some(a), Some(two), Some(b)) => one == two && a == b,
        (_, None, _, None) => {
            let same_scope = scope(new) == scope(old) || new.call_id == old.call_id;
            same_scope && new.uri.is_equivalent(&old.uri)
        }
        _ => false,
    }
}

/// What the contact is kept under.
pub(super) fn key(contact: &Contact) -> String {
    match (&contact.instance, contact.reg_id, scope(contact)) {
        (Some(instance), Some(reg_id), _) => format!("<{instance}>;reg-id={reg_id}"),
        (_, _, Some(source)) => format!("{} via {source}", contact.uri),
        (_, _, None) => contact.uri.to_string(),
    }
}

/// A private address says who only together with the translator in front of it.
fn scope(contact: &Contact) -> Option<std::net::IpAddr> {
    contact.is_behind_nat().then(|| contact.source())
}
