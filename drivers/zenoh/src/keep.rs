//! Payloads that C keeps beyond the callback they arrived by.

use std::cell::Cell;
use std::ffi::c_void;

use zenoh::bytes::ZBytes;

use crate::contiguous::{give_back, in_place, joined};
use crate::ffi::Message;

/// What C gets in a callback: it has the address of the message, which is that of the whole.
#[repr(C)]
struct Arrived<'a> {
    message: Message,
    payload: Place<'a>,
}

enum Place<'a> {
    Whole(&'a ZBytes),
    /// None: C keeps it.
    Joined(Cell<Option<Vec<u8>>>),
}

/// What C keeps.
enum Kept {
    Whole { _held: ZBytes },
    Joined(Vec<u8>),
}

impl Drop for Kept {
    fn drop(&mut self) {
        if let Kept::Joined(whole) = self {
            give_back(std::mem::take(whole));
        }
    }
}

/// Borrows a message for C, which may keep its payload.
pub fn with_payload(payload: &ZBytes, make: impl FnOnce(&[u8]) -> Message, f: impl FnOnce(&Message)) {
    let (message, payload) = match in_place(payload) {
        Some(bytes) => (make(bytes), Place::Whole(payload)),
        None => {
            let whole = joined(payload);
            (make(&whole), Place::Joined(Cell::new(Some(whole))))
        }
    };
    let arrived = Arrived { message, payload };
    // Of the whole, since C's address leads back to all of it.
    f(unsafe { &*std::ptr::from_ref(&arrived).cast::<Message>() });
    if let Place::Joined(whole) = arrived.payload {
        drop(whole.take().map(Kept::Joined));
    }
}

/// NULL: it was kept before.
///
/// # Safety
/// As C promises: the very message that a callback was given, and before it returned.
pub unsafe fn keep(message: *const Message) -> *mut c_void {
    let kept = match &(*message.cast::<Arrived>()).payload {
        Place::Whole(payload) => Some(Kept::Whole {
            _held: (*payload).clone(),
        }),
        Place::Joined(whole) => whole.take().map(Kept::Joined),
    };
    kept.map_or(std::ptr::null_mut(), |kept| Box::into_raw(Box::new(kept)).cast())
}

/// # Safety
/// As C promises: from `keep`, and not released yet.
pub unsafe fn release(kept: *mut c_void) {
    drop(Box::from_raw(kept.cast::<Kept>()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ffi::{Bytes, Str};

    fn message(payload: &[u8]) -> Message {
        Message {
            key: Str::of("a"),
            encoding: Str::of(""),
            payload: Bytes::of(payload),
            attachment: Bytes::of(b""),
            is_urgent: false,
        }
    }

    #[test]
    fn what_is_kept_stays_and_is_released() {
        let mut writer = ZBytes::writer();
        writer.append(ZBytes::from(vec![1; 1000]));
        writer.append(ZBytes::from(vec![1; 1000]));
        for payload in [ZBytes::from(vec![1; 2000]), writer.finish()] {
            let mut kept = std::ptr::null_mut();
            let mut bytes = Bytes::of(b"");
            with_payload(&payload, message, |message| {
                bytes = message.payload;
                kept = unsafe { keep(message) };
            });
            drop(payload);
            assert!(!kept.is_null());
            assert!(unsafe { bytes.bytes() } == [1; 2000]);
            unsafe { release(kept) };
        }
    }

    #[test]
    fn what_is_not_kept_is_used_again() {
        let mut writer = ZBytes::writer();
        writer.append(ZBytes::from("one"));
        writer.append(ZBytes::from("two"));
        let payload = writer.finish();
        for _ in 0..2 {
            with_payload(&payload, message, |message| {
                assert_eq!(unsafe { message.payload.bytes() }, b"onetwo");
            });
        }
    }
}
