//! The door to X's answers for the fuzz target.

use super::*;
use crate::source::fuzz::{NOW, answer, check, kit, url};

/// Reads `bytes` as an answer of X about an account, a list and a search.
pub fn fuzz(bytes: &[u8]) {
    let answer = answer(bytes);
    if !answer.is_success() {
        drop(refusal(&answer, NOW).error());
        return;
    }
    let searches = searches(&["hub".into()], SignedDuration::from_mins(30));
    let search = format!("search:{}", searches[0].key);
    for id in ["1", "list:1", &search] {
        check((&Platform::X, id), |ask| {
            // What is billed is billed once: every reading has its own.
            let x = x(searches.clone());
            let what = x.what(ask.timeline).unwrap_or_else(|| unreachable!("{id}"));
            let place = Place::read(ask.cursor).unwrap_or_else(|cause| panic!("{cause}: {:?}", ask.cursor));
            let window = what.window(&place, ask.since, NOW);
            x.page(&answer, &Look { what, ask, place, window, now: NOW })
        });
    }
}

fn x(searches: Vec<Search>) -> X {
    let (kit, token) = (kit(), SecretString::from("a-token-that-nobody-has"));
    X {
        ways: Ways::new(url(), &token, &kit.remotes),
        accounts: vec!["hub".into()],
        lists: vec!["1".into()],
        searches,
        accounts_every: None,
        token,
        page: 100,
        says_post: AtomicBool::new(false),
        billed: Billed::new(true),
        stop: Stop::default(),
        clock: kit.clock,
    }
}
