/* host.c - a node that reads no log: it hosts its share of the actors until it is told to stop. */
#define _POSIX_C_SOURCE 200809L /* sigaction, poll, pipe */

#include "building.h"

#include <edacious/edacious.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

/* The handler writes, the main thread reads. */
static int told[2] = {-1, -1};

static void on_signal(int number)
{
    int error = errno;
    const char byte = (char)number;
    /* It can fail only if 65,536 signals wait, and then one is enough. */
    ssize_t written = write(told[1], &byte, 1);

    (void)written;
    errno = error;
}

/* From here on a signal is a byte in the pipe. */
static bool listen_to_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

    return pipe(told) == 0 && sigemptyset(&action.sa_mask) == 0 &&
           sigaction(SIGTERM, &action, NULL) == 0 && sigaction(SIGINT, &action, NULL) == 0;
}

/* Until a signal, or the end of standard input: whoever started this process may simply go. */
static void wait_until_told(void)
{
    struct pollfd fds[2] = {
        {.fd = told[0], .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
    char bytes[256];

    for (;;) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR) {
            return;
        }
        if ((fds[0].revents & POLLIN) != 0) {
            return;
        }
        if (fds[1].revents != 0 && read(STDIN_FILENO, bytes, sizeof(bytes)) <= 0) {
            return;
        }
    }
}

/* Nothing may have got lost on the way, or be left here. */
static bool is_settled(eda_system *sys)
{
    eda_status status = eda_wait_idle(sys, EDA_FOREVER);
    const eda_counts counts = eda_system_counts(sys, NULL, NULL);

    return status == EDA_OK && eda_counts_balance(&counts) == 0 && counts.lost == 0 &&
           counts.unknown == 0;
}

int building_host(const building_arguments *args)
{
    eda_system *sys = NULL;
    eda_status status;
    bool is_good;

    if (!listen_to_signals()) {
        perror("building: signals");
        return 1;
    }
    status = building_start(args, NULL, &sys);
    if (status != EDA_OK) {
        fprintf(stderr, "building: cannot start: %s: %s\n", eda_status_text(status),
            sys != NULL ? eda_system_error(sys) : "");
        eda_system_free(sys);
        return 1;
    }
    printf("ready\n");
    (void)fflush(stdout);
    wait_until_told();
    is_good = is_settled(sys);
    if (args->is_verbose || !is_good) {
        building_tell(sys, args->node);
    }
    eda_system_free(sys);
    return is_good ? 0 : 1;
}
