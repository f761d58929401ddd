//! A small HTTP server on loopback that stands in for a channel, one call after the other.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// What was asked.
#[derive(Clone, Debug)]
pub struct Call {
    pub method: String,
    /// Path and query as sent.
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Call {
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// What is answered.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Status, further headers, body.
    Say(u16, Vec<(&'static str, String)>, String),
    /// The connection ends before anything was read.
    HangUp,
    /// The connection ends after the call was read.
    Vanish,
    /// The call was read, and nothing is answered while the server lives.
    Stall,
}

impl Reply {
    pub fn of(status: u16, body: &str) -> Self {
        Self::Say(status, Vec::new(), body.to_owned())
    }
}

/// Runs until it is dropped.
pub struct Server {
    address: SocketAddr,
    calls: Arc<Mutex<Vec<Call>>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Answers the n-th call as `answer` says.
    pub fn start(answer: impl Fn(usize, &Call) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (calls, over) = (Arc::<Mutex<Vec<Call>>>::default(), Arc::new(AtomicBool::new(false)));
        let (heard, ended) = (calls.clone(), over.clone());
        let thread = std::thread::spawn(move || {
            let mut stalled = Vec::new();
            while let Ok((stream, _)) = listener.accept() {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                // A peer that leaves early is the test's business.
                if let Ok(held) = serve(stream, &heard, &answer) {
                    stalled.extend(held);
                }
            }
        });
        Self { address, calls, over, thread: Some(thread) }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(
    mut stream: TcpStream,
    calls: &Mutex<Vec<Call>>,
    answer: &impl Fn(usize, &Call) -> Reply,
) -> std::io::Result<Option<TcpStream>> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let n = calls.lock().unwrap().len();
    let unread = Call { method: String::new(), path: String::new(), headers: Vec::new(), body: Vec::new() };
    if matches!(answer(n, &unread), Reply::HangUp) {
        calls.lock().unwrap().push(unread);
        return Ok(None);
    }
    let call = read(&mut BufReader::new(&mut stream))?;
    let reply = answer(n, &call);
    calls.lock().unwrap().push(call);
    if matches!(reply, Reply::Stall) {
        return Ok(Some(stream));
    }
    if let Reply::Say(status, headers, body) = reply {
        write!(stream, "HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n", body.len())?;
        for (name, value) in headers {
            write!(stream, "{name}: {value}\r\n")?;
        }
        write!(stream, "\r\n{body}")?;
    }
    stream.flush()?;
    Ok(None)
}

fn read(from: &mut impl BufRead) -> std::io::Result<Call> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        from.read_line(&mut line)?;
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let mut first = lines.first().map_or("", String::as_str).split(' ');
    let (method, path) = (first.next().unwrap_or("").to_owned(), first.next().unwrap_or("").to_owned());
    let pair = |line: &String| {
        line.split_once(':').map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
    };
    let headers: Vec<_> = lines.iter().skip(1).filter_map(pair).collect();
    let mut call = Call { method, path, headers, body: Vec::new() };
    let length = call.header("content-length").parse().unwrap_or(0);
    from.take(length).read_to_end(&mut call.body)?;
    Ok(call)
}
