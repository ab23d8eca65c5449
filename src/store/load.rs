//! Reading everything back: the newest good state, then every journal since.
//!
//! ```text
//! state.4   journal.4 ... journal.5 ...          state.4 damaged? state.3, journal.3, journal.4, journal.5
//! ```
//!
//! A journal says in its head which batch it continues from; batches beyond that in an older journal were given up
//! and do not count. Gaps in the numbers of the batches are losses, and said.

use crate::frame::{self, Item, Reader};
use crate::live::Live;
use crate::opening::Recovery;
use crate::row::{ArchiveRow, ChangeRow, StateRow};
use crate::{StoreError, archive, checkpoint, disk, journal, journal::Journal, row, state};
use jiff::Timestamp;
use std::fs;
use std::path::{Path, PathBuf};

/// What a clean stop leaves: the last batch, so that a journal cut short afterwards is noticed.
const CLOSED: &str = "closed";

/// What was read.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) live: Live,
    pub(crate) journal: Journal,
    pub(crate) archives: Vec<ArchiveRow>,
    /// Generations of state that are good, ascending.
    pub(crate) states: Vec<u64>,
    pub(crate) recoveries: Vec<Recovery>,
    pub(crate) fresh: bool,
}

/// Reads the store in a folder, or makes an empty one.
pub(crate) fn load(dir: &Path, stamp: &str) -> Result<Loaded, StoreError> {
    disk::remove_drafts(dir)?;
    let states = disk::numbers(dir, state::KIND)?;
    let journals = disk::numbers(dir, journal::KIND)?;
    if states.is_empty() && journals.is_empty() && disk::numbers(dir, archive::KIND)?.is_empty() {
        return fresh(dir);
    }
    let mut reading = Reading { dir, stamp, recoveries: Vec::new() };
    let (generation, row) = reading.state(&states)?;
    let mut live = Live::from_row(&row);
    let tail = reading.journals(&mut live, generation, &journals)?;
    reading.closed(&live)?;
    let recoveries = reading.recoveries;
    let highest = states.last().copied().max(journals.last().copied()).unwrap_or(0);
    let mut loaded = match tail {
        Some((path, number, end)) if number == highest => Loaded {
            journal: Journal::resume(path, number, end)?,
            live,
            archives: row.archives,
            states: generation.into_iter().collect(),
            recoveries,
            fresh: false,
        },
        _ => Loaded {
            journal: Journal::create(dir, highest + 1, live.seq)?,
            live,
            archives: row.archives,
            states: generation.into_iter().collect(),
            recoveries,
            fresh: false,
        },
    };
    if !loaded.recoveries.is_empty() || generation.is_none() {
        rewrite(dir, &mut loaded)?;
    }
    disk::remove(&dir.join(CLOSED))?;
    disk::sync_dir(dir)?;
    Ok(loaded)
}

/// Notes a clean stop.
pub(crate) fn close(dir: &Path, seq: u64) -> Result<(), StoreError> {
    let mut bytes = Vec::new();
    frame::push(&mut bytes, seq, row::VERSION, b"");
    disk::write_whole(&dir.join(CLOSED), &bytes)
}

fn fresh(dir: &Path) -> Result<Loaded, StoreError> {
    let journal = Journal::create(dir, 1, 0)?;
    state::write(dir, 1, &StateRow::default())?;
    let (live, archives, recoveries) = Default::default();
    Ok(Loaded { live, journal, archives, states: vec![1], recoveries, fresh: true })
}

/// After damage, a new good generation before anything else happens.
fn rewrite(dir: &Path, loaded: &mut Loaded) -> Result<(), StoreError> {
    let generation = loaded.journal.generation + 1;
    loaded.journal = Journal::create(dir, generation, loaded.live.seq)?;
    let frozen = loaded.live.freeze();
    let row = loaded.live.to_row();
    loaded.archives = checkpoint::export(dir, generation, row, &loaded.archives, &frozen)?;
    loaded.states.push(generation);
    checkpoint::clean_up(dir, &mut loaded.states)
}

struct Reading<'a> {
    dir: &'a Path,
    stamp: &'a str,
    recoveries: Vec<Recovery>,
}

impl Reading<'_> {
    /// Keeps a copy of a damaged file; the original stays until a new generation stands.
    fn keep(&mut self, path: &Path, found: String, lost: Option<String>) -> Result<(), StoreError> {
        let folder = self.dir.join(disk::SET_ASIDE);
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("unnamed");
        let set_aside = folder.join(format!("{}-{name}", self.stamp));
        if path.exists() {
            fs::create_dir_all(&folder)
                .and_then(|()| fs::copy(path, &set_aside))
                .map_err(|error| StoreError::disk(&set_aside, error))?;
            disk::thin_out(&folder)?;
        }
        self.recoveries.push(Recovery { set_aside, found, lost });
        Ok(())
    }

    /// The newest good state.
    fn state(&mut self, states: &[u64]) -> Result<(Option<u64>, StateRow), StoreError> {
        for generation in states.iter().rev() {
            let path = disk::numbered(self.dir, state::KIND, *generation);
            match state::read(&path)? {
                Ok(row) => return Ok((Some(*generation), row)),
                Err(what) => self.keep(&path, format!("the exported state is damaged: {what}"), None)?,
            }
        }
        Ok((None, self.without_state()?))
    }

    /// With no state at all: what the archives say.
    fn without_state(&mut self) -> Result<StateRow, StoreError> {
        let mut row = StateRow::default();
        for generation in disk::numbers(self.dir, archive::KIND)? {
            let unknown = ArchiveRow { generation, records: 0, bytes: 0, newest: Timestamp::MIN };
            let mut found = ArchiveRow { newest: Timestamp::MAX, ..unknown.clone() };
            for entry in archive::read(self.dir, &unknown)?.entries {
                found.records += 1;
                found.bytes += entry.payload.len() as u64;
                row.next_call = row.next_call.max(entry.call.saturating_add(1));
            }
            row.archives.push(found);
        }
        Ok(row)
    }

    /// Replays the journals, and returns the last one with the place where it goes on.
    fn journals(
        &mut self,
        live: &mut Live,
        generation: Option<u64>,
        numbers: &[u64],
    ) -> Result<Option<(PathBuf, u64, usize)>, StoreError> {
        let mut read = Vec::new();
        for number in numbers.iter().filter(|number| generation.is_none_or(|from| **number >= from)) {
            let path = disk::numbered(self.dir, journal::KIND, *number);
            let bytes = disk::read(&path)?.unwrap_or_default();
            let contents = journal::read(&path, &bytes)?;
            read.push((*number, path, contents));
        }
        if let Some(generation) = generation.filter(|from| !numbers.contains(from)) {
            let path = disk::numbered(self.dir, journal::KIND, generation);
            self.keep(&path, "the journal is gone".to_owned(), Some("all changes it held".to_owned()))?;
        } else if generation.is_none() && read.first().is_none_or(|(_, _, contents)| contents.base != Some(0))
        {
            let lost =
                "the site, contacts and calls under way, but for what the journal since repeats".to_owned();
            self.keep(&self.dir.join(state::KIND), "no exported state is readable".to_owned(), Some(lost))?;
            live.seq = read.first().and_then(|(_, _, contents)| contents.base).unwrap_or(0);
        }
        let bases: Vec<Option<u64>> = read.iter().skip(1).map(|(_, _, contents)| contents.base).collect();
        let mut tail = None;
        for (place, (number, path, contents)) in read.into_iter().enumerate() {
            let next = bases.get(place).copied().flatten();
            let end = contents.end;
            let mut damage = contents.damage;
            if contents.base.is_none() {
                damage.push("its head is unreadable".to_owned());
            }
            let missing = replay(live, contents.batches, next);
            if !damage.is_empty() || missing > 0 {
                let found = format!("the journal is damaged: {}", damage.join(", "));
                self.keep(&path, found, (missing > 0).then(|| format!("{missing} batches of changes")))?;
            }
            tail = Some((path, number, end));
        }
        Ok(tail)
    }

    /// Compares with what a clean stop noted.
    fn closed(&mut self, live: &Live) -> Result<(), StoreError> {
        let path = self.dir.join(CLOSED);
        let noted = disk::read(&path)?.and_then(|bytes| match Reader::new(&bytes).next() {
            Some(Item::Frame(found)) => Some(found.seq),
            _ => None,
        });
        let missing = noted.map_or(0, |seq| seq.saturating_sub(live.seq));
        if missing > 0 {
            let found = "the journal ends before the last clean stop".to_owned();
            self.keep(&path, found, Some(format!("the last {missing} batches of changes")))?;
        }
        Ok(())
    }
}

/// Takes in the batches that count and returns how many are missing among them.
fn replay(live: &mut Live, batches: Vec<(u64, Vec<ChangeRow>)>, next: Option<u64>) -> u64 {
    let mut missing = 0;
    for (seq, changes) in batches {
        if seq <= live.seq || next.is_some_and(|base| seq > base) {
            continue;
        }
        missing += seq - live.seq - 1;
        live.take(seq, changes);
    }
    if let Some(base) = next.filter(|base| *base > live.seq) {
        missing += base - live.seq;
        live.seq = base;
    }
    missing
}
