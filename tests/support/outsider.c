/* outsider.c - see outsider.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/thread.h"
#include "outsider.h"

#define PATIENCE_MS 60000u

typedef struct asking {
    outsider_got got;
    atomic_bool is_over;
} asking;

eda_bus *outsider_join(const eda_bus_driver *driver, const char *config)
{
    eda_bus_problem problem = {.text = ""};
    eda_bus *bus = NULL;

    if (driver->open(&(eda_bus_options){.config = config}, &bus, &problem) != EDA_OK) {
        fail_msg("%s", problem.text);
    }
    return bus;
}

static void on_answer(void *arg, const eda_bus_message *answer, bool is_error, eda_status end)
{
    asking *self = arg;

    if (answer == NULL) {
        self->got.end = end;
        atomic_store(&self->is_over, true);
        return;
    }
    (void)snprintf(self->got.text, sizeof(self->got.text), "%.*s", (int)answer->payload.len,
        (const char *)answer->payload.ptr);
    self->got.is_error = is_error;
    self->got.answers++;
}

outsider_got outsider_get(
    const eda_bus_driver *driver, eda_bus *bus, const eda_bus_message *request, bool is_for_all)
{
    asking self = {.got = {.answers = 0}};

    assert_int_equal(driver->get(bus, request, is_for_all, PATIENCE_MS, on_answer, &self), EDA_OK);
    while (!atomic_load(&self.is_over)) {
        edai_thread_yield();
    }
    return self.got;
}
