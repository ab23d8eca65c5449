//! SIPp: scripted peers that say exactly what a scenario tells them.

use crate::world::deadline::wait_for;
use crate::world::{loopback, process::Process};
use anyhow::{Context, Result, bail};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// A scenario and how it is run. `..Scenario::new(xml)` fills in the rest.
#[derive(Clone, Debug)]
pub(crate) struct Scenario<'a> {
    /// The scenario, SIPp's own XML.
    pub xml: &'a str,
    /// Whom it calls; none for a scenario that waits to be called.
    pub target: Option<SocketAddr>,
    /// The called user, `[service]` in the scenario.
    pub service: &'a str,
    /// Calls in all.
    pub calls: u32,
    /// New calls a second.
    pub rate: u32,
    /// `u1` UDP, `t1` TCP, `l1` TLS.
    pub transport: &'a str,
    /// Lines for `[field0]`, `[field1]`… separated by semicolons, after the line SEQUENTIAL.
    pub fields: Option<&'a str>,
    /// The address it uses; none for one that nobody else has.
    pub address: Option<IpAddr>,
    /// Its port.
    pub port: u16,
    /// Further options.
    pub options: &'a [&'a str],
    /// The scenario has failed when it is not over by then.
    pub patience: Duration,
}

impl<'a> Scenario<'a> {
    /// One call over UDP within fifteen seconds.
    pub fn new(xml: &'a str) -> Self {
        Self {
            xml,
            target: None,
            service: "service",
            calls: 1,
            rate: 1,
            transport: "u1",
            fields: None,
            address: None,
            port: 5060,
            options: &[],
            patience: Duration::from_secs(15),
        }
    }

    /// Starts it. One that waits to be called has its socket open when this returns.
    pub fn start(&self) -> Result<Sipp> {
        let folder = tempfile::tempdir()?;
        let address = self.address.unwrap_or_else(|| loopback::address().into());
        let at = SocketAddr::from((address, self.port));
        std::fs::write(folder.path().join("scenario.xml"), self.xml)?;
        let mut command = Command::new("sipp");
        command.current_dir(folder.path()).args(["-sf", "scenario.xml", "-nostdin", "-trace_err"]);
        command.args(["-trace_msg", "-message_file", "messages", "-error_file", "errors"]);
        let host = if address.is_ipv6() { format!("[{address}]") } else { address.to_string() };
        command.args(["-i", &host, "-mi", &host, "-p", &self.port.to_string()]);
        command.args(["-t", self.transport, "-s", self.service]);
        command.args(["-m", &self.calls.to_string(), "-r", &self.rate.to_string()]);
        command.args(["-timeout", &format!("{}s", self.patience.as_secs()), "-timeout_error"]);
        if let Some(fields) = self.fields {
            std::fs::write(folder.path().join("fields.csv"), fields)?;
            command.args(["-inf", "fields.csv"]);
        }
        command.args(self.options);
        command.args(self.target.map(|target| target.to_string()));
        let process = Process::start("sipp", &mut command, folder.path().join("log"))?;
        let mut sipp = Sipp { process, at, patience: self.patience, folder };
        if self.target.is_none() {
            sipp.wait_until_it_listens(self.transport)?;
        }
        Ok(sipp)
    }

    /// Runs it to its end; an error says what went otherwise than the scenario.
    pub fn run(&self) -> Result<()> {
        self.start()?.finish()
    }
}

/// A running scenario.
pub(crate) struct Sipp {
    process: Process,
    at: SocketAddr,
    patience: Duration,
    folder: TempDir,
}

impl Sipp {
    /// Where it is.
    pub fn at(&self) -> SocketAddr {
        self.at
    }

    /// Waits for the end. Exit codes of SIPp: 0 all calls went well, 1 at least one did not, 97 ended by
    /// another process, 99 none processed, 253 RTP check, 254 and 255 its own failures.
    pub fn finish(mut self) -> Result<()> {
        let status = self.process.wait(self.patience + Duration::from_secs(5))?;
        match status.code() {
            Some(0) => Ok(()),
            Some(1) => bail!("calls went otherwise than the scenario: {}", self.errors()),
            code => bail!("sipp ended with {code:?}: {}\n{}", self.errors(), self.process.words()),
        }
    }

    /// Every message it sent and received so far.
    pub fn messages(&self) -> String {
        self.file("messages")
    }

    /// Waits until it has sent or received a message with `part` in it.
    pub fn wait_for(&self, part: &str) -> Result<()> {
        let seen = wait_for(part, self.patience, || self.messages().contains(part).then_some(()));
        seen.with_context(|| format!("sipp had: {}\n{}", self.messages(), self.errors()))
    }

    /// What went otherwise than the scenario.
    pub fn errors(&self) -> String {
        self.file("errors")
    }

    fn file(&self, name: &str) -> String {
        let path: PathBuf = self.folder.path().join(name);
        std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    fn wait_until_it_listens(&mut self, transport: &str) -> Result<()> {
        let protocol = if transport.starts_with('u') { "udp" } else { "tcp" };
        wait_for("sipp that listens", Duration::from_secs(10), || {
            if let Err(problem) = self.process.must_run() {
                return Some(Err(problem));
            }
            let listens = loopback::is_bound(self.process.id(), protocol, self.at);
            listens.then_some(Ok(()))
        })?
        .context("sipp did not start")
    }
}
