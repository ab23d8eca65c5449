use super::*;
use toml::Value;

/// The same value, apart from passwords and device secrets, which have become hashes.
pub(super) fn same(given: &Value, exported: &Value, path: &str) {
    match (given, exported) {
        (Value::Table(given), Value::Table(exported)) => {
            let mut keys: Vec<_> = given.keys().chain(exported.keys()).collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                let (Some(given), Some(exported)) = (given.get(key), exported.get(key)) else {
                    panic!("{path}.{key} is in one of them only");
                };
                let hashed = key == "password" || (key == "secret" && path.contains(".devices"));
                if hashed {
                    assert!(exported.as_str().unwrap().starts_with('$'), "{path}.{key} is no hash");
                } else {
                    same(given, exported, &format!("{path}.{key}"));
                }
            }
        }
        (Value::Array(given), Value::Array(exported)) => {
            assert_eq!(given.len(), exported.len(), "{path}");
            given.iter().zip(exported).for_each(|(given, exported)| same(given, exported, path));
        }
        (given, exported) => assert_eq!(given, exported, "{path}"),
    }
}

/// Everything the contract says of exporting.
pub(super) fn keeps_its_promises(text: &str, site: &Site) {
    let exported = site.export();
    let again = parse(&exported).unwrap_or_else(|mistakes| panic!("{mistakes:#?}\n{exported}"));
    assert_eq!(again, *site);
    assert_eq!(again.export(), exported);
    assert_eq!(Site::diff(Some(site), &again), []);
    same(&Value::Table(text.parse().unwrap()), &Value::Table(exported.parse().unwrap()), "");
    for (user, device) in site.devices() {
        assert_eq!(
            again.device(device.id.as_str()).map(|(user, device)| (&user.id, &device.secret)),
            Some((&user.id, &device.secret))
        );
    }
}

#[test]
fn the_demo_site_is_exported_as_it_was_given() {
    keeps_its_promises(DEMO, &demo());
}

/// Every table with its keys the other way round.
fn backwards(value: Value) -> Value {
    match value {
        Value::Table(table) => {
            Value::Table(table.into_iter().rev().map(|(key, value)| (key, backwards(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(backwards).collect()),
        other => other,
    }
}

#[test]
fn the_same_site_written_otherwise_is_exported_equally() {
    let tables: toml::Table = DEMO.parse().unwrap();
    let site = parse(&toml::to_string(&backwards(Value::Table(tables))).unwrap()).unwrap();
    assert_eq!(site.export(), demo().export());
}

#[test]
fn odd_but_allowed_values_survive() {
    for (from, to) in [
        ("name = \"Exempel AB\"", "name = 'A \"B\" \\C é ☎'"),
        ("open = { mon", "open = {}\n# { mon"),
        ("open = [\"08:00-12:00\"] }]", "open = [] }]"),
        ("exceptions = [{ date = \"2026-12-30\", open = [\"08:00-12:00\"] }]", "exceptions = []"),
        ("date = \"2026-12-30\"", "date = 2026-12-30"),
        ("service_activated = \"2026-11-01T08:00:00Z\"", "service_activated = 2026-11-01T08:00:00Z"),
        (
            "en = \"We are closed. Please call back at eight.\"",
            "en = \"\"\"\nWe are closed.\n\tPlease call \\\\ back.\"\"\"",
        ),
        ("number = \"+46812345201\"", "number = \"08-123 452 01\""),
        ("numbers = [\"+46700000001\"]", "numbers = []"),
        ("roles = [\"admin\"]", "roles = []"),
        (
            "voicemail = { pin = \"4711\", after_menu = { \"1\" = \"202\", \"0\" = \"200\" } }",
            "voicemail = { after_menu = { \"*\" = \"070-123 45 67\", \"#\" = \"202\" } }",
        ),
    ] {
        let text = demo_with(from, to);
        let site = parse(&text).unwrap_or_else(|mistakes| panic!("{to}: {mistakes:#?}"));
        keeps_its_promises(&text, &site);
    }
    let bare = "users = []\n[company]\nname = \"A\"\n[barring]\n";
    keeps_its_promises(bare, &parse(bare).unwrap());
}

fn differences(from: &str, to: &str) -> Vec<(String, Option<String>, Option<String>)> {
    let new = Site::parse_over(Some(&demo()), &demo_with(from, to), &Quick).unwrap();
    Site::diff(Some(&demo()), &new).into_iter().map(|d| (d.path, d.was, d.becomes)).collect()
}

fn shown(path: &str, was: Option<&str>, becomes: Option<&str>) -> (String, Option<String>, Option<String>) {
    (path.to_owned(), was.map(str::to_owned), becomes.map(str::to_owned))
}

#[test]
fn differences_are_named_by_ids_and_show_both_values() {
    assert_eq!(
        differences("title = \"Säljare\"", "title = \"Chef\""),
        [shown("users.anna.title", Some("\"Säljare\""), Some("\"Chef\""))]
    );
    assert_eq!(
        differences("title = \"Säljare\"", ""),
        [shown("users.anna.title", Some("\"Säljare\""), None)]
    );
    assert_eq!(
        differences("after_s = 20", "after_s = 25"),
        [shown("users.anna.no_answer.after_s", Some("20"), Some("25"))]
    );
    assert_eq!(
        differences("members = [\"anna\", \"bo\"]", "members = [\"bo\", \"anna\"]"),
        [shown("groups.salj.members", Some("[\"anna\", \"bo\"]"), Some("[\"bo\", \"anna\"]"))]
    );
    assert_eq!(
        differences("vip = true", "vip = false"),
        [shown("users.anna.contacts[Viktiga Kunden].vip", Some("true"), Some("false"))]
    );
    assert_eq!(
        differences("\"international\", ", ""),
        [shown(
            "outbound[0].classes",
            Some("[\"national\", \"mobile\", \"international\", \"freephone\", \"emergency\", \"society\"]"),
            Some("[\"national\", \"mobile\", \"freephone\", \"emergency\", \"society\"]")
        )]
    );
}

#[test]
fn what_comes_and_what_goes_is_shown_key_by_key() {
    let extra = "[[announcements]]\nid = \"hej\"\ntext = { sv = \"Hej\" }\n\n[[announcements]]";
    assert_eq!(
        differences("[[announcements]]", extra),
        [
            shown("announcements.hej.id", None, Some("\"hej\"")),
            shown("announcements.hej.text.sv", None, Some("\"Hej\"")),
        ]
    );
    let with = parse(&demo_with("[[announcements]]", extra)).unwrap();
    let gone: Vec<String> = Site::diff(Some(&with), &demo()).into_iter().map(|d| d.path).collect();
    assert_eq!(gone, ["announcements.hej.id", "announcements.hej.text.sv"]);
    assert!(Site::diff(None, &demo()).len() > 100);
}

#[test]
fn the_order_of_users_is_no_difference() {
    let mut tables: toml::Table = DEMO.parse().unwrap();
    tables.get_mut("users").unwrap().as_array_mut().unwrap().reverse();
    let other = parse(&toml::to_string(&tables).unwrap()).unwrap();
    assert_eq!(Site::diff(Some(&demo()), &other), []);
}

#[test]
fn secrets_are_shown_to_nobody() {
    let secret = Some("(secret)");
    for (from, to, path) in [
        ("anna-losenord", "annat-losenord", "users.anna.password"),
        ("anna-bord-hemlighet", "annan-hemlighet", "users.anna.devices.anna-bord.secret"),
        ("trunk-hemlighet", "annan-hemlighet", "trunks.reserv.secret"),
        ("4711", "4712", "users.anna.voicemail.pin"),
        ("pin = \"1234\"", "pin = \"1235\"", "rooms.motesrum.pin"),
    ] {
        assert_eq!(differences(from, to), [shown(path, secret, secret)]);
    }
    let all = format!("{:?}", Site::diff(None, &demo()));
    let debug = format!("{:?} {:?}", demo(), demo().users().collect::<Vec<_>>());
    for word in ["hemlighet", "losenord", "4711", "1234\"", "$argon2", "$ha1"] {
        assert!(!all.contains(word) && !debug.contains(word), "{word}");
    }
}
