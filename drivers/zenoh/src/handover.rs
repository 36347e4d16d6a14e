//! What C hands over with a callback's argument and gets back, told to the thread sanitizer of the program there may be: it
//! cannot see the locks of this library, and would take for a race what they order. Elsewhere nothing happens here.

use std::ffi::{c_char, c_void};
use std::sync::atomic::AtomicU8;
use std::sync::OnceLock;

use crate::ffi::Arg;

type Annotate = extern "C" fn(*mut c_void);

#[derive(Clone, Copy)]
struct Sanitizer {
    acquire: Annotate,
    release: Annotate,
}

/// Stands for all that callbacks touched, whatever their argument: whoever closes a session takes that back.
static TOUCHED: AtomicU8 = AtomicU8::new(0);

fn touched() -> *mut c_void {
    TOUCHED.as_ptr().cast()
}

/// C gets everything back: no callback runs any more.
pub fn take_back_all() {
    if let Some(sanitizer) = sanitizer() {
        (sanitizer.acquire)(touched());
    }
}

fn sanitizer() -> Option<Sanitizer> {
    static FOUND: OnceLock<Option<Sanitizer>> = OnceLock::new();
    *FOUND.get_or_init(|| {
        Some(Sanitizer {
            acquire: find(c"__tsan_acquire".as_ptr())?,
            release: find(c"__tsan_release".as_ptr())?,
        })
    })
}

fn find(name: *const c_char) -> Option<Annotate> {
    // Both names are the sanitizer's own, of functions of this type.
    unsafe {
        let address = libc::dlsym(libc::RTLD_DEFAULT, name);
        (!address.is_null()).then(|| std::mem::transmute::<*mut c_void, Annotate>(address))
    }
}

impl Arg {
    /// C hands over what its argument points to.
    pub fn give(self) {
        if let Some(sanitizer) = sanitizer() {
            (sanitizer.release)(self.0);
            (sanitizer.release)(touched());
        }
    }

    /// C gets it back: no callback will touch it any more.
    pub fn take_back(self) {
        if let Some(sanitizer) = sanitizer() {
            (sanitizer.acquire)(self.0);
        }
    }

    /// Calls back.
    pub fn call(self, f: impl FnOnce(*mut c_void)) {
        self.take_back();
        f(self.0);
        self.give();
    }
}
