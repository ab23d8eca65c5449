//! Deflection: a phone that is called says where the call should go instead (a 302 in SIP).

use crate::forwarding::Onward;
use crate::pbx::Pbx;
use call::Diversion;
use model::site::{Site, Target, User};
use model::{CallId, Cause, Now, Number, UserId};

impl Pbx {
    /// The number that a phone says a call for its user should go to, if that is allowed: only where the user may call
    /// and send calls, for the user pays. Otherwise the call is as one that nobody answered.
    pub(crate) fn deflected_to(
        &mut self,
        now: Now,
        id: CallId,
        (site, user): (&Site, &User),
        text: &str,
    ) -> Option<Number> {
        let allowed = if site.company().phone_redirects {
            self.forwardable(site, user, text).map_err(|(_, why)| why)
        } else {
            Err("the company does not let phones send calls on".to_owned())
        };
        match allowed {
            Ok(number) => Some(number),
            Err(why) => {
                self.decided(now, id, "deflected", format!("not followed: {why}"));
                None
            }
        }
    }

    /// The call goes where the user's phone said, by the rules of every forward.
    pub(crate) fn deflect(&mut self, now: Now, id: CallId, user: &User, to: &Number) {
        self.decided(now, id, "deflected", format!("a phone of {} sends it to {to}", user.id));
        let (by, why) = (Target::User(UserId::clone(&user.id)), Diversion::Deflected);
        self.send_on(now, id, Onward { by, why, to, accept: None, cause: Cause::NoAnswer });
    }
}
