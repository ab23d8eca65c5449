//! The daemon as a process, and what the kernel says about it.

use super::{now, pause};
use anyhow::{Context, Result, bail, ensure};
use model::{Command, Reply, Request};
use nix::sys::signal::{Signal, kill};
use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;
use std::fs::{File, read_to_string};
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command as Program, Stdio};
use std::time::Duration;
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(20);

/// A daemon with a folder of its own.
pub(crate) struct Exchange {
    child: Option<Child>,
    folder: TempDir,
}

impl Exchange {
    /// Starts a daemon on an empty state folder.
    pub fn start() -> Result<Self> {
        let mut exchange = Self::prepared()?;
        exchange.start_again()?;
        Ok(exchange)
    }

    /// Starts a daemon and puts a site in force.
    pub fn with_site(document: &str) -> Result<Self> {
        let exchange = Self::start()?;
        match exchange.ask(Command::SiteApply { document: document.to_owned() })? {
            Reply::Refused(refusal) => bail!("the site is refused: {:?}", refusal.messages.first()),
            _ => Ok(exchange),
        }
    }

    fn prepared() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let address = network(0, 1);
        let configuration = format!(
            "state = {:?}\n[sip]\nudp = [\"{address}:5060\"]\ntcp = [\"{address}:5060\"]\ntls = [\"{address}:5061\"]\n\
             [media]\nports = \"20000-29999\"\n[control]\nsocket = {:?}\n",
            folder.path().join("state"),
            folder.path().join("control"),
        );
        std::fs::write(folder.path().join("vaxel.toml"), configuration)?;
        Ok(Self { child: None, folder })
    }

    /// Starts the daemon on what the last run left; returns how long it took until it answered `status`.
    pub fn start_again(&mut self) -> Result<Duration> {
        ensure!(self.child.is_none(), "it runs already");
        let program = std::env::current_exe()?;
        let folder = program.parent().and_then(|deps| deps.parent()).context("target/release/deps")?;
        let log = File::create(self.folder.path().join("log"))?;
        let mut command = Program::new(folder.join("vaxeld"));
        command.arg("--config").arg(self.folder.path().join("vaxel.toml"));
        let began = now();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
        self.child = Some(child.context("starting vaxeld, built for release")?);
        loop {
            match self.ask(Command::Status) {
                Ok(_) => return Ok(began.elapsed()),
                Err(error) if began.elapsed() > PATIENCE => return Err(error.context(self.log())),
                Err(_) => pause(Duration::from_micros(500)),
            }
        }
    }

    /// Ends it as an administrator does.
    pub fn stop(&mut self) -> Result<()> {
        let mut child = self.child.take().context("it does not run")?;
        kill(Pid::from_raw(i32::try_from(child.id())?), Signal::SIGTERM)?;
        child.wait()?;
        Ok(())
    }

    /// Where phones reach it.
    pub fn sip(&self) -> SocketAddrV4 {
        SocketAddrV4::new(network(0, 1), 5060)
    }

    /// Sends a command and waits for its reply.
    pub fn ask(&self, command: Command) -> Result<Reply> {
        let mut stream = UnixStream::connect(self.folder.path().join("control"))?;
        let mut line = serde_json::to_vec(&Request { command })?;
        line.push(b'\n');
        stream.write_all(&line)?;
        let mut reply = String::new();
        BufReader::new(stream).read_line(&mut reply)?;
        Ok(serde_json::from_str(&reply)?)
    }

    /// Processor time it has taken so far, all threads, user and system.
    pub fn processor(&self) -> Result<Duration> {
        Ok(clock_gettime(clock_getcpuclockid(self.id()?)?)?.into())
    }

    /// Memory it holds now, bytes.
    pub fn resident(&self) -> Result<u64> {
        let status = read_to_string(format!("/proc/{}/status", self.id()?))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
        let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kibibytes << 10)
    }

    /// The newest of its log.
    pub fn log(&self) -> String {
        let path: PathBuf = self.folder.path().join("log");
        let text = read_to_string(path).unwrap_or_default();
        let skipped = text.lines().count().saturating_sub(20);
        text.lines().skip(skipped).collect::<Vec<_>>().join("\n")
    }

    fn id(&self) -> Result<Pid> {
        let child = self.child.as_ref().context("it does not run")?;
        Ok(Pid::from_raw(i32::try_from(child.id())?))
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It is ours and nobody needs what it leaves.
            child.kill().and_then(|()| child.wait()).map(drop).unwrap_or_default();
        }
    }
}

/// An address of this run: others may be measuring on the same machine.
pub(crate) fn network(third: u8, last: u8) -> Ipv4Addr {
    let own = 64 + (std::process::id() % 128) as u8;
    Ipv4Addr::new(127, own, third, last)
}

/// A site of so many users with a phone each, extensions from 2000.
pub(crate) fn site(users: usize) -> String {
    let mut document = String::from(
        "[company]\nname = \"Mätning AB\"\nlanguage = \"sv\"\ntime_zone = \"Europe/Stockholm\"\ncountry = \"SE\"\n\
         area_code = \"08\"\nservice_activated = \"2026-01-01T08:00:00Z\"\ninternal_digits = 4\n",
    );
    for number in 0..users {
        document.push_str(&format!(
            "[[users]]\nid = \"user{number}\"\nname = \"User {number}\"\nextension = \"{}\"\nplan = \"business\"\n  \
             [[users.devices]]\n  id = \"phone{number}\"\n  secret = \"secret-{number}\"\n  kind = \"desk\"\n",
            2000 + number
        ));
    }
    document
}
