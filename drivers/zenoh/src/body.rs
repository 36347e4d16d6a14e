//! The bytes of a put or get on its way from the caller's thread to the sender's.
//!
//! Small ones travel inside their job: what one thread allocates and another frees costs more than sending it.

use zenoh::bytes::ZBytes;

use crate::ffi::Message;

const INLINE_MAX: usize = 120;

pub enum Body {
    Inline {
        bytes: [u8; INLINE_MAX],
        payload_len: u8,
        attachment_len: u8,
    },
    Owned {
        payload: Vec<u8>,
        attachment: Vec<u8>,
    },
}

impl Body {
    /// Copies.
    ///
    /// # Safety
    /// As C promises of a message: for the call.
    pub unsafe fn of(message: &Message) -> Body {
        let (payload, attachment) = (message.payload.bytes(), message.attachment.bytes());
        let len = payload.len() + attachment.len();
        if len > INLINE_MAX {
            return Body::Owned {
                payload: payload.to_vec(),
                attachment: attachment.to_vec(),
            };
        }
        let mut bytes = [0; INLINE_MAX];
        bytes[..payload.len()].copy_from_slice(payload);
        bytes[payload.len()..len].copy_from_slice(attachment);
        Body::Inline {
            bytes,
            payload_len: payload.len() as u8,
            attachment_len: attachment.len() as u8,
        }
    }

    /// Payload, and the attachment there may be.
    pub fn into_parts(self) -> (ZBytes, Option<ZBytes>) {
        match self {
            Body::Owned { payload, attachment } => {
                let attachment = (!attachment.is_empty()).then(|| ZBytes::from(attachment));
                (ZBytes::from(payload), attachment)
            }
            Body::Inline {
                bytes,
                payload_len,
                attachment_len,
            } => {
                let (payload, rest) = bytes.split_at(payload_len.into());
                let attachment = (attachment_len > 0).then(|| ZBytes::from(&rest[..attachment_len.into()]));
                (ZBytes::from(payload), attachment)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ffi::{Bytes, Str};

    fn through(payload: &[u8], attachment: &[u8]) {
        let message = Message {
            key: Str::of("a"),
            encoding: Str::of(""),
            payload: Bytes::of(payload),
            attachment: Bytes::of(attachment),
            is_urgent: false,
        };
        let (got, with) = unsafe { Body::of(&message) }.into_parts();
        assert_eq!(&*got.to_bytes(), payload);
        assert_eq!(
            with.map(|bytes| bytes.to_bytes().into_owned()).unwrap_or_default(),
            attachment
        );
    }

    #[test]
    fn bodies_arrive_as_they_were() {
        for payload_len in [0, 1, INLINE_MAX - 1, INLINE_MAX, INLINE_MAX + 1, 5000] {
            for attachment_len in [0, 1, INLINE_MAX, INLINE_MAX + 1] {
                through(&vec![1; payload_len], &vec![2; attachment_len]);
            }
        }
    }
}
