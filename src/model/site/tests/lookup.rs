use super::*;
use crate::{Class, TrunkId, Zone};

fn reached(site: &Site, dialled: &str) -> Option<Target> {
    site.target(&site.number(dialled)).cloned()
}

#[test]
fn people_are_reached_by_extension_and_by_number_in_any_spelling() {
    let site = demo();
    let anna = Some(Target::User("anna".into()));
    for dialled in ["201", "+46812345201", "0046812345201", "08-123 452 01", "12345201", "tel:+46-8-12345201"]
    {
        assert_eq!(reached(&site, dialled), anna, "{dialled}");
    }
    assert_eq!(reached(&site, "300"), Some(Target::Group("salj".into())));
    assert_eq!(reached(&site, "+46812345231"), Some(Target::Queue("support".into())));
    assert_eq!(reached(&site, "0812345200"), Some(Target::Menu("vaxel".into())));
    assert_eq!(reached(&site, "600"), Some(Target::Room("motesrum".into())));
    assert_eq!(reached(&site, "133"), Some(Target::OwnMailbox));
    for dialled in ["299", "08-123 452 99", "0701234501", "112", "*21#", ""] {
        assert_eq!(reached(&site, dialled), None, "{dialled}");
    }
}

#[test]
fn the_own_mailbox_has_its_number_whatever_the_length_of_extensions() {
    let site = parse("[company]\nname = \"A\"\ninternal_digits = 5").unwrap();
    assert_eq!(reached(&site, "133"), Some(Target::OwnMailbox));
    assert_eq!(reached(&site, "12345"), None);
}

#[test]
fn calls_from_outside_are_for_numbers_of_the_company_only() {
    let site = demo();
    for called in ["+46812345201", "0046812345201", "0812345201", "08-12345201", "12345201", "46812345201"] {
        assert_eq!(site.called(called), "+46812345201".parse().ok(), "{called}");
    }
    // Owned, though nobody has it.
    assert_eq!(site.called("+46812345299"), "+46812345299".parse().ok());
    for called in ["201", "133", "+46812345300", "0701234501", "112", "*8", "", "anna", "+4721234567"] {
        assert_eq!(site.called(called), None, "{called}");
    }
}

#[test]
fn a_number_without_its_plus_sign_is_not_taken_for_one_of_the_own_area() {
    // 46171123 could be 08-461 711 23; the company has +46171123.
    let text = "[company]\nname = \"A\"\n[[trunks]]\nid = \"t\"\nkind = \"peer\"\nhosts = [\"10.0.0.1\"]\nnumbers = [\"+46171123\"]";
    assert_eq!(parse(text).unwrap().called("46171123"), "+46171123".parse().ok());
}

#[test]
fn devices_lead_to_their_users() {
    let site = demo();
    let (user, device) = site.device("anna-dator").unwrap();
    assert_eq!((user.id.as_str(), device.kind), ("anna", DeviceKind::Soft));
    assert!(site.device("anna").is_none());
    assert_eq!(site.devices().count(), 4);
}

#[test]
fn trunks_are_chosen_by_the_first_rule_that_has_the_class() {
    let site = demo();
    let both = [TrunkId::new("operator"), TrunkId::new("reserv")];
    for class in [Class::National, Class::Emergency, Class::International(Zone::Other)] {
        assert_eq!(site.outbound(class), both);
    }
    assert_eq!(site.outbound(Class::SharedCost), []);
    let reserve = site.trunk(&both[1]).unwrap();
    assert_eq!(reserve.kind.as_str(), "register");
    assert_eq!(reserve.hosts()[0].to_string(), "127.0.0.1:5091");
    assert!(site.owns("+46812345250".parse().unwrap()) && !site.owns("+46812345300".parse().unwrap()));
}

#[test]
fn barring_adds_up_and_never_touches_help() {
    let site = demo();
    let anna = site.user(&"anna".into()).unwrap();
    let barred = site.barred(anna);
    assert!(
        barred.contains(Class::Premium)
            && barred.contains(Class::MassCall)
            && barred.contains(Class::Directory)
    );
    assert!(!barred.contains(Class::International(Zone::Other)));

    let text = demo_with(
        "present = \"fixed\"",
        "allow = [\"directory\"]\nbarring = [\"mobile\", \"emergency\", \"society\"]",
    );
    let site = parse(&text).unwrap();
    let barred = site.barred(site.user(&"anna".into()).unwrap());
    assert!(barred.contains(Class::Mobile) && !barred.contains(Class::Directory));
    assert!(!barred.contains(Class::Emergency) && !barred.contains(Class::Society));

    let quiet = parse(&DEMO.replace("company = [\"premium\", \"directory\"]", "")).unwrap();
    let barred = quiet.barred(quiet.user(&"anna".into()).unwrap());
    assert!(barred.contains(Class::Premium) && barred.contains(Class::International(Zone::Other)));
    assert!(!barred.contains(Class::International(Zone::Europe)) && !barred.contains(Class::National));
}

#[test]
fn the_narrowest_subnet_says_where_a_phone_is() {
    let more = "[[sites]]\nid = \"lagret\"\nsubnets = [\"127.0.5.0/24\", \"fd00::/8\"]\n\n[[trunks]]";
    let site = parse(&demo_with("[[trunks]]", more)).unwrap();
    for (address, place) in [
        ("127.0.0.1", Some("kontoret")),
        ("::ffff:127.0.0.1", Some("kontoret")),
        ("127.0.5.9", Some("lagret")),
        ("fd12::1", Some("lagret")),
        ("10.0.0.1", None),
        ("2001:db8::1", None),
    ] {
        let found = site.place(address.parse().unwrap()).map(|place| place.id.as_str());
        assert_eq!(found, place, "{address}");
    }
}

#[test]
fn what_is_not_given_has_its_default() {
    let text = "[company]\nname = \"A\"\n[[users]]\nid = \"dan\"\nname = \"Dan\"\nextension = \"204\"\n\
                [[queues]]\nid = \"k\"\nname = \"K\"\nextension = \"310\"";
    let site = parse(text).unwrap();
    let dan = site.user(&"dan".into()).unwrap();
    assert_eq!((dan.no_answer.after_s, &dan.no_answer.then, &dan.busy), (20, &None, &None));
    assert_eq!(
        (dan.present, dan.caller_display, dan.call_waiting),
        (Present::Fixed, CallerDisplay::Name, false)
    );
    assert_eq!((dan.language, dan.plan.as_ref()), (Language::Swedish, None));
    let queue = site.queue(&"k".into()).unwrap();
    assert_eq!((queue.strategy, queue.music.as_str()), (QueueStrategy::LongestIdle, "default"));
    assert_eq!(site.company().time_zone.iana_name(), Some("Europe/Stockholm"));
    assert_eq!(site.company().numbering.internal_digits, 3);
    assert_eq!(site.number("1234567").to_string(), "+4681234567");
}

#[test]
fn there_are_twelve_activities_and_three_plans_before_anything_is_written() {
    let site = parse("[company]\nname = \"A\"").unwrap();
    let ids: Vec<String> =
        site.activities().map(|activity| format!("{}{}", activity.code, activity.id)).collect();
    assert_eq!(
        ids.join(" "),
        "1available 2busy 3meeting 4lunch 5break 6out 7home 8travel 9gone 10holiday 11sick 12off"
    );
    for activity in site.activities() {
        assert_eq!(activity.closed, activity.spoken.is_some(), "{}", activity.id);
    }
    let plans: Vec<&str> = site.plans().map(|plan| plan.name.as_str()).collect();
    assert_eq!(plans, ["Pro", "Business", "Enterprise"]);
}

#[test]
fn the_company_changes_activities_and_adds_its_own() {
    let text =
        demo_with("[[activities]]", "[[activities]]\nid = \"lunch\"\ndefault_minutes = 45\n\n[[activities]]");
    let site = parse(&text).unwrap();
    let lunch = site.activity(&"lunch".into()).unwrap();
    assert_eq!((lunch.code, lunch.closed, lunch.lasts), (4, true, Lasts::Minutes(45)));
    assert_eq!(lunch.name.in_language(Language::Swedish), Some("Lunch"));
    let visit = site.activity(&"kundbesok".into()).unwrap();
    assert_eq!((visit.code, visit.closed, visit.lasts), (13, true, Lasts::Minutes(120)));
    assert_eq!(
        visit.spoken.as_ref().and_then(|spoken| spoken.in_language(Language::English)),
        Some("is visiting a customer")
    );
    assert_eq!(site.activities().count(), 13);
}

#[test]
fn rules_know_whom_they_belong_to() {
    let site = demo();
    let anna = site.user(&"anna".into()).unwrap();
    assert_eq!(anna.busy, Some(Then::Voicemail(Mailbox::User("anna".into()))));
    assert_eq!(anna.voicemail.after_menu[&'1'].to_string(), "202");
    let group = site.group(&"salj".into()).unwrap();
    assert!(matches!(&group.no_answer.then, Some(Then::Forward(number)) if number.to_string() == "202"));
    let queue = site.queue(&"support".into()).unwrap();
    assert_eq!(queue.overflow, Some(Then::Voicemail(Mailbox::Queue("support".into()))));
    let hours = site.hours(&"kontorstid".into()).unwrap();
    assert_eq!(hours.closed, Some(Then::Announce("stangt".into())));
    assert_eq!(hours.open[0].iter().map(Span::to_string).collect::<Vec<_>>(), ["08:00-12:00", "13:00-17:00"]);
    assert!(
        hours.open[0][0].contains(8 * 60) && !hours.open[0][0].contains(12 * 60) && hours.open[6].is_empty()
    );
    let menu = site.menu(&"vaxel".into()).unwrap();
    assert_eq!(menu.digits[&'9'], Choice::DialExtension);
}

#[test]
fn hosts_are_read_in_every_form() {
    for (text, name, port) in [
        ("sip.example.se", "sip.example.se", None),
        ("sip.example.se:5061", "sip.example.se", Some(5061)),
        ("192.0.2.1", "192.0.2.1", None),
        ("[2001:db8::1]:5060", "2001:db8::1", Some(5060)),
        ("[2001:db8::1]", "2001:db8::1", None),
        ("2001:db8::1", "2001:db8::1", None),
    ] {
        let host: Host = text.parse().unwrap();
        assert_eq!((host.name.as_str(), host.port), (name, port), "{text}");
        assert_eq!(host.to_string().parse(), Ok(host));
    }
    for wrong in
        ["", ":5060", "a b", "-a.se", "a..se", "a:0", "a:+5", "[::1", "[::1]x", "1.2.3", "a:70000", "å.se"]
    {
        assert_eq!(wrong.parse::<Host>(), Err(NotAHost), "{wrong}");
    }
}

#[test]
fn only_words_that_the_company_has_written_are_its_own() {
    let text = demo_with(
        "[[activities]]",
        "[[activities]]\nid = \"lunch\"\nspoken = { sv = \"äter\", en = \"is at lunch\" }\n\n[[activities]]",
    );
    let site = parse(&text).unwrap();
    let own = |id: &str, language| site.activity(&id.into()).unwrap().own_words(language);
    assert_eq!(own("kundbesok", Language::Swedish), Some("är på kundbesök"));
    assert_eq!(own("kundbesok", Language::English), Some("is visiting a customer"));
    // What is written is what the box says by itself: recorded better.
    assert_eq!(own("lunch", Language::Swedish), Some("äter"));
    assert_eq!(own("lunch", Language::English), None);
    assert_eq!(own("meeting", Language::Swedish), None);
    assert_eq!(own("available", Language::Swedish), None);

    let text = demo_with(
        "spoken = { sv = \"är på kundbesök\", en = \"is visiting a customer\" }",
        "spoken = { sv = \"är borta\" }",
    );
    let site = parse(&text).unwrap();
    let visiting = site.activity(&"kundbesok".into()).unwrap();
    assert_eq!(visiting.own_words(Language::Swedish), Some("är borta"));
    assert_eq!(visiting.own_words(Language::English), None, "languages never mix");
}

#[test]
fn the_end_of_an_activity_can_be_kept_from_callers() {
    let text = demo_with(
        "[[activities]]",
        "[[activities]]\nid = \"off\"\nhide_end = true\n\n[[activities]]\nhide_end = false",
    );
    let site = parse(&text).unwrap();
    let hidden: Vec<&str> =
        site.activities().filter(|activity| activity.hide_end).map(|activity| activity.id.as_str()).collect();
    assert_eq!(hidden, ["sick", "off"]);
    super::export::keeps_its_promises(&text, &site);
    assert!(site.export().contains("hide_end = true"));
}
