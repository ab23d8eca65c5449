use super::*;

/// What is written instead of what, the path of the mistake, and a part of what it says.
const MISTAKES: &[(&str, &str, &str, &str)] = &[
    // The company.
    ("name = \"Exempel AB\"", "", "company.name", "must be given"),
    ("name = \"Exempel AB\"", "name = 5", "company.name", "text in quotes belongs here, not a whole number"),
    ("language = \"sv\"     ", "language = \"fi\"", "company.language", "one of: sv, en"),
    ("Europe/Stockholm", "Europe/Stokholm", "company.time_zone", "no time zone"),
    ("country = \"SE\"", "country = \"NO\"", "company.country", "one of: SE"),
    ("area_code = \"08\"", "area_code = \"8\"", "company.area_code", "no such Swedish area code"),
    (
        "internal_digits = 3",
        "internal_digits = \"3\"",
        "company.internal_digits",
        "a whole number belongs here, not text",
    ),
    ("internal_digits = 3", "internal_digits = 30", "company.internal_digits", "not between 2 and 6"),
    ("internal_digits = 3", "internal_digits = 4", "users.anna.extension", "must have 4 digits"),
    (
        "internal_digits = 3",
        "internal_digit = 3",
        "company.internal_digit",
        "did you mean \"internal_digits\"?",
    ),
    ("2026-11-01T08:00:00Z", "1 November", "company.service_activated", "is no moment"),
    ("service_activated = ", "#", "users.anna.plan", "company.service_activated"),
    // Places.
    ("127.0.0.0/8", "127.0.0.1/8", "sites.kontoret.subnets[0]", "a subnet is written"),
    ("\"0180\"", "\"Stockholm\"", "sites.kontoret.municipality", "4 digits"),
    (
        "emergency_number = \"+46812345200\"",
        "emergency_number = \"+46812345300\"",
        "sites.kontoret.emergency_number",
        "not among the numbers of any trunk",
    ),
    // Trunks.
    (
        "kind = \"register\"",
        "kind = \"register\"\nhosts = [\"a.se\"]",
        "trunks.reserv.hosts",
        "only a trunk of kind \"peer\"",
    ),
    ("kind = \"peer\"", "kind = \"pear\"", "trunks.operator.kind", "one of: peer, register"),
    ("hosts = [\"127.0.0.1:5090\"]", "", "trunks.operator.hosts", "needs at least one host"),
    ("\"127.0.0.1:5090\"", "\"127.0.0.1:95090\"", "trunks.operator.hosts[0]", "a host is written"),
    ("\"127.0.0.1:5090\"", "\"127.0.0.1.4\"", "trunks.operator.hosts[0]", "a host is written"),
    ("transport = \"udp\"", "transport = \"sctp\"", "trunks.operator.transport", "udp, tcp, tls"),
    (
        "numbers = [\"+46812345200-299\"]",
        "numbers = [\"+46812345299-200\"]",
        "trunks.operator.numbers[0]",
        "ends before it begins",
    ),
    ("channels = 30", "channels = 0", "trunks.operator.channels", "not between 1 and"),
    (
        "media_encryption = \"none\"",
        "media_encryption = \"dtls\"",
        "trunks.operator.media_encryption",
        "none, sdes",
    ),
    (
        "early_media = true",
        "early_media = \"yes\"",
        "trunks.operator.early_media",
        "true or false belongs here",
    ),
    ("secret = \"trunk-hemlighet\"", "", "trunks.reserv.secret", "must be given"),
    ("id = \"reserv\"", "id = \"operator\"", "trunks.operator.id", "operator is there twice"),
    // Outgoing calls.
    ("\"society\"]", "\"socety\"]", "outbound[0].classes[5]", "did you mean \"society\"?"),
    (
        "trunks = [\"operator\", \"reserv\"]",
        "trunks = [\"operator\", \"reserve\"]",
        "outbound[0].trunks[1]",
        "did you mean \"reserv\"?",
    ),
    ("[\"premium\", \"directory\"]", "[\"premium\", 118]", "barring.company[1]", "not a whole number"),
    ("[\"premium\", \"directory\"]", "\"premium\"", "barring.company", "a list in [ ] belongs here"),
    // Users.
    ("id = \"anna\"", "id = \"änna\"", "users.änna.id", "cannot be an id"),
    ("id = \"anna\"", "name_ = 1", "users[0].id", "must be given"),
    ("id = \"cia\"", "id = \"bo\"", "users.bo.id", "bo is there twice"),
    ("id = \"cia\"", "id = \"support\"", "queues.support.id", "support is already given at users.support.id"),
    (
        "extension = \"202\"",
        "extension = \"201\"",
        "users.bo.extension",
        "201 is already given at users.anna.extension",
    ),
    ("extension = \"202\"", "extension = 202", "users.bo.extension", "text in quotes"),
    ("extension = \"202\"", "extension = \"133\"", "users.bo.extension", "own mailbox"),
    ("extension = \"202\"", "extension = \"112\"", "users.bo.extension", "national plan"),
    (
        "extension = \"300\"",
        "extension = \"202\"",
        "groups.salj.extension",
        "202 is already given at users.bo.extension",
    ),
    (
        "number = \"+46812345202\"",
        "number = \"+46812345201\"",
        "users.bo.number",
        "already given at users.anna.number",
    ),
    (
        "number = \"+46812345202\"",
        "number = \"+46812345302\"",
        "users.bo.number",
        "not among the numbers of any trunk",
    ),
    ("number = \"+46812345202\"", "number = \"08-12\"", "users.bo.number", "more or fewer digits"),
    ("plan = \"enterprise\"", "plan = \"enterprize\"", "users.cia.plan", "did you mean \"enterprise\"?"),
    ("roles = [\"admin\"]", "roles = [\"boss\"]", "users.cia.roles[0]", "one of: admin"),
    ("present = \"fixed\"", "present = \"none\"", "users.anna.present", "fixed, hidden, mobile"),
    (
        "extension = \"202\"",
        "extension = \"202\"\npresent = \"mobile\"",
        "users.bo.present",
        "needs the key mobile",
    ),
    ("after_s = 20", "after_s = -1", "users.anna.no_answer.after_s", "not between"),
    (
        "no_answer = { after_s = 20, then = \"voicemail\" }",
        "no_answer = \"voicemail\"",
        "users.anna.no_answer",
        "a table belongs here",
    ),
    (
        "busy = { then = \"voicemail\" }",
        "busy = { then = \"voicemail:berit\" }",
        "users.anna.busy.then",
        "no user, group or queue \"berit\"",
    ),
    (
        "busy = { then = \"voicemail\" }",
        "busy = { then = \"forward:299\" }",
        "users.anna.busy.then",
        "nobody has that extension",
    ),
    (
        "busy = { then = \"voicemail\" }",
        "busy = { then = \"forward:112\" }",
        "users.anna.busy.then",
        "emergency",
    ),
    ("busy = { then = \"voicemail\" }", "busy = {}", "users.anna.busy.then", "must be given"),
    (
        "busy = { then = \"voicemail\" }",
        "busy = { then = \"voicemail\", after = 5 }",
        "users.anna.busy.after",
        "no such key",
    ),
    ("pin = \"4711\"", "pin = 4711", "users.anna.voicemail.pin", "text in quotes"),
    ("pin = \"4711\"", "pin = \"471\"", "users.anna.voicemail.pin", "4 to 12 digits"),
    ("\"1\" = \"202\"", "\"10\" = \"202\"", "users.anna.voicemail.after_menu.10", "no key of a telephone"),
    ("\"1\" = \"202\"", "\"1\" = \"222\"", "users.anna.voicemail.after_menu.1", "nobody has that extension"),
    (
        "id = \"bo-bord\"",
        "id = \"anna-bord\"",
        "users.bo.devices.anna-bord.id",
        "already given at users.anna.devices.anna-bord.id",
    ),
    ("id = \"anna-bord\"", "id = \"anna@bord\"", "users.anna.devices.anna@bord.id", "cannot be an id"),
    (
        "secret = \"bo-bord-hemlighet\"",
        "secret = \"$ha1$00$11\"",
        "users.bo.devices.bo-bord.secret",
        "write the secret itself",
    ),
    (
        "password = \"bo-losenord\"",
        "password = \"$argon2id$x\"",
        "users.bo.password",
        "write the password itself",
    ),
    ("kind = \"soft\"", "kind = \"sofa\"", "users.anna.devices.anna-dator.kind", "desk, dect, soft"),
    ("[\"+46700000001\"]", "[\"070-1\"]", "users.anna.contacts[0].numbers[0]", "more or fewer digits"),
    ("favourite = true", "favorite = true", "users.anna.contacts[0].favorite", "did you mean \"favourite\"?"),
    ("\"+46700000666\"", "\"202\"", "users.anna.blocked[0].number", "extensions cannot be blocked"),
    // What answers by itself.
    ("strategy = \"all\"", "strategy = \"random\"", "groups.salj.strategy", "all, linear, rotate"),
    (
        "members = [\"anna\", \"bo\"]",
        "members = [\"anna\", \"berit\"]",
        "groups.salj.members[1]",
        "no user \"berit\"",
    ),
    (
        "members = [\"anna\", \"bo\"]",
        "members = [\"anna\", \"anna\"]",
        "groups.salj.members[1]",
        "already given at groups.salj.members[0]",
    ),
    ("agents = [\"anna\", \"bo\"]", "agents = \"anna\"", "queues.support.agents", "a list in [ ]"),
    (
        "overflow = { then = \"voicemail:support\" }",
        "overflow = { then = \"voicemal:support\" }",
        "queues.support.overflow.then",
        "voicemail:ID",
    ),
    (
        "hours = \"kontorstid\"",
        "hours = \"kontorstider\"",
        "queues.support.hours",
        "did you mean \"kontorstid\"?",
    ),
    ("\"9\" = \"dial-extension\"", "\"9\" = \"dial\"", "menus.vaxel.digits.9", "other signs"),
    ("no_choice = \"300\"", "no_choice = \"399\"", "menus.vaxel.no_choice", "nobody has that extension"),
    ("timeout_s = 5", "timeout_s = 5.0", "menus.vaxel.timeout_s", "not a number with a decimal point"),
    (
        "prompt = { text = { sv",
        "prompt = { text = { se",
        "menus.vaxel.prompt.text.se",
        "did you mean \"sv\"?",
    ),
    ("\"13:00-17:00\"", "\"11:00-17:00\"", "hours.kontorstid.open.mon", "overlap"),
    ("\"13:00-17:00\"", "\"17:00-13:00\"", "hours.kontorstid.open.mon", "ends before it begins"),
    ("\"13:00-17:00\"", "\"13-17\"", "hours.kontorstid.open.mon", "08:00-17:00"),
    ("tue = [\"08:00-17:00\"]", "tis = [\"08:00-17:00\"]", "hours.kontorstid.open.tis", "no such key"),
    ("holidays = \"sweden\"", "holidays = \"norway\"", "hours.kontorstid.holidays", "none, sweden"),
    ("announce:stangt", "announce:oppet", "hours.kontorstid.closed.then", "no announcement \"oppet\""),
    ("2026-12-30", "2026-13-30", "hours.kontorstid.exceptions[0].date", "is no date"),
    ("pin = \"1234\"", "pin = \"abcd\"", "rooms.motesrum.pin", "4 to 12 digits"),
    ("pin = \"1234\"", "moderator_pin = \"4321\"", "rooms.motesrum.moderator_pin", "needs the key pin"),
    (
        "pin = \"1234\"",
        "pin = \"1234\"\nmoderator_pin = \"1234\"",
        "rooms.motesrum.moderator_pin",
        "must differ",
    ),
    ("[barring]", "[barring]\npin = \"12\"", "barring.pin", "4 to 12 digits"),
    (
        "[barring]",
        "[barring]\nspend = { foreign_calls = 1 }",
        "barring.spend.foreign_calls",
        "there is no such key",
    ),
    (
        "[barring]",
        "[barring]\nspend = { premium_calls = -1 }",
        "barring.spend.premium_calls",
        "not between 0 and 100000",
    ),
    (
        "max_participants = 50",
        "max_participants = 51",
        "rooms.motesrum.max_participants",
        "not between 2 and 50",
    ),
    ("default_minutes = 120", "hide_end = 1", "activities.kundbesok.hide_end", "true or false belongs here"),
    (
        "default_minutes = 120",
        "default_minutes = true",
        "activities.kundbesok.default_minutes",
        "not true or false",
    ),
    (
        "id = \"kundbesok\"",
        "id = \"kundbesok\"\ncode = 4",
        "activities.kundbesok.code",
        "4 is already given at activities.lunch.code",
    ),
    ("[[rooms]]", "[[roms]]", "roms", "did you mean \"rooms\"?"),
    ("[barring]", "[[barring]]", "barring", "a table belongs here, not a list"),
];

#[test]
fn every_mistake_is_named_by_its_path_and_says_what_is_wrong() {
    for (from, to, path, says) in MISTAKES {
        let mistakes = parse(&demo_with(from, to)).expect_err(to);
        let found = mistakes.iter().any(|mistake| mistake.path == *path && mistake.message.contains(says));
        assert!(found, "{from} -> {to}: {path}: {says} is not among {mistakes:#?}");
    }
}

#[test]
fn one_wrong_value_is_mostly_one_mistake() {
    let single = MISTAKES
        .iter()
        .filter(|(from, to, ..)| parse(&demo_with(from, to)).is_err_and(|mistakes| mistakes.len() == 1));
    assert!(single.count() * 10 > MISTAKES.len() * 8);
}

#[test]
fn all_mistakes_are_listed_at_once() {
    let mut text = DEMO.to_owned();
    let mut expected = Vec::new();
    for (from, to, path) in [
        ("area_code = \"08\"", "area_kod = \"08\"", "company.area_kod"),
        ("kind = \"peer\"", "kind = 1", "trunks.operator.kind"),
        ("caller_display = \"name\"", "caller_display = false", "users.anna.caller_display"),
        ("agents = [\"anna\", \"bo\"]", "agents = [\"anna\", \"bob\"]", "queues.support.agents[1]"),
        ("\"2\" = \"310\"", "\"2\" = \"311\"", "menus.vaxel.digits.2"),
        ("pin = \"1234\"", "pin = \"12\"", "rooms.motesrum.pin"),
        ("closed = true", "closed = 1", "activities.kundbesok.closed"),
    ] {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
        expected.push(path);
    }
    text.push_str("\n[extra]\n");
    expected.push("extra");
    let mut paths: Vec<String> = parse(&text).unwrap_err().into_iter().map(|mistake| mistake.path).collect();
    paths.sort();
    expected.sort_unstable();
    assert_eq!(paths, expected);
}

#[test]
fn an_empty_document_lacks_its_company() {
    assert_eq!(parse("").unwrap_err()[0].path, "company");
    assert!(parse("[company]\nname = \"A\"").is_ok());
}

#[test]
fn what_is_no_toml_is_named_by_its_line() {
    let mistakes = parse("[company]\nname = \"A\"\nlanguage = sv\n\n[[users]\nid = \"a\"\n").unwrap_err();
    let lines: Vec<&str> = mistakes.iter().map(|mistake| mistake.path.as_str()).collect();
    assert!(lines.contains(&"line 3") && lines.contains(&"line 5"), "{mistakes:#?}");
    let twice = parse("[company]\nname = \"A\"\nname = \"B\"\n").unwrap_err();
    assert_eq!(twice[0].path, "line 3", "{twice:#?}");
}

#[test]
fn documents_are_bounded_in_every_direction() {
    let long = format!("{DEMO}\n#{}", "x".repeat(4 << 20));
    assert!(parse(&long).unwrap_err()[0].message.contains("4194304 is the most"));

    let many: String = (0..5001)
        .map(|n| format!("[[users]]\nid = \"u{n}\"\nname = \"U\"\nextension = \"{}\"\n", 20_000 + n))
        .collect();
    let mistakes = parse(&format!("[company]\nname = \"A\"\ninternal_digits = 5\n{many}")).unwrap_err();
    assert_eq!(mistakes.len(), 1, "{mistakes:#?}");
    assert_eq!(
        (mistakes[0].path.as_str(), mistakes[0].message.contains("5000 is the most")),
        ("users", true)
    );

    let wrong: String = (0..3000).map(|n| format!("k{n} = 1\n")).collect();
    assert_eq!(parse(&wrong).unwrap_err().len(), 1001);

    let deep = format!("a = {}", "[".repeat(100_000));
    assert!(parse(&deep).is_err());

    for dense in [format!("a = [{}]", "0,".repeat(600_000)), "x\n".repeat(600_000)] {
        assert_eq!(parse(&dense).unwrap_err()[0].message, "it holds more than 500000 values or lines");
    }
    let broken = format!("{}\nb = c\nd = e\n", "a = 1 # a\n".repeat(30_000));
    assert_eq!(parse(&broken).unwrap_err().len(), 1);
}
