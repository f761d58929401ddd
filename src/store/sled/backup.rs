//! A copy of a store that is in use: what its trees hold at one moment, and the archive as far as it counted then.
//!
//! sled's own files must not be copied while they are written: such copies open empty or not at all.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::commits::Commits;
use super::open::{self, Damage, Trouble};
use super::trees::{Tree, Trees, broken};
use crate::store::{OpenError, Saved, StoreError};

/// The trees in one file: for each entry the tree's name, the key and the value, each behind its length; then the end
/// mark and the SHA-256 of all before it.
const STATE: &str = "state.export";

/// What was saved comes to count by this file, written last: the layout's version.
const WHOLE: &str = "FORMAT";

/// Writes what the trees hold to `to`, and makes it last.
pub(super) fn export(trees: &Trees, to: &Path) -> Result<(), StoreError> {
    let failed = |cause: io::Error| StoreError::Elsewhere(cause.to_string());
    fs::create_dir_all(to).map_err(failed)?;
    let file = File::create(to.join(STATE)).map_err(failed)?;
    let mut out = Hashing { inner: BufWriter::new(file), hash: Sha256::new() };
    for (tree, name) in Tree::ALL {
        for entry in trees.entries(*tree, b"") {
            let (key, value) = entry?;
            for part in [name.as_bytes(), &*key, &*value] {
                out.put(part).map_err(failed)?;
            }
        }
    }
    out.put(b"").map_err(failed)?;
    let digest = out.hash.finalize();
    let mut file = out.inner;
    let done = file.write_all(&digest).and_then(|()| file.flush()).and_then(|()| file.get_ref().sync_all());
    done.map_err(failed)
}

/// Copies the files of the archive, as far as they counted, to `to`; then the copy is whole.
pub(super) fn copy(from: &Path, lengths: &[(String, u64)], to: &Path) -> io::Result<Saved> {
    let mut saved = Saved { days: 0, bytes: to.join(STATE).metadata()?.len() };
    for (name, length) in lengths {
        let (from, to) = (from.join("archive").join(name), to.join("archive").join(name));
        let source = match File::open(&from) {
            Ok(source) => source,
            // Its time was over meanwhile.
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => continue,
            Err(cause) => return Err(cause),
        };
        if let Some(dir) = to.parent() {
            fs::create_dir_all(dir)?;
        }
        let mut copy = File::create(&to)?;
        saved.bytes += io::copy(&mut source.take(*length), &mut copy)?;
        saved.days += 1;
        copy.sync_all()?;
    }
    let mut mark = File::create(to.join(WHOLE))?;
    writeln!(mark, "{}", super::format::FORMAT)?;
    mark.sync_all()?;
    File::open(to)?.sync_all()?;
    Ok(saved)
}

/// Makes a store in `to`, which is empty, of the copy in `from`.
pub(super) fn restore(from: &Path, to: &Path) -> Result<(), OpenError> {
    let damaged = |what: &str| OpenError::Backup { path: from.to_owned(), what: what.into() };
    if !from.join(WHOLE).exists() {
        return Err(OpenError::NoBackup { path: from.to_owned() });
    }
    if to.exists() && fs::read_dir(to).map_err(|cause| Trouble::Io(cause).at(to))?.next().is_some() {
        return Err(OpenError::Occupied { path: to.to_owned() });
    }
    open::guarded(|| {
        // Not whole: nothing is written before all of it was read once.
        read(from, |_, _, _| Ok(()))?;
        fs::create_dir_all(to)?;
        copy_tree(&from.join("archive"), &to.join("archive"))?;
        let state = open::found(to)?;
        let mut draft = Some(state.trees.draft());
        read(from, |tree, key, value| {
            if let Some(mut open) = draft.take() {
                open.put_raw(tree, &key, value)?;
                draft = Some(open.spill()?);
            }
            Ok(())
        })?;
        draft.map(super::trees::Draft::apply).transpose()?;
        state.db.flush().map_err(broken)?;
        Commits::open(to)?.write(0)?;
        Ok(open::mark(to)?)
    })
    .map_err(|trouble| match trouble {
        Trouble::Damage(Damage::State(what)) => damaged(&what),
        other => other.at(to),
    })
}

/// Reads what `export` wrote, entry by entry.
fn read(
    from: &Path,
    mut entry: impl FnMut(Tree, Vec<u8>, Vec<u8>) -> Result<(), StoreError>,
) -> Result<(), Trouble> {
    let cut = || StoreError::Broken(format!("{STATE} is damaged"));
    let mut file = Hashing { inner: BufReader::new(File::open(from.join(STATE))?), hash: Sha256::new() };
    loop {
        let name = file.take().map_err(|_| cut())?;
        if name.is_empty() {
            break;
        }
        let (key, value) = (file.take().map_err(|_| cut())?, file.take().map_err(|_| cut())?);
        // A tree that this version no longer has is left behind.
        if let Some((tree, _)) = Tree::ALL.iter().find(|(_, known)| known.as_bytes() == name) {
            entry(*tree, key, value)?;
        }
    }
    let mut digest = [0; 32];
    file.inner.read_exact(&mut digest).map_err(|_| cut())?;
    if file.hash.finalize()[..] == digest { Ok(()) } else { Err(cut().into()) }
}

fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    if !from.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_tree(&entry.path(), &to)?;
        } else {
            fs::copy(entry.path(), &to)?;
            File::open(&to)?.sync_all()?;
        }
    }
    File::open(to)?.sync_all()
}

/// What passes through is hashed.
struct Hashing<T> {
    inner: T,
    hash: Sha256,
}

impl<W: Write> Hashing<W> {
    fn put(&mut self, part: &[u8]) -> io::Result<()> {
        let length = (part.len() as u32).to_be_bytes();
        for bytes in [&length[..], part] {
            self.hash.update(bytes);
            self.inner.write_all(bytes)?;
        }
        Ok(())
    }
}

impl<R: Read> Hashing<R> {
    fn take(&mut self) -> io::Result<Vec<u8>> {
        /// No key or value is longer.
        const MOST: u32 = 1 << 16;
        let mut length = [0; 4];
        self.inner.read_exact(&mut length)?;
        self.hash.update(length);
        let length = u32::from_be_bytes(length);
        if length > MOST {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut part = vec![0; length as usize];
        self.inner.read_exact(&mut part)?;
        self.hash.update(&part);
        Ok(part)
    }
}
