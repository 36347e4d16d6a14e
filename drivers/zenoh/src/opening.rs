//! Openings of a Zenoh session that takes over from another: how many at a time, and where each begins to dial.
//!
//! What opens may hang, and is then given up for the next one, though its thread stays: so there are never more than a few.

use std::sync::{Condvar, Mutex, PoisonError};

use crate::guard::lock;

/// Under way; all but one of them are given up.
pub const OPENINGS_MAX: usize = 4;

#[derive(Default)]
struct State {
    under_way: usize,
    /// That so many hang: once, until none does.
    is_told: bool,
    attempts: usize,
}

#[derive(Default)]
pub struct Openings {
    state: Mutex<State>,
    changed: Condvar,
}

/// One that is under way, until dropped: its session is up, or not to be.
pub struct Opening<'a>(&'a Openings);

impl Openings {
    /// Waits while too many are under way. None: no other is wanted any more.
    pub fn begin(&self, is_wanted: impl Fn() -> bool) -> Option<Opening<'_>> {
        let mut state = lock(&self.state);
        while is_wanted() {
            if state.under_way < OPENINGS_MAX {
                state.under_way += 1;
                return Some(Opening(self));
            }
            if !std::mem::replace(&mut state.is_told, true) {
                drop(state); // not under the lock: C is told of it
                tracing::error!(
                    "{OPENINGS_MAX} sessions hang as they open: the next one waits for one of these to end"
                );
                state = lock(&self.state);
                continue;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        None
    }

    /// The number of an attempt, from 1 on: the first endpoint was the first that the first session dialled.
    pub fn next_attempt(&self) -> usize {
        let mut state = lock(&self.state);
        state.attempts = state.attempts.wrapping_add(1);
        state.attempts
    }

    /// Those who wait look again whether they are wanted.
    pub fn wake_all(&self) {
        // Under the lock, since `begin` looks under it before it waits.
        let _state = lock(&self.state);
        self.changed.notify_all();
    }
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.0.state);
        state.under_way -= 1;
        state.is_told &= state.under_way > 0;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc::channel;

    #[test]
    fn one_too_many_waits_for_another_to_end() {
        let openings = Openings::default();
        let mut under_way: Vec<_> = (0..OPENINGS_MAX).map(|_| openings.begin(|| true)).collect();
        let has_ended = AtomicBool::new(false);
        let (asked, asks) = channel();
        std::thread::scope(|scope| {
            let late = scope.spawn(|| {
                let opening = openings.begin(move || asked.send(()).is_ok());
                opening.is_some() && has_ended.load(Ordering::Relaxed)
            });
            asks.recv().expect("it asks whether it is wanted");
            has_ended.store(true, Ordering::Relaxed);
            under_way.pop();
            assert!(late.join().expect("no panic"), "it began before another ended");
        });
        assert!(lock(&openings.state).is_told);
        drop(under_way);
        assert!(!lock(&openings.state).is_told);
        assert_eq!(lock(&openings.state).under_way, 0);
    }

    #[test]
    fn who_waits_goes_when_it_is_not_wanted() {
        let openings = Openings::default();
        let under_way: Vec<_> = (0..OPENINGS_MAX).map(|_| openings.begin(|| true)).collect();
        assert!(openings.begin(|| false).is_none());
        let is_wanted = AtomicBool::new(true);
        let (asked, asks) = channel();
        std::thread::scope(|scope| {
            let late = scope.spawn(|| {
                let is_wanted = || asked.send(()).is_ok() && is_wanted.load(Ordering::Relaxed);
                openings.begin(is_wanted).is_none()
            });
            asks.recv().expect("it asks whether it is wanted");
            is_wanted.store(false, Ordering::Relaxed);
            openings.wake_all();
            assert!(late.join().expect("no panic"));
        });
        assert_eq!(under_way.len(), OPENINGS_MAX);
    }
}
