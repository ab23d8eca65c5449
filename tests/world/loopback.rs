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
