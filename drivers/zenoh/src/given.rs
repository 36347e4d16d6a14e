//! What C gives away to be sent: read in place, and released once Zenoh has let go of it.

use std::ffi::c_void;

use bytes::Bytes;
use zenoh::bytes::ZBytes;

use crate::ffi::{Arg, Piece};

struct Given {
    bytes: crate::ffi::Bytes,
    release: extern "C" fn(*mut c_void),
    arg: Arg,
}

// C promises that the bytes stay, and that they may be released from any thread.
unsafe impl Send for Given {}

impl AsRef<[u8]> for Given {
    fn as_ref(&self) -> &[u8] {
        unsafe { self.bytes.bytes() }
    }
}

impl Drop for Given {
    fn drop(&mut self) {
        self.arg.call_last(|arg| (self.release)(arg));
    }
}

impl Given {
    fn new(piece: &Piece) -> Given {
        Arg(piece.arg).give();
        Given {
            bytes: piece.bytes,
            release: piece.release,
            arg: Arg(piece.arg),
        }
    }
}

impl From<Given> for ZBytes {
    fn from(given: Given) -> ZBytes {
        ZBytes::from(Bytes::from_owner(given))
    }
}

/// What a call of C's offers. C keeps the pieces until they are taken; from then on they are released here, once each,
/// whatever becomes of the call, so that C must not hear of an error any more.
pub struct Offer<'a> {
    pieces: &'a [Piece],
    is_taken: bool,
}

impl<'a> Offer<'a> {
    /// # Safety
    /// As C promises of the pieces: until they are released.
    pub unsafe fn new(pieces: &'a [Piece]) -> Offer<'a> {
        Offer {
            pieces,
            is_taken: false,
        }
    }

    pub fn size(&self) -> usize {
        self.pieces
            .iter()
            .fold(0, |sum, piece| sum.saturating_add(piece.bytes.len))
    }

    pub fn is_taken(&self) -> bool {
        self.is_taken
    }

    /// Takes the pieces, as one payload. There are none the next time.
    pub fn take(&mut self) -> ZBytes {
        let mut taken = Taken(std::mem::take(&mut self.pieces));
        self.is_taken = true;
        if taken.0.len() == 1 {
            return taken.next().map(ZBytes::from).unwrap_or_default();
        }
        let mut writer = ZBytes::writer();
        for given in taken {
            writer.append(ZBytes::from(given));
        }
        writer.finish()
    }
}

/// Pieces that were taken and have no owner yet: those that find none are released.
struct Taken<'a>(&'a [Piece]);

impl Iterator for Taken<'_> {
    type Item = Given;

    fn next(&mut self) -> Option<Given> {
        let (first, others) = self.0.split_first()?;
        let given = Given::new(first);
        self.0 = others;
        Some(given)
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.for_each(drop);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enter_with;
    use crate::ffi::{ECLOSED, OK};
    use crate::handover::released;
    use std::sync::atomic::{AtomicUsize, Ordering};

    extern "C" fn count(arg: *mut c_void) {
        unsafe { (*arg.cast::<AtomicUsize>()).fetch_add(1, Ordering::Relaxed) };
    }

    extern "C" fn free(arg: *mut c_void) {
        drop(unsafe { Box::from_raw(arg.cast::<u8>()) });
    }

    fn piece(text: &str, released: &AtomicUsize) -> Piece {
        Piece {
            bytes: crate::ffi::Bytes::of(text.as_bytes()),
            release: count,
            arg: std::ptr::from_ref(released).cast_mut().cast(),
        }
    }

    #[test]
    fn pieces_make_one_payload_and_are_released_with_it() {
        let released = AtomicUsize::new(0);
        for (texts, whole) in [
            (&["one"][..], "one"),
            (&["one", "two"], "onetwo"),
            (&["one", ""], "one"),
            (&[], ""),
        ] {
            let pieces: Vec<Piece> = texts.iter().map(|text| piece(text, &released)).collect();
            let mut offer = unsafe { Offer::new(&pieces) };
            assert_eq!(offer.size(), whole.len());
            let payload = offer.take();
            assert!(offer.is_taken());
            assert_eq!(payload.to_bytes(), whole.as_bytes());
            let empty = texts.iter().filter(|text| text.is_empty()).count(); // nobody needs them
            assert_eq!(released.load(Ordering::Relaxed), empty);
            drop(payload);
            assert_eq!(released.swap(0, Ordering::Relaxed), pieces.len());
        }
    }

    #[test]
    fn what_a_release_frees_is_left_alone() {
        let arg: *mut c_void = Box::into_raw(Box::new(0u8)).cast();
        let piece = Piece {
            bytes: crate::ffi::Bytes::of(b"1"),
            release: free,
            arg,
        };
        let given = Given::new(&piece);
        let before = released(arg);
        drop(given);
        assert_eq!(released(arg), before);
    }

    #[test]
    fn pieces_that_find_no_owner_are_released_once() {
        let released: [AtomicUsize; 3] = Default::default();
        let pieces: Vec<Piece> = released.iter().map(|released| piece("1", released)).collect();
        let counts = || released.each_ref().map(|released| released.load(Ordering::Relaxed));
        let mut taken = Taken(&pieces);
        drop(taken.next());
        let second = taken.next();
        assert_eq!(counts(), [1, 0, 0]);
        drop(taken);
        assert_eq!(counts(), [1, 0, 1]);
        drop(second);
        assert_eq!(counts(), [1, 1, 1]);
    }

    #[test]
    fn panic_is_an_error_only_until_the_pieces_are_taken() {
        let released = AtomicUsize::new(0);
        let pieces = [piece("1", &released), piece("2", &released)];
        let offer = || unsafe { Offer::new(&pieces) };
        assert_eq!(enter_with(offer(), |_| panic!("not taken yet")), ECLOSED);
        assert_eq!(released.load(Ordering::Relaxed), 0);
        let status = enter_with(offer(), |offer| {
            let _payload = offer.take();
            panic!("taken");
        });
        assert_eq!(status, OK);
        assert_eq!(released.load(Ordering::Relaxed), 2);
    }
}
