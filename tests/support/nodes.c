/* nodes.c - see nodes.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/system.h"
#include "nodes.h"

void nodes_trust(eda_system *sys)
{
    sys->suspect_ms = 3600000;
}

void nodes_quiet(void *arg, eda_str line)
{
    (void)arg;
    (void)line;
}

static eda_system *make(eda_options options, const char *name, const char *network)
{
    eda_system *sys = NULL;

    options.name = name;
    options.bus = "inproc";
    options.bus_config = network;
    options.log = nodes_quiet;
    assert_int_equal(eda_system_new(&options, &sys), EDA_OK);
    return sys;
}

eda_system *nodes_make(const char *name, const char *network, uint32_t workers)
{
    return make((eda_options){.workers = workers}, name, network);
}

eda_system *nodes_make_pumped(const char *name, const char *network)
{
    return make((eda_options){.pumped = true}, name, network);
}

void nodes_explain(eda_system *sys, eda_status status)
{
    eda_ctx *client = eda_system_client(sys);

    print_error("%s: %s\n", eda_status_name(status), eda_system_error(sys));
    if (client != NULL) {
        print_error("%.*s\n", EDA_STR_ARG(eda_error(client)));
    }
}

void nodes_check_accounts(eda_system *sys)
{
    eda_counts counts = eda_system_counts(sys, NULL, NULL);

    assert_int_equal(eda_counts_balance(&counts), 0);
}
