//! Mail, against a small mail server.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::*;

/// What the server answers to a command, instead of what is usual; empty: it hangs up.
type Script = fn(&str) -> Option<&'static str>;

/// A mail server on loopback that runs until it is dropped.
struct Post {
    address: SocketAddr,
    /// Every line it was told, letters as one.
    told: Arc<Mutex<Vec<String>>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Post {
    fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (told, over) = (Arc::<Mutex<Vec<String>>>::default(), Arc::new(AtomicBool::new(false)));
        let (heard, ended) = (told.clone(), over.clone());
        let thread = std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                // A peer that leaves early is the test's business.
                let _ = converse(stream, &heard, script);
            }
        });
        Self { address, told, over, thread: Some(thread) }
    }

    fn letters(&self) -> Vec<String> {
        self.told.lock().unwrap().iter().filter(|line| line.contains('\n')).cloned().collect()
    }

    fn told(&self, start: &str) -> Vec<String> {
        self.told.lock().unwrap().iter().filter(|line| line.starts_with(start)).cloned().collect()
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn converse(mut stream: TcpStream, told: &Mutex<Vec<String>>, script: Script) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut lines = BufReader::new(stream.try_clone()?);
    let mut say = |command: &str, usual: &str| {
        let reply = script(command).unwrap_or(usual);
        if !reply.is_empty() {
            write!(stream, "{reply}\r\n")?;
        }
        Ok::<_, std::io::Error>(!reply.is_empty())
    };
    if !say("", "220 post.example.org")? {
        return Ok(());
    }
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let line = line.trim_end().to_owned();
        told.lock().unwrap().push(line.clone());
        let usual = match line.split([' ', ':']).next().unwrap() {
            "EHLO" => "250-post.example.org\r\n250 AUTH PLAIN LOGIN",
            "AUTH" => "235 welcome",
            "DATA" => "354 go on",
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        if !say(&line, usual)? {
            return Ok(());
        }
        if line == "DATA" && script("DATA").is_none() {
            let mut letter = String::new();
            while !letter.ends_with("\r\n.\r\n") && lines.read_line(&mut letter)? > 0 {}
            told.lock().unwrap().push(letter);
            if !say("LETTER", "250 queued")? {
                return Ok(());
            }
        }
    }
}

fn table(post: &Post) -> String {
    format!(
        "server = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nuser = \"vigie\"\npassword = {{ file = \"secret\" }}\n\
         from = \"vigie <vigie@example.org>\"\nto = [\"desk@example.org\", \"ops@example.org\"]",
        post.address.port()
    )
}

fn sink(table: &str) -> (Arc<dyn Sink>, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("secret"), MARKER).unwrap();
    ((plan("email", table).unwrap().build)(SinkId::new("email", "it"), &kit(dir.path())).unwrap(), dir)
}

#[tokio::test]
async fn a_letter_arrives_with_a_name_that_stays_the_same() {
    let post = Post::start(|_| None);
    let (sink, _dir) = sink(&table(&post));
    for delivery in [alert(), notice()] {
        let receipt = send(&sink, &delivery).await.unwrap();
        assert_eq!(receipt, Receipt { id: Some(format!("<{}@example.org>", delivery.id)), remark: None });
    }
    send(&sink, &Delivery { attempts: 3, ..alert() }).await.unwrap();
    let letters = post.letters();
    assert!(letters[0].contains(&format!("Message-ID: <{}@example.org>", alert().id)));
    assert_eq!(letters[0], letters[2], "a retry is the same letter");
    assert_eq!(post.told("MAIL")[0], "MAIL FROM:<vigie@example.org>");
    assert_eq!(post.told("RCPT")[..2], ["RCPT TO:<desk@example.org>", "RCPT TO:<ops@example.org>"]);
    let login = BASE64_STANDARD.encode(format!("\0vigie\0{MARKER}"));
    assert_eq!(post.told("AUTH")[0], format!("AUTH PLAIN {login}"));
}

#[tokio::test]
async fn every_answer_at_every_step_has_a_meaning() {
    let cases: &[(Script, &str)] = &[
        (|said| said.is_empty().then_some("554 not you"), "broken"),
        (|said| said.is_empty().then_some("421 later"), "not sent"),
        (|said| said.is_empty().then_some(""), "not sent"),
        (|said| said.starts_with("AUTH").then_some("535 no"), "broken"),
        (|said| said.starts_with("AUTH").then_some("454 later"), "not sent"),
        (|said| said.starts_with("EHLO").then_some("250 nothing"), "broken"),
        (|said| said.starts_with("MAIL").then_some("550 not from you"), "broken"),
        (|said| said.starts_with("MAIL").then_some("530 log in"), "broken"),
        (|said| said.starts_with("MAIL").then_some("451 later"), "not sent"),
        (|said| said.starts_with("RCPT").then_some("550 nobody"), "broken"),
        (|said| said.starts_with("RCPT").then_some("451 grey"), "not sent"),
        (|said| said.starts_with("RCPT").then_some(""), "not sent"),
        (|said| (said == "DATA").then_some("554 no"), "refused"),
        (|said| (said == "DATA").then_some("451 later"), "not sent"),
        (|said| (said == "DATA").then_some(""), "not sent"),
        (|said| (said == "LETTER").then_some("552 too large"), "refused"),
        (|said| (said == "LETTER").then_some("554 loudly answered"), "refused"),
        (|said| (said == "LETTER").then_some("452 full"), "not sent"),
        (|said| (said == "LETTER").then_some(""), "ambiguous"),
        (|said| (said == "LETTER").then_some("nonsense"), "ambiguous"),
        (|said| (said == "QUIT").then_some("500 what"), "sent"),
    ];
    for (n, (script, expected)) in cases.iter().enumerate() {
        let post = Post::start(*script);
        let (sink, _dir) = sink(&table(&post));
        let result = send(&sink, &alert()).await;
        assert_eq!(kind(&result), *expected, "{n}: {result:?}");
    }
}

#[tokio::test]
async fn one_wrong_address_keeps_nobody_else_from_hearing() {
    let post = Post::start(|said| said.contains("ops@").then_some("550 nobody"));
    let (sink, _dir) = sink(&table(&post));
    let receipt = send(&sink, &alert()).await.unwrap();
    assert!(receipt.remark.unwrap().contains("ops@example.org"));
    assert_eq!(post.letters().len(), 1);

    let grey = Post::start(|said| said.contains("ops@").then_some("450 later"));
    let (sink, _dir) = self::sink(&table(&grey));
    assert_eq!(kind(&send(&sink, &alert()).await), "not sent", "there is time to wait for all");
    let receipt = send(&sink, &Delivery { attempts: 4, ..alert() }).await.unwrap();
    assert!(receipt.remark.unwrap().contains("ops@example.org"), "but not for ever");
}

#[tokio::test]
async fn no_password_travels_in_the_open() {
    let post = Post::start(|_| None);
    let (sink, _dir) = sink(&table(&post).replace("tls = \"none\"\n", ""));
    let result = send(&sink, &alert()).await;
    assert!(matches!(&result, Err(SendError::SinkBroken(why)) if why.contains("STARTTLS")), "{result:?}");
    assert!(post.told("AUTH").is_empty() && post.letters().is_empty());
    let open = table(&post).replace("127.0.0.1", "mail.example.org");
    assert!(plan("email", &open).err().unwrap().to_string().contains("password"));
}

#[tokio::test]
async fn a_look_goes_as_far_as_the_letter() {
    let post = Post::start(|said| said.contains("ops@").then_some("550 nobody"));
    let (sink, _dir) = sink(&table(&post));
    let lines = sink.check().await.unwrap().join("\n");
    assert!(lines.contains("as vigie") && lines.contains("does not take letters to ops@"), "{lines}");
    assert!(!lines.contains(MARKER) && post.told("DATA").is_empty() && post.told("RSET").len() == 1);
}

#[tokio::test]
async fn no_post_breaks_a_letter() {
    let post = Post::start(|_| None);
    let (sink, _dir) = sink(&table(&post));
    for delivery in hostile() {
        for plain in [false, true] {
            assert_eq!(kind(&send(&sink, &Delivery { plain, ..delivery.clone() }).await), "sent");
        }
    }
    for letter in post.letters() {
        assert!(letter.is_ascii() && letter.len() < 60_000, "{}", letter.len());
        let head = letter.split("\r\n\r\n").next().unwrap();
        let names = [
            "From",
            "Date",
            "Subject",
            "Message-ID",
            "Auto-Submitted",
            "Importance",
            "To",
            "MIME-Version",
            "Content-",
        ];
        for line in head.lines().filter(|line| !line.starts_with([' ', '\t'])) {
            assert!(names.iter().any(|name| line.starts_with(name)), "{line}");
        }
    }
}

#[test]
fn a_table_that_cannot_work_is_refused() {
    let good =
        "server = \"mail.example.org\"\nfrom = \"vigie@example.org\"\nto = [\"Desk <desk@example.org>\"]";
    assert!(plan("email", good).is_ok());
    for (from, to) in [
        ("vigie@example.org", "vigie"),
        ("desk@example.org", "dësk@example.org"),
        ("[\"Desk <desk@example.org>\"]", "[]"),
        ("mail.example.org", "mail.example.org:25"),
        ("mail.example.org", "smtp://mail.example.org"),
        ("from", "form"),
        ("to =", "tls = \"tsl\"\nto ="),
        ("to =", "user = \"u\"\nto ="),
        ("to =", "password = \"p\"\nto ="),
    ] {
        assert!(plan("email", &good.replacen(from, to, 1)).is_err(), "{to}");
    }
}
