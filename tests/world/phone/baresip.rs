//! baresip as a desk phone: a process of its own, on an address of its own, driven over its control port.
//!
//! Measured on Debian's 1.0.0: `ausine` speaks 48 kHz stereo only; there is no file player, so what is heard is
//! what its `sndfile` filter writes at the codec's own rate; without some player (`aubridge`) nothing is decoded.

use super::control::Control;
use super::hearing::Recording;
use crate::world::deadline::{Deadline, wait_for};
use crate::world::{loopback, process::Process};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// The SIP port; every phone has its own address.
const SIP_PORT: u16 = 5060;
/// The control port.
const CONTROL_PORT: u16 = 4444;

/// What a phone is like. `..Phone::named("anna")` fills in the rest.
#[derive(Clone, Debug)]
pub(crate) struct Phone {
    /// SIP user name.
    pub user: String,
    /// Where it registers: user part, secret and domain are its own.
    pub registrar: Option<Registrar>,
    /// Picks up by itself.
    pub answers: bool,
    /// The tone it speaks, hertz.
    pub tone: u32,
    /// Codecs in order of preference, as baresip writes them: `PCMA`, `G722`, `opus/48000/2`. Empty: all.
    pub codecs: &'static str,
    /// `srtp`, `srtp-mand` (both SDES) or empty.
    pub encryption: &'static str,
    /// Further account settings, `;ptime=40`.
    pub settings: String,
    /// Further lines of its configuration, `rtp_timeout 5\n`.
    pub configuration: String,
}

/// Where a phone registers.
#[derive(Clone, Debug)]
pub(crate) struct Registrar {
    /// Host and port.
    pub at: SocketAddr,
    /// `udp`, `tcp` or `tls`.
    pub transport: &'static str,
    /// The device's secret.
    pub secret: String,
    /// How long a registration should last, seconds.
    pub expires_s: u32,
}

impl Phone {
    /// A phone that calls and is called directly, speaks 440 Hz and knows every codec.
    pub fn named(user: &str) -> Self {
        Self {
            user: user.to_owned(),
            registrar: None,
            answers: false,
            tone: 440,
            codecs: "",
            encryption: "",
            settings: String::new(),
            configuration: String::new(),
        }
    }

    /// The same at an exchange, over UDP.
    pub fn at(self, at: SocketAddr, secret: &str) -> Self {
        let registrar = Registrar { at, transport: "udp", secret: secret.to_owned(), expires_s: 60 };
        Self { registrar: Some(registrar), ..self }
    }

    /// Starts it; it is ready, and registered where it registers.
    pub fn start(self) -> Result<Baresip> {
        let registers = self.registrar.is_some();
        let mut phone = self.start_unregistered()?;
        if registers {
            phone.wait_until_registered()?;
        }
        Ok(phone)
    }

    /// Starts it, and does not wait for its registration.
    pub fn start_unregistered(self) -> Result<Baresip> {
        let address = loopback::address();
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("config"), self.config(address, folder.path()))?;
        std::fs::write(folder.path().join("accounts"), self.account(address))?;
        std::fs::write(folder.path().join("contacts"), "")?;
        let mut command = Command::new("baresip");
        command.arg("-s").arg("-f").arg(folder.path()).current_dir(folder.path());
        let name = format!("baresip {}", self.user);
        let mut process = Process::start(&name, &mut command, folder.path().join("log"))?;
        let control = wait_for("control port of baresip", PATIENCE, || {
            if let Err(problem) = process.must_run() {
                return Some(Err(problem));
            }
            Control::connect((address, CONTROL_PORT).into()).ok().map(Ok)
        })??;
        Ok(Baresip { user: self.user, address, control, unseen: Vec::new(), process, folder })
    }

    fn account(&self, address: Ipv4Addr) -> String {
        let Self { user, codecs, encryption, settings, .. } = self;
        let mut account = match &self.registrar {
            Some(Registrar { at, transport, secret, expires_s }) => format!(
                "<sip:{user}@{at};transport={transport}>;auth_user={user};auth_pass={secret};regint={expires_s}"
            ),
            None => format!("<sip:{user}@{address}:{SIP_PORT}>;regint=0"),
        };
        account.push_str(if self.answers { ";answermode=auto" } else { ";answermode=manual" });
        if !codecs.is_empty() {
            account.push_str(&format!(";audio_codecs={codecs}"));
        }
        if !encryption.is_empty() {
            account.push_str(&format!(";mediaenc={encryption}"));
        }
        format!("{account}{settings}\n")
    }

    fn config(&self, address: Ipv4Addr, folder: &Path) -> String {
        let Self { user, tone, configuration, .. } = self;
        let folder = folder.display();
        format!(
            "sip_listen {address}:{SIP_PORT}\n\
             net_interface 127.0.0.1\n\
             ctrl_tcp_listen {address}:{CONTROL_PORT}\n\
             call_max_calls 8\n\
             rtp_ports 10000-19999\n\
             audio_source ausine,{tone}\n\
             audio_player aubridge,{user}\n\
             audio_alert aubridge,{user}-alert\n\
             ausrc_srate 48000\nausrc_channels 2\nauplay_srate 48000\nauplay_channels 2\n\
             opus_complexity 1\n\
             snd_path {folder}\n\
             {configuration}\
             module_path /usr/lib/baresip/modules\n\
             module opus.so\nmodule g722.so\nmodule g711.so\n\
             module ausine.so\nmodule aubridge.so\nmodule sndfile.so\nmodule srtp.so\n\
             module_app account.so\nmodule_app menu.so\nmodule_app ctrl_tcp.so\n"
        )
    }
}

/// A running phone.
pub(crate) struct Baresip {
    user: String,
    address: Ipv4Addr,
    control: Control,
    unseen: Vec<Value>,
    process: Process,
    folder: TempDir,
}

impl Baresip {
    /// The URI it is reached by without an exchange.
    pub fn uri(&self) -> String {
        format!("sip:{}@{}:{SIP_PORT}", self.user, self.address)
    }

    /// The address that is its own.
    pub fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// Dials an extension at its exchange, or a whole URI.
    pub fn dial(&mut self, target: &str) -> Result<()> {
        self.say("dial", target)
    }

    /// Picks up.
    pub fn answer(&mut self) -> Result<()> {
        self.say("accept", "")
    }

    /// Hangs up, refuses or gives up.
    pub fn hang_up(&mut self) -> Result<()> {
        self.say("hangup", "")
    }

    /// Puts the other on hold.
    pub fn hold(&mut self) -> Result<()> {
        self.say("hold", "")
    }

    /// Takes the other back.
    pub fn resume(&mut self) -> Result<()> {
        self.say("resume", "")
    }

    /// Sends digits as telephone-events, one after the other.
    pub fn press(&mut self, digits: &str) -> Result<()> {
        const RELEASE: &str = "\u{4}";
        for digit in digits.chars() {
            self.say("sndcode", &digit.to_string())?;
            self.say("sndcode", RELEASE)?;
        }
        Ok(())
    }

    /// Any command of baresip's menu.
    pub fn say(&mut self, command: &str, params: &str) -> Result<()> {
        self.control.say(command, params).map(drop)
    }

    /// The menu's answer to a command, `listcalls` for example.
    pub fn ask(&mut self, command: &str, params: &str) -> Result<String> {
        self.control.say(command, params)
    }

    /// Waits for an event of a type, `CALL_ESTABLISHED` for example, and gives it whole. Each event is given
    /// once; others are kept for later.
    pub fn wait_for(&mut self, event: &str) -> Result<Value> {
        self.wait_for_within(event, PATIENCE)
    }

    /// The same, no longer than `span`.
    pub fn wait_for_within(&mut self, event: &str, span: Duration) -> Result<Value> {
        let deadline = Deadline::after(span);
        loop {
            if let Some(at) = self.unseen.iter().position(|seen| seen["type"] == event) {
                return Ok(self.unseen.remove(at));
            }
            match self.control.events.recv_timeout(deadline.left()) {
                Ok(seen) => self.unseen.push(seen),
                Err(_) => {
                    let seen: Vec<&str> =
                        self.unseen.iter().filter_map(|seen| seen["type"].as_str()).collect();
                    bail!("{} had no {event} within {span:?}; it had {}", self.user, seen.join(" "));
                }
            }
        }
    }

    /// Waits until it is registered. The event for it may come before anybody listens for events.
    fn wait_until_registered(&mut self) -> Result<()> {
        let mut said = String::new();
        wait_for("registration", PATIENCE, || {
            said = self.ask("reginfo", "").ok()?;
            said.contains("OK").then_some(())
        })
        .with_context(|| format!("{} is not registered: {said}", self.user))
    }

    /// Everything that has happened and was not waited for.
    pub fn unseen(&mut self) -> &[Value] {
        self.unseen.extend(self.control.events.try_iter());
        &self.unseen
    }

    /// Waits until the newest call's recording has `seconds` of sound, and gives it.
    pub fn hear(&self, seconds: f64) -> Result<Recording> {
        let what = format!("{seconds} s of sound at {}", self.user);
        wait_for(&what, PATIENCE + Duration::from_secs_f64(seconds), || {
            let recording = Recording::read(&self.newest_recording()?).ok()?;
            (recording.seconds() >= seconds).then_some(recording)
        })
    }

    /// The file with what was heard in the newest call. Its names carry the time and sort.
    fn newest_recording(&self) -> Option<PathBuf> {
        let entries = std::fs::read_dir(self.folder.path()).ok()?;
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        paths.filter(|path| path.to_string_lossy().ends_with("-dec.wav")).max()
    }

    /// Every SIP message it sent and received, and what else it printed.
    pub fn words(&self) -> String {
        self.process.words()
    }

    /// It vanishes without a word, as by a pulled plug.
    pub fn vanish(self) {
        drop(self);
    }
}
