//! An operator with real sockets of its own: answers calls, questions and registrations over UDP, TCP and TLS, and
//! sends the sound of its calls back. Unlike SIPp it can change its ways, lose connections, and call.

use super::deadline::wait_for;
use anyhow::{Context, Result};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use sip::door::{Admitted, Door};
use sip::flow::{Flow, Transport};
use sip::{Message, Method, Name, Request, Response, Status};
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often a thread looks whether it is over.
const LOOK: Duration = Duration::from_millis(50);

/// Something that came.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    /// The number of the connection, 0 for datagrams.
    pub connection: usize,
    /// From where.
    pub from: SocketAddr,
    /// What.
    pub message: Message,
}

#[derive(Default)]
struct Shared {
    heard: Mutex<Vec<Heard>>,
    connections: Mutex<Vec<TcpStream>>,
    count: AtomicUsize,
    /// It takes no calls: INVITEs are heard and not answered.
    deaf: AtomicBool,
    over: AtomicBool,
    sound: Mutex<Option<SocketAddr>>,
}

/// A running operator. It ends when dropped.
pub(crate) struct Operator {
    at: SocketAddr,
    datagrams: Option<UdpSocket>,
    shared: Arc<Shared>,
}

impl Operator {
    /// One that speaks by datagrams.
    pub fn udp(at: SocketAddr) -> Result<Self> {
        let socket = UdpSocket::bind(at).with_context(|| format!("binding {at}"))?;
        socket.set_read_timeout(Some(LOOK))?;
        let operator = Self::new(socket.local_addr()?, Some(socket.try_clone()?))?;
        let shared = Arc::clone(&operator.shared);
        std::thread::spawn(move || {
            let mut buffer = vec![0; 65_535];
            while !shared.over.load(Ordering::Relaxed) {
                let Ok((length, from)) = socket.recv_from(&mut buffer) else { continue };
                let flow = Flow { transport: Transport::Udp, local: at, remote: from };
                for answer in shared.take(0, flow, &buffer[..length]) {
                    if let Err(problem) = socket.send_to(&answer, from) {
                        eprintln!("the operator cannot answer {from}: {problem}");
                    }
                }
            }
        });
        Ok(operator)
    }

    /// One that speaks over connections.
    pub fn tcp(at: SocketAddr) -> Result<Self> {
        Self::listen(at, None)
    }

    /// One that speaks over TLS, with this certificate.
    pub fn tls(at: SocketAddr, identity: Arc<ServerConfig>) -> Result<Self> {
        Self::listen(at, Some(identity))
    }

    fn listen(at: SocketAddr, identity: Option<Arc<ServerConfig>>) -> Result<Self> {
        let listener = TcpListener::bind(at).with_context(|| format!("listening at {at}"))?;
        listener.set_nonblocking(true)?;
        let operator = Self::new(listener.local_addr()?, None)?;
        let shared = Arc::clone(&operator.shared);
        std::thread::spawn(move || {
            while !shared.over.load(Ordering::Relaxed) {
                match listener.accept() {
                    Ok((stream, _)) => shared.begin(stream, identity.clone()),
                    Err(_) => std::thread::park_timeout(LOOK / 10),
                }
            }
        });
        Ok(operator)
    }

    fn new(at: SocketAddr, datagrams: Option<UdpSocket>) -> Result<Self> {
        let operator = Self { at, datagrams, shared: Arc::default() };
        let sound = UdpSocket::bind((at.ip(), 0))?;
        sound.set_read_timeout(Some(LOOK))?;
        *operator.shared.sound.lock().unwrap_or_else(PoisonError::into_inner) = Some(sound.local_addr()?);
        let shared = Arc::clone(&operator.shared);
        std::thread::spawn(move || {
            let mut buffer = [0; 2048];
            while !shared.over.load(Ordering::Relaxed) {
                if let Ok((length, from)) = sound.recv_from(&mut buffer) {
                    drop(sound.send_to(&buffer[..length], from));
                }
            }
        });
        Ok(operator)
    }

    /// Where it is.
    pub fn at(&self) -> SocketAddr {
        self.at
    }

    /// From now on it answers questions and no calls, or calls again.
    pub fn deaf(&self, deaf: bool) {
        self.shared.deaf.store(deaf, Ordering::Relaxed);
    }

    /// All its connections break.
    pub fn cut(&self) {
        for stream in self.shared.connections().drain(..) {
            drop(stream.shutdown(Shutdown::Both));
        }
    }

    /// How many connections it ever had.
    pub fn connections(&self) -> usize {
        self.shared.count.load(Ordering::Relaxed)
    }

    /// Every request of a method that came, repetitions left out.
    pub fn requests(&self, method: &Method) -> Vec<(Heard, Request)> {
        let mut all: Vec<(Heard, Request)> = Vec::new();
        for heard in self.shared.heard().iter() {
            let Message::Request(request) = &heard.message else { continue };
            let again = |(_, other): &(Heard, Request)| {
                other.headers.get(&Name::Via) == request.headers.get(&Name::Via)
            };
            if request.method == *method && !all.iter().any(again) {
                all.push((heard.clone(), request.clone()));
            }
        }
        all
    }

    /// Waits until so many requests of a method have come, and gives the last.
    pub fn wait_for(&self, method: &Method, count: usize) -> Result<(Heard, Request)> {
        let what = format!("{count} × {method} at the operator {}", self.at);
        wait_for(&what, PATIENCE, || self.requests(method).get(count - 1).cloned())
    }

    /// Calls by datagram: an INVITE to a user of somebody at an address. Gives the final response.
    pub fn call(&self, to: SocketAddr, uri: &str, called: &str) -> Result<Response> {
        let socket = self.datagrams.as_ref().context("it speaks by datagrams")?;
        self.invite(("UDP", uri, called), |text| socket.send_to(text, to).map(drop))
    }

    /// The same on the newest connection that was made to it.
    pub fn call_back(&self, uri: &str, called: &str) -> Result<Response> {
        let stream = self.shared.connections().last().context("somebody is connected")?.try_clone()?;
        self.invite(("TCP", uri, called), |text| (&stream).write_all(text))
    }

    fn invite(
        &self,
        (transport, uri, called): (&str, &str, &str),
        send: impl Fn(&[u8]) -> std::io::Result<()>,
    ) -> Result<Response> {
        let sound =
            self.shared.sound.lock().unwrap_or_else(PoisonError::into_inner).context("it has sound")?;
        let (at, ip, body) = (self.at, self.at.ip(), description(sound));
        let request = |method: &str, to: &str, rest: &str| {
            format!(
                "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/{transport} {at};branch=z9hG4bK-{method}-{called};rport\r\n\
                 From: <sip:+46701112233@{ip}>;tag=op\r\nTo: {to}\r\nCall-ID: call-{called}@{at}\r\n\
                 CSeq: 1 {method}\r\nMax-Forwards: 70\r\n\
                 Contact: <sip:operator@{at};transport={}>\r\n{rest}",
                transport.to_lowercase()
            )
        };
        let described =
            format!("Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        send(request("INVITE", &format!("<sip:{called}@{ip}>"), &described).as_bytes())?;
        let response = wait_for("a final response to the operator's INVITE", PATIENCE, || {
            self.shared.heard().iter().rev().find_map(|heard| match &heard.message {
                Message::Response(response) if response.status.is_final() => {
                    let mine = response.headers.cseq().is_ok_and(|cseq| cseq.method == Method::Invite);
                    mine.then(|| response.clone())
                }
                _ => None,
            })
        })?;
        let to = response.headers.get(&Name::To).unwrap_or_default();
        send(request("ACK", to, "Content-Length: 0\r\n\r\n").as_bytes())?;
        Ok(response)
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Relaxed);
        self.cut();
    }
}

impl Shared {
    fn heard(&self) -> MutexGuard<'_, Vec<Heard>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connections(&self) -> MutexGuard<'_, Vec<TcpStream>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a connection and serves it until it ends.
    fn begin(self: &Arc<Self>, stream: TcpStream, identity: Option<Arc<ServerConfig>>) {
        let number = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        let shared = Arc::clone(self);
        std::thread::spawn(move || {
            let served = shared.converse(number, stream, identity);
            if let Err(problem) = served {
                eprintln!("the operator's connection {number} ended: {problem:#}");
            }
        });
    }

    fn converse(&self, number: usize, stream: TcpStream, identity: Option<Arc<ServerConfig>>) -> Result<()> {
        stream.set_nonblocking(false)?;
        stream.set_read_timeout(Some(LOOK))?;
        self.connections().push(stream.try_clone()?);
        let flow = Flow {
            transport: if identity.is_some() { Transport::Tls } else { Transport::Tcp },
            local: stream.local_addr()?,
            remote: stream.peer_addr()?,
        };
        match identity {
            None => self.read(number, flow, stream),
            Some(identity) => {
                let connection = ServerConnection::new(identity)?;
                self.read(number, flow, StreamOwned::new(connection, stream))
            }
        }
    }

    fn read(&self, number: usize, flow: Flow, mut stream: impl Read + Write) -> Result<()> {
        let (mut pending, mut buffer) = (Vec::new(), [0; 8192]);
        while !self.over.load(Ordering::Relaxed) {
            match stream.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(length) => pending.extend(&buffer[..length]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => continue,
                Err(error) => return Err(error.into()),
            }
            while let Some(message) = message(&mut pending) {
                for answer in self.take(number, flow, &message) {
                    stream.write_all(&answer)?;
                    stream.flush()?;
                }
            }
        }
        Ok(())
    }

    /// Takes a message and gives what is answered.
    fn take(&self, connection: usize, flow: Flow, bytes: &[u8]) -> Vec<Vec<u8>> {
        let Admitted::Message(message) = Door::default().admit(bytes, &flow) else { return Vec::new() };
        self.heard().push(Heard { connection, from: flow.remote, message: message.clone() });
        let Message::Request(request) = message else { return Vec::new() };
        let contact = format!("<sip:operator@{};transport={}>", flow.local, flow.transport.in_uri());
        let answer = |status| Response::to(&request, status).with_to_tag("operator");
        let answers = match request.method {
            Method::Ack => Vec::new(),
            Method::Invite if self.deaf.load(Ordering::Relaxed) => Vec::new(),
            Method::Invite => {
                let sound = *self.sound.lock().unwrap_or_else(PoisonError::into_inner);
                let body = sound.map(description).unwrap_or_default();
                let ok = answer(Status::OK).with(Name::Contact, contact);
                vec![answer(Status::TRYING), ok.with_body("application/sdp", body.into_bytes())]
            }
            Method::Register => {
                let mut ok = answer(Status::OK).with(Name::Expires, 120);
                ok.headers.copy(&request.headers, &Name::Contact);
                vec![ok]
            }
            _ => vec![answer(Status::OK)],
        };
        answers.iter().map(Response::to_bytes).collect()
    }
}

/// Cuts the first whole message off what came; keep-alives are passed over.
fn message(pending: &mut Vec<u8>) -> Option<Vec<u8>> {
    let start = pending.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(pending.len());
    pending.drain(..start);
    let head = pending.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&pending[..head]).to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    let whole = head + length.unwrap_or(0usize);
    (pending.len() >= whole).then(|| pending.drain(..whole).collect())
}

fn description(sound: SocketAddr) -> String {
    let (ip, port) = (sound.ip(), sound.port());
    let family = if matches!(ip, IpAddr::V4(_)) { "IP4" } else { "IP6" };
    format!(
        "v=0\r\no=operator 1 1 IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
    )
}
