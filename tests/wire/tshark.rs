//! tshark as witness: what really went over the loopback, read by somebody else's parser.

use crate::world::deadline::wait_for;
use crate::world::process::Process;
use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;
use std::net::UdpSocket;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// How long starting and reading may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A capture that runs.
///
/// The kernel hands packets over in blocks, so a capture has seen what was sent before it only once a packet
/// sent after it is in the file: one marks the start, one the end.
pub(crate) struct Capture {
    process: Process,
    beacon: UdpSocket,
    folder: TempDir,
}

impl Capture {
    /// Starts to watch what a capture filter lets through, `udp and host 127.64.0.1` for example. When this
    /// returns it does watch.
    pub fn start(filter: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let beacon = UdpSocket::bind("127.0.0.1:0")?;
        beacon.connect(beacon.local_addr()?)?;
        let port = beacon.local_addr()?.port();
        let mut command = Command::new("dumpcap");
        command.args([
            "-q",
            "-i",
            "lo",
            "-a",
            "duration:300",
            "-a",
            "filesize:100000",
            "-w",
            "capture.pcapng",
        ]);
        command.args(["-f", &format!("({filter}) or (udp and port {port})")]).current_dir(folder.path());
        let process = Process::start("dumpcap", &mut command, folder.path().join("log"))?;
        let mut capture = Self { process, beacon, folder };
        capture.see(b"vaxel-capture-begins")?;
        Ok(capture)
    }

    /// Ends the capture; everything sent before can then be read.
    pub fn stop(mut self) -> Result<Captured> {
        self.see(b"vaxel-capture-ends")?;
        self.process.signal(Signal::SIGINT)?;
        self.process.wait(PATIENCE)?;
        Ok(Captured { file: self.file(), _folder: self.folder })
    }

    /// Sends a mark until the file has it.
    fn see(&mut self, mark: &[u8]) -> Result<()> {
        wait_for("capture that sees", PATIENCE, || {
            if let Err(problem) = self.process.must_run() {
                return Some(Err(problem));
            }
            self.beacon.send(mark).ok()?;
            let written = std::fs::read(self.file()).ok()?;
            written.windows(mark.len()).any(|part| part == mark).then_some(Ok(()))
        })?
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("capture.pcapng")
    }
}

/// What went over the wire.
pub(crate) struct Captured {
    file: PathBuf,
    _folder: TempDir,
}

impl Captured {
    /// The named fields of every packet that a display filter lets through, `sip.Method == "INVITE"` for
    /// example; a row a packet, an absent field empty.
    pub fn fields(&self, filter: &str, names: &[&str]) -> Result<Vec<Vec<String>>> {
        let mut command = Command::new("tshark");
        command.arg("-r").arg(&self.file).args(["-Y", filter, "-T", "fields", "-E", "separator=/t"]);
        for name in names {
            command.args(["-e", name]);
        }
        let output = command.output().context("starting tshark; scripts/test installs it")?;
        if !output.status.success() {
            bail!("tshark: {}", String::from_utf8_lossy(&output.stderr));
        }
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok(text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect())
    }

    /// How many packets a display filter lets through.
    pub fn count(&self, filter: &str) -> Result<usize> {
        Ok(self.fields(filter, &["frame.number"])?.len())
    }
}
