use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use tokio::time::{Instant, sleep};

use super::*;
use crate::clock::TokioClock;
use crate::model::post::Platform;
use crate::pulse::Pulse;
use crate::source::{Ask, Common, Page, Source, SourceError, Watched};
use crate::store::memory::MemoryStore;

/// Accounts that show nothing, and how many looks there were at them.
struct Empty {
    accounts: usize,
    looks: AtomicUsize,
}

#[async_trait]
impl Source for Empty {
    fn accounts(&self) -> Vec<Watched> {
        let watched = |account: usize| Watched {
            account: account.to_string().into(),
            timeline: Some(TimelineId::new(&Platform::X, &account.to_string())),
            every: None,
        };
        (0..self.accounts).map(watched).collect()
    }

    async fn fetch(&self, _: Ask<'_>) -> Result<Page, SourceError> {
        self.looks.fetch_add(1, Ordering::Relaxed);
        Ok(Page::default())
    }
}

#[tokio::test(start_paused = true)]
async fn without_room_for_looks_the_loop_turns_and_ends_but_begins_no_others() {
    let (accounts, hour) = (200, SignedDuration::from_hours(1));
    let source = Arc::new(Empty { accounts, looks: AtomicUsize::new(0) });
    let common =
        Common { enabled: true, every: hour, slowest: hour, canary: None, backfill: None, budget: None };
    let watching = Watching { id: "x.hub".into(), platform: Platform::X, common, source: source.clone() };
    let start = "2025-04-30T20:00:00Z".parse().unwrap();
    let clock: Arc<dyn Clock> = Arc::new(TokioClock::starting_at(start));
    let matcher: Matcher = Arc::new(|_: &Post, _: &Origin| Vec::new());
    let poll = Poll::new(vec![watching], Arc::new(MemoryStore::default()), matcher, clock).await.unwrap();
    let ((looks, mut room), (_due, dues)) = (mpsc::channel(1), mpsc::unbounded_channel());
    let (pulse, stop) = (Pulse::default(), CancellationToken::new());
    let running = poll.run(looks, dues, pulse.register("poll", TICK), stop.clone());
    let rest = async {
        sleep(Duration::from_mins(1)).await;
        // 64 hands; all of them were free again, but there was room for one look only.
        assert_eq!((pulse.late(), source.looks.load(Ordering::Relaxed)), (vec![], 64));
        for _ in 2..accounts {
            room.recv().await.unwrap();
        }
        sleep(Duration::from_secs(1)).await;
        assert_eq!(source.looks.load(Ordering::Relaxed), accounts, "nobody is forgotten");
        room.recv().await.unwrap();
        stop.cancel();
        Instant::now()
    };
    let (ended, stopped) = tokio::join!(running, rest);
    ended.unwrap();
    assert!(stopped.elapsed() < Duration::from_secs(1));
    assert!(room.try_recv().is_ok(), "what there is room for is handed over");
}
