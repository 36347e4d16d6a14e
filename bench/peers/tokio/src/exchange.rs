//! pubsub, ask: one to many, and there and back.
use crate::harness::{check_total, print_rate, print_result, quantile};
use crate::Message;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{mpsc, oneshot};

const SUBSCRIBERS: usize = 1000;

async fn subscriber(mut inbox: mpsc::UnboundedReceiver<Arc<Message>>) -> u64 {
    let mut sum = 0;
    while let Some(event) = inbox.recv().await {
        sum += event.b;
    }
    sum
}

async fn publisher(inboxes: Vec<mpsc::UnboundedSender<Arc<Message>>>, events: u64) {
    for i in 0..events {
        let event = Arc::new(Message { tag: 1, a: i, b: 1 });
        for inbox in &inboxes {
            inbox.send(event.clone()).expect("a subscriber");
        }
    }
}

pub async fn pubsub(size: u64) {
    let (senders, inboxes): (Vec<_>, Vec<_>) =
        (0..SUBSCRIBERS).map(|_| mpsc::unbounded_channel()).unzip();
    let tasks: Vec<_> = inboxes
        .into_iter()
        .map(|inbox| tokio::spawn(subscriber(inbox)))
        .collect();
    let deliveries = size * SUBSCRIBERS as u64;
    let mut sum = 0;
    let begin = Instant::now();
    tokio::spawn(publisher(senders, size));
    for task in tasks {
        sum += task.await.expect("a subscriber");
    }
    print_rate("pubsub.deliveries", deliveries, begin);
    check_total("pubsub", sum, deliveries);
}

struct Question {
    message: Message,
    reply: oneshot::Sender<Message>,
}

async fn responder(mut inbox: mpsc::UnboundedReceiver<Question>) {
    while let Some(question) = inbox.recv().await {
        let m = question.message;
        let answer = Message {
            tag: m.tag,
            a: m.a,
            b: 1,
        };
        assert!(question.reply.send(answer).is_ok(), "somebody asked");
    }
}

/// Asks one thing after the other.
async fn client(responder: mpsc::UnboundedSender<Question>, size: u64) -> (u64, Vec<u64>) {
    let mut times = Vec::with_capacity(size as usize);
    let mut total = 0;
    let mut begin = Instant::now();
    for i in 0..size {
        let (reply, answer) = oneshot::channel();
        let question = Question {
            message: Message { tag: 1, a: i, b: 0 },
            reply,
        };
        assert!(responder.send(question).is_ok(), "the responder stays");
        total += answer.await.expect("an answer").b;
        let end = Instant::now();
        times.push((end - begin).as_nanos() as u64);
        begin = end;
    }
    (total, times)
}

pub async fn ask(size: u64) {
    let (sender, inbox) = mpsc::unbounded_channel();
    tokio::spawn(responder(inbox));
    let begin = Instant::now();
    let (total, mut times) = tokio::spawn(client(sender, size))
        .await
        .expect("the client");
    print_rate("ask.requests", size, begin);
    check_total("ask", total, size);
    times.sort_unstable();
    print_result("ask.p50", quantile(&times, 0.5), "ns");
    print_result("ask.p99", quantile(&times, 0.99), "ns");
}
