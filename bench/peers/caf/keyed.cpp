// keyed.cpp - create, idle, keyed: actors that come to life by their first message.
//
// The driver, which holds the directory, is the thread of main (a scoped_actor), so what it wakes
// is dealt out to the workers. From an event-based actor all would go to the queue of its own
// worker: CAF 1.1 is as fast that way, CAF 0.17 is not, whose thieves walk the whole queue for each
// job (double_ended_queue::take_tail). What was handled is counted in one atomic number.
#include "bench.hpp"

#include <atomic>
#include <functional>
#include <numeric>
#include <unordered_map>

namespace bench
{

// Messages handled; whoever handles the last one of a round tells the referee. Outlives the actors.
struct tally {
    uint64_t round_len;
    actor referee;
    std::atomic<uint64_t> handled{0};
};

static void handled_one(event_based_actor *self, tally &tally)
{
    auto handled = tally.handled.fetch_add(1, std::memory_order_relaxed) + 1;

    if (handled % tally.round_len == 0) {
        compat::send(self, tally.referee, done_atom_v, handled, uint64_t{0});
    }
}

// --- create: actors that take one message and stop ----------------------------------------------

class mayfly : public event_based_actor
{
  public:
    mayfly(actor_config &config, tally &tally) : event_based_actor(config), tally_(tally)
    {
    }

    behavior make_behavior() override
    {
        return {
            [this](touch_atom, uint64_t, uint64_t) {
                handled_one(this, tally_);
                quit();
            },
        };
    }

  private:
    tally &tally_;
};

static void create(caf::actor_system &system, uint64_t size)
{
    scoped_actor self{system};
    tally all{size, self};
    auto begin = now_ns();

    for (uint64_t i = 0; i < size; i++) {
        compat::send(self, self->spawn<mayfly>(std::ref(all)), touch_atom_v, i, i);
    }
    check_total("create", receive_done(self), size);
    self->await_all_other_actors_done();
    print_rate("create.actors", size, now_ns() - begin);
}

// --- idle, keyed: a directory of actors ---------------------------------------------------------

// 16 bytes of state.
class idler : public event_based_actor
{
  public:
    idler(actor_config &config, tally &tally) : event_based_actor(config), tally_(tally)
    {
    }

    behavior make_behavior() override
    {
        return {
            [this](touch_atom, uint64_t, uint64_t value) {
                count_++;
                sum_ += value;
                handled_one(this, tally_);
            },
        };
    }

  private:
    tally &tally_;
    uint64_t count_ = 0;
    uint64_t sum_ = 0;
};

enum class order {
    IN_ORDER,
    SCRAMBLED,
    RANDOM
};

// Finds or makes the actor of each key, and sends it a message.
class directory
{
  public:
    directory(scoped_actor &self, tally &tally) : self_(self), tally_(tally)
    {
    }

    // Actors nobody knows any more end.
    ~directory()
    {
        actors_.clear();
        self_->await_all_other_actors_done();
    }

    void touch(uint64_t key, uint64_t value)
    {
        auto &found = actors_[key];

        if (!found) {
            found = self_->spawn<idler>(std::ref(tally_));
        }
        compat::send(self_, found, touch_atom_v, key, value);
    }

  private:
    scoped_actor &self_;
    tally &tally_;
    std::unordered_map<uint64_t, actor> actors_;
};

// With a step that has no divisor in common with the count each key comes once.
static uint64_t scrambling_step(uint64_t count)
{
    auto step = count / 1000 * 618 + 1;

    while (std::gcd(step, count) != 1) {
        step++;
    }
    return step;
}

// ns until as many messages were handled; the rounds count from 1.
static uint64_t time_touches(
    scoped_actor &self, directory &actors, uint64_t round, uint64_t size, order how)
{
    auto step = how == order::SCRAMBLED ? scrambling_step(size) : 1;
    auto begin = now_ns();
    uint64_t key = 0;

    for (uint64_t i = 0; i < size; i++) {
        actors.touch(how == order::RANDOM ? scramble(i) % size : key, i);
        key = (key + step) % size;
    }
    check_total("keyed", receive_done(self), round * size);
    return now_ns() - begin;
}

static void idle(caf::actor_system &system, uint64_t size)
{
    scoped_actor self{system};
    tally all{size, self};
    directory driver(self, all);
    auto before = resident();

    (void)time_touches(self, driver, 1, size, order::IN_ORDER);
    print("idle.actor", static_cast<double>(resident() - before) / static_cast<double>(size),
        "bytes");
}

static void keyed(caf::actor_system &system, uint64_t size)
{
    scoped_actor self{system};
    tally all{size, self};
    directory driver(self, all);

    print_rate("keyed1.messages", size, time_touches(self, driver, 1, size, order::SCRAMBLED));
    print_rate("keyed2.messages", size, time_touches(self, driver, 2, size, order::RANDOM));
}

const std::vector<row> keyed_rows = {
    {"create", 1000000, create}, // actors
    {"idle", 1000000, idle},     // actors
    {"keyed", 1000000, keyed},   // keys
};

} // namespace bench
