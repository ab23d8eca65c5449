//! Registrations: REGISTER, 401, REGISTER with digest, 200.

use super::digest::authorize;
use super::message::Message;
use super::now;
use super::phones::Phones;
use anyhow::{Result, ensure};
use std::fmt::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Registrations of this program so far: no two may look like copies of one.
static BEGUN: AtomicUsize = AtomicUsize::new(0);

/// Registers every phone `times` times, at most `at_once` at the same time; returns how many succeeded.
pub(crate) fn register(phones: &mut Phones, times: usize, at_once: usize) -> Result<usize> {
    let first = BEGUN.fetch_add(phones.len() * times, Ordering::Relaxed);
    let total = first + phones.len() * times;
    let (mut begun, mut done) = (first, first);
    let (mut ready, mut buffer, mut out) = (Vec::new(), vec![0; 65_536], String::new());
    let began = now();
    while done < total {
        while begun < total && begun - done < at_once.min(phones.len()) {
            send(phones, &mut out, begun, None);
            begun += 1;
        }
        phones.wait(Duration::from_millis(20), &mut ready)?;
        for phone in ready.drain(..) {
            while let Some(length) = phones.receive(phone, &mut buffer) {
                let Some(message) = Message::read(&buffer[..length]) else { continue };
                let Some(number) = number_of(message).filter(|number| *number < begun) else { continue };
                match message.status() {
                    Some(401) => send(phones, &mut out, number, Some(message.text)),
                    Some(200) => done += 1,
                    Some(_) => ensure!(false, "a registration got {}", message.first),
                    None => {}
                }
            }
        }
        ensure!(
            began.elapsed() < Duration::from_secs(60),
            "{} registrations were not answered",
            total - done
        );
    }
    Ok(done - first)
}

fn send(phones: &mut Phones, out: &mut String, number: usize, challenges: Option<&str>) {
    let count = phones.len();
    let (exchange, phone) = (phones.exchange(), phones.get(number % count));
    let sequence = 2 * number + usize::from(challenges.is_some());
    let uri = format!("sip:{exchange}");
    out.clear();
    write!(
        out,
        "REGISTER {uri} SIP/2.0\r\nVia: SIP/2.0/UDP phone.invalid:5060;branch=z9hG4bK-r{}-{sequence};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:{user}@{exchange}>;tag=r\r\nTo: <sip:{user}@{exchange}>\r\n\
         Call-ID: {number}@{address}\r\nCSeq: {sequence} REGISTER\r\nContact: <sip:{user}@{address}>\r\nExpires: 3600\r\n\
         User-Agent: Bench Desk 1.0\r\n",
        phone.user,
        user = phone.user,
        address = phone.address,
    )
    .unwrap_or_default();
    if let Some(challenges) = challenges {
        let mut key = std::mem::take(&mut phone.key);
        authorize(out, &mut key, (&phone.user, &phone.secret), ("REGISTER", &uri), challenges);
        phone.key = key;
    }
    out.push_str("Content-Length: 0\r\n\r\n");
    phones.send(number % count, out);
}

fn number_of(message: Message<'_>) -> Option<usize> {
    message.line("Call-ID: ")?.split('@').next()?.parse().ok()
}
