//! What the running daemon keeps to itself.

use std::fs;

use super::{Daemon, read};
use crate::desk::{Desk, code, err, line, out};
use crate::server::{Reply, Server};

#[test]
fn no_log_holds_a_secret_and_none_above_debug_the_text_of_a_post() {
    // Hosts that say back whatever they were sent, in bodies and in headers.
    let parrot = Server::start(|_, call| {
        let body = format!(
            "{{\"errors\":[{{\"title\":\"{} {:?} {}\"}}]}}",
            call.path,
            call.headers,
            String::from_utf8_lossy(&call.body)
        );
        Reply::Say(403, vec![("x-error", call.header("authorization").to_owned())], body)
    });
    let posts = format!(
        "{}{{\"id\":\"2\",\"text\":\"zanzibar\",\"posted_at\":\"zanzibar\"}}\n",
        line("1", "zanzibar weapons")
    );
    let desk = Desk::new(&posts);
    let config = read(&desk, "vigie.toml").replace("[sink.console.here]\n", "");
    let key = "whsec_aHVudGVyMi1odW50ZXIyLWh1bnRlcjItaHVudGVyMg==";
    for (name, secret) in [
        ("x", "hunter2-x"),
        ("slack", &*parrot.url("/services/T0/B0/hunter2-slack")),
        ("matrix", "hunter2-matrix"),
        ("webhook", key),
        ("ping", &*parrot.url("/hunter2-ping")),
    ] {
        desk.write(name, secret);
    }
    let base = parrot.url("");
    let entries = format!(
        "[source.x.hub]\naccounts = [\"A\"]\ntoken = {{ file = \"x\" }}\nbase_url = \"{base}\"\nmax_posts_per_day = 100\n\
         [sink.slack.desk]\nurl = {{ file = \"slack\" }}\n\
         [sink.matrix.room]\nhomeserver = \"{base}\"\nroom = \"!a:b.example\"\ntoken = {{ file = \"matrix\" }}\n\
         [sink.webhook.desk]\nurl = \"{base}/hook\"\nsecret = {{ file = \"webhook\" }}\n\
         [alive]\nping = {{ file = \"ping\" }}\nping_every = \"1s\"\n"
    );
    desk.write("vigie.toml", &format!("{config}{entries}"));
    for level in ["info", "trace"] {
        let daemon = Daemon::start_at(&desk, level);
        let called = |path: &str| parrot.calls().iter().any(|call| call.path.contains(path));
        daemon.until("everything was called", || {
            ["hunter2-slack", "hunter2-ping", "/hook", "/_matrix", "/2/"].iter().all(|path| called(path))
        });
        let shown = [desk.run(&["status"]), desk.run(&["outbox", "list"]), desk.run(&["check"])];
        let shown: String = shown.iter().map(|output| out(output) + &err(output)).collect();
        daemon.stop();
        let log = read(&desk, "stderr");
        assert!(log.contains("403"), "the failures are logged: {log}");
        for secret in ["hunter2", "aHVudGVyMi"] {
            assert!(!log.contains(secret) && !shown.contains(secret), "{secret} at {level}: {log}{shown}");
        }
        assert!(level == "trace" || !log.contains("zanzibar"), "{log}");
        fs::remove_dir_all(desk.path("data")).unwrap();
    }
}

#[test]
fn a_command_that_is_let_in_by_no_token_says_so_and_what_to_do() {
    let desk = Desk::new("");
    let daemon = Daemon::start(&desk);
    fs::remove_file(desk.path("data/token")).unwrap();
    for torn in [false, true] {
        if torn {
            fs::write(desk.path("data/token"), "").unwrap();
        }
        let status = desk.run(&["status"]);
        let told = err(&status);
        assert_eq!((code(&status), told.lines().count()), (1, 1), "{told}");
        for part in ["`vigie run` (process ", "data/token", "cannot be read", "when it starts anew"] {
            assert!(told.contains(part), "{part} is missing in {told}");
        }
    }
    daemon.stop();
    let status = desk.run(&["status"]);
    assert!(err(&status).starts_with("no vigie runs"), "{}", err(&status));
}
