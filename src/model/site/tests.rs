use super::*;

struct Quick;
impl Hasher for Quick {
    fn hash(&self, password: &str) -> PasswordHash {
        PasswordHash::exported(&fake(password)).unwrap()
    }
    fn verify(&self, password: &str, hash: &PasswordHash) -> bool {
        hash.as_str() == fake(password)
    }
}
/// Looks like a hash and costs nothing.
fn fake(password: &str) -> String {
    let sum: String =
        password.bytes().chain(std::iter::repeat(b'x')).take(16).map(|b| char::from(b'a' + b % 26)).collect();
    format!("$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ${sum}")
}

const DEMO: &str = include_str!("../../../etc/demo.toml");

#[test]
fn the_demo_site_is_read() {
    let site = Site::parse(DEMO, &Quick).unwrap();
    println!("{}", site.export());
}
