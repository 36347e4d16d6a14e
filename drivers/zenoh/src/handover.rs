//! What C hands over with a callback's argument and gets back, told to the thread sanitizer of the program there may be: it
//! cannot see the locks of this library, and would take for a race what they order. Elsewhere nothing happens here.

use std::ffi::c_void;
use std::sync::atomic::AtomicU8;

#[cfg(not(test))]
use found::sanitizer;
#[cfg(test)]
pub use recorder::released;
#[cfg(test)]
use recorder::sanitizer;

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

fn give_all() {
    if let Some(sanitizer) = sanitizer() {
        (sanitizer.release)(touched());
    }
}

/// C gets everything back: no callback runs any more.
pub fn take_back_all() {
    if let Some(sanitizer) = sanitizer() {
        (sanitizer.acquire)(touched());
    }
}

impl Arg {
    /// C hands over what its argument points to.
    pub fn give(self) {
        if let Some(sanitizer) = sanitizer() {
            (sanitizer.release)(self.0);
        }
        give_all();
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

    /// Calls back for the last time. C may free its argument in it, so the sanitizer is told nothing of it afterwards: its
    /// memory may be another thread's by then.
    pub fn call_last(self, f: impl FnOnce(*mut c_void)) {
        self.take_back();
        f(self.0);
        give_all();
    }
}

/// The sanitizer of the program that loaded this library.
#[cfg(not(test))]
mod found {
    use std::ffi::{c_char, c_void};
    use std::sync::OnceLock;

    use super::{Annotate, Sanitizer};

    pub fn sanitizer() -> Option<Sanitizer> {
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
}

/// Stands in for it in tests: remembers what it was told of.
#[cfg(test)]
mod recorder {
    use std::cell::RefCell;
    use std::ffi::c_void;

    use super::Sanitizer;

    thread_local! {
        static RELEASED: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
    }

    pub fn sanitizer() -> Option<Sanitizer> {
        Some(Sanitizer { acquire, release })
    }

    extern "C" fn acquire(_: *mut c_void) {}

    extern "C" fn release(arg: *mut c_void) {
        let _ = RELEASED.try_with(|released| released.borrow_mut().push(arg as usize));
    }

    /// How often this thread released what is there.
    pub fn released(arg: *mut c_void) -> usize {
        RELEASED.with_borrow(|released| released.iter().filter(|&&at| at == arg as usize).count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_last_call_may_free_is_released_no_more() {
        let mut memory = 0u8;
        let arg = Arg(std::ptr::from_mut(&mut memory).cast());
        arg.give();
        arg.call(|_| ());
        assert_eq!(released(arg.0), 2);
        arg.call_last(|_| ());
        assert_eq!(released(arg.0), 2);
        assert_eq!(released(touched()), 3);
    }
}
