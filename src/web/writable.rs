//! Whether the store can be written: tried at most once in a few seconds, however many want to know, because whoever
//! reaches the address may ask.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use tokio::time::Instant;

use crate::clock::Clock;
use crate::store::{Store, StoreError};

/// So long what was found is told again.
const FRESH: Duration = Duration::from_secs(5);

/// How long the store may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Tries whether the store can be written.
pub struct Writable {
    attempt: Box<dyn Fn() -> BoxFuture<'static, Result<(), StoreError>> + Send + Sync>,
    last: Mutex<Option<Try>>,
}

/// One try, under way or over.
struct Try {
    begun: Instant,
    outcome: Shared<BoxFuture<'static, Result<(), String>>>,
}

impl Writable {
    /// Tries `store`, by writing the time.
    pub fn of(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self::by(move || {
            let (store, now) = (store.clone(), clock.now());
            async move { store.check(now).await }.boxed()
        })
    }

    fn by(attempt: impl Fn() -> BoxFuture<'static, Result<(), StoreError>> + Send + Sync + 'static) -> Self {
        Self { attempt: Box::new(attempt), last: Mutex::default() }
    }

    /// Whether it can be written, as far as is known from the last five seconds; otherwise why not.
    pub async fn ask(&self) -> Result<(), String> {
        let outcome = {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            match last.as_ref().filter(|last| last.begun.elapsed() < FRESH) {
                Some(last) => last.outcome.clone(),
                None => last.insert(Try { begun: Instant::now(), outcome: self.begin() }).outcome.clone(),
            }
        };
        outcome.await
    }

    /// Begins a try; if whoever asked hangs up, the next to ask finishes it.
    fn begin(&self) -> Shared<BoxFuture<'static, Result<(), String>>> {
        let trying = tokio::time::timeout(PATIENCE, (self.attempt)());
        let outcome = async {
            match trying.await {
                Ok(tried) => tried.map_err(|cause| cause.to_string()),
                Err(_) => Err(format!("the store has not answered for {} s", PATIENCE.as_secs())),
            }
        };
        outcome.boxed().shared()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    use super::*;

    /// A store that counts the tries, and fails or stalls when told to.
    #[derive(Default)]
    struct Fake {
        tries: AtomicU32,
        full: AtomicBool,
        stalls: AtomicBool,
    }

    fn over(fake: &Arc<Fake>) -> Writable {
        let fake = fake.clone();
        Writable::by(move || {
            let fake = fake.clone();
            fake.tries.fetch_add(1, Ordering::Relaxed);
            async move {
                tokio::time::sleep(Duration::from_millis(10)).await;
                if fake.stalls.load(Ordering::Relaxed) {
                    std::future::pending::<()>().await;
                }
                let full = fake.full.load(Ordering::Relaxed);
                if full { Err(StoreError::Full("no space".into())) } else { Ok(()) }
            }
            .boxed()
        })
    }

    #[tokio::test(start_paused = true)]
    async fn however_many_ask_the_store_is_written_once_in_five_seconds_and_a_failure_shows_within_them() {
        let fake = Arc::new(Fake::default());
        let writable = over(&fake);
        let start = Instant::now();
        let full = || Err("the store cannot be written: no space".to_owned());
        // The second, whether the disk is full from then on, what is told, and how often the store was tried by then.
        for (second, is_full, told, tries) in [
            (0, false, Ok(()), 1),
            (1, true, Ok(()), 1),
            (4, true, Ok(()), 1),
            (5, true, full(), 2),
            (6, false, full(), 2),
            (11, false, Ok(()), 3),
            (100, false, Ok(()), 4),
        ] {
            tokio::time::sleep_until(start + Duration::from_secs(second)).await;
            fake.full.store(is_full, Ordering::Relaxed);
            let answers = futures_util::future::join_all((0..50).map(|_| writable.ask())).await;
            assert!(answers.iter().all(|answer| *answer == told), "at second {second}: {answers:?}");
            assert_eq!(fake.tries.load(Ordering::Relaxed), tries, "at second {second}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_hangs_up_neither_begins_another_try_nor_ends_the_one_under_way() {
        let fake = Arc::new(Fake::default());
        let writable = over(&fake);
        for _ in 0..5 {
            let asking = tokio::time::timeout(Duration::from_millis(1), writable.ask());
            assert!(asking.await.is_err());
        }
        assert_eq!(writable.ask().await, Ok(()));
        assert_eq!(fake.tries.load(Ordering::Relaxed), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_does_not_answer_is_said_not_to() {
        let fake = Arc::new(Fake::default());
        fake.stalls.store(true, Ordering::Relaxed);
        let answer = over(&fake).ask().await;
        assert_eq!(answer, Err("the store has not answered for 5 s".to_owned()));
    }
}
