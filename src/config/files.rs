//! The files that a configuration is read from, which may be read again.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use toml_span::Value;
use toml_span::value::ValueInner;

use super::{Basics, Config, watchlists};
use crate::clock::Clock;
use crate::model::post::hex;
use crate::setting::{Document, Problem};

/// Where configurations come from, again and again.
pub trait Configs: Send + Sync {
    /// Tells what would be loaded now from what was loaded before.
    fn digest(&self) -> Digest;

    /// Loads what is there now.
    fn load(&self) -> Result<Config, Vec<Problem>>;
}

/// Tells one content from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

/// A configuration in a file, the watchlists and secrets it names.
pub struct Files {
    /// The configuration.
    pub path: PathBuf,
    /// The store's folder, if not the one in the configuration.
    pub store: Option<PathBuf>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Configs for Files {
    fn digest(&self) -> Digest {
        let mut hash = Sha256::new();
        for path in self.paths() {
            // A file that cannot be read is a content of its own.
            let content = std::fs::read(&path).unwrap_or_else(|cause| cause.to_string().into_bytes());
            hash.update(Sha256::digest(path.as_os_str().as_encoded_bytes()));
            hash.update(Sha256::digest(content));
        }
        Digest(hash.finalize().into())
    }

    fn load(&self) -> Result<Config, Vec<Problem>> {
        let mut config = Config::load(&self.path, &self.clock)?;
        if let Some(store) = &self.store {
            store.clone_into(&mut config.basics.store);
        }
        Ok(config)
    }
}

impl Files {
    /// All files, as far as the first of them tells of the others.
    fn paths(&self) -> Vec<PathBuf> {
        let mut paths = vec![self.path.clone()];
        if let Ok(document) = Document::read(&self.path) {
            let files =
                Basics::of(&document).ok().and_then(|basics| watchlists::all_files(&basics.watchlists).ok());
            paths.extend(files.into_iter().flatten());
            let dir = self.path.parent().unwrap_or(Path::new("."));
            if let Ok(value) = document.parse() {
                secrets(&value, dir, &mut paths);
            }
        }
        paths
    }
}

/// Every `{ file = "..." }`.
fn secrets(value: &Value<'_>, dir: &Path, paths: &mut Vec<PathBuf>) {
    match value.as_ref() {
        ValueInner::Table(table) => {
            for (key, value) in table {
                match value.as_str() {
                    Some(file) if key.name == "file" => paths.push(dir.join(file)),
                    _ => secrets(value, dir, paths),
                }
            }
        }
        ValueInner::Array(values) => values.iter().for_each(|value| secrets(value, dir, paths)),
        _ => {}
    }
}
