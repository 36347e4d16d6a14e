//! The keeper: the thread that never calls Zenoh, so that it can tell when the others are stuck in it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::sender::Lane;
use crate::session::{Shared, CONTROL};

/// How often it looks, at least.
const LOOK: Duration = Duration::from_secs(1);

pub fn run(shared: &Arc<Shared>) {
    let look = (shared.call / 4).clamp(Duration::from_millis(10), LOOK);
    while !shared.is_closing() {
        shared.gets.expire(Instant::now());
        if let Some((number, why)) = find_stuck(shared) {
            shared.replace(number, why);
        }
        shared.gets.wait(look);
    }
}

/// A put may wait for as long as a silent peer is believed in, so the data lane has twice the time.
fn find_stuck(shared: &Shared) -> Option<(u64, String)> {
    let life = shared.life();
    for (place, what, limit) in [
        (CONTROL, "a declaration", shared.call),
        (Lane::Urgent as usize, "an urgent put", shared.call),
        (Lane::Data as usize, "a put or get", shared.call * 2),
    ] {
        if life.busy[place].time() > limit {
            return Some((
                life.number,
                format!("{what} takes longer than {} ms", limit.as_millis()),
            ));
        }
    }
    None
}
