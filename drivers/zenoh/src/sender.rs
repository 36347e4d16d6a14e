//! The threads that hand to Zenoh what waits in the queue.

use std::sync::Arc;

use bytes::Bytes;
use zenoh::bytes::ZBytes;
use zenoh::sample::Locality;
use zenoh::{Session, Wait};

use crate::chunk::{parts, Chunk, Entry, Head, Job};
use crate::declared::DeclaredKeys;
use crate::queue::Lane;
use crate::session::{Life, Shared};

/// The body of a lane's thread.
pub fn run(shared: &Arc<Shared>, life: &Life, session: &Session, lane: Lane) {
    let mut sender = Sender {
        shared,
        life,
        session,
        lane,
        keys: DeclaredKeys::default(),
    };
    let mut chunk = Chunk::default();
    shared.queue.adopt(lane, life.number);
    while shared
        .queue
        .take(lane, life.number, || shared.is_current(life.number), &mut chunk)
    {
        sender.send(&mut chunk);
        life.busy[lane as usize].end();
    }
}

struct Sender<'a> {
    shared: &'a Arc<Shared>,
    life: &'a Life,
    session: &'a Session,
    lane: Lane,
    keys: DeclaredKeys,
}

impl Sender<'_> {
    fn send(&mut self, chunk: &mut Chunk) {
        let busy = &self.life.busy[self.lane as usize];
        let bytes = std::mem::take(&mut chunk.bytes).freeze();
        let mut jobs = chunk.jobs.drain(..);
        for head in &mut chunk.heads {
            busy.begin();
            head.publisher = self.keys.publisher(self.session, self.lane, &head.key, head.uses);
        }
        for entry in &chunk.entries {
            busy.begin();
            match *entry {
                Entry::Put {
                    head,
                    at,
                    payload_len,
                    attachment_len,
                } => {
                    let (payload, attachment) =
                        parts(&bytes, at as usize, payload_len as usize, attachment_len as usize);
                    self.put(&chunk.heads[head as usize], payload, attachment);
                }
                Entry::Job => match jobs.next() {
                    Some(Job::Put(put)) => {
                        self.put_large(&chunk.heads[put.head as usize], &put.bytes, put.payload_len);
                        chunk.large.extend(put.bytes.try_into_mut());
                    }
                    Some(Job::Given(put)) => self.put(&chunk.heads[put.head as usize], put.payload, put.attachment),
                    Some(Job::Get(get)) => get.send(self.shared, self.life.number, self.session),
                    Some(Job::Answer(answer)) => answer.send(self.life.number),
                    None => {}
                },
            }
        }
        drop(jobs);
        chunk.empty(bytes);
    }

    fn put_large(&self, head: &Head, bytes: &Bytes, payload_len: usize) {
        let (payload, attachment) = parts(bytes, 0, payload_len, bytes.len() - payload_len);
        self.put(head, payload, attachment);
    }

    fn put(&self, head: &Head, payload: ZBytes, attachment: Option<ZBytes>) {
        let put = match &head.publisher {
            Some(publisher) => {
                let put = publisher.put(payload);
                // What need not be said is not: each word moves the whole builder, which is felt where puts are many and small.
                if attachment.is_none() && !head.says_encoding() {
                    put.wait()
                } else {
                    put.encoding(head.encoding.clone()).attachment(attachment).wait()
                }
            }
            None => {
                let (congestion, priority) = self.lane.qos();
                self.session
                    .put(&head.key, payload)
                    .encoding(head.encoding.clone())
                    .attachment(attachment)
                    .allowed_destination(Locality::Remote)
                    .congestion_control(congestion)
                    .priority(priority)
                    .wait()
            }
        };
        if let Err(error) = put {
            tracing::warn!("put: {error}");
        }
    }
}
