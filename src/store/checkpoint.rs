//! Checkpoints: a new generation of state and archives, after which older journals can go.

use crate::live::Records;
use crate::row::{ArchiveRow, StateRow};
use crate::{StoreError, archive, disk, journal, state};
use std::collections::BTreeSet;
use std::path::Path;

/// Generations of state kept: when the newest is damaged, the one before and its journals restore the same state.
const GENERATIONS: usize = 2;

/// Writes the archive and the state of a generation, and returns the archives that now hold all records.
pub(crate) fn export(
    dir: &Path,
    generation: u64,
    mut state: StateRow,
    archives: &[ArchiveRow],
    records: &Records,
) -> Result<Vec<ArchiveRow>, StoreError> {
    let mut archives = archive::write(dir, generation, archives, records)?;
    archives.retain(|archive| state.pruned.is_none_or(|before| archive.newest >= before));
    state.archives.clone_from(&archives);
    state::write(dir, generation, &state)?;
    Ok(archives)
}

/// Removes what no kept generation needs. `states` are the good ones, ascending.
pub(crate) fn clean_up(dir: &Path, states: &mut Vec<u64>) -> Result<(), StoreError> {
    let surplus = states.len().saturating_sub(GENERATIONS);
    states.drain(..surplus);
    let Some(oldest) = states.first().copied() else { return Ok(()) };
    let mut needed = BTreeSet::new();
    for generation in states.iter() {
        match state::read(&disk::numbered(dir, state::KIND, *generation))? {
            Ok(row) => needed.extend(row.archives.iter().map(|archive| archive.generation)),
            // It cannot say which archives it needs, so none goes.
            Err(_) => return Ok(()),
        }
    }
    for generation in disk::numbers(dir, state::KIND)? {
        if !states.contains(&generation) {
            disk::remove(&disk::numbered(dir, state::KIND, generation))?;
        }
    }
    for generation in disk::numbers(dir, journal::KIND)?.into_iter().filter(|number| *number < oldest) {
        disk::remove(&disk::numbered(dir, journal::KIND, generation))?;
    }
    for generation in disk::numbers(dir, archive::KIND)? {
        if !needed.contains(&generation) {
            disk::remove(&disk::numbered(dir, archive::KIND, generation))?;
        }
    }
    Ok(())
}
