//! What callers ask of the control thread, and how they learn of its end.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::declare::Declaration;
use crate::ffi::{self, Status};
use crate::guard::lock;

pub enum Command {
    Declare(Arc<Declaration>, Arc<Ticket>),
    Undeclare(u64, Arc<Ticket>),
    Close,
    #[cfg(test)]
    Stall(Duration),
    #[cfg(test)]
    Observe(Duration, std::sync::mpsc::Sender<bool>),
    #[cfg(test)]
    BeForgotten,
}

/// What the control thread is woken for.
pub enum Next {
    Command(Command),
    /// It is time for what it does by itself.
    Due,
    /// Its life is.
    Over,
}

/// Its callers each wait for one, so their number bounds it.
#[derive(Default)]
pub struct Commands {
    waiting: Mutex<VecDeque<Command>>,
    arrived: Condvar,
}

impl Commands {
    pub fn push(&self, command: Command) {
        lock(&self.waiting).push_back(command);
        self.arrived.notify_all();
    }

    /// Waits for the next one, until `due` if that is given.
    pub fn next(&self, is_current: impl Fn() -> bool, due: Option<Instant>) -> Next {
        let mut waiting = lock(&self.waiting);
        loop {
            if !is_current() {
                return Next::Over;
            }
            let left = due.map(|due| due.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                return Next::Due;
            }
            if let Some(command) = waiting.pop_front() {
                return Next::Command(command);
            }
            waiting = match left {
                Some(left) => {
                    self.arrived
                        .wait_timeout(waiting, left)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0
                }
                None => self.arrived.wait(waiting).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    pub fn wake_all(&self) {
        // Under the lock, since `next` looks under it before it waits.
        let _waiting = lock(&self.waiting);
        self.arrived.notify_all();
    }
}

/// How a call ends: by the control thread, or by its caller, who will not wait any longer; whoever is first.
pub struct Ticket {
    result: Mutex<Option<Result<(), Status>>>,
    ended: Condvar,
}

impl Ticket {
    pub fn new() -> Arc<Ticket> {
        Arc::new(Ticket {
            result: Mutex::new(None),
            ended: Condvar::new(),
        })
    }

    pub fn is_over(&self) -> bool {
        lock(&self.result).is_some()
    }

    pub fn end(&self, how: Result<(), Status>) {
        lock(&self.result).get_or_insert(how);
        self.ended.notify_all();
    }

    /// Ends well and does `f`, unless it is over. Returns whether it did.
    pub fn end_with(&self, f: impl FnOnce()) -> bool {
        let mut result = lock(&self.result);
        if result.is_some() {
            return false;
        }
        f();
        *result = Some(Ok(()));
        self.ended.notify_all();
        true
    }

    pub fn wait(&self, limit: Duration) -> Result<(), Status> {
        let deadline = Instant::now() + limit;
        let mut result = lock(&self.result);
        while result.is_none() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                *result = Some(Err(ffi::ETIMEOUT));
                break;
            }
            result = self
                .ended
                .wait_timeout(result, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        (*result).unwrap_or(Err(ffi::ETIMEOUT))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_ends_once() {
        let ticket = Ticket::new();
        assert_eq!(ticket.wait(Duration::ZERO), Err(ffi::ETIMEOUT));
        assert!(!ticket.end_with(|| panic!("its caller has gone")));
        let ticket = Ticket::new();
        assert!(ticket.end_with(|| ()));
        ticket.end(Err(ffi::EIO));
        assert_eq!(ticket.wait(Duration::ZERO), Ok(()));
    }
}
