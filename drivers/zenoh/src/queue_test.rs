//! What the queue keeps: its bound, and order.

use super::*;
use crate::chunk::{Entry, SMALL_MAX};
use crate::ffi::{Bytes, Piece, Str};

const KEY: &str = "a";

fn size_of_first() -> usize {
    Chunk::size_of_put(&message(KEY, b"", b""), true)
}

fn message(key: &str, payload: &[u8], attachment: &[u8]) -> Message {
    Message {
        key: Str::of(key),
        encoding: Str::of(""),
        payload: Bytes::of(payload),
        attachment: Bytes::of(attachment),
        is_urgent: false,
    }
}

fn put(queue: &Queue, lane: Lane) -> Result<(), Refusal> {
    unsafe { queue.put(lane, &message(KEY, b"", b"")) }
}

#[test]
fn full_queue_refuses_until_taken_is_finished() {
    let queue = Queue::new(size_of_first() + 2 * std::mem::size_of::<Entry>());
    for _ in 0..3 {
        assert_eq!(put(&queue, Lane::Data), Ok(()));
    }
    assert_eq!(put(&queue, Lane::Data), Err(Refusal::Full));
    assert_eq!(put(&queue, Lane::Urgent), Ok(()), "another lane is not held back");
    let mut chunk = Chunk::default();
    assert!(queue.take(Lane::Data, 1, || true, &mut chunk));
    assert_eq!(chunk.entries.len(), 3);
    assert_eq!(put(&queue, Lane::Data), Err(Refusal::Full));
    queue.close();
    assert!(!queue.take(Lane::Data, 1, || true, &mut chunk));
    assert_eq!(lock(&queue.lanes[0].state).size, 0);
    assert_eq!(put(&queue, Lane::Data), Err(Refusal::Closed));
}

#[test]
fn one_large_job_passes_an_empty_queue() {
    let queue = Queue::new(10);
    let large = vec![0; SMALL_MAX + 1];
    assert_eq!(unsafe { queue.put(Lane::Data, &message(KEY, &large, b"")) }, Ok(()));
    assert_eq!(put(&queue, Lane::Data), Err(Refusal::Full));
}

#[test]
fn what_is_no_key_is_refused_and_takes_no_room() {
    let queue = Queue::new(10);
    assert_eq!(
        unsafe { queue.put(Lane::Data, &message("a/*", b"1", b"")) },
        Err(Refusal::Key)
    );
    assert_eq!(put(&queue, Lane::Data), Ok(()));
}

extern "C" fn count(arg: *mut std::ffi::c_void) {
    unsafe { (*arg.cast::<AtomicUsize>()).fetch_add(1, Ordering::Relaxed) };
}

#[test]
fn given_puts_that_never_left_are_released() {
    let queue = Queue::new(1 << 20);
    let released = AtomicUsize::new(0);
    for lane in [Lane::Data, Lane::Urgent] {
        let piece = Piece {
            bytes: Bytes::of(b"given"),
            release: count,
            arg: std::ptr::from_ref(&released).cast_mut().cast(),
        };
        let put = unsafe { queue.put_pieces(lane, &message(KEY, b"", b""), &mut Offer::new(&[piece])) };
        assert_eq!(put, Ok(()));
    }
    queue.close();
    assert_eq!(released.load(Ordering::Relaxed), 0);
    queue.clear_puts();
    assert_eq!(released.load(Ordering::Relaxed), 2);
}

#[test]
fn what_a_stuck_session_took_is_given_up() {
    let queue = Queue::new(1);
    let mut chunk = Chunk::default();
    assert_eq!(put(&queue, Lane::Data), Ok(()));
    assert!(queue.take(Lane::Data, 1, || true, &mut chunk));
    assert!(!queue.wait_empty(Instant::now()));
    queue.adopt(Lane::Data, 2);
    assert!(queue.wait_empty(Instant::now()));
    assert_eq!(put(&queue, Lane::Data), Ok(()));
    assert!(queue.take(Lane::Data, 2, || true, &mut chunk));
    // The stuck one returns: the other's bytes are not its own.
    lock(&queue.lanes[0].state).finish(1);
    assert_eq!(lock(&queue.lanes[0].state).size, size_of_first());
}

fn text(chunk: &Chunk) -> Vec<String> {
    let bytes = chunk.bytes.clone().freeze();
    let mut jobs = chunk.jobs.iter();
    let told = |head: u32, parts: (zenoh::bytes::ZBytes, Option<zenoh::bytes::ZBytes>)| {
        let attachment = parts.1.map_or(0, |bytes| bytes.len());
        let key = chunk.heads[head as usize].key.as_str();
        format!("{key} {} {:?} {attachment}", parts.0.len(), parts.0.to_bytes().first())
    };
    let one = |entry: &Entry| match *entry {
        Entry::Put {
            head,
            at,
            payload_len,
            attachment_len,
        } => told(
            head,
            crate::chunk::parts(&bytes, at as usize, payload_len as usize, attachment_len as usize),
        ),
        Entry::Job => match jobs.next() {
            Some(Job::Put(put)) => told(
                put.head,
                crate::chunk::parts(&put.bytes, 0, put.payload_len, put.bytes.len() - put.payload_len),
            ),
            _ => "a get".to_owned(),
        },
    };
    chunk.entries.iter().map(one).collect()
}

#[test]
fn puts_leave_in_order_as_they_were() {
    let queue = Queue::new(8 << 20);
    let mut expected = Vec::new();
    for round in 0..1000_usize {
        for (i, len) in [0, 1, 1000, SMALL_MAX, SMALL_MAX + 1].into_iter().enumerate() {
            let (payload, attachment) = (vec![i as u8; len], vec![9; round % 3]);
            let key = format!("to/{}", (round + i) % 7);
            while unsafe { queue.put(Lane::Data, &message(&key, &payload, &attachment)) } != Ok(()) {
                drain(&queue, &mut expected);
            }
            expected.push(format!("{key} {len} {:?} {}", payload.first(), attachment.len()));
        }
    }
    drain(&queue, &mut expected);
    assert!(expected.is_empty());
}

/// Takes all there is and compares it.
fn drain(queue: &Queue, expected: &mut Vec<String>) {
    let mut chunk = Chunk::default();
    let mut at = 0;
    while !lock(&queue.lanes[0].state).chunks.is_empty() {
        assert!(queue.take(Lane::Data, 0, || true, &mut chunk));
        for line in text(&chunk) {
            assert_eq!(line, expected[at]);
            at += 1;
        }
        let bytes = std::mem::take(&mut chunk.bytes).freeze();
        chunk.empty(bytes);
    }
    lock(&queue.lanes[0].state).finish(0);
    expected.drain(..at);
}

#[test]
fn expectations_in_vain_become_rare() {
    let place = Place::default();
    let judge = |is_met| place.judge(&mut lock(&place.state), is_met);
    for _ in 0..2 * TRUST_MAX {
        judge(true);
    }
    for _ in 0..TRUST_MAX {
        assert!(place.may_expect());
        judge(false);
    }
    let mut tried = 0;
    for _ in 0..(1 + 2 + 4) * TRIED_ONCE_IN {
        if place.may_expect() {
            tried += 1;
            judge(false);
        }
    }
    assert_eq!(tried, 3, "each in vain doubles the time until the next");
    for _ in 0..2 * DOUBT_MAX {
        judge(false);
    }
    let asked = (1..).take_while(|_| !place.may_expect()).count() + 1;
    assert_eq!(asked, (TRIED_ONCE_IN << DOUBT_MAX) as usize);
    judge(true);
    assert!(place.may_expect());
    judge(false);
    let asked = (1..).take_while(|_| !place.may_expect()).count() + 1;
    assert_eq!(asked, TRIED_ONCE_IN as usize, "one that was met makes up for many");
}

/// The next expectation is tried.
fn trust_once(lane: &Place) {
    let mut state = lock(&lane.state);
    state.trust = 0;
    lane.judge(&mut state, true);
}

#[test]
fn a_thread_that_expects_takes_what_comes_and_sleeps_again_if_nothing_does() {
    let queue = Queue::new(1 << 20);
    let lane = &queue.lanes[Lane::Ask as usize];
    std::thread::scope(|scope| {
        let taker = scope.spawn(|| {
            let mut chunk = Chunk::default();
            let mut count = 0;
            while queue.take(Lane::Ask, 0, || true, &mut chunk) {
                count += chunk.entries.len();
                let bytes = std::mem::take(&mut chunk.bytes).freeze();
                chunk.empty(bytes);
            }
            count
        });
        for _ in 0..100 {
            trust_once(lane);
            queue.expect(Lane::Ask);
            assert_eq!(put(&queue, Lane::Ask), Ok(()));
        }
        while !lane.is_asleep.load(Ordering::Relaxed) {
            std::thread::yield_now();
        }
        trust_once(lane);
        queue.expect(Lane::Ask);
        while !lane.is_asleep.load(Ordering::Relaxed) {
            std::thread::yield_now();
        }
        assert_eq!(lock(&lane.state).trust, 0, "nothing came");
        queue.close();
        assert_eq!(taker.join().expect("its count"), 100);
    });
}
