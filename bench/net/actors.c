/* actors.c - bench-net inside and shown: from a client, and from an actor, to an actor that only
 * the other node hosts. */
#include "net.h"

#include <stdio.h>
#include <stdlib.h>

#define PATIENCE_MS 60000u
#define STEP_LEN 1024u                      /* most messages of one turn */
#define STEP_SIZE ((uint64_t)1 << 20)       /* bytes, but one message at least */
#define WINDOW_LEN 16384u                   /* of the client's that nobody has told the end of */
#define WINDOW_SIZE ((uint64_t)1536 * 1024) /* the same in bytes */

EDA_MESSAGE(net_mail, "bench/net/mail", .is_inside = true, .overflow = EDA_WAIT,
    (eda_bytes, payload));
EDA_MESSAGE(net_shown_mail, "bench/net/shown", .overflow = EDA_WAIT, (eda_bytes, payload));
EDA_MESSAGE(net_note, "bench/net/note", .is_inside = true, (eda_bytes, payload));
EDA_RECORD(net_begun, (uint64_t, before));
EDA_REQUEST(net_begin, net_begun, "bench/net/begin", .is_inside = true, (uint64_t, count));
EDA_MESSAGE(net_all, "bench/net/all", .is_inside = true, (uint64_t, size));
EDA_RECORD(net_echoed, (eda_bytes, payload));
EDA_REQUEST(net_echo, net_echoed, "bench/net/echo", .is_inside = true, (eda_bytes, payload));
EDA_MESSAGE(net_go, "bench/net/go", .is_inside = true, (uint64_t, count), (bool, is_shown));

/* --- the peer's ------------------------------------------------------------------------------ */

typedef struct net_sink {
    uint64_t count;
    uint64_t size;
    uint64_t expected;
} net_sink;

static eda_status take(net_sink *self, eda_bytes payload, eda_ctx *ctx)
{
    self->count++;
    self->size += payload.len;
    return self->count == self->expected
               ? eda_publish(ctx, EDA_MSG(net_all, .size = self->size), NULL)
               : EDA_OK;
}

static eda_status net_sink_on_mail(net_sink *self, const net_mail *m, eda_ctx *ctx)
{
    return take(self, m->payload, ctx);
}

static eda_status net_sink_on_shown_mail(net_sink *self, const net_shown_mail *m, eda_ctx *ctx)
{
    return take(self, m->payload, ctx);
}

static eda_status net_sink_on_note(net_sink *self, const net_note *m, eda_ctx *ctx)
{
    return take(self, m->payload, ctx);
}

static void net_sink_on_begin(net_sink *self, const net_begin *request, net_begun *reply)
{
    *reply = (net_begun){.before = self->count};
    *self = (net_sink){.expected = request->count};
}

static void net_sink_on_echo(net_sink *self, const net_echo *request, net_echoed *reply)
{
    (void)self;
    *reply = (net_echoed){.payload = request->payload};
}

EDA_ACTOR(net_sink, eda_none, emits(net_all), on(net_mail, net_sink_on_mail),
    on(net_shown_mail, net_sink_on_shown_mail), on(net_note, net_sink_on_note),
    answers(net_begin, net_sink_on_begin), answers(net_echo, net_sink_on_echo));

/* --- this side's ----------------------------------------------------------------------------- */

static eda_bytes payload;
static uint64_t arrived; /* bytes, as the peer says; read after net_await_done */

typedef struct net_source {
    uint64_t sent;
} net_source;

static eda_status net_source_on_go(net_source *self, const net_go *m, eda_ctx *ctx)
{
    uint64_t step = STEP_SIZE / payload.len + 1;
    uint64_t i;

    step = step < STEP_LEN ? step : STEP_LEN;
    step = step < m->count ? step : m->count;
    for (i = 0; i < step; i++) {
        EDA_TRY(m->is_shown ? eda_publish(ctx, EDA_MSG(net_shown_mail, .payload = payload), NULL)
                            : eda_publish(ctx, EDA_MSG(net_mail, .payload = payload), NULL));
    }
    self->sent += step;
    return m->count == step
               ? EDA_OK
               : eda_publish(
                     ctx, EDA_MSG(net_go, .count = m->count - step, .is_shown = m->is_shown), NULL);
}

EDA_ACTOR(net_source, eda_none, emits(net_mail, net_shown_mail, net_go), on(net_go, net_source_on_go));

typedef struct net_end {
    uint64_t count;
} net_end;

static void net_end_on_all(net_end *self, const net_all *m)
{
    self->count++;
    arrived = m->size;
    net_done();
}

EDA_ACTOR(net_end, eda_none, on(net_all, net_end_on_all));

/* --- nodes ----------------------------------------------------------------------------------- */

static eda_system *start_node(
    const net_plan *plan, const char *name, const eda_actor *const *actors)
{
    const eda_options options = {.name = name,
        .bus = plan->bus,
        .bus_config = plan->mine,
        .mailbox_len_max = 2 * WINDOW_LEN};
    eda_system *sys = NULL;

    bench_check(NULL, eda_system_new(&options, &sys), "new");
    for (; *actors != NULL; actors++) {
        bench_check(sys, eda_add(sys, (eda_added){.actor = *actors}), "add");
    }
    bench_check(sys, eda_declare(sys, &eda_type_net_note), "declare");
    bench_check(sys, eda_declare(sys, &eda_type_net_begin), "declare");
    bench_check(sys, eda_declare(sys, &eda_type_net_echo), "declare");
    bench_check(sys, eda_system_start(sys), "start");
    return sys;
}

/* Nothing was lost here. */
static void stop_node(eda_system *sys)
{
    eda_counts counts;
    char text[256];

    bench_check(sys, eda_wait_idle(sys, PATIENCE_MS), "wait");
    counts = eda_system_counts(sys, NULL, NULL);
    if (counts.accepted != counts.handled + counts.forwarded || counts.unheard != 0) {
        (void)snprintf(text, sizeof(text),
            "net: of %llu messages %llu were handled, %llu forwarded, %llu shed, %llu lost, "
            "%llu unknown; %llu unheard",
            (unsigned long long)counts.accepted, (unsigned long long)counts.handled,
            (unsigned long long)counts.forwarded, (unsigned long long)counts.shed,
            (unsigned long long)counts.lost, (unsigned long long)counts.unknown,
            (unsigned long long)counts.unheard);
        bench_fail(text);
    }
    eda_system_free(sys);
}

void net_actors_serve(const net_plan *plan)
{
    eda_system *sys =
        start_node(plan, "sink", (const eda_actor *const[]){&eda_actor_net_sink, NULL});

    net_serve();
    stop_node(sys);
}

static eda_system *start_measuring(const net_plan *plan)
{
    eda_system *sys = start_node(plan, "source",
        (const eda_actor *const[]){&eda_actor_net_source, &eda_actor_net_end, NULL});

    payload = net_payload(plan->size);
    bench_check(sys, eda_cluster_wait_nodes(sys, 2, PATIENCE_MS), "wait for the peer");
    return sys;
}

/* --- rows ------------------------------------------------------------------------------------ */

typedef void send_fn(eda_system *sys, uint64_t count);

static void send_inside(eda_system *sys, uint64_t count)
{
    bench_publish(sys, EDA_MSG(net_go, .count = count));
}

static void send_shown(eda_system *sys, uint64_t count)
{
    bench_publish(sys, EDA_MSG(net_go, .count = count, .is_shown = true));
}

/* No more is under way than the last two windows: what a client without EDA_WAIT has to do. */
static void send_notes(eda_system *sys, uint64_t count)
{
    eda_ctx *client = eda_system_client(sys);
    uint64_t window = WINDOW_SIZE / payload.len + 1;
    eda_receipt before = {.id = 0};
    uint64_t i;

    window = window < WINDOW_LEN ? window : WINDOW_LEN;
    for (i = 1; i <= count; i++) {
        eda_receipt receipt = {.id = 0};
        bool is_last = i % window == 0 || i == count;

        bench_check(sys,
            eda_publish(client, EDA_MSG(net_note, .payload = payload), is_last ? &receipt : NULL),
            "publish");
        if (is_last && before.id != 0) {
            bench_check(sys, eda_wait(client, before, PATIENCE_MS), "a window");
        }
        before = is_last ? receipt : before;
    }
    bench_check(sys, eda_wait(client, before, PATIENCE_MS), "the last window");
}

/* ns until the peer has had all. */
static int64_t time_sending(eda_system *sys, uint64_t count, send_fn *send)
{
    const net_begun *reply = NULL;
    int64_t begin;

    bench_check(sys,
        eda_ask(eda_system_client(sys), EDA_ASK(net_begin, &reply, .count = count), PATIENCE_MS),
        "ask the peer to count");
    begin = bench_now();
    send(sys, count);
    net_await_done();
    begin = bench_now() - begin;
    if (arrived != count * payload.len) {
        bench_fail("net: the peer had another number of bytes");
    }
    return begin;
}

static void measure_rate(eda_system *sys, const net_plan *plan, const char *row, send_fn *send)
{
    (void)time_sending(sys, net_warm_up(plan->messages), send);
    bench_print_rate(row, "messages", plan->messages, time_sending(sys, plan->messages, send));
}

static void measure_asks(eda_system *sys, const net_plan *plan)
{
    uint64_t warm_up = net_warm_up(plan->asks);
    double *times = bench_numbers(plan->asks);
    uint64_t i;

    for (i = 0; i < plan->asks + warm_up; i++) {
        const net_echoed *reply = NULL;
        int64_t begin = bench_now();

        bench_check(sys,
            eda_ask(
                eda_system_client(sys), EDA_ASK(net_echo, &reply, .payload = payload), PATIENCE_MS),
            "ask");
        if (reply->payload.len != payload.len) {
            bench_fail("net: the echo is not what was sent");
        }
        if (i >= warm_up) {
            times[i - warm_up] = (double)(bench_now() - begin);
        }
    }
    net_print_times("ask", times, plan->asks);
    free(times);
}

void net_actors_measure_inside(const net_plan *plan)
{
    eda_system *sys = start_measuring(plan);

    measure_rate(sys, plan, "actor", send_inside);
    measure_rate(sys, plan, "client", send_notes);
    measure_asks(sys, plan);
    bench_check(sys, eda_cluster_wait_idle(sys, PATIENCE_MS), "wait for both");
    stop_node(sys);
}

void net_actors_measure_shown(const net_plan *plan)
{
    eda_system *sys = start_measuring(plan);

    measure_rate(sys, plan, "shown", send_shown);
    bench_check(sys, eda_cluster_wait_idle(sys, PATIENCE_MS), "wait for both");
    stop_node(sys);
}
