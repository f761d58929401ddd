//! The text of a configuration file, by which byte offsets become lines.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use toml_span::{DeserError, Error, ErrorKind, Span, Value};

use super::{Problem, nearest, table};

/// A configuration file, and those that are read as a part of it.
#[derive(Clone, Debug)]
pub struct Document {
    /// Where it lies.
    pub path: PathBuf,
    /// What it says, and behind that what its parts say.
    pub text: String,
    /// Where the text of each part begins, ascending, and where the part lies.
    parts: Vec<(usize, PathBuf)>,
    /// Where each line begins, ascending, once that was asked for.
    lines: OnceLock<Vec<usize>>,
}

impl Document {
    /// What the file at `path` says.
    pub fn new(path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into(), parts: Vec::new(), lines: OnceLock::new() }
    }

    /// Reads the file at `path`.
    pub fn read(path: &Path) -> Result<Self, Problem> {
        Ok(Self::new(path, content(path)?))
    }

    /// Reads the file at `path` and, as parts of it, the TOML files in the folder of its name beside it, by name:
    /// `list.toml`, then `list/a.toml`, `list/b.toml`. A part holds only the tables named in `tables`.
    pub fn read_with_parts(path: &Path, tables: &[&str]) -> Result<Self, Vec<Problem>> {
        let mut document = Self::read(path).map_err(|problem| vec![problem])?;
        let parts = part_files(path).map_err(|cause| vec![unreadable(&path.with_extension(""), &cause)])?;
        if parts.is_empty() {
            return Ok(document);
        }
        let mut problems = document.parse().err().unwrap_or_default();
        for part in parts {
            match Self::read(&part) {
                Ok(part) => {
                    problems.extend(part.foreign(tables, &document.path));
                    document.append(part);
                }
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(document) } else { Err(problems) }
    }

    /// The values in it.
    pub fn parse(&self) -> Result<Value<'_>, Vec<Problem>> {
        toml_span::parse(&self.text).map_err(|error| self.problems(error.into()))
    }

    /// A problem at `span`.
    pub fn problem(&self, span: Span, message: impl Into<String>) -> Problem {
        let (start, file) = self.part(span.start);
        let at = span.start.clamp(start, self.text.len());
        let (line, line_start) = self.line(at);
        // A part begins a line.
        let line = line - self.line(start).0 + 1;
        let before = self.text.as_bytes().get(line_start.max(start)..at).unwrap_or_default();
        let column = String::from_utf8_lossy(before).chars().count() + 1;
        Problem { file: file.to_owned(), at: Some((line, column)), message: message.into() }
    }

    /// What reading found, in the file's words.
    pub fn problems(&self, error: DeserError) -> Vec<Problem> {
        error.errors.into_iter().flat_map(|error| self.explain(error)).collect()
    }

    fn append(&mut self, part: Self) {
        if !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        self.parts.push((self.text.len(), part.path));
        self.text.push_str(&part.text);
        self.lines = OnceLock::new();
    }

    /// The line of all the text in which a byte stands, from 0, and where it begins. Watchlists have thousands of places
    /// to warn of, so the lines are looked for once.
    fn line(&self, at: usize) -> (usize, usize) {
        let lines = self.lines.get_or_init(|| {
            let ends = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0).chain(ends.map(|(end, _)| end + 1)).collect()
        });
        let line = lines.partition_point(|start| *start <= at).saturating_sub(1);
        (line, lines.get(line).copied().unwrap_or_default())
    }

    /// The file in which a byte stands, and where that file's text begins.
    fn part(&self, offset: usize) -> (usize, &Path) {
        let part = self.parts.iter().rev().find(|(start, _)| *start <= offset);
        part.map_or((0, &*self.path), |(start, path)| (*start, path))
    }

    /// What a part has no room for: broken syntax, and what belongs to the file that it is a part of.
    fn foreign(&self, tables: &[&str], whole: &Path) -> Vec<Problem> {
        let keys =
            self.parse().and_then(|mut root| table(&mut root).map_err(|error| self.problems(error.into())));
        let keys = match keys {
            Ok(keys) => keys,
            Err(problems) => return problems,
        };
        let named: Vec<String> = tables.iter().map(|name| format!("`{name}`")).collect();
        let mut foreign: Vec<_> = keys.keys().filter(|key| !tables.contains(&&*key.name)).collect();
        foreign.sort_by_key(|key| key.span.start);
        let say = |key: &toml_span::value::Key| {
            let hint = nearest(&key.name, tables.iter().copied()).map_or_else(
                || format!("this one is a part of it and holds only {}", named.join(" and ")),
                |near| format!("did you mean `{near}`?"),
            );
            self.problem(key.span, format!("`{}` belongs in {}; {hint}", key.name, whole.display()))
        };
        foreign.into_iter().map(say).collect()
    }

    fn explain(&self, error: Error) -> Vec<Problem> {
        match &error.kind {
            ErrorKind::UnexpectedKeys { keys, expected } => {
                let unknown = |(key, span): &(String, Span)| {
                    let hint = nearest(key, expected.iter().map(String::as_str));
                    let hint = hint.map_or_else(
                        || format!("; known here: {}", expected.join(", ")),
                        |near| format!("; did you mean `{near}`?"),
                    );
                    self.problem(*span, format!("unknown key `{key}`{hint}"))
                };
                keys.iter().map(unknown).collect()
            }
            ErrorKind::UnexpectedValue { expected, value } => {
                let value = value.as_deref().unwrap_or("");
                let hint = nearest(value, expected.iter().copied());
                let hint = hint.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                let known = expected.join(", ");
                vec![self.problem(error.span, format!("`{value}` is none of {known}{hint}"))]
            }
            ErrorKind::DuplicateKey { key: name, first } | ErrorKind::DuplicateTable { name, first } => {
                let there = self.problem(*first, "").place();
                vec![
                    self.problem(
                        error.span,
                        format!("`{name}` stands already in {there}; make one of the two"),
                    ),
                ]
            }
            ErrorKind::MissingField(name) => vec![self.problem(error.span, format!("`{name}` is missing"))],
            ErrorKind::Wanted { expected, found } => {
                vec![self.problem(error.span, format!("{expected} is wanted here, not {found}"))]
            }
            ErrorKind::Custom(message) => vec![self.problem(error.span, message.clone())],
            _ => vec![self.problem(error.span, error.to_string())],
        }
    }
}

/// The files that are read as parts of the one at `path`: the TOML files in the folder of its name, by name.
pub fn part_files(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    let folder = path.with_extension("");
    if folder.is_dir() { toml_files(&folder) } else { Ok(Vec::new()) }
}

/// The TOML files in a folder, by name, without hidden ones.
pub fn toml_files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !hidden && path.is_file() && path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn content(path: &Path) -> Result<String, Problem> {
    std::fs::read_to_string(path).map_err(|cause| unreadable(path, &cause))
}

fn unreadable(path: &Path, cause: &std::io::Error) -> Problem {
    Problem { file: path.to_owned(), at: None, message: format!("cannot be read: {cause}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_a_part_is_told_by_the_line_of_that_file() {
        let mut document = Document::new("list.toml", "a = 1");
        document.append(Document::new("list/b.toml", "\n[x]\n"));
        document.append(Document::new("list/c.toml", "[y]"));
        let place = |at: usize| {
            let Problem { file, at, .. } = document.problem(Span::new(at, at), "");
            (file.to_string_lossy().into_owned(), at.unwrap())
        };
        for (needle, expected) in [
            ("a =", ("list.toml", (1, 1))),
            ("[x]", ("list/b.toml", (2, 1))),
            ("y]", ("list/c.toml", (1, 2))),
        ] {
            let (file, at) = place(document.text.find(needle).unwrap());
            assert_eq!((&*file, at), expected, "{needle}");
        }
    }

    #[test]
    fn every_byte_has_the_line_and_the_column_that_counting_gives() {
        let mut document = Document::new("list.toml", "a = \"é\"\r\n\n  b = 2 # ش\n");
        let place = |document: &Document, at| document.problem(Span::new(at, at), "").at.unwrap();
        assert_eq!(place(&document, 0), (1, 1));
        document.append(Document::new("list/b.toml", "\n[x]\nn = 1"));
        for (at, _) in document.text.char_indices().chain([(document.text.len(), ' ')]) {
            let from = if at < document.parts[0].0 { 0 } else { document.parts[0].0 };
            let before = &document.text[from..at];
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
            assert_eq!(place(&document, at), (line, column), "{at}");
        }
        assert_eq!(place(&document, 1_000), (3, 6), "what lies behind the end is told at the end");
    }
}
