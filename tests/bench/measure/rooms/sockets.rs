//! The same room with real sockets: the processor time of the media thread itself.

use super::{Phone, TICK};
use crate::load::figures::rounded;
use crate::load::{now, pause};
use anyhow::{Context, Result};
use media::{Codec, Command, Role, Room};
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::time::Duration;
use vaxeld::exchange::Network;
use vaxeld::sound::{SocketPorts, Sound};

const MEMBERS: usize = 50;
const GROUPS: usize = 10;
const WARM: usize = 100;
const MEASURED: usize = 250;

/// Fifty phones with G.711, a tenth of them each 2 ms.
pub(super) fn measure() -> Result<Value> {
    let (tell, _heard) = tokio::sync::mpsc::channel(4096);
    let mut ports = SocketPorts::new(30_000..=31_999, Sound::start(vec![[5; 32]], &tell, None)?);
    let local = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let mut phones = Vec::new();
    for number in 0..MEMBERS {
        let socket = UdpSocket::bind((local, 0))?;
        socket.set_nonblocking(true)?;
        let phone = Phone::new(number, Codec::Pcma, socket.local_addr()?);
        let leg = phone.leg;
        let port = ports.open(leg, 0, local)?;
        socket.connect((local, port))?;
        ports.command(leg, Command::Configure { leg, agreed: Box::new(phone.agreed.clone()) });
        ports.command(leg, Command::Join { room: Room(1), leg, role: Role::MEMBER });
        phones.push((socket, phone));
    }
    let (mut sent, mut arrived, mut before) = (0, 0, Duration::ZERO);
    let mut at = now();
    let mut octets = [0; 2048];
    for round in 0..WARM + MEASURED {
        if round == WARM {
            (sent, arrived, before) = (0, 0, processor()?);
        }
        for group in 0..GROUPS {
            for (socket, phone) in phones.iter_mut().skip(group).step_by(GROUPS) {
                sent += usize::from(socket.send(phone.speak()).is_ok());
                while socket.recv(&mut octets).is_ok() {
                    arrived += 1;
                }
            }
            at += TICK / GROUPS as u32;
            pause(at.saturating_duration_since(now()));
        }
    }
    let used = processor()?.saturating_sub(before).as_secs_f64();
    let time = TICK.as_secs_f64() * MEASURED as f64;
    Ok(json!({
        "cpu_percent_of_a_core": rounded(used / time * 100.0),
        "us_per_tick": rounded(used * 1e6 / MEASURED as f64),
        "packets_sent": sent, "packets_arrived": arrived,
    }))
}

/// What the media thread has used of a processor.
fn processor() -> Result<Duration> {
    for task in std::fs::read_dir("/proc/self/task")? {
        let task = task?.path();
        if std::fs::read_to_string(task.join("comm"))?.trim() == "sound-0" {
            let used = std::fs::read_to_string(task.join("schedstat"))?;
            let nanoseconds = used.split(' ').next().context("the kernel counts no processor time")?;
            return Ok(Duration::from_nanos(nanoseconds.parse()?));
        }
    }
    anyhow::bail!("there is no media thread")
}
