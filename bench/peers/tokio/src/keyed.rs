//! create, idle, keyed: tasks that come to life by their first message.
use crate::harness::{check_total, give_up, print_rate, print_result, resident, scramble};
use crate::Message;
use std::collections::HashMap;
use std::hash::Hash;
use std::process::{exit, Command};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{mpsc, Notify};

/// A prime: multiplied by it, the keys of any smaller range come in a scrambled order, each once.
const STRIDE: u64 = 611_953;

/// Messages not yet handled, and what they add up to.
#[derive(Default)]
struct Open {
    left: AtomicU64,
    sum: AtomicU64,
    none_left: Notify,
}

impl Open {
    /// The last of all wakes whoever waits: its decrement comes after everybody's handling.
    fn finish_one(&self) {
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.none_left.notify_one();
        }
    }
}

async fn mayfly(mut inbox: mpsc::UnboundedReceiver<Message>, open: Arc<Open>) {
    let m = inbox.recv().await.expect("one message");
    open.sum.fetch_add(m.b, Ordering::Relaxed);
    open.finish_one();
}

pub async fn create(size: u64) {
    let open = Arc::new(Open {
        left: AtomicU64::new(size),
        ..Open::default()
    });
    let begin = Instant::now();
    for i in 0..size {
        let (sender, inbox) = mpsc::unbounded_channel();
        tokio::spawn(mayfly(inbox, open.clone()));
        sender
            .send(Message { tag: 1, a: i, b: 1 })
            .expect("a mayfly waits");
    }
    open.none_left.notified().await;
    print_rate("create.actors", size, begin);
    check_total("create", open.sum.load(Ordering::Relaxed), size);
}

/// Keeps a count and a value for its key. When its senders are gone it adds the count to the sum of all.
async fn idler(mut inbox: mpsc::UnboundedReceiver<Message>, open: Arc<Open>) {
    let mut count = 0;
    let mut value = 0;
    while let Some(m) = inbox.recv().await {
        count += 1;
        value = m.b;
        open.finish_one();
    }
    std::hint::black_box(value); // is state, though nobody asks for it
    open.sum.fetch_add(count, Ordering::Relaxed);
    open.finish_one();
}

/// Knows the mailbox of each key.
struct Directory<K> {
    inboxes: HashMap<K, mpsc::UnboundedSender<Message>>,
    open: Arc<Open>,
}

impl<K: Eq + Hash> Directory<K> {
    fn new() -> Self {
        Directory {
            inboxes: HashMap::new(),
            open: Arc::default(),
        }
    }

    fn expect(&self, messages: u64) {
        self.open.left.store(messages, Ordering::Release);
    }

    async fn all_handled(&self) {
        self.open.none_left.notified().await;
    }

    /// Sends to the actor of this key, which is created when it is not there.
    fn deliver(&mut self, key: K, message: Message) {
        let open = &self.open;
        let inbox = self.inboxes.entry(key).or_insert_with(|| {
            let (sender, inbox) = mpsc::unbounded_channel();
            tokio::spawn(idler(inbox, open.clone()));
            sender
        });
        inbox.send(message).expect("an idler stays");
    }

    /// Stops all actors and compares the sum of what they handled.
    async fn check(self, what: &str, expected: u64) {
        self.expect(self.inboxes.len() as u64);
        drop(self.inboxes);
        self.open.none_left.notified().await;
        check_total(what, self.open.sum.load(Ordering::Relaxed), expected);
    }
}

pub async fn idle<K, F>(metric: &'static str, size: u64, key_of: F)
where
    K: Eq + Hash + Send + 'static,
    F: Fn(u64) -> K,
{
    let before = resident();
    let mut actors = Directory::new();
    actors.expect(size);
    for i in 0..size {
        actors.deliver(key_of(i), Message { tag: 1, a: i, b: i });
    }
    actors.all_handled().await;
    print_result(metric, (resident() - before) as f64 / size as f64, "bytes");
    actors.check(metric, size).await;
}

/// String keys are measured in a process of their own: memory given back would be used again, unseen.
pub fn idle_string_key_apart(size: u64) {
    let status = std::env::current_exe().and_then(|path| {
        Command::new(path)
            .args(["idle_string_key", &size.to_string()])
            .status()
    });
    match status {
        Ok(status) if status.success() => {}
        Ok(status) => exit(status.code().unwrap_or(1)),
        Err(error) => give_up(&format!("idle_string_key: {error}")),
    }
}

pub async fn keyed(size: u64) {
    if size % STRIDE == 0 {
        give_up(&format!("keyed: the size is no multiple of {STRIDE}"));
    }
    let mut actors = Directory::new();
    let begin = Instant::now();
    actors.expect(size);
    for i in 0..size {
        actors.deliver(
            i.wrapping_mul(STRIDE) % size,
            Message { tag: 1, a: i, b: i },
        );
    }
    actors.all_handled().await;
    print_rate("keyed1.messages", size, begin);
    let begin = Instant::now();
    actors.expect(size);
    for i in 0..size {
        actors.deliver(scramble(i) % size, Message { tag: 1, a: i, b: i });
    }
    actors.all_handled().await;
    print_rate("keyed2.messages", size, begin);
    check_total("keyed", actors.inboxes.len() as u64, size);
    actors.check("keyed", 2 * size).await;
}
