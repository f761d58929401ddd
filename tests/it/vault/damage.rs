//! Every kind of damage: the store opens with all it had, or says what to do; never with less in silence, never by a
//! panic; and after `vigie repair` it opens, and what it forgot alerts again.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use vigie::store::sled::SledStore;
use vigie::store::{News, OpenError, Store};

use super::{at, commit, open, outbox, post};

const POSTS: u32 = 60;

/// What may come of a damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// It opens and nothing is missing.
    Whole,
    /// It is refused until it is repaired.
    Refused,
    /// The one or the other, as it happens.
    Either,
}

type Harm = fn(&Path);

const DAMAGES: [(&str, Harm, End); 19] = [
    ("nothing", |_| {}, End::Whole),
    ("snapshot deleted", |dir| each_snapshot(dir, |path| fs::remove_file(path).unwrap()), End::Whole),
    ("snapshot emptied", |dir| each_snapshot(dir, |path| fs::write(path, "").unwrap()), End::Whole),
    ("snapshot cut in half", |dir| each_snapshot(dir, halve), End::Whole),
    (
        "snapshot of other bytes",
        |dir| each_snapshot(dir, |path| fs::write(path, [7; 999]).unwrap()),
        End::Whole,
    ),
    ("last 4 KB of the log are zeros", |dir| zero_tail(dir, 4 << 10), End::Either),
    ("last 16 KB of the log are zeros", |dir| zero_tail(dir, 16 << 10), End::Either),
    ("last 64 KB of the log are zeros", |dir| zero_tail(dir, 64 << 10), End::Either),
    ("last 256 KB of the log are zeros", |dir| zero_tail(dir, 256 << 10), End::Either),
    ("log cut by 700 KB", |dir| cut(dir, 700 << 10), End::Refused),
    ("log cut by 5 KB", |dir| cut(dir, 5 << 10), End::Either),
    ("a hole in the log and no snapshot", hole, End::Either),
    ("side files that nobody wrote", side_files, End::Whole),
    ("empty log", |dir| fs::write(dir.join("state/db"), "").unwrap(), End::Refused),
    ("log gone", |dir| fs::remove_file(dir.join("state/db")).unwrap(), End::Refused),
    ("state gone", |dir| fs::remove_dir_all(dir.join("state")).unwrap(), End::Refused),
    ("configuration of sled gone", |dir| fs::remove_file(dir.join("state/conf")).unwrap(), End::Either),
    (
        "marks gone",
        |dir| ["FORMAT", "commits"].iter().for_each(|name| fs::remove_file(dir.join(name)).unwrap()),
        End::Whole,
    ),
    ("a day of the archive is short", |dir| halve(&dir.join("archive/x/2025-06-15.jsonl")), End::Refused),
];

fn each_snapshot(dir: &Path, harm: fn(&Path)) {
    for entry in fs::read_dir(dir.join("state")).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_string_lossy().starts_with("snap.") {
            harm(&path);
        }
    }
}

fn halve(path: &Path) {
    let file = OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(file.metadata().unwrap().len() / 2).unwrap();
}

fn cut(dir: &Path, bytes: u64) {
    let file = OpenOptions::new().write(true).open(dir.join("state/db")).unwrap();
    file.set_len(written(dir).saturating_sub(bytes)).unwrap();
}

/// How far the log is written: what lies behind is zeros.
fn written(dir: &Path) -> u64 {
    let bytes = fs::read(dir.join("state/db")).unwrap();
    bytes.iter().rposition(|byte| *byte != 0).unwrap() as u64 + 1
}

fn zero_tail(dir: &Path, bytes: u64) {
    let end = written(dir);
    let from = end.saturating_sub(bytes);
    let file = OpenOptions::new().write(true).open(dir.join("state/db")).unwrap();
    file.write_all_at(&vec![0; (end - from) as usize], from).unwrap();
}

fn hole(dir: &Path) {
    each_snapshot(dir, |path| fs::remove_file(path).unwrap());
    let file = OpenOptions::new().write(true).open(dir.join("state/db")).unwrap();
    file.write_all_at(&[0; 4096], written(dir) / 2).unwrap();
}

fn side_files(dir: &Path) {
    fs::create_dir_all(dir.join("state/blobs")).unwrap();
    fs::write(dir.join("state/blobs/123456"), [9; 500]).unwrap();
}

fn text(n: u32) -> String {
    format!("Depot{n} yard{n} opens gate{n} for truck{n} and crane{n} near river{n}")
}

/// A store in which every post was seen and waits to be told.
async fn filled(dir: &Path) {
    let store = open(dir, at(0)).unwrap();
    for n in 0..POSTS {
        commit(store.as_ref(), at(i64::from(n)), &[post(&n.to_string(), &text(n))]).await;
    }
}

/// How many of the posts are known, and how many are in the outbox.
async fn left(store: &dyn Store) -> (usize, usize) {
    let posts: Vec<_> = (0..POSTS).map(|n| post(&n.to_string(), &text(n))).collect();
    let revisions: Vec<_> = posts.iter().map(|post| (post.key(), post.content())).collect();
    let sightings = store.sightings(&revisions).await.unwrap();
    (sightings.iter().filter(|sighting| sighting.news == News::Known).count(), outbox(store).await.len())
}

/// Looks again at every post, as the sources would show them, and files what is new.
async fn look_again(store: &dyn Store) {
    for n in 0..POSTS {
        let post = post(&n.to_string(), &text(n));
        let sighting = store.sightings(&[(post.key(), post.content())]).await.unwrap().remove(0);
        if sighting.news == News::New {
            commit(store, at(5000 + i64::from(n)), &[post]).await;
        }
    }
}

#[tokio::test]
async fn damage_is_mended_or_told_and_what_was_forgotten_alerts_again() {
    let whole = tempfile::tempdir().unwrap();
    filled(whole.path()).await;
    drop(open(whole.path(), at(100)).unwrap());
    // Opened once more, so that its thread has let go before the files are copied.
    drop(open(whole.path(), at(100)).unwrap());
    let mut wrong = Vec::new();
    for (name, harm, expected) in DAMAGES {
        let dir = tempfile::tempdir().unwrap();
        settled_copy(whole.path(), dir.path());
        harm(dir.path());
        let opened = open(dir.path(), at(200));
        let refused = opened.is_err();
        let end = match opened {
            Ok(store) => {
                let left = left(store.as_ref()).await;
                if left != (POSTS as usize, POSTS as usize) {
                    wrong.push(format!("{name}: opened in silence with {left:?}"));
                }
                End::Whole
            }
            Err(error) => {
                let said = error.to_string();
                if !matches!(error, OpenError::Damaged { .. }) || !said.contains("vigie repair") {
                    wrong.push(format!("{name}: says only {said}"));
                }
                End::Refused
            }
        };
        if expected != End::Either && expected != end {
            wrong.push(format!("{name}: {end:?} instead of {expected:?}"));
        }
        match repaired(dir.path(), at(300)) {
            Ok(report) if report.is_empty() == refused => {
                wrong.push(format!("{name}: repair says {report:?}"));
            }
            Ok(_) => {}
            Err(error) => wrong.push(format!("{name}: cannot be repaired: {error}")),
        }
        match open(dir.path(), at(400)) {
            Ok(store) => {
                look_again(store.as_ref()).await;
                let left = left(store.as_ref()).await;
                if left != (POSTS as usize, POSTS as usize) {
                    wrong.push(format!("{name}: {left:?} after repair"));
                }
            }
            Err(error) => wrong.push(format!("{name}: does not open after repair: {error}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Repairs the store in `dir`; the thread of the one before may still be letting go.
fn repaired(dir: &Path, now: Timestamp) -> Result<Vec<String>, OpenError> {
    loop {
        match SledStore::repair(dir, "a test", now) {
            Err(OpenError::InUse { .. }) => std::thread::sleep(Duration::from_millis(1)),
            other => return other,
        }
    }
}

/// Copies the files of a store that nobody has.
fn settled_copy(from: &Path, to: &Path) {
    let lock = fs::File::open(from.join("lock")).unwrap();
    lock.lock().unwrap();
    copy(from, to);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(&path, &to).unwrap();
        }
    }
}

#[tokio::test]
async fn what_was_told_is_not_told_again_when_only_older_posts_were_lost() {
    let dir = tempfile::tempdir().unwrap();
    let days = 2 * 86_400;
    {
        let store = open(dir.path(), at(0)).unwrap();
        commit(store.as_ref(), at(0), &[post("old", "weapons for the coast guard of Malawi")]).await;
        commit(store.as_ref(), at(days), &[post("new", "rubber boats for the river police of Ghana")]).await;
    }
    drop(open(dir.path(), at(days)).unwrap());
    let copied = tempfile::tempdir().unwrap();
    settled_copy(dir.path(), copied.path());
    let dir = copied.path();
    fs::write(dir.join("state/db"), "").unwrap();
    let report = repaired(dir, at(days)).unwrap().join("\n");
    assert!(
        report.contains("1 posts of the archive count as seen")
            && report.contains("1 posts of the last 24 hours"),
        "{report}"
    );
    let store = open(dir, at(days)).unwrap();
    let news = async |id: &str, text: &str| {
        let post = post(id, text);
        store.sightings(&[(post.key(), post.content())]).await.unwrap()[0].news
    };
    assert_eq!(news("old", "weapons for the coast guard of Malawi").await, News::Known);
    assert_eq!(news("new", "rubber boats for the river police of Ghana").await, News::New);
    assert!(dir.join("state.damaged-1").is_dir(), "nothing is thrown away");
}
