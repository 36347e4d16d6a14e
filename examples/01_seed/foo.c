/* foo.c - remembers the last text it was sent and counts the commands. */
#include <edacious/edacious.h>

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

eda_status eda_app(eda_system *sys) /* edacious-main calls it: every linked actor is added */
{
    EDA_TRY(eda_provide(sys, EDA_DEPS(foo_deps, .initial_text = EDA_STR("nothing yet"))));
    EDA_TRY(eda_system_start(sys));
    return eda_publish_wait(
        eda_system_client(sys), EDA_MSG(foo_cmd, .text = EDA_STR("hello")), 1000);
}
