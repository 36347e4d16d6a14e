/* view_sim_test.c - whole clusters in virtual time: processes start, stand still, are killed,
 * vanish and leave, links are cut, hellos, pings and answers are lost, delayed and overtaken. All
 * along each view must be what it heard; in the end all must agree. Mistakes planted in the views
 * must be found.
 *
 * EDA_SEED=n runs that seed alone. */
#define EDAI_VIEW_PLANTED(name_) (planted == MISTAKE_##name_)

typedef enum mistake {
    MISTAKE_NONE = 0,
    MISTAKE_UNSTICKY,    /* who holds a partition does not count */
    MISTAKE_LOWEST_SLOT, /* the lowest slot wins, not the heaviest */
    MISTAKE_UNMOVED,     /* what a dead one owned is not placed anew */
    MISTAKE_UNPINGED,    /* usable before it has answered */
    MISTAKE_RESURRECTED, /* a dead incarnation is taken for a new one */
    MISTAKE_EARLY_DEATH, /* the time of a suspect counts from its last hello */
    MISTAKE_UNFORGIVING, /* who stood still blames the others */
    MISTAKE_ASKED_ONCE,  /* a catalogue that was lost is not asked for again */
    MISTAKE_COUNT
} mistake;

static mistake planted;

#include "view/place.c" /* NOLINT(bugprone-suspicious-include): compiled with the mistakes */
#include "view/view.c"  /* NOLINT(bugprone-suspicious-include) */

#include "base/random.h"
#include "view/view_oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define SEEDS 60u
#define NAMES 5u      /* nodes at a time */
#define PROCESSES 64u /* ever, in one run */
#define TYPES 3u
#define EVENTS_MAX 4096u
#define CHAOS_MS 40000
#define CALM_MS 12000 /* of peace, after which all must agree */
#define ID_SIZE 24
#define FAILURE_SIZE 200

static const char *const types[TYPES] = {"door", "lamp", "lift"};

typedef struct process process;
typedef struct world world;

/* What one process was told by another. */
typedef struct knowledge {
    bool is_leaving;
    bool was_answered; /* some pong came */
    bool was_usable;
    bool is_buried; /* having been usable */
    uint32_t unserved;
    uint64_t view;
    int64_t suspected_at;
    uint8_t held[TYPES][EDAI_PARTITIONS / 8];
} knowledge;

typedef enum life {
    UNBORN = 0,
    RUNNING,
    STILL, /* SIGSTOP */
    GONE
} life;

struct process {
    world *world;
    uint32_t number;
    uint32_t name;
    char id[ID_SIZE];
    life life;
    bool is_leaving;
    bool is_doomed; /* was told that others gave it up */
    uint32_t hosts; /* bit: type */
    int64_t still_since;
    int64_t still_until;
    int64_t went_on_at; /* after standing still for so long that the view must notice */
    int64_t due;
    int64_t hello_at;
    edai_view *view;
    uint8_t held[TYPES][EDAI_PARTITIONS / 8];
    knowledge heard[PROCESSES];
};

typedef enum kind {
    HELLO = 1,
    PING,
    PONG,
    UNSERVED,
    ASK,
    CATALOGUE,
    TOKEN,
    UNTOKEN,
    GIVEN_UP /* the sender says that the receiver is dead to it */
} news_kind;

typedef struct news {
    int64_t at;
    news_kind kind;
    uint32_t from;
    uint32_t to;
    uint64_t view; /* HELLO, PONG: what the sender was when it sent */
    bool is_leaving;
    uint8_t held[TYPES][EDAI_PARTITIONS / 8];
} news;

struct world {
    edai_random random;
    int64_t now;
    bool is_calm;
    uint32_t count;
    process processes[PROCESSES];
    bool is_cut[NAMES][NAMES];
    uint32_t event_count;
    news events[EVENTS_MAX];
    int64_t restless_at; /* when a process last began or ended */
    uint32_t deaths;
    char failure[FAILURE_SIZE];
};

static void complain(world *self, const char *what, const process *at, const char *about)
{
    if (self->failure[0] == '\0') {
        (void)snprintf(self->failure, sizeof self->failure, "%lld ms, %s: %s: %s",
            (long long)(self->now / EDA_MS(1)), at->id, what, about);
    }
}

static bool chance(world *self, unsigned one_in)
{
    return edai_random_below(&self->random, one_in) == 0;
}

static bool is_there(const process *one)
{
    return one->life == RUNNING || one->life == STILL;
}

/* --- the network --- */

static bool is_reliable(news_kind kind)
{
    return kind == TOKEN || kind == UNTOKEN;
}

static void post(world *self, news_kind kind, const process *from, const process *to)
{
    bool is_cut = self->is_cut[from->name][to->name];

    if (!is_reliable(kind) && (is_cut || (!self->is_calm && chance(self, 5)))) {
        return;
    }
    if (self->event_count == EVENTS_MAX) {
        complain(self, "too many events", from, to->id);
        return;
    }
    uint64_t delay_us = edai_random_below(&self->random, self->is_calm ? 20000 : 300000);
    news *one = &self->events[self->event_count++];
    *one = (news){.at = self->now + EDA_US((int64_t)delay_us),
        .kind = kind,
        .from = from->number,
        .to = to->number,
        .view = edai_view_number(from->view),
        .is_leaving = from->is_leaving};
    memcpy(one->held, from->held, sizeof one->held);
}

static void post_to_all(world *self, news_kind kind, const process *from)
{
    for (uint32_t i = 0; i < self->count; i++) {
        if (i != from->number && is_there(&self->processes[i])) {
            post(self, kind, from, &self->processes[i]);
        }
    }
}

static process *process_of(world *self, const char *id)
{
    for (uint32_t i = 0; i < self->count; i++) {
        if (strcmp(self->processes[i].id, id) == 0) {
            return &self->processes[i];
        }
    }
    return NULL;
}

/* --- what views want --- */

static void on_ping(void *arg, const edai_member *member)
{
    process *me = arg;

    post(me->world, PING, me, process_of(me->world, member->id));
}

static void on_ask(void *arg, const edai_member *member)
{
    process *me = arg;

    post(me->world, ASK, me, process_of(me->world, member->id));
}

static void check_death(process *me, const process *other, edai_member_state before)
{
    world *self = me->world;
    const knowledge *heard = &me->heard[other->number];
    bool is_unserved = heard->unserved >= EDAI_UNSERVED_MAX;

    if (before == EDAI_SUSPECT && !is_unserved) {
        if (self->now - heard->suspected_at < EDA_MS(EDAI_DEAD_MS)) {
            complain(self, "dead without its time as a suspect", me, other->id);
        }
        if (self->now - me->went_on_at < EDA_MS(EDAI_DEAD_MS)) {
            complain(self, "dead because this node stood still", me, other->id);
        }
    }
    if (before == EDAI_USABLE || before == EDAI_LEAVING) {
        complain(self, "dead without having been suspected", me, other->id);
    }
}

static void on_changed(void *arg, const edai_member *member, edai_member_state before)
{
    process *me = arg;
    world *self = me->world;
    process *other = process_of(self, member->id);
    knowledge *heard = &me->heard[other->number];

    if (before == 0 && heard->is_buried) {
        complain(self, "a dead incarnation was found", me, other->id);
    }
    if (before == EDAI_JOINING && member->state != EDAI_GONE && !heard->was_answered) {
        complain(self, "usable without an answer", me, other->id);
    }
    if (member->state == EDAI_SUSPECT) {
        heard->suspected_at = self->now;
        heard->unserved = 0;
    }
    if (member->state == EDAI_GONE) {
        check_death(me, other, before);
        bool is_buried = heard->was_usable;
        *heard = (knowledge){.is_buried = is_buried};
        self->deaths++;
    } else {
        heard->was_usable |= member->state != EDAI_JOINING;
    }
}

/* --- processes --- */

static void tell_tokens(world *self, process *one)
{
    post_to_all(self, TOKEN, one);
    for (uint32_t i = 0; i < self->count; i++) {
        if (i != one->number && is_there(&self->processes[i])) {
            post(self, TOKEN, &self->processes[i], one);
        }
    }
}

static void start(world *self, uint32_t name)
{
    if (self->count == PROCESSES) {
        return;
    }
    process *one = &self->processes[self->count];
    edai_view_events events = {
        .arg = one, .ping = on_ping, .catalogue = on_ask, .changed = on_changed};
    *one = (process){.world = self,
        .number = self->count++,
        .name = name,
        .life = RUNNING,
        .hosts = (uint32_t)edai_random_below(&self->random, 1U << TYPES),
        .went_on_at = self->now - EDA_SEC(60),
        .due = self->now,
        .hello_at = self->now};
    (void)snprintf(one->id, sizeof one->id, "%c/%016llx", (char)('a' + name),
        (unsigned long long)edai_random_next(&self->random));
    assert_int_equal(edai_view_new(eda_str_from(one->id), &events, &one->view), EDA_OK);
    for (uint32_t t = 0; t < TYPES; t++) {
        assert_non_null(edai_view_place(one->view, eda_str_from(types[t])));
        if ((one->hosts >> t & 1) != 0) {
            assert_int_equal(edai_view_host(one->view, eda_str_from(types[t])), EDA_OK);
        }
    }
    edai_view_ready(one->view);
    tell_tokens(self, one);
    self->restless_at = self->now;
}

/* `is_told`: the others see at once that its token is gone; else its host vanished, and they see it
 * some time later. */
static void end(world *self, process *one, bool is_told)
{
    uint32_t before = self->event_count;

    post_to_all(self, UNTOKEN, one);
    for (uint32_t i = before; i < self->event_count && !is_told; i++) {
        self->events[i].at += EDA_MS((int64_t)edai_random_below(&self->random, 8000));
    }
    one->life = GONE;
    self->restless_at = self->now;
}

static void say_hello(world *self, process *one)
{
    one->hello_at = self->now + EDA_MS(EDAI_HELLO_MS);
    post_to_all(self, HELLO, one);
}

static const char *owner_in(const process *me, uint32_t type, uint32_t partition)
{
    const edai_place *place = edai_view_place(me->view, eda_str_from(types[type]));
    const edai_member *member = edai_view_at(me->view, edai_place_owner(place, partition));

    return member == NULL ? NULL : member->id;
}

static bool is_same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool lives_here(const process *one, uint32_t type, uint32_t partition)
{
    return (one->held[type][partition / 8] >> partition % 8 & 1) != 0;
}

static void set_life_in(process *me, uint32_t type, uint32_t partition, bool is_held)
{
    uint8_t bit = (uint8_t)(1U << partition % 8);
    uint8_t *byte = &me->held[type][partition / 8];

    *byte = (uint8_t)(is_held ? *byte | bit : *byte & ~bit);
    edai_view_hold(me->view, edai_view_place(me->view, eda_str_from(types[type])), me->held[type]);
}

/* A message brings an actor to life where it belongs; one that belongs elsewhere goes. */
static void work(world *self, process *me)
{
    uint32_t type = (uint32_t)edai_random_below(&self->random, TYPES);
    uint32_t first = (uint32_t)edai_random_below(&self->random, EDAI_PARTITIONS);

    for (uint32_t i = 0; i < 8; i++) {
        uint32_t partition = (first + i) % EDAI_PARTITIONS;
        const char *owner = owner_in(me, type, partition);
        bool is_mine = owner != NULL && strcmp(owner, me->id) == 0;
        set_life_in(me, type, partition, is_mine && !me->is_leaving && chance(self, 2));
    }
}

/* Whatever it does not own it gives up; if it is leaving the rest too, little by little. */
static void yield_what_is_lost(process *me)
{
    for (uint32_t t = 0; t < TYPES; t++) {
        for (uint32_t p = 0; p < EDAI_PARTITIONS; p++) {
            if (lives_here(me, t, p) && (!is_same(owner_in(me, t, p), me->id) ||
                                            (me->is_leaving && chance(me->world, 100)))) {
                set_life_in(me, t, p, false);
            }
        }
    }
}

/* --- what is heard --- */

static void note_hello(process *me, const news *event)
{
    knowledge *heard = &me->heard[event->from];

    if (heard->is_buried || event->view < heard->view) {
        return;
    }
    heard->view = event->view;
    heard->is_leaving |= event->is_leaving;
    memcpy(heard->held, event->held, sizeof heard->held);
}

static eda_status hear_hello(process *me, const process *from, const news *event)
{
    edai_wire_held held[TYPES];
    edai_hello hello = {.node = {from->id, 1},
        .inc = eda_str_from(from->id + 2),
        .view = event->view,
        .actors = from->hosts,
        .is_leaving = event->is_leaving,
        .held = held,
        .held_count = TYPES};

    for (uint32_t t = 0; t < TYPES; t++) {
        held[t].actor = eda_str_from(types[t]);
        memcpy(held[t].bits, event->held[t], sizeof held[t].bits);
    }
    note_hello(me, event);
    if (event->kind == PONG && !me->heard[from->number].is_buried) {
        me->heard[from->number].was_answered = true;
    }
    return event->kind == PONG ? edai_view_pong(me->view, &hello, me->world->now)
                               : edai_view_hello(me->view, &hello, me->world->now);
}

static eda_status hear_catalogue(process *me, const process *from)
{
    eda_str actors[TYPES];
    uint32_t count = 0;

    for (uint32_t t = 0; t < TYPES; t++) {
        if ((from->hosts >> t & 1) != 0) {
            actors[count++] = eda_str_from(types[t]);
        }
    }
    eda_status status =
        edai_view_catalogued(me->view, eda_str_from(from->id), from->hosts, actors, count);
    return status == EDA_ENOENT ? EDA_OK : status;
}

static eda_status hear_news(process *me, const process *from, const news *event)
{
    world *self = me->world;
    eda_str id = eda_str_from(from->id);

    switch (event->kind) {
    case HELLO:
    case PONG:
        return hear_hello(me, from, event);
    case TOKEN:
    case UNTOKEN:
        return edai_view_token(me->view, id, event->kind == TOKEN, self->now);
    case CATALOGUE:
        return hear_catalogue(me, from);
    case UNSERVED:
        me->heard[from->number].unserved++;
        edai_view_unserved(me->view, id, self->now);
        return EDA_OK;
    case PING:
    case ASK:
        post(self, event->kind == PING ? PONG : CATALOGUE, me, from);
        return EDA_OK;
    case GIVEN_UP:
        me->is_doomed = true;
        return EDA_OK;
    }
    return EDA_EINVAL;
}

static void deliver(world *self, const news *event)
{
    process *me = &self->processes[event->to];
    process *from = &self->processes[event->from];

    if (me->life == GONE) {
        if (event->kind == PING && is_there(from)) {
            post(self, UNSERVED, me, from);
        }
        return;
    }
    eda_status status = hear_news(me, from, event);
    if (status == EDA_ESTALE) {
        post(self, GIVEN_UP, me, from);
    } else if (status != EDA_OK) {
        complain(self, eda_status_name(status), me, from->id);
    }
    me->due = self->now;
}

/* --- what must always hold --- */

/* Of the members that the view shows, those that host the type, and what they said. */
static uint32_t list_hosts(process *me, uint32_t type, oracle_node nodes[PROCESSES])
{
    uint32_t count = 0;

    for (unsigned slot = 0; slot < EDAI_MEMBERS_MAX; slot++) {
        const edai_member *member = edai_view_at(me->view, (uint16_t)slot);
        if (member == NULL || member->state == EDAI_JOINING) {
            continue;
        }
        const process *other = process_of(me->world, member->id);
        const knowledge *heard = &me->heard[other->number];
        if ((other->hosts >> type & 1) == 0) {
            continue;
        }
        nodes[count++] = (oracle_node){.id = other->id,
            .is_leaving = other == me ? me->is_leaving : heard->is_leaving,
            .held = other == me ? me->held[type] : heard->held[type]};
    }
    return count;
}

static void check_owners(process *me)
{
    oracle_node nodes[PROCESSES];

    for (uint32_t t = 0; t < TYPES; t++) {
        uint32_t count = list_hosts(me, t, nodes);
        for (uint32_t p = 0; p < EDAI_PARTITIONS; p += 3) {
            const char *owner = owner_in(me, t, p);
            if (!is_same(owner, oracle_owner(types[t], p, nodes, count))) {
                complain(me->world, "a partition has the wrong owner", me, owner ? owner : "none");
                return;
            }
        }
    }
}

static void check_same_owners(process *me, const process *other)
{
    for (uint32_t t = 0; t < TYPES; t++) {
        for (uint32_t p = 0; p < EDAI_PARTITIONS; p++) {
            const char *owner = owner_in(me, t, p);
            if (!is_same(owner, owner_in(other, t, p))) {
                complain(me->world, "two views differ", me, other->id);
            }
            if (lives_here(me, t, p) && !is_same(owner, me->id)) {
                complain(me->world, "a partition lives where it does not belong", me, types[t]);
            }
        }
    }
}

/* In the end: everybody knows everybody, nobody else, and all agree. */
static void check_agreement(world *self)
{
    const process *first = NULL;
    uint32_t there = 0;

    for (uint32_t i = 0; i < self->count; i++) {
        there += is_there(&self->processes[i]);
    }
    for (uint32_t i = 0; i < self->count; i++) {
        process *me = &self->processes[i];
        if (!is_there(me)) {
            continue;
        }
        first = first != NULL ? first : me;
        if (edai_view_usable_count(me->view) != there) {
            complain(self, "not all and nobody else are usable", me, "");
        }
        check_same_owners(me, first);
    }
}

/* --- chaos --- */

static process *any_running(world *self)
{
    for (unsigned tries = 0; tries < 8; tries++) {
        process *one = &self->processes[edai_random_below(&self->random, self->count)];
        if (one->life == RUNNING && !one->is_leaving) {
            return one;
        }
    }
    return NULL;
}

static void set_cut(world *self, uint32_t a, uint32_t b, bool is_cut)
{
    if (a == b || self->is_cut[a][b] == is_cut) {
        return;
    }
    self->is_cut[a][b] = is_cut;
    self->is_cut[b][a] = is_cut;
    for (uint32_t i = 0; i < self->count; i++) {
        for (uint32_t j = 0; j < self->count; j++) {
            const process *from = &self->processes[i];
            const process *to = &self->processes[j];
            bool is_it = (from->name == a && to->name == b) || (from->name == b && to->name == a);
            if (is_it && is_there(from) && is_there(to)) {
                post(self, is_cut ? UNTOKEN : TOKEN, from, to);
            }
        }
    }
}

static void stand_still(world *self, process *one)
{
    one->life = STILL;
    one->still_since = self->now;
    one->still_until = self->now + EDA_MS(200 + (int64_t)edai_random_below(&self->random, 7000));
}

static void leave(process *one)
{
    one->is_leaving = true;
    edai_view_leave(one->view);
}

/* Something goes wrong, about twice a second. */
static void disturb(world *self)
{
    process *one = any_running(self);

    if (one == NULL) {
        return;
    }
    switch (edai_random_below(&self->random, 7)) {
    case 0:
        end(self, one, chance(self, 2));
        break;
    case 1:
    case 2:
        stand_still(self, one);
        break;
    case 3:
        leave(one);
        break;
    case 4:
    case 5:
        set_cut(self, one->name, (uint32_t)edai_random_below(&self->random, NAMES), true);
        break;
    default:
        for (uint32_t i = 0; i < NAMES; i++) {
            set_cut(self, one->name, i, false);
        }
    }
}

static void calm_down(world *self)
{
    self->is_calm = true;
    for (uint32_t a = 0; a < NAMES; a++) {
        for (uint32_t b = 0; b < a; b++) {
            set_cut(self, a, b, false);
        }
    }
    for (uint32_t i = 0; i < self->count; i++) {
        self->processes[i].still_until = self->now;
    }
}

/* --- time --- */

static bool has_name(const world *self, uint32_t name)
{
    for (uint32_t i = 0; i < self->count; i++) {
        if (self->processes[i].name == name && is_there(&self->processes[i])) {
            return true;
        }
    }
    return false;
}

static bool holds_nothing(const process *one)
{
    static const uint8_t nothing[TYPES][EDAI_PARTITIONS / 8];

    return memcmp(one->held, nothing, sizeof nothing) == 0;
}

/* Nothing comes to life any more, so that the last hellos can tell of it. */
static bool is_quiet(const world *self)
{
    return self->is_calm && self->now - self->restless_at > EDA_MS(CALM_MS / 2);
}

/* A turn of the process's own thread. */
static void run_process(world *self, process *one)
{
    if (self->now >= one->hello_at) {
        say_hello(self, one);
    }
    if (chance(self, 20) && !is_quiet(self)) {
        work(self, one);
    }
    yield_what_is_lost(one);
    if (one->is_doomed || (one->is_leaving && holds_nothing(one) && chance(self, 50))) {
        end(self, one, true);
    } else if (self->now >= one->due) {
        one->due = edai_view_tick(one->view, self->now);
        check_owners(one);
    }
}

/* What comes to one who stands still waits. */
static void deliver_due(world *self)
{
    for (uint32_t i = 0; i < self->event_count;) {
        news one = self->events[i];
        if (one.at > self->now || self->processes[one.to].life == STILL) {
            i++;
            continue;
        }
        self->events[i] = self->events[--self->event_count];
        deliver(self, &one);
    }
}

/* Goes on in the worst way: it looks at the clock before it reads what came meanwhile. */
static void go_on(world *self, process *one)
{
    one->life = RUNNING;
    if (self->now - one->still_since >= EDA_MS(EDAI_STALL_MS + EDAI_PING_MS)) {
        one->went_on_at = self->now;
    }
    one->due = edai_view_tick(one->view, self->now);
}

static void step(world *self)
{
    for (uint32_t i = 0; i < self->count; i++) {
        process *one = &self->processes[i];
        if (one->life == STILL && self->now >= one->still_until) {
            go_on(self, one);
        }
    }
    deliver_due(self);
    for (uint32_t i = 0; i < self->count; i++) {
        if (self->processes[i].life == RUNNING) {
            run_process(self, &self->processes[i]);
        }
    }
    uint32_t name = (uint32_t)edai_random_below(&self->random, NAMES);
    if (!has_name(self, name) && chance(self, self->is_calm ? 2 : 40)) {
        start(self, name);
    }
}

/* Returns how many deaths were told; what went wrong stands in the world. */
static uint32_t run(world *self, uint64_t seed)
{
    self->now = EDA_SEC(1000);
    edai_random_seed(&self->random, seed);
    while (self->failure[0] == '\0') {
        int64_t ms = (self->now - EDA_SEC(1000)) / EDA_MS(1);
        if (ms == CHAOS_MS) {
            calm_down(self);
        }
        if (self->is_calm && self->now - self->restless_at > EDA_MS(CALM_MS) &&
            ms > CHAOS_MS + CALM_MS) {
            check_agreement(self);
            break;
        }
        if (ms > CHAOS_MS + 10 * CALM_MS) {
            complain(self, "no rest", &self->processes[0], "");
        }
        if (!self->is_calm && self->count > 0 && chance(self, 50)) {
            disturb(self);
        }
        step(self);
        self->now += EDA_MS(10);
    }
    for (uint32_t i = 0; i < self->count; i++) {
        edai_view_free(self->processes[i].view);
    }
    return self->deaths;
}

/* False: it failed; why stands in the text. */
static bool run_seed(uint64_t seed, uint32_t *ret_deaths, char failure[FAILURE_SIZE])
{
    world *self = calloc(1, sizeof *self);

    assert_non_null(self);
    *ret_deaths = run(self, seed);
    memcpy(failure, self->failure, FAILURE_SIZE);
    free(self);
    return failure[0] == '\0';
}

static void view_sim_agrees_in_the_end_and_never_lies(void **state)
{
    (void)state;
    const char *only = getenv("EDA_SEED"); /* NOLINT(concurrency-mt-unsafe): one thread */
    uint64_t first = only != NULL ? strtoull(only, NULL, 10) : 1;
    uint64_t last = only != NULL ? first : SEEDS;
    uint32_t sum = 0;

    planted = MISTAKE_NONE;
    for (uint64_t seed = first; seed <= last; seed++) {
        char failure[FAILURE_SIZE];
        uint32_t deaths;
        if (!run_seed(seed, &deaths, failure)) {
            fail_msg("%s; again with EDA_SEED=%llu", failure, (unsigned long long)seed);
        }
        sum += deaths;
    }
    print_message("%llu runs, %u deaths\n", (unsigned long long)last + 1 - first, sum);
    assert_true(sum > 0);
}

static void view_sim_finds_each_planted_mistake(void **state)
{
    (void)state;
    for (mistake one = MISTAKE_NONE + 1; one < MISTAKE_COUNT; one++) {
        char failure[FAILURE_SIZE] = "";
        uint32_t deaths;
        uint64_t seed = 0;
        planted = one;
        while (seed < SEEDS && run_seed(++seed, &deaths, failure)) {
        }
        planted = MISTAKE_NONE;
        print_message("mistake %d, seed %llu: %s\n", (int)one, (unsigned long long)seed, failure);
        assert_true(failure[0] != '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(view_sim_agrees_in_the_end_and_never_lies),
        cmocka_unit_test(view_sim_finds_each_planted_mistake),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
