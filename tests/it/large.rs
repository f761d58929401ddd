//! The room for large answers: whoever sends as much as it may does not fill the machine's memory with others.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use vigie::clock::SystemClock;
use vigie::remote::{Pace, Remotes, Request};
use vigie::setting::Address;

use crate::server::{Reply, Server};

/// Large answers that are held at the same time.
const AT_ONCE: usize = 4;

fn saying(body: &str) -> Server {
    let body = body.to_owned();
    Server::start(move |_, _| Reply::of(200, &body))
}

#[tokio::test]
async fn a_large_answer_waits_until_there_is_room_and_a_small_one_never() {
    let remotes = Remotes::new(Arc::new(SystemClock), "vigie").unwrap();
    let large: Vec<Server> = (0..=AT_ONCE).map(|_| saying(&"x".repeat(600 << 10))).collect();
    let small = saying("x");
    let call = |server: &Server| {
        let url = Address::parse(&server.url("/")).unwrap().0;
        let remote = remotes.host(&url, "feed", Pace::new(Duration::from_millis(1), 9));
        async move { remote.call(Request::get(url)).await.unwrap() }
    };
    let mut calls = JoinSet::new();
    for server in &large {
        calls.spawn(call(server));
    }
    let mut held = Vec::new();
    while held.len() < AT_ONCE {
        held.push(calls.join_next().await.unwrap().unwrap());
    }
    assert_eq!(call(&small).await.body.len(), 1);
    let next = tokio::time::timeout(Duration::from_millis(300), calls.join_next()).await;
    assert!(next.is_err(), "it came although there is no room");
    let copy = held[0].clone();
    held.pop();
    let last = calls.join_next().await.unwrap().unwrap();
    assert_eq!((last.body.len(), copy.body.len()), (600 << 10, 600 << 10));
}
