/* outsider_test.c - what an outsider puts is taken once, and what it asks answered once, however
 * many declarations hear it; what a node has no room to look at is counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <edacious/edacious.h>

#include "nodes.h"
#include "outsider.h"

#include <stdatomic.h>

#define PATIENCE_MS 60000u
#define BLANK_SIZE ((size_t)1 << 20)
#define BLANKS 70u /* over 64 MiB */
#define WRONG_PUTS 100u
#define NETWORK "{\"network\": \"outsiders\"}"

/* "purse/street/coins" is of both. */
EDA_MESSAGE(gain, "purse/{from}/coins", (eda_str, from), (uint32_t, coins));
EDA_MESSAGE(loss, "purse/street/{what}", (eda_str, what), (uint32_t, coins));
EDA_RECORD(purse_state, (uint32_t, gains), (uint32_t, losses), (uint32_t, heard), (uint32_t, lit));
EDA_REQUEST(purse_get, purse_state, "purse/get");

typedef struct purse {
    purse_state state;
} purse;

static void purse_on_gain(purse *self, const gain *cmd)
{
    (void)cmd;
    self->state.gains++;
}

static void purse_on_loss(purse *self, const loss *cmd)
{
    (void)cmd;
    self->state.losses++;
}

static eda_status purse_on_street(purse *self, const eda_envelope *envelope, eda_ctx *ctx)
{
    (void)envelope;
    (void)ctx;
    self->state.heard++;
    return EDA_OK;
}

static eda_status purse_on_lamp(purse *self, const eda_envelope *envelope, eda_ctx *ctx)
{
    (void)envelope;
    (void)ctx;
    self->state.lit++;
    return EDA_OK;
}

static void purse_on_get(purse *self, const purse_get *request, purse_state *reply)
{
    (void)request;
    *reply = self->state;
}

EDA_ACTOR(purse, eda_none, on(gain, purse_on_gain), on(loss, purse_on_loss),
    on_any("street/*/lamp", purse_on_lamp), on_any("street/**", purse_on_street),
    answers(purse_get, purse_on_get));

/* "stall/street/apple" is of both. */
EDA_RECORD(stall_answer, (uint32_t, of));
EDA_REQUEST(stall_price, stall_answer, "stall/{where}/apple", (eda_str, where));
EDA_REQUEST(stall_stock, stall_answer, "stall/street/{what}", (eda_str, what));

typedef struct stall {
    uint32_t asked;
} stall;

static void stall_on_price(stall *self, const stall_price *request, stall_answer *reply)
{
    (void)request;
    self->asked++;
    reply->of = 1;
}

static void stall_on_stock(stall *self, const stall_stock *request, stall_answer *reply)
{
    (void)request;
    self->asked++;
    reply->of = 2;
}

EDA_ACTOR(stall, eda_none, answers(stall_price, stall_on_price),
    answers(stall_stock, stall_on_stock), spawns_for(outside));

/* Outsiders do not bring these to life. */
EDA_REQUEST(vault_get, stall_answer, "vault/{vault_id}/state", (eda_str, vault_id));
EDA_REQUEST(crate_get, stall_answer, "crate/{number}/state", (int32_t, number));

static void stall_on_vault(stall *self, const vault_get *request, stall_answer *reply)
{
    (void)request;
    self->asked++;
    reply->of = 3;
}

static void stall_on_crate(stall *self, const crate_get *request, stall_answer *reply)
{
    (void)request;
    self->asked++;
    reply->of = 4;
}

typedef stall vault;
typedef stall crate;

EDA_ACTOR(vault, eda_none, key(vault_id), answers(vault_get, stall_on_vault));
EDA_ACTOR(crate, eda_none, key(number), answers(crate_get, stall_on_crate));

/* --- the scene ------------------------------------------------------------------------------- */

static eda_system *start(bool is_pumped)
{
    eda_system *sys =
        is_pumped ? nodes_make_pumped("home", NETWORK) : nodes_make("home", NETWORK, 0);

    MUST(sys, eda_add(sys, EDA_WITH(purse)));
    MUST(sys, eda_add(sys, EDA_WITH(stall)));
    MUST(sys, eda_add(sys, EDA_WITH(vault)));
    MUST(sys, eda_add(sys, EDA_WITH(crate)));
    MUST(sys, eda_system_start(sys));
    return sys;
}

static eda_bus *join(void)
{
    return outsider_join(&eda_bus_inproc, NETWORK);
}

static void put(eda_bus *bus, const char *key, const char *payload, const char *attachment)
{
    const eda_bus_message message = {.key = eda_str_from(key),
        .payload = {.ptr = (const uint8_t *)payload, .len = strlen(payload)},
        .attachment = {.ptr = (const uint8_t *)attachment, .len = strlen(attachment)}};

    eda_status status;

    do { /* until what was put before has been passed on */
        status = eda_bus_inproc.put(bus, &message);
    } while (status == EDA_EFULL);
    assert_int_equal(status, EDA_OK);
}

static void on_answer(void *arg, const eda_bus_message *answer, bool is_error, eda_status end)
{
    atomic_bool *is_over = arg;

    (void)is_error;
    (void)end;
    if (answer == NULL) {
        atomic_store(is_over, true);
    }
}

/* A get goes behind what was put before it. */
static void wait_until_taken(eda_bus *bus, eda_system *sys)
{
    const eda_bus_message request = {.key = EDA_STR("purse/get")};
    atomic_bool is_over = false;

    assert_int_equal(
        eda_bus_inproc.get(bus, &request, false, PATIENCE_MS, on_answer, &is_over), EDA_OK);
    while (!atomic_load(&is_over)) {
        if (eda_system_fd(sys) >= 0) {
            (void)eda_system_step(sys, 0, NULL);
        }
    }
    MUST(sys, eda_cluster_wait_idle(sys, PATIENCE_MS));
}

static void check(eda_system *sys, purse_state expected)
{
    const purse_state *state = NULL;

    MUST(sys, eda_ask(eda_system_client(sys), EDA_ASK(purse_get, &state), PATIENCE_MS));
    assert_int_equal(state->gains, expected.gains);
    assert_int_equal(state->losses, expected.losses);
    assert_int_equal(state->heard, expected.heard);
    assert_int_equal(state->lit, expected.lit);
}

/* Of one server, and of all. */
static void ask(eda_bus *bus, const char *key, const char *attachment, const char *expected)
{
    const eda_bus_message request = {.key = eda_str_from(key),
        .attachment = {.ptr = (const uint8_t *)attachment, .len = strlen(attachment)}};
    int i;

    for (i = 0; i < 2; i++) {
        const outsider_got got = outsider_get(&eda_bus_inproc, bus, &request, i == 1);

        assert_int_equal(got.answers, 1);
        assert_int_equal(got.is_error, strstr(expected, "code") != NULL);
        assert_string_equal(got.text, expected);
    }
}

/* --- tests ----------------------------------------------------------------------------------- */

static void put_of_two_types_is_taken_by_the_named_one(void **state)
{
    eda_system *sys = start(false);
    eda_bus *bus = join();

    (void)state;
    put(bus, "purse/street/coins", "{\"coins\": 1}", "{\"t\": \"gain\"}");
    put(bus, "purse/street/coins", "{\"coins\": 1}", "{\"t\": \"loss\"}");
    put(bus, "purse/street/coins", "{\"coins\": 1}", "");
    put(bus, "purse/street/coins", "{\"coins\": 1}", "{\"t\": \"theft\"}");
    put(bus, "purse/street/hole", "{\"coins\": 1}", "");
    wait_until_taken(bus, sys);
    check(sys, (purse_state){.gains = 1, .losses = 2});
    assert_int_equal(eda_system_cluster(sys).seen, 6); /* and the get */
    assert_int_equal(eda_system_cluster(sys).refused, 2);
    eda_bus_inproc.close(bus);
    eda_system_free(sys);
}

#define ABSENT(who_)                                                                               \
    "{\"code\":\"EDA_ENOENT\",\"message\":\"" who_                                                 \
    " does not live, and outsiders do not bring it "                                               \
    "to life: declare spawns_for(outside)\"}"

static void get_of_who_does_not_live_is_refused_by_name(void **state)
{
    eda_system *sys = start(false);
    eda_bus *bus = join();

    (void)state;
    ask(bus, "vault/front/state", "", ABSENT("vault[front]"));
    ask(bus, "crate/-7/state", "", ABSENT("crate[-7]"));
    eda_bus_inproc.close(bus);
    eda_system_free(sys);
}

#define NO_TYPE(type_, known_)                                                                     \
    "{\"code\":\"EDA_ECONFLICT\",\"message\":\"'" type_                                            \
    "' is none of the types of this topic: " known_ "\"}"

static void get_of_two_types_is_answered_by_the_named_one(void **state)
{
    static const char several[] =
        "{\"code\":\"EDA_ECONFLICT\",\"message\":\"several types share this topic, and the "
        "attachment has no t: stall_price, stall_stock\"}";
    eda_system *sys = start(false);
    eda_bus *bus = join();

    (void)state;
    ask(bus, "stall/street/apple", "{\"t\": \"stall_price\"}", "{\"of\":1}");
    ask(bus, "stall/street/apple", "{\"t\": \"stall_stock\"}", "{\"of\":2}");
    ask(bus, "stall/street/apple", "\xa1\x61t\x6bstall_stock", "{\"of\":2}"); /* CBOR */
    ask(bus, "stall/street/apple", "", several);
    ask(bus, "stall/street/apple", "{\"t\": ", several); /* says nothing, as of puts */
    ask(bus, "stall/street/apple", "{\"t\": \"gain\"}",
        NO_TYPE("gain", "stall_price, stall_stock"));
    ask(bus, "stall/street/pear", "{\"t\": \"stall_price\"}",
        NO_TYPE("stall_price", "stall_stock"));
    ask(bus, "stall/street/pear", "{\"t\": \"nope\"}", NO_TYPE("nope", "stall_stock"));
    ask(bus, "stall/street/pear", "{\"t\": ", "{\"of\":2}");
    ask(bus, "stall/street/pear", "", "{\"of\":2}");
    ask(bus, "stall/house/apple", "", "{\"of\":1}");
    assert_int_equal(eda_system_cluster(sys).seen, 22);
    assert_int_equal(eda_system_cluster(sys).refused, 10);
    eda_bus_inproc.close(bus);
    eda_system_free(sys);
}

static void foreign_put_is_taken_once_by_each_that_asks_for_it(void **state)
{
    eda_system *sys = start(false);
    eda_bus *bus = join();

    (void)state;
    put(bus, "street/3/lamp", "on", "");
    put(bus, "street/3/lamp", "on", "{\"t\": \"lamp_of_others\"}");
    put(bus, "street/3/tree", "", "");
    wait_until_taken(bus, sys);
    check(sys, (purse_state){.heard = 3, .lit = 2});
    assert_int_equal(eda_system_cluster(sys).seen, 4);
    assert_int_equal(eda_system_cluster(sys).refused, 0);
    eda_bus_inproc.close(bus);
    eda_system_free(sys);
}

typedef struct refusals {
    atomic_uint lines; /* of one refused put each */
    atomic_uint more;  /* told by their number alone */
} refusals;

static void count_refused(void *arg, eda_str line)
{
    refusals *self = arg;
    static const char head[] = "refused: ";
    const char *told = strstr(line.ptr, head);
    const char *number = told != NULL ? told + strlen(head) : "";
    char *end = NULL;
    unsigned long more = strtoul(number, &end, 10);

    if (end != number && strncmp(end, " more", 5) == 0) {
        atomic_fetch_add(&self->more, (unsigned)more);
    } else if (told != NULL) {
        atomic_fetch_add(&self->lines, 1);
    }
}

/* Half a second may end among them: those behind it have lines of their own again. */
static void puts_refused_beyond_the_bound_are_logged_by_their_number(void **state)
{
    refusals told = {.lines = 0};
    eda_options options = {.name = "home",
        .bus = "inproc",
        .bus_config = NETWORK,
        .log = count_refused,
        .log_arg = &told};
    eda_system *sys = NULL;
    eda_bus *bus;
    uint32_t i;

    (void)state;
    assert_int_equal(eda_system_new(&options, &sys), EDA_OK);
    MUST(sys, eda_add(sys, EDA_WITH(purse)));
    MUST(sys, eda_system_start(sys));
    bus = join();
    for (i = 0; i < WRONG_PUTS; i++) {
        put(bus, "purse/desk/coins", "{}", "");
    }
    wait_until_taken(bus, sys);
    assert_int_equal(eda_system_cluster(sys).refused, WRONG_PUTS);
    for (i = 0; i < PATIENCE_MS && atomic_load(&told.lines) + atomic_load(&told.more) < WRONG_PUTS;
         i++) {
        assert_int_equal(eda_cluster_wait_nodes(sys, 2, 1), EDA_ETIMEOUT);
    }
    assert_int_equal(atomic_load(&told.lines) + atomic_load(&told.more), WRONG_PUTS);
    assert_true(atomic_load(&told.lines) >= 5);
    assert_true(atomic_load(&told.more) > 0);
    eda_bus_inproc.close(bus);
    eda_system_free(sys);
}

/* Nothing is looked at while nobody pumps. */
static void put_without_room_is_counted_refused(void **state)
{
    eda_system *sys = start(true);
    eda_bus *bus = join();
    char *blank = malloc(BLANK_SIZE + 1);
    uint32_t i;

    (void)state;
    assert_non_null(blank);
    memset(blank, ' ', BLANK_SIZE);
    blank[BLANK_SIZE] = '\0';
    for (i = 0; i < BLANKS; i++) {
        put(bus, "purse/desk/coins", blank, "");
    }
    while (eda_system_cluster(sys).refused == 0) { /* they pass through a thread of the bus */
    }
    wait_until_taken(bus, sys);
    assert_int_equal(eda_system_cluster(sys).seen, BLANKS + 1); /* and the get */
    assert_int_equal(eda_system_cluster(sys).refused, BLANKS);
    free(blank);
    eda_bus_inproc.close(bus);
    eda_system_free(sys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(put_without_room_is_counted_refused),
        cmocka_unit_test(put_of_two_types_is_taken_by_the_named_one),
        cmocka_unit_test(get_of_who_does_not_live_is_refused_by_name),
        cmocka_unit_test(get_of_two_types_is_answered_by_the_named_one),
        cmocka_unit_test(puts_refused_beyond_the_bound_are_logged_by_their_number),
        cmocka_unit_test(foreign_put_is_taken_once_by_each_that_asks_for_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
