//! The disk: a mounted file system that forgets, on a power cut, everything that was not synced.
//!
//! It is stricter than ext4: a new name lasts only after its folder was synced, a length only after its file was, and
//! what was written without a sync may survive in part, in any 512-byte sectors. It can also be full, and slow.
//! Read [`Disk`] first; `platter` is the model without FUSE, `mounted` answers the kernel.

mod mounted;
mod platter;

pub use platter::Cut;

use super::deadline::Deadline;
use fuser::{BackgroundSession, Config, MountOption};
use mounted::Parked;
use nix::unistd::Pid;
use platter::Platter;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long what a test waits for may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// The platter, and gates at which syncs and writes can be held up.
#[derive(Debug, Default)]
struct Shared {
    platter: Mutex<Platter>,
    changed: Condvar,
    held_file: Mutex<Option<OsString>>,
    parked: Mutex<Vec<Parked>>,
}

impl Shared {
    fn platter(&self) -> MutexGuard<'_, Platter> {
        self.platter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn held_file(&self) -> MutexGuard<'_, Option<OsString>> {
        self.held_file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn parked(&self) -> MutexGuard<'_, Vec<Parked>> {
        self.parked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A disk, mounted until dropped.
#[derive(Debug)]
pub struct Disk {
    shared: Arc<Shared>,
    path: PathBuf,
    session: Option<BackgroundSession>,
}

impl Disk {
    /// Mounts an empty disk.
    pub fn mount(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("vaxel-disk-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("the temporary folder can be written");
        let shared = Arc::new(Shared::default());
        let mut config = Config::default();
        config.mount_options = vec![MountOption::FSName("vaxel-test-disk".into()), MountOption::NoAtime];
        // One thread may be held up in a sync while the others go on.
        config.n_threads = Some(3);
        let session = fuser::spawn_mount(mounted::Mounted::new(Arc::clone(&shared)), &path, &config)
            .unwrap_or_else(|error| {
                panic!(
                    "cannot mount a FUSE file system ({error}). This test needs /dev/fuse and fusermount3: \
                     apt-get install fuse3, and in a container --device /dev/fuse --cap-add SYS_ADMIN"
                )
            });
        Self { shared, path, session: Some(session) }
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Cuts the power when this many more writes, syncs and changes of names have been done.
    pub fn cut_after(&self, operations: u64) {
        self.shared.platter().cut_after(operations);
    }

    /// The same, and whoever works on it dies at that moment, before it learns of an error.
    pub fn cut_and_kill_after(&self, operations: u64, process: u32) {
        let mut platter = self.shared.platter();
        platter.cut_after(operations);
        platter.kills = i32::try_from(process).ok().map(Pid::from_raw);
    }

    /// Cuts the power now, if it is still on, and returns with the power on again and what the cut left.
    pub fn power_cycle(&self, cut: Cut) {
        self.shared.platter().power_cycle(cut);
        self.shared.changed.notify_all();
    }

    /// Bytes that fit from now on.
    pub fn set_size(&self, bytes: u64) {
        self.shared.platter().size = bytes;
    }

    /// Bytes in use.
    pub fn used(&self) -> u64 {
        self.shared.platter().used()
    }

    /// Syncs done so far: files, and folders.
    pub fn syncs(&self) -> (u64, u64) {
        let platter = self.shared.platter();
        (platter.file_syncs, platter.folder_syncs)
    }

    /// From now on syncs of files wait.
    pub fn hold_syncs(&self) {
        self.shared.platter().held = true;
    }

    /// Waits until a sync is held up.
    pub fn wait_for_held_sync(&self) {
        let deadline = Deadline::after(PATIENCE);
        let platter = self.shared.platter();
        let waited =
            self.shared.changed.wait_timeout_while(platter, deadline.left(), |platter| platter.waiting == 0);
        let timed_out = waited.unwrap_or_else(PoisonError::into_inner).1.timed_out();
        assert!(!timed_out, "nobody synchronised a file within {PATIENCE:?}");
    }

    /// From now on writes to files of this name wait, and nothing else does.
    pub fn hold_writes_to(&self, name: &str) {
        *self.shared.held_file() = Some(name.into());
    }

    /// How many writes are held up.
    pub fn held_writes(&self) -> usize {
        self.shared.parked().len()
    }

    /// Lets writes through.
    pub fn release_writes(&self) {
        *self.shared.held_file() = None;
        let parked = std::mem::take(&mut *self.shared.parked());
        for write in parked {
            write.carry_out(&self.shared);
        }
    }

    /// Lets syncs through.
    pub fn release_syncs(&self) {
        self.shared.platter().held = false;
        self.shared.changed.notify_all();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.release_syncs();
        self.release_writes();
        if let Some(session) = self.session.take() {
            drop(session.umount_and_join());
        }
        drop(std::fs::remove_dir(&self.path));
    }
}
