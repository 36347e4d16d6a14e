//! The log: Zenoh's events and our own, as lines, to every session that asked for them.
//!
//! RUST_LOG chooses what is logged; without it, warnings and errors.

use std::fmt::Write;
use std::sync::{Once, PoisonError, RwLock};

use crate::ffi::{Arg, LogFn, Str};
use crate::plain::plain;
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::{EnvFilter, Layer};

struct Sink {
    id: u64,
    log: LogFn,
    arg: Arg,
}

/// Read while lines are told, so that whoever has removed a sink is told no more.
static SINKS: RwLock<Vec<Sink>> = RwLock::new(Vec::new());
static START: Once = Once::new();

/// Tells lines to `log` until `remove` of the same id.
pub fn add(id: u64, log: LogFn, arg: Arg) {
    START.call_once(start);
    SINKS
        .write()
        .unwrap_or_else(PoisonError::into_inner)
        .push(Sink { id, log, arg });
}

pub fn remove(id: u64) {
    SINKS
        .write()
        .unwrap_or_else(PoisonError::into_inner)
        .retain(|sink| sink.id != id);
}

fn start() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    let subscriber = tracing_subscriber::registry().with(filter).with(ToSinks);
    // Fails only if somebody was first, and there is nobody else in this library.
    let _ = tracing::subscriber::set_global_default(subscriber);
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        // A panic while the sinks are written to must not wait for itself.
        match SINKS.try_read() {
            Ok(sinks) if !sinks.is_empty() => tell(&sinks, &format!("ERROR panic: {info}")),
            _ => before(info),
        }
    }));
}

fn tell(sinks: &[Sink], line: &str) {
    for sink in sinks {
        sink.arg.call(|arg| (sink.log)(arg, Str::of(line)));
    }
}

struct ToSinks;

impl<S: tracing::Subscriber> Layer<S> for ToSinks {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let sinks = SINKS.read().unwrap_or_else(PoisonError::into_inner);
        if sinks.is_empty() {
            return;
        }
        let meta = event.metadata();
        let mut line = format!("{} {}:", meta.level(), meta.target());
        event.record(&mut Fields(&mut line));
        tell(&sinks, &plain(&line));
    }
}

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = if field.name() == "message" {
            write!(self.0, " {value:?}")
        } else {
            write!(self.0, " {}={value:?}", field.name())
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::c_void;
    use std::sync::Mutex;

    extern "C" fn keep(arg: *mut c_void, line: Str) {
        let lines = unsafe { &*arg.cast::<Mutex<Vec<String>>>() };
        let text = String::from_utf8_lossy(unsafe { line.bytes() }).into_owned();
        lines.lock().expect("lines").push(text);
    }

    #[test]
    fn warnings_are_told_until_removed() {
        let lines = Mutex::new(Vec::<String>::new());
        let count = |word: &str| {
            lines
                .lock()
                .expect("lines")
                .iter()
                .filter(|line| line.contains(word))
                .count()
        };
        add(u64::MAX, keep, Arg(std::ptr::from_ref(&lines).cast_mut().cast()));
        tracing::warn!(port = 7, "log_test told");
        tracing::debug!("log_test too fine");
        remove(u64::MAX);
        tracing::warn!("log_test too late");
        assert_eq!(count("log_test told port=7"), 1);
        assert_eq!(count("too fine") + count("too late"), 0);
    }
}
