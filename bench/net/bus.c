/* bus.c - bench-net bus: the driver's own put and get, one message per put, without actors. */
#include "net.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAIL "bench/net/mail"
#define ALL "bench/net/all"
#define ECHO "bench/net/echo"
#define CALL_MS 5000u
/* Between two tries of a put that found the queue full, as nodes do: it takes longer to empty, and
 * who tries all the time takes the processor from it. */
#define FULL_NS 2000000

typedef struct side {
    const eda_bus_driver *driver;
    eda_bus *bus;
    uint64_t warm_up;
    uint64_t messages;
    uint64_t size;
    uint64_t heard; /* by the subscriber's callbacks, which are one at a time */
    uint64_t bytes;
    _Atomic bool is_answered; /* of the get that is under way */
    size_t reply_len;
} side;

static void open_side(const net_plan *plan, side *self)
{
    const eda_bus_options options = {.config = plan->mine};
    eda_bus_problem problem = {.text = ""};

    *self = (side){
        .warm_up = net_warm_up(plan->messages), .messages = plan->messages, .size = plan->size};
    if (eda_bus_find(plan->bus, &self->driver, &problem) != EDA_OK ||
        self->driver->open(&options, &self->bus, &problem) != EDA_OK) {
        bench_fail(problem.text);
    }
}

/* --- the peer -------------------------------------------------------------------------------- */

static void on_mail(void *arg, const eda_bus_message *message)
{
    static const eda_bus_message all = {.key = {.ptr = ALL, .len = sizeof(ALL) - 1}};
    side *self = arg;

    self->bytes += message->payload.len;
    self->heard++;
    if (self->heard == self->warm_up || self->heard == self->warm_up + self->messages) {
        bench_check(NULL, self->driver->put(self->bus, &all), "tell the end");
    }
}

static void on_echo(void *arg, const eda_bus_message *request, eda_bus_query *query)
{
    side *self = arg;

    self->driver->answer(self->bus, query, request, false);
}

void net_bus_serve(const net_plan *plan)
{
    side self;
    uint64_t id = 0;

    open_side(plan, &self);
    bench_check(NULL, self.driver->subscribe(self.bus, eda_str_from(MAIL), on_mail, &self, &id),
        "subscribe");
    bench_check(
        NULL, self.driver->serve(self.bus, eda_str_from(ECHO), on_echo, &self, &id), "serve");
    net_serve();
    self.driver->close(self.bus);
    if (self.heard != self.warm_up + self.messages || self.bytes != self.heard * self.size) {
        bench_fail("net: puts were lost");
    }
}

/* --- this side ------------------------------------------------------------------------------- */

static void on_all(void *arg, const eda_bus_message *message)
{
    (void)arg;
    (void)message;
    net_done();
}

static void on_answer(void *arg, const eda_bus_message *answer, bool is_error, eda_status end)
{
    side *self = arg;

    (void)end;
    if (answer == NULL) {
        net_done();
    } else if (!is_error) {
        self->reply_len = answer->payload.len;
        atomic_store(&self->is_answered, true);
    }
}

/* False: nobody was there. */
static bool ask(side *self, eda_bytes payload)
{
    const eda_bus_message request = {.key = eda_str_from(ECHO), .payload = payload};

    atomic_store(&self->is_answered, false);
    bench_check(
        NULL, self->driver->get(self->bus, &request, false, CALL_MS, on_answer, self), "get");
    net_await_done();
    if (atomic_load(&self->is_answered) && self->reply_len != payload.len) {
        bench_fail("net: the echo is not what was sent");
    }
    return atomic_load(&self->is_answered);
}

static int64_t time_puts(side *self, uint64_t count, eda_bytes payload)
{
    const eda_bus_message message = {.key = eda_str_from(MAIL), .payload = payload};
    int64_t begin = bench_now();
    uint64_t i;

    for (i = 0; i < count; i++) {
        eda_status status;

        while ((status = self->driver->put(self->bus, &message)) == EDA_EFULL) {
            bench_sleep_until(bench_now() + FULL_NS);
        }
        bench_check(NULL, status, "put");
    }
    net_await_done();
    return bench_now() - begin;
}

static void measure_gets(side *self, const net_plan *plan, eda_bytes payload)
{
    uint64_t warm_up = net_warm_up(plan->asks);
    double *times = bench_numbers(plan->asks);
    uint64_t i;

    for (i = 0; i < plan->asks + warm_up; i++) {
        int64_t begin = bench_now();

        if (!ask(self, payload)) {
            bench_fail("net: a get was not answered");
        }
        if (i >= warm_up) {
            times[i - warm_up] = (double)(bench_now() - begin);
        }
    }
    net_print_times("bus_get", times, plan->asks);
    free(times);
}

void net_bus_measure(const net_plan *plan)
{
    eda_bytes payload = net_payload(plan->size);
    int64_t until = bench_now() + EDA_SEC(60);
    uint64_t id = 0;
    side self;

    open_side(plan, &self);
    bench_check(
        NULL, self.driver->subscribe(self.bus, eda_str_from(ALL), on_all, &self, &id), "subscribe");
    while (!ask(&self, payload)) { /* served last: then it subscribes, too */
        if (bench_now() > until) {
            bench_fail("net: the peer does not answer");
        }
    }
    (void)time_puts(&self, self.warm_up, payload);
    bench_print_rate("bus", "puts", self.messages, time_puts(&self, self.messages, payload));
    measure_gets(&self, plan, payload);
    self.driver->close(self.bus);
}
