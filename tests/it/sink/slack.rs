use super::*;

pub const CHANNEL: Channel = Channel {
    kind: "slack",
    table: |_| "url = { file = \"secret\" }".into(),
    secret: |url| url(&format!("/services/T000/B000/{MARKER}")),
    beside: |_| None,
    taken: || Reply::of(200, "ok"),
    id: |_| None,
};

fn text(call: &Call) -> String {
    call.json()["text"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_page_that_answers_in_slacks_stead_is_no_success() {
    for body in ["<html>Sign in</html>", "", "OK", r#"{"ok":true}"#] {
        let (_double, sink, _dir) = CHANNEL.double(move |_, _| Reply::of(200, body));
        assert_eq!(kind(&send(&sink, &alert()).await), "ambiguous", "{body}");
    }
}

#[tokio::test]
async fn a_layout_that_slack_refuses_is_sent_as_text_once() {
    let reply = |n, _: &Call| if n == 0 { Reply::of(400, "invalid_blocks") } else { Reply::of(200, "ok") };
    let (double, sink, _dir) = CHANNEL.double(reply);
    assert_eq!(kind(&send(&sink, &alert()).await), "sent");
    let calls = double.calls();
    assert!(calls[0].json()["blocks"].is_array() && calls[1].json()["blocks"].is_null());
    assert!(text(&calls[1]).contains("weapons and gear") && text(&calls[1]).contains("https://x.com/"));

    let (double, sink, _dir) = CHANNEL.double(|_, _| Reply::of(400, "msg_blocks_too_long"));
    assert_eq!(kind(&send(&sink, &alert()).await), "refused");
    assert_eq!(double.calls().len(), 2);
}

#[tokio::test]
async fn a_retry_after_an_open_outcome_is_marked() {
    let (double, sink, _dir) = CHANNEL.double(|_, _| Reply::of(200, "ok"));
    let mut delivery = alert();
    send(&sink, &delivery).await.unwrap();
    delivery.uncertain = true;
    send(&sink, &delivery).await.unwrap();
    let marked: Vec<bool> =
        double.calls().iter().map(|call| text(call).contains("Possible repeat")).collect();
    assert_eq!(marked, [false, true]);
}

#[tokio::test]
async fn nothing_in_a_post_mentions_formats_or_unfurls() {
    let (double, _, _dir) = CHANNEL.double(|_, _| Reply::of(200, "ok"));
    for delivery in hostile() {
        let (sink, _dir) = CHANNEL.sink(&|path| double.url(path));
        send(&sink, &delivery).await.unwrap();
    }
    for call in double.calls() {
        assert!(!text(&call).contains('<'), "{}", text(&call));
        let payload = call.json();
        assert_eq!((&payload["unfurl_links"], &payload["unfurl_media"]), (&false.into(), &false.into()));
        assert!(!payload["blocks"].to_string().contains("mrkdwn"));
        let body = String::from_utf8(call.body.clone()).unwrap();
        assert!(
            !body.contains("\\u0000") && !body.contains('\u{202e}') && !body.contains("javascript:alert")
        );
    }
}

#[tokio::test]
async fn the_address_of_a_workflow_is_refused_with_an_explanation() {
    let dir = tempfile::tempdir().unwrap();
    let clock: Arc<dyn Clock> = Arc::new(TokioClock::starting_at(posts::NOW));
    let remotes = Remotes::new(clock.clone(), "vigie/test").unwrap();
    let kit = Kit { remotes, clock, dir: dir.path().to_owned(), timezone: TimeZone::UTC };
    for (address, why) in [
        (format!("https://hooks.slack.com/triggers/T/1/{MARKER}"), "workflow"),
        (format!("http://hooks.slack.com/services/T/B/{MARKER}"), "https://"),
        (format!("ftp://{MARKER}"), "https://"),
        (MARKER.to_owned(), "no address"),
    ] {
        std::fs::write(dir.path().join("secret"), &address).unwrap();
        let build = plan("slack", "url = { file = \"secret\" }").unwrap().build;
        let error = build(SinkId::new("slack", "it"), &kit).err().unwrap();
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(why) && !shown.contains(MARKER), "{shown}");
    }
}
