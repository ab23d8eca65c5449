//! The box's own configuration file.

use std::path::Path;
use vaxeld::config::{Config, ConfigError};

/// One file.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match Config::parse(&text, Path::new("vaxel.toml")) {
        Ok(config) => assert!(config.media.threads > 0),
        Err(ConfigError::Wrong { line, message, .. }) => {
            assert!(line <= 1 + text.matches('\n').count() && !message.is_empty());
        }
        Err(ConfigError::Unreadable { .. }) => panic!("nothing was read from a file"),
    }
}
