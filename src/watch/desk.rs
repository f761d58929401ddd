//! What is used again from post to post.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::lexicon::Desk;

/// As many desks as there were ever posts matched at a time.
#[derive(Default)]
#[expect(clippy::vec_box, reason = "a desk is too large to be moved for every post")]
pub struct Desks(Mutex<Vec<Box<Desk>>>);

impl Desks {
    /// Works at a free desk.
    pub fn with<T>(&self, work: impl FnOnce(&mut Desk) -> T) -> T {
        let mut desk = self.lock().pop().unwrap_or_default();
        let done = work(&mut desk);
        self.lock().push(desk);
        done
    }

    #[expect(clippy::vec_box, reason = "as above")]
    fn lock(&self) -> MutexGuard<'_, Vec<Box<Desk>>> {
        // A desk is out while it is in use, so no panic can leave a broken one here.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Desks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desks").finish_non_exhaustive()
    }
}
