//! `vigie match`: which rules hold for posts, and why.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::check::{MOST_WARNINGS, refused};
use super::when::count;
use super::{Failure, explaining, named};
use crate::clock::Clock;
use crate::config::Config;
use crate::model::matched::{Field, Hit, Match, Severity};
use crate::model::post::Post;
use crate::setting::Document;
use crate::source::file::posts;
use crate::watch::Watch;

/// One line of `--json`.
#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    alert: bool,
    severity: Option<Severity>,
    matches: &'a [Match],
}

/// What to show of each post.
pub(super) enum Show {
    /// Those that match, for people.
    Matches,
    /// All, an object a line.
    Json,
    /// All, with the reasons of every rule or of one.
    Explained {
        /// The rule, as `watchlist/rule`; all of them if none.
        rule: Option<String>,
        /// For programs.
        json: bool,
    },
}

/// Holds each post of `file` against the watchlists.
pub(super) fn run(
    config: &Path,
    watchlists: &[PathBuf],
    show: &Show,
    file: &Path,
    clock: &Arc<dyn Clock>,
) -> Result<(), Failure> {
    let watch = if watchlists.is_empty() { configured(config, clock)? } else { Arc::new(read(watchlists)?) };
    if let Show::Explained { rule: Some(rule), .. } = show {
        explaining::check_rule(&watch, rule)?;
    }
    let input = open(file)?;
    let mut out = anstream::stdout().lock();
    let (mut read, mut matched, mut broken) = (0, 0, 0);
    for post in posts(input) {
        let post = match post {
            Ok(post) => post,
            Err(why) => {
                anstream::eprintln!("{}: {why}", file.display());
                broken += 1;
                continue;
            }
        };
        let matches = watch.matches(&post);
        read += 1;
        matched += u32::from(!matches.is_empty());
        match show {
            Show::Explained { rule, json } => {
                explaining::show(&mut out, &watch, &post, rule.as_deref(), *json)?;
            }
            Show::Json => {
                let severity = matches.iter().map(|found| found.severity).max();
                let line = Line { id: &post.id, alert: !matches.is_empty(), severity, matches: &matches };
                serde_json::to_writer(&mut out, &line)?;
                writeln!(out)?;
            }
            Show::Matches if matches.is_empty() => {}
            Show::Matches => matched_post(&mut out, &post, &matches)?,
        }
    }
    out.flush()?;
    if !matches!(show, Show::Json | Show::Explained { json: true, .. }) {
        anstream::eprintln!("{matched} of {read} posts match");
    }
    if broken > 0 {
        anstream::eprintln!("{} could not be read", count(broken, "line"));
        return Err(Failure::Said);
    }
    Ok(())
}

/// The file, or standard input for `-`.
pub(super) fn open(file: &Path) -> Result<Box<dyn BufRead>, Failure> {
    if file == Path::new("-") {
        return Ok(Box::new(std::io::stdin().lock()));
    }
    let opened = File::open(file).and_then(|opened| {
        if opened.metadata()?.is_dir() { Err(io::ErrorKind::IsADirectory.into()) } else { Ok(opened) }
    });
    opened.map(|opened| Box::new(BufReader::new(opened)) as _).map_err(|cause| named(file, cause))
}

/// The watchlists of the configuration.
fn configured(path: &Path, clock: &Arc<dyn Clock>) -> Result<Arc<Watch>, Failure> {
    let mut warnings = Vec::new();
    let config = Config::check(path, clock, &mut warnings);
    config.map(|config| config.watch).map_err(|problems| refused(problems, &warnings, MOST_WARNINGS))
}

/// The watchlists in these files.
pub(super) fn read(paths: &[PathBuf]) -> Result<Watch, Failure> {
    let (mut documents, mut problems, mut warnings) = (Vec::new(), Vec::new(), Vec::new());
    for path in paths {
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        match Document::read_with_parts(path, &Watch::PARTS) {
            Ok(document) => documents.push((name, document)),
            Err(found) => problems.extend(found),
        }
    }
    let loaded = Watch::load_for(&documents, None, &mut warnings);
    let loaded = loaded.map_err(|found| problems.extend(found));
    match loaded {
        Ok(watch) if problems.is_empty() => Ok(watch),
        _ => Err(refused(problems, &warnings, MOST_WARNINGS)),
    }
}

pub(super) const MARK: Style = AnsiColor::Yellow.on_default().bold();
pub(super) const QUIET: Style = Style::new().dimmed();

/// A post with its words marked, and a line for each rule that says why.
fn matched_post(out: &mut impl Write, post: &Post, matches: &[Match]) -> std::io::Result<()> {
    let severity = matches.iter().map(|found| found.severity).max().unwrap_or(Severity::Low);
    let who = plain(&post.author);
    writeln!(out, "{MARK}{severity}{MARK:#}  {who} {}", plain(post.url.as_deref().unwrap_or(&post.id)))?;
    let hits: Vec<&Hit> = matches.iter().flat_map(|found| &found.hits).collect();
    texts(out, post, &hits)?;
    for found in matches {
        let hits: Vec<String> = found.hits.iter().map(why).collect();
        writeln!(out, "  {QUIET}{}:{QUIET:#} {}", found.rule, hits.join(", "))?;
    }
    writeln!(out)
}

/// The text of a post, and its other fields in which words matched.
pub(super) fn texts(out: &mut impl Write, post: &Post, hits: &[&Hit]) -> std::io::Result<()> {
    for (field, text) in fields(post) {
        let hits: Vec<&Hit> = hits.iter().filter(|hit| hit.field == field).copied().collect();
        if field == Field::Text || !hits.is_empty() {
            let name =
                if field == Field::Text { String::new() } else { format!("{QUIET}{field}:{QUIET:#} ") };
            writeln!(out, "  {name}{}", marked(text, &hits))?;
        }
    }
    Ok(())
}

fn why(hit: &Hit) -> String {
    match &hit.concept {
        Some(concept) => format!("“{}” (@{concept}: {})", plain(&hit.form), hit.term),
        None => format!("“{}” ({})", plain(&hit.form), hit.term),
    }
}

/// The fields of a post that words can stand in.
fn fields(post: &Post) -> Vec<(Field, &str)> {
    let mut fields = Vec::new();
    fields.extend(post.title.as_deref().map(|text| (Field::Title, text)));
    fields.extend(post.warning.as_deref().map(|text| (Field::Warning, text)));
    fields.push((Field::Text, post.text.as_str()));
    fields.extend(
        post.quote_of.as_ref().and_then(|quote| quote.text.as_deref()).map(|text| (Field::Quote, text)),
    );
    let media = post.media.iter().enumerate();
    fields.extend(media.filter_map(|(n, media)| Some((Field::Media(n), media.alt.as_deref()?))));
    fields.extend(post.links.iter().enumerate().map(|(n, link)| (Field::Link(n), link.as_str())));
    fields
}

/// `text` on one line, safe for a terminal.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(harmless).collect()
}

fn harmless(c: char) -> char {
    let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if c.is_control() || turns { ' ' } else { c }
}

/// `text` on one line with the hits marked, safe for a terminal.
pub(super) fn marked(text: &str, hits: &[&Hit]) -> String {
    let mut places: Vec<(usize, usize)> = hits.iter().map(|hit| (hit.start, hit.end)).collect();
    places.sort_unstable();
    let (mut places, mut behind) = (places.into_iter().peekable(), 0);
    let (begin, end) = (MARK.render().to_string(), MARK.render_reset().to_string());
    let mut line = String::with_capacity(text.len());
    let mut on = false;
    for (at, c) in text.char_indices() {
        while let Some((_, end)) = places.next_if(|(start, _)| *start <= at) {
            behind = behind.max(end);
        }
        if (at < behind) != on {
            on = !on;
            line.push_str(if on { &begin } else { &end });
        }
        line.push(harmless(c));
    }
    if on {
        line.push_str(&end);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(start: usize, end: usize) -> Hit {
        Hit { concept: None, term: "arms".into(), form: "Arms".into(), field: Field::Text, start, end }
    }

    #[test]
    fn words_are_marked_and_nothing_reaches_the_terminal_but_text() {
        let hit = hit(3, 7);
        let text = marked("a\u{1b}\nArms\u{202e}", &[&hit]);
        assert_eq!(text, format!("a  {MARK}Arms{MARK:#} "));
    }

    #[test]
    fn words_within_others_and_beside_them_are_marked_with_them() {
        let table: [(&[(usize, usize)], &str); 4] = [
            (&[(2, 4), (0, 6), (3, 5)], "[abcdef]g"),
            (&[(4, 6), (0, 2)], "[ab]cd[ef]g"),
            (&[(0, 2), (2, 4)], "[abcd]efg"),
            (&[], "abcdefg"),
        ];
        for (places, expected) in table {
            let hits: Vec<Hit> = places.iter().map(|(start, end)| hit(*start, *end)).collect();
            let text = marked("abcdefg", &hits.iter().collect::<Vec<_>>());
            let shown = text.replace(&MARK.render().to_string(), "[");
            assert_eq!(shown.replace(&MARK.render_reset().to_string(), "]"), expected);
        }
    }

    // To ask every hit about every character would take minutes here.
    #[test]
    fn a_long_text_full_of_words_is_marked_in_one_pass() {
        let hits: Vec<Hit> = (0..150_000).map(|n| hit(n * 4, n * 4 + 3)).collect();
        let text = marked(&"abc ".repeat(150_000), &hits.iter().collect::<Vec<_>>());
        assert_eq!(text.matches(&MARK.render().to_string()).count(), 150_000);
    }
}
