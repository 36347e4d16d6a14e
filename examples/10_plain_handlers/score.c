/* score.c - handlers with no framework type: plain functions of the state and the message.
 *
 * A handler that cannot fail and publishes nothing needs no eda_ctx and returns nothing. It can be
 * called from a test, or from anything else, without a system: main does so first. */
#include <edacious/edacious.h>
#include <inttypes.h>
#include <stdio.h>

EDA_MESSAGE(goal_shot, "game/goal", (bool, is_home));
EDA_RECORD(score, (uint32_t, home), (uint32_t, guests));
EDA_REQUEST(score_get, score, "game/score/get");

typedef struct board {
    score now;
} board;

static void board_on_goal(board *self, const goal_shot *goal)
{
    (*(goal->is_home ? &self->now.home : &self->now.guests))++;
}

static void board_on_get(board *self, const score_get *get, score *ret_score)
{
    (void)get;
    *ret_score = self->now;
}

EDA_ACTOR(board, eda_none, on(goal_shot, board_on_goal), answers(score_get, board_on_get));

static void show(const char *where, const score *at)
{
    printf("%s: %" PRIu32 ":%" PRIu32 "\n", where, at->home, at->guests);
}

static void try_without_system(void)
{
    board alone = {0};
    score at = {0};

    board_on_goal(&alone, &(goal_shot){.is_home = true});
    board_on_get(&alone, &(score_get){0}, &at);
    show("without a system", &at);
}

eda_status eda_app(eda_system *sys)
{
    const score *at = NULL;
    eda_ctx *client;

    try_without_system();
    EDA_TRY(eda_system_start(sys));
    client = eda_system_client(sys);
    EDA_TRY(eda_publish(client, EDA_MSG(goal_shot, .is_home = true), NULL));
    EDA_TRY(eda_publish(client, EDA_MSG(goal_shot, .is_home = false), NULL));
    EDA_TRY(eda_publish(client, EDA_MSG(goal_shot, .is_home = true), NULL));
    /* From one publisher to one actor in order: the goals are counted before we are answered. */
    EDA_TRY(eda_ask(client, EDA_ASK(score_get, &at), 1000));
    show("in a system", at);
    return EDA_OK;
}
