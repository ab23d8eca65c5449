//! What the kernel offers and the standard library does not. The only file of this crate with unsafe code.

#![allow(unsafe_code)]

use nix::libc;
use std::io;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;

/// Connects a socket to nobody: it keeps its address and port, if it was bound to them by their numbers, and hears
/// everybody again.
pub(super) fn disconnect(socket: &UdpSocket) -> io::Result<()> {
    let nobody = libc::sockaddr { sa_family: libc::AF_UNSPEC as libc::sa_family_t, sa_data: [0; 14] };
    let length = size_of::<libc::sockaddr>() as libc::socklen_t;
    // SAFETY: the address is valid for its length and is only read.
    match unsafe { libc::connect(socket.as_raw_fd(), &raw const nobody, length) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
