//! The token that opens the daemon to the commands of the same machine: drawn at every start, kept beside the store in
//! a file that only its owner may read.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::model::post::hex;

/// The file's name below the store.
const FILE: &str = "token";

/// A token, or what is shown as one.
#[derive(Clone, Debug)]
pub struct Token(SecretString);

impl Token {
    /// Draws a token.
    pub fn draw() -> io::Result<Self> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        Ok(Self(hex(&bytes).into()))
    }

    /// Writes it below `store`, in place of an earlier one.
    pub fn write(&self, store: &Path) -> io::Result<()> {
        let path = store.join(FILE);
        // Anew, so that nobody who may read an older file may read this one.
        match fs::remove_file(&path) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
            _ => {}
        }
        let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(path)?;
        writeln!(file, "{}", self.expose())
    }

    /// The token of the daemon that has `store`.
    pub fn read(store: &Path) -> io::Result<Self> {
        fs::read_to_string(store.join(FILE)).map(|text| Self(text.trim().into()))
    }

    /// Whether `shown` is this token. Takes as long for a near miss as for a far one, because digests are compared, byte by byte to the end.
    pub fn is(&self, shown: &str) -> bool {
        Sha256::digest(shown).ct_eq(&Sha256::digest(self.0.expose_secret())).into()
    }

    /// The token itself, to be shown.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_token_is_new_at_every_start_and_only_its_owner_may_read_it() {
        let dir = tempfile::tempdir().unwrap();
        let [first, second] = [(); 2].map(|()| {
            let token = Token::draw().unwrap();
            token.write(dir.path()).unwrap();
            token
        });
        let read = Token::read(dir.path()).unwrap();
        assert!(second.is(read.expose()) && !second.is(first.expose()) && !second.is(""));
        let mode = fs::metadata(dir.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(!format!("{second:?}").contains(second.expose()));
    }
}
