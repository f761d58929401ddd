//! Posts as JSON Lines in a file: read whole, and followed as it grows.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use toml_span::{DeserError, Value};

use super::mended::parsed;
use super::{Ask, Common, Page, Plan, Source, SourceError, Watched};
use crate::model::post::{Platform, Post, hex};
use crate::model::timeline::{Cursor, TimelineId};
use crate::setting::Fields;

/// Posts in a page.
const PAGE_POSTS: usize = 100;

/// The longest line that is read, in bytes.
const LINE_BYTES: u64 = 1 << 20;

/// Bytes at the start of a file by which it is known again.
const HEAD_BYTES: u64 = 256;

/// Reads `[source.file.NAME]`: `files`, beside what every source has.
pub fn read(value: &mut Value<'_>) -> Result<Plan, DeserError> {
    let mut fields = Fields::new(value)?;
    let common = Common::take(&mut fields, SignedDuration::from_secs(5), None);
    let files: Option<Vec<String>> = fields.required("files").ok();
    fields.finalize(None)?;
    let files = files.unwrap_or_default();
    let build = move |kit: &super::Kit| {
        let path = |file: String| {
            (std::path::absolute(kit.dir.join(&file)).unwrap_or_else(|_| file.clone().into()), file)
        };
        Ok(Arc::new(Files { files: files.into_iter().map(path).collect() }) as Arc<dyn Source>)
    };
    Ok(Plan { common, build: Box::new(build) })
}

/// Some files of posts.
struct Files {
    files: Vec<(PathBuf, String)>,
}

/// Where reading resumes.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    offset: u64,
    line: u64,
    /// How much of the start of the file is in `head`.
    head_bytes: u64,
    /// The hash of that start; another one means another file.
    head: String,
}

fn timeline(path: &Path) -> TimelineId {
    TimelineId::new(&Platform::FILE, &path.to_string_lossy())
}

#[async_trait]
impl Source for Files {
    fn accounts(&self) -> Vec<Watched> {
        let watched = |(path, file): &(PathBuf, String)| Watched {
            account: file.as_str().into(),
            timeline: Some(timeline(path)),
            every: None,
        };
        self.files.iter().map(watched).collect()
    }

    async fn fetch(&self, ask: Ask<'_>) -> Result<Page, SourceError> {
        let file = self.files.iter().find(|(path, _)| timeline(path) == *ask.timeline);
        let (path, shown) =
            file.cloned().ok_or_else(|| SourceError::Broken(format!("{} is not configured", ask.account)))?;
        let place = ask.cursor.and_then(|cursor| serde_json::from_str(&cursor.0).ok()).unwrap_or_default();
        let reading = tokio::task::spawn_blocking(move || page(&path, place));
        match reading.await {
            Ok(Ok(page)) => Ok(page),
            Ok(Err(cause)) => Err(SourceError::Retry(None, format!("{shown}: {cause}"))),
            Err(_) => {
                Err(SourceError::Broken(format!("{shown}: reading it failed inside; please report this")))
            }
        }
    }
}

/// The next page behind `place`.
fn page(path: &Path, mut place: Place) -> io::Result<Page> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let head = head(&mut file, place.head_bytes)?;
    if length < place.offset || head != place.head {
        // Another file lies there now; posts that were seen stay seen.
        place = Place::default();
    }
    let start = place.offset;
    file.seek(SeekFrom::Start(start))?;
    let mut lines = BufReader::new(file);
    let mut page = Page::default();
    while page.posts.len() < PAGE_POSTS {
        let Some((line, whole)) = next_line(&mut lines)? else { break };
        let number = place.line + 1;
        match post(&line.text) {
            Ok(post) => page.posts.extend(post),
            Err(why) if whole => page.unreadable.push(format!("line {number}: {why}")),
            Err(_) => {
                page.unreadable.push(format!("line {number} is not finished; it is read once it is"));
                break;
            }
        }
        place.offset += line.bytes;
        place.line += u64::from(whole);
    }
    page.more = place.offset < length && page.posts.len() == PAGE_POSTS;
    if place.offset != start || start == 0 {
        let mut file = lines.into_inner();
        place.head_bytes = place.offset.min(HEAD_BYTES);
        place.head = self::head(&mut file, place.head_bytes)?;
        page.next = serde_json::to_string(&place).ok().map(Cursor);
    }
    Ok(page)
}

fn head(file: &mut File, bytes: u64) -> io::Result<String> {
    file.seek(SeekFrom::Start(0))?;
    let mut head = Vec::new();
    file.take(bytes).read_to_end(&mut head)?;
    Ok(if bytes == 0 { String::new() } else { hex(&Sha256::digest(&head)[..8]) })
}

/// A line without its end, and how many bytes it took.
struct Line {
    text: Result<Vec<u8>, &'static str>,
    bytes: u64,
}

/// The next line, and whether it ended; a line beyond all bounds is passed over.
fn next_line(lines: &mut BufReader<File>) -> io::Result<Option<(Line, bool)>> {
    let mut text = Vec::new();
    let mut bytes = lines.by_ref().take(LINE_BYTES).read_until(b'\n', &mut text)? as u64;
    if bytes == 0 {
        return Ok(None);
    }
    let mut whole = text.ends_with(b"\n");
    if whole || bytes < LINE_BYTES {
        return Ok(Some((Line { text: Ok(text), bytes }, whole)));
    }
    while !whole {
        text.clear();
        let skipped = lines.by_ref().take(LINE_BYTES).read_until(b'\n', &mut text)? as u64;
        bytes += skipped;
        whole = text.ends_with(b"\n");
        if skipped == 0 {
            break;
        }
    }
    Ok(Some((Line { text: Err("it is longer than 1 MiB"), bytes }, whole)))
}

/// The post in a line; none in an empty one.
fn post(text: &Result<Vec<u8>, &'static str>) -> Result<Option<Post>, String> {
    let text = text.as_ref().map_err(ToString::to_string)?;
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    if text.trim_ascii().is_empty() {
        return Ok(None);
    }
    let post: Post = parsed(text).map_err(|error| without_place(&error.to_string()))?;
    if post.id.is_empty() { Err("`id` is empty".into()) } else { Ok(Some(post)) }
}

/// serde's message without its own line number, which would always be 1.
fn without_place(message: &str) -> String {
    message.replace(" at line 1", " at").replace(" at column", ", column")
}

/// Reads posts from anything that yields lines, as `match` does; broken lines are handed over with their numbers.
pub fn posts(input: impl BufRead) -> impl Iterator<Item = Result<Post, String>> {
    input.split(b'\n').enumerate().filter_map(|(at, line)| {
        let text = line.map_err(|_| "it cannot be read");
        post(&text).map_err(|why| format!("line {}: {why}", at + 1)).transpose()
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn line(id: u32) -> String {
        format!("{{\"id\":\"{id}\",\"text\":\"t\"}}\n")
    }

    /// Reads to the end, and returns ids, complaints and the last cursor.
    fn read_on(path: &Path, cursor: Option<&Cursor>) -> (Vec<String>, Vec<String>, Option<Cursor>) {
        let mut cursor = cursor.cloned();
        let (mut ids, mut unreadable) = (Vec::new(), Vec::new());
        loop {
            let place =
                cursor.as_ref().map(|cursor| serde_json::from_str(&cursor.0).unwrap()).unwrap_or_default();
            let page = page(path, place).unwrap();
            ids.extend(page.posts.into_iter().map(|post| post.id));
            unreadable.extend(page.unreadable);
            cursor = page.next.or(cursor);
            if !page.more {
                return (ids, unreadable, cursor);
            }
        }
    }

    fn ids(range: std::ops::Range<u32>) -> Vec<String> {
        range.map(|id| id.to_string()).collect()
    }

    #[test]
    fn a_file_is_read_page_by_page_and_then_followed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("posts.jsonl");
        fs::write(&path, (0..250).map(line).collect::<String>()).unwrap();
        let (read, _, cursor) = read_on(&path, None);
        assert_eq!(read, ids(0..250));
        assert_eq!(read_on(&path, cursor.as_ref()).0, ids(0..0));
        let mut text = fs::read_to_string(&path).unwrap();
        text.push_str(&line(250));
        fs::write(&path, &text).unwrap();
        let (read, _, cursor) = read_on(&path, cursor.as_ref());
        assert_eq!(read, ids(250..251));
        fs::write(&path, line(900)).unwrap();
        assert_eq!(read_on(&path, cursor.as_ref()).0, ids(900..901), "another file is read from its start");
    }

    #[test]
    fn broken_lines_are_told_by_number_and_the_rest_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("posts.jsonl");
        let long = format!("{{\"id\":\"9\",\"text\":\"{}\"}}\n", "x".repeat(3 << 20));
        let mut bytes =
            format!("\u{feff}{}\r\n\n{{\"id\": 7}}\n{{]\n{long}", line(1).trim_end()).into_bytes();
        bytes.extend(b"{\"id\":\"2\",\"text\":\xff}\n{\"id\":\"3\",\"text\":\"\xff\"}\n");
        bytes.extend(line(4).bytes());
        fs::write(&path, bytes).unwrap();
        let (read, unreadable, _) = read_on(&path, None);
        assert_eq!(read, ["1", "3", "4"]);
        let numbers: Vec<_> = unreadable.iter().map(|why| why.split(':').next().unwrap()).collect();
        assert_eq!(numbers, ["line 3", "line 4", "line 5", "line 6"], "{unreadable:?}");
    }

    #[test]
    fn a_line_still_being_written_waits_until_it_is_finished() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("posts.jsonl");
        let whole = format!("{}{}", line(1), line(2));
        fs::write(&path, &whole[..whole.len() - 5]).unwrap();
        let (read, unreadable, cursor) = read_on(&path, None);
        assert_eq!((read, unreadable.len()), (ids(1..2), 1));
        fs::write(&path, whole.trim_end()).unwrap();
        let (read, unreadable, _) = read_on(&path, cursor.as_ref());
        assert_eq!((read, unreadable.len()), (ids(2..3), 0), "a last line needs no end");
    }

    #[test]
    fn match_reads_the_same_lines_from_anywhere() {
        let text = format!("{}oops\n\n{}", line(1), line(2));
        let read: Vec<_> = posts(text.as_bytes()).map(|post| post.map(|post| post.id)).collect();
        assert_eq!(read[0], Ok("1".into()));
        assert!(read[1].as_ref().unwrap_err().starts_with("line 2: "));
        assert_eq!((read.len(), &read[2]), (3, &Ok("2".into())));
    }
}
