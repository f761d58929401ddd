//! What every sink must do, against doubles on loopback.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod chats;
mod email;
mod matrix;
mod posts;
mod slack;
mod webhook;

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use vigie::clock::{Clock, TokioClock};
use vigie::model::delivery::Delivery;
use vigie::model::sink::SinkId;
use vigie::remote::Remotes;
use vigie::sink::{KINDS, Kit, Plan, Receipt, SendError, Sink};

use self::posts::{alert, hostile, notice};
use crate::server::{Call, Reply, Server};

/// Stands in every secret: no error may hold it.
const MARKER: &str = "MARKERhunter2MARKER";

/// Makes the address of a path at a double.
type At<'a> = &'a dyn Fn(&str) -> String;

/// A channel as the contract sees it.
struct Channel {
    kind: &'static str,
    /// Its table, for a double at the given address.
    table: fn(At) -> String,
    /// What its secret file holds.
    secret: fn(At) -> String,
    /// The answer to everything that is not a message.
    beside: fn(&Call) -> Option<Reply>,
    /// The answer that means success.
    taken: fn() -> Reply,
    /// Where in a call the delivery's id stands, if the channel knows one.
    id: fn(&Call) -> Option<String>,
    /// The statuses that mean it is gone for good.
    gone: &'static [u16],
}

const CHANNELS: [Channel; 8] = [
    slack::WEBHOOK,
    slack::APP,
    matrix::CHANNEL,
    webhook::CHANNEL,
    chats::DISCORD,
    chats::TELEGRAM,
    chats::NTFY,
    chats::TEAMS,
];

impl Channel {
    /// The sink, and the folder with its secret.
    fn sink(&self, url: At) -> (Arc<dyn Sink>, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("secret"), (self.secret)(url)).unwrap();
        let plan = plan(self.kind, &(self.table)(url)).unwrap();
        ((plan.build)(SinkId::new(self.kind, "it"), &kit(dir.path())).unwrap(), dir)
    }

    /// A double that answers the n-th message as `answer` says and everything else well, and the sink that calls it.
    fn double(
        &self,
        answer: impl Fn(usize, &Call) -> Reply + Send + 'static,
    ) -> (Server, Arc<dyn Sink>, tempfile::TempDir) {
        let (beside, messages) = (self.beside, Cell::new(0));
        let double = Server::start(move |_, call| {
            beside(call).unwrap_or_else(|| {
                let n = messages.get();
                // A call is asked about once more before it was read.
                messages.set(n + usize::from(!call.method.is_empty()));
                answer(n, call)
            })
        });
        let (sink, dir) = self.sink(&|path| double.url(path));
        (double, sink, dir)
    }

    /// The calls that carried a message.
    fn messages(&self, double: &Server) -> Vec<Call> {
        double.calls().into_iter().filter(|call| (self.beside)(call).is_none()).collect()
    }
}

/// What sinks are built with, their secrets in `dir`.
fn kit(dir: &Path) -> Kit {
    let clock: Arc<dyn Clock> = Arc::new(TokioClock::starting_at(posts::NOW));
    let remotes = Remotes::new(clock.clone(), "vigie/test").unwrap();
    Kit { remotes, clock, dir: dir.to_owned(), timezone: TimeZone::UTC }
}

fn plan(kind: &str, table: &str) -> Result<Plan, toml_span::DeserError> {
    let (_, read) = KINDS.iter().find(|(known, _)| *known == kind).unwrap();
    read(&mut toml_span::parse(table).unwrap())
}

/// One attempt, bounded in time; whatever comes of it, no secret shows.
async fn send(sink: &Arc<dyn Sink>, delivery: &Delivery) -> Result<Receipt, SendError> {
    let result = tokio::time::timeout(Duration::from_secs(20), sink.send(delivery)).await.unwrap();
    if let Err(error) = &result {
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(MARKER) && !shown.contains("whsec_"), "{shown}");
        assert!(!shown.contains("loudly answered"), "text from outside in {shown}");
    }
    result
}

fn kind(result: &Result<Receipt, SendError>) -> &'static str {
    match result {
        Ok(_) => "sent",
        Err(SendError::NotSent(_)) => "not sent",
        Err(SendError::Throttled(..)) => "throttled",
        Err(SendError::Ambiguous(_)) => "ambiguous",
        Err(SendError::Refused(_)) => "refused",
        Err(SendError::SinkBroken(_)) => "broken",
        Err(SendError::SinkGone(_)) => "gone",
    }
}

#[tokio::test]
async fn a_delivery_and_a_notice_arrive() {
    for channel in CHANNELS {
        let (double, sink, _dir) = channel.double(move |_, _| (channel.taken)());
        for delivery in [alert(), notice()] {
            assert_eq!(kind(&send(&sink, &delivery).await), "sent", "{}", channel.kind);
        }
        assert_eq!(channel.messages(&double).len(), 2, "{}", channel.kind);
        assert_eq!(sink.id().as_str(), format!("{}.it", channel.kind));
    }
}

#[tokio::test]
async fn every_status_has_a_meaning() {
    let cases: &[(&[u16], &str)] = &[
        (&[400, 413, 422], "refused"),
        (&[301, 308, 401, 403, 404, 410], "broken"),
        (&[408, 418, 500, 502, 503], "ambiguous"),
        (&[429], "throttled"),
    ];
    for channel in CHANNELS {
        for (status, expected) in
            cases.iter().flat_map(|(all, kind)| all.iter().map(move |one| (*one, *kind)))
        {
            let expected = if channel.gone.contains(&status) { "gone" } else { expected };
            let body = format!("loudly answered {MARKER}");
            let (_double, sink, _dir) = channel.double(move |_, _| Reply::of(status, &body));
            let result = send(&sink, &alert()).await;
            assert_eq!(kind(&result), expected, "{} {status}: {result:?}", channel.kind);
        }
    }
}

#[tokio::test]
async fn a_channel_that_asks_to_wait_is_left_alone_until_then() {
    let mut asked = 0;
    for channel in CHANNELS {
        for status in [429, 429, 503] {
            let date = "Wed, 30 Apr 2025 20:40:48 GMT";
            let form = ["40", "40.5", date][asked % 3].to_owned();
            asked += 1;
            let wait = vec![("retry-after", form)];
            let (double, sink, _dir) =
                channel.double(move |_, _| Reply::Say(status, wait.clone(), String::new()));
            for _ in 0..2 {
                let Err(SendError::Throttled(at, _)) = send(&sink, &alert()).await else {
                    panic!("{} {status}", channel.kind)
                };
                let wait = at.duration_since(posts::NOW);
                assert!(
                    (SignedDuration::from_secs(40)..SignedDuration::from_secs(50)).contains(&wait),
                    "{} {wait}",
                    channel.kind
                );
            }
            assert_eq!(
                channel.messages(&double).len(),
                1,
                "{}: the second attempt makes no call",
                channel.kind
            );
        }
    }
}

#[tokio::test]
async fn a_connection_that_breaks_leaves_the_outcome_open() {
    for channel in CHANNELS {
        for reply in [Reply::HangUp, Reply::Vanish] {
            let (_double, sink, _dir) = channel.double(move |_, _| reply.clone());
            let result = send(&sink, &alert()).await;
            assert_eq!(kind(&result), "ambiguous", "{}: {result:?}", channel.kind);
        }
    }
}

#[tokio::test]
async fn an_answer_that_does_not_come_leaves_the_outcome_open_and_the_retry_says_so_or_keeps_the_id() {
    for channel in CHANNELS {
        let reply = move |n, _: &Call| if n == 0 { Reply::Stall } else { (channel.taken)() };
        let (double, sink, _dir) = channel.double(reply);
        let mut delivery = alert();
        let passing = async {
            while channel.messages(&double).is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            // The channel has the message; now time passes at once.
            tokio::time::pause();
        };
        let (result, ()) = tokio::join!(send(&sink, &delivery), passing);
        tokio::time::resume();
        assert_eq!(kind(&result), "ambiguous", "{}: {result:?}", channel.kind);
        (delivery.uncertain, delivery.attempts) = (true, delivery.attempts + 1);
        assert_eq!(kind(&send(&sink, &delivery).await), "sent", "{}", channel.kind);
        let calls = channel.messages(&double);
        let [first, second] = &calls[..] else { panic!("{}: {} calls", channel.kind, calls.len()) };
        let marked = String::from_utf8_lossy(&second.body).contains("Possible repeat");
        match (channel.id)(first) {
            Some(id) => assert_eq!((channel.id)(second), Some(id), "{}", channel.kind),
            None => assert!(marked, "{}: {}", channel.kind, String::from_utf8_lossy(&second.body)),
        }
    }
}

#[tokio::test]
async fn what_never_reached_the_channel_was_not_sent() {
    for channel in CHANNELS {
        let gone = Server::start(|_, _| Reply::HangUp).url("");
        let (sink, _dir) = channel.sink(&|path| format!("{gone}{path}"));
        let result = send(&sink, &alert()).await;
        assert_eq!(kind(&result), "not sent", "{}: {result:?}", channel.kind);
    }
}

#[tokio::test]
async fn no_redirect_is_followed() {
    for channel in CHANNELS {
        let lure = Server::start(|_, _| Reply::of(200, "ok"));
        let target = vec![("location", lure.url("/"))];
        for status in [301, 302, 303, 307, 308] {
            let target = target.clone();
            let (_double, sink, _dir) =
                channel.double(move |_, _| Reply::Say(status, target.clone(), String::new()));
            assert_eq!(kind(&send(&sink, &alert()).await), "broken", "{} {status}", channel.kind);
        }
        assert!(lure.calls().is_empty(), "{}", channel.kind);
    }
}

#[tokio::test]
async fn a_retry_says_the_same_under_the_same_id() {
    for channel in CHANNELS {
        let reply = move |n, _: &Call| if n < 2 { Reply::of(500, "") } else { (channel.taken)() };
        let (double, sink, _dir) = channel.double(reply);
        let mut delivery = alert();
        while kind(&send(&sink, &delivery).await) != "sent" {
            delivery.attempts += 1;
            assert!(delivery.attempts < 5, "{}", channel.kind);
        }
        let calls = channel.messages(&double);
        let ids: Vec<_> = calls.iter().map(channel.id).collect();
        assert!(
            calls.len() > 1 && ids.windows(2).all(|pair| pair[0] == pair[1]),
            "{}: {ids:?}",
            channel.kind
        );
        assert!(calls.windows(2).all(|pair| pair[0].body == pair[1].body), "{}", channel.kind);
        if let Some(Some(id)) = ids.first() {
            assert_eq!(id, delivery.id.as_str(), "{}", channel.kind);
        }
    }
}

#[tokio::test]
async fn what_a_channel_refused_goes_again_with_less_in_it() {
    for channel in CHANNELS {
        let (double, sink, _dir) = channel.double(move |_, _| (channel.taken)());
        let mut delivery = posts::long();
        send(&sink, &delivery).await.unwrap();
        delivery.plain = true;
        send(&sink, &delivery).await.unwrap();
        let calls = channel.messages(&double);
        let (full, plain) = (&calls[0], &calls[1]);
        assert_eq!((channel.id)(full), (channel.id)(plain), "{}", channel.kind);
        assert!(plain.body.len() < full.body.len(), "{}: {}", channel.kind, plain.body.len());
        let said = String::from_utf8_lossy(&plain.body).into_owned();
        assert!(said.contains("weapons") && said.contains("x.com"), "{}: {said}", channel.kind);
    }
}

#[tokio::test]
async fn a_digest_fits_every_channel_in_full_and_plain() {
    for channel in CHANNELS {
        let (double, sink, _dir) = channel.double(move |_, _| (channel.taken)());
        for plain in [false, true] {
            let delivery = Delivery { plain, ..posts::digest() };
            assert_eq!(kind(&send(&sink, &delivery).await), "sent", "{}", channel.kind);
        }
        let calls = channel.messages(&double);
        let said = String::from_utf8_lossy(&calls[0].body).into_owned();
        assert!(
            said.contains("during quiet hours") || said.contains("\"quiet\""),
            "{}: {said}",
            channel.kind
        );
        assert!(
            calls[1].body.len() < calls[0].body.len() && calls[0].body.len() < 30_000,
            "{}",
            channel.kind
        );
    }
}

#[tokio::test]
async fn a_look_sends_nothing_and_tells_no_secret() {
    for channel in CHANNELS {
        let (double, sink, _dir) = channel.double(move |_, _| (channel.taken)());
        let lines = sink.check().await.unwrap().join("\n");
        assert!(!lines.is_empty() && !lines.contains(MARKER), "{}: {lines}", channel.kind);
        assert!(channel.messages(&double).is_empty(), "{}", channel.kind);
    }
}

#[tokio::test]
async fn what_would_be_sent_is_what_is_sent_and_holds_no_secret() {
    for channel in CHANNELS {
        let (double, sink, _dir) = channel.double(move |_, _| (channel.taken)());
        for delivery in [alert(), notice()] {
            let shown = sink.payload(&delivery);
            assert!(!shown.contains(MARKER), "{}: {shown}", channel.kind);
            send(&sink, &delivery).await.unwrap();
            let sent = channel.messages(&double).pop().unwrap().json();
            let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
            assert_eq!(shown, sent, "{}", channel.kind);
        }
    }
}

#[tokio::test]
async fn an_alert_may_be_told_in_the_users_words() {
    for channel in CHANNELS.into_iter().filter(|channel| channel.kind != "webhook") {
        let double = Server::start(move |_, call| (channel.beside)(call).unwrap_or_else(channel.taken));
        let url: At = &|path| double.url(path);
        let (_, dir) = channel.sink(url);
        let build = |template: &str| {
            std::fs::write(dir.path().join("desk.j2"), template).unwrap();
            let table = format!("{}\ntemplate = \"desk.j2\"", (channel.table)(url));
            (plan(channel.kind, &table).unwrap().build)(SinkId::new(channel.kind, "it"), &kit(dir.path()))
        };
        let sink = build("{{ severity }}!\nTold {{ quote }}").unwrap();
        send(&sink, &alert()).await.unwrap();
        let said = String::from_utf8(channel.messages(&double)[0].body.clone()).unwrap();
        assert!(said.contains("high!") && said.contains("Told ") && !said.contains("Further"), "{said}");
        let error = build("fine\n{{ severty }}").err().unwrap().to_string();
        assert!(error.contains("desk.j2:2: there is no `severty`; did you mean `severity`?"), "{error}");
    }
}

#[tokio::test]
async fn an_endless_answer_is_not_read_to_its_end() {
    for channel in CHANNELS {
        let (_double, sink, _dir) = channel.double(|_, _| Reply::of(200, &"ok".repeat(1 << 20)));
        assert_eq!(kind(&send(&sink, &alert()).await), "ambiguous", "{}", channel.kind);
    }
}

#[tokio::test]
async fn no_post_breaks_a_message() {
    for channel in CHANNELS {
        let (double, sink, _dir) = channel.double(move |_, _| (channel.taken)());
        let posts = hostile();
        // The sink's pace is no matter here: a sink for each.
        for delivery in &posts {
            for plain in [false, true] {
                let (sink, _dir) = channel.sink(&|path| double.url(path));
                let delivery = Delivery { plain, ..delivery.clone() };
                assert_eq!(kind(&send(&sink, &delivery).await), "sent", "{}", channel.kind);
            }
        }
        drop(sink);
        let calls = channel.messages(&double);
        assert_eq!(calls.len(), 2 * posts.len());
        for call in calls {
            assert!(call.json().is_object() && call.body.len() < 60_000, "{}", channel.kind);
        }
    }
}

#[tokio::test]
async fn an_unknown_key_a_missing_secret_and_a_plain_secret_are_errors() {
    for channel in CHANNELS {
        let table = (channel.table)(&|path| format!("http://127.0.0.1:1{path}"));
        assert!(plan(channel.kind, &table).is_ok_and(|plan| plan.common.enabled));
        assert!(
            plan(channel.kind, &format!("{table}\nenabled = false")).is_ok_and(|plan| !plan.common.enabled)
        );
        for wrong in
            [format!("{table}\nurll = 1"), String::new(), table.replace("{ file = \"secret\" }", "\"x\"")]
        {
            assert!(plan(channel.kind, &wrong).is_err(), "{}: {wrong}", channel.kind);
        }
        let dir = tempfile::tempdir().unwrap();
        let build = plan(channel.kind, &table).unwrap().build;
        let error = build(SinkId::new(channel.kind, "it"), &kit(dir.path())).err().unwrap();
        assert!(error.to_string().contains("secret"), "{error}");
    }
}

#[test]
fn the_console_takes_two_streams_and_nothing_else() {
    for good in ["", "to = \"stdout\"", "to = \"stderr\"\nenabled = false"] {
        assert!(plan("console", good).is_ok(), "{good}");
    }
    for wrong in ["to = \"file\"", "url = \"x\"", "to = 1"] {
        assert!(plan("console", wrong).is_err(), "{wrong}");
    }
}
