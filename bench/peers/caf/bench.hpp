// bench.hpp - what the benchmarks of CAF share: messages, clock, memory, and the lines they print.
//
// A message is an atom (its tag) and two 64-bit integers, sent dynamically typed, as CAF's own
// examples do. An actor is a class with its state in members: of CAF's ways the one with the least
// memory. Mailboxes are unbounded, all options but the number of workers are CAF's defaults.
#ifndef BENCH_CAF_BENCH_HPP
#define BENCH_CAF_BENCH_HPP

#include "compat.hpp"

#include <cstdint>
#include <vector>

CAF_BEGIN_TYPE_ID_BLOCK(bench, caf::first_custom_type_id)
CAF_ADD_ATOM(bench, bench, join_atom, "join")     // (actors), before the clock is read
CAF_ADD_ATOM(bench, bench, start_atom, "start")   // (count, 0)
CAF_ADD_ATOM(bench, bench, ball_atom, "ball")     // (left, seen)
CAF_ADD_ATOM(bench, bench, add_atom, "add")       // (by, number)
CAF_ADD_ATOM(bench, bench, total_atom, "total")   // (0, 0), answered by a done
CAF_ADD_ATOM(bench, bench, ping_atom, "ping")     // (from, number)
CAF_ADD_ATOM(bench, bench, pong_atom, "pong")     // (from, number)
CAF_ADD_ATOM(bench, bench, event_atom, "event")   // (number, value)
CAF_ADD_ATOM(bench, bench, touch_atom, "touch")   // (key, value)
CAF_ADD_ATOM(bench, bench, asking_atom, "asking") // (number, value), answered by a done
CAF_ADD_ATOM(bench, bench, done_atom, "done")     // (total, time in ns), to the thread of main
CAF_END_TYPE_ID_BLOCK(bench)

namespace bench
{

using caf::actor;
using caf::actor_config;
using caf::behavior;
using caf::event_based_actor;
using caf::scoped_actor;
using std::uint64_t;

using answer = caf::result<done_atom, uint64_t, uint64_t>;

// Workers as the contenders have: two.
constexpr std::size_t WORKERS = 2;

// A benchmark is a function of its size; it ends the program unless each message was handled.
struct row {
    const char *name;
    uint64_t size;
    void (*run)(caf::actor_system &system, uint64_t size);
};

extern const std::vector<row> messaging_rows;
extern const std::vector<row> keyed_rows;

// Monotonic.
uint64_t now_ns();
// Resident bytes of the process.
uint64_t resident();
// Prints: bench caf METRIC VALUE UNIT.
void print(const char *metric, double value, const char *unit);
void print_rate(const char *metric, uint64_t count, uint64_t time_ns);
// Ends the program unless they are equal.
void check_total(const char *what, uint64_t got, uint64_t expected);
// Waits for a done; the total in it.
uint64_t receive_done(scoped_actor &self);
// Random numbers from counted ones.
uint64_t scramble(uint64_t number);

} // namespace bench

#endif
