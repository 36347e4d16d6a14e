//! The keeper: the thread that never calls Zenoh, so that it can tell when the others are stuck in it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::queue::Lane;
use crate::session::{Life, Shared, CONTROL};

/// How often it looks, at least.
const LOOK: Duration = Duration::from_secs(1);

pub fn run(shared: &Arc<Shared>) {
    let look = (shared.call / 4).clamp(Duration::from_millis(10), LOOK);
    let mut seen = Seen::new(shared.life());
    while !shared.is_closing() {
        shared.gets.expire(Instant::now());
        if let Some(why) = seen.find_stuck(shared) {
            shared.replace(seen.life.number, why);
        }
        if !shared.is_current(seen.life.number) {
            seen = Seen::new(shared.life());
        }
        shared.gets.wait(look);
    }
}

/// The calls that the threads of a life were in, and since when at most.
struct Seen {
    life: Arc<Life>,
    calls: [(u64, Instant); 4],
}

impl Seen {
    fn new(life: Arc<Life>) -> Seen {
        Seen {
            life,
            calls: [(0, Instant::now()); 4],
        }
    }

    /// A put may wait for as long as a silent peer is believed in, so these lanes have twice the time.
    fn find_stuck(&mut self, shared: &Shared) -> Option<String> {
        let limit = shared.call;
        let control = if shared.is_up() { "a declaration" } else { "its opening" };
        for (place, what, limit) in [
            (CONTROL, control, limit),
            (Lane::Urgent as usize, "an urgent put", limit),
            (Lane::Data as usize, "a put", limit * 2),
            (Lane::Ask as usize, "a get or an answer", limit * 2),
        ] {
            let call = self.life.busy[place].call();
            let (seen, since) = &mut self.calls[place];
            if call % 2 == 0 || call != *seen {
                (*seen, *since) = (call, Instant::now());
            } else if since.elapsed() > limit {
                return Some(format!("{what} takes longer than {} ms", limit.as_millis()));
            }
        }
        None
    }
}
