//! The threads of Zenoh's, which are chosen once for a process: before its first session, by ZENOH_RUNTIME alone.
//!
//! Zenoh 1.10 reads and writes a TLS connection from two tasks without a lock between them. On two threads at once they
//! tear the state of the connection, which then ends ("handshake not complete"), or the process with it. So a process with
//! TLS has both on one thread. Not a router: what it relays is sent by the thread that receives, which then waits for the
//! sending that it keeps from happening as soon as more than the queue of a connection holds is under way.

use std::sync::Mutex;

use serde_json::{json, Value};
use zenoh::Config;

use crate::guard::lock;

const VARIABLE: &str = "ZENOH_RUNTIME";
/// With one network worker, declarations can starve behind others.
const USUAL: &str = "(net: (worker_threads: 2))";
const ONE: &str = "(net: (worker_threads: 2), rx: (worker_threads: 1), tx: (handover: rx))";

/// What a configuration asks of the threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    Nothing,
    /// Receiving and sending on one thread.
    One,
    /// It would be safe on one thread, but not work there: a router with TLS.
    Router,
}

/// What the threads are, once chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chosen {
    Usual,
    One,
    /// Those of the user, who knows; or there was a warning already.
    Settled,
}

/// Called before each open; only the first of a process still chooses. Warns, once, where that came too late.
pub fn choose(config: &Config) {
    static CHOSEN: Mutex<Option<Chosen>> = Mutex::new(None);
    let need = need(&relevant(config));
    let mut chosen = lock(&CHOSEN);
    let before = chosen.unwrap_or_else(|| first(need));
    let (after, warning) = settle(before, need);
    *chosen = Some(after);
    drop(chosen); // not under the lock: C is told of it
    if let Some(warning) = warning {
        tracing::warn!("{warning}");
    }
}

fn first(need: Need) -> Chosen {
    if std::env::var_os(VARIABLE).is_some() {
        return Chosen::Settled;
    }
    let (chosen, value) = match need {
        Need::One => (Chosen::One, ONE),
        _ => (Chosen::Usual, USUAL),
    };
    // SAFETY: once per process, under a lock, only where it is unset, and before Zenoh's threads exist, which read it as they begin:
    // there is no other way to tell Zenoh. A thread of the program's that calls setenv or getenv of libc as it opens its
    // first session would race with it; docs/operating.md says to export the variable there.
    std::env::set_var(VARIABLE, value);
    chosen
}

fn settle(chosen: Chosen, need: Need) -> (Chosen, Option<String>) {
    let warning = match (chosen, need) {
        (Chosen::Usual, Need::One) => format!(
            "TLS after a session without it: receiving and sending stay on two threads, which breaks TLS connections under \
             load. Start the program with {VARIABLE}='{ONE}'"
        ),
        (Chosen::Usual, Need::Router) => format!(
            "a router with TLS: receiving and sending are on two threads, which breaks TLS connections under load. Where no \
             message is above 512 KiB, start it with {VARIABLE}='{ONE}'; with {VARIABLE}='{USUAL}' nothing is said"
        ),
        _ => return (chosen, None),
    };
    (Chosen::Settled, Some(warning))
}

fn relevant(config: &Config) -> Value {
    let get = |key: &str| -> Value {
        let text = config.get_json(key).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or(Value::Null)
    };
    json!({
        "mode": get("mode"),
        "listen": get("listen/endpoints"),
        "connect": get("connect/endpoints"),
        "tls": get("transport/link/tls"),
    })
}

/// Certificates count as well: gossip may tell of a peer whose endpoint is TLS though none is named here.
fn need(config: &Value) -> Need {
    let has_certificate = || {
        let mut values = config["tls"].as_object().into_iter().flat_map(|tls| tls.values());
        values.any(Value::is_string)
    };
    if !names_tls(&config["listen"]) && !names_tls(&config["connect"]) && !has_certificate() {
        Need::Nothing
    } else if config["mode"] == "router" {
        Need::Router
    } else {
        Need::One
    }
}

/// In lists, in lists by mode, and where several locators are of one.
fn names_tls(endpoints: &Value) -> bool {
    match endpoints {
        Value::String(endpoint) => endpoint.starts_with("tls/"),
        Value::Array(list) => list.iter().any(names_tls),
        Value::Object(map) => map.values().any(names_tls),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_wants_one_thread() {
        for (user, wanted) in [
            ("{}", Need::Nothing),
            (
                "{connect: {endpoints: ['tcp/a:1', 'unixsock-stream//tls/x']}}",
                Need::Nothing,
            ),
            ("{mode: 'router'}", Need::Nothing),
            ("{connect: {endpoints: ['tcp/a:1', 'tls/a:1']}}", Need::One),
            ("{mode: 'client', connect: {endpoints: ['tls/a:1']}}", Need::One),
            ("{listen: {endpoints: ['tls/0.0.0.0:1']}}", Need::One),
            ("{connect: {endpoints: {peer: ['tls/a:1']}}}", Need::One),
            (
                "{connect: {endpoints: [{strategy: 'allOf', locators: ['tls/a:1']}]}}",
                Need::One,
            ),
            ("{mode: 'router', listen: {endpoints: ['tls/0.0.0.0:1']}}", Need::Router),
        ] {
            let config = crate::config::load(Some(user)).expect(user);
            assert_eq!(need(&relevant(&config)), wanted, "{user}");
        }
        let mut config = crate::config::load(None).expect("defaults");
        config
            .insert_json5("transport/link/tls/root_ca_certificate", "'ca.pem'")
            .expect("a file's name");
        assert_eq!(need(&relevant(&config)), Need::One);
    }

    #[test]
    fn too_late_is_told_once_with_the_mend() {
        let (after, warning) = settle(Chosen::Usual, Need::One);
        assert!(warning.is_some_and(|text| text.contains(&format!("ZENOH_RUNTIME='{ONE}'"))));
        assert_eq!(settle(after, Need::One), (after, None));
        assert!(settle(Chosen::Usual, Need::Router).1.is_some());
        for (chosen, need) in [
            (Chosen::Usual, Need::Nothing),
            (Chosen::One, Need::One),
            (Chosen::One, Need::Router),
            (Chosen::Settled, Need::One),
        ] {
            assert_eq!(settle(chosen, need), (chosen, None));
        }
    }
}
