//! The disk without a kernel: files, folders, and of each what is written and what is safe.

use fuser::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::{OsStr, OsString};

/// The root folder.
pub const ROOT: u64 = 1;
/// What is written or not written as one.
const SECTOR: usize = 512;

/// What a power cut leaves of what was not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Nothing.
    Nothing,
    /// Any half of the sectors and of the changed names, drawn from a seed.
    Half(u64),
}

/// One change of a folder's names that is not safe yet.
#[derive(Clone, Debug)]
enum Renaming {
    Put(OsString, u64),
    Take(OsString),
    /// A rename: both at once or neither. `gone` is set when the old name was in this folder.
    Move {
        gone: OsString,
        name: OsString,
        inode: u64,
    },
}

#[derive(Debug, Default)]
struct Folder {
    names: BTreeMap<OsString, u64>,
    safe: BTreeMap<OsString, u64>,
    unsafe_changes: Vec<Renaming>,
}

#[derive(Debug, Default)]
struct Contents {
    bytes: Vec<u8>,
    safe: Vec<u8>,
    dirty: BTreeSet<usize>,
}

#[derive(Debug)]
enum Inode {
    Folder(Folder),
    File(Contents),
}

/// Kind and length of an inode.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A folder.
    Folder,
    /// A file of so many bytes.
    File(u64),
}

/// The whole disk.
#[derive(Debug)]
pub struct Platter {
    inodes: HashMap<u64, Inode>,
    next: u64,
    budget: Option<u64>,
    powered: bool,
    /// Who dies when the power is cut.
    pub kills: Option<Pid>,
    pub size: u64,
    pub file_syncs: u64,
    pub folder_syncs: u64,
    pub held: bool,
    pub waiting: u32,
}

impl Default for Platter {
    fn default() -> Self {
        Self {
            inodes: HashMap::from([(ROOT, Inode::Folder(Folder::default()))]),
            next: ROOT + 1,
            budget: None,
            powered: true,
            kills: None,
            size: u64::MAX,
            file_syncs: 0,
            folder_syncs: 0,
            held: false,
            waiting: 0,
        }
    }
}

type Done<T> = Result<T, Errno>;

impl Platter {
    pub fn cut_after(&mut self, operations: u64) {
        self.budget = Some(operations);
    }

    /// Counts an operation that changes something, and refuses when the power is off.
    fn spend(&mut self) -> Done<()> {
        if let Some(left) = &mut self.budget {
            if *left == 0 {
                self.powered = false;
                if let Some(process) = self.kills.take() {
                    // It may have died by itself.
                    kill(process, Signal::SIGKILL).unwrap_or_default();
                }
            }
            *left = left.saturating_sub(1);
        }
        self.on()
    }

    fn on(&self) -> Done<()> {
        if self.powered { Ok(()) } else { Err(Errno::EIO) }
    }

    /// Bytes of the files that have a name.
    pub fn used(&self) -> u64 {
        let mut bytes = 0;
        let mut folders = vec![ROOT];
        while let Some(inode) = folders.pop() {
            let Some(Inode::Folder(folder)) = self.inodes.get(&inode) else { continue };
            for child in folder.names.values() {
                match self.inodes.get(child) {
                    Some(Inode::File(contents)) => bytes += contents.bytes.len() as u64,
                    Some(Inode::Folder(_)) => folders.push(*child),
                    None => {}
                }
            }
        }
        bytes
    }

    fn folder(&mut self, inode: u64) -> Done<&mut Folder> {
        match self.inodes.get_mut(&inode) {
            Some(Inode::Folder(folder)) => Ok(folder),
            Some(Inode::File(_)) => Err(Errno::ENOTDIR),
            None => Err(Errno::EIO),
        }
    }

    fn file(&mut self, inode: u64) -> Done<&mut Contents> {
        match self.inodes.get_mut(&inode) {
            Some(Inode::File(contents)) => Ok(contents),
            Some(Inode::Folder(_)) => Err(Errno::EISDIR),
            None => Err(Errno::EIO),
        }
    }

    pub fn lookup(&mut self, parent: u64, name: &OsStr) -> Done<(u64, Kind)> {
        self.on()?;
        let inode = self.folder(parent)?.names.get(name).copied().ok_or(Errno::ENOENT)?;
        Ok((inode, self.kind(inode)?))
    }

    pub fn kind(&self, inode: u64) -> Done<Kind> {
        match self.inodes.get(&inode) {
            Some(Inode::Folder(_)) => Ok(Kind::Folder),
            Some(Inode::File(contents)) => Ok(Kind::File(contents.bytes.len() as u64)),
            None => Err(Errno::EIO),
        }
    }

    /// Whether a file has this name in some folder.
    pub fn is_named(&self, file: u64, name: &OsStr) -> bool {
        self.inodes.values().any(|inode| match inode {
            Inode::Folder(folder) => folder.names.get(name) == Some(&file),
            Inode::File(_) => false,
        })
    }

    pub fn names(&mut self, folder: u64) -> Done<Vec<(u64, Kind, OsString)>> {
        self.on()?;
        let names = self.folder(folder)?.names.clone();
        names.into_iter().map(|(name, inode)| Ok((inode, self.kind(inode)?, name))).collect()
    }

    fn put(&mut self, parent: u64, name: &OsStr, inode: Inode) -> Done<u64> {
        self.spend()?;
        let number = self.next;
        let folder = self.folder(parent)?;
        if folder.names.contains_key(name) {
            return Err(Errno::EEXIST);
        }
        folder.names.insert(name.to_owned(), number);
        folder.unsafe_changes.push(Renaming::Put(name.to_owned(), number));
        self.next += 1;
        self.inodes.insert(number, inode);
        Ok(number)
    }

    pub fn create(&mut self, parent: u64, name: &OsStr) -> Done<u64> {
        self.put(parent, name, Inode::File(Contents::default()))
    }

    pub fn create_folder(&mut self, parent: u64, name: &OsStr) -> Done<u64> {
        self.put(parent, name, Inode::Folder(Folder::default()))
    }

    pub fn take(&mut self, parent: u64, name: &OsStr) -> Done<()> {
        self.spend()?;
        let folder = self.folder(parent)?;
        let inode = folder.names.get(name).copied().ok_or(Errno::ENOENT)?;
        if let Inode::Folder(inner) = self.inodes.get(&inode).ok_or(Errno::EIO)?
            && !inner.names.is_empty()
        {
            return Err(Errno::ENOTEMPTY);
        }
        let folder = self.folder(parent)?;
        folder.names.remove(name);
        folder.unsafe_changes.push(Renaming::Take(name.to_owned()));
        Ok(())
    }

    pub fn rename(&mut self, from: (u64, &OsStr), to: (u64, &OsStr)) -> Done<()> {
        self.spend()?;
        let inode = self.folder(from.0)?.names.remove(from.1).ok_or(Errno::ENOENT)?;
        let target = self.folder(to.0)?;
        target.names.insert(to.1.to_owned(), inode);
        if from.0 == to.0 {
            let change = Renaming::Move { gone: from.1.to_owned(), name: to.1.to_owned(), inode };
            target.unsafe_changes.push(change);
        } else {
            target.unsafe_changes.push(Renaming::Put(to.1.to_owned(), inode));
            self.folder(from.0)?.unsafe_changes.push(Renaming::Take(from.1.to_owned()));
        }
        Ok(())
    }

    pub fn read(&mut self, inode: u64, offset: u64, length: u32) -> Done<Vec<u8>> {
        self.on()?;
        let bytes = &self.file(inode)?.bytes;
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        let to = from.saturating_add(length as usize).min(bytes.len());
        Ok(bytes[from..to].to_vec())
    }

    pub fn write(&mut self, inode: u64, offset: u64, data: &[u8]) -> Done<()> {
        self.spend()?;
        let (used, size) = (self.used(), self.size);
        let contents = self.file(inode)?;
        let from = usize::try_from(offset).map_err(|_| Errno::EFBIG)?;
        let to = from + data.len();
        let growth = to.saturating_sub(contents.bytes.len()) as u64;
        if growth > 0 && used.saturating_add(growth) > size {
            return Err(Errno::ENOSPC);
        }
        if contents.bytes.len() < to {
            contents.bytes.resize(to, 0);
        }
        contents.bytes[from..to].copy_from_slice(data);
        contents.dirty.extend(from / SECTOR..to.div_ceil(SECTOR));
        Ok(())
    }

    pub fn resize(&mut self, inode: u64, length: u64) -> Done<()> {
        self.spend()?;
        let (used, size) = (self.used(), self.size);
        let contents = self.file(inode)?;
        let growth = length.saturating_sub(contents.bytes.len() as u64);
        if growth > 0 && used.saturating_add(growth) > size {
            return Err(Errno::ENOSPC);
        }
        let length = usize::try_from(length).map_err(|_| Errno::EFBIG)?;
        let before = contents.bytes.len();
        contents.bytes.resize(length, 0);
        contents.dirty.extend(before.min(length) / SECTOR..before.max(length).div_ceil(SECTOR));
        Ok(())
    }

    pub fn sync(&mut self, inode: u64) -> Done<()> {
        self.spend()?;
        self.file_syncs += 1;
        let contents = self.file(inode)?;
        contents.safe.resize(contents.bytes.len(), 0);
        for sector in std::mem::take(&mut contents.dirty) {
            copy_sector(&contents.bytes, &mut contents.safe, sector);
        }
        Ok(())
    }

    pub fn sync_folder(&mut self, inode: u64) -> Done<()> {
        self.spend()?;
        self.folder_syncs += 1;
        let folder = self.folder(inode)?;
        folder.safe = folder.names.clone();
        folder.unsafe_changes.clear();
        Ok(())
    }

    /// Power off, what the cut leaves, power on. Inodes get new numbers, so that nobody from before reaches them.
    pub fn power_cycle(&mut self, cut: Cut) {
        self.budget = None;
        self.kills = None;
        self.powered = true;
        let mut old = std::mem::take(&mut self.inodes);
        let mut dice = match cut {
            Cut::Nothing => None,
            Cut::Half(seed) => Some(ChaCha8Rng::seed_from_u64(seed)),
        };
        self.survive(ROOT, ROOT, &mut old, &mut dice);
    }

    fn survive(
        &mut self,
        number: u64,
        new: u64,
        old: &mut HashMap<u64, Inode>,
        dice: &mut Option<ChaCha8Rng>,
    ) {
        // A name may lead to an inode that another surviving name has claimed already; it is then empty.
        let inode = match old.remove(&number) {
            Some(Inode::File(contents)) => {
                let bytes = contents.after(dice);
                Inode::File(Contents { safe: bytes.clone(), bytes, dirty: BTreeSet::new() })
            }
            Some(Inode::Folder(folder)) => {
                let mut names = BTreeMap::new();
                for (name, child) in folder.after(dice) {
                    if !old.contains_key(&child) {
                        continue;
                    }
                    let renumbered = self.next;
                    self.next += 1;
                    self.survive(child, renumbered, old, dice);
                    names.insert(name, renumbered);
                }
                Inode::Folder(Folder { safe: names.clone(), names, unsafe_changes: Vec::new() })
            }
            None => return,
        };
        self.inodes.insert(new, inode);
    }
}

fn copy_sector(from: &[u8], to: &mut [u8], sector: usize) {
    let start = sector * SECTOR;
    let end = (start + SECTOR).min(from.len()).min(to.len());
    if start < end {
        to[start..end].copy_from_slice(&from[start..end]);
    }
}

fn lucky(dice: &mut ChaCha8Rng) -> bool {
    dice.next_u32().is_multiple_of(2)
}

impl Contents {
    fn after(self, dice: &mut Option<ChaCha8Rng>) -> Vec<u8> {
        let mut bytes = self.safe;
        if let Some(dice) = dice {
            if lucky(dice) {
                bytes.resize(self.bytes.len(), 0);
            }
            // Half the time in whole pages, as most disks do; else sector by sector.
            let together = if lucky(dice) { 8 } else { 1 };
            let mut kept = (usize::MAX, false);
            for sector in self.dirty {
                if sector / together != kept.0 {
                    kept = (sector / together, lucky(dice));
                }
                if kept.1 {
                    copy_sector(&self.bytes, &mut bytes, sector);
                }
            }
        }
        bytes
    }
}

impl Folder {
    fn after(self, dice: &mut Option<ChaCha8Rng>) -> BTreeMap<OsString, u64> {
        let mut names = self.safe;
        let Some(dice) = dice else { return names };
        for change in self.unsafe_changes {
            if !lucky(dice) {
                continue;
            }
            match change {
                Renaming::Put(name, inode) => drop(names.insert(name, inode)),
                Renaming::Take(name) => drop(names.remove(&name)),
                Renaming::Move { gone, name, inode } => {
                    if names.get(&gone) == Some(&inode) {
                        names.remove(&gone);
                    }
                    names.insert(name, inode);
                }
            }
        }
        names
    }
}
