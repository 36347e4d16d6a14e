//! What callers' threads hand to a sender's at once: some jobs, and the bytes of the small puts among them.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use zenoh::bytes::{Encoding, ZBytes};
use zenoh::key_expr::KeyExpr;
use zenoh::pubsub::Publisher;

use crate::few::few;
use crate::ffi::Message;
use crate::query::{AnswerJob, GetJob};
use crate::queue::Refusal;
use crate::{encoding, keys};

/// Payload and attachment of what travels inside a chunk.
pub const SMALL_MAX: usize = 16 << 10;
/// A chunk with so much is full.
const BYTES_MAX: usize = 64 << 10;
const ENTRIES_MAX: usize = 256;
/// So many of the last heads are looked at before another is made.
const HEADS_LOOKED_AT: usize = 4;

/// What puts have in common, said once.
pub struct Head {
    pub key: KeyExpr<'static>,
    pub encoding: Encoding,
    encoding_text: Vec<u8>,
    /// Of the sender's thread, once the key is put to often.
    pub publisher: Option<Arc<Publisher<'static>>>,
    /// Puts of it in this chunk.
    pub uses: u32,
}

impl Head {
    /// # Safety
    /// As C promises of a message: for the call.
    pub unsafe fn of(message: &Message) -> Result<Head, Refusal> {
        let encoding_text = message.encoding.bytes();
        Ok(Head {
            key: keys::cached_key(message.key.bytes()).ok_or(Refusal::Key)?,
            encoding: encoding::from_bytes(encoding_text).ok_or(Refusal::Encoding)?,
            encoding_text: encoding_text.to_vec(),
            publisher: None,
            uses: 0,
        })
    }

    pub fn says_encoding(&self) -> bool {
        !self.encoding_text.is_empty()
    }

    unsafe fn is_of(&self, message: &Message) -> bool {
        let (ours, theirs) = (&self.encoding_text[..], message.encoding.bytes());
        // Two empty texts are not handed to memcmp: some load from their address, which is none, and recover; that takes
        // longer than all else here.
        self.key.as_str().as_bytes() == message.key.bytes()
            && ours.len() == theirs.len()
            && (ours.is_empty() || ours == theirs)
    }
}

pub enum Entry {
    Put {
        head: u32,
        at: u32,
        payload_len: u32,
        attachment_len: u32,
    },
    /// The next one of `jobs`.
    Job,
}

pub enum Job {
    Put(LargePut),
    Given(GivenPut),
    Get(GetJob),
    Answer(AnswerJob),
}

pub struct LargePut {
    pub head: u32,
    pub bytes: Bytes,
    pub payload_len: usize,
}

impl LargePut {
    /// Copies, into memory that may have been used before.
    pub fn of(mut buffer: BytesMut, payload: &[u8], attachment: &[u8]) -> LargePut {
        buffer.clear();
        buffer.reserve(payload.len() + attachment.len());
        buffer.extend_from_slice(payload);
        buffer.extend_from_slice(attachment);
        LargePut {
            head: 0,
            bytes: buffer.freeze(),
            payload_len: payload.len(),
        }
    }
}

/// A put of what C gave away.
pub struct GivenPut {
    pub head: u32,
    pub payload: ZBytes,
    pub attachment: Option<ZBytes>,
}

#[derive(Default)]
pub struct Chunk {
    pub entries: Vec<Entry>,
    pub heads: Vec<Head>,
    pub bytes: BytesMut,
    pub jobs: Vec<Job>,
    /// What counts against the queue's bound.
    pub size: usize,
    /// Memory of large puts that have left.
    pub large: Vec<BytesMut>,
}

impl Chunk {
    pub fn is_full(&self) -> bool {
        self.entries.len() >= ENTRIES_MAX || self.bytes.len() >= BYTES_MAX
    }

    pub fn size_of_put(message: &Message, is_head_new: bool) -> usize {
        let head = if is_head_new {
            std::mem::size_of::<Head>() + message.key.len + message.encoding.len
        } else {
            0
        };
        head + std::mem::size_of::<Entry>() + message.payload.len + message.attachment.len
    }

    /// # Safety
    /// As C promises of a message: for the call.
    pub unsafe fn find_head(&self, message: &Message) -> Option<u32> {
        let from = self.heads.len().saturating_sub(HEADS_LOOKED_AT);
        let place = self.heads[from..].iter().rposition(|head| head.is_of(message))?;
        Some((from + place) as u32)
    }

    pub fn add_head(&mut self, head: Option<Head>) -> u32 {
        self.heads.extend(head);
        self.heads.len() as u32 - 1
    }

    pub fn add_put(&mut self, head: u32, payload: &[u8], attachment: &[u8], size: usize) {
        self.entries.push(Entry::Put {
            head,
            at: self.bytes.len() as u32,
            payload_len: payload.len() as u32,
            attachment_len: attachment.len() as u32,
        });
        self.bytes.extend_from_slice(payload);
        self.bytes.extend_from_slice(attachment);
        self.heads[head as usize].uses += 1;
        self.size += size;
    }

    pub fn add_large(&mut self, head: u32, put: LargePut, size: usize) {
        self.heads[head as usize].uses += 1;
        self.add_job(Job::Put(LargePut { head, ..put }), size);
    }

    pub fn add_given(&mut self, put: GivenPut, size: usize) {
        self.heads[put.head as usize].uses += 1;
        self.add_job(Job::Given(put), size);
    }

    pub fn add_job(&mut self, job: Job, size: usize) {
        self.entries.push(Entry::Job);
        self.jobs.push(job);
        self.size += size;
    }

    /// What there was has left; `bytes` and `large` are the memory it lay in.
    pub fn empty(&mut self, bytes: Bytes) {
        self.entries.clear();
        self.heads.clear();
        self.jobs.clear();
        self.size = 0;
        self.bytes = bytes.try_into_mut().unwrap_or_default();
        self.bytes.clear();
    }
}

/// Payload, and the attachment there may be, of a piece of memory.
pub fn parts(bytes: &Bytes, at: usize, payload_len: usize, attachment_len: usize) -> (ZBytes, Option<ZBytes>) {
    let middle = at + payload_len;
    let attachment = (attachment_len > 0).then(|| few(bytes, middle, middle + attachment_len));
    (few(bytes, at, middle), attachment)
}
