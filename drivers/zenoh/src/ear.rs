//! The ear: by it a client notices that its router sends it nothing any more, or has forgotten what it declared, while the
//! connection stands and nobody says a word. See README.md for how that comes about.
//!
//! A client has a token of its own and asks for it again and again. A router ends every ask, also one that it forbids, and tells
//! of the token, unless it forbids that: so nothing follows from its not being told before it ever was.

use std::sync::{Arc, Mutex};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use zenoh::key_expr::KeyExpr;
use zenoh::liveliness::LivelinessToken;
use zenoh::{Config, Session, Wait};

use crate::guard::{lock, shield};

/// Of the key, before the session's id.
const ROOM: &str = "@edacious/ear";
/// Between two asks; also, how long an answer may take.
const PAUSE: Duration = Duration::from_secs(3);
/// A router may freeze for as long as its lease says without being sick, and tells nobody of it. This is Zenoh's default.
const ROUTERS_LEASE: Duration = Duration::from_secs(10);
/// Between two sessions that are replaced for this, at first; each one doubles it.
const PATIENCE_MIN: Duration = Duration::from_secs(30);
const PATIENCE_MAX: Duration = Duration::from_secs(16 * 60);

const DEAF: &str = "the router answers nothing, though the connection to it stands";
const FORGOTTEN: &str = "the router no longer knows what this session declared";

/// What came of one ask.
#[derive(Default)]
struct Answer {
    is_told: bool,
    is_late: bool,
    is_over: bool,
}

/// Of one life, on its control thread.
pub struct Ear {
    pause: Duration,
    /// In a row, until it is an illness.
    misses_max: u32,
    misses: u32,
    /// By the router, of the token, since this life began.
    was_told: bool,
    due: Option<Instant>,
    key: Option<KeyExpr<'static>>,
    token: Option<LivelinessToken>,
    answer: Option<Arc<Mutex<Answer>>>,
    #[cfg(test)]
    pub observer: Option<std::sync::mpsc::Sender<bool>>,
}

impl Ear {
    /// Peers and routers have none: they send to whom they are connected to, not by way of somebody else.
    pub fn new(config: &Config) -> Ear {
        let get = |key| config.get_json(key).unwrap_or_default();
        let lease = Duration::from_millis(get("transport/link/tx/lease").parse().unwrap_or(0));
        Ear {
            pause: PAUSE,
            misses_max: misses_max(lease),
            misses: 0,
            was_told: false,
            due: (get("mode") == "\"client\"").then(|| Instant::now() + PAUSE),
            key: None,
            token: None,
            answer: None,
            #[cfg(test)]
            observer: None,
        }
    }

    /// When to listen next, if ever.
    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Looks at the last answer and asks again. Why the session is sick, if it is.
    pub fn listen(&mut self, session: &Session) -> Option<&'static str> {
        let problem = self.examine(session);
        self.misses = if problem.is_some() {
            self.misses.saturating_add(1)
        } else {
            0
        };
        self.due = Some(Instant::now() + self.pause);
        self.ask(session);
        problem.filter(|_| self.misses >= self.misses_max)
    }

    /// Whether this is the first time that the illness was found.
    pub fn is_new(&self) -> bool {
        self.misses == self.misses_max
    }

    fn examine(&mut self, session: &Session) -> Option<&'static str> {
        let answer = self.answer.take()?;
        let answer = lock(&answer);
        #[cfg(test)]
        if let Some(observer) = &self.observer {
            let _ = observer.send(answer.is_told);
        }
        if !answer.is_over || answer.is_late {
            return Some(DEAF);
        }
        self.was_told |= answer.is_told;
        (self.was_told && !answer.is_told && is_connected(session)).then_some(FORGOTTEN)
    }

    fn ask(&mut self, session: &Session) {
        let Some(key) = self.declared(session) else { return };
        let answer = Arc::new(Mutex::new(Answer::default()));
        let end = End(answer.clone(), std::thread::current().id());
        let asked = session
            .liveliness()
            .get(key)
            .timeout(self.pause)
            .callback(move |reply| shield(|| end.told(reply.result().is_ok())))
            .wait();
        match asked {
            Ok(()) => self.answer = Some(answer),
            Err(error) => tracing::debug!("{ROOM}: {error}"),
        }
    }

    /// The token's key. It is declared before the first ask: who is gone by then has cost nothing.
    fn declared(&mut self, session: &Session) -> Option<KeyExpr<'static>> {
        if self.key.is_none() {
            let key = KeyExpr::try_from(format!("{ROOM}/{}", session.zid())).ok()?;
            match session.liveliness().declare_token(key.clone()).wait() {
                Ok(token) => (self.key, self.token) = (Some(key), Some(token)),
                Err(error) => tracing::debug!("{key}: {error}"),
            }
        }
        self.key.clone()
    }

    pub fn close(&mut self) {
        self.due = None;
        if let Some(Err(error)) = self.token.take().map(|token| token.undeclare().wait()) {
            tracing::debug!("{ROOM}: {error}");
        }
    }

    /// Listens at another pace, and tells whether the router told of the token each time.
    #[cfg(test)]
    pub fn observe(&mut self, pause: Duration, observer: std::sync::mpsc::Sender<bool>) {
        self.pause = pause;
        self.due = Some(Instant::now());
        self.observer = Some(observer);
    }

    /// The router is told that the token has gone, and the ear is not.
    #[cfg(test)]
    pub fn be_forgotten(&mut self) {
        let token = self.token.take().expect("a token");
        token.undeclare().wait().expect("undeclared");
    }
}

/// Told by Zenoh; dropped with the last answer, or with the ask. This side of Zenoh tells of the token, too, but does so on the
/// thread that asks, or too late to count; what the router tells comes on one that reads.
struct End(Arc<Mutex<Answer>>, ThreadId);

impl End {
    fn told(&self, is_ok: bool) {
        let mut answer = lock(&self.0);
        answer.is_told |= is_ok && std::thread::current().id() != self.1;
        answer.is_late |= !is_ok;
    }
}

impl Drop for End {
    fn drop(&mut self) {
        lock(&self.0).is_over = true;
    }
}

fn misses_max(lease: Duration) -> u32 {
    let pauses = lease.max(ROUTERS_LEASE).as_millis().div_ceil(PAUSE.as_millis());
    u32::try_from(pauses).unwrap_or(u32::MAX).saturating_add(1)
}

/// Without a connection the own half of Zenoh answers alone, and rightly so.
fn is_connected(session: &Session) -> bool {
    let info = session.info();
    info.routers_zid().wait().next().is_some() || info.peers_zid().wait().next().is_some()
}

/// Between sessions that are replaced because of what their ears found, so that a router which makes every one sick is not
/// dialled for ever by all who knew it.
#[derive(Default)]
pub struct Patience {
    wait: Duration,
    until: Option<Instant>,
}

impl Patience {
    /// Whether a session may be replaced now, which is noted; else how long that has to wait.
    pub fn spend(&mut self, now: Instant) -> Result<(), Duration> {
        if let Some(left) = self.until.map(|until| until.saturating_duration_since(now)) {
            if left > Duration::ZERO {
                return Err(left);
            }
        }
        let is_long_ago = self.until.is_none_or(|until| now >= until + PATIENCE_MAX);
        self.wait = if is_long_ago {
            PATIENCE_MIN
        } else {
            (self.wait * 2).min(PATIENCE_MAX)
        };
        self.until = Some(now + self.wait);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_router_is_waited_for() {
        for (lease_ms, misses) in [
            (3000, 5),
            (10_000, 5),
            (12_000, 5),
            (12_001, 6),
            (60_000, 21),
            (u64::MAX, u32::MAX),
        ] {
            assert_eq!(misses_max(Duration::from_millis(lease_ms)), misses, "{lease_ms}");
        }
    }

    #[test]
    fn patience_doubles_and_is_forgotten() {
        let mut patience = Patience::default();
        let mut now = Instant::now();
        for wait_s in [30, 60, 120, 240, 480, 960, 960] {
            let wait = Duration::from_secs(wait_s);
            assert_eq!(patience.spend(now), Ok(()));
            assert_eq!(patience.spend(now), Err(wait));
            now += wait;
        }
        assert_eq!(patience.spend(now + PATIENCE_MAX), Ok(()));
        assert_eq!(patience.spend(now + PATIENCE_MAX), Err(PATIENCE_MIN));
    }
}
