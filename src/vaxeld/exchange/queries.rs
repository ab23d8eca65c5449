//! Commands that are answered from what the exchange keeps; the rest goes on to the driver.

use super::{Exchange, Network, Output};
use model::{DeviceId, Now, Registration, Reply, Ticket, UserId};
use pbx::Query;

impl<N: Network> Exchange<N> {
    /// Answers a question, or passes it on.
    pub(crate) fn answer_query(&mut self, now: Now, ticket: Ticket, query: Query) {
        let output = match query {
            Query::Registrations => {
                Output::Reply { ticket, reply: Reply::Registrations(self.registrations(now)) }
            }
            Query::Trace(id) => match self.traces.of(id) {
                Some(lines) => Output::Reply { ticket, reply: Reply::Trace(lines) },
                None => Output::Query { ticket, query: Query::Trace(id) },
            },
            other => Output::Query { ticket, query: other },
        };
        self.outputs.push_back(output);
    }

    fn registrations(&self, now: Now) -> Vec<Registration> {
        let describe = |contact: &sip::registrar::Contact| {
            let site = self.site.as_deref();
            let user = site.and_then(|site| site.device(&contact.device)).map(|(user, _)| user.id.clone());
            Registration {
                device: DeviceId::new(&*contact.device),
                user: user.unwrap_or_else(|| UserId::new(&*contact.device)),
                contact: contact.uri.to_string(),
                transport: contact.flow.transport.to_string(),
                expires: now.after(contact.remaining(now.mono)).wall,
                agent: contact.agent.as_deref().map(str::to_owned),
            }
        };
        let mut all: Vec<Registration> = self.registrar.all().map(describe).collect();
        all.sort_by(|a, b| (&a.device, &a.contact).cmp(&(&b.device, &b.contact)));
        all
    }
}
