//! A line typed in the shell of the command line.

/// One line: words, grammar and completion.
pub fn run(data: &[u8]) {
    let line = String::from_utf8_lossy(data);
    vaxel::understands(&line);
}
