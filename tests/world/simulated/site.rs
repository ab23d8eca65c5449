//! The company whose calls the stories tell: the product's own demo site.

use model::site::{Argon2id, Site};
use std::sync::{Arc, OnceLock};

/// The demo site as it is exported: hashes in place of passwords, so that reading it again costs nothing.
pub(crate) fn demo() -> String {
    static DEMO: OnceLock<String> = OnceLock::new();
    DEMO.get_or_init(|| read(include_str!("../../../etc/demo.toml")).export()).clone()
}

/// The demo site without anybody's rule to take calls for them.
pub(crate) fn without_mailboxes() -> String {
    let demo = demo();
    let kept: Vec<&str> = demo.lines().filter(|line| !line.contains("then = \"voicemail\"")).collect();
    assert!(kept.len() < demo.lines().count(), "the demo site has such rules");
    kept.join("\n")
}

/// Reads a document that must be right.
pub(crate) fn read(document: &str) -> Arc<Site> {
    match Site::parse(document, &Argon2id(|| [7; 16])) {
        Ok(site) => Arc::new(site),
        Err(mistakes) => panic!("{mistakes:#?}\n{document}"),
    }
}

/// The secret of a device of the demo site, which follows a pattern.
pub(crate) fn secret(device: &str) -> String {
    format!("{device}-hemlighet")
}
