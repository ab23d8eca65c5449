//! baresip's ctrl_tcp: commands there, answers and events back, each a netstring (`12:{"a":"bcd"},`) of JSON.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// The longest netstring taken, bytes.
const LONGEST: usize = 1 << 20;
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(5);

/// One connection to a phone.
pub(super) struct Control {
    stream: TcpStream,
    answers: Receiver<Value>,
    /// What happens on the phone.
    pub events: Receiver<Value>,
}

impl Control {
    /// Connects; a thread reads for as long as the phone lives.
    pub fn connect(at: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(at)?;
        let reading = BufReader::new(stream.try_clone()?);
        let (answers_out, answers) = channel();
        let (events_out, events) = channel();
        std::thread::spawn(move || read_all(reading, &answers_out, &events_out));
        Ok(Self { stream, answers, events })
    }

    /// Says a command and waits for its answer.
    pub fn say(&mut self, command: &str, params: &str) -> Result<String> {
        let message = json!({"command": command, "params": params}).to_string();
        write!(self.stream, "{}:{message},", message.len())?;
        let answer = self.answers.recv_timeout(ANSWER).with_context(|| format!("no answer to {command}"))?;
        let data = answer["data"].as_str().unwrap_or_default().to_owned();
        if answer["ok"] != true {
            bail!("the phone refused {command} {params}: {data}");
        }
        Ok(data)
    }
}

/// Sorts what arrives, until either side is gone.
fn read_all(mut reading: impl BufRead, answers: &Sender<Value>, events: &Sender<Value>) {
    while let Ok(Some(text)) = netstring(&mut reading) {
        let Ok(value) = serde_json::from_slice::<Value>(&text) else { return };
        let taken = if value["event"] == true { events.send(value) } else { answers.send(value) };
        if taken.is_err() {
            return;
        }
    }
}

fn netstring(reading: &mut impl BufRead) -> Result<Option<Vec<u8>>> {
    let mut length = Vec::new();
    if reading.read_until(b':', &mut length)? == 0 {
        return Ok(None);
    }
    length.pop();
    let length: usize = std::str::from_utf8(&length)?.trim().parse()?;
    if length > LONGEST {
        bail!("a netstring of {length} bytes");
    }
    let mut text = vec![0; length + 1];
    reading.read_exact(&mut text)?;
    text.pop();
    Ok(Some(text))
}
