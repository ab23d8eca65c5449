use super::*;
use std::cell::Cell;

#[test]
fn device_secrets_become_what_digest_needs() {
    // printf 'anna-bord:vaxel:anna-bord-hemlighet' | md5sum, sha256sum
    let site = demo();
    let (_, device) = site.device("anna-bord").unwrap();
    assert_eq!(&*device.secret.md5, "96268d9194fbf62e30c9536585b59c14");
    assert_eq!(&*device.secret.sha256, "833ee39f40193176c99f3e2ca9e6318f77b68f3c1b68dd2809e5e6848b4a6d34");
}

#[test]
fn passwords_are_hashed_with_argon2id_and_a_salt() {
    let hash = PasswordHash::argon2id("anna-losenord", [7; 16]);
    assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    assert!(hash.verify("anna-losenord"));
    assert!(!hash.verify("anna-losenorD"));
    assert_ne!(hash, PasswordHash::argon2id("anna-losenord", [8; 16]));
    assert_eq!(PasswordHash::exported(hash.as_str()), Some(hash));
}

#[test]
fn hashes_that_could_stop_the_box_are_refused() {
    let rest = "$c2FsdHNhbHQ$aaaaaaaaaaaaaaaa";
    assert!(PasswordHash::exported(&format!("$argon2id$v=19$m=19456,t=2,p=1{rest}")).is_some());
    for costs in ["m=4194304,t=2,p=1", "m=19456,t=1000,p=1", "m=19456,t=2,p=64", "m=1", ""] {
        assert_eq!(PasswordHash::exported(&format!("$argon2id$v=19${costs}{rest}")), None, "{costs}");
    }
    for broken in [
        "$argon2id",
        "$argon2id$v=19$m=19456,t=2,p=1",
        "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ",
        "$argon3$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aaaaaaaaaaaaaaaa",
    ] {
        assert_eq!(PasswordHash::exported(broken), None, "{broken}");
    }
}

/// Counts, and never makes the same hash twice.
#[derive(Default)]
struct Counting {
    hashed: Cell<u8>,
}

impl Hasher for Counting {
    fn hash(&self, password: &str) -> PasswordHash {
        self.hashed.set(self.hashed.get() + 1);
        let salt = char::from(b'a' + self.hashed.get());
        let hash =
            Quick.hash(password).as_str().replace("$c2FsdHNhbHQ$", &format!("$c2FsdHNhbH{salt}{salt}$"));
        PasswordHash::exported(&hash).unwrap()
    }

    fn verify(&self, password: &str, hash: &PasswordHash) -> bool {
        hash.as_str().rsplit('$').next() == Quick.hash(password).as_str().rsplit('$').next()
    }
}

#[test]
fn applying_a_document_twice_hashes_nothing_anew() {
    let hasher = Counting::default();
    let first = Site::parse(DEMO, &hasher).unwrap();
    assert_eq!(hasher.hashed.get(), 3);
    let second = Site::parse_over(Some(&first), DEMO, &hasher).unwrap();
    assert_eq!(hasher.hashed.get(), 3);
    assert_eq!(second.export(), first.export());
    assert_eq!(Site::diff(Some(&first), &second), []);

    let third = Site::parse_over(Some(&second), &first.export(), &hasher).unwrap();
    assert_eq!((hasher.hashed.get(), third.export()), (3, first.export()));

    let changed = demo_with("bo-losenord", "nytt-losenord");
    let fourth = Site::parse_over(Some(&third), &changed, &hasher).unwrap();
    assert_eq!(hasher.hashed.get(), 4);
    let paths: Vec<String> = Site::diff(Some(&third), &fourth).into_iter().map(|d| d.path).collect();
    assert_eq!(paths, ["users.bo.password"]);
}

#[test]
fn a_document_with_mistakes_costs_no_hashing() {
    let hasher = Counting::default();
    assert!(Site::parse(&demo_with("pin = \"1234\"", "pin = \"1\""), &hasher).is_err());
    assert_eq!(hasher.hashed.get(), 0);
}

#[test]
fn device_secrets_survive_applying_the_export() {
    let exported = parse(&demo().export()).unwrap();
    for (_, device) in demo().devices() {
        assert_eq!(
            exported.device(device.id.as_str()).map(|(_, device)| &device.secret),
            Some(&device.secret)
        );
    }
}
