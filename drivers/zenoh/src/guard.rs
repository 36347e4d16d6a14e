//! What holds when something of ours panics: the data behind a lock, and the thread that called.

use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks are held for a few lines that do not panic; if one did, its data still holds.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs what a thread of Zenoh's calls: a panic must not end that thread.
pub fn shield(f: impl FnOnce()) {
    let _ = catch_unwind(AssertUnwindSafe(f));
}
