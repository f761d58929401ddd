//! `vigie stories`: which posts tell the same thing.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;

use super::Failure;
use super::matching::{marked, open, read};
use super::when::count;
use crate::clock::Clock;
use crate::model::post::Post;
use crate::model::story::{Copy, StoryId};
use crate::source::file::posts;
use crate::store::shelf::{Change, Shelf};
use crate::store::{Filing, StoreError};
use crate::story::Sketch;
use crate::watch::Watch;

/// One line of `--json`.
#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    story: &'a StoryId,
}

/// Files each post of `file` as if it had matched, at the time it was posted.
pub(super) fn run(watchlists: &[PathBuf], json: bool, file: &Path, clock: &dyn Clock) -> Result<(), Failure> {
    let watch = if watchlists.is_empty() { None } else { Some(read(watchlists)?) };
    let mut out = anstream::stdout().lock();
    let mut told = Told { shelf: Shelf::default(), watch, now: None, start: clock.now() };
    let (mut groups, mut broken) = (Groups::default(), 0);
    for post in posts(open(file)?) {
        let post = match post {
            Ok(post) => post,
            Err(why) => {
                anstream::eprintln!("{}: {why}", file.display());
                broken += 1;
                continue;
            }
        };
        let story = told.story(&post)?;
        if json {
            serde_json::to_writer(&mut out, &Line { id: &post.id, story: &story })?;
            writeln!(out)?;
        } else {
            groups.add(story, post);
        }
    }
    if !json {
        groups.show(&mut out)?;
    }
    out.flush()?;
    if broken > 0 {
        anstream::eprintln!("{} could not be read", count(broken, "line"));
        return Err(Failure::Said);
    }
    Ok(())
}

/// The stories so far.
struct Told {
    shelf: Shelf,
    watch: Option<Watch>,
    /// The latest time of a post so far: time does not run backwards.
    now: Option<Timestamp>,
    /// The time of posts without one, if none had one so far.
    start: Timestamp,
}

impl Told {
    fn story(&mut self, post: &Post) -> Result<StoryId, StoreError> {
        self.now = self.now.max(post.posted_at);
        let now = self.now.unwrap_or(self.start);
        let matches = self.watch.as_ref().map(|watch| watch.matches(post)).unwrap_or_default();
        let opened = StoryId::opened_by(post.key(), post.content());
        let filing = Filing {
            sketch: Sketch::of(post, &matches),
            story: opened,
            copy: Copy::of(post, now),
            insists: false,
            to: Vec::new(),
        };
        let (changes, _) = self.shelf.file(filing, |_| None, now)?;
        Ok(changes.first().map_or(opened, Change::story))
    }
}

/// Posts by story, in the order in which the stories began.
#[derive(Default)]
struct Groups {
    stories: Vec<(StoryId, Vec<Post>)>,
    places: HashMap<StoryId, usize>,
}

impl Groups {
    fn add(&mut self, story: StoryId, post: Post) {
        let place = *self.places.entry(story).or_insert(self.stories.len());
        match self.stories.get_mut(place) {
            Some((_, posts)) => posts.push(post),
            None => self.stories.push((story, vec![post])),
        }
    }

    fn show(&self, out: &mut impl Write) -> std::io::Result<()> {
        for (story, posts) in &self.stories {
            let s = if posts.len() == 1 { "" } else { "s" };
            writeln!(out, "{story}  {} post{s}", posts.len())?;
            for post in posts {
                let at = post.posted_at.map(|at| format!("{at} ")).unwrap_or_default();
                writeln!(
                    out,
                    "  {at}{} {}: {}",
                    post.platform,
                    marked(&post.author, &[]),
                    marked(&post.text, &[])
                )?;
            }
        }
        let all: usize = self.stories.iter().map(|(_, posts)| posts.len()).sum();
        anstream::eprintln!("{all} posts in {} stories", self.stories.len());
        Ok(())
    }
}
