//! The queues of what leaves, bounded in bytes, and the threads that hand it to Zenoh.
//!
//! Three lanes, because a put that waits for a frozen peer must hold back neither heartbeats to all others nor the asking
//! and answering by which they are known to be well.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use zenoh::bytes::Encoding;
use zenoh::key_expr::KeyExpr;
use zenoh::qos::{CongestionControl, Priority};
use zenoh::sample::Locality;
use zenoh::{Session, Wait};

use crate::body::Body;
use crate::query::{AnswerJob, GetJob};
use crate::session::{lock, Life, Shared};

/// What a job takes besides its bytes.
const JOB_SIZE: usize = std::mem::size_of::<(usize, Job)>();
const BATCH_LEN: usize = 256;
/// Places kept for when the queue fills again.
const PLACES_KEPT: usize = 1024;
/// How often an empty queue is looked at before its thread sleeps: about 20 us. Waking it costs its caller a system call.
const SPINS: u32 = 400;

pub struct PutJob {
    pub key: KeyExpr<'static>,
    pub body: Body,
    pub encoding: Encoding,
}

pub enum Job {
    Put(PutJob),
    Get(GetJob),
    Answer(AnswerJob),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lane {
    Data = 0,
    Urgent = 1,
    /// Gets and answers.
    Ask = 2,
}

pub const LANES: [Lane; 3] = [Lane::Data, Lane::Urgent, Lane::Ask];

#[derive(Default)]
struct LaneState {
    jobs: VecDeque<(usize, Job)>,
    /// Bytes of these, and of what was taken and not finished.
    size: usize,
    /// Its thread waits: only then is waking it worth a system call.
    is_asleep: bool,
    /// Of what its thread has taken and not finished: by which session, bytes.
    taken_by: u64,
    taken_size: usize,
    is_sending: bool,
}

#[derive(Default)]
struct State {
    lanes: [LaneState; 3],
    is_closed: bool,
}

pub struct Queue {
    state: Mutex<State>,
    wake: [Condvar; 3],
    idle: Condvar,
    /// Jobs ever pushed: what a thread that spins looks at.
    pushed: [AtomicUsize; 3],
    size_max: usize,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    Full,
    Closed,
}

impl Queue {
    pub fn new(size_max: usize) -> Queue {
        Queue {
            state: Mutex::default(),
            wake: Default::default(),
            idle: Condvar::new(),
            pushed: Default::default(),
            size_max,
        }
    }

    pub fn push(&self, lane: Lane, size: usize, job: Job) -> Result<(), Refusal> {
        self.push_within(self.size_max, lane, size, job)
            .map_err(|(refusal, _)| refusal)
    }

    /// For answers, which may use as much again; returns the job if even that is full.
    pub fn push_answer(&self, size: usize, job: Job) -> Result<(), Job> {
        self.push_within(self.size_max.saturating_mul(2), Lane::Ask, size, job)
            .map_err(|(_, job)| job)
    }

    /// For what says nothing and must arrive: refused only when closed.
    pub fn push_end(&self, job: Job) {
        let _ = self.push_within(usize::MAX, Lane::Ask, 0, job);
    }

    fn push_within(&self, size_max: usize, lane: Lane, size: usize, job: Job) -> Result<(), (Refusal, Job)> {
        let size = size + JOB_SIZE;
        let mut state = lock(&self.state);
        if state.is_closed {
            return Err((Refusal::Closed, job));
        }
        // One job larger than the queue may still pass an empty one.
        let place = &mut state.lanes[lane as usize];
        if place.size > 0 && place.size + size > size_max {
            return Err((Refusal::Full, job));
        }
        place.size += size;
        place.jobs.push_back((size, job));
        // Relaxed: it only ends a spin, which looks again under the lock.
        self.pushed[lane as usize].fetch_add(1, Ordering::Relaxed);
        let is_asleep = std::mem::take(&mut place.is_asleep);
        drop(state);
        if is_asleep {
            self.wake[lane as usize].notify_one();
        }
        Ok(())
    }

    /// Finishes what was taken before and takes more; waits for it. False: closed and empty, or no longer `is_current`.
    fn take(&self, lane: Lane, number: u64, is_current: impl Fn() -> bool, batch: &mut Vec<Job>) -> bool {
        let mut state = lock(&self.state);
        let mut has_spun = false;
        state.finish(lane, number);
        loop {
            if !is_current() {
                return false;
            }
            let is_closed = state.is_closed;
            let place = &mut state.lanes[lane as usize];
            if !place.jobs.is_empty() {
                break;
            }
            self.idle.notify_all();
            if is_closed {
                return false;
            }
            if !std::mem::replace(&mut has_spun, true) {
                let seen = self.pushed[lane as usize].load(Ordering::Relaxed);
                drop(state);
                self.spin(lane, seen);
                state = lock(&self.state);
                continue;
            }
            place.jobs.shrink_to(PLACES_KEPT);
            place.is_asleep = true;
            state = self.wake[lane as usize]
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let place = &mut state.lanes[lane as usize];
        let len = place.jobs.len().min(BATCH_LEN);
        for (size, job) in place.jobs.drain(..len) {
            place.taken_size += size;
            batch.push(job);
        }
        place.taken_by = number;
        place.is_sending = true;
        true
    }

    fn spin(&self, lane: Lane, seen: usize) {
        for _ in 0..SPINS {
            if self.pushed[lane as usize].load(Ordering::Relaxed) != seen {
                return;
            }
            std::hint::spin_loop();
        }
    }

    /// Nothing more is taken in; what is in leaves.
    pub fn close(&self) {
        lock(&self.state).is_closed = true;
        self.wake_all();
    }

    /// Those who wait look again whether they are still current.
    pub fn wake_all(&self) {
        // Under the lock, since a thread looks under it before it waits.
        let _state = lock(&self.state);
        for wake in &self.wake {
            wake.notify_all();
        }
    }

    /// A session of this number begins to send: what a stuck one before it had taken is given up.
    fn adopt(&self, lane: Lane, number: u64) {
        let mut state = lock(&self.state);
        let before = state.lanes[lane as usize].taken_by;
        if before != number {
            state.finish(lane, before);
        }
        state.lanes[lane as usize].taken_by = number;
    }

    /// Waits until all has left.
    pub fn wait_empty(&self, deadline: Instant) -> bool {
        let mut state = lock(&self.state);
        while state.lanes.iter().any(|lane| lane.is_sending || !lane.jobs.is_empty()) {
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
    fn finish(&mut self, lane: Lane, number: u64) {
        let place = &mut self.lanes[lane as usize];
        if place.taken_by == number {
            place.size -= std::mem::take(&mut place.taken_size);
            place.is_sending = false;
        }
    }
}

/// The body of a lane's thread.
pub fn run(shared: &Arc<Shared>, life: &Life, session: &Session, lane: Lane) {
    let mut batch = Vec::with_capacity(BATCH_LEN);
    shared.queue.adopt(lane, life.number);
    while shared
        .queue
        .take(lane, life.number, || shared.is_current(life.number), &mut batch)
    {
        for job in batch.drain(..) {
            life.busy[lane as usize].begin();
            match job {
                Job::Put(put) => send_put(session, lane, put),
                Job::Get(get) => get.send(shared, life.number, session),
                Job::Answer(answer) => answer.send(life.number),
            }
        }
        life.busy[lane as usize].end();
    }
}

fn send_put(session: &Session, lane: Lane, job: PutJob) {
    let (payload, attachment) = job.body.into_parts();
    let put = session
        .put(job.key, payload)
        .encoding(job.encoding)
        .attachment(attachment)
        .allowed_destination(Locality::Remote);
    let put = match lane {
        Lane::Data | Lane::Ask => put.congestion_control(CongestionControl::Block),
        Lane::Urgent => put
            .congestion_control(CongestionControl::Drop)
            .priority(Priority::InteractiveHigh),
    };
    if let Err(error) = put.wait() {
        tracing::warn!("put: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys;

    fn put() -> Job {
        Job::Put(PutJob {
            key: keys::key(b"a").expect("a key"),
            body: Body::Owned {
                payload: Vec::new(),
                attachment: Vec::new(),
            },
            encoding: Encoding::ZENOH_BYTES,
        })
    }

    #[test]
    fn full_queue_refuses_until_taken_is_finished() {
        let queue = Queue::new(3 * JOB_SIZE);
        for _ in 0..3 {
            assert_eq!(queue.push(Lane::Data, 0, put()), Ok(()));
        }
        assert_eq!(queue.push(Lane::Data, 0, put()), Err(Refusal::Full));
        assert_eq!(
            queue.push(Lane::Urgent, 0, put()),
            Ok(()),
            "another lane is not held back"
        );
        let mut batch = Vec::new();
        assert!(queue.take(Lane::Data, 1, || true, &mut batch));
        assert_eq!(batch.len(), 3);
        assert_eq!(queue.push(Lane::Data, 0, put()), Err(Refusal::Full));
        queue.close();
        assert!(!queue.take(Lane::Data, 1, || true, &mut batch));
        assert_eq!(lock(&queue.state).lanes[0].size, 0);
        assert_eq!(queue.push(Lane::Data, 0, put()), Err(Refusal::Closed));
    }

    #[test]
    fn one_large_job_passes_an_empty_queue() {
        let queue = Queue::new(10);
        assert_eq!(queue.push(Lane::Data, 1000, put()), Ok(()));
        assert_eq!(queue.push(Lane::Data, 0, put()), Err(Refusal::Full));
    }

    #[test]
    fn what_a_stuck_session_took_is_given_up() {
        let queue = Queue::new(JOB_SIZE);
        let mut batch = Vec::new();
        assert_eq!(queue.push(Lane::Data, 0, put()), Ok(()));
        assert!(queue.take(Lane::Data, 1, || true, &mut batch));
        assert!(!queue.wait_empty(Instant::now()));
        queue.adopt(Lane::Data, 2);
        assert!(queue.wait_empty(Instant::now()));
        assert_eq!(queue.push(Lane::Data, 0, put()), Ok(()));
        assert!(queue.take(Lane::Data, 2, || true, &mut batch));
        // The stuck one returns: the other's bytes are not its own.
        lock(&queue.state).finish(Lane::Data, 1);
        assert_eq!(lock(&queue.state).lanes[0].size, JOB_SIZE);
    }
}
