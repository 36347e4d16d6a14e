/* state_test.c - when saved fields are loaded, committed, rolled back, lost and loaded anew.
 *
 * Every system here is pumped: one thread, nothing runs but while the test waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include <edacious/edacious.h>

#include "base/memory.h"
#include "state_store.h"

/* --- a box that saves, and an ear that hears what leaves it ------------------------------- */

EDA_ENUM(state_what,
    (STATE_LOOK, "look"),
    (STATE_PUT, "put"),
    (STATE_PUT_AND_FAIL, "put_and_fail"),
    (STATE_PUT_AND_RESTART, "put_and_restart"),
    (STATE_SAVE_PUT_AND_FAIL, "save_put_and_fail"), /* saves value, then changes it again and fails */
    (STATE_SAVE_AND_IGNORE, "save_and_ignore"),     /* looks away when eda_save fails */
    (STATE_ASK_ONESELF, "ask_oneself"),             /* saves, then asks another box that tells what is stored */
    (STATE_PUT_NONSENSE, "put_nonsense")); /* a text that is not UTF-8 */

EDA_RECORD(state_seen, (uint64_t, value), (uint64_t, memory), (bool, is_new));
EDA_REQUEST(state_do, state_seen, "state/box/{id}/do",
    (eda_str, id), (state_what, what), (uint64_t, value));
EDA_MESSAGE(state_changed, "state/box/{id}/changed", (eda_str, id), (uint64_t, value));
EDA_MESSAGE(state_push, "state/box/{id}/push", (eda_str, id), (uint64_t, value));
EDA_MESSAGE(state_wait, "state/box/{id}/wait", (eda_str, id), (bool, succeeds));

typedef struct state_box {
    uint64_t value;  /* saved */
    eda_text name;   /* saved */
    uint64_t memory; /* turns that happened, since it was started */
} state_box;

static struct {
    uint64_t loaded; /* what start found */
    uint32_t starts;
    uint32_t news;
    uint32_t stops;
    eda_stop_reason reason;
    eda_status save_in_start;
    bool saves_in_stop;
    uint64_t heard; /* by the ear, last */
    uint32_t heard_count;
    eda_status woken; /* a turn that slept */
} seen;

static eda_status box_start(state_box *self, const eda_none *deps, eda_ctx *ctx)
{
    (void)deps;
    seen.loaded = self->value;
    seen.starts++;
    seen.news += eda_ctx_is_new(ctx);
    seen.save_in_start = eda_save(ctx);
    return EDA_OK;
}

static void box_stop(state_box *self, eda_stop_reason reason, eda_ctx *ctx)
{
    seen.stops++;
    seen.reason = reason;
    if (seen.saves_in_stop) {
        self->value = 77;
        assert_int_equal(eda_save(ctx), EDA_OK);
    }
}

static eda_status box_put(state_box *self, const state_do *cmd, eda_ctx *ctx)
{
    self->value = cmd->value;
    self->memory++;
    EDA_TRY(eda_text_set(ctx, &self->name, cmd->id));
    return eda_publish(ctx, EDA_MSG(state_changed, .id = cmd->id, .value = cmd->value), NULL);
}

static eda_status box_save(state_box *self, const state_do *cmd, eda_ctx *ctx)
{
    EDA_TRY(eda_save(ctx));
    self->value = cmd->value + 1;
    return eda_fail(ctx, EDA_OK, "after the save") == EDA_EFAILED ? 1001 : EDA_EINVAL;
}

static eda_status box_ask(eda_ctx *ctx)
{
    const state_seen *other = NULL;

    EDA_TRY(eda_save(ctx));
    EDA_TRY(eda_ask(ctx, EDA_ASK(state_do, &other, .id = EDA_STR("other")), 1000));
    return 1002;
}

static eda_status box_on_do(state_box *self, const state_do *cmd, state_seen *ret, eda_ctx *ctx)
{
    if (cmd->what != STATE_LOOK) {
        EDA_TRY(box_put(self, cmd, ctx));
    }
    *ret =
        (state_seen){.value = self->value, .memory = self->memory, .is_new = eda_ctx_is_new(ctx)};
    switch (cmd->what) {
    case STATE_PUT_AND_FAIL:
        return 1000;
    case STATE_PUT_AND_RESTART:
        return eda_fail(ctx, 1000, "wants a restart");
    case STATE_SAVE_PUT_AND_FAIL:
        return box_save(self, cmd, ctx);
    case STATE_SAVE_AND_IGNORE:
        (void)!eda_save(ctx);
        return EDA_OK;
    case STATE_ASK_ONESELF:
        return box_ask(ctx);
    case STATE_PUT_NONSENSE:
        return eda_text_set(ctx, &self->name, EDA_STR("\xff"));
    case STATE_LOOK:
    case STATE_PUT:
        break;
    }
    return EDA_OK;
}

static eda_status box_on_push(state_box *self, const state_push *push, eda_ctx *ctx)
{
    (void)ctx;
    self->value = push->value;
    return EDA_OK;
}

static eda_status box_on_wait(state_box *self, const state_wait *wait, eda_ctx *ctx)
{
    self->value = 50;
    seen.woken = eda_sleep(ctx, EDA_SEC(3600));
    return wait->succeeds ? EDA_OK : seen.woken;
}

EDA_ACTOR(state_box, eda_none,
    key(id),
    saves(value, name),
    emits(state_changed, state_do),
    start(box_start),
    stop(box_stop),
    on(state_push, box_on_push, interleaves),
    on(state_wait, box_on_wait),
    answers(state_do, box_on_do));

/* The same, saved lazily. */
static eda_actor lazy_box(void)
{
    eda_actor actor = eda_actor_state_box;

    actor.options.saves_lazily = true;
    return actor;
}

typedef struct state_ear {
    uint8_t unused;
} state_ear;

static void ear_on_changed(state_ear *self, const state_changed *changed)
{
    (void)self;
    seen.heard = changed->value;
    seen.heard_count++;
}

EDA_ACTOR(state_ear, eda_none, on(state_changed, ear_on_changed));

static eda_system *start_with(state_store *store, const eda_actor *box, eda_options options)
{
    eda_system *sys = state_system_with(store, options);

    assert_int_equal(eda_add(sys, (eda_added){.actor = box}), EDA_OK);
    assert_int_equal(eda_add(sys, EDA_WITH(state_ear)), EDA_OK);
    assert_int_equal(eda_system_start(sys), EDA_OK);
    return sys;
}

static eda_system *start_box(state_store *store)
{
    return start_with(store, &eda_actor_state_box, (eda_options){.name = "state"});
}

/* Asks box "a"; what it saw goes to `ret`. */
static eda_status act(eda_system *sys, state_what what, uint64_t value, state_seen *ret)
{
    const state_seen *reply = NULL;
    eda_status status = eda_ask(eda_system_client(sys),
        EDA_ASK(state_do, &reply, .id = EDA_STR("a"), .what = what, .value = value), EDA_FOREVER);

    if (status == EDA_OK && ret != NULL) {
        *ret = *reply;
    }
    assert_int_equal(eda_wait_idle(sys, EDA_FOREVER), EDA_OK);
    return status;
}

static uint64_t look(eda_system *sys)
{
    state_seen now = {.value = 0};

    assert_int_equal(act(sys, STATE_LOOK, 0, &now), EDA_OK);
    return now.value;
}

static int set_up(void **state)
{
    state_store *store = malloc(sizeof(*store));

    assert_non_null(store);
    state_store_init(store);
    memset(&seen, 0, sizeof(seen));
    *state = store;
    return 0;
}

static int tear_down(void **state)
{
    state_store_fini(*state);
    free(*state);
    return 0;
}

/* --- loading and creating ----------------------------------------------------------------- */

static void state_is_loaded_before_the_first_message(void **state)
{
    eda_system *sys = start_box(*state);

    assert_int_equal(act(sys, STATE_PUT, 5, NULL), EDA_OK);
    state_system_end(sys);
    sys = start_box(*state);
    assert_int_equal(look(sys), 5);
    assert_int_equal(seen.loaded, 5);
    assert_int_equal(seen.starts, 2);
    assert_int_equal(seen.news, 1);
    state_system_end(sys);
}

static void state_first_activation_creates_the_record(void **state)
{
    state_store *store = *state;
    state_seen now = {.value = 1};
    eda_system *sys = start_box(store);

    assert_int_equal(act(sys, STATE_LOOK, 0, &now), EDA_OK); /* which changes nothing */
    assert_true(now.is_new);
    assert_int_equal(now.value, 0);
    assert_int_equal(store->write_count, 1);
    assert_int_equal(eda_system_activations(sys, "state_box").keys_ever, 1);
    state_system_end(sys);
    sys = start_box(store);
    assert_int_equal(act(sys, STATE_LOOK, 0, &now), EDA_OK);
    assert_false(now.is_new);
    assert_int_equal(store->write_count, 1);
    assert_int_equal(eda_system_activations(sys, "state_box").keys_ever, 0);
    state_system_end(sys);
}

static void state_claim_that_fails_makes_dead_letters(void **state)
{
    state_store *store = *state;
    eda_system *sys = start_box(store);

    store->claim_fails = EDA_EIO;
    assert_int_equal(act(sys, STATE_PUT, 5, NULL), EDA_EDEAD);
    assert_int_equal(seen.starts, 0);
    assert_int_equal(eda_system_activations(sys, NULL).state_errors, 1);
    assert_int_equal(eda_system_activations(sys, NULL).live, 0);
    assert_int_equal(act(sys, STATE_PUT, 6, NULL), EDA_OK);
    assert_int_equal(look(sys), 6);
    state_system_end(sys);
}

static void state_creation_that_fails_stops_and_is_tried_again(void **state)
{
    state_store *store = *state;
    state_seen now = {.value = 1};
    eda_system *sys = start_box(store);

    store->write_fails = EDA_EIO;
    assert_int_equal(act(sys, STATE_PUT, 5, NULL), EDA_EDEAD);
    assert_int_equal(seen.starts, 1);
    assert_int_equal(seen.stops, 1); /* start has done its part, so stop undoes it */
    assert_int_equal(seen.reason, EDA_STOP_RESTART);
    assert_int_equal(act(sys, STATE_LOOK, 0, &now), EDA_OK);
    assert_true(now.is_new);
    assert_int_equal(seen.news, 2);
    state_system_end(sys);
}

static void state_record_that_does_not_fit_makes_dead_letters(void **state)
{
    static const char *const wrong[] = {
        "", "\xff", "\xa1\x65value\x61x", "\xa1\x65value\x20", "\x01", "\xa1\x64name\x05"};
    state_store *store = *state;
    eda_system *sys = start_box(store);
    size_t i;

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        state_store_put(store, "state_box", "a", wrong[i], strlen(wrong[i]));
        assert_int_equal(act(sys, STATE_LOOK, 0, NULL), EDA_EDEAD);
        assert_int_equal(eda_system_activations(sys, NULL).state_errors, i + 1);
    }
    assert_int_equal(seen.starts, 0);
    state_store_put(store, "state_box", "a", "\xa1\x65value\x07", 8);
    assert_int_equal(look(sys), 7);
    state_system_end(sys);
}

/* --- committing and rolling back ---------------------------------------------------------- */

static void state_is_committed_only_when_it_changed(void **state)
{
    state_store *store = *state;
    eda_system *sys = start_box(store);

    assert_int_equal(act(sys, STATE_PUT, 5, NULL), EDA_OK);
    assert_int_equal(store->write_count, 2); /* created, put */
    assert_int_equal(act(sys, STATE_PUT, 5, NULL), EDA_OK);
    assert_int_equal(act(sys, STATE_LOOK, 0, NULL), EDA_OK);
    assert_int_equal(store->write_count, 2);
    assert_int_equal(act(sys, STATE_PUT, 6, NULL), EDA_OK);
    assert_int_equal(store->write_count, 3);
    assert_int_equal(store->claim_count, 1);
    state_system_end(sys);
}

static void state_turn_that_fails_is_rolled_back(void **state)
{
    state_seen now = {.value = 0};
    eda_system *sys = start_box(*state);

    assert_int_equal(act(sys, STATE_PUT, 5, NULL), EDA_OK);
    assert_int_equal(seen.heard_count, 1);
    assert_int_equal(act(sys, STATE_PUT_AND_FAIL, 6, NULL), 1000);
    assert_int_equal(seen.heard_count, 1);
    assert_int_equal(act(sys, STATE_LOOK, 0, &now), EDA_OK);
    assert_int_equal(now.value, 5);
    assert_int_equal(now.memory, 2); /* what is not saved is not rolled back */
    assert_int_equal(seen.starts, 1);
    assert_int_equal(eda_system_counts(sys, "state_do", NULL).failed, 1);
    state_system_end(sys);
}

static void state_restart_goes_on_from_the_last_commit(void **state)
{
    state_seen now = {.value = 0};
    eda_system *sys = start_box(*state);

    assert_int_equal(act(sys, STATE_PUT, 5, NULL), EDA_OK);
    assert_int_equal(act(sys, STATE_PUT_AND_RESTART, 6, NULL), 1000);
    assert_int_equal(act(sys, STATE_LOOK, 0, &now), EDA_OK);
    assert_int_equal(now.value, 5);
    assert_int_equal(now.memory, 0);
    assert_false(now.is_new);
    assert_int_equal(seen.starts, 2);
    assert_int_equal(seen.stops, 1);
    state_system_end(sys);
}

/* The store fails the commit of a put with `fails`; `after` is the value that is then loaded. */
static void commit_fails(state_store *store, eda_status fails, uint64_t after)
{
    state_seen now = {.value = 0};
    eda_system *sys = start_box(store);
    uint32_t claims;

    assert_int_equal(act(sys, STATE_PUT, 5, NULL), EDA_OK);
    claims = store->claim_count;
    store->write_fails = fails;
    assert_int_equal(act(sys, STATE_PUT, 6, NULL), fails);
    assert_non_null(strstr(eda_error(eda_system_client(sys)).ptr, "were not committed"));
    assert_int_equal(seen.heard_count, 1); /* no effect was released */
    assert_int_equal(seen.stops, 1);
    assert_int_equal(seen.reason, EDA_STOP_RESTART);
    assert_int_equal(store->claim_count, claims); /* not before there is something to do */
    assert_int_equal(eda_system_activations(sys, "state_box").state_errors, 1);
    assert_int_equal(act(sys, STATE_LOOK, 0, &now), EDA_OK);
    assert_int_equal(now.value, after);
    assert_int_equal(now.memory, 0);
    assert_int_equal(seen.loaded, after);
    assert_int_equal(store->claim_count, claims + 1);
    assert_int_equal(act(sys, STATE_PUT, 8, NULL), EDA_OK);
    assert_int_equal(look(sys), 8);
    state_system_end(sys);
}

static void state_commit_with_eio_fails_the_turn_and_drops_the_activation(void **state)
{
    commit_fails(*state, EDA_EIO, 5);
}

static void state_commit_with_estale_fails_the_turn_and_drops_the_activation(void **state)
{
    commit_fails(*state, EDA_ESTALE, 5);
}

static void state_commit_whose_outcome_is_lost_is_found_when_loaded_anew(void **state)
{
    ((state_store *)*state)->write_is_done = true;
    commit_fails(*state, EDA_EIO, 6);
}

static void state_commit_that_fails_keeps_the_messages_behind_it(void **state)
{
    state_store *store = *state;
    eda_system *sys = start_box(store);
    eda_ctx *client = eda_system_client(sys);
    eda_receipt first = {.id = 0};
    eda_receipt second = {.id = 0};

    assert_int_equal(look(sys), 0);
    store->write_fails = EDA_EIO;
    assert_int_equal(
        eda_publish(client, EDA_MSG(state_push, .id = EDA_STR("a"), .value = 1), &first), EDA_OK);
    assert_int_equal(
        eda_publish(client, EDA_MSG(state_push, .id = EDA_STR("a"), .value = 2), &second), EDA_OK);
    assert_int_equal(eda_wait(client, first, EDA_FOREVER), EDA_EFAILED);
    assert_int_equal(eda_wait(client, second, EDA_FOREVER), EDA_OK);
    assert_int_equal(look(sys), 2);
    assert_int_equal(seen.starts, 2);
    state_system_end(sys);
}

/* While a turn sleeps another one's commit fails: both go, and the activation with them. */
static void state_commit_that_fails_cancels_turns_that_wait(void **state)
{
    state_store *store = *state;
    eda_system *sys = start_box(store);
    eda_ctx *client = eda_system_client(sys);
    eda_receipt first = {.id = 0};
    eda_receipt second = {.id = 0};
    int i;

    for (i = 0; i < 2; i++) {
        assert_int_equal(look(sys), 0);
        assert_int_equal(
            eda_publish(client, EDA_MSG(state_wait, .id = EDA_STR("a")), &first), EDA_OK);
        (void)eda_system_step(sys, 0, NULL);
        store->write_fails = i == 0 ? EDA_EIO : EDA_ESTALE;
        assert_int_equal(
            eda_publish(client, EDA_MSG(state_push, .id = EDA_STR("a"), .value = 2), &second),
            EDA_OK);
        assert_int_equal(eda_wait(client, second, EDA_FOREVER), EDA_EFAILED);
        assert_int_equal(eda_wait(client, first, EDA_FOREVER), EDA_EFAILED);
        assert_int_equal(seen.woken, EDA_ECANCELED);
        assert_int_equal(look(sys), 0);
        assert_int_equal(seen.starts, i + 2);
        assert_int_equal(seen.stops, i + 1);
    }
    state_system_end(sys);
}

static void state_that_cannot_be_encoded_fails_the_turn(void **state)
{
    state_store *store = *state;
    eda_system *sys = start_box(store);

    assert_int_equal(act(sys, STATE_PUT, 5, NULL), EDA_OK);
    assert_int_equal(act(sys, STATE_PUT_NONSENSE, 6, NULL), EDA_EINVAL);
    assert_int_equal(eda_system_activations(sys, NULL).state_errors, 1);
    assert_int_equal(look(sys), 5);
    state_system_end(sys);
}

static void state_of_two_systems_on_one_key_is_fenced(void **state)
{
    eda_system *one = start_box(*state);
    eda_system *two = start_box(*state);

    assert_int_equal(act(one, STATE_PUT, 1, NULL), EDA_OK);
    assert_int_equal(act(two, STATE_PUT, 2, NULL), EDA_OK); /* takes over */
    assert_int_equal(act(one, STATE_PUT, 3, NULL), EDA_ESTALE);
    assert_int_equal(look(one), 2); /* takes over in turn */
    assert_int_equal(act(one, STATE_PUT, 4, NULL), EDA_OK);
    assert_int_equal(act(two, STATE_PUT, 5, NULL), EDA_ESTALE);
    assert_int_equal(look(two), 4);
    assert_int_equal(seen.heard_count, 3); /* of 1, 2 and 4 */
    assert_int_equal(seen.heard, 4);
    state_system_end(one);
    state_system_end(two);
}

/* --- eda_save ----------------------------------------------------------------------------- */

static void save_before_a_failure_stands(void **state)
{
    state_store *store = *state;
    eda_system *sys = start_box(store);

    assert_int_equal(act(sys, STATE_SAVE_PUT_AND_FAIL, 6, NULL), 1001);
    assert_int_equal(look(sys), 6); /* neither what was before, nor the 7 behind it */
    assert_int_equal(seen.heard_count, 0);
    assert_int_equal(store->write_count, 2);
    state_system_end(sys);
}

static void save_before_an_ask_is_there_when_the_ask_arrives(void **state)
{
    state_store *store = *state;
    eda_system *sys = start_box(store);

    assert_int_equal(act(sys, STATE_ASK_ONESELF, 6, NULL), 1002);
    assert_int_equal(store->write_count, 3); /* created twice, saved once */
    assert_int_equal(look(sys), 6);
    state_system_end(sys);
}

static void save_that_fails_drops_the_activation(void **state)
{
    static const eda_status fails[] = {EDA_EIO, EDA_ESTALE};
    state_store *store = *state;
    eda_system *sys = start_box(store);
    size_t i;

    assert_int_equal(act(sys, STATE_PUT, 5, NULL), EDA_OK);
    for (i = 0; i < 2; i++) {
        store->write_fails = fails[i];
        assert_int_equal(act(sys, STATE_SAVE_PUT_AND_FAIL, 6, NULL), fails[i]);
        assert_int_equal(seen.stops, i + 1);
        assert_int_equal(look(sys), 5);
        assert_int_equal(seen.starts, i + 2);
    }
    state_system_end(sys);
}

static void save_that_failed_may_be_made_good_by_the_turns_end(void **state)
{
    state_store *store = *state;
    eda_system *sys = start_box(store);

    assert_int_equal(look(sys), 0);
    store->write_fails = EDA_EIO;
    assert_int_equal(act(sys, STATE_SAVE_AND_IGNORE, 6, NULL), EDA_OK);
    assert_int_equal(look(sys), 6);
    assert_int_equal(seen.starts, 1);
    assert_int_equal(seen.heard, 6);
    state_system_end(sys);
}

static void save_where_there_is_nothing_to_save_is_refused(void **state)
{
    eda_system *sys = start_box(*state);

    assert_int_equal(eda_save(eda_system_client(sys)), EDA_ESTATE);
    assert_int_equal(look(sys), 0);
    assert_int_equal(seen.save_in_start, EDA_ESTATE);
    state_system_end(sys);
}

static void save_in_stop_is_written(void **state)
{
    eda_system *sys = start_box(*state);

    assert_int_equal(act(sys, STATE_PUT, 5, NULL), EDA_OK);
    seen.saves_in_stop = true;
    state_system_end(sys);
    seen.saves_in_stop = false;
    sys = start_box(*state);
    assert_int_equal(look(sys), 77);
    state_system_end(sys);
}

/* --- saved lazily ------------------------------------------------------------------------- */

static void lazy_is_written_at_stop_alone(void **state)
{
    const eda_actor lazy = lazy_box();
    state_store *store = *state;
    eda_system *sys = start_with(store, &lazy, (eda_options){.name = "state"});

    assert_int_equal(act(sys, STATE_PUT, 5, NULL), EDA_OK);
    assert_int_equal(act(sys, STATE_PUT, 6, NULL), EDA_OK);
    assert_int_equal(store->write_count, 1); /* created */
    assert_int_equal(seen.heard_count, 2);   /* effects do not wait */
    state_system_end(sys);
    assert_int_equal(store->write_count, 2);
    sys = start_with(store, &lazy, (eda_options){.name = "state"});
    assert_int_equal(look(sys), 6);
    state_system_end(sys);
    assert_int_equal(store->write_count, 2); /* nothing had changed */
}

static void lazy_turn_that_fails_undoes_itself_alone(void **state)
{
    const eda_actor lazy = lazy_box();
    state_store *store = *state;
    eda_system *sys = start_with(store, &lazy, (eda_options){.name = "state"});

    assert_int_equal(act(sys, STATE_PUT, 5, NULL), EDA_OK);
    assert_int_equal(act(sys, STATE_PUT_AND_FAIL, 6, NULL), 1000);
    assert_int_equal(look(sys), 5);
    assert_int_equal(act(sys, STATE_PUT_AND_RESTART, 7, NULL), 1000);
    assert_int_equal(look(sys), 5);
    assert_int_equal(seen.starts, 2);
    assert_int_equal(store->write_count, 2); /* before the restart */
    state_system_end(sys);
}

static void lazy_save_is_written_at_once(void **state)
{
    const eda_actor lazy = lazy_box();
    state_store *store = *state;
    eda_system *sys = start_with(store, &lazy, (eda_options){.name = "state"});

    assert_int_equal(act(sys, STATE_SAVE_PUT_AND_FAIL, 6, NULL), 1001);
    assert_int_equal(store->write_count, 2);
    store->write_fails = EDA_EIO;
    assert_int_equal(act(sys, STATE_SAVE_PUT_AND_FAIL, 8, NULL), EDA_EIO);
    assert_int_equal(look(sys), 6);
    store->write_fails = EDA_EIO;
    assert_int_equal(act(sys, STATE_SAVE_AND_IGNORE, 9, NULL), EDA_OK);
    assert_int_equal(
        store->write_count, 3); /* at the turn's end, since memory and store might differ */
    state_system_end(sys);
}

static eda_status push(eda_system *sys, const char *id, uint64_t value)
{
    return eda_publish_wait(eda_system_client(sys),
        EDA_MSG(state_push, .id = eda_str_from(id), .value = value), EDA_FOREVER);
}

static void lazy_passivation_waits_until_it_can_save(void **state)
{
    eda_actor lazy = lazy_box();
    state_store *store = *state;
    eda_system *sys;

    lazy.options.activations_max = 1;
    sys = start_with(store, &lazy, (eda_options){.name = "state"});
    assert_int_equal(push(sys, "a", 5), EDA_OK);
    store->write_fails = EDA_EIO;
    assert_int_equal(push(sys, "b", 6), EDA_OK); /* "a" should go, and cannot be saved */
    assert_int_equal(seen.stops, 0);
    assert_int_equal(eda_system_activations(sys, "state_box").live, 2);
    assert_int_equal(eda_system_activations(sys, "state_box").state_errors, 1);
    assert_int_equal(push(sys, "c", 7), EDA_OK); /* now it goes */
    assert_int_equal(seen.reason, EDA_STOP_LIMIT);
    assert_int_equal(look(sys), 5);
    state_system_end(sys);
}

static void lazy_passivation_of_a_stale_one_lets_it_go(void **state)
{
    eda_actor lazy = lazy_box();
    state_store *store = *state;
    eda_system *sys;
    size_t size = 0;

    lazy.options.passivates_at_once = true;
    sys = start_with(store, &lazy, (eda_options){.name = "state"});
    store->skip = 1; /* the creation */
    store->write_fails = EDA_ESTALE;
    assert_int_equal(push(sys, "a", 5), EDA_OK);
    assert_int_equal(eda_wait_idle(sys, EDA_FOREVER), EDA_OK);
    free(state_store_read(store, "state_box", "a", &size));
    assert_int_equal(look(sys), 0);
    assert_non_null(strstr(store->log, "state_box[a]"));
    assert_non_null(strstr(store->log, "saved lazily is lost"));
    state_system_end(sys);
}

/* --- texts -------------------------------------------------------------------------------- */

EDA_MESSAGE(state_write, "state/page/write", (eda_str, text), (bool, fails));

typedef struct state_page {
    eda_text text;   /* saved */
    eda_text before; /* not saved */
} state_page;

static struct {
    char text[8];
    char before[8];
    eda_status too_long;
} page_seen;

static eda_status page_on_write(state_page *self, const state_write *write, eda_ctx *ctx)
{
    static char large[65537];

    memset(large, 'x', sizeof(large));
    page_seen.too_long =
        eda_text_set(ctx, &self->text, (eda_str){.ptr = large, .len = sizeof(large)});
    EDA_TRY(eda_text_set(ctx, &self->before, eda_text_str(self->text)));
    EDA_TRY(eda_text_set(ctx, &self->text, write->text));
    EDA_TRY(eda_text_set(ctx, &self->text, eda_text_str(self->text))); /* a copy of itself */
    memset(&page_seen.text, 0, sizeof(page_seen.text));
    memset(&page_seen.before, 0, sizeof(page_seen.before));
    memcpy(page_seen.text, self->text.ptr, self->text.len);
    memcpy(page_seen.before, self->before.ptr, self->before.len);
    return write->fails ? 1000 : EDA_OK;
}

EDA_ACTOR(state_page, eda_none, saves(text), on(state_write, page_on_write));

static void text_is_owned_rolled_back_and_loaded(void **state)
{
    int i;

    for (i = 0; i < 2; i++) {
        eda_system *sys = state_system_new(*state);
        eda_ctx *client;

        assert_int_equal(eda_add(sys, EDA_WITH(state_page)), EDA_OK);
        assert_int_equal(eda_system_start(sys), EDA_OK);
        client = eda_system_client(sys);
        assert_int_equal(
            eda_publish_wait(client, EDA_MSG(state_write, .text = EDA_STR("one")), EDA_FOREVER),
            EDA_OK);
        assert_string_equal(page_seen.before, i == 0 ? "" : "two");
        assert_int_equal(page_seen.too_long, EDA_ERANGE);
        assert_int_equal(
            eda_publish_wait(
                client, EDA_MSG(state_write, .text = EDA_STR("bad"), .fails = true), EDA_FOREVER),
            EDA_EFAILED);
        assert_int_equal(
            eda_publish_wait(client, EDA_MSG(state_write, .text = EDA_STR("two")), EDA_FOREVER),
            EDA_OK);
        assert_string_equal(page_seen.before, "one");
        state_system_end(sys);
    }
}

/* --- without memory ----------------------------------------------------------------------- */

/* Fails the nth allocation of one act, for every n, on a box that stands (`is_loaded`) or has to be
 * loaded. */
static void act_without_memory(state_store *store, state_what what, bool is_loaded)
{
    uint64_t nth = 0;
    bool has_failed = true;

    for (nth = 1; has_failed; nth++) {
        eda_system *sys = start_box(store);
        uint64_t before;
        uint64_t failed = edai_alloc_failed_count();
        eda_status status;

        assert_int_equal(act(sys, STATE_PUT, 5, NULL), EDA_OK);
        if (!is_loaded) {
            state_system_end(sys);
            sys = start_box(store);
        }
        edai_alloc_fail_at(nth);
        status = act(sys, what, 1000 + nth, NULL);
        edai_alloc_fail_at(0);
        has_failed = edai_alloc_failed_count() != failed;
        before = look(sys);
        if (what == STATE_PUT && status == EDA_OK) {
            assert_int_equal(before, 1000 + nth);
        } else {
            assert_int_equal(before, 5);
        }
        if (!has_failed) {
            assert_int_equal(status, what == STATE_PUT ? EDA_OK : 1000);
        } else {
            assert_true(status == EDA_OK || status == EDA_ENOMEM || status == EDA_EDEAD ||
                        status == EDA_EFAILED || status == EDA_ESHED || status == EDA_ELIMIT ||
                        status == 1000);
        }
        state_system_end(sys);
    }
    assert_true(nth > 5);
}

static void state_commit_without_memory_fails_cleanly(void **state)
{
    act_without_memory(*state, STATE_PUT, true);
}

static void state_load_without_memory_fails_cleanly(void **state)
{
    act_without_memory(*state, STATE_PUT, false);
}

static void state_rollback_without_memory_fails_cleanly(void **state)
{
    act_without_memory(*state, STATE_PUT_AND_FAIL, true);
    act_without_memory(*state, STATE_PUT_AND_FAIL, false);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(state_is_loaded_before_the_first_message),
        TEST(state_first_activation_creates_the_record),
        TEST(state_claim_that_fails_makes_dead_letters),
        TEST(state_creation_that_fails_stops_and_is_tried_again),
        TEST(state_record_that_does_not_fit_makes_dead_letters),
        TEST(state_is_committed_only_when_it_changed),
        TEST(state_turn_that_fails_is_rolled_back),
        TEST(state_restart_goes_on_from_the_last_commit),
        TEST(state_commit_with_eio_fails_the_turn_and_drops_the_activation),
        TEST(state_commit_with_estale_fails_the_turn_and_drops_the_activation),
        TEST(state_commit_whose_outcome_is_lost_is_found_when_loaded_anew),
        TEST(state_commit_that_fails_keeps_the_messages_behind_it),
        TEST(state_commit_that_fails_cancels_turns_that_wait),
        TEST(state_that_cannot_be_encoded_fails_the_turn),
        TEST(state_of_two_systems_on_one_key_is_fenced),
        TEST(save_before_a_failure_stands),
        TEST(save_before_an_ask_is_there_when_the_ask_arrives),
        TEST(save_that_fails_drops_the_activation),
        TEST(save_that_failed_may_be_made_good_by_the_turns_end),
        TEST(save_where_there_is_nothing_to_save_is_refused),
        TEST(save_in_stop_is_written),
        TEST(lazy_is_written_at_stop_alone),
        TEST(lazy_turn_that_fails_undoes_itself_alone),
        TEST(lazy_save_is_written_at_once),
        TEST(lazy_passivation_waits_until_it_can_save),
        TEST(lazy_passivation_of_a_stale_one_lets_it_go),
        TEST(text_is_owned_rolled_back_and_loaded),
        TEST(state_commit_without_memory_fails_cleanly),
        TEST(state_load_without_memory_fails_cleanly),
        TEST(state_rollback_without_memory_fails_cleanly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
