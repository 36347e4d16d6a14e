//! A session: what outlives each Zenoh session below it, and the thread that makes all its calls but sending.
//!
//! A Zenoh session may get stuck for good. So it is one *life* of ours, with a number and threads of its own; the keeper
//! (keeper.rs) gives up a life whose thread is overdue and begins the next, which declares everything again.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{sync_channel, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use zenoh::{Config, Session, Wait};

use crate::commands::{Command, Commands, Next, Ticket};
use crate::declare::{self, Declaration, Held, Kind};
use crate::ear::{Ear, Patience};
use crate::ffi::{self, Arg, ReplacedFn, Status, Str};
use crate::guard::{lock, shield};
use crate::opening::{Opening, Openings};
use crate::query::{Gets, Queries};
use crate::queue::{Queue, LANES};
use crate::{config, handover, keeper, log, runtime, sender};

/// Whether a thread is inside a call of Zenoh's, and in which: odd while it is, another number in each. The keeper, whose
/// time it is, looks whether the number changes; reading a clock for every put would cost a tenth of it.
#[derive(Default)]
pub struct Busy(AtomicU64);

impl Busy {
    pub fn begin(&self) {
        // Relaxed, and no exchange: one thread writes, and only a duration comes of it.
        self.0
            .store((self.0.load(Ordering::Relaxed) + 1) | 1, Ordering::Relaxed);
    }
    pub fn end(&self) {
        self.0
            .store((self.0.load(Ordering::Relaxed) + 1) & !1, Ordering::Relaxed);
    }
    pub fn call(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Of `Life::busy`, beside those of the lanes.
pub const CONTROL: usize = 3;

/// One Zenoh session, from before its open.
pub struct Life {
    pub number: u64,
    pub busy: [Busy; 4],
    /// Threads that send.
    senders: Mutex<usize>,
    sender_ended: Condvar,
}

impl Life {
    fn new(number: u64) -> Arc<Life> {
        Arc::new(Life {
            number,
            busy: Default::default(),
            senders: Mutex::new(0),
            sender_ended: Condvar::new(),
        })
    }

    /// Waits until the threads that send have ended, and undeclared what they had declared.
    fn await_senders(&self, limit: Duration) {
        let senders = lock(&self.senders);
        let ended = self
            .sender_ended
            .wait_timeout_while(senders, limit, |senders| *senders > 0)
            .unwrap_or_else(PoisonError::into_inner);
        let (left, is_late) = (*ended.0, ended.1.timed_out());
        drop(ended); // not under the lock: C is told of it
        if is_late {
            tracing::warn!("{left} threads still send as the session closes");
        }
    }
}

/// One of `Life::senders`, until dropped.
struct SenderMark(Arc<Life>);

impl SenderMark {
    fn new(life: &Arc<Life>) -> SenderMark {
        *lock(&life.senders) += 1;
        SenderMark(life.clone())
    }
}

impl Drop for SenderMark {
    fn drop(&mut self) {
        *lock(&self.0.senders) -= 1;
        self.0.sender_ended.notify_all();
    }
}

/// How a session is opened.
pub struct Options {
    pub config: Config,
    pub call: Duration,
    pub queue_size: usize,
    pub replaced: Option<ReplacedFn>,
    pub log: Option<ffi::LogFn>,
    pub arg: Arg,
    /// The name of the threads that are not to be had.
    #[cfg(test)]
    pub without: &'static str,
}

pub struct Shared {
    id: u64,
    pub call: Duration,
    config: Config,
    replaced: Mutex<Option<(ReplacedFn, Arg)>>,
    /// Of the current life; a life of another number is given up, and what comes from it is dropped.
    number: AtomicU64,
    life: Mutex<Arc<Life>>,
    is_up: AtomicBool,
    is_closing: AtomicBool,
    pub commands: Commands,
    pub queue: Queue,
    declarations: Mutex<BTreeMap<u64, Arc<Declaration>>>,
    last_id: AtomicU64,
    /// Keys of our own tokens, and how often each is declared.
    pub tokens: Mutex<HashMap<String, usize>>,
    pub gets: Gets,
    pub queries: Queries,
    patience: Mutex<Patience>,
    openings: Openings,
    threads: Mutex<usize>,
    thread_ended: Condvar,
    #[cfg(test)]
    without: &'static str,
}

static LAST_ID: AtomicU64 = AtomicU64::new(0);

/// Why a session does not open: with a sentence.
type Failure = (Status, String);
type Opened = SyncSender<Result<(), Failure>>;

fn no_thread() -> Failure {
    (ffi::ENOMEM, "no thread could be started".into())
}

impl Shared {
    pub fn open(options: Options) -> Result<Arc<Shared>, Failure> {
        let deadline = Instant::now() + options.call;
        let life = Life::new(1);
        let shared = Arc::new(Shared {
            id: LAST_ID.fetch_add(1, Ordering::Relaxed),
            call: options.call,
            config: options.config,
            replaced: Mutex::new(options.replaced.map(|function| (function, options.arg))),
            number: AtomicU64::new(1),
            life: Mutex::new(life.clone()),
            is_up: AtomicBool::new(false),
            is_closing: AtomicBool::new(false),
            commands: Commands::default(),
            queue: Queue::new(options.queue_size),
            declarations: Mutex::default(),
            last_id: AtomicU64::new(0),
            tokens: Mutex::default(),
            gets: Gets::default(),
            queries: Queries::default(),
            patience: Mutex::default(),
            openings: Openings::default(),
            threads: Mutex::new(0),
            thread_ended: Condvar::new(),
            #[cfg(test)]
            without: options.without,
        });
        options.arg.give();
        if let Some(log) = options.log {
            log::add(shared.id, log, options.arg);
        }
        runtime::choose(&shared.config);
        match shared.begin(life, deadline) {
            Ok(()) => Ok(shared),
            Err(failure) => {
                shared.close_by(deadline); // also, the log is C's until it is removed
                Err(failure)
            }
        }
    }

    /// Its first life, and the keeper.
    fn begin(self: &Arc<Self>, life: Arc<Life>, deadline: Instant) -> Result<(), Failure> {
        let (opened, result) = sync_channel(1);
        if !self.spawn("control", move |shared| control(shared, &life, Begin::First(opened))) {
            return Err(no_thread());
        }
        let left = deadline.saturating_duration_since(Instant::now());
        result.recv_timeout(left).unwrap_or_else(|error| {
            Err(match error {
                RecvTimeoutError::Timeout => {
                    let text = format!("open took longer than {} ms", self.call.as_millis());
                    (ffi::ETIMEOUT, text)
                }
                RecvTimeoutError::Disconnected => (ffi::EIO, "zenoh: open failed without a reason".into()),
            })
        })?;
        if !self.spawn("keeper", keeper::run) {
            return Err(no_thread()); // nobody would tell that a get is overdue, or a thread stuck
        }
        Ok(())
    }

    pub fn is_current(&self, number: u64) -> bool {
        // Acquire: pairs with the release in `replace`; afterwards nothing of an old life is let through.
        self.number.load(Ordering::Acquire) == number
    }

    pub fn is_up(&self) -> bool {
        self.is_up.load(Ordering::Acquire)
    }

    pub fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::Acquire)
    }

    pub fn life(&self) -> Arc<Life> {
        lock(&self.life).clone()
    }

    /// A thread that `close` waits for. False: there is none to be had.
    fn spawn(self: &Arc<Self>, name: &str, body: impl FnOnce(&Arc<Shared>) + Send + 'static) -> bool {
        let shared = self.clone();
        *lock(&self.threads) += 1;
        let thread = std::thread::Builder::new().name(format!("eda-{name}"));
        #[cfg(test)] // one that nowhere has the memory for its stack
        let thread = if self.without == name {
            thread.stack_size(1 << 60)
        } else {
            thread
        };
        let thread = thread.spawn(move || {
            shield(|| body(&shared));
            shared.thread_is_over();
        });
        if thread.is_err() {
            self.thread_is_over();
        }
        thread.is_ok()
    }

    fn thread_is_over(&self) {
        *lock(&self.threads) -= 1;
        self.thread_ended.notify_all();
    }

    /// Makes a declaration; its id.
    pub fn declare(&self, key: zenoh::key_expr::KeyExpr<'static>, kind: Kind, arg: Arg) -> Result<u64, Status> {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let what = Declaration::new(id, key, kind, arg);
        let ticket = Ticket::new();
        self.commands.push(Command::Declare(what.clone(), ticket.clone()));
        let result = ticket.wait(self.call);
        if result != Ok(()) {
            what.close_gate();
        }
        result.map(|()| id)
    }

    /// Ends a declaration.
    pub fn undeclare(&self, id: u64) {
        let Some(what) = lock(&self.declarations).remove(&id) else {
            return;
        };
        what.close_gate();
        let ticket = Ticket::new();
        self.commands.push(Command::Undeclare(id, ticket.clone()));
        let _ = ticket.wait(self.call);
        if matches!(what.kind, Kind::Token) {
            self.forget_token(what.key.as_str());
        }
    }

    fn forget_token(&self, key: &str) {
        let mut tokens = lock(&self.tokens);
        if let Some(count) = tokens.get_mut(key) {
            *count -= 1;
            if *count == 0 {
                tokens.remove(key);
            }
        }
    }

    /// Gives up the life of this number and begins the next.
    pub fn replace(self: &Arc<Self>, number: u64, why: String) {
        let life = {
            let mut life = lock(&self.life);
            if life.number != number || self.is_closing() {
                return;
            }
            self.is_up.store(false, Ordering::Release);
            *life = Life::new(number + 1);
            self.number.store(number + 1, Ordering::Release);
            life.clone()
        };
        tracing::warn!("{why}: the session is replaced");
        for what in lock(&self.declarations).values() {
            what.doubt();
        }
        self.retire();
        if !self.spawn("control", move |shared| control(shared, &life, Begin::Again(why))) {
            tracing::error!("no thread for a new session: this one stays closed");
        }
    }

    /// Threads of lives that are over end where they wait.
    fn retire(&self) {
        self.commands.wake_all();
        self.queue.wake_all();
        self.openings.wake_all();
    }

    /// Sends what waits, and ends: no callback runs after it.
    pub fn close(&self) {
        self.close_by(Instant::now() + self.call);
    }

    fn close_by(&self, deadline: Instant) {
        self.queue.close();
        if self.is_up() {
            self.queue.wait_empty(Instant::now() + self.call * 3 / 4);
        }
        self.is_closing.store(true, Ordering::Release);
        self.openings.wake_all();
        for what in lock(&self.declarations).values() {
            what.close_gate();
        }
        if let Some((_, arg)) = lock(&self.replaced).take() {
            arg.take_back();
        }
        self.gets.close();
        self.commands.push(Command::Close);
        self.wait_threads(deadline);
        // Whoever is stuck is let go of.
        self.number.fetch_add(1, Ordering::Release);
        self.retire();
        self.queue.clear_puts();
        log::remove(self.id);
        handover::take_back_all();
    }

    fn wait_threads(&self, deadline: Instant) {
        let mut threads = lock(&self.threads);
        while *threads > 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                let stuck = *threads;
                drop(threads); // not under the lock: C is told of it
                return tracing::warn!("close: {stuck} threads are stuck");
            }
            threads = self
                .thread_ended
                .wait_timeout(threads, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    fn tell_replaced(&self, why: &str) {
        if let Some((function, arg)) = *lock(&self.replaced) {
            arg.call(|arg| function(arg, Str::of(why)));
        }
    }

    /// Enters what was declared, unless its caller has gone or the life is over. False: it is to be undone.
    fn commit(&self, number: u64, what: &Arc<Declaration>, ticket: &Ticket) -> bool {
        // The lock under which a life ends: the next one declares all that is entered.
        let life = lock(&self.life);
        if life.number != number {
            ticket.end(Err(ffi::ETIMEOUT));
            return false;
        }
        ticket.end_with(|| {
            lock(&self.declarations).insert(what.id, what.clone());
        })
    }
}

/// Why a life begins.
enum Begin {
    First(Opened),
    Again(String),
}

/// The control thread's state.
struct Control<'a> {
    shared: &'a Arc<Shared>,
    life: &'a Arc<Life>,
    session: Session,
    held: HashMap<u64, Held>,
    ear: Ear,
}

fn control(shared: &Arc<Shared>, life: &Arc<Life>, begin: Begin) {
    let busy = &life.busy[CONTROL];
    let (session, opening) = match &begin {
        Begin::First(opened) => {
            busy.begin();
            match zenoh::open(shared.config.clone()).wait() {
                Ok(session) => (session, None),
                Err(error) => {
                    busy.end();
                    let _ = opened.send(Err((ffi::EIO, format!("zenoh: {error}"))));
                    return;
                }
            }
        }
        Begin::Again(_) => match reopen(shared, life) {
            Some((session, opening)) => (session, Some(opening)),
            None => return,
        },
    };
    let mut control = Control {
        shared,
        life,
        session,
        held: HashMap::new(),
        ear: Ear::new(&shared.config),
    };
    let has_senders = control.start_senders();
    match begin {
        Begin::First(opened) => {
            shared.is_up.store(has_senders, Ordering::Release);
            busy.end();
            let result = if has_senders { Ok(()) } else { Err(no_thread()) };
            if opened.send(result).is_err() || !has_senders {
                return control.dispose();
            }
        }
        Begin::Again(_) if !has_senders => {
            tracing::error!("no thread for a new session: this one stays closed");
            return control.dispose();
        }
        Begin::Again(why) => {
            control.declare_again();
            busy.end();
            if shared.is_current(life.number) {
                shared.is_up.store(true, Ordering::Release);
                shared.tell_replaced(&why);
            }
        }
    }
    drop(opening);
    control.serve();
}

/// Until it opens; every failure doubles the wait, up to 4 s.
fn reopen<'a>(shared: &'a Shared, life: &Life) -> Option<(Session, Opening<'a>)> {
    let is_wanted = || shared.is_current(life.number) && !shared.is_closing();
    let opening = shared.openings.begin(is_wanted)?;
    let mut pause = Duration::from_millis(250);
    while is_wanted() {
        let config = config::for_replacement(&shared.config, shared.openings.next_attempt());
        life.busy[CONTROL].begin();
        match zenoh::open(config).wait() {
            Ok(session) if is_wanted() => return Some((session, opening)),
            Ok(session) => {
                // Too late: what it declared would stand beside what the life after this one did.
                if let Err(error) = session.close().wait() {
                    tracing::warn!("close: {error}");
                }
            }
            Err(error) => tracing::warn!("the session cannot be opened again: {error}"),
        }
        life.busy[CONTROL].end();
        shared.gets.pause(pause);
        pause = (pause * 2).min(Duration::from_secs(4));
    }
    None
}

impl Control<'_> {
    /// False: one of them could not be had.
    fn start_senders(&self) -> bool {
        LANES.into_iter().all(|lane| {
            let (mark, session) = (SenderMark::new(self.life), self.session.clone());
            self.shared
                .spawn("send", move |shared| sender::run(shared, &mark.0, &session, lane))
        })
    }

    /// Tokens last: they say that all else is there.
    fn declare_again(&mut self) {
        let mut all: Vec<_> = lock(&self.shared.declarations).values().cloned().collect();
        all.sort_by_key(|what| (matches!(what.kind, Kind::Token), what.id));
        for what in all {
            self.life.busy[CONTROL].begin();
            match declare::make(self.shared, self.life.number, &self.session, &what) {
                Ok(held) => {
                    declare::confirm(self.shared, self.life.number, &self.session, &what, &held);
                    self.held.insert(what.id, held);
                }
                Err(error) => tracing::error!("{} could not be declared again: {error}", what.key),
            }
        }
    }

    /// Until closed or given up.
    fn serve(mut self) {
        let busy = &self.life.busy[CONTROL];
        loop {
            let next = self
                .shared
                .commands
                .next(|| self.shared.is_current(self.life.number), self.ear.due());
            busy.begin();
            match next {
                Next::Command(Command::Declare(what, ticket)) => self.declare(&what, &ticket),
                Next::Command(Command::Undeclare(id, ticket)) => {
                    if let Some(held) = self.held.remove(&id) {
                        held.undeclare();
                    }
                    ticket.end(Ok(()));
                }
                Next::Due => self.listen(),
                Next::Over | Next::Command(Command::Close) => break,
                #[cfg(test)]
                Next::Command(Command::Stall(time)) => std::thread::sleep(time),
                #[cfg(test)]
                Next::Command(Command::Observe(pause, observer)) => self.ear.observe(pause, observer),
                #[cfg(test)]
                Next::Command(Command::BeForgotten) => self.ear.be_forgotten(),
            }
            busy.end();
        }
        self.dispose();
    }

    fn declare(&mut self, what: &Arc<Declaration>, ticket: &Ticket) {
        if ticket.is_over() {
            return;
        }
        let is_token = matches!(what.kind, Kind::Token);
        if is_token {
            // Before it is declared, since our own watch may see it at once.
            *lock(&self.shared.tokens).entry(what.key.to_string()).or_insert(0) += 1;
        }
        let made = declare::make(self.shared, self.life.number, &self.session, what);
        match made {
            Ok(held) if self.shared.commit(self.life.number, what, ticket) => {
                self.held.insert(what.id, held);
                return;
            }
            Ok(held) => held.undeclare(),
            Err(error) => {
                tracing::warn!("{}: {error}", what.key);
                ticket.end(Err(ffi::EIO));
            }
        }
        if is_token {
            self.shared.forget_token(what.key.as_str());
        }
    }

    fn listen(&mut self) {
        let Some(why) = self.ear.listen(&self.session) else {
            return;
        };
        match lock(&self.shared.patience).spend(Instant::now()) {
            Ok(()) => {}
            Err(left) if self.ear.is_new() => {
                return tracing::warn!(
                    "{why}: the session is replaced in {} s unless that ends",
                    left.as_secs() + 1
                )
            }
            Err(_) => return,
        }
        self.shared.replace(self.life.number, why.into());
    }

    fn is_current(&self) -> bool {
        self.shared.is_current(self.life.number)
    }

    fn dispose(mut self) {
        if self.shared.is_closing() {
            drop(self.shared.queries.take_all());
        }
        self.ear.close();
        for (_, held) in self.held.drain() {
            held.undeclare();
        }
        // What is declared when Zenoh closes it keeps for good. Who is stuck gets free only by that.
        if self.shared.is_closing() && self.shared.queue.wait_empty(Instant::now()) || !self.is_current() {
            self.life.await_senders(self.shared.call / 8);
        }
        if let Err(error) = self.session.close().wait() {
            tracing::warn!("close: {error}");
        }
        self.life.busy[CONTROL].end();
    }
}
