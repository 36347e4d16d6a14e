//! Keys that are put to often have a publisher: then a put to one carries a number in place of the text, and finds its way
//! without being matched against every subscription again, here and where it arrives.

use std::collections::HashMap;
use std::sync::Arc;

use zenoh::key_expr::KeyExpr;
use zenoh::pubsub::Publisher;
use zenoh::sample::Locality;
use zenoh::{Session, Wait};

use crate::queue::Lane;

/// Puts to a key before it is worth declaring.
const PUTS_MIN: u32 = 64;
/// Keys of a generation: twice as many are known at most.
const GENERATION_LEN: usize = 128;

#[derive(Default)]
struct Known {
    puts: u32,
    /// Once there were enough.
    publisher: Option<Arc<Publisher<'static>>>,
}

type Generation = HashMap<String, Known>;

/// Of one thread that sends. What was not used while a whole generation of others was is forgotten.
#[derive(Default)]
pub struct DeclaredKeys {
    young: Generation,
    old: Generation,
}

impl DeclaredKeys {
    /// The publisher for so many more puts to the key, if it has or gets one.
    pub fn publisher(
        &mut self,
        session: &Session,
        lane: Lane,
        key: &KeyExpr<'static>,
        puts: u32,
    ) -> Option<Arc<Publisher<'static>>> {
        let known = self.find(key);
        let before = known.puts;
        known.puts = before.saturating_add(puts);
        if before < PUTS_MIN && known.puts >= PUTS_MIN {
            let (congestion, priority) = lane.qos();
            let declared = session
                .declare_publisher(key.clone())
                .congestion_control(congestion)
                .priority(priority)
                .allowed_destination(Locality::Remote)
                .wait();
            match declared {
                Ok(publisher) => known.publisher = Some(Arc::new(publisher)),
                Err(error) => tracing::warn!("{key}: {error}"),
            }
        }
        known.publisher.clone()
    }

    fn find(&mut self, key: &KeyExpr<'static>) -> &mut Known {
        if !self.young.contains_key(key.as_str()) {
            if self.young.len() >= GENERATION_LEN {
                self.old = std::mem::take(&mut self.young); // the oldest are undeclared
            }
            let known = self.old.remove(key.as_str()).unwrap_or_default();
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
