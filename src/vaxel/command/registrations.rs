//! `registrations`: every contact of every device.

use crate::error::Error;
use crate::session::{Clock, Session, unexpected};
use crate::table::{Table, or_dash};
use model::{Command, Registration, Reply};

pub(super) fn run(session: &mut Session) -> Result<(), Error> {
    match session.ask(Command::Registrations)? {
        Reply::Registrations(registrations) => session.answer(&registrations, text),
        other => Err(unexpected(&other)),
    }
}

fn text(registrations: &Vec<Registration>, clock: &Clock) -> String {
    let mut table = Table::new(["device", "user", "transport", "expires", "contact", "agent"]);
    for one in registrations {
        table.row([
            one.device.to_string(),
            one.user.to_string(),
            one.transport.clone(),
            clock.moment(one.expires),
            one.contact.clone(),
            or_dash(one.agent.as_ref()),
        ]);
    }
    table.or("No phone is registered.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_contact_is_a_row() {
        let one = Registration {
            device: "anna-bord".into(),
            user: "anna".into(),
            contact: "sip:anna-bord@10.0.0.5:5060".into(),
            transport: "udp".into(),
            expires: "2026-11-23T12:00:00.5Z".parse().unwrap(),
            agent: None,
        };
        let two = Registration { device: "bo".into(), agent: Some("Phone\u{1b}[2J".into()), ..one.clone() };
        let expected = "\
device     user  transport  expires              contact                      agent
anna-bord  anna  udp        2026-11-23 13:00:00  sip:anna-bord@10.0.0.5:5060  -
bo         anna  udp        2026-11-23 13:00:00  sip:anna-bord@10.0.0.5:5060  Phone\u{fffd}[2J
";
        assert_eq!(text(&vec![one, two], &Clock::stockholm()), expected);
        assert_eq!(text(&Vec::new(), &Clock::stockholm()), "No phone is registered.\n");
    }
}
