//! The token that opens the daemon to the commands of the same machine: drawn at every start, kept beside the store in
//! a file that only its owner may read.

use std::fs;
use std::io;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::beside::place;
use crate::model::post::hex;
use crate::store::is_full;

/// The file's name below the store.
const FILE: &str = "token";

/// So many bytes are drawn; they are written as twice as many hexadecimal digits.
const BYTES: usize = 32;

/// A token, or what is shown as one.
#[derive(Clone, Debug)]
pub struct Token(SecretString);

impl Token {
    /// Draws a token.
    fn draw() -> io::Result<Self> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        Ok(Self(hex(&bytes).into()))
    }

    /// Draws a token and writes it below `store`. Where the disk takes no writes now, the one that lies there stays in
    /// force, so that commands are let in all the same; if none does, nobody is until [`Token::write`] succeeds.
    pub fn renew(store: &Path) -> io::Result<Self> {
        let drawn = Self::draw()?;
        let written = drawn.write(store);
        drawn.unless_full(written, || Self::read(store))
    }

    /// This token if it was written, or if there is nothing else; the one that lies there if the disk is full.
    fn unless_full(
        self,
        written: io::Result<()>,
        lies: impl FnOnce() -> io::Result<Self>,
    ) -> io::Result<Self> {
        match written {
            Err(cause) if is_full(&cause) => Ok(lies().unwrap_or(self)),
            written => written.map(|()| self),
        }
    }

    /// Writes it below `store`, in place of an earlier one: as a whole or not at all.
    pub fn write(&self, store: &Path) -> io::Result<()> {
        place(store, FILE, self.expose())
    }

    /// The token of the daemon that has `store`.
    pub fn read(store: &Path) -> io::Result<Self> {
        let text = fs::read_to_string(store.join(FILE))?;
        let token = text.trim();
        let is_whole = token.len() == 2 * BYTES && token.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_whole {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "there is no token in it"));
        }
        Ok(Self(token.into()))
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
        let [first, second] = [(); 2].map(|()| Token::renew(dir.path()).unwrap());
        let read = Token::read(dir.path()).unwrap();
        assert!(second.is(read.expose()) && !second.is(first.expose()) && !second.is(""));
        let mode = fs::metadata(dir.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(!format!("{second:?}").contains(second.expose()));
    }

    #[test]
    fn on_a_disk_that_takes_no_writes_the_token_that_lies_there_stays_in_force() {
        use io::ErrorKind::{NotFound, PermissionDenied, ReadOnlyFilesystem, StorageFull};
        let token = |text: &str| Token(text.into());
        for (written, lies, in_force) in [
            (None, true, Some("drawn")),
            (Some(StorageFull), true, Some("lies")),
            (Some(ReadOnlyFilesystem), true, Some("lies")),
            (Some(StorageFull), false, Some("drawn")),
            (Some(PermissionDenied), true, None),
        ] {
            let there = || if lies { Ok(token("lies")) } else { Err(NotFound.into()) };
            let found = token("drawn").unless_full(written.map_or(Ok(()), |kind| Err(kind.into())), there);
            let found = found.ok().map(|token| token.expose().to_owned());
            assert_eq!(found.as_deref(), in_force, "{written:?} {lies}");
        }
    }

    #[test]
    fn what_is_no_token_is_not_read_as_one() {
        let dir = tempfile::tempdir().unwrap();
        for text in ["", "\n", "guess", &"x".repeat(64), &"a".repeat(63), &"a".repeat(65)] {
            fs::write(dir.path().join(FILE), text).unwrap();
            assert!(Token::read(dir.path()).is_err(), "{text:?}");
        }
    }
}
