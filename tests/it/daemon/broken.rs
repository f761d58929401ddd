//! The daemon and its commands while its configuration is broken: it goes on, and so must they.

use std::fs;

use super::{Daemon, read};
use crate::desk::{Desk, code, err, out};

#[test]
fn a_broken_configuration_neither_fails_the_health_check_nor_hides_the_daemon_from_commands() {
    let desk = Desk::new("");
    let daemon = Daemon::start(&desk);
    let (good, data) = (read(&desk, "vigie.toml"), desk.path("data"));
    let ask = |args: &[&str]| desk.run(&[args, &["--store", data.to_str().unwrap()]].concat());
    for broken in [
        good.replace("[source", "[[[source"),
        good.replace("listen = \"127", "listen = \"nowhere"),
        format!("timezone = \"Mars/Olympus\"\n{good}"),
        String::new(),
    ] {
        desk.write("vigie.toml", &broken);
        daemon.until("it is refused", || out(&ask(&["status"])).contains("refused"));
        assert_eq!(code(&ask(&["health"])), 0, "{broken}");
        let reload = ask(&["reload"]);
        assert_eq!(code(&reload), 1, "{}", err(&reload));
    }
    fs::remove_file(desk.path("vigie.toml")).unwrap();
    assert_eq!(code(&ask(&["health"])), 0, "it is gone");
    desk.write("vigie.toml", &good);
    daemon.until("it is mended", || code(&ask(&["status"])) == 0);
    daemon.stop();
    desk.write("vigie.toml", "[[[");
    assert_eq!(code(&ask(&["health"])), 1, "nobody is there");
    assert_eq!(code(&ask(&["status"])), 2, "without a daemon it is the configuration that counts");
}

#[test]
fn a_daemon_is_found_where_it_answers_though_its_configuration_says_another_address_by_now() {
    let desk = Desk::new("");
    let daemon = Daemon::start(&desk);
    let (good, here) = (read(&desk, "vigie.toml"), desk.listen());
    desk.write("vigie.toml", &good.replace(&here.to_string(), "127.0.0.1:9"));
    daemon.until("the change is refused", || out(&desk.run(&["status"])).contains("`listen`"));
    assert_eq!(code(&desk.run(&["health"])), 0);
    desk.write("vigie.toml", &good);
    daemon.stop();
}
