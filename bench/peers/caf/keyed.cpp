// keyed.cpp - create, idle, keyed: actors that come to life by their first message.
//
// The driver is an actor, so that what it spawns goes to its worker's own queue, and the directory
// is its own: nobody waits for a lock. What was handled is counted in one atomic number.
#include "bench.hpp"

#include <atomic>
#include <functional>
#include <numeric>
#include <unordered_map>

namespace bench
{

// Messages handled; whoever handles the last one tells the referee.
struct tally {
    std::atomic<uint64_t> handled{0};
    uint64_t expected = 0;
    actor referee;
};

static void handled_one(event_based_actor *self, tally &tally)
{
    auto handled = tally.handled.fetch_add(1, std::memory_order_relaxed) + 1;

    if (handled == tally.expected) {
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

class breeder : public event_based_actor
{
  public:
    breeder(actor_config &config, tally &tally) : event_based_actor(config), tally_(tally)
    {
    }

    behavior make_behavior() override
    {
        return {
            [this](start_atom, uint64_t count, uint64_t) {
                for (uint64_t i = 0; i < count; i++) {
                    compat::send(this, spawn<mayfly>(std::ref(tally_)), touch_atom_v, i, i);
                }
            },
        };
    }

  private:
    tally &tally_;
};

static void create(caf::actor_system &system, uint64_t size)
{
    scoped_actor self{system};
    tally all;
    auto begin = now_ns();

    all.expected = size;
    all.referee = self;
    compat::send(self, self->spawn<breeder>(std::ref(all)), start_atom_v, size, uint64_t{0});
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

enum class order : uint64_t {
    IN_ORDER,
    SCRAMBLED,
    RANDOM
};

// Finds or makes the actor of each key, and sends it a message.
class directory : public event_based_actor
{
  public:
    directory(actor_config &config, tally &tally) : event_based_actor(config), tally_(tally)
    {
    }

    behavior make_behavior() override
    {
        return {
            [this](start_atom, uint64_t count, uint64_t how) {
                uint64_t key = 0;
                uint64_t step = how == static_cast<uint64_t>(order::SCRAMBLED) ? step_of(count) : 1;

                for (uint64_t i = 0; i < count; i++) {
                    if (how == static_cast<uint64_t>(order::RANDOM)) {
                        key = scramble(i) % count;
                    }
                    touch(key, i);
                    key = (key + step) % count;
                }
            },
        };
    }

  private:
    // With a step that has no divisor in common with the count each key comes once.
    static uint64_t step_of(uint64_t count)
    {
        auto step = count / 1000 * 618 + 1;

        while (std::gcd(step, count) != 1) {
            step++;
        }
        return step;
    }

    void touch(uint64_t key, uint64_t value)
    {
        auto &found = actors_[key];

        if (!found) {
            found = spawn<idler>(std::ref(tally_));
        }
        compat::send(this, found, touch_atom_v, key, value);
    }

    tally &tally_;
    std::unordered_map<uint64_t, actor> actors_;
};

// ns until as many messages were handled.
static uint64_t time_touches(
    scoped_actor &self, const actor &driver, tally &all, uint64_t size, order how)
{
    auto begin = now_ns();

    all.expected += size;
    compat::send(self, driver, start_atom_v, size, static_cast<uint64_t>(how));
    check_total("keyed", receive_done(self), all.expected);
    return now_ns() - begin;
}

static void idle(caf::actor_system &system, uint64_t size)
{
    scoped_actor self{system};
    tally all;
    auto driver = self->spawn<directory>(std::ref(all));
    auto before = resident();

    all.referee = self;
    (void)time_touches(self, driver, all, size, order::IN_ORDER);
    print("idle.actor", static_cast<double>(resident() - before) / static_cast<double>(size),
        "bytes");
    self->send_exit(driver, caf::exit_reason::user_shutdown);
}

static void keyed(caf::actor_system &system, uint64_t size)
{
    scoped_actor self{system};
    tally all;
    auto driver = self->spawn<directory>(std::ref(all));

    all.referee = self;
    print_rate("keyed1.messages", size, time_touches(self, driver, all, size, order::SCRAMBLED));
    print_rate("keyed2.messages", size, time_touches(self, driver, all, size, order::RANDOM));
    self->send_exit(driver, caf::exit_reason::user_shutdown);
}

const std::vector<row> keyed_rows = {
    {"create", 1000000, create}, // actors
    {"idle", 1000000, idle},     // actors
    {"keyed", 1000000, keyed},   // keys
};

} // namespace bench
