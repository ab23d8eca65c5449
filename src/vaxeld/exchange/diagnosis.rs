//! Why somebody heard nothing, in plain words: from what was promised, what came, and how the signalling ended.

use super::{Exchange, Network};
use media::Statistics;
use model::{LegId, Now, Party};
use sip::endpoint::EndedBy;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

/// A shorter conversation shows nothing.
const MEANINGFUL: Duration = Duration::from_secs(1);

/// What a leg's last description promised.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Promise {
    /// Where its sound was to come from, and to go.
    pub address: SocketAddr,
    /// Whether it was to send any.
    pub sends: bool,
    /// Since when it is answered.
    pub up: Option<Instant>,
}

impl<N: Network> Exchange<N> {
    /// Notes in a call's trace what was wrong with a leg's sound.
    pub(crate) fn note_sound(&mut self, now: Now, leg: LegId, (promise, figures): (&Promise, &Statistics)) {
        let lasted = promise.up.map_or(Duration::ZERO, |up| now.mono.saturating_duration_since(up));
        if lasted >= MEANINGFUL {
            for finding in of_sound(promise, figures) {
                self.note(now, leg, finding);
            }
        }
    }

    /// Notes in a call's trace how a leg's signalling broke, if it did.
    pub(crate) fn note_end(&mut self, now: Now, leg: LegId, how: &EndedBy) {
        if let Some(finding) = of_signalling(how) {
            self.note(now, leg, finding.to_owned());
        }
    }

    fn note(&mut self, now: Now, leg: LegId, finding: String) {
        let Some(call) = self.pbx.call_of(leg) else { return };
        let party = self.legs.get(&leg).map(|leg| match &leg.party {
            Party::Device { device, .. } => device.as_str().to_owned(),
            Party::Trunk(trunk) => trunk.as_str().to_owned(),
        });
        self.traces.note(call, now, (party.unwrap_or_default(), finding));
    }
}

fn of_signalling(how: &EndedBy) -> Option<&'static str> {
    match how {
        EndedBy::AckLost => Some(
            "The ACK never arrived: our 200 was repeated for 32 s and never acknowledged. Something between (NAT, SIP \
             ALG, firewall) keeps one of the two from its way, or the party's Contact leads elsewhere.",
        ),
        EndedBy::Timer => Some(
            "Nobody refreshed the session in time (session timer), so it was ended: the party is gone, or its refresh \
             did not get through.",
        ),
        EndedBy::Transport => {
            Some("The party could no longer be reached: its connection broke and no other opens.")
        }
        EndedBy::NotKnown => {
            Some("The party no longer knows this call (408 or 481 within it): it was restarted, or lost it.")
        }
        EndedBy::Peer { .. } | EndedBy::Us => None,
    }
}

/// What the figures of an answered leg's sound say, the gravest first.
fn of_sound(promise: &Promise, figures: &Statistics) -> Vec<String> {
    let promised = promise.address;
    let mut findings = Vec::new();
    if promise.sends && figures.received == 0 {
        findings.push(unheard(promised, figures));
    } else if figures.refused.sealed > 0 {
        let count = figures.refused.sealed;
        findings.push(format!("{count} packets of its sound could not be decrypted and were not heard."));
    }
    if let Some(from) = figures.source.filter(|from| *from != promised) {
        findings.push(format!(
            "Its sound came from {from}, not from {promised} as its description promised: there is NAT between. \
             It was heard, and is answered to where it came from."
        ));
    }
    if figures.refused.elsewhere > 0 {
        let count = figures.refused.elsewhere;
        findings.push(format!("{count} packets from an address that is neither were not listened to."));
    }
    let unheard = figures.round_trip_ms.is_some() && figures.lost_remote * 10 >= figures.sent * 9;
    if unheard && figures.sent > 0 {
        let to = figures.source.unwrap_or(promised);
        let Statistics { sent, lost_remote, .. } = figures;
        findings.push(format!(
            "It reports that {lost_remote} of the {sent} packets sent to {to} never came: it hears next to nothing."
        ));
    }
    findings
}

fn unheard(promised: SocketAddr, figures: &Statistics) -> String {
    let refused = &figures.refused;
    if refused.sealed > 0 {
        let count = refused.sealed;
        return format!(
            "None of its {count} packets of sound could be decrypted: it encrypts with another key than its \
             description says, or not at all."
        );
    }
    if refused.unagreed > 0 {
        let count = refused.unagreed;
        return format!(
            "{count} packets of sound came, but in another codec than was agreed; none could be heard."
        );
    }
    let why = match is_private(promised.ip()) {
        true => {
            "That is a private address: unless it is in the box's own network, NAT on the way has not let a single \
             packet out to the box."
        }
        false => "Nothing reached the box's port: a firewall on the way drops it, or the party sent none.",
    };
    format!("No sound ever came from it. It was expected from {promised}. {why}")
}

fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_private() || address.is_link_local() || address.is_unspecified(),
        IpAddr::V6(address) => {
            address.is_unique_local() || address.is_unicast_link_local() || address.is_unspecified()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use media::{Codec, Refused};

    fn promise(address: &str) -> Promise {
        Promise { address: address.parse().expect("an address"), sends: true, up: None }
    }

    fn figures() -> Statistics {
        Statistics {
            codec: Some(Codec::Pcma),
            received: 500,
            sent: 500,
            lost: 0,
            lost_remote: 0,
            jitter_ms: 1.0,
            round_trip_ms: Some(10.0),
            mos: 4.4,
            source: Some("10.0.0.5:4000".parse().expect("an address")),
            refused: Refused::default(),
        }
    }

    #[track_caller]
    fn says(figures: &Statistics, promised: &str, words: &[&str]) {
        let findings = of_sound(&promise(promised), figures);
        assert_eq!(findings.len(), words.len(), "{findings:?}");
        for (finding, words) in findings.iter().zip(words) {
            assert!(finding.contains(words), "{finding}");
        }
    }

    #[test]
    fn a_good_leg_has_nothing_to_explain() {
        says(&figures(), "10.0.0.5:4000", &[]);
    }

    #[test]
    fn sound_from_elsewhere_is_explained() {
        says(&figures(), "192.168.1.5:4000", &["came from 10.0.0.5:4000, not from 192.168.1.5:4000"]);
    }

    #[test]
    fn silence_names_its_likeliest_reason() {
        let silent = Statistics { received: 0, source: None, ..figures() };
        says(&silent, "192.168.1.5:4000", &["private address"]);
        says(&silent, "203.0.113.5:4000", &["firewall"]);
        let refused = Refused { sealed: 40, ..Refused::default() };
        says(&Statistics { refused, ..silent.clone() }, "203.0.113.5:4000", &["another key"]);
        let refused = Refused { unagreed: 40, ..Refused::default() };
        says(&Statistics { refused, ..silent.clone() }, "203.0.113.5:4000", &["another codec"]);
        let held = Promise { sends: false, ..promise("203.0.113.5:4000") };
        assert_eq!(of_sound(&held, &silent), Vec::<String>::new());
    }

    #[test]
    fn what_the_party_reports_lost_is_one_way_sound() {
        let lost = Statistics { lost_remote: 490, ..figures() };
        says(&lost, "10.0.0.5:4000", &["490 of the 500 packets sent to 10.0.0.5:4000"]);
        says(&Statistics { round_trip_ms: None, ..lost }, "10.0.0.5:4000", &[]);
        let strangers = Refused { elsewhere: 3, ..Refused::default() };
        says(
            &Statistics { refused: strangers, ..figures() },
            "10.0.0.5:4000",
            &["3 packets from an address"],
        );
    }
}
