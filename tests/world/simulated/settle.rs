//! The end of every story: everything comes to rest, and nothing is left or lost.

use super::clock::secs;
use super::{Memory, Side, TheBox, World, dice};
use model::Command;
use sip::{Message, Method};
use std::collections::BTreeSet;

/// The longest anything may take to come to rest: a lost ACK and a lost BYE one after the other, and some.
const REST: f64 = 200.0;

impl World {
    /// Lets time pass until everything is at rest, and asserts that
    /// - the box has no call, leg, session, transaction, open port, unanswered command or unfinished commit,
    /// - no peer that is still there has a call or a transaction,
    /// - every call that began has exactly one record, and no other has one,
    /// - every request that came to the box got a final response,
    /// - a box that starts on the same disk has the same site, contacts and call log, and nothing to make up.
    #[track_caller]
    pub fn settles(&mut self) {
        let end = self.now.mono + secs(REST);
        let settled = self.run_until(end, |world| world.network_is_quiet() && world.leftovers().is_none());
        assert!(settled, "not at rest: {}\n{}", self.leftovers().unwrap_or_default(), self.ladder);
        self.assert_recorded();
        self.assert_answered();
        self.assert_durable();
    }

    fn network_is_quiet(&self) -> bool {
        self.network.next().is_none()
    }

    fn leftovers(&mut self) -> Option<String> {
        let mut left: Vec<String> =
            self.peers().iter_mut().filter(|peer| !peer.gone).filter_map(super::Peer::leftovers).collect();
        left.extend(self.vaxel.leftovers().map(|left| format!("the box: {left}")));
        (!left.is_empty()).then(|| left.join("; "))
    }

    #[track_caller]
    fn assert_recorded(&self) {
        let Memory { records, open_calls, began, .. } = &self.vaxel.memory;
        assert!(open_calls.is_empty(), "calls without a record: {open_calls:?}\n{}", self.ladder);
        let ids: BTreeSet<_> = records.iter().map(|record| record.call.id).collect();
        assert_eq!((ids.len(), records.len()), (*began, *began), "one record for each call\n{}", self.ladder);
        for record in records {
            assert!(record.ended >= record.call.began, "{record:#?}");
            let answered = record.answered.is_none_or(|at| at >= record.call.began && at <= record.ended);
            assert!(answered, "{record:#?}");
            assert!(!record.trail.is_empty(), "a record without a trail: {record:#?}");
        }
    }

    /// Only peers that stayed are owed an answer, and only in a network that loses nothing can each be told.
    #[track_caller]
    fn assert_answered(&mut self) {
        if self.network.weather.loss > 0 {
            return;
        }
        let there: BTreeSet<Side> =
            self.peers().iter().filter(|peer| !peer.gone).map(|peer| Side::Peer(peer.id)).collect();
        let mut asked: BTreeSet<(Side, String)> = BTreeSet::new();
        for line in &self.ladder.lines {
            let headers = line.message.headers();
            let Ok(cseq) = headers.cseq() else { continue };
            let branch =
                headers.via().ok().and_then(|via| via.branch().map(str::to_owned)).unwrap_or_default();
            let key = format!("{branch} {}", cseq.method);
            match &line.message {
                Message::Request(request)
                    if request.method != Method::Ack && !line.lost && there.contains(&line.from) =>
                {
                    asked.insert((line.from, key));
                }
                Message::Response(response) if response.status.is_final() && line.from == Side::Box => {
                    asked.remove(&(line.to, key));
                }
                _ => {}
            }
        }
        assert!(asked.is_empty() || self.starts > 0, "never answered: {asked:?}\n{}", self.ladder);
    }

    #[track_caller]
    fn assert_durable(&mut self) {
        let before = (self.ask(Command::SiteExport), self.ask(Command::Registrations));
        let log = self.ask(Command::CallLog { limit: 1_000 });
        let (now, memory) = (self.now, self.vaxel.memory.clone());
        let mut again = TheBox::start(now, memory, dice(self.seed, u8::MAX));
        let mut ask = |command| {
            let ticket = again.command(now, command);
            drop(again.drain(now));
            again.reply(ticket)
        };
        assert_eq!(ask(Command::SiteExport).as_ref(), Some(&before.0), "the site after a restart");
        assert_eq!(ask(Command::Registrations).as_ref(), Some(&before.1), "the contacts after a restart");
        assert_eq!(
            ask(Command::CallLog { limit: 1_000 }).as_ref(),
            Some(&log),
            "the call log after a restart"
        );
    }
}
