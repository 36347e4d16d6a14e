//! The bus driver of edacious that stands on Zenoh: one symbol, which returns the table of include/edacious/bus.h.

mod check;
mod chunk;
mod commands;
mod config;
mod contiguous;
mod declare;
mod declared;
mod ear;
#[cfg(test)]
mod ear_test;
mod encoding;
mod few;
mod ffi;
mod given;
mod guard;
mod handover;
mod keep;
mod keeper;
mod keys;
mod log;
mod opening;
mod place;
mod plain;
mod query;
mod queue;
mod runtime;
mod sender;
mod session;
#[cfg(test)]
mod session_test;
mod syntax;
mod tally;

use std::ffi::{c_char, c_void, CStr};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once};
use std::time::Duration;

use zenoh::bytes::ZBytes;

use chunk::Job;
use declare::Kind;
use ffi::{
    AnswerFn, Arg, Driver, GetFn, Handle, HeardFn, Message, Piece, Problem, PutFn, QueryHandle, Status, Str, TokenFn,
};
use given::Offer;
use query::{Answer, AnswerJob, Ask, GetJob};
use queue::{Lane, Refusal};
use session::Shared;

const CALL_MS: u32 = 5000;
const QUEUE_SIZE: u32 = 8 << 20;

static TABLE: Driver = Driver {
    struct_size: std::mem::size_of::<Driver>() as u32,
    version: ffi::BUS_VERSION,
    name: c"zenoh".as_ptr(),
    about: c"Zenoh 1.10.2, the Rust implementation".as_ptr(),
    open,
    close,
    put,
    subscribe,
    serve,
    token,
    watch,
    heard,
    drop: undeclare,
    get,
    answer,
    put_pieces,
    keep,
    release,
};

/// Of a process that was forked from one with sessions: their threads are not here, and any call could wait for ever.
static IS_FORKED: AtomicBool = AtomicBool::new(false);

/// The table, for the loader.
#[no_mangle]
pub extern "C" fn eda_bus_driver_table() -> *const Driver {
    &TABLE
}

extern "C" fn in_child() {
    IS_FORKED.store(true, Ordering::Relaxed);
}

/// What no panic leaves; `otherwise` if one tried, or in a forked child.
fn enter<T>(otherwise: T, f: impl FnOnce() -> T) -> T {
    if IS_FORKED.load(Ordering::Relaxed) {
        return otherwise;
    }
    catch_unwind(AssertUnwindSafe(f)).unwrap_or(otherwise)
}

/// # Safety
/// As C promises: from open, and not closed yet.
unsafe fn session<'a>(handle: *mut Handle) -> &'a Arc<Shared> {
    // C holds the box that `open` made.
    &*handle.cast::<Arc<Shared>>()
}

extern "C" fn open(options: *const ffi::Options, ret: *mut *mut Handle, problem: *mut Problem) -> Status {
    if IS_FORKED.load(Ordering::Relaxed) {
        let text = "zenoh: this process was forked from one with sessions; open them after fork, or exec";
        unsafe { ffi::set_problem(problem, text) };
        return ffi::ECLOSED;
    }
    enter(ffi::EIO, || unsafe {
        match open_from(options) {
            Ok(shared) => {
                *ret = Box::into_raw(Box::new(shared)).cast();
                ffi::OK
            }
            Err((status, text)) => {
                ffi::set_problem(problem, &plain::of_open(&text));
                status
            }
        }
    })
}

unsafe fn open_from(options: *const ffi::Options) -> Result<Arc<Shared>, (Status, String)> {
    static AT_FORK: Once = Once::new();
    AT_FORK.call_once(|| {
        libc::pthread_atfork(None, None, Some(in_child));
    });
    let options = &*options;
    let or = |value, default| if value == 0 { default } else { value };
    let user = text_of(options.config).map_err(|text| (ffi::EINVAL, text))?;
    Shared::open(session::Options {
        config: config::load(user).map_err(|text| (ffi::EINVAL, text))?,
        call: Duration::from_millis(or(options.call_ms, CALL_MS).into()),
        queue_size: or(options.queue_size, QUEUE_SIZE) as usize,
        replaced: options.replaced,
        log: options.log,
        arg: Arg(options.arg),
        #[cfg(test)]
        without: "",
    })
}

unsafe fn text_of<'a>(config: *const c_char) -> Result<Option<&'a str>, String> {
    if config.is_null() {
        return Ok(None);
    }
    let text = CStr::from_ptr(config).to_str();
    text.map(Some).map_err(|_| "the configuration is not UTF-8".into())
}

extern "C" fn close(handle: *mut Handle) {
    if handle.is_null() {
        return;
    }
    enter((), || unsafe {
        let shared = Box::from_raw(handle.cast::<Arc<Shared>>());
        shared.close();
    });
}

extern "C" fn put(handle: *mut Handle, message: *const Message) -> Status {
    enter(ffi::ECLOSED, || unsafe { put_message(session(handle), &*message) })
}

unsafe fn put_message(shared: &Shared, message: &Message) -> Status {
    let size = message.payload.len.saturating_add(message.attachment.len);
    if size > ffi::PAYLOAD_MAX {
        return ffi::ERANGE;
    }
    if !shared.is_up() {
        return ffi::ECLOSED;
    }
    let lane = if message.is_urgent { Lane::Urgent } else { Lane::Data };
    status_of(shared.queue.put(lane, message))
}

extern "C" fn put_pieces(handle: *mut Handle, message: *const Message, pieces: *const Piece, count: usize) -> Status {
    let pieces = if count == 0 {
        &[]
    } else {
        unsafe { std::slice::from_raw_parts(pieces, count) }
    };
    let offer = unsafe { Offer::new(pieces) };
    enter_with(offer, |offer| unsafe { put_offered(session(handle), &*message, offer) })
}

/// As `enter`, but a panic after the pieces were taken is no error: C would release them again.
fn enter_with(mut offer: Offer<'_>, f: impl FnOnce(&mut Offer<'_>) -> Status) -> Status {
    let status = enter(None, || Some(f(&mut offer)));
    status.unwrap_or(if offer.is_taken() { ffi::OK } else { ffi::ECLOSED })
}

unsafe fn put_offered(shared: &Shared, message: &Message, offer: &mut Offer<'_>) -> Status {
    if offer.size().saturating_add(message.attachment.len) > ffi::PAYLOAD_MAX {
        return ffi::ERANGE;
    }
    if !shared.is_up() {
        return ffi::ECLOSED;
    }
    let lane = if message.is_urgent { Lane::Urgent } else { Lane::Data };
    status_of(shared.queue.put_pieces(lane, message, offer))
}

extern "C" fn keep(_: *mut Handle, message: *const Message) -> *mut c_void {
    enter(std::ptr::null_mut(), || unsafe { keep::keep(message) })
}

extern "C" fn release(kept: *mut c_void) {
    enter((), || unsafe { keep::release(kept) });
}

fn status_of(pushed: Result<(), Refusal>) -> Status {
    match pushed {
        Ok(()) => ffi::OK,
        Err(Refusal::Full) => ffi::EFULL,
        Err(Refusal::Closed) => ffi::ECLOSED,
        Err(Refusal::Key) => ffi::EKEY,
        Err(Refusal::Encoding) => ffi::EINVAL,
    }
}

unsafe fn copy(bytes: ffi::Bytes) -> ZBytes {
    ZBytes::from(bytes.bytes())
}

unsafe fn copy_some(bytes: ffi::Bytes) -> Option<ZBytes> {
    (bytes.len > 0).then(|| copy(bytes))
}

/// The five declarations.
fn declare(handle: *mut Handle, pattern: Str, kind: Option<Kind>, arg: *mut c_void, ret: *mut u64) -> Status {
    enter(ffi::ECLOSED, || unsafe {
        let Some(kind) = kind else { return ffi::EINVAL };
        let bytes = pattern.bytes();
        let key = if matches!(kind, Kind::Token) {
            keys::key(bytes)
        } else {
            keys::pattern(bytes)
        };
        let Some(key) = key else { return ffi::EKEY };
        match session(handle).declare(key, kind, Arg(arg)) {
            Ok(id) => {
                *ret = id;
                ffi::OK
            }
            Err(status) => status,
        }
    })
}

extern "C" fn subscribe(h: *mut Handle, pattern: Str, f: Option<PutFn>, arg: *mut c_void, ret: *mut u64) -> Status {
    declare(h, pattern, f.map(Kind::Subscribe), arg, ret)
}

extern "C" fn serve(h: *mut Handle, pattern: Str, f: Option<GetFn>, arg: *mut c_void, ret: *mut u64) -> Status {
    declare(h, pattern, f.map(Kind::Serve), arg, ret)
}

extern "C" fn token(h: *mut Handle, key: Str, ret: *mut u64) -> Status {
    declare(h, key, Some(Kind::Token), std::ptr::null_mut(), ret)
}

extern "C" fn watch(h: *mut Handle, pattern: Str, f: Option<TokenFn>, arg: *mut c_void, ret: *mut u64) -> Status {
    declare(h, pattern, f.map(Kind::Watch), arg, ret)
}

extern "C" fn heard(h: *mut Handle, pattern: Str, f: Option<HeardFn>, arg: *mut c_void, ret: *mut u64) -> Status {
    declare(h, pattern, f.map(Kind::Heard), arg, ret)
}

extern "C" fn undeclare(handle: *mut Handle, id: u64) {
    enter((), || unsafe { session(handle).undeclare(id) });
}

extern "C" fn get(
    handle: *mut Handle,
    request: *const Message,
    is_for_all: bool,
    timeout_ms: u32,
    function: Option<AnswerFn>,
    arg: *mut c_void,
) -> Status {
    enter(ffi::ECLOSED, || unsafe {
        let (shared, request) = (session(handle), &*request);
        let Some(function) = function else { return ffi::EINVAL };
        let Some(key) = keys::pattern(request.key.bytes()) else {
            return ffi::EKEY;
        };
        let ask = Ask {
            key,
            is_for_all,
            timeout: Duration::from_millis(timeout_ms.into()),
            function,
            arg: Arg(arg),
        };
        get_message(shared, request, ask)
    })
}

unsafe fn get_message(shared: &Shared, request: &Message, ask: Ask) -> Status {
    let Some(encoding) = encoding::from_bytes(request.encoding.bytes()) else {
        return ffi::EINVAL;
    };
    let size = request.payload.len.saturating_add(request.attachment.len);
    if size > ffi::PAYLOAD_MAX {
        return ffi::ERANGE;
    }
    if !shared.is_up() {
        return ffi::ECLOSED;
    }
    let slot = match shared.gets.begin(ask) {
        Ok(slot) => slot,
        Err(status) => return status,
    };
    let job = GetJob {
        slot: slot.clone(),
        payload: copy(request.payload),
        attachment: copy_some(request.attachment),
        encoding,
    };
    let status = status_of(shared.queue.push(Lane::Ask, size, Job::Get(job)));
    if status != ffi::OK && !shared.gets.forget(&slot) {
        return ffi::OK; // C has heard the end already, which is not to follow an error
    }
    status
}

extern "C" fn answer(handle: *mut Handle, query: *mut QueryHandle, message: *const Message, is_error: bool) {
    enter((), || unsafe {
        let shared = session(handle);
        let Some((number, query)) = shared.queries.take(query) else {
            return;
        };
        let answer = (!message.is_null()).then(|| answer_of(&*message, is_error));
        query::answer(shared, AnswerJob { number, query, answer });
    });
}

unsafe fn answer_of(message: &Message, is_error: bool) -> Answer {
    Answer {
        key: keys::key(message.key.bytes()),
        is_error,
        payload: copy(message.payload),
        encoding: encoding::from_bytes(message.encoding.bytes()).unwrap_or_default(),
        attachment: copy_some(message.attachment),
    }
}
