/* ps.c - `edacious ps`: what runs on the nodes of a cluster. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cli/payload.h"
#include "cli/session.h"
#include "cli/text.h"
#include "wire/ps.h"

static const edai_args_option options[] = {
    {.name = "--json", .help = "one object: {\"nodes\": [...]}"}, {.name = NULL}};

/* One node's answer, and what it says. */
typedef struct row {
    const edai_answer *answer;
    edai_ps *ps; /* owned */
} row;

static int compare_rows(const void *a, const void *b)
{
    const row *first = a;
    const row *second = b;
    int order = eda_str_compare(first->ps->node, second->ps->node);

    return order != 0 ? order : eda_str_compare(first->ps->inc, second->ps->inc);
}

/* --- for people --- */

static int width_of(const edai_ps *ps)
{
    size_t width = strlen("ACTOR");

    for (size_t i = 0; i < ps->actors.len; i++) {
        width = ps->actors.items[i].name.len > width ? ps->actors.items[i].name.len : width;
    }
    for (size_t i = 0; i < ps->links.len; i++) {
        width = ps->links.items[i].node.len > width ? ps->links.items[i].node.len : width;
    }
    return width < 60 ? (int)width : 60;
}

static void print_counts(FILE *to, const edai_ps_counts *counts)
{
    const char *before = "  ";

    for (const eda_field *field = eda_type_edai_ps_counts.fields; field->name != NULL; field++) {
        uint64_t value;

        memcpy(&value, (const char *)counts + field->offset, sizeof value);
        if (value != 0 || strcmp(field->name, "accepted") == 0) {
            (void)fprintf(to, "%s%s %" PRIu64, before, field->name, value);
            before = ", ";
        }
    }
    (void)fputc('\n', to);
}

static void print_actors(FILE *to, const edai_ps *ps, int width)
{
    if (ps->actors.len == 0) {
        return;
    }
    (void)fprintf(to, "  %-*s %10s %10s %12s %10s %10s %10s\n", width, "ACTOR", "LIVE", "KEYS EVER",
        "HANDLED", "FAILED", "RESTARTS", "PASSIVATED");
    for (size_t i = 0; i < ps->actors.len; i++) {
        const edai_ps_actor *actor = &ps->actors.items[i];

        (void)fprintf(to,
            "  %-*.*s %10" PRIu64 " %10" PRIu64 " %12" PRIu64 " %10" PRIu64 " %10" PRIu64
            " %10" PRIu64 "\n",
            width, EDA_STR_ARG(actor->name), actor->live, actor->keys_ever, actor->handled,
            actor->failed, actor->restarts, actor->passivations);
    }
}

static void print_links(FILE *to, const edai_ps *ps, int width)
{
    if (ps->links.len == 0) {
        return;
    }
    (void)fprintf(to, "  %-*s %10s %10s %12s %10s %10s\n", width, "LINK", "SENT", "ARRIVED", "LOST",
        "UNKNOWN", "QUEUED");
    for (size_t i = 0; i < ps->links.len; i++) {
        const edai_ps_link *link = &ps->links.items[i];

        (void)fprintf(to,
            "  %-*.*s %10" PRIu64 " %10" PRIu64 " %12" PRIu64 " %10" PRIu64 " %10" PRIu64 "\n",
            width, EDA_STR_ARG(link->node), link->sent, link->arrived, link->lost, link->unknown,
            link->queued);
    }
}

static void print_node(FILE *to, const edai_ps *ps)
{
    int width = width_of(ps);

    (void)fprintf(to, "%.*s/%.*s  up %" PRIu64 " s, view %" PRIu64, EDA_STR_ARG(ps->node),
        EDA_STR_ARG(ps->inc), ps->uptime_s, ps->view);
    for (size_t i = 0; i < ps->nodes.len; i++) {
        const edai_ps_node *node = &ps->nodes.items[i];

        (void)fprintf(to, "%s%.*s %.*s", i == 0 ? "; sees " : ", ", EDA_STR_ARG(node->node),
            EDA_STR_ARG(node->state));
    }
    (void)fputc('\n', to);
    print_counts(to, &ps->counts);
    print_actors(to, ps, width);
    print_links(to, ps, width);
}

/* --- for programs --- */

static void print_json(edai_cli *cli, eda_str cluster, const row *rows, size_t count)
{
    edai_buffer text = {.size = 0};

    edai_text_add(&text, "{\"cluster\":");
    edai_text_string(&text, cluster);
    edai_text_add(&text, ",\"nodes\":[");
    for (size_t i = 0; i < count; i++) {
        edai_text_add(&text, i > 0 ? "," : "");
        edai_payload_put(&text, EDA_STR("application/json"), rows[i].answer->payload);
    }
    edai_text_add(&text, "]}\n");
    (void)fwrite(text.bytes, 1, text.size, cli->out);
    edai_buffer_fini(&text);
}

/* --- the answers --- */

static edai_exit read_rows(edai_cli *cli, const edai_answers *answers, row *rows, size_t *ret_count)
{
    edai_exit code = EDAI_EXIT_OK;

    *ret_count = 0;
    for (const edai_answer *one = answers->first; one != NULL; one = one->next) {
        eda_problem problem = {.text = "the node refuses"};
        row *next = &rows[*ret_count];

        next->answer = one;
        if (!one->is_error && edai_ps_read(one->payload, &next->ps, &problem) == EDA_OK) {
            (*ret_count)++;
        } else {
            code = edai_cli_fail(
                cli, EDAI_EXIT_FAILED, "%.*s: %s", EDA_STR_ARG(one->key), problem.text);
        }
    }
    return code;
}

static bool has_answered(const row *rows, size_t count, const edai_ps_node *node)
{
    for (size_t i = 0; i < count; i++) {
        if (eda_str_equal(rows[i].ps->node, node->node) &&
            eda_str_equal(rows[i].ps->inc, node->inc)) {
            return true;
        }
    }
    return false;
}

/* Who was seen by one before. */
static bool was_named(const row *rows, size_t row_at, size_t node_at)
{
    const edai_ps_node *node = &rows[row_at].ps->nodes.items[node_at];

    for (size_t i = 0; i <= row_at; i++) {
        size_t end = i < row_at ? rows[i].ps->nodes.len : node_at;

        for (size_t j = 0; j < end; j++) {
            const edai_ps_node *other = &rows[i].ps->nodes.items[j];

            if (eda_str_equal(other->node, node->node) && eda_str_equal(other->inc, node->inc)) {
                return true;
            }
        }
    }
    return false;
}

/* The others know who else there is; of who is down, no answer was awaited. */
static void name_silent(edai_cli *cli, const row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < rows[i].ps->nodes.len; j++) {
            const edai_ps_node *node = &rows[i].ps->nodes.items[j];

            if (!eda_str_equal(node->state, EDA_STR("down")) && !has_answered(rows, count, node) &&
                !was_named(rows, i, j)) {
                (void)edai_cli_fail(cli, EDAI_EXIT_TIMEOUT,
                    "%.*s/%.*s did not answer; %.*s sees it %.*s", EDA_STR_ARG(node->node),
                    EDA_STR_ARG(node->inc), EDA_STR_ARG(rows[i].ps->node),
                    EDA_STR_ARG(node->state));
            }
        }
    }
}

static edai_exit print_all(edai_session *session, const edai_answers *answers)
{
    edai_cli *cli = session->cli;
    row *rows = edai_calloc(answers->count, sizeof *rows);
    size_t count = 0;

    if (rows == NULL) {
        return edai_cli_fail(cli, EDAI_EXIT_FAILED, "out of memory");
    }
    edai_exit code = read_rows(cli, answers, rows, &count);
    qsort(rows, count, sizeof *rows, compare_rows);
    if (edai_args_has(&cli->args, "--json")) {
        print_json(cli, eda_str_from(session->cluster), rows, count);
    } else {
        for (size_t i = 0; i < count; i++) {
            print_node(cli->out, rows[i].ps);
        }
    }
    edai_exit flushed = edai_cli_flush(cli);
    if (answers->status == EDA_ETIMEOUT) {
        name_silent(cli, rows, count);
    }
    for (size_t i = 0; i < count; i++) {
        edai_free(rows[i].ps);
    }
    edai_free(rows);
    edai_exit ended = edai_session_end(session, EDAI_ASKING_NODES, answers);
    return flushed != EDAI_EXIT_OK ? flushed : code != EDAI_EXIT_OK ? code : ended;
}

static edai_exit run(edai_cli *cli)
{
    edai_session session = {.bus = NULL};
    edai_answers answers = {.first = NULL};
    edai_exit code = edai_session_open(cli, &session);

    if (code != EDAI_EXIT_OK) {
        return code;
    }
    code = edai_session_ask_nodes(&session, "ps", &answers);
    if (code == EDAI_EXIT_OK) {
        code = print_all(&session, &answers);
    }
    edai_answers_free(&answers);
    edai_session_close(&session);
    return code;
}

const edai_verb edai_verb_ps = {.name = "ps",
    .usage = "",
    .about = "show nodes, their actors, counts and links",
    .examples = "  edacious ps\n"
                "  edacious ps --json | python3 -m json.tool\n"
                "  edacious ps --connect tls/home:7447 --ca ca.pem --cert me.pem --key me.key\n",
    .options = options,
    .run = run};
