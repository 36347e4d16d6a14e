//! bench-net-zenoh SIZE PUTS GETS: plain Zenoh between two processes, without us.
//!
//! The process starts itself as its peer, over tcp/127.0.0.1. Puts go from a declared publisher to a subscriber, none may be
//! lost (CongestionControl::Block), and the peer tells when it has had all; gets go to a queryable that echoes the payload,
//! one after the other.
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{exit, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{mpsc, Arc};
use std::time::{Duration, Instant};

use zenoh::qos::CongestionControl;
use zenoh::{Config, Session, Wait};

const PATIENCE: Duration = Duration::from_secs(60);

fn fail(what: impl std::fmt::Display) -> ! {
    eprintln!("bench-net-zenoh: {what}");
    exit(1)
}

trait Must<T> {
    fn must(self, what: &str) -> T;
}

impl<T, E: std::fmt::Display> Must<T> for Result<T, E> {
    fn must(self, what: &str) -> T {
        self.unwrap_or_else(|error| fail(format!("{what}: {error}")))
    }
}

fn open(listen: &str, connect: &str) -> Session {
    let quoted = |endpoint: &str| match endpoint {
        "" => "[]".to_owned(),
        endpoint => format!("[\"{endpoint}\"]"),
    };
    let config = format!(
        "{{mode: 'peer', scouting: {{multicast: {{enabled: false}}}}, listen: {{endpoints: {}}}, connect: {{endpoints: {}}}}}",
        quoted(listen),
        quoted(connect)
    );
    zenoh::open(Config::from_json5(&config).must("the configuration"))
        .wait()
        .must("open")
}

/// Hears and answers until its standard input ends, then prints how many puts and bytes it has had.
fn be_peer(endpoint: &str, puts: u64) {
    let session = open(endpoint, "");
    let (heard, bytes) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let (all_heard, all_bytes, teller) = (heard.clone(), bytes.clone(), session.clone());
    let _subscriber = session
        .declare_subscriber("bench/net/mail")
        .callback(move |sample| {
            all_bytes.fetch_add(sample.payload().len() as u64, Ordering::Relaxed);
            let count = all_heard.fetch_add(1, Ordering::Relaxed) + 1;
            if count == puts / 10 || count == puts / 10 + puts {
                teller.put("bench/net/done", "").wait().must("telling the end");
            }
        })
        .wait()
        .must("subscribe");
    let _queryable = session
        .declare_queryable("bench/net/echo")
        .callback(|query| {
            let payload = query.payload().cloned().unwrap_or_default();
            query.reply("bench/net/echo", payload).wait().must("reply");
        })
        .wait()
        .must("declare the queryable");
    println!("ready");
    std::io::stdout().flush().must("tell");
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    println!("{} {}", heard.load(Ordering::Relaxed), bytes.load(Ordering::Relaxed));
}

/// False: nobody was there.
fn ask(session: &Session, payload: &[u8]) -> bool {
    let replies = session.get("bench/net/echo").payload(payload.to_vec()).wait().must("get");
    let is_answered = match replies.recv() {
        Ok(reply) => {
            let sample = reply.into_result().must("the reply");
            sample.payload().len() == payload.len() || fail("the echo is not what was sent")
        }
        Err(_) => false,
    };
    is_answered
}

fn send(session: &Session, payload: &[u8], puts: u64, done: &mpsc::Receiver<()>) -> f64 {
    let publisher = session
        .declare_publisher("bench/net/mail")
        .congestion_control(CongestionControl::Block)
        .wait()
        .must("declare the publisher");
    let begin = Instant::now();
    for _ in 0..puts {
        publisher.put(payload).wait().must("put");
    }
    done.recv_timeout(PATIENCE).must("some puts did not arrive");
    puts as f64 / begin.elapsed().as_secs_f64()
}

fn quantile(sorted: &[Duration], part: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * part) as usize].as_nanos() as f64
}

fn measure(endpoint: &str, size: usize, puts: u64, gets: usize) {
    let session = open("tcp/127.0.0.1:0", endpoint);
    let payload = vec![7; size];
    let (tell, done) = mpsc::channel();
    let _subscriber = session
        .declare_subscriber("bench/net/done")
        .callback(move |_| tell.send(()).must("tell"))
        .wait()
        .must("subscribe");
    let begin = Instant::now();
    // The queryable was declared last: when it is known here, so is the subscriber.
    while !ask(&session, &payload) {
        if begin.elapsed() > PATIENCE {
            fail("the peer does not answer");
        }
        std::thread::yield_now();
    }
    send(&session, &payload, puts / 10, &done); // warms up
    println!("bench zenoh put {:.1} 1/s", send(&session, &payload, puts, &done));
    let mut times = Vec::with_capacity(gets);
    for i in 0..gets + gets / 10 {
        let begin = Instant::now();
        if !ask(&session, &payload) {
            fail("a get was not answered");
        }
        if i >= gets / 10 {
            times.push(begin.elapsed());
        }
    }
    times.sort();
    println!("bench zenoh get.p50 {:.0} ns", quantile(&times, 0.5));
    println!("bench zenoh get.p99 {:.0} ns", quantile(&times, 0.99));
}

fn start_peer(size: usize, puts: u64, gets: usize) {
    // Whoever takes the port in between makes the peer fail, and is named.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .must("a port")
        .port();
    let endpoint = format!("tcp/127.0.0.1:{port}");
    let mut child = Command::new(std::env::current_exe().must("its own path"))
        .args(["peer", &endpoint, &puts.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .must("start the peer");
    let mut output = BufReader::new(child.stdout.take().expect("piped"));
    let mut line = String::new();
    output.read_line(&mut line).must("read from the peer");
    if line.trim() != "ready" {
        fail("the peer did not start");
    }
    measure(&endpoint, size, puts, gets);
    drop(child.stdin.take());
    line.clear();
    output.read_line(&mut line).must("read from the peer");
    let all = puts / 10 + puts;
    if line.trim() != format!("{all} {}", all * size as u64) || !child.wait().must("wait for the peer").success() {
        fail(format!("{all} puts were sent, but the peer says: {}", line.trim()));
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let numbers: Vec<u64> = arguments.iter().filter_map(|text| text.parse().ok()).collect();
    match (arguments.first().map(String::as_str), arguments.len(), &numbers[..]) {
        (Some("peer"), 3, &[puts]) => be_peer(&arguments[1], puts),
        (_, 3, &[size, puts, gets]) if size > 0 && puts >= 10 && gets > 0 => start_peer(size as usize, puts, gets as usize),
        _ => {
            eprintln!("usage: bench-net-zenoh SIZE PUTS GETS");
            exit(2);
        }
    }
}
