//! The queues of what leaves, bounded in bytes.
//!
//! Three lanes, because a put that waits for a frozen peer must hold back neither heartbeats to all others nor the asking
//! and answering by which they are known to be well. A lane is a row of chunks (chunk.rs): callers add to the last one, its
//! thread takes the first as a whole and brings it back empty, so that neither frees what the other allocated.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use zenoh::bytes::ZBytes;
use zenoh::qos::{CongestionControl, Priority};

use crate::chunk::{Chunk, GivenPut, Head, Job, LargePut, SMALL_MAX};
use crate::ffi::Message;
use crate::given::Offer;
use crate::guard::lock;

/// Of each lane, kept while its thread sleeps.
const SPARE_LEN: usize = 2;
/// How often an empty queue is looked at before its thread sleeps: about 20 us. Waking it costs its caller a system call.
const SPINS: u32 = 400;
const SPINS_IN_A_ROW: u32 = 100;
/// How long a job that is expected is waited for awake, letting others run.
const EXPECTED: Duration = Duration::from_micros(100);
/// Expectations that were met less those that were not, at most; below 1, one of so many is tried.
const TRUST_MAX: u32 = 8;
const TRIED_ONCE_IN: u32 = 16;
/// Each try in vain doubles that, up to so often.
const DOUBT_MAX: u32 = 8;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lane {
    Data = 0,
    Urgent = 1,
    /// Gets and answers.
    Ask = 2,
}

pub const LANES: [Lane; 3] = [Lane::Data, Lane::Urgent, Lane::Ask];

impl Lane {
    /// How Zenoh is to treat its puts.
    pub fn qos(self) -> (CongestionControl, Priority) {
        match self {
            Lane::Data | Lane::Ask => (CongestionControl::Block, Priority::DEFAULT),
            Lane::Urgent => (CongestionControl::Drop, Priority::InteractiveHigh),
        }
    }
}

#[derive(Default)]
struct State {
    chunks: VecDeque<Chunk>,
    /// Empty ones, whose memory is used again: the last is the warmest.
    spare: Vec<Chunk>,
    /// The same, of large puts.
    spare_bytes: Vec<BytesMut>,
    /// Bytes of the chunks, of large puts that are being copied, and of what was taken and not finished.
    size: usize,
    /// It was woken for what has not been pushed yet.
    is_expecting: bool,
    trust: u32,
    /// Without trust, doublings of TRIED_ONCE_IN.
    doubt: u32,
    /// Of what its thread has taken and not finished: by which session, bytes.
    taken_by: u64,
    taken_size: usize,
    is_sending: bool,
    is_closed: bool,
}

#[derive(Default)]
struct Place {
    state: Mutex<State>,
    wake: Condvar,
    idle: Condvar,
    /// Jobs ever pushed: what a thread that spins looks at.
    pushed: AtomicUsize,
    /// Its thread waits: only then is waking it worth a system call. Changed under the lock.
    is_asleep: AtomicBool,
    /// Expectations that are passed over before the next is tried. Each arriving put looks at it, without the lock; that two at
    /// once may count as one does no harm.
    passed_over: AtomicU32,
}

pub struct Queue {
    lanes: [Place; 3],
    size_max: usize,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    Full,
    Closed,
    Key,
    Encoding,
}

impl Queue {
    pub fn new(size_max: usize) -> Queue {
        Queue {
            lanes: Default::default(),
            size_max,
        }
    }

    /// Copies a put.
    ///
    /// # Safety
    /// As C promises of a message: for the call.
    pub unsafe fn put(&self, lane: Lane, message: &Message) -> Result<(), Refusal> {
        let place = &self.lanes[lane as usize];
        let (payload, attachment) = (message.payload.bytes(), message.attachment.bytes());
        let is_small = payload.len() + attachment.len() <= SMALL_MAX;
        let mut new = None;
        loop {
            let mut state = lock(&place.state);
            let known = state.find_head(message);
            if known.is_none() && new.is_none() {
                drop(state); // checking a key takes a while
                new = Some(Head::of(message)?);
                continue;
            }
            let size = Chunk::size_of_put(message, known.is_none());
            state.reserve(self.size_max, size)?;
            if is_small {
                let chunk = state.open();
                let head = known.unwrap_or_else(|| chunk.add_head(new));
                chunk.add_put(head, payload, attachment, size);
                place.added(state);
                return Ok(());
            }
            let bytes = state.memory(payload.len() + attachment.len());
            drop(state);
            let put = LargePut::of(bytes, payload, attachment);
            return place.put_large(message, new, put, size);
        }
    }

    /// Takes what C offers, unless it is refused.
    ///
    /// # Safety
    /// As C promises of a message: for the call.
    pub unsafe fn put_pieces(&self, lane: Lane, message: &Message, offer: &mut Offer<'_>) -> Result<(), Refusal> {
        let place = &self.lanes[lane as usize];
        let new = Head::of(message)?; // checking a key takes a while: not under the lock
        let attachment = message.attachment.bytes();
        let attachment = (!attachment.is_empty()).then(|| ZBytes::from(attachment));
        let size = Chunk::size_of_put(message, true) + offer.size();
        let mut state = lock(&place.state);
        state.reserve(self.size_max, size)?;
        let known = state.find_head(message);
        let chunk = state.open();
        let put = GivenPut {
            head: known.unwrap_or_else(|| chunk.add_head(Some(new))),
            payload: offer.take(),
            attachment,
        };
        chunk.add_given(put, size);
        place.added(state);
        Ok(())
    }

    pub fn push(&self, lane: Lane, size: usize, job: Job) -> Result<(), Refusal> {
        self.push_within(self.size_max, lane, size, job)
            .map_err(|(refusal, _)| refusal)
    }

    /// For answers, which may use as much again; returns the job if even that is full.
    pub fn push_answer(&self, size: usize, job: Job) -> Result<(), Box<Job>> {
        self.push_within(self.size_max.saturating_mul(2), Lane::Ask, size, job)
            .map_err(|(_, job)| job)
    }

    /// For what says nothing and must arrive: refused only when closed.
    pub fn push_end(&self, job: Job) {
        let _ = self.push_within(usize::MAX, Lane::Ask, 0, job);
    }

    fn push_within(&self, size_max: usize, lane: Lane, size: usize, job: Job) -> Result<(), (Refusal, Box<Job>)> {
        let place = &self.lanes[lane as usize];
        let size = size + std::mem::size_of::<Job>();
        let mut state = lock(&place.state);
        if let Err(refusal) = state.reserve(size_max, size) {
            return Err((refusal, Box::new(job)));
        }
        state.open().add_job(job, size);
        place.added(state);
        Ok(())
    }

    /// Brings back what was taken before, and takes more; waits for it. False: closed and empty, or no longer `is_current`.
    pub fn take(&self, lane: Lane, number: u64, is_current: impl Fn() -> bool, chunk: &mut Chunk) -> bool {
        let place = &self.lanes[lane as usize];
        let mut state = lock(&place.state);
        let mut has_spun = false;
        state.keep(&mut chunk.large, self.size_max);
        state.finish(number);
        loop {
            if !is_current() {
                return false;
            }
            if let Some(first) = state.chunks.pop_front() {
                if std::mem::take(&mut state.is_expecting) {
                    place.judge(&mut state, true);
                }
                let empty = std::mem::replace(chunk, first);
                state.spare.push(empty);
                break;
            }
            place.idle.notify_all();
            if state.is_closed {
                return false;
            }
            if std::mem::take(&mut state.is_expecting) {
                state = place.await_expected(state);
                continue;
            }
            if !std::mem::replace(&mut has_spun, true) {
                let seen = place.pushed.load(Ordering::Relaxed);
                drop(state);
                place.spin(seen);
                state = lock(&place.state);
                continue;
            }
            state.rest();
            // Relaxed, as all about it: who adds looks under the lock, who expects may miss it.
            place.is_asleep.store(true, Ordering::Relaxed);
            state = place.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.taken_size = chunk.size;
        state.taken_by = number;
        state.is_sending = true;
        true
    }

    /// A job will soon follow, as an answer does on a get: its thread wakes meanwhile.
    pub fn expect(&self, lane: Lane) {
        let place = &self.lanes[lane as usize];
        if !place.is_asleep.load(Ordering::Relaxed) || !place.may_expect() {
            return;
        }
        let mut state = lock(&place.state);
        if place.is_asleep.swap(false, Ordering::Relaxed) {
            state.is_expecting = true;
            drop(state);
            place.wake.notify_one();
        }
    }

    /// Nothing more is taken in; what is in leaves.
    pub fn close(&self) {
        for place in &self.lanes {
            lock(&place.state).is_closed = true;
        }
        self.wake_all();
    }

    /// Puts that are still in are let go of. Answers are not: a query that is dropped tells its asker the end, which may
    /// wait for the very connection that others are stuck on. They go with the last thread that is.
    pub fn clear_puts(&self) {
        for lane in [Lane::Data, Lane::Urgent] {
            let left = std::mem::take(&mut lock(&self.lanes[lane as usize].state).chunks);
            drop(left); // not under the lock: C is told of what it gave
        }
    }

    /// Those who wait look again whether they are still current.
    pub fn wake_all(&self) {
        for place in &self.lanes {
            // Under the lock, since a thread looks under it before it waits.
            let _state = lock(&place.state);
            place.wake.notify_all();
        }
    }

    /// A session of this number begins to send: what a stuck one before it had taken is given up.
    pub fn adopt(&self, lane: Lane, number: u64) {
        let mut state = lock(&self.lanes[lane as usize].state);
        let before = state.taken_by;
        if before != number {
            state.finish(before);
        }
        state.taken_by = number;
    }

    /// Waits until all has left of a queue that is closed.
    pub fn wait_empty(&self, deadline: Instant) -> bool {
        self.lanes.iter().all(|place| place.wait_empty(deadline))
    }
}

impl Place {
    /// Its thread learns of what was added.
    fn added(&self, state: MutexGuard<'_, State>) {
        // Relaxed: it only ends a spin, which looks again under the lock. No exchange: the lock is held.
        self.pushed
            .store(self.pushed.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        let is_asleep = self.is_asleep.load(Ordering::Relaxed);
        if is_asleep {
            self.is_asleep.store(false, Ordering::Relaxed);
        }
        drop(state);
        if is_asleep {
            self.wake.notify_one();
        }
    }

    /// `size` is reserved; `new` is the head, if it was not known before the lock was let go of.
    unsafe fn put_large(
        &self,
        message: &Message,
        new: Option<Head>,
        put: LargePut,
        size: usize,
    ) -> Result<(), Refusal> {
        let new = match new {
            Some(head) => Ok(head),
            None => Head::of(message),
        };
        let mut state = lock(&self.state);
        let known = state.find_head(message);
        match (known, new) {
            (Some(head), _) => state.open().add_large(head, put, size),
            (None, Ok(new)) => {
                let chunk = state.open();
                let head = chunk.add_head(Some(new));
                chunk.add_large(head, put, size);
            }
            (None, Err(refusal)) => {
                state.size -= size;
                return Err(refusal);
            }
        }
        self.added(state);
        Ok(())
    }

    /// Others may need the processor to make what is expected, so each look lets them run.
    fn await_expected<'a>(&'a self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let seen = self.pushed.load(Ordering::Relaxed);
        drop(state);
        let deadline = Instant::now() + EXPECTED;
        let mut is_met = false;
        while !is_met && Instant::now() < deadline {
            std::thread::yield_now();
            is_met = self.pushed.load(Ordering::Relaxed) != seen;
        }
        let mut state = lock(&self.state);
        self.judge(&mut state, is_met);
        state
    }

    fn may_expect(&self) -> bool {
        let left = self.passed_over.load(Ordering::Relaxed);
        if left > 0 {
            self.passed_over.store(left - 1, Ordering::Relaxed);
        }
        left == 0
    }

    fn judge(&self, state: &mut State, is_met: bool) {
        if is_met {
            state.trust = TRUST_MAX.min(state.trust + 1);
            state.doubt = 0;
        } else if state.trust > 0 {
            state.trust -= 1;
        } else {
            state.doubt = DOUBT_MAX.min(state.doubt + 1);
        }
        let passed_over = match state.trust {
            0 => (TRIED_ONCE_IN << state.doubt) - 1,
            _ => 0,
        };
        self.passed_over.store(passed_over, Ordering::Relaxed);
    }

    fn spin(&self, seen: usize) {
        for i in 0..SPINS {
            if i % SPINS_IN_A_ROW == 0 {
                std::thread::yield_now(); // who is to push, or what Zenoh does next, may wait for this very processor
            }
            if self.pushed.load(Ordering::Relaxed) != seen {
                return;
            }
            std::hint::spin_loop();
        }
    }

    fn wait_empty(&self, deadline: Instant) -> bool {
        let mut state = lock(&self.state);
        while state.is_sending || !state.chunks.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                return false;
            }
            state = self
                .idle
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        true
    }
}

impl State {
    /// One job larger than the queue may still pass an empty one.
    fn reserve(&mut self, size_max: usize, size: usize) -> Result<(), Refusal> {
        if self.is_closed {
            return Err(Refusal::Closed);
        }
        if self.size > 0 && self.size.saturating_add(size) > size_max {
            return Err(Refusal::Full);
        }
        self.size += size;
        Ok(())
    }

    unsafe fn find_head(&self, message: &Message) -> Option<u32> {
        self.chunks.back().filter(|chunk| !chunk.is_full())?.find_head(message)
    }

    /// The chunk that is added to.
    fn open(&mut self) -> &mut Chunk {
        if self.chunks.back().is_none_or(Chunk::is_full) {
            let chunk = self.spare.pop().unwrap_or_default();
            self.chunks.push_back(chunk);
        }
        self.chunks.back_mut().expect("one was just added")
    }

    /// For a large put: used before, if it is not far too much.
    fn memory(&mut self, len: usize) -> BytesMut {
        match self.spare_bytes.pop() {
            Some(bytes) if bytes.capacity() / 4 <= len => bytes,
            _ => BytesMut::new(),
        }
    }

    fn keep(&mut self, bytes: &mut Vec<BytesMut>, size_max: usize) {
        self.spare_bytes.append(bytes);
        while self.spare_bytes.iter().map(BytesMut::capacity).sum::<usize>() > size_max {
            self.spare_bytes.pop();
        }
    }

    fn finish(&mut self, number: u64) {
        if self.taken_by == number {
            self.size -= std::mem::take(&mut self.taken_size);
            self.is_sending = false;
        }
    }

    /// Before its thread sleeps.
    fn rest(&mut self) {
        self.spare.truncate(SPARE_LEN);
        self.spare_bytes.clear();
    }
}

#[cfg(test)]
#[path = "queue_test.rs"]
mod tests;
