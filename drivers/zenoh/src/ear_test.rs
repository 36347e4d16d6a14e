//! Clients whose router sends them nothing any more, or forgets them, while their connection stands.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{channel, Receiver};
use std::sync::Arc;
use std::time::Duration;

use crate::commands::Command;
use crate::ffi::Handle;
use crate::session_test::{open, open_two, put_until_heard, shared, socket, End, Socket, Told, LIMIT};
use crate::TABLE;

const PACE: Duration = Duration::from_millis(200);

/// Stands between a client and its router's socket. Once told so, it carries nothing but keepalives to the clients that are
/// connected by then.
struct Between {
    endpoint: String,
    is_muted: Arc<AtomicBool>,
}

impl Between {
    fn new(router: &Socket) -> Between {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let endpoint = format!("tcp/{}", listener.local_addr().expect("bound"));
        let is_muted = Arc::new(AtomicBool::new(false));
        let (path, muted) = (router.path.clone(), is_muted.clone());
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.expect("a client");
                let router = UnixStream::connect(&path).expect("the router");
                // Who comes later is spoken to.
                let muted = if muted.load(Ordering::SeqCst) {
                    Arc::default()
                } else {
                    muted.clone()
                };
                carry(client, router, muted);
            }
        });
        Between { endpoint, is_muted }
    }

    fn mute(&self) {
        self.is_muted.store(true, Ordering::SeqCst);
    }
}

fn carry(mut client: TcpStream, mut router: UnixStream, is_muted: Arc<AtomicBool>) {
    let (mut to_client, mut from_router) = (
        client.try_clone().expect("a handle"),
        router.try_clone().expect("a handle"),
    );
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut client, &mut router);
        let _ = router.shutdown(std::net::Shutdown::Both);
    });
    std::thread::spawn(move || {
        while let Ok(batch) = read_batch(&mut from_router) {
            let is_carried = is_keepalive(&batch) || !is_muted.load(Ordering::SeqCst);
            if is_carried && to_client.write_all(&batch).is_err() {
                break;
            }
        }
        let _ = to_client.shutdown(std::net::Shutdown::Both);
    });
}

/// Two bytes of length, and that many more: as Zenoh sends over what is a stream.
fn read_batch(from: &mut impl Read) -> std::io::Result<Vec<u8>> {
    let mut batch = vec![0; 2];
    from.read_exact(&mut batch)?;
    let len = u16::from_le_bytes([batch[0], batch[1]]);
    batch.resize(2 + usize::from(len), 0);
    from.read_exact(&mut batch[2..])?;
    Ok(batch)
}

fn is_keepalive(batch: &[u8]) -> bool {
    batch.get(2).is_some_and(|header| header & 0x1f == 0x04)
}

/// Lets the ear listen often; whether the router told of the token, each time.
fn observe(client: *mut Handle) -> Receiver<bool> {
    let (observer, observed) = channel();
    shared(client).commands.push(Command::Observe(PACE, observer));
    observed
}

fn wait_told(observed: &Receiver<bool>, is_told: bool) {
    while observed.recv_timeout(LIMIT).expect("an answer") != is_told {}
}

/// A router, and a client of it by way of `endpoint` that is put to.
fn pair(router: &Socket, endpoint: &str, more: &str, at_router: &Told, at_client: &Told) -> (*mut Handle, *mut Handle) {
    let (a, b) = open_two(
        End {
            config: &format!("{{mode: 'router', listen: {{endpoints: ['{router}']}} {more}}}"),
            call_ms: 5000,
            told: at_router,
        },
        End {
            config: &format!("{{mode: 'client', connect: {{endpoints: ['{endpoint}']}}}}"),
            call_ms: 5000,
            told: at_client,
        },
    );
    put_until_heard(a, "to/b", at_client);
    (a, b)
}

/// A client is replaced, once, that `make_sick` leaves without its router, though their connection stands.
fn check_replaced(name: &str, make_sick: impl FnOnce(&Between, *mut Handle)) {
    let (at_router, at_client) = (Told::default(), Told::default());
    let router = socket(name);
    let between = Between::new(&router);
    let (a, b) = pair(&router, &between.endpoint, "", &at_router, &at_client);
    let observed = observe(b);
    wait_told(&observed, true);
    make_sick(&between, b);
    at_client.wait("replaced");
    put_until_heard(a, "to/b", &at_client);
    assert_eq!(at_client.count("replaced"), 1);
    (TABLE.close)(b);
    (TABLE.close)(a);
}

#[test]
fn deaf_client_is_replaced() {
    check_replaced("deaf", |between, _| between.mute());
}

#[test]
fn forgotten_client_is_replaced() {
    check_replaced("forgotten", |_, client| {
        shared(client).commands.push(Command::BeForgotten)
    });
}

#[test]
fn client_without_a_router_waits_for_it() {
    let (at_router, at_client) = (Told::default(), Told::default());
    let router = socket("away");
    let (a, b) = pair(&router, &router.to_string(), "", &at_router, &at_client);
    let observed = observe(b);
    wait_told(&observed, true);
    (TABLE.close)(a);
    for _ in 0..7 {
        wait_told(&observed, false);
    }
    let at_next = Told::default();
    let next = open(
        &format!("{{mode: 'router', listen: {{endpoints: ['{router}']}}}}"),
        5000,
        &at_next,
    );
    wait_told(&observed, true);
    put_until_heard(next, "to/b", &at_client);
    assert_eq!(at_client.count("replaced"), 0);
    (TABLE.close)(b);
    (TABLE.close)(next);
}

#[test]
fn client_that_may_not_have_the_token_is_let_be() {
    let (at_router, at_client) = (Told::default(), Told::default());
    let router = socket("forbidden");
    let forbidden = ", access_control: {enabled: true, default_permission: 'allow', \
        rules: [{id: 'ears', permission: 'deny', flows: ['ingress', 'egress'], key_exprs: ['@edacious/ear/*'], \
            messages: ['liveliness_token', 'liveliness_query']}], \
        subjects: [{id: 'all'}], policies: [{rules: ['ears'], subjects: ['all']}]}";
    let (a, b) = pair(&router, &router.to_string(), forbidden, &at_router, &at_client);
    let observed = observe(b);
    for _ in 0..7 {
        assert!(!observed.recv_timeout(LIMIT).expect("an answer"));
    }
    assert_eq!(at_client.count("replaced"), 0);
    (TABLE.close)(b);
    (TABLE.close)(a);
}
