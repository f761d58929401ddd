//! What the program shows of itself while it runs.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::desk::{Desk, code, err, line, out};
use crate::program::program;
use crate::server::{Reply, Server};

#[test]
fn the_daemon_says_that_it_is_alive_and_stops_when_asked() {
    let desk = Desk::new(&line("1", "weapons"));
    assert_eq!(code(&desk.run(&["health"])), 1, "nobody is there");
    let config = desk.path("vigie.toml");
    let mut daemon = Command::new(program())
        .args(["run", "--config", config.to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let alive = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        code(&desk.run(&["health"])) == 0
    });
    assert!(alive);
    let seen = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        let status = desk.run(&["status"]);
        assert!(out(&status).starts_with("running"), "{}{}", out(&status), err(&status));
        assert!(err(&status).starts_with("asking the vigie that runs at 127.0.0.1:"), "{}", err(&status));
        code(&status) == 0 && out(&status).contains("accounts: 1 of 1 seen")
    });
    assert!(seen, "{}", out(&desk.run(&["status"])));
    let delivered = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        let outbox = desk.run(&["outbox", "list", "--json"]);
        assert_eq!(code(&outbox), 0, "{}", err(&outbox));
        out(&outbox).is_empty()
    });
    assert!(delivered);
    assert!(desk.ask("/v1/outbox", "").starts_with("HTTP/1.1 401"));
    assert!(desk.ask("/v1/status", "authorization: Bearer guess\r\n").starts_with("HTTP/1.1 401"));
    let killed = Command::new("kill").args(["-TERM", &daemon.id().to_string()]).status().unwrap();
    assert!(killed.success());
    assert!(daemon.wait().unwrap().success());
    let mut said = String::new();
    std::io::Read::read_to_string(&mut daemon.stdout.take().unwrap(), &mut said).unwrap();
    assert!(said.contains("Why: test/arms"), "{said}");
}

#[test]
fn an_outside_watchman_is_called_while_the_daemon_is_well() {
    let watchman = Server::start(|_, _| Reply::of(200, "ok"));
    let desk = Desk::new("");
    desk.write("ping", &watchman.url("/hunter2"));
    let config = fs::read_to_string(desk.path("vigie.toml")).unwrap();
    desk.write(
        "vigie.toml",
        &format!("{config}[alive]\nping = {{ file = \"ping\" }}\nping_every = \"1s\"\n"),
    );
    let config = desk.path("vigie.toml");
    let mut daemon = Command::new(program())
        .args(["run", "--log", "trace", "--config", config.to_str().unwrap()])
        .stdout(Stdio::null())
        .stderr(fs::File::create(desk.path("log")).unwrap())
        .spawn()
        .unwrap();
    let called = || watchman.calls().iter().filter(|call| call.path == "/hunter2").count();
    let enough = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        called() >= 2
    });
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    assert!(enough, "{} calls", called());
    let log = fs::read_to_string(desk.path("log")).unwrap();
    assert!(log.contains("watching") && !log.contains("hunter2"), "the address is a secret: {log}");
}
