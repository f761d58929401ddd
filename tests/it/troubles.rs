//! Every trouble of a source is told once, with its cause, and once more when it is over: with fakes and in paused time.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use vigie::model::coverage::Cause;
use vigie::model::delivery::{Body, Delivery};
use vigie::source::SourceError;

use crate::fake::{FakeSource, start};
use crate::pipeline::{World, arms};

/// What the operators were told of: the title and the first line.
fn told(world: &World) -> Vec<String> {
    let words = |delivery: &Delivery| match &delivery.body {
        Body::Notice(notice) => {
            format!("{}: {}", notice.title, notice.text.split(". ").next().unwrap_or_default())
        }
        Body::Alert(_) | Body::Digest(_) => panic!("no alert goes to the operators"),
    };
    world.operators.took().iter().map(words).collect()
}

/// Every way in which a look may fail that people hear of, for how many looks in a row, and how its cause is told.
fn troubles() -> Vec<(SourceError, usize, &'static str)> {
    let later = start() + SignedDuration::from_mins(20);
    vec![
        (SourceError::Retry(Some(later), "HTTP 429".into()), 6, "rate limit"),
        (SourceError::Retry(None, "HTTP 500".into()), 6, "outage"),
        (SourceError::Unanswered("no answer".into()), 6, "outage"),
        (SourceError::Paused(later, "402".into()), 1, "out of credit or budget"),
        (SourceError::Barred(Cause::Credentials, "401".into()), 3, "credentials refused"),
        (SourceError::Barred(Cause::Credit, "usage cap".into()), 3, "out of credit or budget"),
        (SourceError::Broken("it is gone".into()), 3, "not shown by the platform"),
        (SourceError::Suspicious("an empty page".into()), 3, "answers that cannot be true"),
    ]
}

#[tokio::test(start_paused = true)]
async fn every_trouble_is_told_once_with_its_cause_and_once_when_it_is_over_also_over_restarts() {
    for (error, looks, cause) in troubles() {
        let mut world = World::new(vec![arms("1", -60)]);
        world.run(Duration::from_secs(90)).await;
        world.source.add(arms("2", 1));
        world.source.errors.lock().unwrap().extend((0..looks).map(|_| error.clone()));
        for _ in 0..12 {
            world.run(Duration::from_mins(15)).await;
            world.restart();
        }
        let told = told(&world);
        assert_eq!(told.len(), 2, "{error:?}: {told:?}");
        let begins = format!("x.hub cannot read hub: {}\nCause: {cause}", words(&error));
        assert_eq!(told[0], begins, "{error:?}");
        assert!(told[1].starts_with("x.hub reads hub again: From 2025-04-30 20:0"), "{error:?}: {}", told[1]);
        assert!(
            told[1].contains(&format!("({cause})")) && told[1].contains("caught up"),
            "{error:?}: {}",
            told[1]
        );
        assert_eq!(world.sink.heads(), ["1", "2"], "{error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_people_may_have_mended_is_looked_at_at_once_when_they_start_vigie_or_take_over_a_configuration()
{
    for (error, _, cause) in troubles() {
        let mut world = World::new(vec![arms("1", -60)]);
        world.source.errors.lock().unwrap().extend((0..1000).map(|_| error.clone()));
        world.run(Duration::from_mins(10)).await;
        assert_eq!(world.sink.heads(), [""; 0], "{error:?}");
        world.source.errors.lock().unwrap().clear();
        world.restart();
        world.run(Duration::from_secs(1)).await;
        let asked_to_wait = cause == "rate limit";
        assert_eq!(world.sink.heads().is_empty(), asked_to_wait, "{error:?}");
    }
}

fn words(error: &SourceError) -> &str {
    match error {
        SourceError::Retry(_, why)
        | SourceError::Unanswered(why)
        | SourceError::Later(_, why)
        | SourceError::Paused(_, why)
        | SourceError::Broken(why)
        | SourceError::Barred(_, why)
        | SourceError::Suspicious(why) => why,
    }
}

#[tokio::test(start_paused = true)]
async fn what_passes_by_itself_is_not_told() {
    let later = start() + SignedDuration::from_mins(2);
    let passing = [
        SourceError::Retry(Some(later), "HTTP 429".into()),
        SourceError::Retry(None, "HTTP 500".into()),
        SourceError::Unanswered("no answer".into()),
        SourceError::Later(later, "others go first".into()),
    ];
    for error in passing {
        let world = World::new(vec![arms("1", -60)]);
        world.source.errors.lock().unwrap().extend((0..4).map(|_| error.clone()));
        world.run(Duration::from_hours(2)).await;
        assert_eq!(told(&world), [""; 0], "{error:?}");
        assert_eq!(world.sink.heads(), ["1"], "{error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_trouble_of_all_accounts_is_told_once_for_them_and_over_with_the_last() {
    for (error, _, cause) in troubles() {
        if matches!(error, SourceError::Broken(_)) {
            // That an account is gone is about that account: each is told.
            continue;
        }
        let mut world = World::new(Vec::new());
        world.source = Arc::new(FakeSource { more: 4, ..FakeSource::default() });
        world.source.errors.lock().unwrap().extend((0..150).map(|_| error.clone()));
        world.run(Duration::from_hours(1)).await;
        world.restart();
        world.run(Duration::from_hours(24)).await;
        let told = told(&world);
        assert_eq!(told.len(), 2, "{error:?}: {told:?}");
        assert!(told[0].contains(cause), "{error:?}: {told:?}");
        assert!(
            told[1].starts_with("x.hub reads ") && told[1].contains(" and 4 others again"),
            "{error:?}: {told:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn accounts_that_are_gone_are_told_one_by_one_and_so_is_their_return() {
    let mut world = World::new(Vec::new());
    world.source = Arc::new(FakeSource { more: 2, ..FakeSource::default() });
    let gone = (0..3).map(|_| SourceError::Broken("it is gone".into()));
    world.source.errors.lock().unwrap().extend(gone);
    world.run(Duration::from_hours(2)).await;
    let mut titles = world.operators.notices();
    titles.sort();
    let both =
        |account: &str| [format!("x.hub cannot read {account}"), format!("x.hub reads {account} again")];
    let mut expected: Vec<_> = ["hub", "hub2", "hub3"].iter().flat_map(|account| both(account)).collect();
    expected.sort();
    assert_eq!(titles, expected);
}

#[tokio::test(start_paused = true)]
async fn a_trouble_that_turns_into_another_is_told_as_that_and_is_over_once() {
    let world = World::new(vec![arms("1", -60)]);
    let credentials = (0..3).map(|_| SourceError::Barred(Cause::Credentials, "401".into()));
    let outage = (0..9).map(|_| SourceError::Retry(None, "HTTP 500".into()));
    let credit = (0..3).map(|_| SourceError::Barred(Cause::Credit, "402".into()));
    world.source.errors.lock().unwrap().extend(credentials.chain(outage).chain(credit));
    world.run(Duration::from_hours(8)).await;
    let titles = world.operators.notices();
    let (blind, back) = ("x.hub cannot read hub", "x.hub reads hub again");
    assert_eq!(titles, [blind, blind, back]);
    let told = told(&world);
    assert!(told[0].contains("credentials refused") && told[1].contains("out of credit"), "{told:?}");
}
