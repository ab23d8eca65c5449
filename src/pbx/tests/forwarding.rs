//! What users set for themselves, and what it does to calls.

use super::*;
use call::Program;
use model::{Callers, Forward, Personal, Setting, When};

const MOBILE: &str = "+46701234501";

impl Office {
    /// What was asked to be kept and that somebody waits for is durable now; gives the changes.
    fn keeps(&mut self) -> Vec<Change> {
        let mut kept = Vec::new();
        let (commits, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.effects)
            .into_iter()
            .partition(|effect| matches!(effect, Effect::Commit { ticket: Some(_), .. }));
        self.effects = rest;
        for commit in commits {
            if let Effect::Commit { ticket: Some(ticket), changes } = commit {
                kept.extend(changes);
                self.input(Input::Committed { ticket, result: Ok(()) });
            }
        }
        kept
    }

    /// What a leg was told by a tone.
    fn tone(&self, leg: LegId) -> Option<Program> {
        self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Leg(call::Effect::Play { leg: of, program }) if *of == leg => Some(*program),
            _ => None,
        })
    }

    /// Dials a code to its end. Is it confirmed?
    fn code(&mut self, device: &str, code: &str) -> bool {
        let leg = self.dial(device, code);
        self.keeps();
        let tone = self.tone(leg).expect("every code is answered by a tone");
        self.leg(leg, LegEvent::Played);
        self.leg(leg, LegEvent::Closed(None));
        assert!(self.pbx.is_idle(), "something is left");
        self.effects.clear();
        match tone {
            Program::Done => true,
            Program::Refused => false,
            other => panic!("{other:?}"),
        }
    }

    fn set(&mut self, user: &str, setting: Setting) -> Reply {
        let ticket = self.command(Actor::Local, Command::Set { user: user.into(), setting });
        self.keeps();
        self.reply(ticket).expect("a reply")
    }

    fn forward(&mut self, user: &str, when: When, callers: Option<Callers>, number: &str) {
        let number = number.to_owned();
        let setting = Setting::Forward { when, callers, number, after_s: None, accept: None };
        assert!(matches!(self.set(user, setting), Reply::Personal(_)));
        self.effects.clear();
    }

    fn personal(&mut self, user: &str) -> Personal {
        let ticket = self.command(Actor::Local, Command::Personal { user: user.into() });
        match self.reply(ticket) {
            Some(Reply::Personal(personal)) => *personal,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_code_is_confirmed_when_its_setting_is_durable_and_not_before() {
    let mut office = Office::new();
    let leg = office.dial("bo-bord", "*21*203#");
    assert_eq!(office.tone(leg), None);
    assert_eq!(office.personal("bo"), Personal::default());
    let kept = office.keeps();
    assert!(matches!(&kept[..], [Change::Personal { user, .. }] if user.as_str() == "bo"));
    assert_eq!(office.tone(leg), Some(Program::Done));
    let caller = office.dial("anna-bord", "202");
    assert_eq!(office.devices(), ["cia-bord".into()]);
    office.leg(leg, LegEvent::Ended(EndedBy::Party));
    office.leg(leg, LegEvent::Closed(None));
    office.effects.clear();
    let record = office.over(&[caller]);
    assert_eq!(rules(&record), ["always", "forward", "devices"]);
}

#[test]
fn a_setting_that_the_disk_does_not_take_is_refused_and_changes_nothing() {
    let mut office = Office::new();
    let leg = office.dial("bo-bord", "*26#");
    let ticket = office.effects.iter().find_map(|effect| match effect {
        Effect::Commit { ticket, .. } => *ticket,
        _ => None,
    });
    let ticket = ticket.expect("something is to be kept");
    office.input(Input::Committed { ticket, result: Err("the disk is full".into()) });
    assert_eq!(office.tone(leg), Some(Program::Refused));
    assert_eq!(office.personal("bo"), Personal::default());
    // Nor may a second setting be made from one that is not durable.
    let first = office.command(
        Actor::Local,
        Command::Set { user: "bo".into(), setting: Setting::DoNotDisturb { on: true } },
    );
    let second = office.command(
        Actor::Local,
        Command::Set { user: "bo".into(), setting: Setting::RefuseAnonymous { on: true } },
    );
    assert!(office.reply(first).is_none());
    assert!(matches!(office.reply(second), Some(Reply::Refused(_))));
}

#[test]
fn every_code_sets_clears_brings_back_and_tells() {
    let mut office = Office::new();
    assert!(!office.code("bo-bord", "*#21#"));
    assert!(!office.code("bo-bord", "*21#"), "nothing was set before");
    assert!(office.code("bo-bord", "**21*203#"));
    assert!(office.code("bo-bord", "*#21#"));
    assert!(office.code("bo-bord", "#21#"));
    assert!(!office.code("bo-bord", "*#21#"));
    assert!(office.code("bo-bord", "*21#"));
    assert!(office.code("bo-bord", "*#21#"));
    assert!(office.code("bo-bord", "*61*08-123 456 99*45#"));
    assert!(office.code("bo-bord", "*67*203#"));
    assert!(office.code("bo-bord", "**62*203#"));
    assert!(office.code("bo-bord", "*43#"));
    assert!(office.code("bo-bord", "*44#"));
    assert!(office.code("bo-bord", "#31#"));
    assert!(office.code("bo-bord", "*26#"));
    let personal = office.personal("bo");
    assert_eq!(personal.forwards.len(), 8);
    let forward = personal.forward(When::NoAnswer, Callers::External).expect("it is set");
    assert_eq!((forward.number.as_str(), forward.after_s), ("+46812345699", Some(45)));
    assert!(personal.do_not_disturb && personal.refuse_anonymous);
    assert_eq!((personal.call_waiting, personal.hide_number), (Some(true), Some(true)));
    for code in ["##002#", "#43#", "#44#", "*31#", "#26#"] {
        assert!(office.code("bo-bord", code), "{code}");
    }
    let personal = office.personal("bo");
    assert!(personal.forwards.iter().all(|forward| !forward.on));
    assert!(!personal.do_not_disturb && !personal.refuse_anonymous);
    assert_eq!((personal.call_waiting, personal.hide_number), (Some(false), Some(false)));
}

#[test]
fn numbers_that_calls_cannot_be_sent_to_are_refused_when_they_are_set() {
    let mut office = Office::new();
    for code in [
        "*21*202#",
        "*21*+46812345202#",
        "*21*299#",
        "*21*112#",
        "*21*133#",
        "*21*0900123456#",
        "*21*118118#",
        "*21*+46812345299#",
        "*21*12#",
        "*21*#",
        "*61*203*4#",
        "*61*203*61#",
        "*21*203*20*1*1#",
    ] {
        assert!(!office.code("bo-bord", code), "{code}");
    }
    assert_eq!(office.personal("bo"), Personal::default());
}

#[test]
fn colleagues_and_strangers_are_forwarded_apart() {
    let mut office = Office::new();
    office.forward("bo", When::Always, Some(Callers::External), "203");
    let caller = office.dial("anna-bord", "202");
    assert_eq!(office.devices(), ["bo-bord".into()]);
    office.over(&[caller]);
    office.effects.clear();
    let caller = office.ring_in(Some("+46701112233"), "+46812345202");
    assert_eq!(office.devices(), ["cia-bord".into()]);
    office.over(&[caller]);
}

#[test]
fn whoever_gets_all_calls_still_gets_through() {
    let mut office = Office::new();
    office.forward("bo", When::Always, None, "203");
    let caller = office.dial("cia-bord", "202");
    assert_eq!(office.devices(), ["bo-bord".into()]);
    office.over(&[caller]);
}

#[test]
fn each_case_follows_its_own_forward_and_falls_back_on_the_site() {
    let mut office = Office::new();
    let setting = Setting::Forward {
        when: When::NoAnswer,
        callers: None,
        number: "203".into(),
        after_s: Some(7),
        accept: None,
    };
    office.set("bo", setting);
    office.effects.clear();
    let caller = office.dial("anna-bord", "202");
    assert_eq!(office.devices(), ["bo-bord".into()]);
    office.pass(6);
    assert!(office.invited().is_empty());
    office.pass(1);
    assert_eq!(office.devices(), ["cia-bord".into()]);
    office.over(&[caller]);
    office.effects.clear();
    // Without phones the forward of unanswered calls holds where nothing is said of that case.
    office.contacts("bo-bord", &[]);
    let caller = office.dial("anna-bord", "202");
    assert_eq!(office.devices(), ["cia-bord".into()]);
    office.over(&[caller]);
    office.effects.clear();
    office.forward("bo", When::Unreachable, None, "201");
    let caller = office.dial("cia-bord", "202");
    assert_eq!(office.devices(), ["anna-bord".into(), "anna-dator".into()]);
    office.over(&[caller]);
}

#[test]
fn do_not_disturb_is_busy_for_all_but_vips() {
    let mut office = Office::new();
    office.set("anna", Setting::DoNotDisturb { on: true });
    office.effects.clear();
    let caller = office.ring_in(Some("+46701112233"), "+46812345201");
    assert!(office.devices().is_empty());
    let record = office.over(&[caller]);
    assert_eq!((rules(&record), record.cause), (vec!["do-not-disturb", "voicemail"], Cause::Voicemail));
    office.effects.clear();
    let vip = office.ring_in(Some("+46700000001"), "+46812345201");
    assert_eq!(office.devices().len(), 2);
    office.over(&[vip]);
    office.effects.clear();
    // In a group the others ring.
    let caller = office.ring_in(Some("+46701112233"), "+46812345230");
    assert_eq!(office.devices(), ["bo-bord".into()]);
    office.over(&[caller]);
}

#[test]
fn anonymous_callers_are_turned_away_and_logged_as_blocked() {
    let mut office = Office::new();
    assert!(office.code("bo-bord", "*44#"));
    let caller = office.ring_in(None, "+46812345202");
    assert_eq!(office.refused(caller).cause, Cause::Blocked);
    let record = office.over(&[caller]);
    assert_eq!((record.cause, rules(&record)), (Cause::Blocked, vec!["anonymous"]));
    office.effects.clear();
    let caller = office.ring_in(Some("+46701112233"), "+46812345202");
    assert_eq!(office.devices(), ["bo-bord".into()]);
    office.over(&[caller]);
}

#[test]
fn a_second_call_knocks_where_the_user_says_so_whatever_the_site_says() {
    for (code, reached) in [("*43#", 1), ("#43#", 0)] {
        let mut office = Office::with(&DEMO.replace("id = \"bo\"", "id = \"bo\"\ncall_waiting = false"));
        assert!(office.code("bo-bord", code));
        let first = office.dial("bo-bord", "203");
        office.invited();
        let caller = office.dial("anna-bord", "202");
        assert_eq!(office.invited().len(), reached, "{code}");
        office.leg(first, LegEvent::Ended(EndedBy::Party));
        office.leg(first, LegEvent::Closed(None));
        office.leg(caller, LegEvent::Ended(EndedBy::Party));
        office.leg(caller, LegEvent::Closed(None));
    }
}

#[test]
fn a_number_is_hidden_by_default_and_shown_when_asked_for_a_call() {
    let mut office = Office::new();
    assert!(office.code("bo-bord", "#31#"));
    for (dialled, number) in [("0701112233", None), ("*31#0701112233", Some("+46812345202"))] {
        let caller = office.dial("bo-bord", dialled);
        let (_, _, invite) = office.by_trunk();
        assert_eq!(invite.caller.number.as_deref(), number, "{dialled}");
        assert_eq!(invite.caller.asserted.as_deref(), Some("+46812345202"));
        office.over(&[caller]);
        office.effects.clear();
    }
    // Help sees the number, whatever is set.
    let caller = office.dial("bo-bord", "112");
    assert_eq!(office.by_trunk().2.caller.number.as_deref(), Some("+46812345200"));
    office.over(&[caller]);
}

#[test]
fn a_forward_to_a_mobile_must_be_accepted_unless_the_user_says_not() {
    for (number, accept, confirm) in [
        ("0701112233", None, true),
        ("0701112233", Some(false), false),
        ("0812345699", None, false),
        ("0812345699", Some(true), true),
    ] {
        let mut office = Office::new();
        let (when, callers, number) = (When::Always, None, number.to_owned());
        office.set("bo", Setting::Forward { when, callers, number, after_s: None, accept });
        office.effects.clear();
        let caller = office.dial("anna-bord", "202");
        assert_eq!(office.by_trunk().2.confirm, confirm);
        office.over(&[caller]);
    }
}

#[test]
fn a_forward_whose_class_was_barred_afterwards_is_refused_at_the_call() {
    let mut office = Office::new();
    office.forward("bo", When::Always, None, "0701112233");
    let document = DEMO.replace("id = \"bo\"\n", "id = \"bo\"\nbarring = [\"mobile\"]\n");
    let ticket = office.command(Actor::Local, Command::SiteApply { document: document.clone() });
    office.input(Input::Parsed { ticket, result: Ok(Box::new((*site(&document)).clone())) });
    office.keeps();
    office.effects.clear();
    let caller = office.dial("anna-bord", "202");
    assert_eq!(office.refused(caller).cause, Cause::Barred);
    office.over(&[caller]);
}

#[test]
fn loops_end_at_once_with_a_clear_cause() {
    let mut office = Office::new();
    office.forward("anna", When::Always, None, "202");
    office.forward("bo", When::Always, None, "201");
    let caller = office.dial("cia-bord", "201");
    let refusal = office.refused(caller);
    assert!(refusal.why.contains("loop: anna, bo, anna"), "{}", refusal.why);
    assert!(office.invited().is_empty());
    office.over(&[caller]);
}

#[test]
fn a_chain_of_ten_ends_with_a_clear_cause() {
    let user = |number: u32| {
        format!("\n[[users]]\nid = \"u{number}\"\nname = \"U\"\nextension = \"{}\"\n", 400 + number)
    };
    let document = DEMO.to_owned() + &(0..10).map(user).collect::<String>();
    let mut office = Office::with(&document);
    for number in 0..9 {
        office.forward(&format!("u{number}"), When::Always, None, &(401 + number).to_string());
    }
    let caller = office.dial("cia-bord", "400");
    let refusal = office.refused(caller);
    assert!(refusal.why.contains("too many times"), "{}", refusal.why);
    office.over(&[caller]);
}

#[test]
fn a_forward_to_ones_own_group_leaves_the_others_ringing() {
    let mut office = Office::new();
    office.forward("anna", When::Always, None, "300");
    let caller = office.dial("cia-bord", "201");
    assert_eq!(office.devices(), ["bo-bord".into()]);
    office.pass(30);
    assert_eq!(office.devices(), ["bo-bord".into()], "the group's rule");
    office.over(&[caller]);
}

#[test]
fn calls_forwarded_out_and_back_in_again_end_after_five() {
    let mut office = Office::new();
    office.forward("bo", When::Always, None, "0701112233");
    let mut legs = Vec::new();
    for _ in 0..5 {
        legs.push(office.ring_in(Some("+46812345200"), "+46812345202"));
        legs.push(office.by_trunk().0);
    }
    let last = office.ring_in(Some("+46812345200"), "+46812345202");
    assert_eq!(office.refused(last).cause, Cause::Busy);
    legs.push(last);
    for leg in &legs {
        office.leg(*leg, LegEvent::Ended(EndedBy::Party));
        office.leg(*leg, LegEvent::Closed(None));
    }
    office.pass(10);
    assert!(office.pbx.is_idle());
}

const TWIN: &str = "mobile = \"+46701234501\"\nmobile_twinning = true";

#[test]
fn the_mobile_rings_beside_the_phones_and_must_press_1() {
    let mut office = Office::with(&DEMO.replace("mobile = \"+46701234501\"", TWIN));
    let caller = office.ring_in(Some("+46701112233"), "+46812345201");
    let invited = office.invited();
    let (mobile, invite) = &invited[2];
    assert!(invite.confirm && invite.called == MOBILE);
    assert!(invited[..2].iter().all(|(_, invite)| !invite.confirm));
    office.leg(*mobile, LegEvent::Answered);
    assert_eq!(office.tone(*mobile), Some(Program::Accept));
    office.leg(*mobile, LegEvent::Digit('1'));
    let joins = Effect::Leg(call::Effect::Join { leg: caller, with: *mobile });
    assert!(office.effects.iter().any(|effect| format!("{effect:?}") == format!("{joins:?}")));
    let legs: Vec<LegId> = invited.iter().map(|(leg, _)| *leg).chain([caller]).collect();
    for leg in &legs {
        office.leg(*leg, LegEvent::Closed(None));
    }
    office.effects.clear();
    // Not when it is the mobile that calls; and it alone when no phone is there.
    let caller = office.ring_in(Some(MOBILE), "+46812345201");
    assert_eq!(office.devices().len(), 2);
    office.over(&[caller]);
    office.effects.clear();
    office.contacts("anna-bord", &[]);
    office.contacts("anna-dator", &[]);
    let caller = office.ring_in(Some("+46701112233"), "+46812345201");
    assert_eq!(office.by_trunk().2.called, MOBILE);
    office.over(&[caller]);
}

#[test]
fn a_mobiles_voicemail_does_not_swallow_a_group_call() {
    let mut office = Office::new();
    office.forward("anna", When::Always, None, "0701112233");
    let caller = office.ring_in(Some("+46702223344"), "+46812345230");
    let invited = office.invited();
    assert_eq!(invited.len(), 2);
    let mobile = invited.iter().find(|(_, invite)| invite.confirm).expect("the mobile rings").0;
    let bo = invited.iter().find(|(_, invite)| !invite.confirm).expect("Bo rings").0;
    office.leg(mobile, LegEvent::Answered);
    office.pass(10);
    office.leg(bo, LegEvent::Answered);
    let record = office.over(&[caller, bo, mobile]);
    assert_eq!(record.answered_by, Some("bo".into()));
}

#[test]
fn users_set_what_is_their_own_and_nothing_else() {
    let mut office = Office::new();
    for (user, may) in [("bo", true), ("anna", false)] {
        let setting = Setting::DoNotDisturb { on: true };
        let ticket = office.command(Actor::User("bo".into()), Command::Set { user: user.into(), setting });
        office.keeps();
        assert_eq!(matches!(office.reply(ticket), Some(Reply::Personal(_))), may, "{user}");
    }
    let admin = office.command(Actor::User("cia".into()), Command::Personal { user: "bo".into() });
    assert!(matches!(office.reply(admin), Some(Reply::Personal(_))));
    let nobody = office.command(Actor::Local, Command::Personal { user: "nobody".into() });
    assert!(matches!(office.reply(nobody), Some(Reply::Refused(_))));
}

#[test]
fn settings_are_there_after_a_restart_and_go_with_their_user() {
    let mut personal = Personal::default();
    let (when, callers, number) = (When::Always, Callers::Internal, "203".to_owned());
    personal.put(Forward { when, callers, number, on: true, after_s: None, accept: None });
    let personals = vec![("bo".into(), personal.clone()), ("gone".into(), personal.clone())];
    let snapshot = Snapshot { personals, ..Snapshot::default() };
    let now = base();
    let mut office = Office::new();
    office.pbx = Pbx::new(now, &snapshot, Some(site(DEMO)));
    office.drain();
    let forgets = |office: &Office, user: &str| {
        office.effects.iter().any(|effect| {
            let Effect::Commit { changes, .. } = effect else { return false };
            changes.iter().any(|change| {
                matches!(change, Change::Personal { user: of, personal } if of.as_str() == user && personal.is_empty())
            })
        })
    };
    assert!(forgets(&office, "gone") && !forgets(&office, "bo"));
    office.effects.clear();
    assert_eq!(office.personal("bo"), personal);
    let document = {
        let start = DEMO.find("[[users]]\nid = \"bo\"").unwrap();
        let end = DEMO[start + 1..].find("[[users]]\nid = \"cia\"").unwrap() + start + 1;
        format!("{}{}", &DEMO[..start], &DEMO[end..])
            .replace("members = [\"anna\", \"bo\"]", "members = [\"anna\"]")
            .replace("agents = [\"anna\", \"bo\"]", "agents = [\"anna\"]")
            .replace("forward:202", "forward:203")
            .replace("\"1\" = \"202\"", "\"1\" = \"203\"")
    };
    let ticket = office.command(Actor::Local, Command::SiteApply { document: document.clone() });
    office.input(Input::Parsed { ticket, result: Ok(Box::new((*site(&document)).clone())) });
    assert!(forgets(&office, "bo"), "in the same commit as the site");
    office.keeps();
    let reply = office.command(Actor::Local, Command::Personal { user: "bo".into() });
    assert!(matches!(office.reply(reply), Some(Reply::Refused(_))));
}
