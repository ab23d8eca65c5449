//! `site export`, `site diff FILE`, `site apply FILE`: the whole company as one document.

use crate::error::Error;
use crate::session::{Clock, Session, unexpected};
use crate::table::printable;
use clap::{Args, Subcommand};
use model::{Command, Difference, Reply};
use serde::Serialize;
use std::fs::File;
use std::io::Read;

/// The largest site document taken, bytes; the daemon takes no larger one.
const MAX_DOCUMENT: u64 = 4 << 20;

/// What to do with the site document.
#[derive(Debug, Subcommand)]
pub(crate) enum Site {
    /// Print the document that is in force.
    Export,
    /// Show what applying a document would change; nothing where nothing differs.
    Diff(Document),
    /// Put a document in force, all or nothing.
    Apply(Document),
}

/// A site document.
#[derive(Debug, Args)]
pub(crate) struct Document {
    /// The document's file; - for standard input.
    #[arg(value_name = "FILE")]
    file: String,
}

/// The document as JSON.
#[derive(Serialize)]
struct Exported {
    document: String,
}

pub(super) fn run(site: Site, session: &mut Session) -> Result<(), Error> {
    match site {
        Site::Export => match session.ask(Command::SiteExport)? {
            Reply::Site(document) => session.answer(&Exported { document }, |site, _| site.document.clone()),
            other => Err(unexpected(&other)),
        },
        Site::Diff(document) => {
            let document = document.read(session)?;
            match session.ask(Command::SiteDiff { document })? {
                Reply::Differences(differences) => session.answer(&differences, text),
                other => Err(unexpected(&other)),
            }
        }
        Site::Apply(document) => {
            let document = document.read(session)?;
            match session.ask(Command::SiteApply { document })? {
                Reply::Differences(differences) => session.answer(&differences, applied),
                Reply::Done => session.answer(&Vec::new(), applied),
                other => Err(unexpected(&other)),
            }
        }
    }
}

impl Document {
    /// Reads the document whole, but never more than a document can be.
    fn read(&self, session: &mut Session) -> Result<String, Error> {
        let name = if self.file == "-" { "standard input".to_owned() } else { self.file.clone() };
        let mut bytes = Vec::new();
        let taken = if self.file == "-" {
            (&mut session.input).take(MAX_DOCUMENT + 1).read_to_end(&mut bytes)
        } else {
            File::open(&self.file).and_then(|file| file.take(MAX_DOCUMENT + 1).read_to_end(&mut bytes))
        };
        taken.map_err(|source| Error::File { name: name.clone(), source })?;
        if bytes.len() as u64 > MAX_DOCUMENT {
            return Err(Error::FileTooLarge { name, limit: MAX_DOCUMENT });
        }
        String::from_utf8(bytes)
            .map_err(|problem| Error::NotText { name, at: problem.utf8_error().valid_up_to() })
    }
}

fn applied(differences: &Vec<Difference>, clock: &Clock) -> String {
    let changes = match differences.len() {
        0 => "Nothing to change: the site was like this already.\n".to_owned(),
        1 => "Applied: 1 change.\n".to_owned(),
        many => format!("Applied: {many} changes.\n"),
    };
    text(differences, clock) + &changes
}

fn text(differences: &Vec<Difference>, _: &Clock) -> String {
    let mut text = String::new();
    for Difference { path, was, becomes } in differences {
        for (sign, value) in [('-', was), ('+', becomes)] {
            if let Some(value) = value {
                text.push_str(&format!("{sign} {} = {}\n", printable(path), printable(value)));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differences() -> Vec<Difference> {
        let difference = |path: &str, was: Option<&str>, becomes: Option<&str>| Difference {
            path: path.into(),
            was: was.map(Into::into),
            becomes: becomes.map(Into::into),
        };
        vec![
            difference("users.anna.extension", Some("\"201\""), Some("\"211\"")),
            difference("users.dan", None, Some("{ name = \"Dan\" }")),
            difference("trunks.reserv", Some("{ kind = \"peer\" }"), None),
        ]
    }

    #[test]
    fn a_difference_reads_like_a_patch() {
        let expected = "\
- users.anna.extension = \"201\"
+ users.anna.extension = \"211\"
+ users.dan = { name = \"Dan\" }
- trunks.reserv = { kind = \"peer\" }
";
        assert_eq!(text(&differences(), &Clock::stockholm()), expected);
        assert_eq!(applied(&differences(), &Clock::stockholm()), format!("{expected}Applied: 3 changes.\n"));
    }

    #[test]
    fn no_difference_prints_nothing() {
        assert_eq!(text(&Vec::new(), &Clock::stockholm()), "");
    }
}
