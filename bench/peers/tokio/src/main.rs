//! bench-tokio NAME [SIZE]: the benchmarks for tasks and channels of tokio.
//!
//! An actor is a task that receives from an unbounded channel until all senders are gone. This is a baseline, not an actor
//! framework: no supervision, no directory but the map a benchmark keeps itself, and mailboxes without a bound.
mod exchange;
mod harness;
mod keyed;
mod messaging;

use std::future::Future;
use std::process::exit;

/// Tasks run on two cores, as everybody's do.
const WORKERS: usize = 2;

const NAMES: [(&str, u64); 11] = [
    ("pingpong", 3_000_000),
    ("count", 8_000_000),
    ("fanin", 8_000_000),
    ("ring", 5_000_000),
    ("create", 1_000_000),
    ("idle", 1_000_000),
    ("idle_string_key", 1_000_000),
    ("keyed", 1_000_000),
    ("big", 30_000),
    ("pubsub", 5_000),
    ("ask", 1_000_000),
];

/// What travels everywhere but in pubsub, which shares one by pointer.
#[derive(Clone, Copy)]
pub struct Message {
    pub tag: u32,
    pub a: u64,
    pub b: u64,
}

/// All of a benchmark runs in tasks: what waits in the thread of main would be a third thread's work.
fn run_in_task<F>(benchmark: F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .build()
        .expect("a runtime");
    runtime.block_on(async { tokio::spawn(benchmark).await.expect("the benchmark ends") });
    runtime.shutdown_background();
}

fn run(name: &str, size: u64) {
    match name {
        "pingpong" => run_in_task(messaging::pingpong(size)),
        "count" => run_in_task(messaging::produce("count.messages", 1, size)),
        "fanin" => run_in_task(messaging::produce(
            "fanin.messages",
            messaging::PRODUCERS,
            size,
        )),
        "ring" => run_in_task(messaging::ring(size)),
        "create" => run_in_task(keyed::create(size)),
        "idle" => {
            run_in_task(keyed::idle("idle.actor", size, |i| i));
            keyed::idle_string_key_apart(size);
        }
        "idle_string_key" => run_in_task(keyed::idle("idle.string_key", size, |i| {
            format!("actor-{i}")
        })),
        "keyed" => run_in_task(keyed::keyed(size)),
        "big" => run_in_task(messaging::big(size)),
        "pubsub" => run_in_task(exchange::pubsub(size)),
        "ask" => run_in_task(exchange::ask(size)),
        _ => unreachable!("{name} is in NAMES"),
    }
}

fn usage() -> ! {
    eprint!("usage: bench-tokio version | NAME [SIZE]; names:");
    for (name, _) in NAMES {
        eprint!(" {name}");
    }
    eprintln!();
    exit(2)
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.is_empty() || arguments.len() > 2 {
        usage();
    }
    if arguments[0] == "version" {
        println!(
            "version tokio {}, {}",
            env!("BENCH_TOKIO"),
            env!("BENCH_RUSTC")
        );
        return;
    }
    let Some((name, default_size)) = NAMES.iter().find(|(name, _)| *name == arguments[0]) else {
        eprintln!("bench-tokio: no benchmark {} here", arguments[0]);
        exit(3);
    };
    let size = match arguments.get(1).map(|text| text.parse()) {
        None => *default_size,
        Some(Ok(size)) if size > 0 => size,
        Some(_) => usage(),
    };
    run(name, size);
}
