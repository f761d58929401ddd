//! Making a damaged store open again, and saying what was lost.
//!
//! What cannot be read is put aside, never thrown away. What the state forgot is read and told again rather than never:
//! its cursors are older than what was lost, so the sources show it once more.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::commits::Commits;
use super::open::{self, Damage, Opened, Trouble};
use super::seen::Seen;
use super::trees::{Tree, Trees, broken};
use super::{archive, lock};
use crate::model::post::{Content, Post, PostKey};
use crate::store::OpenError;

/// Posts seen so shortly before the state was lost count as unseen: whether people heard of them is not known.
const AGAIN: SignedDuration = SignedDuration::from_hours(24);

/// What of a state that cannot be used as a whole is taken over where it can be read.
const SALVAGED: [Tree; 8] = [
    Tree::Timeline,
    Tree::Times,
    Tree::Gap,
    Tree::Resolved,
    Tree::Spending,
    Tree::Outbox,
    Tree::Excerpt,
    Tree::Gate,
];

/// Repairs the store in `dir`. Gives what was found and done, a line each; nothing if nothing is damaged.
pub(super) fn repair(dir: &Path, holder: &str, now: Timestamp) -> Result<Vec<String>, OpenError> {
    let _lock = lock::take(dir, holder, now)?;
    let mut report = Vec::new();
    // Each turn mends one damage: a day's file of the archive each, and the state at most twice.
    loop {
        match open::assemble(dir, now) {
            Ok(_) => return open::mark(dir).map(|()| report).map_err(|cause| Trouble::Io(cause).at(dir)),
            Err(Trouble::Damage(damage)) => {
                report.push(damage.to_string());
                let mended = open::guarded(|| mend(damage, dir, &mut report));
                mended.map_err(|trouble| trouble.at(dir))?;
            }
            Err(other) => return Err(other.at(dir)),
        }
    }
}

fn mend(damage: Damage, dir: &Path, report: &mut Vec<String>) -> Result<(), Trouble> {
    match damage {
        Damage::End { known, .. } => {
            let Opened { trees, .. } = open::state(dir)?;
            report.extend(archive::unknown(&dir.join("archive"), &trees)?.into_iter().map(|(name, posts)| {
                format!(
                    "archive/{name}: {posts} posts that the state no longer knows are put aside in {name}.cut. Their \
                     sources show them again and they alert again; `vigie match` tells which of them matched"
                )
            }));
            report.push("messages sent since then may be sent again, under the same ids".into());
            Commits::open(dir)?.write(known)?;
        }
        Damage::Archive { name, .. } => {
            let Opened { db, trees, .. } = open::state(dir)?;
            let length = whole_lines(&dir.join("archive").join(&name))?;
            let mut draft = trees.draft();
            draft.put(Tree::Archive, name.as_bytes(), &length)?;
            draft.apply()?;
            db.flush().map_err(broken)?;
            report.push(format!(
                "archive/{name}: its first {length} bytes are kept; what stood behind them is lost"
            ));
        }
        Damage::State(_) => rebuild(dir, report)?,
    }
    Ok(())
}

/// Puts the state aside and makes another from the archive and from what can still be read.
fn rebuild(dir: &Path, report: &mut Vec<String>) -> Result<(), Trouble> {
    let salvaged = open::guarded(|| salvage(dir)).unwrap_or_default();
    if dir.join("state").exists() {
        let aside = (1..10_000).map(|n| dir.join(format!("state.damaged-{n}"))).find(|path| !path.exists());
        let aside = aside.unwrap_or_else(|| dir.join("state.damaged"));
        fs::rename(dir.join("state"), &aside)?;
        report.push(format!("the state is put aside as {}", aside.display()));
    }
    let Opened { db, trees, .. } = open::found(dir)?;
    let mut draft = trees.draft();
    let deliveries = salvaged.iter().filter(|(tree, ..)| *tree == Tree::Outbox).count();
    let cursors = salvaged.iter().any(|(tree, ..)| *tree == Tree::Timeline);
    for (tree, key, value) in salvaged {
        draft.put_raw(tree, &key, value)?;
        draft = draft.spill()?;
    }
    draft.apply()?;
    report.push(format!(
        "{deliveries} deliveries that wait could be kept; others, if there were any, are lost"
    ));
    if !cursors {
        report.push(
            "where each account was is lost: its first look reads back by `backfill`, and alerts for no more than that. \
             If vigie stood still for longer, make it longer for the first run"
                .into(),
        );
    }
    remember(dir, &trees, report)?;
    db.flush().map_err(broken)?;
    Commits::open(dir)?.write(trees.commits())?;
    Ok(())
}

type Entry = (Tree, Vec<u8>, Vec<u8>);

/// What of the damaged state can be read and taken over.
fn salvage(dir: &Path) -> Result<Vec<Entry>, Trouble> {
    let Opened { trees, .. } = open::state(dir)?;
    let mut entries = Vec::new();
    for tree in SALVAGED {
        for entry in trees.entries(tree, b"") {
            let (key, value) = entry?;
            entries.push((tree, key.to_vec(), value.to_vec()));
        }
    }
    Ok(entries)
}

/// Marks what the archive holds as seen, but for what was seen last.
fn remember(dir: &Path, trees: &Trees, report: &mut Vec<String>) -> Result<(), Trouble> {
    let days = archive::days(&dir.join("archive"))?;
    let last = days.iter().filter_map(|path| path.file_name()).max();
    let last = days.iter().filter(|path| path.file_name() == last);
    let newest =
        last.flat_map(|path| posts(path).into_iter().flatten()).filter_map(|post| post.seen_at).max();
    let until = newest.and_then(|newest| newest.checked_sub(AGAIN).ok()).unwrap_or(Timestamp::MIN);
    let mut seen = Seen::default();
    let (mut kept, mut again) = (0, 0);
    for path in days {
        let name = archive::name(&dir.join("archive"), &path);
        let mut draft = trees.draft();
        draft.put(Tree::Archive, name.as_bytes(), &whole_lines(&path)?)?;
        let mut page: BTreeMap<i32, Vec<(PostKey, Content)>> = BTreeMap::new();
        for post in posts(&path)? {
            match post.seen_at.filter(|at| *at < until) {
                Some(at) => {
                    page.entry(at.as_second().div_euclid(86_400) as i32)
                        .or_default()
                        .push((post.key(), post.content()));
                    kept += 1;
                }
                None => again += 1,
            }
        }
        for (day, posts) in page {
            for posts in posts.chunks(1000) {
                // Which of them met a rule is read when the store is opened.
                seen.note(posts.iter().map(|(key, content)| (*key, *content, false)), day, &mut draft)?;
                draft = draft.spill()?;
            }
        }
        draft.apply()?;
    }
    report.push(format!("{kept} posts of the archive count as seen"));
    if again > 0 {
        report.push(format!(
            "{again} posts of the last {} hours before the damage count as unseen, because nobody knows whether they \
             were told: where their sources still show them they alert again",
            AGAIN.as_hours()
        ));
    }
    Ok(())
}

/// The posts in the whole lines of a file; what cannot be read is left out.
fn posts(path: &Path) -> std::io::Result<impl Iterator<Item = Post>> {
    let lines = BufReader::new(File::open(path)?).split(b'\n');
    Ok(lines.map_while(Result::ok).filter_map(|line| serde_json::from_slice(&line).ok()))
}

/// How long a file is up to the end of its last whole line.
fn whole_lines(path: &Path) -> std::io::Result<u64> {
    let mut reader = BufReader::new(File::open(path)?);
    let (mut length, mut line) = (0, Vec::new());
    while reader.read_until(b'\n', &mut line)? > 0 {
        if line.ends_with(b"\n") {
            length += line.len() as u64;
        }
        line.clear();
    }
    Ok(length)
}
