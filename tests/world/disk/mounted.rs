//! Answers the kernel's requests from the platter. Nothing is cached in the kernel, so every read and write comes here.

use super::Shared;
use super::platter::Kind;
use fuser::{
    Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo, LockOwner, OpenFlags,
    RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory, ReplyEmpty, ReplyEntry, ReplyOpen,
    ReplyWrite, Request, TimeOrNow, WriteFlags,
};
use std::ffi::OsStr;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The kernel remembers nothing.
const TTL: Duration = Duration::ZERO;

#[derive(Debug)]
pub struct Mounted {
    shared: Arc<Shared>,
}

impl Mounted {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }
}

/// A write that waits for its turn; who wrote waits with it.
#[derive(Debug)]
pub(super) struct Parked {
    inode: u64,
    offset: u64,
    data: Vec<u8>,
    reply: ReplyWrite,
}

impl Parked {
    /// Writes, and lets whoever wrote go on.
    pub(super) fn carry_out(self, shared: &Shared) {
        match shared.platter().write(self.inode, self.offset, &self.data) {
            Ok(()) => self.reply.written(u32::try_from(self.data.len()).unwrap_or(u32::MAX)),
            Err(error) => self.reply.error(error),
        }
    }
}

fn attributes(inode: u64, kind: Kind) -> FileAttr {
    let (kind, size) = match kind {
        Kind::Folder => (FileType::Directory, 0),
        Kind::File(size) => (FileType::RegularFile, size),
    };
    FileAttr {
        ino: INodeNo(inode),
        size,
        blocks: size.div_ceil(512),
        atime: UNIX_EPOCH,
        mtime: UNIX_EPOCH,
        ctime: UNIX_EPOCH,
        crtime: UNIX_EPOCH,
        kind,
        perm: 0o755,
        nlink: 1,
        uid: 0,
        gid: 0,
        rdev: 0,
        blksize: 4096,
        flags: 0,
    }
}

fn answer(reply: ReplyEmpty, outcome: Result<(), Errno>) {
    match outcome {
        Ok(()) => reply.ok(),
        Err(error) => reply.error(error),
    }
}

impl Filesystem for Mounted {
    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        match self.shared.platter().lookup(parent.into(), name) {
            Ok((inode, kind)) => reply.entry(&TTL, &attributes(inode, kind), Generation(0)),
            Err(error) => reply.error(error),
        }
    }

    fn getattr(&self, _: &Request, inode: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        match self.shared.platter().kind(inode.into()) {
            Ok(kind) => reply.attr(&TTL, &attributes(inode.into(), kind)),
            Err(error) => reply.error(error),
        }
    }

    fn setattr(
        &self,
        _: &Request,
        inode: INodeNo,
        _: Option<u32>,
        _: Option<u32>,
        _: Option<u32>,
        size: Option<u64>,
        _: Option<TimeOrNow>,
        _: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<fuser::BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let mut platter = self.shared.platter();
        let resized = size.map_or(Ok(()), |size| platter.resize(inode.into(), size));
        match resized.and_then(|()| platter.kind(inode.into())) {
            Ok(kind) => reply.attr(&TTL, &attributes(inode.into(), kind)),
            Err(error) => reply.error(error),
        }
    }

    fn mkdir(&self, _: &Request, parent: INodeNo, name: &OsStr, _: u32, _: u32, reply: ReplyEntry) {
        match self.shared.platter().create_folder(parent.into(), name) {
            Ok(inode) => reply.entry(&TTL, &attributes(inode, Kind::Folder), Generation(0)),
            Err(error) => reply.error(error),
        }
    }

    fn create(&self, _: &Request, parent: INodeNo, name: &OsStr, _: u32, _: u32, _: i32, reply: ReplyCreate) {
        match self.shared.platter().create(parent.into(), name) {
            Ok(inode) => {
                let attributes = attributes(inode, Kind::File(0));
                reply.created(&TTL, &attributes, Generation(0), FileHandle(0), FopenFlags::FOPEN_DIRECT_IO);
            }
            Err(error) => reply.error(error),
        }
    }

    fn open(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        reply.opened(FileHandle(0), FopenFlags::FOPEN_DIRECT_IO);
    }

    fn read(
        &self,
        _: &Request,
        inode: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        match self.shared.platter().read(inode.into(), offset, size) {
            Ok(bytes) => reply.data(&bytes),
            Err(error) => reply.error(error),
        }
    }

    fn write(
        &self,
        _: &Request,
        inode: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let write = Parked { inode: inode.into(), offset, data: data.to_vec(), reply };
        let held = match &*self.shared.held_file() {
            Some(name) => self.shared.platter().is_named(inode.into(), name),
            None => false,
        };
        if held {
            self.shared.parked().push(write);
        } else {
            write.carry_out(&self.shared);
        }
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        // Closing a file syncs nothing. ENOSYS has the kernel never ask again: a test that dies with files open would
        // otherwise wait for an answer from its own dead threads.
        reply.error(Errno::ENOSYS);
    }

    fn fsync(&self, _: &Request, inode: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        let mut platter = self.shared.platter();
        if platter.held {
            platter.waiting += 1;
            self.shared.changed.notify_all();
            platter = self
                .shared
                .changed
                .wait_while(platter, |platter| platter.held)
                .unwrap_or_else(PoisonError::into_inner);
            platter.waiting -= 1;
        }
        answer(reply, platter.sync(inode.into()));
    }

    fn fsyncdir(&self, _: &Request, inode: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        answer(reply, self.shared.platter().sync_folder(inode.into()));
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        answer(reply, self.shared.platter().take(parent.into(), name));
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        answer(reply, self.shared.platter().take(parent.into(), name));
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        new_parent: INodeNo,
        new_name: &OsStr,
        _: RenameFlags,
        reply: ReplyEmpty,
    ) {
        let renamed = self.shared.platter().rename((parent.into(), name), (new_parent.into(), new_name));
        answer(reply, renamed);
    }

    fn readdir(&self, _: &Request, inode: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        match self.shared.platter().names(inode.into()) {
            Ok(names) => {
                let from = usize::try_from(offset).unwrap_or(usize::MAX);
                for (place, (inode, kind, name)) in names.into_iter().enumerate().skip(from) {
                    let kind = match kind {
                        Kind::Folder => FileType::Directory,
                        Kind::File(_) => FileType::RegularFile,
                    };
                    if reply.add(INodeNo(inode), place as u64 + 1, kind, &name) {
                        break;
                    }
                }
                reply.ok();
            }
            Err(error) => reply.error(error),
        }
    }
}
