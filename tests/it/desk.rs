//! A desk to try the program at: a folder with all it needs, and what the program says there.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::program::program;

pub const WATCHLIST: &str = r#"
title = "A test"
languages = ["en", "fr"]

[concept.arms]
en = ["weapon"]
fr = ["arme"]

[[rule]]
name = "arms"
severity = "high"
when = "@arms"
unless = "toy"

[[rule.example]]
text = "Livraison d'ARMES"
expect = "alert"
"#;

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn vigie(args: &[&str], input: &str) -> Output {
    let mut child = Command::new(program())
        .args(args)
        .current_dir(root())
        .env_remove("X_BEARER_TOKEN")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that fails early reads nothing.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

pub fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

pub fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

/// A folder with a watchlist, a file of posts and a configuration that prints alerts.
pub struct Desk {
    dir: tempfile::TempDir,
}

impl Desk {
    pub fn new(posts: &str) -> Self {
        let desk = Self { dir: tempfile::tempdir().unwrap() };
        fs::create_dir(desk.path("watchlists")).unwrap();
        desk.write("watchlists/test.toml", WATCHLIST);
        desk.write("posts.jsonl", posts);
        let config = "store = \"data\"\nlisten = \"127.0.0.1:PORT\"\n[source.file.posts]\nfiles = [\"posts.jsonl\"]\n\
                      every = \"200ms\"\n[sink.console.here]\n";
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        desk.write("vigie.toml", &config.replace("PORT", &port.to_string()));
        desk
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Where the daemon answers.
    pub fn listen(&self) -> SocketAddr {
        let config = fs::read_to_string(self.path("vigie.toml")).unwrap();
        config.split("listen = \"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap()
    }

    /// What the daemon answers to somebody who knows nothing but its address.
    pub fn ask(&self, path: &str, headers: &str) -> String {
        let mut stream = std::net::TcpStream::connect(self.listen()).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\n{headers}connection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        std::io::Read::read_to_string(&mut stream, &mut answer).unwrap();
        answer
    }

    pub fn run(&self, args: &[&str]) -> Output {
        let config = self.path("vigie.toml");
        vigie(&[args, &["--config", config.to_str().unwrap()]].concat(), "")
    }
}

pub fn line(id: &str, text: &str) -> String {
    format!("{}\n", serde_json::json!({"id": id, "author": "hub", "text": text}))
}
