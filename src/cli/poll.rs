//! `vigie poll`: what a source shows now; nothing is stored.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::{Failure, load};
use crate::clock::Clock;
use crate::model::post::Post;
use crate::model::spend::{Budget, Reads};
use crate::model::timeline::TimelineId;
use crate::poll::Watching;
use crate::setting::nearest;
use crate::source::{Ask, Page, SourceError, Watched};

/// Pages read of one timeline; a look is not a harvest.
const PAGES: u32 = 5;

/// What a look at a source brought, and what it took.
#[derive(Default)]
struct Seen {
    posts: usize,
    pages: u32,
    read: Reads,
    limit: Option<(u64, Timestamp)>,
}

/// Looks at every account of a source as if for the first time.
pub(super) async fn poll(path: &Path, name: &str, json: bool, clock: &Arc<dyn Clock>) -> Result<(), Failure> {
    let config = load(path, clock)?;
    let Some(watching) = config.sources.iter().find(|source| source.id == name) else {
        let hint = nearest(name, config.sources.iter().map(|source| source.id.as_str()));
        let hint = hint.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        return Err(Failure::Usage(format!("no enabled source is named `{name}`{hint}")));
    };
    let (mut failed, mut all) = (0, Seen::default());
    for Watched { account, timeline, .. } in watching.source.accounts() {
        let mut seen = Seen::default();
        let result = look(watching, &account, timeline, &mut seen, json, clock).await;
        all.add(&seen);
        match result {
            Ok(said) => anstream::eprintln!("{account}: {said}{}", seen.took(watching)),
            Err(error) => {
                anstream::eprintln!("{name} {account}: {error}{}", seen.took(watching));
                failed += 1;
            }
        }
    }
    let accounts = watching.source.accounts().len();
    if accounts > 1 {
        let (posts, pages) = (all.posts, all.pages);
        anstream::eprintln!(
            "{name}: {accounts} accounts, {posts} posts on {pages} pages{}",
            all.took(watching)
        );
    }
    if failed == 0 { Ok(()) } else { Err(Failure::Said) }
}

/// Looks at one account; says what was seen.
async fn look(
    watching: &Watching,
    account: &str,
    timeline: Option<TimelineId>,
    seen: &mut Seen,
    json: bool,
    clock: &Arc<dyn Clock>,
) -> Result<String, SourceError> {
    let source = &watching.source;
    let timeline = if let Some(timeline) = timeline {
        timeline
    } else {
        let timeline = source.resolve(account).await?;
        seen.read = source.portion(None).most;
        timeline
    };
    let since = watching.common.backfill.and_then(|back| clock.now().checked_sub(back).ok());
    let most = watching.common.budget.and_then(|budget| budget.posts_per_day);
    let mut cursor = None;
    let more = loop {
        let allowance = most.map(|most| most.saturating_sub(seen.read.posts));
        let ask = Ask { timeline: &timeline, account, cursor: cursor.as_ref(), since, allowance };
        let page = source.fetch(ask).await?;
        seen.page(&page);
        show(account, &page, json);
        cursor = page.next.or(cursor);
        if !page.more || seen.pages == PAGES || most.is_some_and(|most| seen.read.posts >= most) {
            break page.more;
        }
    };
    let (posts, pages) = (seen.posts, seen.pages);
    let more = if more { ", more wait" } else { "" };
    let since = since.map(|since| format!(" since {since:.0}")).unwrap_or_default();
    Ok(format!("{posts} posts{since} on {pages} pages{more} ({timeline})"))
}

fn show(account: &str, page: &Page, json: bool) {
    for why in &page.unreadable {
        anstream::eprintln!("{account}: {why}");
    }
    for post in &page.posts {
        let line = if json { serde_json::to_string(post).unwrap_or_default() } else { lines(post) };
        anstream::println!("{line}");
    }
}

/// A post as people read it.
fn lines(post: &Post) -> String {
    let at = post.posted_at.map_or_else(|| "no date".to_owned(), |at| format!("{at:.0}"));
    let text: String = post.text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text: String = text.chars().filter(|c| !c.is_control()).take(160).collect();
    format!("{at}  {}  {}\n    {text}", post.author, post.url.as_deref().unwrap_or(&post.id))
}

impl Seen {
    fn page(&mut self, page: &Page) {
        self.add(&Self { posts: page.posts.len(), pages: 1, read: page.read, limit: page.limit });
    }

    fn add(&mut self, other: &Self) {
        self.posts += other.posts;
        self.pages += other.pages;
        self.read = self.read.plus(other.read);
        self.limit = other.limit.or(self.limit);
    }

    /// What it cost and what is left, as far as the platform tells.
    fn took(&self, watching: &Watching) -> String {
        let Reads { posts, users } = self.read;
        let cost = |budget: Budget| {
            let money = budget.price.of(self.read);
            format!("; costs {money} ({posts} posts, {users} profiles), which counts against no budget here")
        };
        let limit = self.limit.map(|(left, until)| format!("; {left} calls left until {until:.0}"));
        format!("{}{}", limit.unwrap_or_default(), watching.common.budget.map(cost).unwrap_or_default())
    }
}
