//! A site document: read, exported, read again.

use model::Number;
use model::site::{Hasher, PasswordHash, Site};
use std::sync::OnceLock;

/// Does no work: every password has the same hash.
struct Idle;

impl Hasher for Idle {
    fn hash(&self, _: &str) -> PasswordHash {
        static HASH: OnceLock<PasswordHash> = OnceLock::new();
        HASH.get_or_init(|| PasswordHash::argon2id("a", [1; 16])).clone()
    }

    fn verify(&self, _: &str, _: &PasswordHash) -> bool {
        true
    }
}

/// One document.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let site = match Site::parse(&text, &Idle) {
        Ok(site) => site,
        Err(mistakes) => return assert!(!mistakes.is_empty(), "a refusal says why"),
    };
    let exported = site.export();
    let again = Site::parse(&exported, &Idle).unwrap_or_else(|mistakes| panic!("{mistakes:?}\n{exported}"));
    assert_eq!(again.export(), exported, "exporting is stable");
    assert!(Site::diff(Some(&site), &again).is_empty());
    assert!(Site::parse_over(Some(&site), &text, &Idle).is_ok());
    for (user, device) in site.devices() {
        let found = site.device(device.id.as_str()).map(|(user, _)| &user.id);
        assert_eq!(found, Some(&user.id));
    }
    for user in site.users() {
        let number = site.number(&user.extension.to_string());
        assert!(matches!(number, Number::Internal(_) | Number::Short(..)), "{number:?}");
        site.barred(user);
    }
}
