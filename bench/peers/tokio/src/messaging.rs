//! pingpong, count, fanin, ring, big: how fast messages go from task to task.
use crate::harness::{check_total, print_rate, print_result, scramble};
use crate::Message;
use std::time::Instant;
use tokio::sync::{mpsc, oneshot};

pub const PRODUCERS: u64 = 8;
const RING_LEN: usize = 503;
const BIG_LEN: u64 = 120;

/// Sending fails only when the receiver is gone, which no benchmark does before its end.
fn send<T>(to: &mpsc::UnboundedSender<T>, message: T) {
    assert!(to.send(message).is_ok(), "the receiver is gone");
}

/// Returns each ball until none is left to be returned; then tells how many it saw.
async fn player(
    mut inbox: mpsc::UnboundedReceiver<Message>,
    other: mpsc::UnboundedSender<Message>,
) -> u64 {
    let mut seen = 0;
    while let Some(m) = inbox.recv().await {
        seen += 1;
        if m.a > 0 {
            send(
                &other,
                Message {
                    tag: m.tag,
                    a: m.a - 1,
                    b: m.b + 1,
                },
            );
        }
        if m.a <= 1 {
            break;
        }
    }
    seen
}

pub async fn pingpong(size: u64) {
    let (ping, ping_inbox) = mpsc::unbounded_channel();
    let (pong, pong_inbox) = mpsc::unbounded_channel();
    let first = tokio::spawn(player(ping_inbox, pong));
    let second = tokio::spawn(player(pong_inbox, ping.clone()));
    let begin = Instant::now();
    send(
        &ping,
        Message {
            tag: 1,
            a: 2 * size - 1,
            b: 0,
        },
    );
    let total = first.await.expect("a player") + second.await.expect("a player");
    let time = begin.elapsed().as_secs_f64();
    check_total("pingpong", total, 2 * size);
    print_result("pingpong.one_way", time / total as f64 * 1e9, "ns");
    print_result("pingpong.messages", total as f64 / time, "1/s");
}

enum Counted {
    Add(Message),
    Total(oneshot::Sender<u64>),
}

async fn counter(mut inbox: mpsc::UnboundedReceiver<Counted>) {
    let mut total = 0;
    while let Some(m) = inbox.recv().await {
        match m {
            Counted::Add(m) => total += m.b,
            Counted::Total(reply) => reply.send(total).expect("somebody asked"),
        }
    }
}

async fn producer(counter: mpsc::UnboundedSender<Counted>, each: u64) {
    for i in 0..each {
        send(&counter, Counted::Add(Message { tag: 1, a: i, b: 1 }));
    }
}

pub async fn produce(metric: &'static str, producers: u64, size: u64) {
    let (to_counter, inbox) = mpsc::unbounded_channel();
    let each = size / producers;
    let begin = Instant::now();
    tokio::spawn(counter(inbox));
    let tasks: Vec<_> = (0..producers)
        .map(|_| tokio::spawn(producer(to_counter.clone(), each)))
        .collect();
    for task in tasks {
        task.await.expect("a producer");
    }
    let (reply, answer) = oneshot::channel();
    send(&to_counter, Counted::Total(reply));
    let total = answer.await.expect("the counter answers");
    print_rate(metric, total, begin);
    check_total(metric, total, each * producers);
}

async fn link(
    mut inbox: mpsc::UnboundedReceiver<Message>,
    next: mpsc::UnboundedSender<Message>,
    done: mpsc::UnboundedSender<u64>,
) {
    while let Some(m) = inbox.recv().await {
        if m.a == 0 {
            send(&done, m.b);
        } else {
            send(
                &next,
                Message {
                    tag: m.tag,
                    a: m.a - 1,
                    b: m.b + 1,
                },
            );
        }
    }
}

pub async fn ring(size: u64) {
    let (done, mut finished) = mpsc::unbounded_channel();
    let (senders, inboxes): (Vec<_>, Vec<_>) =
        (0..RING_LEN).map(|_| mpsc::unbounded_channel()).unzip();
    for (i, inbox) in inboxes.into_iter().enumerate() {
        tokio::spawn(link(
            inbox,
            senders[(i + 1) % RING_LEN].clone(),
            done.clone(),
        ));
    }
    let begin = Instant::now();
    send(
        &senders[0],
        Message {
            tag: 1,
            a: size,
            b: 0,
        },
    );
    let total = finished.recv().await.expect("the last link");
    print_rate("ring.hops", size, begin);
    check_total("ring", total, size);
}

#[derive(Clone, Copy)]
enum Call {
    Ping(Message),
    Pong(Message),
    Stop,
}

type Members = std::sync::Arc<Vec<mpsc::UnboundedSender<Call>>>;

/// Sends ping number `number` to a random other.
fn ping(own: u64, number: u64, members: &Members) {
    let other = scramble(number * BIG_LEN + own) % (BIG_LEN - 1);
    let to = if other < own { other } else { other + 1 };
    send(
        &members[to as usize],
        Call::Ping(Message {
            tag: 1,
            a: own,
            b: number,
        }),
    );
}

/// Has one ping on its way at a time, and stays for the others' pings when its own are answered. Returns how many it
/// handled: each has the tag 1.
async fn member(
    own: u64,
    pings: u64,
    members: Members,
    mut inbox: mpsc::UnboundedReceiver<Call>,
    finished: mpsc::UnboundedSender<()>,
) -> u64 {
    let mut count = 0;
    let mut sent = 1;
    ping(own, 0, &members);
    while let Some(call) = inbox.recv().await {
        match call {
            Call::Ping(m) => {
                count += u64::from(m.tag);
                send(
                    &members[m.a as usize],
                    Call::Pong(Message {
                        tag: m.tag,
                        a: own,
                        b: m.b,
                    }),
                );
            }
            Call::Pong(m) if sent < pings => {
                count += u64::from(m.tag);
                ping(own, sent, &members);
                sent += 1;
            }
            Call::Pong(m) => {
                count += u64::from(m.tag);
                send(&finished, ());
            }
            Call::Stop => break,
        }
    }
    count
}

pub async fn big(size: u64) {
    let (done, mut finished) = mpsc::unbounded_channel();
    let (senders, inboxes): (Vec<_>, Vec<_>) =
        (0..BIG_LEN).map(|_| mpsc::unbounded_channel()).unzip();
    let members = Members::new(senders);
    let begin = Instant::now();
    let tasks: Vec<_> = (0..BIG_LEN)
        .zip(inboxes)
        .map(|(own, inbox)| tokio::spawn(member(own, size, members.clone(), inbox, done.clone())))
        .collect();
    for _ in 0..BIG_LEN {
        finished.recv().await;
    }
    print_rate("big.messages", 2 * size * BIG_LEN, begin);
    let mut total = 0;
    for (sender, task) in members.iter().zip(tasks) {
        send(sender, Call::Stop);
        total += task.await.expect("a member");
    }
    check_total("big", total, 2 * size * BIG_LEN);
}
