//! bench-zenoh route [LOOKUPS]: who hears a topic, asked of the zenoh crate's own tree of key expressions.
//!
//! 1,000 wildcard patterns are in the tree, 10,000 topics are looked up in turn. Topics are key expressions already, as a
//! declared publisher's are: what is timed is the walk through the tree alone. For topics without wildcards the patterns that
//! intersect them and the patterns that include them are the same; the tree finds the former several times faster.
use std::process::exit;
use std::time::Instant;
use zenoh_keyexpr::keyexpr_tree::{IKeyExprTree, IKeyExprTreeMut, IKeyExprTreeNode, KeBoxTree};
use zenoh_keyexpr::OwnedKeyExpr;

const PATTERNS: u64 = 1_000;
const TOPICS: u64 = 10_000;
const LOOKUPS: u64 = 1_000_000;

fn pattern(i: u64) -> OwnedKeyExpr {
    let text = match i % 4 {
        0 => format!("site/{i}/**"),
        1 => format!("site/*/dev/{i}/temp"),
        2 => format!("site/{i}/dev/*/temp"),
        _ => format!("site/{i}/dev/{i}/*"),
    };
    OwnedKeyExpr::new(text).expect("a key expression")
}

fn topic(t: u64) -> OwnedKeyExpr {
    let what = ["temp", "hum", "volt", "state"][(t % 4) as usize];
    let text = format!("site/{}/dev/{}/{what}", t % 1000, t * 7 % 1000);
    OwnedKeyExpr::new(text).expect("a key expression")
}

/// The total of `lookups` over the topics in turn, found by comparing each topic with each pattern.
fn expected_total(patterns: &[OwnedKeyExpr], topics: &[OwnedKeyExpr], lookups: u64) -> u64 {
    let matches = |topic: &OwnedKeyExpr| {
        patterns
            .iter()
            .filter(|pattern| pattern.intersects(topic))
            .count() as u64
    };
    let each: Vec<u64> = topics.iter().map(matches).collect();
    let rest = (lookups % TOPICS) as usize;
    each.iter().sum::<u64>() * (lookups / TOPICS) + each[..rest].iter().sum::<u64>()
}

fn route(lookups: u64) {
    let patterns: Vec<OwnedKeyExpr> = (0..PATTERNS).map(pattern).collect();
    let topics: Vec<OwnedKeyExpr> = (0..TOPICS).map(topic).collect();
    let mut tree = KeBoxTree::new();
    for (i, pattern) in patterns.iter().enumerate() {
        tree.insert(pattern, i);
    }
    let mut total = 0;
    let begin = Instant::now();
    for topic in topics.iter().cycle().take(lookups as usize) {
        total += tree
            .intersecting_nodes(topic)
            .filter(|node| node.weight().is_some())
            .count() as u64;
    }
    let seconds = begin.elapsed().as_secs_f64();
    let expected = expected_total(&patterns, &topics, lookups);
    if total != expected {
        eprintln!("bench-zenoh: route: {total} matches were found, not {expected}");
        exit(1);
    }
    println!(
        "bench zenoh route.matches {:.1} 1/s",
        lookups as f64 / seconds
    );
}

fn usage() -> ! {
    eprintln!("usage: bench-zenoh version | route [LOOKUPS]");
    exit(2)
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.is_empty() || arguments.len() > 2 {
        usage();
    }
    match arguments[0].as_str() {
        "version" => println!(
            "version zenoh zenoh-keyexpr {}, {}",
            env!("BENCH_ZENOH"),
            env!("BENCH_RUSTC")
        ),
        "route" => match arguments.get(1).map(|text| text.parse()) {
            None => route(LOOKUPS),
            Some(Ok(lookups)) if lookups > 0 => route(lookups),
            Some(_) => usage(),
        },
        name => {
            eprintln!("bench-zenoh: no benchmark {name} here");
            exit(3);
        }
    }
}
