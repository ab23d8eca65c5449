//! linphonec as a second maker's phone: a process of its own, on an address of its own, told what to do by its
//! standard input.
//!
//! Measured on Debian's 5.1.65: its database must have a folder, or it stops without a word; it takes a network where
//! nothing but the loopback is up for none; "files" in place of a sound card play and record WAV; the port of its sound
//! is bound to every address, so that its packets come from 127.0.0.1 and not from where its description says.

use super::hearing::Recording;
use crate::world::deadline::wait_for;
use crate::world::{loopback, process::Process};
use anyhow::{Context, Result, ensure};
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{ChildStdin, Command};
use std::time::Duration;
use tempfile::TempDir;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long it speaks, seconds; no test lasts so long.
const SPEECH: u32 = 60;

/// A codec, as its configuration names it: name, clock rate, channels.
pub(crate) type Mime = (&'static str, u32, u8);

/// What a phone is like. `..Linphone::at(…)` fills in the rest.
#[derive(Clone, Debug)]
pub(crate) struct Linphone {
    /// SIP user name.
    pub user: String,
    /// Its secret.
    pub secret: String,
    /// Where it registers.
    pub registrar: SocketAddr,
    /// `udp`, `tcp` or `tls`.
    pub transport: &'static str,
    /// Picks up by itself.
    pub answers: bool,
    /// The tone it speaks, hertz.
    pub tone: u32,
    /// Codecs in order of preference.
    pub codecs: Vec<Mime>,
    /// `none` or `srtp` (SDES), and then nothing else.
    pub encryption: &'static str,
}

impl Linphone {
    pub const OPUS: Mime = ("opus", 48_000, 2);
    pub const PCMA: Mime = ("PCMA", 8_000, 1);
    pub const PCMU: Mime = ("PCMU", 8_000, 1);

    /// A phone that registers over UDP, speaks 900 Hz and prefers Opus.
    pub fn at(registrar: SocketAddr, user: &str, secret: &str) -> Self {
        Self {
            user: user.to_owned(),
            secret: secret.to_owned(),
            registrar,
            transport: "udp",
            answers: false,
            tone: 900,
            codecs: vec![Self::OPUS, Self::PCMA, Self::PCMU],
            encryption: "none",
        }
    }

    /// Starts it; it is registered when this returns.
    pub fn start(self) -> Result<Running> {
        let address = loopback::address();
        let folder = tempfile::tempdir()?;
        std::fs::create_dir_all(folder.path().join(".local/share/linphone"))?;
        std::fs::write(folder.path().join("config"), self.config(address))?;
        Recording::write_tone(&folder.path().join("tone.wav"), self.tone, SPEECH)?;
        let mut command = Command::new("linphonec");
        command.args(["-c", "config", "-d", "5", "-l", "signalling"]);
        command.current_dir(folder.path()).env("HOME", folder.path());
        let name = format!("linphonec {}", self.user);
        let (process, input) = Process::start_listening(&name, &mut command, folder.path().join("log"))?;
        let mut phone = Running { user: self.user, process, input, calls: 0, folder };
        phone.wait_for("linphonec>")?;
        phone.say("soundcard use files")?;
        phone.record()?;
        phone.say(&format!("play {}", phone.folder.path().join("tone.wav").display()))?;
        if self.answers {
            phone.say("autoanswer enable")?;
        }
        wait_for("registration of linphonec", PATIENCE, || {
            phone.signalling().contains("to [LinphoneRegistrationOk]").then_some(())
        })
        .with_context(|| phone.signalling())?;
        Ok(phone)
    }

    fn config(&self, address: Ipv4Addr) -> String {
        let Self { user, secret, registrar, transport, encryption, .. } = self;
        let host = registrar.ip();
        let port = |name| match (name, *transport) {
            ("tls", "tls") | ("tcp", "tcp") => -1,
            ("udp", _) => 5060,
            _ => 0,
        };
        let codecs: String = (self.codecs.iter().enumerate())
            .map(|(at, (mime, rate, channels))| {
                format!("[audio_codec_{at}]\nmime={mime}\nrate={rate}\nchannels={channels}\nenabled=1\n")
            })
            .collect();
        format!(
            "[sip]\nbind_address={address}\nsip_port={}\nsip_tcp_port={}\nsip_tls_port={}\n\
             contact=sip:{user}@{address}\ndefault_proxy=0\nguess_hostname=0\nmedia_encryption={encryption}\nmedia_encryption_mandatory={}\n\
             verify_server_certs=0\nverify_server_cn=0\n\
             [rtp]\naudio_rtp_port=-1\n\
             [sound]\nremote_ring=\nlocal_ring=\n\
             [misc]\nadd_missing_audio_codecs=0\n\
             [auth_info_0]\nusername={user}\npasswd={secret}\ndomain={host}\nrealm=vaxel\n\
             [proxy_0]\nreg_proxy=<sip:{registrar};transport={transport}>\nreg_identity=sip:{user}@{host}\n\
             reg_expires=60\nreg_sendregister=1\npublish=0\n{codecs}",
            port("udp"),
            port("tcp"),
            port("tls"),
            u8::from(*encryption != "none"),
        )
    }
}

/// A running phone.
pub(crate) struct Running {
    user: String,
    process: Process,
    input: ChildStdin,
    calls: usize,
    folder: TempDir,
}

impl Running {
    /// Dials an extension at its exchange.
    pub fn dial(&mut self, target: &str) -> Result<()> {
        self.say(&format!("call {target}"))
    }

    /// Hangs up, refuses or gives up.
    pub fn hang_up(&mut self) -> Result<()> {
        self.say("terminate")
    }

    /// Any command of its own.
    pub fn say(&mut self, command: &str) -> Result<()> {
        writeln!(self.input, "{command}").with_context(|| format!("telling {} to {command}", self.user))
    }

    /// Waits until it has printed this.
    pub fn wait_for(&mut self, part: &str) -> Result<()> {
        let Self { process, user, .. } = self;
        wait_for(&format!("{part:?} from {user}"), PATIENCE, || match process.must_run() {
            Err(problem) => Some(Err(problem)),
            Ok(()) => process.words().contains(part).then_some(Ok(())),
        })?
        .with_context(|| process.words())
    }

    /// Waits until as many calls have been up.
    pub fn wait_until_talking(&mut self, calls: usize) -> Result<()> {
        let up = wait_for("call of linphonec", PATIENCE, || {
            (self.words().matches("Media streams established").count() >= calls).then_some(())
        });
        up.with_context(|| self.words())?;
        // It asks for a password when it does not like the challenge, and waits for the answer on its input.
        ensure!(!self.words().contains("Password for"), "{}", self.words());
        Ok(())
    }

    /// What it heard in the call that is over now: the file is a WAV file only then. The next call has its own.
    pub fn heard(&mut self) -> Result<Recording> {
        let path = self.recording();
        let recording = wait_for("finished recording", PATIENCE, || {
            Recording::read(&path).ok().filter(|recording| recording.seconds() > 0.0)
        });
        let recording = recording.with_context(|| self.words())?;
        self.calls += 1;
        self.record()?;
        Ok(recording)
    }

    fn record(&mut self) -> Result<()> {
        self.say(&format!("record {}", self.recording().display()))
    }

    fn recording(&self) -> PathBuf {
        self.folder.path().join(format!("heard-{}.wav", self.calls))
    }

    /// Every SIP message it sent and received, and much else.
    pub fn signalling(&self) -> String {
        let path: PathBuf = self.folder.path().join("signalling");
        std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// What it printed.
    pub fn words(&self) -> String {
        self.process.words()
    }
}
