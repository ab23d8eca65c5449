//! A customer's site behind a router that translates addresses: three network namespaces with real rules.
//!
//! ```text
//!  inside 192.168.77.2 ── 192.168.77.1 router 203.0.113.1 ── 203.0.113.90 outside
//! ```
//!
//! The router gives every flow another port, and lets nothing in that was not asked for.

use anyhow::{Context, Result, ensure};
use nix::sched::{CloneFlags, setns};
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// The box's own address.
pub(crate) const INSIDE: Ipv4Addr = Ipv4Addr::new(192, 168, 77, 2);
/// What the world sees of it.
pub(crate) const ROUTER: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 1);
/// Where the operator is.
pub(crate) const OUTSIDE: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 90);

/// The three namespaces. They go when dropped.
pub(crate) struct Nat {
    names: [String; 3],
}

impl Nat {
    /// Sets everything up; none where the machine lets us make no namespaces.
    pub fn new() -> Result<Option<Self>> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = |part: &str| format!("vaxel-{}-{number}-{part}", std::process::id());
        let nat = Self { names: ["in", "router", "out"].map(name) };
        if let Err(problem) = run(&["ip", "netns", "add", &nat.names[0]]) {
            eprintln!("NOT SHOWN: calls through real NAT need network namespaces: {problem:#}");
            return Ok(None);
        }
        nat.connect()?;
        Ok(Some(nat))
    }

    fn connect(&self) -> Result<()> {
        let [inside, router, outside] = &self.names;
        run(&["ip", "netns", "add", router])?;
        run(&["ip", "netns", "add", outside])?;
        for (one, other, first, second) in
            [(inside, router, "wan", "lan"), (outside, router, "world", "uplink")]
        {
            let pair = ["ip", "-n", one, "link", "add", first, "type", "veth"];
            run(&[&pair[..], &["peer", "name", second, "netns", other]].concat())?;
        }
        for (name, device, address) in [
            (inside, "wan", format!("{INSIDE}/24")),
            (router, "lan", "192.168.77.1/24".to_owned()),
            (router, "uplink", format!("{ROUTER}/24")),
            (outside, "world", format!("{OUTSIDE}/24")),
        ] {
            run(&["ip", "-n", name, "link", "set", "lo", "up"])?;
            run(&["ip", "-n", name, "addr", "add", &address, "dev", device])?;
            run(&["ip", "-n", name, "link", "set", device, "up"])?;
        }
        run(&["ip", "-n", inside, "route", "add", "default", "via", "192.168.77.1"])?;
        let within = |command: &[&str]| run(&[&["ip", "netns", "exec", router], command].concat());
        within(&["sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"])?;
        let rules = "table ip translation {\n\
             chain out { type nat hook postrouting priority 100; oifname uplink masquerade random; }\n\
             chain through { type filter hook forward priority 0; policy drop;\n\
             iifname lan accept; ct state established,related accept; }\n\
             chain own { type filter hook input priority 0; policy drop;\n\
             iifname lan accept; ct state established,related accept; }\n}";
        within(&["nft", rules]).context("the rules of the router; scripts/test installs nftables")
    }

    /// Does something inside: programs that are started there stay there.
    pub fn inside<T: Send>(&self, act: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        in_namespace(&self.names[0], act)
    }

    /// Does something outside: sockets that are made there stay there.
    pub fn outside<T: Send>(&self, act: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        in_namespace(&self.names[2], act)
    }
}

impl Drop for Nat {
    fn drop(&mut self) {
        for name in &self.names {
            if let Err(problem) = run(&["ip", "netns", "del", name]) {
                eprintln!("a namespace stays behind: {problem:#}");
            }
        }
    }
}

/// The operator's address with a port.
pub(crate) fn outside(port: u16) -> SocketAddr {
    (OUTSIDE, port).into()
}

fn in_namespace<T: Send>(name: &str, act: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let namespace = File::open(format!("/run/netns/{name}"))?;
    // A thread of its own: which namespace a thread is in is not undone.
    let entered = move || -> Result<T> {
        setns(namespace, CloneFlags::CLONE_NEWNET)?;
        act()
    };
    std::thread::scope(|scope| match scope.spawn(entered).join() {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

fn run(command: &[&str]) -> Result<()> {
    let output = Command::new(command[0]).args(&command[1..]).output().context(command[0].to_owned())?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
