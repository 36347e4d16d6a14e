//! Keys that are put to often, declared to Zenoh: then a put to one carries a number in place of the text, and finds its way
//! without being matched against every subscription again, here and where it arrives.

use std::collections::HashMap;

use zenoh::key_expr::KeyExpr;
use zenoh::{Session, Wait};

/// Puts to a key before it is worth declaring.
const PUTS_MIN: u32 = 64;
/// Keys of a generation: twice as many are known at most.
const GENERATION_LEN: usize = 128;

struct Known {
    /// Declared, once there were enough.
    key: KeyExpr<'static>,
    puts: u32,
}

type Generation = HashMap<String, Known>;

/// Of one thread that sends. What was not used while a whole generation of others was is forgotten.
#[derive(Default)]
pub struct DeclaredKeys {
    young: Generation,
    old: Generation,
}

impl DeclaredKeys {
    /// Puts the declared key in its place, if it is or becomes one.
    pub fn declare(&mut self, session: &Session, key: &mut KeyExpr<'static>, puts: u32) {
        let known = self.find(key);
        let before = known.puts;
        known.puts = before.saturating_add(puts);
        if before < PUTS_MIN && known.puts >= PUTS_MIN {
            match session.declare_keyexpr(known.key.clone()).wait() {
                Ok(declared) => known.key = declared,
                Err(error) => tracing::warn!("{}: {error}", known.key),
            }
        }
        if known.puts >= PUTS_MIN {
            *key = known.key.clone();
        }
    }

    fn find(&mut self, key: &KeyExpr<'static>) -> &mut Known {
        if !self.young.contains_key(key.as_str()) {
            if self.young.len() >= GENERATION_LEN {
                self.old = std::mem::take(&mut self.young); // the oldest are undeclared
            }
            let known = self.old.remove(key.as_str()).unwrap_or_else(|| Known {
                key: key.clone(),
                puts: 0,
            });
            self.young.insert(key.as_str().to_owned(), known);
        }
        self.young.get_mut(key.as_str()).expect("it was just added")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys;

    #[test]
    fn keys_are_forgotten_when_others_are_used() {
        let mut keys = DeclaredKeys::default();
        let first = keys::key(b"first").expect("a key");
        keys.find(&first).puts = 7;
        for round in 0..2 {
            for i in 1..GENERATION_LEN {
                keys.find(&keys::key(format!("{round}/{i}").as_bytes()).expect("a key"));
            }
            assert_eq!(keys.find(&first).puts, 7, "used in every generation");
        }
        for i in 0..2 * GENERATION_LEN {
            keys.find(&keys::key(format!("others/{i}").as_bytes()).expect("a key"));
            assert!(keys.young.len() + keys.old.len() <= 2 * GENERATION_LEN);
        }
        assert_eq!(keys.find(&first).puts, 0);
    }
}
