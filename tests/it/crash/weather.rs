//! The real program among hosts that are gone, slow, endless or mad: those that are well are read as ever.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use tokio::time::Instant;

use super::feeds::{World, write_config};
use super::soak::samples::Sample;
use super::{holds_within, log, start, stop};

/// Feeds that are well.
const WELL: usize = 20;

/// Hosts of each kind that are not.
const ILL: usize = 5;

/// The most memory that the program may ever have taken, in KiB: less than a container and a unit give it (512 MB). Four large
/// answers may be held at the same time, each of 8 MiB, which is read several times over.
const MEMORY: f64 = 448.0 * 1024.0;

/// What a host does with a connection, once it read the request.
type Madness = fn(&mut TcpStream) -> std::io::Result<()>;

const MADNESS: [(&str, Madness); 11] = [
    ("says nothing", |_| {
        std::thread::sleep(Duration::from_mins(2));
        Ok(())
    }),
    ("hangs up", |_| Ok(())),
    ("drips its head", |stream| drip(stream, b"HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\nx: ")),
    ("drips its body", |stream| drip(stream, b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n<rss>")),
    ("never ends its head", |stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
        loop {
            stream.write_all(format!("x: {}\r\n", "y".repeat(1000)).as_bytes())?;
        }
    }),
    ("never ends its body", |stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")?;
        let chunk = format!("10000\r\n{}\r\n", "<item>".repeat(0x10000 / 6 + 1).split_at(0x10000).0);
        loop {
            stream.write_all(chunk.as_bytes())?;
        }
    }),
    ("nests without end", |stream| say(stream, &"<rss>".repeat(400_000))),
    ("swells", |stream| {
        let entity = |n: u32| format!("<!ENTITY e{} \"{}\">", n + 1, format!("&e{n};").repeat(10));
        let entities: String = (0..12).map(entity).collect();
        let body =
            format!("<!DOCTYPE rss [<!ENTITY e0 \"weapons\">{entities}]><rss><channel><title>&e12;</title>");
        say(stream, &body)
    }),
    ("has a million items", |stream| {
        say(stream, &format!("<rss version=\"2.0\"><channel>{}</channel></rss>", "<item/>".repeat(1_000_000)))
    }),
    ("has a million objects", |stream| {
        say(stream, &format!("{{\"items\":[{}{{}}]}}", "{\"a\":1},".repeat(900_000)))
    }),
    ("speaks another language", |stream| stream.write_all(&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3])),
];

fn say(stream: &mut TcpStream, body: &str) -> std::io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A byte every fifth of a second.
fn drip(stream: &mut TcpStream, begins: &[u8]) -> std::io::Result<()> {
    stream.write_all(begins)?;
    loop {
        stream.write_all(b"a")?;
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// The address of a host that is mad. It lives as long as the tests do.
fn mad(madness: Madness) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            std::thread::spawn(move || {
                let _ = stream.read(&mut [0; 4096]);
                // Whoever it speaks to may hang up.
                let _ = madness(&mut stream);
            });
        }
    });
    format!("http://{address}/feed.xml")
}

#[test]
#[ignore = "it takes a minute"]
fn among_hosts_that_are_gone_slow_endless_or_mad_the_others_are_read_and_a_stop_is_prompt() {
    let world = World::start(WELL, 1000);
    let dir = tempfile::tempdir().unwrap();
    let config = write_config(dir.path(), &world, Duration::from_secs(1));
    let mut ill: Vec<String> = (0..ILL).flat_map(|_| MADNESS.map(|(_, madness)| mad(madness))).collect();
    ill.extend((0..ILL).map(|n| format!("http://no-such-host-{n}.invalid/feed.xml")));
    // Ports that nobody listens at any more.
    ill.extend((0..ILL).map(|_| {
        format!("http://{}/feed.xml", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap())
    }));
    let text = fs::read_to_string(&config).unwrap();
    let ill = format!("\"{}\", ", ill.join("\", \""));
    fs::write(&config, text.replace("feeds = [", &format!("feeds = [{ill}"))).unwrap();
    let mut vigie = start(&config);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(40) {
        world.publish(5);
        let told = holds_within(Duration::from_secs(15), || world.missing().is_empty());
        assert!(told, "not told: {:?}; {}; {}", world.missing(), world.counts(), log(&config));
        assert!(vigie.try_wait().unwrap().is_none(), "vigie ended by itself: {}", log(&config));
        std::thread::sleep(Duration::from_millis(250));
    }
    let taken = Sample::of(vigie.id(), &dir.path().join("data"), begun.elapsed(), 0, 0);
    println!(
        "{:.0} KiB at most, {} file descriptors, {} threads, {:.1} s of processor time",
        taken.peak, taken.fds, taken.threads, taken.cpu
    );
    assert!(taken.peak < MEMORY, "it took {} KiB", taken.peak);
    let stopping = Instant::now();
    assert!(stop(&mut vigie).success(), "a stop by signal is clean");
    println!("{}; stopped within {:?}", world.counts(), stopping.elapsed());
    assert!(stopping.elapsed() < Duration::from_secs(3), "fetches are dropped at once");
    world.hold_to_account();
}
