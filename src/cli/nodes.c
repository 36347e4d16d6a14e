/* nodes.c - see nodes.h. */
#include "cli/nodes.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"

/* What belongs into a file. */
#define RECIPE "`edacious ask --all '@edacious/v1/CLUSTER/catalogue/**'` prints what belongs there"

/* line 0: what a node said, not a file. */
static edai_exit refuse(edai_cli *cli, eda_str where, unsigned line, const char *why)
{
    static const char prefix[] = "edai_"; /* as the record is called here */

    why += strncmp(why, prefix, strlen(prefix)) == 0 ? strlen(prefix) : 0;
    if (line == 0) {
        return edai_cli_fail(
            cli, EDAI_EXIT_FAILED, "%.*s: no catalogue: %s", EDA_STR_ARG(where), why);
    }
    return edai_cli_fail(cli, EDAI_EXIT_USAGE,
        "--catalogue: line %u of %.*s is no catalogue (%s); " RECIPE ", a line for each node", line,
        EDA_STR_ARG(where), why);
}

static edai_exit add(edai_cli *cli, edai_nodes *nodes, eda_bytes json, eda_str where, unsigned line)
{
    eda_problem problem = {.text = ""};
    edai_catalogue *catalogue = NULL;
    edai_catalogue **grown = NULL;

    if (nodes->count == EDAI_NODES_MAX) {
        return edai_cli_fail(
            cli, EDAI_EXIT_FAILED, "more than %u catalogues", (unsigned)EDAI_NODES_MAX);
    }
    if (edai_catalogue_read(json, &catalogue, &problem) != EDA_OK) {
        return refuse(cli, where, line, problem.text);
    }
    grown = edai_realloc(nodes->items, (nodes->count + 1) * sizeof *grown);
    if (grown == NULL) {
        edai_free(catalogue);
        return edai_cli_fail(cli, EDAI_EXIT_FAILED, "out of memory");
    }
    nodes->items = grown;
    nodes->items[nodes->count++] = catalogue;
    return EDAI_EXIT_OK;
}

/* --- files --- */

static edai_exit add_lines(edai_cli *cli, edai_nodes *nodes, const char *path, eda_str text)
{
    unsigned number = 1;

    for (size_t at = 0; at < text.len; number++) {
        const char *end = memchr(text.ptr + at, '\n', text.len - at);
        size_t len = end != NULL ? (size_t)(end - text.ptr) - at : text.len - at;

        if (len > 0) {
            eda_bytes line = {.ptr = (const uint8_t *)text.ptr + at, .len = len};
            edai_exit code = add(cli, nodes, line, eda_str_from(path), number);

            if (code != EDAI_EXIT_OK) {
                return EDAI_EXIT_USAGE;
            }
        }
        at += len + 1;
    }
    return EDAI_EXIT_OK;
}

static edai_exit add_file(edai_cli *cli, edai_nodes *nodes, const char *path)
{
    FILE *file = strcmp(path, "-") == 0 ? cli->in : fopen(path, "rbe");
    size_t size = EDAI_ANSWERS_SIZE_MAX;
    char *text = edai_alloc(size + 1);
    edai_exit code;

    if (file == NULL || text == NULL) {
        code = edai_cli_fail(
            cli, EDAI_EXIT_USAGE, "--catalogue: %s cannot be read; is there such a file?", path);
    } else {
        size_t len = fread(text, 1, size + 1, file);
        code = ferror(file) != 0 || len > size
                   ? edai_cli_fail(cli, EDAI_EXIT_USAGE,
                         "--catalogue: %s cannot be read, or is over %zu bytes", path, size)
                   : add_lines(cli, nodes, path, (eda_str){.ptr = text, .len = len});
    }
    edai_free(text);
    if (file != NULL && file != cli->in) {
        (void)fclose(file);
    }
    return code;
}

static edai_exit read_files(edai_cli *cli, edai_nodes *nodes)
{
    size_t at = 0;
    const char *path = edai_args_next(&cli->args, "--catalogue", &at);

    for (; path != NULL; path = edai_args_next(&cli->args, "--catalogue", &at)) {
        edai_exit code = add_file(cli, nodes, path);

        if (code != EDAI_EXIT_OK) {
            return code;
        }
    }
    return nodes->count > 0 ? EDAI_EXIT_OK
                            : edai_cli_fail(cli, EDAI_EXIT_USAGE,
                                  "--catalogue: there is nothing in it; " RECIPE);
}

/* --- nodes --- */

static edai_exit read_answers(edai_cli *cli, const edai_answers *answers, edai_nodes *nodes)
{
    edai_exit code = EDAI_EXIT_OK;

    for (const edai_answer *one = answers->first; one != NULL && code == EDAI_EXIT_OK;
         one = one->next) {
        code = one->is_error ? edai_cli_fail(cli, EDAI_EXIT_FAILED, "%.*s: the node refuses: %.*s",
                                   EDA_STR_ARG(one->key), (int)one->payload.len,
                                   (const char *)one->payload.ptr)
                             : add(cli, nodes, one->payload, one->key, 0);
    }
    return code;
}

static edai_exit ask_all(edai_cli *cli, edai_nodes *nodes)
{
    edai_session session = {.bus = NULL};
    edai_answers answers = {.first = NULL};
    edai_exit code = edai_session_open(cli, &session);

    if (code != EDAI_EXIT_OK) {
        return code;
    }
    code = edai_session_ask_nodes(&session, "catalogue", &answers);
    if (code == EDAI_EXIT_OK) {
        code = read_answers(cli, &answers, nodes);
    }
    if (code == EDAI_EXIT_OK) {
        nodes->code = edai_session_end(&session, EDAI_ASKING_NODES, &answers);
    }
    edai_answers_free(&answers);
    edai_session_close(&session);
    return code;
}

static int compare(const void *a, const void *b)
{
    const edai_catalogue *const *first = a;
    const edai_catalogue *const *second = b;
    int order = eda_str_compare((*first)->node, (*second)->node);

    return order != 0 ? order : eda_str_compare((*first)->inc, (*second)->inc);
}

edai_exit edai_nodes_read(edai_cli *cli, edai_nodes *ret_nodes)
{
    edai_nodes nodes = {.count = 0};
    edai_exit code =
        edai_args_has(&cli->args, "--catalogue") ? read_files(cli, &nodes) : ask_all(cli, &nodes);

    if (code != EDAI_EXIT_OK) {
        edai_nodes_free(&nodes);
        return code;
    }
    EDA_ASSERT(nodes.count > 0, "without any a sentence was printed");
    qsort(nodes.items, nodes.count, sizeof *nodes.items, compare);
    *ret_nodes = nodes;
    return EDAI_EXIT_OK;
}

void edai_nodes_free(edai_nodes *nodes)
{
    for (size_t i = 0; i < nodes->count; i++) {
        edai_free(nodes->items[i]);
    }
    edai_free(nodes->items);
    *nodes = (edai_nodes){.count = 0};
}

eda_str edai_nodes_cluster(const edai_nodes *nodes)
{
    return nodes->items[0]->cluster;
}

const edai_catalogue_message *edai_nodes_find_message(const edai_nodes *nodes, eda_str name)
{
    const edai_catalogue_message *found = NULL;

    for (size_t i = 0; i < nodes->count && found == NULL; i++) {
        found = edai_catalogue_find(nodes->items[i], name);
    }
    return found;
}
