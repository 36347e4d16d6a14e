/* shop.c - three ways in which an actor gets what it needs, and what happens if it does not.
 *
 * An actor type names one struct of dependencies and sees nothing else of the program. The struct
 * is given with the actor, provided by its type, or read from JSON. What nobody gave is found at
 * start, before the first message. */
#include <edacious/edacious.h>
#include <inttypes.h>
#include <stdio.h>

EDA_MESSAGE(shop_opened, "shop/opened");

/* 1: given explicitly. */
EDA_RECORD(greeter_deps, (eda_str, text));

typedef struct greeter {
    eda_text text;
} greeter;

static eda_status greeter_start(greeter *self, const greeter_deps *deps, eda_ctx *ctx)
{
    return eda_text_set(ctx, &self->text, deps->text); /* or keep the pointer: see teller */
}

static void greeter_on_opened(greeter *self, const shop_opened *opened)
{
    (void)opened;
    printf("greeter: %.*s\n", EDA_STR_ARG(eda_text_str(self->text)));
}

EDA_ACTOR(greeter, greeter_deps, start(greeter_start), on(shop_opened, greeter_on_opened));

/* 2: provided by type, here with a pointer: an opaque struct, copied bytewise. */
typedef struct teller_deps {
    FILE *out;
} teller_deps;
EDA_OPAQUE(teller_deps);

typedef struct teller {
    const teller_deps *deps; /* good as long as the activation */
} teller;

static eda_status teller_start(teller *self, const teller_deps *deps, eda_ctx *ctx)
{
    (void)ctx;
    self->deps = deps;
    return EDA_OK;
}

static void teller_on_opened(teller *self, const shop_opened *opened)
{
    (void)opened;
    fprintf(self->deps->out, "teller: has a file to write to\n");
}

EDA_ACTOR(teller, teller_deps, start(teller_start), on(shop_opened, teller_on_opened));

/* 3: configured; docs, ranges and .if_missing are those of messages. */
EDA_RECORD(till_deps,
    (eda_str, currency),
    (eda_duration, patience, .if_missing = EDA_SEC(5)),
    (uint32_t, drawer_count, .range = {1, 9}));

typedef struct till {
    const till_deps *deps;
} till;

static eda_status till_start(till *self, const till_deps *deps, eda_ctx *ctx)
{
    (void)ctx;
    self->deps = deps;
    return EDA_OK;
}

static void till_on_opened(till *self, const shop_opened *opened)
{
    (void)opened;
    printf("till: %" PRIu32 " drawers of %.*s, patience %" PRId64 " ms\n", self->deps->drawer_count,
        EDA_STR_ARG(self->deps->currency), self->deps->patience / EDA_MS(1));
}

EDA_ACTOR(till, till_deps, start(till_start), on(shop_opened, till_on_opened));

/* A file is read by eda_configure(sys, path), and by any stock program: --config FILE. */
#define GOOD "{\"till_deps\": {\"currency\": \"EUR\", \"drawer_count\": 2}}"
#define OUT_OF_RANGE "{\"till_deps\": {\"currency\": \"EUR\", \"drawer_count\": 12}}"

static eda_status add(eda_system *sys, const char *json)
{
    EDA_TRY(eda_add(sys, EDA_WITH(greeter, .text = EDA_STR("welcome"))));
    EDA_TRY(eda_add(sys, EDA_WITH(teller))); /* as provided */
    EDA_TRY(eda_add(sys, EDA_WITH(till)));   /* as configured */
    EDA_TRY(eda_provide(sys, EDA_DEPS(teller_deps, .out = stdout)));
    if (json != NULL) {
        EDA_TRY(eda_configure_text(sys, eda_str_from(json)));
    }
    return eda_system_start(sys);
}

static eda_status open_shop(const char *json)
{
    eda_system *sys = NULL;
    eda_status status;

    EDA_TRY(eda_system_new(&(eda_options){.workers = 1}, &sys)); /* one: the lines in order */
    status = add(sys, json);
    if (status != EDA_OK) {
        printf("%s: %s\n", eda_status_name(status), eda_system_error(sys));
    } else {
        status = eda_publish_wait(eda_system_client(sys), EDA_MSG(shop_opened), 1000);
    }
    eda_system_free(sys);
    return status;
}

int main(void)
{
    bool is_right = open_shop(NULL) == EDA_EMISSING;

    is_right = open_shop(OUT_OF_RANGE) == EDA_ERANGE && is_right;
    return open_shop(GOOD) == EDA_OK && is_right ? 0 : 1;
}
