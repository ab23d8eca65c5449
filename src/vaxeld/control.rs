//! The control socket: one JSON request a line in, one JSON reply a line out ([`model::Request`], [`model::Reply`]).
//!
//! Whoever may open the socket is the box's administrator: it is created for its owner and group only.

use model::{Command, Refusal, RefusalCode, Reply, Request};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;

/// A command on its way to the core, and where its reply goes.
pub struct Asked {
    /// What is wanted.
    pub command: Command,
    /// Takes the reply; dropped when whoever asked has gone.
    pub reply: oneshot::Sender<Reply>,
}

/// Clients served at once; a further one waits.
const CLIENTS_MAX: usize = 64;
/// A site document is at most 4 MiB; JSON may escape it to more.
const LINE_MAX: u64 = 16 << 20;
/// A client that says nothing for so long is let go.
const IDLE_MAX: Duration = Duration::from_secs(600);
/// The core answers in microseconds; hashing the passwords of a large site takes longest.
const REPLY_MAX: Duration = Duration::from_secs(120);

/// The listening socket; the file goes away with it.
pub struct Control {
    listener: UnixListener,
    path: PathBuf,
}

impl Control {
    /// Listens at `path`. A socket left by a daemon that died is replaced; one that answers is not.
    pub async fn bind(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)?;
        }
        if path.exists() {
            if UnixStream::connect(path).await.is_ok() {
                let message = format!("another vaxeld already listens at {}", path.display());
                return Err(io::Error::new(io::ErrorKind::AddrInUse, message));
            }
            std::fs::remove_file(path)?;
        }
        let listener = UnixListener::bind(path)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))?;
        Ok(Self { listener, path: path.to_owned() })
    }

    /// Serves clients until the core is gone.
    pub async fn serve(self, core: mpsc::Sender<Asked>) {
        let places = Arc::new(Semaphore::new(CLIENTS_MAX));
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            tokio::select! {
                () = core.closed() => return,
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        let core = core.clone();
                        tokio::spawn(async move {
                            if let Err(error) = converse(stream, core).await {
                                tracing::debug!(%error, "a control client went away");
                            }
                            drop(place);
                        });
                    }
                    Err(error) => {
                        tracing::warn!(%error, "the control socket cannot accept");
                        tokio::time::sleep(Duration::from_millis(200)).await;
                    }
                },
            }
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::debug!(%error, "the control socket's file was gone");
        }
    }
}

async fn converse(stream: UnixStream, core: mpsc::Sender<Asked>) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader).take(LINE_MAX);
    let mut line = Vec::new();
    loop {
        line.clear();
        reader.set_limit(LINE_MAX);
        let read = match timeout(IDLE_MAX, reader.read_until(b'\n', &mut line)).await {
            Ok(read) => read?,
            Err(_) => return Ok(()),
        };
        if read == 0 {
            return Ok(());
        }
        let whole = line.ends_with(b"\n");
        let reply = if whole || (read as u64) < LINE_MAX {
            answer(&line, &core).await
        } else {
            refused(RefusalCode::Invalid, "the request is longer than 16 MiB")
        };
        let mut text = serde_json::to_vec(&reply)?;
        text.push(b'\n');
        match timeout(REPLY_MAX, writer.write_all(&text)).await {
            Ok(written) => written?,
            Err(_) => return Ok(()),
        }
        if !whole {
            return Ok(());
        }
    }
}

async fn answer(line: &[u8], core: &mpsc::Sender<Asked>) -> Reply {
    let request: Request = match serde_json::from_slice(line) {
        Ok(request) => request,
        Err(error) => {
            return refused(RefusalCode::Invalid, &format!("not a request of this version: {error}"));
        }
    };
    let (sender, receiver) = oneshot::channel();
    let asked = Asked { command: request.command, reply: sender };
    if core.send(asked).await.is_err() {
        return refused(RefusalCode::Unavailable, "the box is stopping");
    }
    match timeout(REPLY_MAX, receiver).await {
        Ok(Ok(reply)) => reply,
        Ok(Err(_)) => refused(RefusalCode::Unavailable, "the box is stopping"),
        Err(_) => refused(RefusalCode::Unavailable, "the box did not answer in time; try again"),
    }
}

fn refused(code: RefusalCode, message: &str) -> Reply {
    Reply::Refused(Refusal { code, messages: vec![message.to_owned()] })
}
