//! The posts themselves, as lines of plain files that anybody can read: `archive/PLATFORM/DAY.jsonl`.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::open::{Damage, Trouble};
use super::trees::{Draft, Tree, Trees};
use crate::model::post::{Platform, Post};
use crate::model::retention::Retention;
use crate::store::StoreError;

/// The archive's files and how much of each counts.
#[derive(Debug)]
pub(super) struct Archive {
    dir: PathBuf,
    lengths: HashMap<String, u64>,
}

impl Archive {
    /// Opens the archive and cuts every file to the length that counts. What lies behind it was never committed, or the
    /// state lost what it knew of it: it is put aside in a file ending in `.cut`, never thrown away.
    pub(super) fn open(dir: &Path, trees: &Trees) -> Result<Self, Trouble> {
        let mut kept = HashMap::new();
        for (name, length) in lengths(trees)? {
            let path = dir.join(&name);
            match path.metadata() {
                Ok(there) if there.len() < length => {
                    return Err(Trouble::Damage(Damage::Archive { name, length, there: there.len() }));
                }
                Ok(_) => {
                    cut(&path, length)?;
                    kept.insert(name, length);
                }
                // Retention is deleting a day: a file that is gone altogether was deleted by a person.
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
                Err(cause) => return Err(cause.into()),
            }
        }
        for path in days(dir)? {
            if !kept.contains_key(&name(dir, &path)) {
                cut(&path, 0)?;
            }
        }
        Ok(Self { dir: dir.to_owned(), lengths: kept })
    }

    /// The files and how much of each counts.
    pub(super) fn lengths(&self) -> &HashMap<String, u64> {
        &self.lengths
    }

    /// Appends posts to the files of their platforms and of the day of `now`, synced; their new lengths go into the
    /// draft. If that fails, the files are as before.
    pub(super) fn append(
        &mut self,
        posts: &[Post],
        now: Timestamp,
        draft: &mut Draft<'_>,
    ) -> Result<Vec<(String, u64)>, StoreError> {
        let mut lines: HashMap<String, Vec<u8>> = HashMap::new();
        let day = now.to_zoned(TimeZone::UTC).date();
        for post in posts {
            let line = lines.entry(format!("{}/{day}.jsonl", post.platform)).or_default();
            serde_json::to_writer(&mut *line, post).map_err(|error| StoreError::Broken(error.to_string()))?;
            line.push(b'\n');
        }
        let mut grown = Vec::new();
        for (name, lines) in lines {
            let from = self.lengths.get(&name).copied().unwrap_or(0);
            if let Err(cause) = write(&self.dir.join(&name), from, &lines) {
                for (name, _) in &grown {
                    let _ = shorten(&self.dir.join(name), self.lengths.get(name).copied().unwrap_or(0));
                }
                let _ = shorten(&self.dir.join(&name), from);
                return Err(io::Error::new(cause.kind(), format!("archive/{name}: {cause}")).into());
            }
            let length = from + lines.len() as u64;
            draft.put(Tree::Archive, name.as_bytes(), &length)?;
            grown.push((name, length));
        }
        Ok(grown)
    }

    /// Deletes the first few files whose days are kept no longer; tells how many. The state may forget them later: a file
    /// that is gone counts as deleted.
    pub(super) fn retire(
        &mut self,
        kept: &Retention,
        now: Timestamp,
        draft: &mut Draft<'_>,
    ) -> Result<usize, StoreError> {
        /// So many files are deleted in one turn of the owning thread.
        const AT_ONCE: usize = 8;
        let over = |name: &&String| {
            let (platform, day) = name.split_once('/')?;
            let day: Date = day.strip_suffix(".jsonl")?.parse().ok()?;
            let platform = Platform::try_from(platform.to_owned()).ok()?;
            Some(day < kept.first_day(&platform, now)?)
        };
        let over = self.lengths.keys().filter(|name| over(name).unwrap_or(false));
        let over: Vec<String> = over.take(AT_ONCE).cloned().collect();
        for name in &over {
            let path = self.dir.join(name);
            for path in [path.with_extension("jsonl.cut"), path] {
                match fs::remove_file(&path) {
                    Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause.into()),
                    _ => {}
                }
            }
            draft.remove(Tree::Archive, name.as_bytes());
            self.lengths.remove(name);
        }
        Ok(over.len())
    }

    /// Takes the new lengths over, once they count.
    pub(super) fn grown(&mut self, lengths: Vec<(String, u64)>) {
        self.lengths.extend(lengths);
    }
}

/// Writes `bytes` at `from`, which is where the file ends or where what counts of it ends, and syncs.
fn write(path: &Path, from: u64, bytes: &[u8]) -> io::Result<()> {
    let new = from == 0;
    if new && let Some(dir) = path.parent() {
        fs::create_dir_all(dir)?;
    }
    let mut file = OpenOptions::new().create(new).truncate(false).write(true).open(path)?;
    if file.metadata()?.len() < from {
        return Err(io::Error::other("it was shortened while vigie ran; restart vigie"));
    }
    file.set_len(from)?;
    file.seek(SeekFrom::Start(from))?;
    file.write_all(bytes)?;
    file.sync_data()?;
    if new {
        // A new file survives a power cut only once its folder, and its folder's folder, are synced.
        for dir in path.ancestors().skip(1).take(2) {
            File::open(dir)?.sync_all()?;
        }
    }
    Ok(())
}

/// How much of each file counts.
pub(super) fn lengths(trees: &Trees) -> Result<HashMap<String, u64>, StoreError> {
    let mut lengths = HashMap::new();
    for entry in trees.entries(Tree::Archive, b"") {
        let (name, _) = entry?;
        let length = trees.get(Tree::Archive, &name)?.unwrap_or(0);
        lengths.insert(String::from_utf8_lossy(&name).into_owned(), length);
    }
    Ok(lengths)
}

/// The files with posts behind what counts, and how many.
pub(super) fn unknown(dir: &Path, trees: &Trees) -> Result<Vec<(String, usize)>, Trouble> {
    let lengths = lengths(trees)?;
    let mut unknown = Vec::new();
    for path in days(dir)? {
        let name = name(dir, &path);
        let mut file = File::open(&path)?;
        file.seek(SeekFrom::Start(lengths.get(&name).copied().unwrap_or(0)))?;
        let posts = BufReader::new(file).split(b'\n').count();
        if posts > 0 {
            unknown.push((name, posts));
        }
    }
    Ok(unknown)
}

/// A day's file as `PLATFORM/DAY.jsonl`.
pub(super) fn name(dir: &Path, path: &Path) -> String {
    path.strip_prefix(dir).unwrap_or(path).to_string_lossy().into_owned()
}

/// Cuts a file to `length` and puts the rest aside.
fn cut(path: &Path, length: u64) -> io::Result<()> {
    let mut file = File::open(path)?;
    if file.metadata()?.len() > length {
        let aside = path.with_extension("jsonl.cut");
        let mut aside = OpenOptions::new().create(true).append(true).open(aside)?;
        file.seek(SeekFrom::Start(length))?;
        io::copy(&mut file, &mut aside)?;
        aside.sync_all()?;
        shorten(path, length)?;
    }
    Ok(())
}

fn shorten(path: &Path, length: u64) -> io::Result<()> {
    let file = OpenOptions::new().write(true).open(path)?;
    if file.metadata()?.len() > length {
        file.set_len(length)?;
        file.sync_all()?;
    }
    Ok(())
}

/// Every day's file below `dir`, in order.
pub(super) fn days(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut days = Vec::new();
    let Ok(platforms) = fs::read_dir(dir) else { return Ok(days) };
    for platform in platforms {
        let platform = platform?.path();
        if !platform.is_dir() {
            continue;
        }
        for day in fs::read_dir(platform)? {
            let day = day?.path();
            if day.extension().is_some_and(|extension| extension == "jsonl") {
                days.push(day);
            }
        }
    }
    days.sort();
    Ok(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trees() -> Trees {
        Trees::of(&sled::Config::new().temporary(true).open().unwrap()).unwrap()
    }

    fn append(archive: &mut Archive, trees: &Trees, id: &str, count: bool) {
        let now = "2025-04-30T20:00:00Z".parse().unwrap();
        let mut draft = trees.draft();
        let grown = archive.append(&[Post::new(Platform::X, id, "text")], now, &mut draft).unwrap();
        if count {
            draft.apply().unwrap();
            archive.grown(grown);
        }
    }

    fn ids(dir: &Path) -> Vec<String> {
        let text = fs::read_to_string(dir.join("x/2025-04-30.jsonl")).unwrap();
        text.lines().map(|line| serde_json::from_str::<Post>(line).unwrap().id).collect()
    }

    #[test]
    fn what_was_written_but_never_committed_is_cut_away() {
        let (dir, trees) = (tempfile::tempdir().unwrap(), trees());
        let mut archive = Archive::open(dir.path(), &trees).unwrap();
        append(&mut archive, &trees, "1", true);
        append(&mut archive, &trees, "2", false);
        assert_eq!(ids(dir.path()), ["1", "2"]);
        let mut archive = Archive::open(dir.path(), &trees).unwrap();
        assert_eq!(ids(dir.path()), ["1"]);
        let aside = fs::read_to_string(dir.path().join("x/2025-04-30.jsonl.cut")).unwrap();
        assert!(aside.contains("\"id\":\"2\""), "what is cut away is put aside: {aside}");
        append(&mut archive, &trees, "3", false);
        append(&mut archive, &trees, "4", true);
        assert_eq!(ids(dir.path()), ["1", "4"]);
    }

    #[test]
    fn posts_that_the_state_forgot_are_put_aside() {
        let (dir, trees) = (tempfile::tempdir().unwrap(), trees());
        let mut archive = Archive::open(dir.path(), &trees).unwrap();
        append(&mut archive, &trees, "1", false);
        let mut archive = Archive::open(dir.path(), &trees).unwrap();
        append(&mut archive, &trees, "2", true);
        assert_eq!(ids(dir.path()), ["2"]);
        assert!(
            fs::read_to_string(dir.path().join("x/2025-04-30.jsonl.cut")).unwrap().contains("\"id\":\"1\"")
        );
    }

    #[test]
    fn a_file_that_lost_committed_posts_is_refused_and_a_deleted_day_is_not() {
        let (dir, trees) = (tempfile::tempdir().unwrap(), trees());
        let mut archive = Archive::open(dir.path(), &trees).unwrap();
        append(&mut archive, &trees, "1", true);
        fs::write(dir.path().join("x/2025-04-30.jsonl"), "{").unwrap();
        let error = Archive::open(dir.path(), &trees).unwrap_err().at(dir.path()).to_string();
        assert!(error.contains("x/2025-04-30.jsonl") && error.contains("vigie repair"), "{error}");
        fs::remove_file(dir.path().join("x/2025-04-30.jsonl")).unwrap();
        assert!(Archive::open(dir.path(), &trees).is_ok());
    }
}
