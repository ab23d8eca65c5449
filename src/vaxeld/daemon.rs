//! How the box starts, runs and stops: a list of steps.

use crate::config::{Config, Speech};
use crate::control::Control;
use crate::core::{Core, Inlets, now, random};
use crate::disk::Disk;
use crate::exchange::{Addresses, Exchange, Listening, Start};
use crate::log::Recent;
use crate::recorder::{self, Recorder};
use crate::resolve::{Resolver, Servers, Settings};
use crate::sound::{SocketPorts, Sound};
use crate::speaker::{Speaker, Spoken};
use crate::transport::{Datagrams, Identity, Sent, Streams};
use anyhow::Context as _;
use model::site::{Argon2id, Site};
use model::{Command, Reply, Snapshot};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use sip::flow::Transport;
use sip::locate::Families;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use store::{Opening, Store};
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, oneshot};

/// Room in each queue to the core. A full one makes its sender wait: connections read slower, media threads keep
/// their events, commands queue.
const INLET: usize = 4_096;

/// Room for what the writer says: more than can be waited for at once, so that the writer never waits for the core
/// while the core waits for it.
const KEPT: usize = 8_192;

/// What is started.
pub struct Options {
    /// The box's configuration.
    pub config: Config,
    /// Apply the demo company to an empty box.
    pub demo: bool,
}

/// Starts the box and runs it until it is told to stop.
pub fn run(options: Options, recent: Recent) -> anyhow::Result<()> {
    // The core waits for its datagrams itself: no other thread is woken between a socket and the machines.
    let core = tokio::runtime::Builder::new_current_thread().enable_all().build();
    // Connections with their TLS, names and commands stay off the core's thread.
    let others = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let (core, others) =
        core.and_then(|core| Ok((core, others?))).context("the asynchronous runtime does not start")?;
    core.block_on(serve(options, recent, others.handle()))
}

async fn serve(Options { config, demo }: Options, recent: Recent, others: &Handle) -> anyhow::Result<()> {
    // Before anybody can see the box start: who sees it may stop it.
    let mut stopping = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    raise_file_limit();
    let state = Path::new(&config.state);
    make_folder(state).with_context(|| format!("cannot make the state folder {}", state.display()))?;

    // Kept state first: what was promised decides everything else.
    let (store, mut snapshot, opening) =
        Store::open(&state.join("store"), now().wall).context("the store cannot be opened")?;
    let store = Arc::new(store);
    let site = snapshot.site.as_deref().map(read_site).transpose()?;

    // Sockets: whatever fails here fails before anybody was promised anything.
    let (tell_told, told) = mpsc::channel(INLET);
    let datagrams = Datagrams::bind(&config.sip.udp, &tell_told)?;
    let identity = identity(&config, state)?;
    let streams = {
        let _others = others.enter();
        Streams::listen(&config.sip.tcp, &config.sip.tls, identity, tell_told)?
    };
    let path = config.control.clone();
    let control = others
        .spawn(async move { Control::bind(&path).await })
        .await?
        .with_context(|| format!("cannot listen at {}", config.control.display()))?;

    // Threads.
    let (tell_heard, heard) = mpsc::channel(INLET);
    let seeds = (0..config.media.threads).map(|_| random()).collect();
    let (recorder, recorded) = start_recorder(&state.join("messages"), &mut snapshot)?;
    let sound =
        Sound::start(seeds, &tell_heard, Some(&recorder)).context("the media threads do not start")?;
    let trouble = start_music(config.music.as_deref())?;
    let (tell_kept, kept) = mpsc::channel(KEPT);
    let (speaker, spoken) = start_speech(&config.speech, &state.join("spoken"))?;
    let disk = Disk::start(Arc::clone(&store), tell_kept).context("the writer does not start")?;
    let (tell_found, found) = mpsc::channel(INLET);
    let (resolver, resolving) = Resolver::new(resolving(&config), tell_found);
    others.spawn(resolving);
    let (tell_parsed, parsed) = mpsc::channel(16);

    // The core.
    let addresses = addresses(&config, &datagrams, &streams);
    let network = SocketPorts::new(config.media.ports.clone(), sound);
    let start = Start { now: now(), snapshot: &snapshot, site, addresses, seed: random() };
    let mut exchange = Exchange::new(start, network);
    raise_alarms(&mut exchange, &opening);
    if let Some(trouble) = trouble {
        tracing::warn!(trouble, "the music on hold");
        exchange.handle_alarm(now(), "music", Some(trouble));
    }
    let (ask, asked) = mpsc::channel(64);
    let core = Core {
        exchange,
        datagrams,
        sent: Sent::default(),
        streams,
        disk,
        store,
        resolver,
        locating: Vec::new(),
        recent,
        speaker,
        recorder,
        waiting: HashMap::new(),
        next_ticket: 0,
        parsed: tell_parsed,
    };
    let inlets = Inlets { told, heard, asked, kept, found, parsed, spoken, recorded };
    let stop = async move {
        tokio::select! {
            _ = stopping.0.recv() => {}
            _ = stopping.1.recv() => {}
        }
    };
    let empty = snapshot.site.is_none();
    let serving = others.spawn(control.serve(ask.clone()));
    if demo && empty {
        others.spawn(apply_demo(ask));
    }
    say_ready(&config);
    core.run(inlets, stop).await;
    serving.abort();
    tracing::info!("stopped");
    Ok(())
}

/// Makes the state folder and its name as durable as what will be in it: a folder whose parent was never synchronised
/// is gone after a power cut, with everything that was.
fn make_folder(state: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(state)?;
    let state = state.canonicalize()?;
    for folder in state.ancestors().take(3) {
        match std::fs::File::open(folder).and_then(|folder| folder.sync_all()) {
            Ok(()) => {}
            Err(error) if folder == state => return Err(error),
            // Higher up we may not be allowed to; what was there before us is durable already.
            Err(error) => tracing::debug!(%error, folder = %folder.display(), "not synchronised"),
        }
    }
    Ok(())
}

/// Composes what those who wait hear; gives what is wrong with the company's own music.
fn start_music(file: Option<&Path>) -> anyhow::Result<Option<String>> {
    let composer = std::thread::Builder::new().name("music".to_owned());
    let (own, trouble) = match file.map(crate::music::read) {
        Some(Ok(own)) => (Some(own), None),
        Some(Err(trouble)) => (None, Some(trouble)),
        None => (None, None),
    };
    composer.spawn(|| crate::exchange::prepare(own)).context("no thread for the music")?;
    Ok(trouble)
}

/// Starts whoever writes what callers say; the core begins with what is there.
fn start_recorder(
    folder: &Path,
    snapshot: &mut Snapshot,
) -> anyhow::Result<(Recorder, mpsc::Receiver<recorder::Told>)> {
    let (tell, told) = mpsc::channel(INLET);
    let (recorder, found) =
        Recorder::start(folder, tell).context("the folder for messages cannot be used")?;
    snapshot.recordings = found;
    Ok((recorder, told))
}

/// Reads the prompts, and starts whoever reads the company's own texts aloud.
fn start_speech(speech: &Speech, kept: &Path) -> anyhow::Result<(Speaker, mpsc::Receiver<Spoken>)> {
    let (tell_spoken, spoken) = mpsc::channel(64);
    let speaker = Speaker::start(speech.engine.clone(), kept.to_owned(), tell_spoken.clone())
        .context("no thread for the speech engine")?;
    let prompts = speech.prompts.clone();
    let reader = std::thread::Builder::new().name("prompts".to_owned());
    reader.spawn(move || tell_prompts(&prompts, &tell_spoken)).context("no thread for the prompts")?;
    Ok((speaker, spoken))
}

/// Reads the prompts beside everything else: calls may begin without words, but not wait for them.
fn tell_prompts(folder: &Path, tell: &mpsc::Sender<Spoken>) {
    let (voice, trouble) = crate::prompts::read(folder);
    if tell.blocking_send(Spoken::Prompts { voice: Box::new(voice), trouble }).is_err() {
        tracing::debug!("stopped before the prompts were read");
    }
}

/// Every call takes four sockets; the usual limit of 1,024 files would be 250 calls.
fn raise_file_limit() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(_, hard)| setrlimit(Resource::RLIMIT_NOFILE, hard, hard));
    if let Err(error) = raised {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
}

fn read_site(document: &str) -> anyhow::Result<Arc<Site>> {
    match Site::parse(document, &Argon2id(random::<16>)) {
        Ok(site) => Ok(Arc::new(site)),
        Err(mistakes) => {
            let first = mistakes.first().map(ToString::to_string).unwrap_or_default();
            anyhow::bail!("the stored site document cannot be read by this version: {first}")
        }
    }
}

fn resolving(config: &Config) -> Settings {
    let settings = Settings::new(Families::default(), random());
    match config.dns.as_slice() {
        [] => settings,
        servers => Settings { servers: Servers::These(servers.to_vec()), ..settings },
    }
}

fn identity(config: &Config, state: &Path) -> anyhow::Result<Identity> {
    let trusted = &config.sip.authorities;
    let identity = match (&config.sip.certificate, &config.sip.key) {
        (Some(certificate), Some(key)) => Identity::given(certificate, key, trusted),
        _ => {
            let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
            let own = config.sip.tls.iter().map(|address| address.ip());
            names.extend(own.filter(|ip| !ip.is_unspecified()).map(|ip| ip.to_string()));
            names.extend(config.media.external_address.clone());
            names.dedup();
            Identity::own(&state.join("tls"), names, trusted)
        }
    };
    identity.context("no TLS")
}

fn addresses(config: &Config, datagrams: &Datagrams, streams: &Streams) -> Addresses {
    let udp = datagrams.addresses().map(|address| Listening { transport: Transport::Udp, address });
    let others = streams.addresses().map(|(transport, address)| Listening { transport, address });
    Addresses::new(udp.chain(others).collect(), config.media.external_address.clone())
}

fn raise_alarms(exchange: &mut Exchange<SocketPorts>, opening: &Opening) {
    let Opening::Recovered(recoveries) = opening else { return };
    let text: Vec<String> = recoveries.iter().map(crate::disk::described).collect();
    tracing::error!(text = text.join("; "), "the store was damaged");
    exchange.handle_alarm(now(), "store-damaged", Some(text.join("; ")));
}

/// Puts the demo company in force on a box that has none.
async fn apply_demo(ask: mpsc::Sender<crate::control::Asked>) {
    let document = include_str!("../../etc/demo.toml").to_owned();
    let (reply, answer) = oneshot::channel();
    let asked = crate::control::Asked { command: Command::SiteApply { document }, reply };
    if ask.send(asked).await.is_err() {
        return;
    }
    match answer.await {
        Ok(Reply::Refused(refusal)) => {
            tracing::error!(why = ?refusal.messages, "the demo company was refused")
        }
        Ok(_) => tracing::info!("the demo company is in force"),
        Err(_) => tracing::debug!("the core stopped before the demo company was applied"),
    }
}

/// Tells the service manager, if there is one.
fn say_ready(config: &Config) {
    if let Err(error) = sd_notify::notify(&[sd_notify::NotifyState::Ready]) {
        tracing::debug!(%error, "no service manager was told");
    }
    tracing::info!(control = %config.control.display(), version = env!("CARGO_PKG_VERSION"), "ready");
}
