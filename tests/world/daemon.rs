//! The exchange itself as a process: generated configuration, free ports, a folder of its own.

use super::deadline::wait_for;
use super::loopback;
use super::process::Process;
use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::Signal;
use serde_json::Value;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};
use std::sync::OnceLock;
use std::time::Duration;
use tempfile::TempDir;

/// How long starting and stopping may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// An exchange that runs. Dropped, it is killed and everything it kept is removed.
pub(crate) struct Daemon {
    process: Option<Process>,
    address: Ipv4Addr,
    folder: TempDir,
    starts: u32,
}

impl Daemon {
    /// Starts an exchange without a site.
    pub fn start() -> Result<Self> {
        Self::start_with("")
    }

    /// Starts an exchange with further lines in its configuration.
    pub fn start_with(configuration: &str) -> Result<Self> {
        Self::start_at(&[], configuration)
    }

    /// Starts an exchange that listens at further addresses for SIP over UDP and TCP.
    pub fn start_with_sip(further: &[SocketAddr]) -> Result<Self> {
        Self::start_at(further, "")
    }

    /// Starts an exchange that keeps its state in a folder of another disk.
    pub fn start_on(state: &Path) -> Result<Self> {
        Self::start_in(Some(state), &[], ("", ""))
    }

    /// Starts an exchange that trusts the authority of a file.
    pub fn start_trusting(authority: &Path) -> Result<Self> {
        Self::start_in(None, &[], (&format!("authorities = [{authority:?}]"), ""))
    }

    fn start_at(further: &[SocketAddr], configuration: &str) -> Result<Self> {
        Self::start_in(None, further, ("", configuration))
    }

    fn start_in(
        state: Option<&Path>,
        further: &[SocketAddr],
        (sip, configuration): (&str, &str),
    ) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let address = loopback::address();
        let state = state.map_or_else(|| folder.path().join("state"), Path::to_owned);
        std::fs::create_dir_all(&state)?;
        let media = media_ports();
        let mut plain = vec![format!("{address}:5060")];
        plain.extend(further.iter().map(SocketAddr::to_string));
        let text = format!(
            "state = {state:?}\n\
             [sip]\nudp = {plain:?}\ntcp = {plain:?}\ntls = [\"{address}:5061\"]\n{sip}\n\
             [media]\nports = \"{}-{}\"\nthreads = 2\n\
             [speech]\nprompts = {:?}\n\
             [http]\nhttp = [\"{address}:8080\"]\nhttps = [\"{address}:8443\"]\n\
             [control]\nsocket = {:?}\n\
             {configuration}",
            media.0,
            media.1,
            concat!(env!("CARGO_MANIFEST_DIR"), "/../target/prompts"),
            folder.path().join("control.sock"),
        );
        std::fs::write(folder.path().join("vaxel.toml"), text)?;
        let mut daemon = Self { process: None, address, folder, starts: 0 };
        daemon.start_again()?;
        Ok(daemon)
    }

    /// What the daemon says to a configuration that it should refuse; it is not let run.
    pub fn refuse(configuration: &Path) -> Result<Output> {
        let mut command = Command::new(program("vaxeld")?);
        let mut child = command
            .arg("--config")
            .arg(configuration)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let ended = wait_for("refusal", PATIENCE, || child.try_wait().ok().flatten());
        if ended.is_err() {
            child.kill()?;
        }
        ended?;
        child.wait_with_output().context("reading what vaxeld said")
    }

    /// Starts an exchange with a site in force.
    pub fn with_site(document: &str) -> Result<Self> {
        let daemon = Self::start()?;
        daemon.apply(document)?;
        Ok(daemon)
    }

    /// Starts it again on what the last run left; ready when this returns.
    pub fn start_again(&mut self) -> Result<()> {
        ensure!(self.process.is_none(), "the exchange runs already");
        let socket = self.socket();
        if socket.exists() {
            std::fs::remove_file(&socket)?;
        }
        self.starts += 1;
        let log = self.log_path();
        let mut command = Command::new(program("vaxeld")?);
        command.arg("--config").arg(self.folder.path().join("vaxel.toml")).current_dir(self.folder.path());
        let process = self.process.insert(Process::start("vaxeld", &mut command, log)?);
        wait_for("control socket", PATIENCE, || match process.must_run() {
            Err(problem) => Some(Err(problem)),
            // Its file is there before anybody listens.
            Ok(()) => std::os::unix::net::UnixStream::connect(&socket).is_ok().then_some(Ok(())),
        })?
    }

    /// Where phones reach it.
    pub fn sip(&self) -> SocketAddr {
        (self.address, 5060).into()
    }

    /// Where phones reach it over TLS.
    pub fn sips(&self) -> SocketAddr {
        (self.address, 5061).into()
    }

    /// Its state folder.
    pub fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// Its configuration file.
    pub fn configuration(&self) -> PathBuf {
        self.folder.path().join("vaxel.toml")
    }

    /// Its control socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("control.sock")
    }

    /// It has died by itself, or of what a story did to it.
    pub fn has_ended(&mut self) -> bool {
        self.process.as_mut().is_some_and(|process| process.ended().is_some())
    }

    /// Its process id.
    pub fn id(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }

    /// Its log since it was last started, also when it has died.
    pub fn log(&self) -> String {
        std::fs::read(self.log_path())
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join(format!("log-{}", self.starts))
    }

    /// Runs `vaxel ARGUMENTS`, whatever comes of it.
    pub fn vaxel(&self, arguments: &[&str]) -> Result<Output> {
        let mut command = Command::new(program("vaxel")?);
        command.arg("--socket").arg(self.socket()).args(arguments);
        command.output().context("starting vaxel")
    }

    /// What `vaxel ARGUMENTS --json` answers; a refusal is an error.
    pub fn ask(&self, arguments: &[&str]) -> Result<Value> {
        let output = self.vaxel(&[arguments, &["--json"]].concat())?;
        if !output.status.success() {
            bail!("vaxel {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
        }
        serde_json::from_slice(&output.stdout).context("vaxel printed no JSON")
    }

    /// Asks until the answer pleases.
    pub fn ask_until(&self, arguments: &[&str], pleases: impl Fn(&Value) -> bool) -> Result<Value> {
        let mut last = Value::Null;
        let what = format!("pleasing answer to {}", arguments.join(" "));
        wait_for(&what, PATIENCE, || {
            last = self.ask(arguments).ok()?;
            pleases(&last).then_some(())
        })
        .with_context(|| format!("the last was {last:#}"))?;
        Ok(last)
    }

    /// Puts a site document in force.
    pub fn apply(&self, document: &str) -> Result<Value> {
        let path = self.folder.path().join("site.toml");
        std::fs::write(&path, document)?;
        self.ask(&["site", "apply", &path.to_string_lossy()])
    }

    /// Ends it as an administrator does.
    pub fn stop(&mut self) -> Result<ExitStatus> {
        let mut process = self.process.take().context("the exchange does not run")?;
        process.signal(Signal::SIGTERM)?;
        process.wait(PATIENCE)
    }

    /// Ends it as a crash does, if nothing else has.
    pub fn kill(&mut self) -> Result<()> {
        let mut process = self.process.take().context("the exchange does not run")?;
        if process.ended().is_none() {
            process.signal(Signal::SIGKILL)?;
        }
        process.wait(PATIENCE).map(drop)
    }
}

/// A range of media ports for one exchange. They are bound on all its addresses, so exchanges running beside
/// each other must not share them; phones use 10000 to 19999.
fn media_ports() -> (u16, u16) {
    use std::sync::atomic::{AtomicU16, Ordering};
    static NEXT: AtomicU16 = AtomicU16::new(0);
    const SLOTS: u16 = 24;
    const SIZE: u16 = 500;
    let slot = (std::process::id() as u16).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % SLOTS;
    let first = 20_000 + slot * SIZE;
    (first, first + SIZE - 1)
}

/// One of our programs, built from the sources as they are now, in the profile of this suite.
fn program(name: &str) -> Result<PathBuf> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let folder = BUILT.get_or_init(|| build().map_err(|problem| format!("{problem:#}")));
    match folder {
        Ok(folder) => Ok(folder.join(name)),
        Err(problem) => bail!("{problem}"),
    }
}

/// Builds the programs and gives their folder: `target/debug` for a suite in `target/debug/deps`.
fn build() -> Result<PathBuf> {
    let suite = std::env::current_exe()?;
    let folder = suite.parent().and_then(Path::parent).context("the suite lies in target/PROFILE/deps")?;
    let target = folder.parent().context("the suite lies in target/PROFILE/deps")?;
    let mut command = Command::new(env!("CARGO"));
    command.args(["build", "--quiet", "--workspace", "--bins", "--target-dir"]).arg(target);
    if folder.ends_with("release") {
        command.arg("--release");
    }
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).output()?;
    ensure!(output.status.success(), "building: {}", String::from_utf8_lossy(&output.stderr));
    Ok(folder.to_owned())
}
