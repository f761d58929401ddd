//! Where the running daemon answers, beside its token: its configuration may say something else by now, or be broken.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::Path;

use super::beside::place;

/// The file's name below the store.
const FILE: &str = "address";

/// Writes below `store` that the daemon answers at `listen`.
pub fn leave_address(store: &Path, listen: SocketAddr) -> io::Result<()> {
    place(store, FILE, &listen.to_string())
}

/// Where the daemon that has `store` answers, or the last that had it did; `None` if it does not say.
pub fn address_in(store: &Path) -> Option<SocketAddr> {
    fs::read_to_string(store.join(FILE)).ok()?.trim().parse().ok()
}
