mod export;
mod lookup;
mod mistakes;
mod random;
mod secrets;

use super::*;

/// The demonstration site, which is what people begin with.
const DEMO: &str = include_str!("../../../etc/demo.toml");

/// Makes hashes that cost nothing.
struct Quick;

impl Hasher for Quick {
    fn hash(&self, password: &str) -> PasswordHash {
        let letters = password.bytes().chain(std::iter::repeat(b'x')).take(16);
        let hash: String = letters.map(|byte| char::from(b'a' + byte % 26)).collect();
        PasswordHash::exported(&format!("$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ${hash}")).unwrap()
    }

    fn verify(&self, password: &str, hash: &PasswordHash) -> bool {
        self.hash(password) == *hash
    }
}

fn parse(text: &str) -> Result<Site, Vec<Mistake>> {
    Site::parse(text, &Quick)
}

fn demo() -> Site {
    parse(DEMO).unwrap()
}

/// The demonstration site with one thing otherwise.
fn demo_with(from: &str, to: &str) -> String {
    assert!(DEMO.contains(from), "{from}");
    DEMO.replacen(from, to, 1)
}
