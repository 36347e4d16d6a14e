//! The C side: include/edacious/bus.h as Rust sees it, and what crosses between the two.

use std::ffi::{c_char, c_int, c_void};

pub const BUS_VERSION: u32 = 2;
pub const PAYLOAD_MAX: usize = 16 << 20;

/// A result of include/edacious/status.h.
pub type Status = c_int;
pub const OK: Status = 0;
pub const ENOMEM: Status = 1;
pub const EINVAL: Status = 2;
pub const ERANGE: Status = 4;
pub const EKEY: Status = 5;
pub const EFULL: Status = 8;
pub const ETIMEOUT: Status = 10;
pub const EIO: Status = 20;
pub const ECLOSED: Status = 21;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Str {
    pub ptr: *const c_char,
    pub len: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Bytes {
    pub ptr: *const u8,
    pub len: usize,
}

#[repr(C)]
pub struct Message {
    pub key: Str,
    pub encoding: Str,
    pub payload: Bytes,
    pub attachment: Bytes,
    pub is_urgent: bool,
}

/// A part of a payload that C gives away.
#[repr(C)]
pub struct Piece {
    pub bytes: Bytes,
    pub release: extern "C" fn(*mut c_void),
    pub arg: *mut c_void,
}

/// What C holds of a session: see session.rs.
#[repr(C)]
pub struct Handle {
    _opaque: [u8; 0],
}

/// What C holds of a get that waits for its answer: a number, never followed. See query.rs.
#[repr(C)]
pub struct QueryHandle {
    _opaque: [u8; 0],
}

pub type PutFn = extern "C" fn(*mut c_void, *const Message);
pub type GetFn = extern "C" fn(*mut c_void, *const Message, *mut QueryHandle);
pub type AnswerFn = extern "C" fn(*mut c_void, *const Message, bool, Status);
pub type TokenFn = extern "C" fn(*mut c_void, Str, bool);
pub type HeardFn = extern "C" fn(*mut c_void, bool);
pub type ReplacedFn = extern "C" fn(*mut c_void, Str);
pub type LogFn = extern "C" fn(*mut c_void, Str);

#[repr(C)]
pub struct Options {
    pub config: *const c_char,
    pub call_ms: u32,
    pub queue_size: u32,
    pub replaced: Option<ReplacedFn>,
    pub log: Option<LogFn>,
    pub arg: *mut c_void,
}

#[repr(C)]
pub struct Problem {
    pub text: [c_char; 256],
}

#[repr(C)]
pub struct Driver {
    pub struct_size: u32,
    pub version: u32,
    pub name: *const c_char,
    pub about: *const c_char,
    pub open: extern "C" fn(*const Options, *mut *mut Handle, *mut Problem) -> Status,
    pub close: extern "C" fn(*mut Handle),
    pub put: extern "C" fn(*mut Handle, *const Message) -> Status,
    pub subscribe: extern "C" fn(*mut Handle, Str, Option<PutFn>, *mut c_void, *mut u64) -> Status,
    pub serve: extern "C" fn(*mut Handle, Str, Option<GetFn>, *mut c_void, *mut u64) -> Status,
    pub token: extern "C" fn(*mut Handle, Str, *mut u64) -> Status,
    pub watch: extern "C" fn(*mut Handle, Str, Option<TokenFn>, *mut c_void, *mut u64) -> Status,
    pub heard: extern "C" fn(*mut Handle, Str, Option<HeardFn>, *mut c_void, *mut u64) -> Status,
    pub drop: extern "C" fn(*mut Handle, u64),
    pub get: extern "C" fn(*mut Handle, *const Message, bool, u32, Option<AnswerFn>, *mut c_void) -> Status,
    pub answer: extern "C" fn(*mut Handle, *mut QueryHandle, *const Message, bool),
    pub put_pieces: extern "C" fn(*mut Handle, *const Message, *const Piece, usize) -> Status,
    pub keep: extern "C" fn(*mut Handle, *const Message) -> *mut c_void,
    pub release: extern "C" fn(*mut c_void),
}

// Constant, and its texts are literals.
unsafe impl Sync for Driver {}

/// The argument of a C callback. C promises that it may be used from any thread until its declaration is dropped.
#[derive(Clone, Copy)]
pub struct Arg(pub *mut c_void);
unsafe impl Send for Arg {}
unsafe impl Sync for Arg {}

impl Str {
    pub fn of(text: &str) -> Str {
        Str {
            ptr: text.as_ptr().cast(),
            len: text.len(),
        }
    }

    /// # Safety
    /// As C promises: len bytes at ptr, for the call.
    pub unsafe fn bytes<'a>(self) -> &'a [u8] {
        slice(self.ptr.cast(), self.len)
    }
}

impl Bytes {
    pub fn of(bytes: &[u8]) -> Bytes {
        Bytes {
            ptr: bytes.as_ptr(),
            len: bytes.len(),
        }
    }

    /// # Safety
    /// As C promises: len bytes at ptr, for the call.
    pub unsafe fn bytes<'a>(self) -> &'a [u8] {
        slice(self.ptr, self.len)
    }
}

/// C's empty text may have no address, Rust's must.
unsafe fn slice<'a>(ptr: *const u8, len: usize) -> &'a [u8] {
    if ptr.is_null() || len == 0 {
        &[]
    } else {
        std::slice::from_raw_parts(ptr, len)
    }
}

/// Writes why a call failed; cut where a character ends, as three dots then say.
///
/// # Safety
/// `problem` is NULL or points to one.
pub unsafe fn set_problem(problem: *mut Problem, text: &str) {
    if problem.is_null() {
        return;
    }
    let room = (*problem).text.len() - 1;
    let end = if text.len() > room { "..." } else { "" };
    let mut len = text.len().min(room - end.len());
    while !text.is_char_boundary(len) {
        len -= 1;
    }
    let target = std::ptr::addr_of_mut!((*problem).text).cast::<u8>();
    std::ptr::copy_nonoverlapping(text.as_ptr(), target, len);
    std::ptr::copy_nonoverlapping(end.as_ptr(), target.add(len), end.len());
    *target.add(len + end.len()) = 0;
}

// A header that changed without this file does not compile here: sizes on machines with 64-bit pointers.
#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(std::mem::size_of::<Str>() == 16);
    assert!(std::mem::size_of::<Message>() == 72);
    assert!(std::mem::size_of::<Piece>() == 32);
    assert!(std::mem::size_of::<Options>() == 40);
    assert!(std::mem::size_of::<Problem>() == 256);
    assert!(std::mem::size_of::<Driver>() == 24 + 14 * 8);
    assert!(std::mem::offset_of!(Message, is_urgent) == 64);
    assert!(std::mem::offset_of!(Options, replaced) == 16);
    assert!(std::mem::offset_of!(Driver, open) == 24);
    assert!(std::mem::offset_of!(Driver, answer) == 24 + 10 * 8);
    assert!(std::mem::offset_of!(Driver, release) == 24 + 13 * 8);
};

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let mut problem = Problem { text: [1; 256] };
        unsafe { set_problem(&mut problem, text) };
        let bytes: Vec<u8> = problem.text.iter().map(|&c| c as u8).collect();
        let end = bytes.iter().position(|&b| b == 0).expect("terminated");
        String::from_utf8(bytes[..end].to_vec()).expect("whole characters")
    }

    #[test]
    fn problem_is_cut_between_characters() {
        assert_eq!(written("short"), "short");
        assert_eq!(written(&"x".repeat(255)), "x".repeat(255));
        assert_eq!(written(&"x".repeat(300)), "x".repeat(252) + "...");
        assert_eq!(written(&"é".repeat(200)), "é".repeat(126) + "...");
        assert_eq!(
            written(&format!("x{}", "é".repeat(200))),
            format!("x{}...", "é".repeat(125))
        );
    }

    #[test]
    fn empty_text_without_address_is_empty() {
        let none = Str {
            ptr: std::ptr::null(),
            len: 0,
        };
        assert_eq!(unsafe { none.bytes() }, b"");
    }
}
