/* start.c - from fork and exec of a process to the first message handled in it. */
#define _POSIX_C_SOURCE 200809L

#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define TYPES 1000u

EDA_MESSAGE(hello, "bench/greeter/hello", (uint32_t, tag), (uint64_t, a), (uint64_t, b));

static int64_t handled_at;

typedef struct greeter {
    uint64_t seen;
} greeter;

static void greeter_on_hello(greeter *self, const hello *m)
{
    self->seen += m->tag;
    handled_at = bench_now();
}

EDA_ACTOR(greeter, eda_none, on(hello, greeter_on_hello));

/* The pattern of all types: names and topics differ, each has a message of its own. */
typedef struct kind {
    eda_actor actor;
    eda_type message;
    eda_type_slot slot;
    eda_handler handlers[2];
    char actor_name[24];
    char message_name[24];
    char topic[32];
} kind;

static const eda_actor *make_kind(kind *self, unsigned number)
{
    (void)snprintf(self->actor_name, sizeof(self->actor_name), "greeter_%u", number);
    (void)snprintf(self->message_name, sizeof(self->message_name), "hello_%u", number);
    (void)snprintf(self->topic, sizeof(self->topic), "bench/greeter_%u/hello", number);
    self->message = eda_type_hello;
    self->message.name = self->message_name;
    self->message.topic = self->topic;
    self->message.slot = &self->slot;
    self->handlers[0] = eda_actor_greeter.handlers[0];
    self->handlers[0].type = &self->message;
    self->actor = eda_actor_greeter;
    self->actor.name = self->actor_name;
    self->actor.handlers = self->handlers;
    return &self->actor;
}

int bench_start_child(uint64_t types)
{
    static kind kinds[TYPES];
    const eda_actor *actors[TYPES + 1] = {NULL};
    eda_value message = EDA_MSG(hello, .tag = 1);
    eda_system *sys;
    unsigned i;

    if (types > TYPES) {
        bench_fail("start: so many types are not there");
    }
    for (i = 0; i < types; i++) {
        actors[i] = make_kind(&kinds[i], i);
    }
    sys = bench_start_system(actors);
    message.type = &kinds[types - 1].message;
    bench_check(sys, eda_publish_wait(eda_system_client(sys), message, 10000), "publish");
    bench_stop(sys);
    return write(STDOUT_FILENO, &handled_at, sizeof(handled_at)) == sizeof(handled_at) ? 0 : 1;
}

static int64_t read_handled_at(pid_t child, int from)
{
    int64_t time = 0;
    int status = 0;
    bool is_read = read(from, &time, sizeof(time)) == sizeof(time);

    if (waitpid(child, &status, 0) != child || status != 0 || !is_read) {
        bench_fail("start: the process that was started failed");
    }
    return time;
}

/* ms from before the fork to the message's handler in the new process. */
static double time_process(const char *types)
{
    int64_t begin = bench_now();
    int64_t handled;
    int ends[2];
    pid_t child;

    if (pipe(ends) != 0) {
        bench_fail("start: no pipe");
    }
    child = fork();
    if (child == 0) {
        if (dup2(ends[1], STDOUT_FILENO) == STDOUT_FILENO) {
            (void)execl("/proc/self/exe", "bench", "start-child", types, (char *)NULL);
        }
        _exit(127);
    }
    (void)close(ends[1]);
    if (child < 0) {
        bench_fail("start: no process");
    }
    handled = read_handled_at(child, ends[0]);
    (void)close(ends[0]);
    return (double)(handled - begin) / 1e6;
}

static void time_processes(uint64_t size, const char *types, const char *what)
{
    double *times = bench_numbers(size);
    uint64_t i;

    for (i = 0; i < size; i++) {
        times[i] = time_process(types);
    }
    bench_print("start", what, bench_quantile(times, size, 0.5), "ms");
    free(times);
}

static void start(uint64_t size)
{
    time_processes(size, "1", "first_message");
    time_processes(size, "1000", "first_message_1000_types");
}

const bench bench_start[] = {
    {"start", 21, 1, start, false}, /* processes of each */
    {.name = NULL},
};
