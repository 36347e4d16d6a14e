//! Gets of ours with their deadlines, and gets of others that wait for our answer.

use std::collections::{BTreeSet, HashMap};
use std::ffi::c_void;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use zenoh::bytes::{Encoding, ZBytes};
use zenoh::key_expr::KeyExpr;
use zenoh::query::{ConsolidationMode, Query, QueryTarget, Reply};
use zenoh::sample::Locality;
use zenoh::{Session, Wait};

use crate::chunk::Job;
use crate::contiguous::with_contiguous;
use crate::declare::{with_message, Declaration};
use crate::encoding;
use crate::ffi::{self, AnswerFn, Arg, Bytes, GetFn, Message, QueryHandle, Status, Str};
use crate::guard::{lock, shield};
use crate::queue::Lane;
use crate::session::Shared;
use crate::tally::Tally;

/// Gets of ours under way.
pub const GETS_MAX: usize = 4096;
/// Gets of others that wait; more are dropped, which ends them.
pub const QUERIES_MAX: usize = 65_536;
/// Zenoh's deadline lies behind ours, which so is the one that counts.
const MARGIN: Duration = Duration::from_secs(1);

/// A get of ours.
pub struct Slot {
    id: u64,
    key: KeyExpr<'static>,
    is_for_all: bool,
    deadline: Instant,
    function: AnswerFn,
    arg: Arg,
    /// Held while the callback runs, so that its end is its last.
    is_done: Mutex<bool>,
}

impl Slot {
    fn end(&self, status: Status) {
        let mut is_done = lock(&self.is_done);
        if !std::mem::replace(&mut is_done, true) {
            self.arg
                .call_last(|arg| (self.function)(arg, std::ptr::null(), false, status));
        }
    }

    /// Returns whether that was all.
    fn answered(&self, reply: &Reply) -> bool {
        let mut is_done = lock(&self.is_done);
        if *is_done {
            return true;
        }
        match reply.result() {
            Ok(sample) => with_message(sample, |message| {
                self.arg.call(|arg| (self.function)(arg, message, false, ffi::OK))
            }),
            Err(error) => {
                let payload = error.payload().to_bytes();
                let encoding = encoding::text(error.encoding());
                let message = Message {
                    key: Str::of(self.key.as_str()),
                    encoding: Str::of(&encoding),
                    payload: Bytes::of(&payload),
                    attachment: Bytes::of(&[]),
                    is_urgent: false,
                };
                self.arg.call(|arg| (self.function)(arg, &message, true, ffi::OK));
            }
        }
        if !self.is_for_all {
            *is_done = true;
            self.arg
                .call_last(|arg| (self.function)(arg, std::ptr::null(), false, ffi::OK));
        }
        *is_done
    }
}

#[derive(Default)]
struct GetsState {
    slots: HashMap<u64, Arc<Slot>>,
    deadlines: BTreeSet<(Instant, u64)>,
    last_id: u64,
    is_closed: bool,
}

#[derive(Default)]
pub struct Gets {
    state: Mutex<GetsState>,
    earlier: Condvar,
}

/// How a get is made.
pub struct Ask {
    pub key: KeyExpr<'static>,
    pub is_for_all: bool,
    pub timeout: Duration,
    pub function: AnswerFn,
    pub arg: Arg,
}

impl Gets {
    pub fn begin(&self, ask: Ask) -> Result<Arc<Slot>, Status> {
        let mut state = lock(&self.state);
        if state.is_closed {
            return Err(ffi::ECLOSED);
        }
        if state.slots.len() >= GETS_MAX {
            return Err(ffi::EFULL);
        }
        ask.arg.give();
        state.last_id += 1;
        let slot = Arc::new(Slot {
            id: state.last_id,
            key: ask.key,
            is_for_all: ask.is_for_all,
            deadline: Instant::now() + ask.timeout,
            function: ask.function,
            arg: ask.arg,
            is_done: Mutex::new(false),
        });
        let is_first = state.deadlines.first().is_none_or(|first| slot.deadline < first.0);
        state.deadlines.insert((slot.deadline, slot.id));
        state.slots.insert(slot.id, slot.clone());
        drop(state);
        if is_first {
            self.earlier.notify_all(); // the keeper, and perhaps one who pauses
        }
        Ok(slot)
    }

    /// Takes it back. False: its end was told meanwhile.
    pub fn forget(&self, slot: &Slot) -> bool {
        let is_first = !std::mem::replace(&mut *lock(&slot.is_done), true);
        self.remove(slot);
        is_first
    }

    /// Tells the end, once. The slot stays known until its callback returned: `close` waits for those it finds.
    pub fn end(&self, slot: &Slot, status: Status) {
        slot.end(status);
        self.remove(slot);
    }

    fn remove(&self, slot: &Slot) {
        let mut state = lock(&self.state);
        state.slots.remove(&slot.id);
        state.deadlines.remove(&(slot.deadline, slot.id));
    }

    /// Ends what is overdue.
    pub fn expire(&self, now: Instant) {
        loop {
            let slot = {
                let state = lock(&self.state);
                match state.deadlines.first() {
                    Some((deadline, id)) if *deadline <= now => state.slots[id].clone(),
                    _ => return,
                }
            };
            self.end(&slot, ffi::ETIMEOUT);
        }
    }

    /// Waits for the next deadline, `limit` at most.
    pub fn wait(&self, limit: Duration) {
        let state = lock(&self.state);
        if state.is_closed {
            return;
        }
        let next = state
            .deadlines
            .first()
            .map(|(deadline, _)| deadline.saturating_duration_since(Instant::now()));
        let time = next.map_or(limit, |next| next.min(limit));
        drop(self.earlier.wait_timeout(state, time));
    }

    /// Waits, unless closed.
    pub fn pause(&self, time: Duration) {
        let deadline = Instant::now() + time;
        let mut state = lock(&self.state);
        while !state.is_closed {
            let left = deadline.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                return;
            }
            state = self
                .earlier
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Ends all; no more begin.
    pub fn close(&self) {
        let slots: Vec<_> = {
            let mut state = lock(&self.state);
            state.is_closed = true;
            state.slots.values().cloned().collect()
        };
        self.earlier.notify_all();
        for slot in slots {
            self.end(&slot, ffi::ECLOSED);
        }
    }
}

/// A get on its way to Zenoh.
pub struct GetJob {
    pub slot: Arc<Slot>,
    pub payload: ZBytes,
    pub attachment: Option<ZBytes>,
    pub encoding: Encoding,
}

/// Lives as long as Zenoh may still bring answers.
struct Sink {
    shared: Arc<Shared>,
    number: u64,
    slot: Arc<Slot>,
}

impl Drop for Sink {
    fn drop(&mut self) {
        shield(|| {
            // A session that was given up knows nothing about its answers.
            let status = if self.shared.is_current(self.number) {
                ffi::OK
            } else {
                ffi::ETIMEOUT
            };
            self.shared.gets.end(&self.slot, status);
        });
    }
}

impl GetJob {
    pub fn send(self, shared: &Arc<Shared>, number: u64, session: &Session) {
        let slot = self.slot;
        let left = slot.deadline.saturating_duration_since(Instant::now());
        if left == Duration::ZERO {
            return; // the keeper tells its end
        }
        let (key, is_for_all) = (slot.key.clone(), slot.is_for_all);
        let sink = Sink {
            shared: shared.clone(),
            number,
            slot,
        };
        let asked = session
            .get(key)
            .payload(self.payload)
            .encoding(self.encoding)
            .attachment(self.attachment)
            .target(if is_for_all {
                QueryTarget::All
            } else {
                QueryTarget::BestMatching
            })
            .consolidation(ConsolidationMode::None)
            .allowed_destination(Locality::Remote)
            .timeout(left + MARGIN)
            .callback(move |reply| {
                shield(|| {
                    if sink.shared.is_current(sink.number) && sink.slot.answered(&reply) {
                        sink.shared.queue.expect(Lane::Ask); // who asks one after the other asks again
                        sink.shared.gets.remove(&sink.slot);
                    }
                });
            })
            .wait();
        if let Err(error) = asked {
            tracing::warn!("get: {error}");
        }
    }
}

/// Gets of others, by the number C holds for a pointer: one answered twice or too late is merely unknown.
#[derive(Default)]
pub struct Queries {
    state: Mutex<QueriesState>,
}

#[derive(Default)]
struct QueriesState {
    waiting: HashMap<usize, (u64, Query)>,
    last_id: usize,
    dropped: Tally,
    answers_dropped: Tally,
}

impl Queries {
    /// A get has arrived.
    pub fn arrived(&self, shared: &Shared, number: u64, what: &Declaration, function: GetFn, query: Query) {
        let Some(_gate) = what.enter(shared, number) else {
            return;
        };
        let id = match self.keep(number, query.clone()) {
            Ok(id) => id,
            Err(told) => {
                if let Some(dropped) = told {
                    let key = query.key_expr();
                    tracing::warn!("{QUERIES_MAX} gets wait for an answer: {dropped} dropped, the last one for {key}");
                }
                return;
            }
        };
        let encoding = query.encoding().map(encoding::text).unwrap_or_default();
        with_contiguous(query.payload(), |payload| {
            with_contiguous(query.attachment(), |attachment| {
                let message = Message {
                    key: Str::of(query.key_expr().as_str()),
                    encoding: Str::of(&encoding),
                    payload: Bytes::of(payload),
                    attachment: Bytes::of(attachment),
                    is_urgent: false,
                };
                what.arg.call(|arg| function(arg, &message, id as *mut QueryHandle));
                shared.queue.expect(Lane::Ask); // the answer
            });
        });
    }

    /// Without what it brought, which may hold the whole buffer it arrived in, and is C's only now. Of too many: how many were
    /// dropped, if that is to be told.
    fn keep(&self, number: u64, mut query: Query) -> Result<usize, Option<u64>> {
        query.payload_mut().map(std::mem::take);
        query.attachment_mut().map(std::mem::take);
        let mut state = lock(&self.state);
        if state.waiting.len() >= QUERIES_MAX {
            return Err(state.dropped.one_more());
        }
        state.last_id += 1;
        let id = state.last_id;
        state.waiting.insert(id, (number, query));
        Ok(id)
    }

    /// Takes the query out, for its answer.
    pub fn take(&self, handle: *mut QueryHandle) -> Option<(u64, Query)> {
        let mut state = lock(&self.state);
        let query = state.waiting.remove(&(handle.cast::<c_void>() as usize));
        if state.waiting.len() < QUERIES_MAX / 2 {
            state.dropped = Tally::default(); // the next time that there are too many is another one
        }
        query
    }

    /// How many were, if that is to be told.
    fn answer_dropped(&self) -> Option<u64> {
        lock(&self.state).answers_dropped.one_more()
    }

    /// All of them; dropped, they end without an answer.
    pub fn take_all(&self) -> Vec<Query> {
        let waiting = std::mem::take(&mut lock(&self.state).waiting);
        waiting.into_values().map(|(_, query)| query).collect()
    }
}

/// An answer on its way to Zenoh; `answer` None: says nothing, but ends it.
pub struct AnswerJob {
    /// Of the session that got the query.
    pub number: u64,
    pub query: Query,
    pub answer: Option<Answer>,
}

pub struct Answer {
    /// None: the query's own.
    pub key: Option<KeyExpr<'static>>,
    pub is_error: bool,
    pub payload: ZBytes,
    pub encoding: Encoding,
    pub attachment: Option<ZBytes>,
}

impl AnswerJob {
    pub fn size(&self) -> usize {
        self.answer.as_ref().map_or(0, |answer| {
            answer.payload.len() + answer.attachment.as_ref().map_or(0, ZBytes::len)
        })
    }

    pub fn send(self, number: u64) {
        if self.number != number {
            // Its session was given up; even dropping the query could wait there.
            std::mem::forget(self.query);
            return;
        }
        let Some(answer) = self.answer else { return };
        let sent = if answer.is_error {
            self.query.reply_err(answer.payload).encoding(answer.encoding).wait()
        } else {
            let key = answer.key.unwrap_or_else(|| self.query.key_expr().clone());
            self.query
                .reply(key, answer.payload)
                .encoding(answer.encoding)
                .attachment(answer.attachment)
                .wait()
        };
        if let Err(error) = sent {
            tracing::warn!("answer to {}: {error}", self.query.key_expr());
        }
    }
}

/// Queues an answer; if even the room for answers is used up, the asker learns at least that there is none.
pub fn answer(shared: &Shared, job: AnswerJob) {
    let size = job.size();
    let Err(refused) = shared.queue.push_answer(size, Job::Answer(job)) else {
        return;
    };
    if let Job::Answer(refused) = *refused {
        if let Some(dropped) = shared.queries.answer_dropped() {
            tracing::warn!("the queue is full: {dropped} answers dropped, the last one of {size} bytes");
        }
        shared.queue.push_end(Job::Answer(AnswerJob {
            answer: None,
            ..refused
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session_test::{open, shared, socket, Told};
    use crate::TABLE;
    use std::sync::atomic::{AtomicUsize, Ordering};

    extern "C" fn count(arg: *mut c_void, _: *const Message, _: bool, _: Status) {
        unsafe { (*arg.cast::<AtomicUsize>()).fetch_add(1, Ordering::Relaxed) };
    }

    fn ask(told: &AtomicUsize, timeout: Duration) -> Ask {
        Ask {
            key: crate::keys::key(b"a").expect("a key"),
            is_for_all: true,
            timeout,
            function: count,
            arg: Arg(std::ptr::from_ref(told).cast_mut().cast()),
        }
    }

    #[test]
    fn a_get_that_is_taken_back_tells_no_end_and_one_that_ended_is_not_taken_back() {
        let (gets, told) = (Gets::default(), AtomicUsize::new(0));
        let slot = gets.begin(ask(&told, Duration::from_secs(60))).expect("a slot");
        assert!(gets.forget(&slot));
        gets.end(&slot, ffi::OK);
        assert_eq!(told.load(Ordering::Relaxed), 0);
        let slot = gets.begin(ask(&told, Duration::ZERO)).expect("a slot");
        gets.expire(Instant::now());
        assert!(!gets.forget(&slot));
        assert_eq!(told.load(Ordering::Relaxed), 1);
    }

    extern "C" fn on_get(arg: *mut c_void, request: *const Message, _: *mut QueryHandle) {
        let (payload, attachment) = unsafe { ((*request).payload.bytes(), (*request).attachment.bytes()) };
        Told::add(arg, format!("{} and {}", payload.len(), attachment.len()));
    }

    extern "C" fn ignore(_: *mut c_void, _: *const Message, _: bool, _: Status) {}

    #[test]
    fn a_get_that_waits_holds_nothing_of_what_it_brought() {
        let (server, asker) = (Told::default(), Told::default());
        let place = socket("waiting");
        let a = open(&format!("{{listen: {{endpoints: ['{place}']}}}}"), 5000, &server);
        let mut id = 0;
        assert_eq!(
            (TABLE.serve)(a, Str::of("a"), Some(on_get), server.arg(), &mut id),
            ffi::OK
        );
        let b = format!("{{connect: {{endpoints: ['{place}']}}, listen: {{endpoints: []}}}}");
        let b = open(&b, 5000, &asker);
        let request = Message {
            key: Str::of("a"),
            encoding: Str::of(""),
            payload: Bytes::of(&[1; 5000]),
            attachment: Bytes::of(&[2; 500]),
            is_urgent: false,
        };
        // Until b has learnt that a serves it.
        while server.count("5000 and 500") == 0 {
            (TABLE.get)(b, &request, false, 60_000, Some(ignore), asker.arg());
            std::thread::yield_now();
        }
        for (_, query) in lock(&shared(a).queries.state).waiting.values() {
            assert!(query.payload().is_some_and(ZBytes::is_empty));
            assert!(query.attachment().is_some_and(ZBytes::is_empty));
        }
        (TABLE.close)(b);
        (TABLE.close)(a);
    }
}
