/* foo.c - the program of 01_seed with a main of its own, as an embedder writes it. */
#include <edacious/edacious.h>
#include <stdio.h>

EDA_RECORD(foo_deps, (eda_str, initial_text));

EDA_MESSAGE(foo_cmd, "my_topic/foo", (eda_str, text));

typedef struct foo {
    eda_text text; /* owned: freed when foo stops */
    uint64_t call_count;
} foo;

static eda_status foo_start(foo *self, const foo_deps *deps, eda_ctx *ctx)
{
    return eda_text_set(ctx, &self->text, deps->initial_text);
}

static eda_status foo_on_cmd(foo *self, const foo_cmd *cmd, eda_ctx *ctx)
{
    self->call_count++;
    eda_log(ctx, "call %d: %.*s", (int)self->call_count, EDA_STR_ARG(cmd->text));
    return eda_text_set(ctx, &self->text, cmd->text);
}

EDA_ACTOR(foo, foo_deps, start(foo_start), on(foo_cmd, foo_on_cmd));

static eda_status run(eda_system *sys)
{
    EDA_TRY(eda_add(sys, EDA_WITH(foo, .initial_text = EDA_STR("nothing yet"))));
    EDA_TRY(eda_system_start(sys));
    return eda_publish_wait(
        eda_system_client(sys), EDA_MSG(foo_cmd, .text = EDA_STR("hello")), 1000);
}

int main(void)
{
    eda_system *sys = NULL;
    eda_status status = eda_system_new(NULL, &sys); /* NULL: every option at its default */

    if (status == EDA_OK) {
        status = run(sys);
    }
    if (status != EDA_OK) {
        fprintf(stderr, "foo: %s\n", eda_status_text(status));
    }
    eda_system_free(sys); /* stops it: what was published is handled first */
    return status == EDA_OK ? 0 : 1;
}
