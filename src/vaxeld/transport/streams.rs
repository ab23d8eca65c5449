//! TCP and TLS connections for SIP: accepted and opened, bounded in number, in time and in what they may queue.

use super::places::{Bounds, Place, Places, Standing};
use super::tls::{Identity, refusal};
use nix::sys::resource::{Resource, getrlimit};
use sip::flow::{Flow, SendToken, Transport};
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// What connections and sockets tell the core.
pub enum Told {
    /// Nobody listens where a datagram was sent.
    Refused {
        /// Where.
        remote: SocketAddr,
    },
    /// A connection is open; its writer takes messages.
    Opened {
        /// Which.
        flow: Flow,
        /// Its way out.
        writer: Writer,
    },
    /// Bytes arrived.
    Data {
        /// On which connection.
        flow: Flow,
        /// What.
        bytes: Vec<u8>,
    },
    /// A connection is gone.
    Closed {
        /// Which.
        flow: Flow,
    },
    /// A connection could not be opened: these messages were not delivered.
    Failed {
        /// To whom.
        remote: SocketAddr,
        /// Of which transport.
        transport: Transport,
        /// Why, for people.
        why: String,
    },
}

/// The way out of one connection.
pub struct Writer {
    queue: mpsc::Sender<Vec<u8>>,
    /// Bytes in the queue.
    queued: Arc<AtomicUsize>,
    /// Of a connection that was accepted and has not shown who it is.
    unproven: Option<Arc<Standing>>,
}

impl Writer {
    /// Queues a message; an error when the peer does not read what it was sent.
    fn send(&self, payload: Vec<u8>) -> Result<(), Undelivered> {
        let most = if self.unproven.is_some() { QUEUED_UNPROVEN_MAX } else { QUEUED_MAX };
        let queued = self.queued.load(Ordering::Relaxed);
        if queued > 0 && queued + payload.len() > most {
            return Err(Undelivered);
        }
        self.queued.fetch_add(payload.len(), Ordering::Relaxed);
        self.queue.try_send(payload).map_err(|_| Undelivered)
    }
}

/// Messages that may wait for one connection.
const QUEUE_MAX: usize = 256;
/// Bytes that may wait for one connection: a response repeats what the request said, which may be a lot.
const QUEUED_MAX: usize = 1 << 20;
/// The same before the other end has shown who it is.
const QUEUED_UNPROVEN_MAX: usize = 64 << 10;
/// What the system may keep for one connection in each direction, bytes: SIP is short.
const BUFFER: usize = 256 << 10;
/// A write, a handshake or an opening may take so long.
const WRITE_MAX: Duration = Duration::from_secs(10);
const OPEN_MAX: Duration = Duration::from_secs(4);
/// A connection that has not begun a message by then is let go: it holds a place that a phone may need. The rest of a
/// message that has begun is awaited by [`sip::endpoint::Config::message_wait`].
const FIRST_MAX: Duration = Duration::from_secs(20);
/// A phone sends keep-alives more often (RFC 5626 section 4.4.1 recommends two minutes).
const IDLE_MAX: Duration = Duration::from_secs(900);

/// All connections of the box.
pub struct Streams {
    /// Where connections live; the core's own thread is for the core.
    runtime: Handle,
    tell: mpsc::Sender<Told>,
    identity: Arc<Identity>,
    writers: HashMap<Flow, Writer>,
    /// Outbound connections that are open or being opened, by far end.
    outbound: HashMap<(Transport, SocketAddr), Outbound>,
    listening: Vec<(Transport, SocketAddr)>,
}

enum Outbound {
    Opening(Vec<(Vec<u8>, SendToken)>),
    Open(Flow),
}

/// Messages that may wait for a connection to open.
const WAITING_MAX: usize = 64;

impl Streams {
    /// Listens on every address; `tell` is where connections report to.
    pub fn listen(
        tcp: &[SocketAddr],
        tls: &[SocketAddr],
        identity: Identity,
        tell: mpsc::Sender<Told>,
    ) -> io::Result<Self> {
        let identity = Arc::new(identity);
        let files = getrlimit(Resource::RLIMIT_NOFILE).map_or(1_024, |(soft, _)| soft);
        let places = Places::new(Bounds::fitting(usize::try_from(files).unwrap_or(usize::MAX)));
        let mut listening = Vec::new();
        let all =
            tcp.iter().map(|at| (Transport::Tcp, *at)).chain(tls.iter().map(|at| (Transport::Tls, *at)));
        for (transport, address) in all {
            let listener = listener(address).map_err(|error| {
                io::Error::new(error.kind(), format!("cannot listen on {transport} {address}: {error}"))
            })?;
            let local = listener.local_addr()?;
            listening.push((transport, local));
            let accept = Accept {
                listener,
                transport,
                local,
                identity: Arc::clone(&identity),
                places: places.clone(),
                tell: tell.clone(),
            };
            tokio::spawn(accept.run());
        }
        let runtime = Handle::current();
        Ok(Self { runtime, tell, identity, writers: HashMap::new(), outbound: HashMap::new(), listening })
    }

    /// The bound addresses.
    pub fn addresses(&self) -> impl Iterator<Item = (Transport, SocketAddr)> + '_ {
        self.listening.iter().copied()
    }

    /// A connection is open. Gives messages whose sending failed at once.
    pub fn opened(&mut self, flow: Flow, writer: Writer) -> Vec<SendToken> {
        self.writers.insert(flow, writer);
        let key = (flow.transport, flow.remote);
        let Some(Outbound::Opening(waiting)) = self.outbound.insert(key, Outbound::Open(flow)) else {
            return Vec::new();
        };
        let sent =
            waiting.into_iter().map(|(payload, token)| self.send(flow, payload).map_err(|Undelivered| token));
        sent.filter_map(Result::err).collect()
    }

    /// A connection is gone.
    pub fn closed(&mut self, flow: Flow) {
        self.writers.remove(&flow);
        let key = (flow.transport, flow.remote);
        if matches!(self.outbound.get(&key), Some(Outbound::Open(open)) if *open == flow) {
            self.outbound.remove(&key);
        }
    }

    /// A connection could not be opened. Gives the messages that waited for it.
    pub fn failed(&mut self, transport: Transport, remote: SocketAddr) -> Vec<SendToken> {
        match self.outbound.remove(&(transport, remote)) {
            Some(Outbound::Opening(waiting)) => waiting.into_iter().map(|(_, token)| token).collect(),
            Some(Outbound::Open(_)) | None => Vec::new(),
        }
    }

    /// Queues a message on an open connection. A connection whose queue is full is closed: its peer does not read.
    pub fn send(&mut self, flow: Flow, payload: Vec<u8>) -> Result<(), Undelivered> {
        let Some(writer) = self.writers.get(&flow) else { return Err(Undelivered) };
        writer.send(payload).inspect_err(|Undelivered| drop(self.writers.remove(&flow)))
    }

    /// The other end has shown that it is one of ours: its connection makes room for nobody.
    pub fn prove(&mut self, flow: Flow) {
        let Some(writer) = self.writers.get_mut(&flow) else { return };
        if writer.unproven.as_ref().is_some_and(|standing| standing.proved()) {
            writer.unproven = None;
        }
    }

    /// Queues a message to an address: on the connection there is, or on a new one.
    pub fn send_to(&mut self, way: Way, payload: Vec<u8>, token: SendToken) -> Result<(), Undelivered> {
        let key = (way.transport, way.remote);
        match self.outbound.get_mut(&key) {
            Some(Outbound::Open(flow)) => {
                let flow = *flow;
                self.send(flow, payload)
            }
            Some(Outbound::Opening(waiting)) if waiting.len() < WAITING_MAX => {
                waiting.push((payload, token));
                Ok(())
            }
            Some(Outbound::Opening(_)) => Err(Undelivered),
            None => {
                // A phone may have opened a connection of its own from exactly there.
                let inbound = self.writers.keys().find(|flow| (flow.transport, flow.remote) == key).copied();
                if let Some(flow) = inbound {
                    return self.send(flow, payload);
                }
                self.outbound.insert(key, Outbound::Opening(vec![(payload, token)]));
                self.runtime.spawn(open(way, Arc::clone(&self.identity), self.tell.clone()));
                Ok(())
            }
        }
    }

    /// Drops a connection that broke the rules.
    pub fn disconnect(&mut self, flow: Flow) {
        self.closed(flow);
    }
}

/// A message was not, and will not be, sent.
#[derive(Debug)]
pub struct Undelivered;

/// Where a new connection goes.
#[derive(Clone, Debug)]
pub struct Way {
    /// TCP or TLS.
    pub transport: Transport,
    /// The listening address that speaks; its IP address is used where it is not a wildcard.
    pub local: SocketAddr,
    /// The far end.
    pub remote: SocketAddr,
    /// The name its certificate must have.
    pub tls_name: Option<Arc<str>>,
}

struct Accept {
    listener: TcpListener,
    transport: Transport,
    local: SocketAddr,
    identity: Arc<Identity>,
    places: Places,
    tell: mpsc::Sender<Told>,
}

impl Accept {
    async fn run(self) {
        loop {
            let accepted = tokio::select! {
                () = self.tell.closed() => return,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, remote)) => {
                    let place = self.places.take(remote.ip());
                    let flow = Flow { transport: self.transport, local: self.local, remote };
                    let (identity, tell) = (Arc::clone(&self.identity), self.tell.clone());
                    tokio::spawn(async move { accepted_one(stream, flow, &identity, (tell, place)).await });
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
}

async fn accepted_one(
    stream: TcpStream,
    flow: Flow,
    identity: &Identity,
    (tell, mut place): (mpsc::Sender<Told>, Place),
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection does not take TCP_NODELAY");
    }
    match flow.transport {
        Transport::Tls => {
            let shaken = tokio::select! {
                shaken = timeout(WRITE_MAX, identity.accept(stream)) => shaken,
                () = place.given_up() => return,
            };
            match shaken {
                Ok(Ok(stream)) => converse(stream, flow, tell, Some(place)).await,
                Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
                Err(_) => tracing::debug!("a TLS handshake took too long"),
            }
        }
        Transport::Tcp | Transport::Udp => converse(stream, flow, tell, Some(place)).await,
    }
}

async fn open(way: Way, identity: Arc<Identity>, tell: mpsc::Sender<Told>) {
    let (transport, remote) = (way.transport, way.remote);
    let why = match timeout(OPEN_MAX, connect(&way, &identity, &tell)).await {
        Ok(Ok(())) => return,
        Ok(Err(error)) => refusal(&error, way.tls_name.as_deref()),
        Err(_) => "no connection within four seconds".to_owned(),
    };
    tracing::debug!(why, %remote, "a connection could not be opened");
    if tell.send(Told::Failed { remote, transport, why }).await.is_err() {
        tracing::debug!("the core has stopped");
    }
}

async fn connect(way: &Way, identity: &Arc<Identity>, tell: &mpsc::Sender<Told>) -> io::Result<()> {
    let stream = TcpStream::connect(way.remote).await?;
    stream.set_nodelay(true)?;
    // A far end that has vanished is noticed by the system, and the next message opens a new connection.
    SockRef::from(&stream).set_tcp_user_timeout(Some(WRITE_MAX))?;
    let flow = Flow { transport: way.transport, local: way.local, remote: way.remote };
    let tell = tell.clone();
    match way.transport {
        Transport::Tls => {
            let stream = identity.connect(stream, way.remote.ip(), way.tls_name.as_deref()).await?;
            tokio::spawn(converse(stream, flow, tell, None));
        }
        Transport::Tcp | Transport::Udp => {
            tokio::spawn(converse(stream, flow, tell, None));
        }
    }
    Ok(())
}

/// Reads until the end, and writes meanwhile; says `Opened` first and `Closed` last. A connection that was accepted has
/// a place.
async fn converse<S>(stream: S, flow: Flow, tell: mpsc::Sender<Told>, place: Option<Place>)
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let (reader, writer) = tokio::io::split(stream);
    let mut place = place;
    let standing = place.as_ref().map(|place| Arc::clone(place.standing()));
    let first = place.is_some().then_some(FIRST_MAX);
    let (queue, waiting) = mpsc::channel(QUEUE_MAX);
    let queued = Arc::new(AtomicUsize::new(0));
    let waiting = Waiting { queue: waiting, queued: Arc::clone(&queued), unanswered: standing.clone() };
    let writer = pin!(write(writer, waiting));
    let reader = pin!(read(reader, flow, &tell, first));
    if tell.send(Told::Opened { flow, writer: Writer { queue, queued, unproven: standing } }).await.is_err() {
        return;
    }
    tokio::select! {
        () = reader => {}
        () = writer => {}
        () = needed_elsewhere(&mut place) => {}
    }
    // Before the socket goes: its address may be used again at once, and `Closed` must not be taken for the next one's.
    if tell.send(Told::Closed { flow }).await.is_err() {
        tracing::debug!("the core has stopped");
    }
}

async fn read<R: AsyncRead + Unpin>(
    mut reader: R,
    flow: Flow,
    tell: &mpsc::Sender<Told>,
    first: Option<Duration>,
) {
    let mut buffer = vec![0; 8_192];
    if let Some(first) = first {
        let begun = async {
            while let Some(length) = pass_on(&mut reader, &mut buffer, (flow, tell)).await {
                if buffer[..length].iter().any(|byte| !matches!(byte, b'\r' | b'\n')) {
                    return true;
                }
            }
            false
        };
        if !matches!(timeout(first, begun).await, Ok(true)) {
            return;
        }
    }
    while let Ok(Some(_)) = timeout(IDLE_MAX, pass_on(&mut reader, &mut buffer, (flow, tell))).await {}
}

/// Gives the core what comes next; tells how much it was, `None` at the end.
async fn pass_on<R: AsyncRead + Unpin>(
    reader: &mut R,
    buffer: &mut [u8],
    (flow, tell): (Flow, &mpsc::Sender<Told>),
) -> Option<usize> {
    let length = reader.read(buffer).await.ok().filter(|length| *length > 0)?;
    let bytes = buffer[..length].to_vec();
    tell.send(Told::Data { flow, bytes }).await.ok().map(|()| length)
}

/// Ends when the place is needed for somebody else.
async fn needed_elsewhere(place: &mut Option<Place>) {
    match place {
        Some(place) => place.given_up().await,
        None => std::future::pending().await,
    }
}

/// The far end of a [`Writer`].
struct Waiting {
    queue: mpsc::Receiver<Vec<u8>>,
    queued: Arc<AtomicUsize>,
    /// Of a connection that was accepted and has not been answered.
    unanswered: Option<Arc<Standing>>,
}

/// Ends when the core drops the sending half, or the peer does not take what it asked for.
async fn write<W: AsyncWrite + Unpin>(mut writer: W, mut waiting: Waiting) {
    while let Some(payload) = waiting.queue.recv().await {
        match timeout(WRITE_MAX, writer.write_all(&payload)).await {
            Ok(Ok(())) => waiting.queued.fetch_sub(payload.len(), Ordering::Relaxed),
            Ok(Err(_)) | Err(_) => return,
        };
        if let Some(standing) = waiting.unanswered.take() {
            standing.answered();
        }
        if waiting.queue.is_empty() && !matches!(timeout(WRITE_MAX, writer.flush()).await, Ok(Ok(()))) {
            return;
        }
    }
    if let Ok(Err(error)) = timeout(WRITE_MAX, writer.shutdown()).await {
        tracing::debug!(%error, "a connection did not close cleanly");
    }
}

fn listener(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // A restart must not wait for connections of the last run to time out.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    // What is accepted inherits both.
    socket.set_recv_buffer_size(BUFFER)?;
    socket.set_send_buffer_size(BUFFER)?;
    socket.bind(&address.into())?;
    socket.listen(1_024)?;
    TcpListener::from_std(socket.into())
}
