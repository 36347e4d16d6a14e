//! Keys and patterns, checked at every entry: strictly, never made canonical.

use std::cell::RefCell;

use zenoh::key_expr::{keyexpr, KeyExpr, OwnedKeyExpr};

pub const LEN_MAX: usize = 1024;
pub const CHUNKS_MAX: usize = 128;
/// Matching is exponential in these upstream, so their number is bounded.
pub const DOUBLE_STARS_MAX: usize = 4;

/// A pattern to declare or to ask for, or None.
pub fn pattern(bytes: &[u8]) -> Option<KeyExpr<'static>> {
    if bytes.len() > LEN_MAX {
        return None;
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let valid = keyexpr::new(text).ok()?;
    let chunks = text.split('/');
    if chunks.clone().count() > CHUNKS_MAX || chunks.filter(|c| *c == "**").count() > DOUBLE_STARS_MAX {
        return None;
    }
    Some(KeyExpr::from(OwnedKeyExpr::from(valid)))
}

/// A key to put to, or None: a wildcard would reach every subscriber that matches it.
pub fn key(bytes: &[u8]) -> Option<KeyExpr<'static>> {
    if bytes.contains(&b'*') {
        return None;
    }
    pattern(bytes)
}

const CACHE_LEN: usize = 64;

/// As `key`, without checking and allocating again what this thread put to lately.
pub fn cached_key(bytes: &[u8]) -> Option<KeyExpr<'static>> {
    thread_local! {
        static CACHE: RefCell<[Option<KeyExpr<'static>>; CACHE_LEN]> = const { RefCell::new([const { None }; CACHE_LEN]) };
    }
    CACHE.with_borrow_mut(|cache| {
        let place = &mut cache[place_of(bytes)];
        if let Some(known) = place {
            if known.as_str().as_bytes() == bytes {
                return Some(known.clone());
            }
        }
        let new = key(bytes)?;
        *place = Some(new.clone());
        Some(new)
    })
}

/// By length and the last bytes, in which keys of one kind differ.
fn place_of(bytes: &[u8]) -> usize {
    let end = &bytes[bytes.len().saturating_sub(16)..];
    let mixed = end.iter().fold(bytes.len(), |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(usize::from(*byte))
    });
    mixed % CACHE_LEN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_plain_and_canonical() {
        for good in ["a", "door/front/unlock", "@edacious/v1/c/in/n/1", "a b/é"] {
            assert!(key(good.as_bytes()).is_some(), "{good}");
        }
        for bad in ["", "/a", "a/", "a//b", "a/*", "**", "a$b", "a?b", "a#b"] {
            assert!(key(bad.as_bytes()).is_none(), "{bad}");
        }
        assert!(key(b"a/\xff").is_none());
    }

    #[test]
    fn cached_keys_are_those_asked_for() {
        for round in 0..3 {
            for i in 0..1000 {
                let text = format!("door/{i}/unlock");
                assert_eq!(cached_key(text.as_bytes()).expect("a key").as_str(), text, "{round}");
            }
            assert!(cached_key(b"door/*").is_none());
        }
    }

    #[test]
    fn patterns_are_canonical() {
        for good in ["*", "**", "a/*/**", "a$*/b", "**/a/**/b/**/c/**"] {
            assert!(pattern(good.as_bytes()).is_some(), "{good}");
        }
        for bad in ["a/**/**", "**/*", "a/$*", "foo$*$*", "a*"] {
            assert!(pattern(bad.as_bytes()).is_none(), "{bad}");
        }
    }

    #[test]
    fn keys_are_bounded() {
        assert!(key(&[b'x'; LEN_MAX]).is_some());
        assert!(key(&[b'x'; LEN_MAX + 1]).is_none());
        assert!(key(vec!["x"; CHUNKS_MAX].join("/").as_bytes()).is_some());
        assert!(key(vec!["x"; CHUNKS_MAX + 1].join("/").as_bytes()).is_none());
        assert!(pattern(b"**/a/**/a/**/a/**/a").is_some());
        assert!(pattern(b"**/a/**/a/**/a/**/a/**").is_none());
    }
}
