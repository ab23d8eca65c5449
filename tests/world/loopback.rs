//! Addresses and ports that nobody else has.
//!
//! Each foreign program gets a loopback address of its own, so that it may use the ports it likes: baresip
//! takes its SIP port and the next, and suites may run beside each other.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};

/// The addresses given out: 127.64.0.1 and up.
const FIRST: u32 = u32::from_be_bytes([127, 64, 0, 1]);
/// How many there are: up to 127.127.255.254.
const COUNT: u32 = 1 << 22;
/// Steps between the first addresses of processes with neighbouring ids.
const STRIDE: u32 = 509;
/// TCP_LISTEN as the kernel writes it.
const LISTENS: &str = "0A";

/// A loopback address on which UDP and TCP port 5060 are free.
pub(crate) fn address() -> Ipv4Addr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let start = std::process::id().wrapping_mul(STRIDE);
    loop {
        let offset = start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % COUNT;
        let address = Ipv4Addr::from(FIRST + offset);
        if address.octets()[3] != 0 && is_free(address) {
            return address;
        }
    }
}

fn is_free(address: Ipv4Addr) -> bool {
    UdpSocket::bind((address, 5060)).is_ok() && TcpListener::bind((address, 5060)).is_ok()
}

/// A port of `address` that is free for UDP and for TCP right now.
pub(crate) fn port(address: IpAddr) -> SocketAddr {
    loop {
        let tcp = TcpListener::bind((address, 0)).expect("loopback has free ports");
        let at = tcp.local_addr().expect("a bound socket has an address");
        if UdpSocket::bind(at).is_ok() {
            return at;
        }
    }
}

/// Whether a socket is open at `at` where process `id` lives; `protocol` is `udp` or `tcp`.
///
/// It reads what the kernel says. To bind there oneself and see it refused would take the place from the very
/// program that is waited for, now and then.
pub(crate) fn is_bound(id: u32, protocol: &str, at: SocketAddr) -> bool {
    let family = if at.is_ipv6() { "6" } else { "" };
    let table = std::fs::read_to_string(format!("/proc/{id}/net/{protocol}{family}")).unwrap_or_default();
    let place = format!("{}:{:04X}", in_kernel_words(at.ip()), at.port());
    table.lines().any(|line| {
        let mut columns = line.split_whitespace().skip(1);
        let bound = columns.next() == Some(&place);
        let state = columns.nth(1);
        bound && (protocol == "udp" || state == Some(LISTENS))
    })
}

/// An address as `/proc/net` writes it: its 32-bit words, as this machine reads them.
fn in_kernel_words(address: IpAddr) -> String {
    let word = |octets: &[u8]| {
        let octets = octets.try_into().expect("a word has four octets");
        format!("{:08X}", u32::from_ne_bytes(octets))
    };
    match address {
        IpAddr::V4(v4) => word(&v4.octets()),
        IpAddr::V6(v6) => v6.octets().chunks(4).map(word).collect(),
    }
}
