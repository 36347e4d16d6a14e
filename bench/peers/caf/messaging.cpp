// messaging.cpp - pingpong, count, fanin, ring, big, pubsub, ask: how fast messages go between
// actors.
#include "bench.hpp"

#include <algorithm>
#include <memory>

namespace bench
{

// --- pingpong, ring: one message, from actor to actor -------------------------------------------

// Passes the ball to the next until it has been thrown often enough.
class player : public event_based_actor
{
  public:
    player(actor_config &config, actor referee) : event_based_actor(config), referee_(referee)
    {
    }

    behavior make_behavior() override
    {
        return {
            [this](join_atom, const actor &next) { next_ = next; },
            [this](ball_atom, uint64_t left, uint64_t seen) {
                if (left == 0) {
                    compat::send(this, referee_, done_atom_v, seen, uint64_t{0});
                } else {
                    compat::send(this, next_, ball_atom_v, left - 1, seen + 1);
                }
            },
        };
    }

  private:
    actor referee_;
    actor next_;
};

// ns for that many hops in a ring of that many actors.
static uint64_t time_hops(caf::actor_system &system, uint64_t hops, std::size_t actors)
{
    scoped_actor self{system};
    std::vector<actor> players;

    for (std::size_t i = 0; i < actors; i++) {
        players.push_back(self->spawn<player>(actor{self}));
    }
    for (std::size_t i = 0; i < actors; i++) {
        compat::send(self, players[i], join_atom_v, players[(i + 1) % actors]);
    }
    auto begin = now_ns();
    compat::send(self, players[0], ball_atom_v, hops, uint64_t{0});
    auto seen = receive_done(self);
    auto time = now_ns() - begin;
    check_total("hops", seen, hops);
    for (const auto &each : players) { // they hold each other
        self->send_exit(each, caf::exit_reason::user_shutdown);
    }
    return time;
}

static void pingpong(caf::actor_system &system, uint64_t size)
{
    auto time = time_hops(system, 2 * size, 2);

    print("pingpong.one_way", static_cast<double>(time) / static_cast<double>(2 * size), "ns");
    print_rate("pingpong.messages", 2 * size, time);
}

static void ring(caf::actor_system &system, uint64_t size)
{
    print_rate("ring.hops", size, time_hops(system, size, 503));
}

// --- count, fanin: producers and one counter ----------------------------------------------------

class counter : public event_based_actor
{
  public:
    using event_based_actor::event_based_actor;

    behavior make_behavior() override
    {
        return {
            [this](add_atom, uint64_t by, uint64_t) { total_ += by; },
            [this](total_atom, uint64_t, uint64_t) -> answer {
                return {done_atom_v, total_, uint64_t{0}};
            },
        };
    }

  private:
    uint64_t total_ = 0;
};

// Sends all it has, then asks for the total and tells it.
class producer : public event_based_actor
{
  public:
    producer(actor_config &config, actor counter, actor referee)
        : event_based_actor(config), counter_(counter), referee_(referee)
    {
    }

    behavior make_behavior() override
    {
        return {
            [this](start_atom, uint64_t count, uint64_t) {
                for (uint64_t i = 0; i < count; i++) {
                    compat::send(this, counter_, add_atom_v, uint64_t{1}, i);
                }
                compat::request(this, counter_, total_atom_v, uint64_t{0}, uint64_t{0})
                    .then([this](done_atom, uint64_t total, uint64_t) {
                        compat::send(this, referee_, done_atom_v, total, uint64_t{0});
                    });
            },
        };
    }

  private:
    actor counter_;
    actor referee_;
};

// Order is kept between two actors, so the answer to whoever asks last has everything in it.
static void produce(
    caf::actor_system &system, const char *metric, uint64_t size, uint64_t producer_count)
{
    scoped_actor self{system};
    auto each = size / producer_count;
    auto begin = now_ns();
    auto all = self->spawn<counter>();
    uint64_t total = 0;

    for (uint64_t i = 0; i < producer_count; i++) {
        auto one = self->spawn<producer>(all, actor{self});
        compat::send(self, one, start_atom_v, each, uint64_t{0});
    }
    for (uint64_t i = 0; i < producer_count; i++) {
        total = std::max(total, receive_done(self));
    }
    auto time = now_ns() - begin;
    check_total(metric, total, each * producer_count);
    print_rate(metric, total, time);
}

static void count(caf::actor_system &system, uint64_t size)
{
    produce(system, "count.messages", size, 1);
}

static void fanin(caf::actor_system &system, uint64_t size)
{
    produce(system, "fanin.messages", size, 8);
}

// --- big: everybody pings random others ---------------------------------------------------------

constexpr uint64_t BIG_LEN = 120;

using members = std::vector<actor>;

// One ping at a time; the pong asks for the next.
class member : public event_based_actor
{
  public:
    member(actor_config &config, uint64_t number, actor referee)
        : event_based_actor(config), number_(number), referee_(referee)
    {
    }

    behavior make_behavior() override
    {
        return {
            [this](join_atom, const members &all) { all_ = all; },
            [this](start_atom, uint64_t pings, uint64_t) {
                left_ = pings;
                send_ping();
            },
            [this](ping_atom, uint64_t from, uint64_t number) {
                handled_++;
                compat::send(this, all_[from], pong_atom_v, number_, number);
            },
            [this](pong_atom, uint64_t, uint64_t) {
                handled_++;
                send_ping();
            },
            [this](total_atom, uint64_t, uint64_t) {
                compat::send(this, referee_, done_atom_v, handled_, uint64_t{0});
            },
        };
    }

  private:
    void send_ping()
    {
        if (left_-- == 0) {
            compat::send(this, referee_, done_atom_v, handled_, uint64_t{0});
            return;
        }
        auto other = scramble(left_ * BIG_LEN + number_) % (BIG_LEN - 1);
        compat::send(this, all_[other + (other >= number_)], ping_atom_v, number_, left_);
    }

    uint64_t number_;
    actor referee_;
    members all_;
    uint64_t left_ = 0;
    uint64_t handled_ = 0;
};

static void big(caf::actor_system &system, uint64_t size)
{
    scoped_actor self{system};
    members all;
    uint64_t total = 0;

    for (uint64_t i = 0; i < BIG_LEN; i++) {
        all.push_back(self->spawn<member>(i, actor{self}));
    }
    for (const auto &each : all) { // before anybody may ping
        compat::send(self, each, join_atom_v, all);
    }
    auto begin = now_ns();
    for (const auto &each : all) {
        compat::send(self, each, start_atom_v, size, uint64_t{0});
    }
    for (uint64_t i = 0; i < BIG_LEN; i++) {
        (void)receive_done(self);
    }
    auto time = now_ns() - begin;
    for (const auto &each : all) {
        compat::send(self, each, total_atom_v, uint64_t{0}, uint64_t{0});
        total += receive_done(self);
    }
    check_total("big", total, 2 * size * BIG_LEN);
    print_rate("big.messages", total, time);
    for (const auto &each : all) {
        self->send_exit(each, caf::exit_reason::user_shutdown);
    }
}

// --- pubsub: one message, a thousand receivers --------------------------------------------------

constexpr uint64_t SUBSCRIBER_COUNT = 1000;

class subscriber : public event_based_actor
{
  public:
    subscriber(actor_config &config, actor referee) : event_based_actor(config), referee_(referee)
    {
    }

    behavior make_behavior() override
    {
        return {
            [this](event_atom, uint64_t, uint64_t value) { seen_ += value; },
            [this](total_atom, uint64_t, uint64_t) {
                compat::send(this, referee_, done_atom_v, seen_, uint64_t{0});
            },
        };
    }

  private:
    actor referee_;
    uint64_t seen_ = 0;
};

// Makes each event once; the receivers share it, as messages of CAF are counted and copied on
// write.
class publisher : public event_based_actor
{
  public:
    using event_based_actor::event_based_actor;

    behavior make_behavior() override
    {
        return {
            [this](join_atom, const members &subscribers) { subscribers_ = subscribers; },
            [this](start_atom, uint64_t events, uint64_t) {
                for (uint64_t i = 0; i < events; i++) {
                    publish(caf::make_message(event_atom_v, i, uint64_t{1}));
                }
                publish(caf::make_message(total_atom_v, uint64_t{0}, uint64_t{0}));
            },
        };
    }

  private:
    void publish(const caf::message &event)
    {
        for (const auto &each : subscribers_) {
            compat::send(this, each, event);
        }
    }

    members subscribers_;
};

static void pubsub(caf::actor_system &system, uint64_t size)
{
    scoped_actor self{system};
    members subscribers;
    uint64_t total = 0;

    for (uint64_t i = 0; i < SUBSCRIBER_COUNT; i++) {
        subscribers.push_back(self->spawn<subscriber>(actor{self}));
    }
    auto source = self->spawn<publisher>();
    compat::send(self, source, join_atom_v, subscribers);
    auto begin = now_ns();
    compat::send(self, source, start_atom_v, size, uint64_t{0});
    for (uint64_t i = 0; i < SUBSCRIBER_COUNT; i++) {
        total += receive_done(self);
    }
    auto time = now_ns() - begin;
    check_total("pubsub", total, size * SUBSCRIBER_COUNT);
    print_rate("pubsub.deliveries", total, time);
}

// --- ask: an actor asks another -----------------------------------------------------------------

class responder : public event_based_actor
{
  public:
    using event_based_actor::event_based_actor;

    behavior make_behavior() override
    {
        return {
            [this](asking_atom, uint64_t, uint64_t value) -> answer {
                seen_ += value;
                return {done_atom_v, seen_, value};
            },
        };
    }

  private:
    uint64_t seen_ = 0;
};

// The clock is read once for each request: an answer's time is the next request's beginning.
class asker : public event_based_actor
{
  public:
    asker(actor_config &config, actor responder, actor referee, std::vector<uint64_t> &times)
        : event_based_actor(config), responder_(responder), referee_(referee), times_(times)
    {
    }

    behavior make_behavior() override
    {
        return {
            [this](start_atom, uint64_t, uint64_t) {
                begin_ = now_ns();
                ask();
            },
        };
    }

  private:
    void ask()
    {
        compat::request(this, responder_, asking_atom_v, uint64_t{at_}, uint64_t{1})
            .then([this](done_atom, uint64_t total, uint64_t) {
                auto end = now_ns();

                times_[at_++] = end - begin_;
                begin_ = end;
                if (at_ == times_.size()) {
                    compat::send(this, referee_, done_atom_v, total, uint64_t{0});
                } else {
                    ask();
                }
            });
    }

    actor responder_;
    actor referee_;
    std::vector<uint64_t> &times_;
    std::size_t at_ = 0;
    uint64_t begin_ = 0;
};

static void ask(caf::actor_system &system, uint64_t size)
{
    scoped_actor self{system};
    std::vector<uint64_t> times(size);
    auto one = self->spawn<asker>(self->spawn<responder>(), actor{self}, std::ref(times));
    auto begin = now_ns();

    compat::send(self, one, start_atom_v, uint64_t{0}, uint64_t{0});
    auto total = receive_done(self);
    auto time = now_ns() - begin;
    check_total("ask", total, size);
    std::sort(times.begin(), times.end());
    print("ask.p50", static_cast<double>(times[size / 2]), "ns");
    print("ask.p99", static_cast<double>(times[size - 1 - size / 100]), "ns");
    print_rate("ask.requests", size, time);
}

const std::vector<row> messaging_rows = {
    {"pingpong", 3000000, pingpong}, // round trips
    {"count", 8000000, count},       // messages
    {"fanin", 8000000, fanin},       // messages of all producers
    {"ring", 5000000, ring},         // hops
    {"big", 30000, big},             // pings of each
    {"pubsub", 5000, pubsub},        // events
    {"ask", 1000000, ask},           // requests
};

} // namespace bench
