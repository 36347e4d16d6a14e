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
        self.arg.call(|arg| (self.release)(arg));
    }
}

/// Takes the pieces.
///
/// # Safety
/// As C promises: until they are released.
pub unsafe fn payload(pieces: &[Piece]) -> ZBytes {
    let taken = pieces.iter().map(|piece| {
        Arg(piece.arg).give();
        ZBytes::from(Bytes::from_owner(Given {
            bytes: piece.bytes,
            release: piece.release,
            arg: Arg(piece.arg),
        }))
    });
    if let [_] = pieces {
        return taken.last().unwrap_or_default();
    }
    let mut writer = ZBytes::writer();
    for piece in taken {
        writer.append(piece);
    }
    writer.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    extern "C" fn count(arg: *mut c_void) {
        unsafe { (*arg.cast::<AtomicUsize>()).fetch_add(1, Ordering::Relaxed) };
    }

    #[test]
    fn pieces_make_one_payload_and_are_released_with_it() {
        let released = AtomicUsize::new(0);
        let piece = |text: &str| Piece {
            bytes: crate::ffi::Bytes::of(text.as_bytes()),
            release: count,
            arg: std::ptr::from_ref(&released).cast_mut().cast(),
        };
        for (texts, whole) in [
            (&["one"][..], "one"),
            (&["one", "two"], "onetwo"),
            (&["one", ""], "one"),
            (&[], ""),
        ] {
            let pieces: Vec<Piece> = texts.iter().map(|text| piece(text)).collect();
            let payload = unsafe { payload(&pieces) };
            assert_eq!(payload.to_bytes(), whole.as_bytes());
            let empty = texts.iter().filter(|text| text.is_empty()).count(); // nobody needs them
            assert_eq!(released.load(Ordering::Relaxed), empty);
            drop(payload);
            assert_eq!(released.swap(0, Ordering::Relaxed), pieces.len());
        }
    }
}
