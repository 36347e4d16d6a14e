//! Declarations: what each is, the gate its callback passes, and how it is made in a Zenoh session.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use zenoh::key_expr::KeyExpr;
use zenoh::liveliness::LivelinessToken;
use zenoh::matching::MatchingListener;
use zenoh::pubsub::{Publisher, Subscriber};
use zenoh::query::Queryable;
use zenoh::sample::{Locality, Sample, SampleKind};
use zenoh::{Session, Wait};

use crate::contiguous::with_contiguous;
use crate::encoding;
use crate::ffi::{Arg, Bytes, GetFn, HeardFn, Message, PutFn, Str, TokenFn};
use crate::guard::{lock, shield};
use crate::keep::with_payload;
use crate::queue::Lane;
use crate::session::Shared;

#[derive(Clone, Copy)]
pub enum Kind {
    Subscribe(PutFn),
    Serve(GetFn),
    Token,
    Watch(TokenFn),
    Heard(HeardFn),
}

pub struct Declaration {
    pub id: u64,
    pub key: KeyExpr<'static>,
    pub kind: Kind,
    pub arg: Arg,
    gate: Mutex<Gate>,
}

/// Held while the callback runs: one at a time, and whoever closes it has waited for the last.
#[derive(Default)]
pub struct Gate {
    is_closed: bool,
    /// Watch: what was reported alive, since a token may be told twice.
    alive: BTreeSet<String>,
    /// Watch: of these, what a session that was replaced knew and the new one has not seen yet.
    unconfirmed: BTreeSet<String>,
    /// Heard: what was reported last.
    is_heard: bool,
}

impl Declaration {
    pub fn new(id: u64, key: KeyExpr<'static>, kind: Kind, arg: Arg) -> Arc<Declaration> {
        arg.give();
        Arc::new(Declaration {
            id,
            key,
            kind,
            arg,
            gate: Mutex::default(),
        })
    }

    /// Once this returned, the callback neither runs nor will.
    pub fn close_gate(&self) {
        lock(&self.gate).is_closed = true;
        self.arg.take_back();
    }

    /// The gate for a callback of the session of this number; None: drop what came.
    pub fn enter(&self, shared: &Shared, number: u64) -> Option<MutexGuard<'_, Gate>> {
        let gate = lock(&self.gate);
        (!gate.is_closed && shared.is_current(number)).then_some(gate)
    }

    /// The session was replaced: what it knew has to be seen again.
    pub fn doubt(&self) {
        let mut gate = lock(&self.gate);
        gate.unconfirmed = gate.alive.clone();
    }

    fn token_changed(&self, gate: &mut Gate, function: TokenFn, key: &str, is_alive: bool) {
        let is_new = if is_alive {
            gate.unconfirmed.remove(key);
            gate.alive.insert(key.to_owned())
        } else {
            gate.alive.remove(key)
        };
        if is_new {
            self.arg.call(|arg| function(arg, Str::of(key), is_alive));
        }
    }

    fn heard_changed(&self, gate: &mut Gate, function: HeardFn, is_heard: bool) {
        if gate.is_heard != is_heard {
            gate.is_heard = is_heard;
            self.arg.call(|arg| function(arg, is_heard));
        }
    }
}

/// What stands in a Zenoh session for a declaration.
pub enum Held {
    Subscriber(Subscriber<()>),
    Queryable(Queryable<()>),
    Token(LivelinessToken),
    Heard(Publisher<'static>, MatchingListener<()>),
}

impl Held {
    pub fn undeclare(self) {
        let result = match self {
            Held::Subscriber(held) => held.undeclare().wait(),
            Held::Queryable(held) => held.undeclare().wait(),
            Held::Token(held) => held.undeclare().wait(),
            // The listener first: it lives off the publisher.
            Held::Heard(publisher, listener) => listener.undeclare().wait().and_then(|()| publisher.undeclare().wait()),
        };
        if let Err(error) = result {
            tracing::debug!("undeclare: {error}");
        }
    }
}

/// Makes the declaration in the session of this number.
pub fn make(shared: &Arc<Shared>, number: u64, session: &Session, what: &Arc<Declaration>) -> zenoh::Result<Held> {
    match what.kind {
        Kind::Subscribe(function) => subscribe(shared, number, session, what, function),
        Kind::Serve(function) => {
            let (shared, what) = (shared.clone(), what.clone());
            session
                .declare_queryable(what.key.clone())
                .complete(true)
                .allowed_origin(Locality::Remote)
                .callback(move |query| shield(|| shared.queries.arrived(&shared, number, &what, function, query)))
                .wait()
                .map(Held::Queryable)
        }
        Kind::Token => session
            .liveliness()
            .declare_token(what.key.clone())
            .wait()
            .map(Held::Token),
        Kind::Watch(function) => watch(shared, number, session, what, function),
        Kind::Heard(function) => heard(shared, number, session, what, function),
    }
}

fn subscribe(
    shared: &Arc<Shared>,
    number: u64,
    session: &Session,
    what: &Arc<Declaration>,
    function: PutFn,
) -> zenoh::Result<Held> {
    let (shared, what) = (shared.clone(), what.clone());
    session
        .declare_subscriber(what.key.clone())
        .allowed_origin(Locality::Remote)
        .callback(move |sample| {
            shield(|| {
                if sample.kind() != SampleKind::Put {
                    return;
                }
                if let Some(_gate) = what.enter(&shared, number) {
                    shared.queue.expect(Lane::Data); // what it is answered with
                    with_message(&sample, |message| what.arg.call(|arg| function(arg, message)));
                }
            });
        })
        .wait()
        .map(Held::Subscriber)
}

/// Borrows a sample for C; without a copy where its payload lies in one piece.
pub fn with_message(sample: &Sample, f: impl FnOnce(&Message)) {
    let encoding = encoding::text(sample.encoding());
    with_contiguous(sample.attachment(), |attachment| {
        with_payload(
            sample.payload(),
            |payload| Message {
                key: Str::of(sample.key_expr().as_str()),
                encoding: Str::of(&encoding),
                payload: Bytes::of(payload),
                attachment: Bytes::of(attachment),
                is_urgent: false,
            },
            f,
        );
    });
}

fn watch(
    shared: &Arc<Shared>,
    number: u64,
    session: &Session,
    what: &Arc<Declaration>,
    function: TokenFn,
) -> zenoh::Result<Held> {
    let (shared, what) = (shared.clone(), what.clone());
    session
        .liveliness()
        .declare_subscriber(what.key.clone())
        .history(true)
        .callback(move |sample| {
            shield(|| {
                let key = sample.key_expr().as_str();
                if lock(&shared.tokens).contains_key(key) {
                    return; // our own
                }
                if let Some(mut gate) = what.enter(&shared, number) {
                    what.token_changed(&mut gate, function, key, sample.kind() == SampleKind::Put);
                }
            });
        })
        .wait()
        .map(Held::Subscriber)
}

fn heard(
    shared: &Arc<Shared>,
    number: u64,
    session: &Session,
    what: &Arc<Declaration>,
    function: HeardFn,
) -> zenoh::Result<Held> {
    let (shared, what) = (shared.clone(), what.clone());
    let publisher = session
        .declare_publisher(what.key.clone())
        .allowed_destination(Locality::Remote)
        .wait()?;
    let listener = publisher
        .matching_listener()
        .callback(move |status| {
            shield(|| {
                if let Some(mut gate) = what.enter(&shared, number) {
                    what.heard_changed(&mut gate, function, status.matching());
                }
            });
        })
        .wait()?;
    Ok(Held::Heard(publisher, listener))
}

/// After a replacement: reports what no longer is, as soon as the new session can know.
pub fn confirm(shared: &Arc<Shared>, number: u64, session: &Session, what: &Arc<Declaration>, held: &Held) {
    match (what.kind, held) {
        (Kind::Heard(function), Held::Heard(publisher, _)) => {
            let is_heard = publisher.matching_status().wait().is_ok_and(|status| status.matching());
            if let Some(mut gate) = what.enter(shared, number) {
                what.heard_changed(&mut gate, function, is_heard);
            }
        }
        (Kind::Watch(function), _) => {
            let end = Confirmation {
                shared: shared.clone(),
                number,
                what: what.clone(),
                function,
            };
            // Its end says that all tokens there are have been told: then `end` is dropped.
            let asked = session
                .liveliness()
                .get(what.key.clone())
                .timeout(Duration::from_secs(2))
                .callback(move |reply| shield(|| end.seen(&reply)))
                .wait();
            if let Err(error) = asked {
                tracing::warn!("tokens of {}: {error}", what.key);
            }
        }
        _ => {}
    }
}

struct Confirmation {
    shared: Arc<Shared>,
    number: u64,
    what: Arc<Declaration>,
    function: TokenFn,
}

impl Confirmation {
    fn seen(&self, reply: &zenoh::query::Reply) {
        let Ok(sample) = reply.result() else { return };
        if let Some(mut gate) = self.what.enter(&self.shared, self.number) {
            gate.unconfirmed.remove(sample.key_expr().as_str());
        }
    }
}

impl Drop for Confirmation {
    fn drop(&mut self) {
        shield(|| {
            if let Some(mut gate) = self.what.enter(&self.shared, self.number) {
                for key in std::mem::take(&mut gate.unconfirmed) {
                    self.what.token_changed(&mut gate, self.function, &key, false);
                }
            }
        });
    }
}
