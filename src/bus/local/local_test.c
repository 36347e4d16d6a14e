#include <edacious/bus.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char config[128];

static void on_log(void *arg, eda_str line)
{
    (void)arg;
    (void)fprintf(stderr, "log: %.*s\n", EDA_STR_ARG(line));
}

static void local_conforms(void **state)
{
    (void)state;
    (void)on_log;
    eda_bus_problem problem = {.text = {0}};
    eda_status status = eda_bus_conform(&eda_bus_local, config, config, &problem);
    assert_string_equal(problem.text, "");
    assert_int_equal(status, EDA_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(local_conforms),
    };
    (void)snprintf(config, sizeof(config), "{\"socket\": \"/tmp/eda-local-%d.sock\"}", getpid());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
