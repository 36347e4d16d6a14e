//! Encodings: MIME text on our side; on the wire a number for the known ones, and a schema behind ";".

use std::borrow::Cow;
use zenoh::bytes::Encoding;

/// The text of what arrived; empty if its sender said nothing.
pub fn text(encoding: &Encoding) -> Cow<'static, str> {
    if *encoding == Encoding::ZENOH_BYTES {
        return Cow::Borrowed(""); // Zenoh's word for "not said"
    }
    encoding.into()
}

/// What to send for a text. Without copying for the two that nodes use.
pub fn from_bytes(bytes: &[u8]) -> Option<Encoding> {
    match bytes {
        b"" => Some(Encoding::ZENOH_BYTES),
        b"application/json" => Some(Encoding::APPLICATION_JSON),
        b"application/cbor" => Some(Encoding::APPLICATION_CBOR),
        _ => std::str::from_utf8(bytes).ok().map(Encoding::from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_return_as_they_were() {
        for mime in [
            "",
            "application/json",
            "application/cbor",
            "text/plain",
            "text/plain;utf-8",
            "application/cdr",
            "application/protobuf;door.Unlock",
            "application/x-ours",
            "application/x-ours;a=b",
            "zenoh/string",
        ] {
            let encoding = from_bytes(mime.as_bytes()).expect(mime);
            assert_eq!(text(&encoding), mime);
        }
    }

    #[test]
    fn known_encodings_are_numbers_on_the_wire() {
        assert_eq!(from_bytes(b"application/json"), Some(Encoding::APPLICATION_JSON));
        assert_eq!(from_bytes(b"text/plain"), Some(Encoding::TEXT_PLAIN));
        assert_eq!(text(&Encoding::ZENOH_BYTES), "");
        assert_eq!(text(&Encoding::APPLICATION_CDR), "application/cdr");
    }

    #[test]
    fn no_text_is_no_encoding() {
        assert!(from_bytes(b"\xff").is_none());
    }
}
