use super::*;

#[test]
fn only_an_incoming_webhook_is_an_address() {
    for good in ["https://hooks.slack.com/services/T/B/x", "http://127.0.0.1:9/services/a", "http://[::1]/a"]
    {
        assert_eq!(check_address(&good.parse().unwrap()), Ok(()), "{good}");
    }
    let why = |text: &str| check_address(&text.parse().unwrap()).unwrap_err();
    assert!(why("https://hooks.slack.com/triggers/T/1/x").contains("workflow"));
    assert!(why("https://hooks.slack.com/workflows/T/1/x").contains("workflow"));
    assert!(why("http://hooks.slack.com/services/T/B/x").contains("https"));
    assert!(why("http://127.0.0.1.example.org/services/T/B/x").contains("https"));
}

#[test]
fn slack_is_reached_one_way_only_and_a_channel_by_its_id() {
    for (url, token, channel) in [(true, false, None), (false, true, Some("C024BE91L"))] {
        assert_eq!(amiss(url, token, channel), None);
    }
    for (url, token, channel) in [
        (false, false, None),
        (true, true, Some("C024BE91L")),
        (false, true, None),
        (true, false, Some("C024BE91L")),
    ] {
        assert_eq!(amiss(url, token, channel), Some(HOW));
    }
    for name in ["#alerts", "alerts", "c024be91l", "", "U024BE91L"] {
        assert!(amiss(false, true, Some(name)).unwrap().contains("id"), "{name}");
    }
    assert_eq!(check_token("xoxb-1"), Ok(()));
    assert!(check_token("xoxp-1").is_err());
}
