/* wake_model_test.c - every state an activation can be in, and every thing that can happen to it
 * there: it stands in the run queue once if it has something to do and may do it, and never runs
 * when it may not.
 *
 * One thread: an activation is its worker's. So these are sequences, not schedules. */
#include "base/port.h"
#include "core/mailbox.h"
#include "core/system.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MAIL_MAX 4u

/* What can happen. */
typedef enum event {
    WOKEN = 0,  /* for no reason */
    PLAIN_MAIL, /* of a handler that does not interleave */
    INTERLEAVING_MAIL,
    HOLD_ENDED, /* its EDA_WAIT effects were admitted */
    BACKED_OFF,
    STACK_FREE,   /* for one that starved */
    TURN_RESUMED, /* and ended: the suspended one */
    RUN,          /* the worker takes it from the queue */
    EVENTS
} event;

/* What waits in its mailbox, the first first. */
static const char *const mails[] = {"", "p", "i", "pi", "ip"};

static const unsigned flags_tried[] = {
    EDAI_IS_STARTED, EDAI_IS_QUEUED, EDAI_IS_HELD, EDAI_IS_BACKING_OFF, EDAI_IS_STARVED};
#define FLAG_SETS 32u

static unsigned turn_count; /* of handlers */
static unsigned start_count;

static eda_status handle(void *state, const void *message, void *ret_reply, eda_ctx *ctx)
{
    (void)state;
    (void)message;
    (void)ret_reply;
    (void)ctx;
    turn_count++;
    return EDA_OK;
}

static eda_status start(void *state, const void *deps, eda_ctx *ctx)
{
    (void)state;
    (void)deps;
    (void)ctx;
    start_count++;
    return EDA_OK;
}

static const eda_handler handlers[] = {{.fn = handle}, {.fn = handle, .interleaves = true}};
static const eda_actor actor = {.name = "model", .start = start};
static const eda_type message = {.name = "message"};
static const edai_port port;

typedef struct world {
    eda_system sys;
    edai_worker worker;
    edai_seat seat;
    edai_actor_type type;
    edai_msg msg;
    edai_route routes[2];
    edai_holding holding;
    edai_tally tallies[2];
    edai_extra extra;
    union {
        edai_activation *never;                                    /* only for its alignment */
        _Alignas(16) unsigned char bytes[sizeof(edai_activation)]; /* no state behind it */
    } slot;
    edai_envelope mail[MAIL_MAX];
    unsigned mail_count;
} world;

static world at;
#define SLOT ((edai_activation *)(void *)at.slot.bytes)

static edai_envelope *make_mail(bool interleaves)
{
    edai_envelope *made = &at.mail[at.mail_count++];

    *made = (edai_envelope){
        .route = &at.routes[interleaves ? 1 : 0], .home = EDAI_HOME_NOWHERE, .kind = EDAI_DELIVERY};
    return made;
}

/* In the state named, without having come there by any event. */
static void set_up(unsigned flags, const char *mail, bool has_open_turn)
{
    memset(&at, 0, sizeof(at));
    at.type = (edai_actor_type){.actor = &actor,
        .supervisor = &eda_supervisor_singleton,
        .has_interleaves = true,
        .mailbox_len_max = 16,
        .worker = 0};
    at.msg = (edai_msg){.type = &message};
    at.routes[0] = (edai_route){.actor = &at.type, .handler = &handlers[0], .msg = &at.msg};
    at.routes[1] =
        (edai_route){.actor = &at.type, .handler = &handlers[1], .msg = &at.msg, .index = 1};
    at.sys.magic = EDAI_SYSTEM_MAGIC;
    at.sys.port = &port;
    at.sys.options.turn_budget = 1;
    at.worker.sys = &at.sys;
    at.worker.port = &port;
    at.seat.turns_cap = UINT32_MAX;
    at.seat.turns_stop = UINT64_MAX;
    edai_seat_place(&at.seat, &at.worker);
    at.worker.holdings = &at.holding;
    at.worker.tallies = at.tallies;
    SLOT->type = &at.type;
    SLOT->extra = &at.extra;
    SLOT->turn_count = has_open_turn ? 1 : 0;
    for (; *mail != '\0'; mail++) {
        edai_envelope *made = make_mail(*mail == 'i');

        if (SLOT->head == NULL) {
            SLOT->head = made;
        } else {
            SLOT->tail->next = made;
        }
        SLOT->tail = made;
        SLOT->len++;
    }
    SLOT->flags = (uint16_t)flags;
    if ((flags & EDAI_IS_QUEUED) != 0) {
        edai_worker_queue(&at.worker, SLOT);
    }
    if ((flags & EDAI_IS_STARVED) != 0) {
        at.worker.starved = SLOT;
        at.worker.starved_last = SLOT;
    }
    if ((flags & EDAI_IS_HELD) != 0) {
        at.extra.holds = 1;
        at.worker.held_count = 1;
    }
}

static unsigned queued_count(void)
{
    const edai_activation *next = at.worker.run_first;
    unsigned count = 0;

    for (; next != NULL && count < 3; next = next->run_next) {
        count++;
    }
    return count;
}

static bool is_blocked(void)
{
    return (SLOT->flags & (EDAI_IS_BACKING_OFF | EDAI_IS_HELD | EDAI_IS_STARVED)) != 0;
}

static bool has_work(void)
{
    return SLOT->head != NULL && (SLOT->turn_count == 0 || edai_mailbox_has_interleaving(SLOT));
}

/* NULL: as it must be. */
static const char *what_is_wrong(void)
{
    bool is_queued = (SLOT->flags & EDAI_IS_QUEUED) != 0;

    if (queued_count() != (is_queued ? 1u : 0u)) {
        return "it stands in the queue once if it is marked so, and not otherwise";
    }
    if (has_work() && !is_blocked() && !is_queued) {
        return "whoever has mail and may run is queued";
    }
    return NULL;
}

/* States that the runtime can be in: the rest is not asked about. */
static bool is_possible(bool has_open_turn)
{
    unsigned flags = SLOT->flags;

    if (has_open_turn && (flags & EDAI_IS_STARTED) == 0) {
        return false; /* a suspended start is its own turn: nothing interleaves with it */
    }
    if ((flags & EDAI_IS_STARVED) != 0 && (flags & EDAI_IS_QUEUED) != 0) {
        return false; /* it is taken from one queue into the other */
    }
    return what_is_wrong() == NULL;
}

static bool can_happen(event what)
{
    unsigned flags = SLOT->flags;

    switch (what) {
    case HOLD_ENDED:
        return (flags & EDAI_IS_HELD) != 0;
    case BACKED_OFF:
        return (flags & EDAI_IS_BACKING_OFF) != 0;
    case STACK_FREE:
        return (flags & EDAI_IS_STARVED) != 0;
    case TURN_RESUMED:
        return SLOT->turn_count > 0;
    case RUN:
        return (flags & EDAI_IS_QUEUED) != 0;
    case WOKEN:
    case PLAIN_MAIL:
    case INTERLEAVING_MAIL:
    case EVENTS:
    default:
        return true;
    }
}

static void happen(event what)
{
    eda_ctx ctx;

    switch (what) {
    case PLAIN_MAIL:
    case INTERLEAVING_MAIL:
        edai_mailbox_put(&at.worker, SLOT, make_mail(what == INTERLEAVING_MAIL));
        break;
    case HOLD_ENDED:
        edai_held_settle(&at.worker, SLOT, 0);
        break;
    case BACKED_OFF:
        SLOT->flags = (uint16_t)(SLOT->flags & ~EDAI_IS_BACKING_OFF);
        edai_activation_wake(&at.worker, SLOT);
        break;
    case STACK_FREE:
        edai_worker_unstarve(&at.worker, SLOT);
        break;
    case TURN_RESUMED:
        SLOT->turn_count = 0;
        edai_activation_wake(&at.worker, SLOT);
        break;
    case RUN:
        at.worker.run_first = SLOT->run_next;
        edai_turn_prepare(&ctx, &at.worker);
        edai_activation_run(&at.worker, &ctx, SLOT);
        break;
    case WOKEN:
    case EVENTS:
    default:
        edai_activation_wake(&at.worker, SLOT);
        break;
    }
}

static unsigned flags_of(unsigned set)
{
    unsigned flags = 0;
    unsigned i;

    for (i = 0; i < sizeof(flags_tried) / sizeof(flags_tried[0]); i++) {
        flags |= (set >> i & 1) != 0 ? flags_tried[i] : 0;
    }
    return flags;
}

/* One event in one state, and whatever may follow it: `depth` more. */
static void follow(unsigned depth, unsigned *count)
{
    const world before = at;
    unsigned what;

    for (what = 0; what < EVENTS; what++) {
        unsigned turns = turn_count;
        unsigned starts = start_count;
        unsigned flags = SLOT->flags;
        bool was_held_back = is_blocked();
        bool is_over =
            at.mail_count == MAIL_MAX && (what == PLAIN_MAIL || what == INTERLEAVING_MAIL);

        if (is_over || !can_happen((event)what)) {
            continue;
        }
        happen((event)what);
        (*count)++;
        assert_null(what_is_wrong());
        assert_false(was_held_back && turn_count != turns);
        assert_false((flags & EDAI_IS_BACKING_OFF) != 0 && start_count != starts);
        assert_true(turn_count - turns <= 1);
        if (depth > 0) {
            follow(depth - 1, count);
        }
        at = before;
    }
}

static void activation_after_every_event_is_queued_once_if_ready(void **state)
{
    unsigned states = 0;
    unsigned events = 0;
    unsigned set;
    unsigned mail;
    unsigned open;

    (void)state;
    for (set = 0; set < FLAG_SETS; set++) {
        for (mail = 0; mail < sizeof(mails) / sizeof(mails[0]); mail++) {
            for (open = 0; open < 2; open++) {
                set_up(flags_of(set), mails[mail], open == 1);
                if (is_possible(open == 1)) {
                    states++;
                    follow(3, &events);
                }
            }
        }
    }
    printf("%u states, %u events in sequences of 4\n", states, events);
    assert_true(states > 50);
}

/* The check can fail: what the runtime must not do. */
static void activation_made_ready_without_wake_is_found_out(void **state)
{
    (void)state;
    set_up(EDAI_IS_STARTED | EDAI_IS_HELD, "p", false);
    assert_null(what_is_wrong());
    SLOT->flags = (uint16_t)(SLOT->flags & ~EDAI_IS_HELD);
    assert_non_null(what_is_wrong());
    set_up(EDAI_IS_STARTED | EDAI_IS_QUEUED, "p", false);
    SLOT->flags = (uint16_t)(SLOT->flags & ~EDAI_IS_QUEUED);
    assert_non_null(what_is_wrong());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(activation_after_every_event_is_queued_once_if_ready),
        cmocka_unit_test(activation_made_ready_without_wake_is_found_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
