//! Protected packets that come, and packets protected and then changed on the way.
//!
//! The first octet chooses the suite and the channel, the second what is done, the rest is the packet.

use media::srtp::{MasterKey, Suite};
use media::{Srtp, SrtpKeys};

/// One packet.
pub fn run(data: &[u8]) {
    let [first, second, packet @ ..] = data else { return };
    let suite = Suite::ALL[usize::from(*first) % Suite::ALL.len()];
    let rtcp = first & 0x80 != 0;
    let (one, two) =
        (MasterKey::from_random(suite, &[*first | 1; _]), MasterKey::from_random(suite, &[!*first; _]));
    let mut sender = Srtp::new(&SrtpKeys { send: one.clone(), receive: two.clone() });
    let mut receiver = Srtp::new(&SrtpKeys { send: two, receive: one });
    let open = |end: &mut Srtp, packet: &mut Vec<u8>| match rtcp {
        true => end.unprotect_rtcp(packet),
        false => end.unprotect(packet),
    };
    let mut strange = packet.to_vec();
    assert!(open(&mut receiver, &mut strange).is_err(), "nobody guesses the key");
    let mut sealed = packet.to_vec();
    let sent = if rtcp { sender.protect_rtcp(&mut sealed) } else { sender.protect(&mut sealed) };
    if sent.is_err() {
        return;
    }
    let mut changed = sealed.clone();
    let at = usize::from(*second) * 7 % changed.len();
    changed[at] ^= 1 + (second & 0x7f);
    assert!(open(&mut receiver, &mut changed).is_err(), "a change at {at} is noticed");
    let mut opened = sealed.clone();
    open(&mut receiver, &mut opened).expect("the packet itself is let in");
    assert_eq!(opened, packet);
    assert!(open(&mut receiver, &mut sealed).is_err(), "once only");
}
