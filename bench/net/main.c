/* main.c - bench-net PART BUS SIZE MESSAGES ASKS: messages and requests between two processes.
 *
 * Parts: inside, messages that stay among the nodes; shown, messages that whoever subscribes to
 * their topic on the bus sees, too; bus, the driver alone, without actors. BUS is zenoh, over
 * tcp/127.0.0.1, or local, over a Unix socket. */
#define _POSIX_C_SOURCE 200809L

#include "net.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_S 60

const net_part net_parts[] = {
    {"inside", net_actors_measure_inside, net_actors_serve},
    {"shown", net_actors_measure_shown, net_actors_serve},
    {"bus", net_bus_measure, net_bus_serve},
    {.name = NULL},
};

static sem_t done;

void net_done(void)
{
    (void)sem_post(&done);
}

void net_await_done(void)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    if (sem_timedwait(&done, &until) != 0) {
        bench_fail("net: the peer has not had all of it after a minute");
    }
}

eda_bytes net_payload(uint64_t size)
{
    static uint8_t *bytes;

    if (bytes == NULL) {
        bytes = malloc(size);
        if (bytes == NULL) {
            bench_fail("net: no memory for the payload");
        }
        memset(bytes, 7, size);
    }
    return (eda_bytes){.ptr = bytes, .len = size};
}

uint64_t net_warm_up(uint64_t count)
{
    return count >= 10 ? count / 10 : 1;
}

void net_print_times(const char *name, double *times, uint64_t count)
{
    bench_print(name, "p50", bench_quantile(times, count, 0.5), "ns");
    bench_print(name, "p99", bench_quantile(times, count, 0.99), "ns");
}

/* --- the pair -------------------------------------------------------------------------------- */

void net_serve(void)
{
    char byte = 1;

    if (write(STDOUT_FILENO, &byte, 1) != 1) {
        bench_fail("net: the peer's parent is gone");
    }
    while (read(STDIN_FILENO, &byte, 1) > 0) {
        /* nothing is ever written */
    }
}

typedef struct peer {
    pid_t pid;
    int to;
    int from;
} peer;

static peer start_peer(char *const *argv)
{
    int to[2];
    int from[2];
    peer self;
    char byte = 0;

    if (pipe(to) != 0 || pipe(from) != 0) {
        bench_fail("net: no pipe");
    }
    self = (peer){.pid = fork(), .to = to[1], .from = from[0]};
    if (self.pid == 0) {
        (void)close(to[1]);
        (void)close(from[0]);
        if (dup2(to[0], STDIN_FILENO) >= 0 && dup2(from[1], STDOUT_FILENO) >= 0) {
            (void)execv("/proc/self/exe", argv);
        }
        _exit(127);
    }
    (void)close(to[0]);
    (void)close(from[1]);
    if (self.pid < 0 || read(self.from, &byte, 1) != 1) {
        bench_fail("net: the peer did not start");
    }
    return self;
}

static void end_peer(const peer *self)
{
    int status = 0;

    (void)close(self->to);
    (void)close(self->from);
    if (waitpid(self->pid, &status, 0) != self->pid || status != 0) {
        bench_fail("net: the peer failed");
    }
}

/* A port that was free a moment ago; whoever takes it meanwhile makes the start fail, and is told.
 */
static unsigned pick_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        bench_fail("net: no port");
    }
    (void)close(fd);
    return ntohs(address.sin_port);
}

static void configure(const char *bus, char *mine, char *peers, size_t size)
{
    if (strcmp(bus, "local") == 0) {
        (void)snprintf(mine, size, "{\"socket\": \"/tmp/bench-net.%ld\"}", (long)getpid());
        (void)snprintf(peers, size, "%s", mine);
    } else {
        unsigned port = pick_port();

        (void)snprintf(mine, size, "{connect: {endpoints: ['tcp/127.0.0.1:%u']}}", port);
        (void)snprintf(peers, size, "{listen: {endpoints: ['tcp/127.0.0.1:%u']}}", port);
    }
}

/* --- the command ----------------------------------------------------------------------------- */

static const net_part *find_part(const char *name)
{
    const net_part *at = net_parts;

    while (at->name != NULL && strcmp(at->name, name) != 0) {
        at++;
    }
    return at->name != NULL ? at : NULL;
}

/* PART BUS SIZE MESSAGES ASKS. */
static bool read_plan(char **words, net_plan *plan)
{
    plan->part = words[0];
    plan->bus = words[1];
    plan->size = strtoull(words[2], NULL, 10);
    plan->messages = strtoull(words[3], NULL, 10);
    plan->asks = strtoull(words[4], NULL, 10);
    return find_part(plan->part) != NULL && plan->size > 0 && plan->messages > 0 && plan->asks > 0;
}

static void run_pair(char **argv, net_plan *plan)
{
    char name[] = "peer";
    char mine[128];
    char peers[128];
    char *const words[] = {argv[0], name, argv[1], argv[2], argv[3], argv[4], argv[5], peers, NULL};
    peer other;

    configure(plan->bus, mine, peers, sizeof(mine));
    plan->mine = mine;
    other = start_peer(words);
    find_part(plan->part)->measure(plan);
    end_peer(&other);
}

int main(int argc, char **argv)
{
    net_plan plan;

    if (sem_init(&done, 0, 0) != 0) {
        bench_fail("net: no semaphore");
    }
    if (argc == 8 && strcmp(argv[1], "peer") == 0 && read_plan(argv + 2, &plan)) {
        plan.mine = argv[7];
        find_part(plan.part)->serve(&plan);
        return 0;
    }
    if (argc != 6 || !read_plan(argv + 1, &plan)) {
        (void)fprintf(stderr, "usage: bench-net inside|shown|bus zenoh|local SIZE MESSAGES ASKS\n");
        return 2;
    }
    run_pair(argv, &plan);
    return 0;
}
