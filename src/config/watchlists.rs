//! Finding the watchlists that a configuration names, and reading them.

use std::path::{Path, PathBuf};

use toml_span::{Error, Span};

use crate::setting::{Document, Problem, part_files, toml_files, wrong};
use crate::watch::{Accounts, Watch};

/// The watchlists in the folder, or in the one file, that `watchlists` names; what may be meant but seldom is in those that
/// can be read is added to `warnings`.
pub(super) fn read(
    path: &Path,
    span: Span,
    accounts: Option<&Accounts>,
    errors: &mut Vec<Error>,
    warnings: &mut Vec<Problem>,
) -> (Option<Watch>, Vec<Problem>) {
    let files = match files(path) {
        Ok(files) if files.is_empty() => {
            errors.push(wrong(span, format!("there is no watchlist (*.toml) in {}", path.display())));
            return (None, Vec::new());
        }
        Ok(files) => files,
        Err(cause) => {
            errors.push(wrong(span, format!("the watchlists at {} cannot be read: {cause}", path.display())));
            return (None, Vec::new());
        }
    };
    for folder in orphans(path) {
        let message = format!(
            "the files in {0} belong to no watchlist; add {0}.toml, of which they are parts, or move them",
            folder.display()
        );
        errors.push(wrong(span, message));
    }
    let mut problems = Vec::new();
    let mut documents = Vec::new();
    for file in files {
        let name = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        match Document::read_with_parts(&file, &Watch::PARTS) {
            Ok(document) => documents.push((name, document)),
            Err(found) => problems.extend(found),
        }
    }
    match Watch::load_for(&documents, accounts, warnings) {
        Ok(watch) => (Some(watch), problems),
        Err(found) => {
            problems.extend(found);
            (None, problems)
        }
    }
}

/// The files of the watchlists at `path`, and their parts.
pub(super) fn all_files(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for file in files(path)? {
        let parts = part_files(&file)?;
        all.push(file);
        all.extend(parts);
    }
    Ok(all)
}

fn files(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    if path.is_file() { Ok(vec![path.to_owned()]) } else { toml_files(path) }
}

/// The folders of parts whose watchlist is not there: nobody would read them.
fn orphans(path: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    let orphan = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let holds_parts = || toml_files(path).is_ok_and(|files| !files.is_empty());
        !name.starts_with('.') && !path.with_file_name(format!("{name}.toml")).exists() && holds_parts()
    };
    let mut orphans: Vec<PathBuf> = entries.filter(|path| path.is_dir() && orphan(path)).collect();
    orphans.sort();
    orphans
}
