//! The stop of everything after X refused in a way that trying again does not mend: bad credentials, no credit, a used-up
//! plan. Until one call went well again, one is made now and then, and every account hears the same reason.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::source::SourceError;

/// Whether calls are made.
#[derive(Debug, Default)]
pub struct Stop(Mutex<Option<(Instant, SourceError)>>);

/// A call that tries whether the stop is over may take so long; meanwhile no other is made.
const TRIAL: Duration = Duration::from_mins(1);

impl Stop {
    /// Whether a call may be made now; if not, why.
    pub fn check(&self) -> Result<(), SourceError> {
        let mut stop = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match stop.as_mut() {
            Some((until, error)) if Instant::now() < *until => Err(error.clone()),
            Some((until, _)) => {
                *until = Instant::now() + TRIAL;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// No call is made for `wait`.
    pub fn begin(&self, error: &SourceError, wait: Duration) {
        let stop = (Instant::now() + wait, error.clone());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(stop);
    }

    /// A call went well.
    pub fn end(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_call_tries_when_the_wait_is_over_and_success_frees_all() {
        let minutes = |n| tokio::time::advance(Duration::from_mins(n));
        let (stop, error) = (Stop::default(), SourceError::Broken("credits depleted".into()));
        assert_eq!(stop.check(), Ok(()));
        stop.begin(&error, Duration::from_mins(15));
        minutes(14).await;
        assert_eq!(stop.check(), Err(error.clone()));
        minutes(1).await;
        assert_eq!(stop.check(), Ok(()));
        assert_eq!(stop.check(), Err(error.clone()), "one is enough");
        stop.begin(&error, Duration::from_mins(15));
        minutes(14).await;
        assert_eq!(stop.check(), Err(error));
        stop.end();
        assert_eq!(stop.check(), Ok(()));
    }
}
