use super::bare::{Bare, invite};
use super::link::*;
use crate::endpoint::{Config, EndedBy, Event, Refer, ReferProgress, Referral, SessionId, SubscriptionId};
use crate::{Message, Name, ReferTo, Replaces, Status};

/// B asks A to call Carol.
fn ask(link: &mut Link, b: SessionId, more: &[(Name, &str)]) {
    let mut extra = none();
    for (name, value) in more {
        extra.push(name.clone(), value);
    }
    let by = crate::NameAddr::new(uri("sip:bob@10.0.0.2"));
    let command = Refer { to: ReferTo::new(uri("sip:carol@example.com")), referred_by: Some(by), extra };
    let now = link.now;
    link.b.refer(now, b, command);
    link.run(0.2);
}

fn referred(link: &Link) -> (SubscriptionId, Option<SessionId>, Referral) {
    let mut events = link.events_a.iter().rev();
    let found = events.find_map(|event| match event {
        Event::Referred { subscription, session, referral, .. } => {
            Some((*subscription, *session, (**referral).clone()))
        }
        _ => None,
    });
    found.expect("a REFER has arrived")
}

fn progress(link: &Link) -> Vec<ReferProgress> {
    let only = |event: &Event| match event {
        Event::ReferProgress { progress, .. } => Some(*progress),
        _ => None,
    };
    link.events_b.iter().filter_map(only).collect()
}

#[test]
fn a_transfer_is_asked_for_accepted_and_reported_to_its_end() {
    let mut link = Link::new();
    let (a, b) = link.talking();
    ask(&mut link, b, &[]);
    let (subscription, session, referral) = referred(&link);
    assert_eq!(session, Some(a));
    assert_eq!(referral.to.uri, uri("sip:carol@example.com"));
    assert_eq!(referral.referred_by.expect("Referred-By").uri, uri("sip:bob@10.0.0.2"));
    let now = link.now;
    link.a.accept_refer(now, subscription);
    link.run(0.2);
    for status in [Status::RINGING, Status::OK] {
        let now = link.now;
        link.a.report_refer(now, subscription, status);
        link.run(0.2);
    }
    let wanted = [
        ReferProgress::Accepted,
        ReferProgress::Reported(Status::TRYING),
        ReferProgress::Reported(Status::RINGING),
        ReferProgress::Ended(Some(Status::OK)),
    ];
    assert_eq!(progress(&link), wanted);
    let last = link.last("A NOTIFY");
    assert_eq!(last.headers().get(&Name::SubscriptionState), Some("terminated;reason=noresource"));
    let number = link.last("B REFER").headers().cseq().expect("CSeq").number;
    assert_eq!(last.headers().get(&Name::Event), Some(&*format!("refer;id={number}")));
    let now = link.now;
    link.b.hang_up(now, b, none());
    link.settles();
}

#[test]
fn a_refused_transfer_leaves_the_call_as_it_was() {
    let mut link = Link::new();
    let (a, b) = link.talking();
    ask(&mut link, b, &[]);
    let (subscription, ..) = referred(&link);
    let now = link.now;
    link.a.refuse_refer(now, subscription, Status::FORBIDDEN, &none());
    link.a.report_refer(now, subscription, Status::OK);
    link.run(0.2);
    assert_eq!(progress(&link), [ReferProgress::Refused(Some(Status::FORBIDDEN))]);
    assert_eq!(link.count("A NOTIFY"), 0);
    let now = link.now;
    link.a.hang_up(now, a, none());
    link.settles();
}

#[test]
fn who_wants_no_reports_gets_none() {
    let mut link = Link::new();
    let (_, b) = link.talking();
    ask(&mut link, b, &[(Name::ReferSub, "false"), (Name::Supported, "norefersub")]);
    let (subscription, ..) = referred(&link);
    let now = link.now;
    link.a.accept_refer(now, subscription);
    link.a.report_refer(now, subscription, Status::OK);
    link.run(0.2);
    assert_eq!(link.count("A NOTIFY"), 0);
    assert_eq!(link.last("A 200 REFER").headers().get(&Name::ReferSub), Some("false"));
    assert_eq!(progress(&link), [ReferProgress::Accepted, ReferProgress::Ended(None)]);
    let now = link.now;
    link.b.hang_up(now, b, none());
    link.settles();
}

#[test]
fn reports_go_on_in_the_dialog_after_the_transferor_has_hung_up() {
    let mut link = Link::new();
    let (_, b) = link.talking();
    ask(&mut link, b, &[]);
    let (subscription, ..) = referred(&link);
    let now = link.now;
    link.a.accept_refer(now, subscription);
    link.run(0.2);
    let now = link.now;
    link.b.hang_up(now, b, none());
    link.run(0.2);
    let now = link.now;
    link.a.report_refer(now, subscription, Status::RINGING);
    link.a.report_refer(now, subscription, Status::BUSY_HERE);
    link.run(0.2);
    let last = link.last("A NOTIFY").headers();
    assert_eq!(last.call_id(), link.last("A INVITE").headers().call_id());
    assert!(last.cseq().expect("CSeq").number > link.last("A ACK").headers().cseq().expect("CSeq").number);
    // Our own transferor has forgotten it with its call; that ends the matter on both sides.
    assert_eq!(progress(&link).last(), Some(&ReferProgress::Ended(None)));
    link.settles();
}

#[test]
fn a_report_after_our_own_bye_has_a_number_of_its_own() {
    let mut link = Link::new();
    let (a, b) = link.talking();
    ask(&mut link, b, &[]);
    let (subscription, ..) = referred(&link);
    let now = link.now;
    link.a.accept_refer(now, subscription);
    link.run(0.2);
    let now = link.now;
    link.a.hang_up(now, a, none());
    link.a.report_refer(now, subscription, Status::OK);
    link.run(0.2);
    let bye = link.last("A BYE").headers().cseq().expect("CSeq").number;
    let notify = link.last("A NOTIFY").headers().cseq().expect("CSeq").number;
    assert!(notify > bye, "{notify} > {bye}");
    link.settles();
}

#[test]
fn lost_packets_delay_a_transfer_and_no_more() {
    for seed in 0..40 {
        let mut link = Link::new().seeded(seed);
        let (_, b) = link.talking();
        link.loss = 30;
        link.doubling = 20;
        link.jitter = 300;
        ask(&mut link, b, &[]);
        link.run(12.0);
        let (subscription, ..) = referred(&link);
        let now = link.now;
        link.a.accept_refer(now, subscription);
        link.a.report_refer(now, subscription, Status::RINGING);
        link.a.report_refer(now, subscription, Status::OK);
        link.run(70.0);
        assert_eq!(
            progress(&link).last(),
            Some(&ReferProgress::Ended(Some(Status::OK))),
            "seed {seed} {:#?}",
            link.ladder
        );
        let now = link.now;
        link.loss = 0;
        link.b.hang_up(now, b, none());
        link.settles();
    }
}

#[test]
fn a_refer_that_crosses_our_bye_is_answered_481() {
    let mut link = Link::new();
    let (a, b) = link.talking();
    let now = link.now;
    link.a.hang_up(now, a, none());
    let command = Refer { to: ReferTo::new(uri("sip:c@d")), referred_by: None, extra: none() };
    link.b.refer(now, b, command);
    link.run(1.0);
    assert_eq!(link.count("A 481 REFER"), 1);
    assert!(!link.events_a.iter().any(|event| matches!(event, Event::Referred { .. })));
    let refused = progress(&link);
    assert_eq!(refused.len(), 1, "{refused:?}");
    link.settles();
}

#[test]
fn a_bye_right_behind_the_refer_still_gets_its_answer_and_report() {
    let mut link = Link::new();
    let (a, b) = link.talking();
    let command = Refer { to: ReferTo::new(uri("sip:c@d")), referred_by: None, extra: none() };
    let now = link.now;
    link.jitter = 1;
    link.b.refer(now, b, command);
    link.run(0.0);
    link.b.hang_up(now, b, none());
    link.run(0.2);
    let (subscription, ..) = referred(&link);
    assert!(link.events_a.contains(&Event::Ended { session: a, how: EndedBy::Peer { reason: None } }));
    let now = link.now;
    link.a.accept_refer(now, subscription);
    link.run(1.0);
    assert_eq!(link.count("A 202 REFER"), 1);
    assert!(link.count("A NOTIFY") >= 1);
    link.settles();
}

#[test]
fn an_undecided_refer_is_answered_for_the_user() {
    let mut link = Link::new();
    let (_, b) = link.talking();
    ask(&mut link, b, &[]);
    let (subscription, ..) = referred(&link);
    link.run(20.0);
    assert_eq!(progress(&link), [ReferProgress::Refused(Some(Status::SERVER_TIMEOUT))]);
    let now = link.now;
    link.a.accept_refer(now, subscription);
    link.b.hang_up(now, b, none());
    link.settles();
    assert_eq!(link.count("A NOTIFY"), 0);
}

#[test]
fn an_attended_transfer_names_the_second_call() {
    let mut link = Link::new();
    let (a1, b1) = link.talking();
    let (a2, b2) = link.talking();
    assert_ne!(a1, a2);
    let now = link.now;
    // As B would say it to Carol's phone, which is A as well.
    let Replaces { call_id, to_tag, from_tag, .. } = link.b.replaces(b2).expect("a dialog");
    let mut to = ReferTo::new(uri("sip:carol@10.0.0.1"));
    to.replaces = Some(Replaces { call_id, to_tag, from_tag, early_only: false });
    link.b.refer(now, b1, Refer { to: to.clone(), referred_by: None, extra: none() });
    link.run(0.2);
    let (subscription, session, referral) = referred(&link);
    assert_eq!((session, referral.replaces), (Some(a1), Some(a2)));
    assert_eq!(referral.to, to);
    let now = link.now;
    link.a.accept_refer(now, subscription);
    link.a.report_refer(now, subscription, Status::OK);
    link.a.hang_up(now, a1, none());
    link.a.hang_up(now, a2, none());
    link.settles();
}

fn refer_from(to_tag: &str, lines: &str) -> String {
    format!(
        "REFER sip:alice@10.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bKr{0}\n\
         From: <sip:bob@10.0.0.2>;tag=b1\nTo: <sip:alice@10.0.0.1>{to_tag}\nCall-ID: c9\nCSeq: {0} REFER\n{lines}\
         Content-Length: 0\n\n",
        lines.len()
    )
}

const CONTACT: &str = "Contact: <sip:bob@10.0.0.2>\n";

#[test]
fn a_bad_refer_to_is_answered_400_and_a_strange_scheme_416() {
    let mut bare = Bare::new(Config::default());
    for (lines, status) in [
        ("", 400),
        ("Refer-To: <sip:a@b>\nRefer-To: <sip:c@d>\n", 400),
        ("Refer-To: <sip:a@b;method=BYE>\n", 400),
        ("Refer-To: <sip:a@b?Replaces=nonsense>\n", 400),
        (
            "Refer-To: <sip:a@b?Replaces=1%3Bto-tag%3D2%3Bfrom-tag%3D3&Replaces=1%3Bto-tag%3D2%3Bfrom-tag%3D3>\n",
            400,
        ),
        ("Refer-To: <sip:a@b c>\n", 400),
        ("Refer-To: <mailto:a@b.c>\n", 416),
    ] {
        bare.hear(&refer_from("", &format!("{lines}{CONTACT}")));
        let sent = bare.responses();
        assert_eq!(sent.last().map(|response| response.status.code()), Some(status), "{lines}");
        assert!(bare.events().is_empty(), "{lines}");
    }
    bare.hear(&refer_from("", "Refer-To: <sip:a@b>\n"));
    assert_eq!(bare.responses()[0].status, Status::BAD_REQUEST, "no Contact");
    bare.settles();
}

#[test]
fn a_refer_outside_a_call_makes_a_dialog_of_its_own() {
    let mut bare = Bare::new(Config::default());
    bare.hear(&invite("z9hG4bKi", "sip:alice@10.0.0.1", ""));
    let session = match &bare.events()[0] {
        Event::Invited { session, .. } => *session,
        other => panic!("{other:?}"),
    };
    bare.endpoint.answer(bare.now, session, answer(), none());
    let tag = bare.responses().last().expect("200").headers.to().expect("To").tag().expect("tag").to_owned();
    let lines = format!("Refer-To: <sip:a@b>\n{CONTACT}Target-Dialog: c1;local-tag=b1;remote-tag={tag}\n");
    bare.hear(&refer_from("", &lines));
    let events = bare.events();
    let Some(Event::Referred { subscription, session: named, .. }) = events.first() else {
        panic!("{events:?}");
    };
    assert_eq!(*named, Some(session), "Target-Dialog names it");
    bare.endpoint.accept_refer(bare.now, *subscription);
    let sent = bare.sent();
    let Message::Response(accepted) = &sent[0] else { panic!("{sent:?}") };
    assert_eq!(accepted.status, Status::ACCEPTED);
    let Message::Request(notify) = &sent[1] else { panic!("{sent:?}") };
    assert_eq!(notify.headers.from().expect("From").tag(), accepted.headers.to().expect("To").tag());
    assert_eq!(notify.headers.to().expect("To").tag(), Some("b1"));
    assert_eq!(notify.headers.get(&Name::Event), Some(&*format!("refer;id={}", lines.len())));
    assert_eq!(notify.headers.get(&Name::SubscriptionState), Some("active;expires=900"));
    assert_eq!(notify.body, b"SIP/2.0 100 Trying\r\n");
    bare.endpoint.hang_up(bare.now, session, none());
    bare.settles();
}

#[test]
fn a_refer_in_an_unknown_dialog_is_answered_481() {
    let mut bare = Bare::new(Config::default());
    bare.hear(&refer_from(";tag=nobody", &format!("Refer-To: <sip:a@b>\n{CONTACT}")));
    assert_eq!(bare.responses()[0].status, Status::NO_CALL);
    bare.settles();
}
