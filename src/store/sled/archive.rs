//! The posts themselves, as lines of plain files that anybody can read: `archive/PLATFORM/DAY.jsonl`.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::trees::{Draft, Tree, Trees};
use crate::model::post::Post;
use crate::store::{OpenError, StoreError};

/// The archive's files and how much of each counts.
#[derive(Debug)]
pub(super) struct Archive {
    dir: PathBuf,
    lengths: HashMap<String, u64>,
}

impl Archive {
    /// Opens the archive and cuts every file to the length that counts. What lies behind it was never committed, or the
    /// state lost what it knew of it: it is put aside in a file ending in `.cut`, never thrown away.
    pub(super) fn open(dir: &Path, trees: &Trees) -> Result<Self, OpenError> {
        let damaged = |what: String| OpenError::Damaged { path: dir.to_owned(), what };
        let mut lengths = HashMap::new();
        for entry in trees.entries(Tree::Archive, b"") {
            let (name, length) = entry.map_err(|error| damaged(error.to_string()))?;
            let name = String::from_utf8_lossy(&name).into_owned();
            let length: u64 = serde_json::from_slice(&length).map_err(|error| damaged(error.to_string()))?;
            lengths.insert(name, length);
        }
        let mut kept = HashMap::new();
        for (name, length) in lengths {
            let path = dir.join(&name);
            match cut(&path, length) {
                Ok(true) => drop(kept.insert(name, length)),
                // Retention is deleting a day: a file that is gone altogether was deleted by a person.
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
                Ok(false) => {
                    return Err(damaged(format!(
                        "{name} is shorter than the {length} bytes that were committed. Posts in it are lost; restore \
                         the file from a backup, or move it away to go on without it"
                    )));
                }
                Err(cause) => return Err(OpenError::Io { path, cause }),
            }
        }
        for path in days(dir).map_err(|cause| OpenError::Io { path: dir.to_owned(), cause })? {
            let name = path.strip_prefix(dir).unwrap_or(&path).to_string_lossy().into_owned();
            if !kept.contains_key(&name) {
                cut(&path, 0).map_err(|cause| OpenError::Io { path, cause })?;
            }
        }
        Ok(Self { dir: dir.to_owned(), lengths: kept })
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
                return Err(StoreError::Full(format!("archive/{name}: {cause}")));
            }
            let length = from + lines.len() as u64;
            draft.put(Tree::Archive, name.as_bytes(), &length)?;
            grown.push((name, length));
        }
        Ok(grown)
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

/// Cuts a file to `length` and puts the rest aside. Tells whether it was that long.
fn cut(path: &Path, length: u64) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let there = file.metadata()?.len();
    if there > length {
        let aside = path.with_extension("jsonl.cut");
        let mut aside = OpenOptions::new().create(true).append(true).open(aside)?;
        file.seek(SeekFrom::Start(length))?;
        io::copy(&mut file, &mut aside)?;
        aside.sync_all()?;
        shorten(path, length)?;
    }
    Ok(there >= length)
}

fn shorten(path: &Path, length: u64) -> io::Result<()> {
    let file = OpenOptions::new().write(true).open(path)?;
    if file.metadata()?.len() > length {
        file.set_len(length)?;
        file.sync_all()?;
    }
    Ok(())
}

/// Every day's file below `dir`.
fn days(dir: &Path) -> io::Result<Vec<PathBuf>> {
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
    Ok(days)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::post::Platform;

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
        let error = Archive::open(dir.path(), &trees).unwrap_err().to_string();
        assert!(error.contains("x/2025-04-30.jsonl") && error.contains("backup"), "{error}");
        fs::remove_file(dir.path().join("x/2025-04-30.jsonl")).unwrap();
        assert!(Archive::open(dir.path(), &trees).is_ok());
    }
}
