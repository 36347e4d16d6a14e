//! Keys and patterns, checked at every entry: strictly, never made canonical.

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
