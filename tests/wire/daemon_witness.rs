//! What went over the wire, read by tshark.

use super::daemon_company::{bo, company, phone, records};
use super::tshark::{Capture, Captured};
use crate::world::daemon::Daemon;
use crate::world::phone::baresip::Phone;
use anyhow::Result;
use std::collections::BTreeSet;

/// The column of a field over all packets that a filter lets through.
fn column(seen: &Captured, filter: &str, field: &str) -> Result<Vec<String>> {
    Ok(seen.fields(filter, &[field])?.into_iter().filter_map(|row| row.into_iter().next()).collect())
}

#[test]
fn a_call_is_a_clean_ladder_and_each_leg_has_its_own_stream() -> Result<()> {
    let daemon = Daemon::with_site(&company())?;
    let codecs = "PCMA";
    let mut bo = Phone { answers: true, codecs, ..bo(&daemon) }.start()?;
    let mut anna = Phone { codecs, ..phone(&daemon, "anna-bord") }.start()?;
    let box_ip = daemon.sip().ip();
    let capture = Capture::start(&format!("udp and host {box_ip}"))?;
    anna.dial("202")?;
    anna.wait_for("CALL_ESTABLISHED")?;
    bo.wait_for("CALL_ESTABLISHED")?;
    assert!(anna.hear(1.0)?.has_tone(700.0) && bo.hear(1.0)?.has_tone(440.0));
    anna.hang_up()?;
    bo.wait_for("CALL_CLOSED")?;
    records(&daemon, 1)?;
    let seen = capture.stop()?;

    assert_eq!(seen.count("sip.resend == 1")?, 0, "nothing was sent twice");
    assert_eq!(seen.count("_ws.malformed && sip")?, 0, "every message can be read");
    let (to_anna, to_bo) = (anna.address(), bo.address());
    let anna_said = column(&seen, &format!("sip.Method && ip.src == {to_anna}"), "sip.Method")?;
    assert_eq!(anna_said, ["INVITE", "ACK", "INVITE", "ACK", "BYE"], "once unproved, once proved");
    let bo_heard = column(&seen, &format!("sip.Method && ip.dst == {to_bo}"), "sip.Method")?;
    assert_eq!(bo_heard, ["INVITE", "ACK", "BYE"]);
    let anna_heard = column(&seen, &format!("sip.Status-Code && ip.dst == {to_anna}"), "sip.Status-Code")?;
    assert_eq!(anna_heard.last().map(String::as_str), Some("200"), "her BYE is answered: {anna_heard:?}");
    assert!(anna_heard.contains(&"401".to_owned()), "{anna_heard:?}");

    // The box's packets, by the port they come from: one for each leg.
    let ports = column(&seen, &format!("sdp && ip.src == {box_ip}"), "sdp.media.port")?;
    let ports: BTreeSet<&str> = ports.iter().map(String::as_str).collect();
    assert_eq!(ports.len(), 2, "a port for each leg: {ports:?}");
    let mut identities = BTreeSet::new();
    for port in ports {
        let filter = format!("rtp && ip.src == {box_ip} && udp.srcport == {port}");
        let of_leg: BTreeSet<String> = column(&seen, &filter, "rtp.ssrc")?.into_iter().collect();
        assert_eq!(of_leg.len(), 1, "a leg keeps its SSRC: {of_leg:?}");
        identities.extend(of_leg);
        let stamps: Vec<u32> =
            column(&seen, &filter, "rtp.timestamp")?.iter().filter_map(|stamp| stamp.parse().ok()).collect();
        assert!(stamps.len() > 30, "a second of sound is some fifty packets: {}", stamps.len());
        let steps = stamps.windows(2).map(|pair| pair[1].wrapping_sub(pair[0]));
        let twenty = steps.filter(|step| *step == 160).count();
        assert!(twenty * 10 >= (stamps.len() - 1) * 9, "packets of 20 ms: {stamps:?}");
    }
    let from_phones = column(&seen, &format!("rtp && ip.dst == {box_ip}"), "rtp.ssrc")?;
    identities.extend(from_phones);
    assert_eq!(identities.len(), 4, "no stream passes with the SSRC of another: {identities:?}");
    Ok(())
}
