//! The files that a configuration is read from, which may be read again.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

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
    path: PathBuf,
    store: Option<PathBuf>,
    clock: Arc<dyn Clock>,
    /// What the configuration named when it was last read. It may name thousands of accounts, and is asked every two
    /// seconds.
    named: Mutex<Named>,
}

/// The files that a configuration names.
#[derive(Clone, Default)]
struct Named {
    /// What it says, hashed.
    by: [u8; 32],
    watchlists: Option<PathBuf>,
    secrets: Vec<PathBuf>,
}

impl Configs for Files {
    fn digest(&self) -> Digest {
        let mut hash = Sha256::new();
        let mut add = |path: &Path| {
            // A file that cannot be read is a content of its own.
            let content = std::fs::read(path).unwrap_or_else(|cause| cause.to_string().into_bytes());
            hash.update(Sha256::digest(path.as_os_str().as_encoded_bytes()));
            hash.update(Sha256::digest(&content));
            content
        };
        let Named { watchlists, secrets, .. } = self.named(add(&self.path));
        let watchlists = watchlists.and_then(|path| watchlists::all_files(&path).ok());
        for path in watchlists.into_iter().flatten().chain(secrets) {
            add(&path);
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
    /// The configuration at `path`, and all it names; `store` is the store's folder, if not the one it names.
    pub fn new(path: &Path, store: Option<&Path>, clock: Arc<dyn Clock>) -> Self {
        Self { path: path.to_owned(), store: store.map(Path::to_owned), clock, named: Mutex::default() }
    }

    /// The files that the configuration names that says this, as far as it can be read.
    fn named(&self, content: Vec<u8>) -> Named {
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        let by = Sha256::digest(&content).into();
        if named.by != by {
            *named = Named { by, ..Named::default() };
            let document = Document::new(&self.path, String::from_utf8(content).unwrap_or_default());
            named.watchlists = Basics::of(&document).ok().map(|basics| basics.watchlists);
            let dir = self.path.parent().unwrap_or(Path::new("."));
            if let Ok(value) = document.parse() {
                secrets(&value, dir, &mut named.secrets);
            }
        }
        named.clone()
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
