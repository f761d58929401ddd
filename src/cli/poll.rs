//! `vigie poll`: what a source shows now; nothing is stored.

use std::path::Path;
use std::sync::Arc;

use anyhow::anyhow;

use super::{Failure, load};
use crate::clock::Clock;
use crate::poll::Watching;
use crate::setting::nearest;
use crate::source::Ask;

/// Pages read of one timeline; a look is not a harvest.
const PAGES: u32 = 5;

/// Looks at every account of a source as if for the first time.
pub(super) async fn poll(path: &Path, name: &str, json: bool, clock: &Arc<dyn Clock>) -> Result<(), Failure> {
    let config = load(path, clock)?;
    let Some(watching) = config.sources.iter().find(|source| source.id == name) else {
        let hint = nearest(name, config.sources.iter().map(|source| source.id.as_str()));
        let hint = hint.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        return Err(Failure::Usage(format!("no enabled source is named `{name}`{hint}")));
    };
    let mut failed = 0;
    for watched in watching.source.accounts() {
        if let Err(error) = look(watching, &watched.account, watched.timeline, json, clock).await {
            anstream::eprintln!("{name} {}: {error:#}", watched.account);
            failed += 1;
        }
    }
    if failed == 0 { Ok(()) } else { Err(Failure::Said) }
}

async fn look(
    watching: &Watching,
    account: &str,
    timeline: Option<crate::model::timeline::TimelineId>,
    json: bool,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<()> {
    let timeline = match timeline {
        Some(timeline) => timeline,
        None => watching.source.resolve(account).await?,
    };
    let since = watching.common.backfill.and_then(|back| clock.now().checked_sub(back).ok());
    let (mut cursor, mut pages, mut posts) = (None, 0, 0);
    let mut allowance = watching.common.max_posts_per_day;
    let (more, limit) = loop {
        let ask = Ask { timeline: &timeline, account, cursor: cursor.as_ref(), since, allowance };
        let page = watching.source.fetch(ask).await?;
        pages += 1;
        posts += page.posts.len();
        allowance = allowance.map(|left| left.saturating_sub(page.posts.len() as u32));
        for why in &page.unreadable {
            anstream::eprintln!("{account}: {why}");
        }
        for post in &page.posts {
            if json {
                anstream::println!("{}", serde_json::to_string(post)?);
            } else {
                let at = post.posted_at.map_or_else(|| "no date".to_owned(), |at| format!("{at:.0}"));
                let text: String = post.text.split_whitespace().collect::<Vec<_>>().join(" ");
                let text: String = text.chars().filter(|c| !c.is_control()).take(160).collect();
                anstream::println!(
                    "{at}  {}  {}\n    {text}",
                    post.author,
                    post.url.as_deref().unwrap_or(&post.id)
                );
            }
        }
        cursor = page.next.or(cursor);
        if !page.more || pages == PAGES || allowance == Some(0) {
            break (page.more, page.limit);
        }
    };
    let limit =
        limit.map(|(left, until)| format!("; {left} calls left until {until:.0}")).unwrap_or_default();
    let more = if more { ", more wait" } else { "" };
    let since = since.map(|since| format!(" since {since:.0}")).unwrap_or_default();
    anstream::eprintln!("{account} ({timeline}): {posts} posts{since} on {pages} pages{more}{limit}");
    if pages == 0 { Err(anyhow!("nothing was read")) } else { Ok(()) }
}
