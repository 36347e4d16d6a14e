//! Whole sessions over loopback, through the functions of the table: what the conformance suite cannot bring about.

use std::ffi::{c_void, CStr, CString};
use std::os::unix::net::UnixListener;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use crate::commands::Command;
use crate::ffi::{Arg, Handle, Message, Options, Problem, Status, Str, ENOMEM, ETIMEOUT, OK};
use crate::session::Shared;
use crate::{config, session, TABLE};

pub const LIMIT: Duration = Duration::from_secs(20);

/// What callbacks told, awaited by the test.
#[derive(Default)]
pub struct Told {
    lines: Mutex<Vec<String>>,
    changed: Condvar,
}

impl Told {
    pub fn arg(&self) -> *mut c_void {
        std::ptr::from_ref(self).cast_mut().cast()
    }

    pub fn add(arg: *mut c_void, line: String) {
        let told = unsafe { &*arg.cast::<Told>() };
        told.lines.lock().expect("lines").push(line);
        told.changed.notify_all();
    }

    pub fn wait(&self, line: &str) {
        let lines = self.lines.lock().expect("lines");
        let has = |lines: &mut Vec<String>| !lines.iter().any(|told| told == line);
        let (lines, timeout) = self.changed.wait_timeout_while(lines, LIMIT, has).expect("lines");
        assert!(!timeout.timed_out(), "{line} was not told, but {:?}", *lines);
    }

    pub fn count(&self, line: &str) -> usize {
        self.lines
            .lock()
            .expect("lines")
            .iter()
            .filter(|told| *told == line)
            .count()
    }
}

fn text(text: Str) -> String {
    String::from_utf8_lossy(unsafe { text.bytes() }).into_owned()
}

extern "C" fn on_token(arg: *mut c_void, key: Str, is_alive: bool) {
    Told::add(
        arg,
        format!("{} {}", if is_alive { "alive" } else { "gone" }, text(key)),
    );
}

extern "C" fn on_heard(arg: *mut c_void, is_heard: bool) {
    Told::add(arg, format!("heard {is_heard}"));
}

extern "C" fn on_put(arg: *mut c_void, message: *const Message) {
    Told::add(arg, format!("put {}", text(unsafe { (*message).key })));
}

extern "C" fn on_replaced(arg: *mut c_void, _why: Str) {
    Told::add(arg, "replaced".into());
}

pub fn open(config: &str, call_ms: u32, told: &Told) -> *mut Handle {
    let config = CString::new(config).expect("config");
    let options = Options {
        config: config.as_ptr(),
        call_ms,
        queue_size: 0,
        replaced: Some(on_replaced),
        log: None,
        arg: told.arg(),
    };
    let mut handle = std::ptr::null_mut();
    let mut problem = Problem { text: [0; 256] };
    let status = (TABLE.open)(&options, &mut handle, &mut problem);
    let bytes: Vec<u8> = problem.text.iter().map(|&c| c as u8).collect();
    assert_eq!(status, OK, "{}", String::from_utf8_lossy(&bytes));
    handle
}

pub fn shared<'a>(handle: *mut Handle) -> &'a Shared {
    unsafe { crate::session(handle) }
}

/// An endpoint of this test's own, at a path: no port that somebody else may have. Its files go with it.
pub struct Socket {
    pub path: String,
}

pub fn socket(name: &str) -> Socket {
    let folder = std::env::temp_dir();
    Socket {
        path: format!("{}/eda-{}-{name}", folder.display(), std::process::id()),
    }
}

impl std::fmt::Display for Socket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "unixsock-stream/{}", self.path)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        for file in [self.path.clone(), format!("{}.lock", self.path)] {
            let _ = std::fs::remove_file(file);
        }
    }
}

/// Lets the tokens under live/ be told.
pub fn watch(handle: *mut Handle, told: &Told) {
    let mut id = 0;
    assert_eq!(
        (TABLE.watch)(handle, Str::of("live/*"), Some(on_token), told.arg(), &mut id),
        OK
    );
}

pub fn subscribe(handle: *mut Handle, key: &str, told: &Told) {
    let mut id = 0;
    assert_eq!(
        (TABLE.subscribe)(handle, Str::of(key), Some(on_put), told.arg(), &mut id),
        OK
    );
}

pub fn token(handle: *mut Handle, key: &str) -> Status {
    (TABLE.token)(handle, Str::of(key), &mut 0)
}

pub fn put(handle: *mut Handle, key: &str) -> Status {
    let message = Message {
        key: Str::of(key),
        encoding: Str::of(""),
        payload: crate::ffi::Bytes::of(b"1"),
        attachment: crate::ffi::Bytes::of(b""),
        is_urgent: false,
    };
    (TABLE.put)(handle, &message)
}

/// Where a subscriber lets puts be told.
pub fn put_until_heard(from: *mut Handle, key: &str, told: &Told) {
    let line = format!("put {key}");
    let before = told.count(&line);
    while told.count(&line) == before {
        assert_eq!(put(from, key), OK);
        std::thread::yield_now();
    }
}

/// One of two sessions.
pub struct End<'a> {
    pub config: &'a str,
    pub call_ms: u32,
    pub told: &'a Told,
}

/// Two sessions, of which the second dials the first: it has a token that the first has been told of, and a subscription.
pub fn open_two(a: End<'_>, b: End<'_>) -> (*mut Handle, *mut Handle) {
    let ends = [&a, &b].map(|end| {
        let handle = open(end.config, end.call_ms, end.told);
        watch(handle, end.told);
        handle
    });
    subscribe(ends[1], "to/b", b.told);
    assert_eq!(token(ends[1], "live/b"), OK);
    a.told.wait("alive live/b");
    ends.into()
}

fn refusal(config: &str) -> String {
    let config = CString::new(config).expect("config");
    let mut options: Options = unsafe { std::mem::zeroed() };
    options.config = config.as_ptr();
    let mut handle = std::ptr::null_mut();
    let mut problem = Problem { text: [0; 256] };
    assert_ne!((TABLE.open)(&options, &mut handle, &mut problem), OK);
    unsafe { CStr::from_ptr(problem.text.as_ptr()) }
        .to_str()
        .expect("UTF-8")
        .to_owned()
}

/// Where in its source Zenoh found it is no user's concern.
#[test]
fn refusals_name_no_source_file() {
    let nobody = format!("{{mode: 'client', connect: {{endpoints: ['{}']}}}}", socket("nobody"));
    for config in [
        "{id: 'zzz'}",
        "{namespace: 'a//b'}",
        "{transport: {auth: {usrpwd: {user: 'a', password: 'b', dictionary_file: '/nowhere/users'}}}}",
        "{listen: {endpoints: ['tls/localhost:7447']}}",
        "{access_control: {enabled: true, default_permission: 'deny', rules: [{id: 'a', messages: ['put'],
          flows: ['ingress'], permission: 'allow', key_exprs: ['a//b']}], subjects: [], policies: []}}",
        &nobody,
    ] {
        let text = refusal(config);
        assert!(!text.is_empty() && !text.contains(".rs"), "{config}: {text}");
    }
    assert!(refusal("{id: 'zzz'}").starts_with("id: Invalid id: zzz"));
}

#[test]
fn session_that_lacks_a_thread_does_not_open() {
    let told = Told::default();
    let options = |without| session::Options {
        config: config::load(Some("{listen: {endpoints: []}}")).expect("a configuration"),
        call: LIMIT,
        queue_size: 1 << 20,
        replaced: None,
        log: None,
        arg: Arg(told.arg()),
        without,
    };
    for without in ["control", "send", "keeper"] {
        let failure = Shared::open(options(without)).err();
        assert_eq!(failure.map(|(status, _)| status), Some(ENOMEM), "{without}");
    }
    let shared = Shared::open(options("")).unwrap_or_else(|(_, text)| panic!("{text}"));
    shared.close();
}

#[test]
fn stuck_session_is_replaced_and_declares_again() {
    let (here, there) = (Told::default(), Told::default());
    let place = socket("replaced");
    let (a, b) = open_two(
        End {
            config: &format!("{{listen: {{endpoints: ['{place}']}}}}"),
            call_ms: 5000,
            told: &there,
        },
        End {
            config: &format!("{{connect: {{endpoints: ['{place}']}}, listen: {{endpoints: []}}}}"),
            call_ms: 1000, // the least that a call which is not stuck never takes, however busy the machine
            told: &here,
        },
    );
    let mut id = 0;
    assert_eq!(
        (TABLE.heard)(a, Str::of("to/b"), Some(on_heard), there.arg(), &mut id),
        OK
    );
    assert_eq!(token(a, "live/a"), OK);
    there.wait("heard true");
    here.wait("alive live/a");

    shared(b).commands.push(Command::Stall(Duration::from_secs(3)));
    assert_eq!(token(b, "live/late"), ETIMEOUT);
    here.wait("replaced");
    put_until_heard(a, "to/b", &here);
    assert_eq!(here.count("replaced"), 1);
    assert_eq!(here.count("alive live/a"), 1, "what still lives is not told again");
    assert_eq!(
        there.count("alive live/b"),
        1,
        "the new session took over from the stuck one"
    );
    assert_eq!(there.count("alive live/late"), 0, "what timed out does not stand");
    (TABLE.close)(b);
    (TABLE.close)(a);
}

/// What dials them gets no answer, as of a host that vanished.
fn silent(places: &[Socket]) -> Vec<UnixListener> {
    let listen = |place: &Socket| UnixListener::bind(&place.path).expect("a socket");
    places.iter().map(listen).collect()
}

/// More of them than there is time for in `call_ms`, however often it is tried in this order.
#[test]
fn replacement_gets_past_any_number_of_hosts_that_vanished() {
    let (here, there) = (Told::default(), Told::default());
    let living = socket("living");
    let vanished = ["first", "second", "third"].map(socket);
    let all: Vec<_> = vanished
        .iter()
        .chain([&living])
        .map(|place| format!("'{place}'"))
        .collect();
    let (a, b) = open_two(
        End {
            config: &format!("{{mode: 'router', listen: {{endpoints: ['{living}']}}}}"),
            call_ms: 5000,
            told: &there,
        },
        End {
            config: &format!(
                "{{mode: 'client', connect: {{endpoints: [{}]}}, transport: {{unicast: {{open_timeout: 900}}}}}}",
                all.join(", ")
            ),
            call_ms: 1000,
            told: &here,
        },
    );
    let _listeners = silent(&vanished);
    shared(b).commands.push(Command::Stall(Duration::from_secs(2)));
    here.wait("replaced");
    put_until_heard(a, "to/b", &here);
    (TABLE.close)(b);
    (TABLE.close)(a);
}
