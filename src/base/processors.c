/* processors.c - over the scheduler's calls and /proc of Linux. */
#define _GNU_SOURCE 1

#include "base/processors.h"

#include <string.h>

#if defined(__linux__)
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

void edai_processors_add(edai_processors *set, unsigned processor)
{
    if (processor < EDAI_PROCESSORS_MAX) {
        set->words[processor / 64] |= (uint64_t)1 << processor % 64;
    }
}

bool edai_processors_are_equal(const edai_processors *a, const edai_processors *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

edai_processors edai_processors_without(const edai_processors *all, const edai_processors *less)
{
    edai_processors left;
    uint64_t any = 0;
    unsigned i;

    for (i = 0; i < EDAI_PROCESSORS_MAX / 64; i++) {
        left.words[i] = all->words[i] & ~less->words[i];
        any |= left.words[i];
    }
    return any != 0 ? left : *all;
}

#if defined(__linux__)

int edai_thread_number(void)
{
    return (int)syscall(SYS_gettid);
}

/* Of a line of /proc/self/task/NUMBER/stat: what stands behind the name, which ends with the last
 * ')' and may hold anything, are fields from the third on, one space apart. */
static const char *field_of(const char *line, unsigned wanted)
{
    const char *at = strrchr(line, ')');
    unsigned i;

    for (i = 2; at != NULL && i < wanted; i++) {
        at = strchr(at + 1, ' ');
    }
    return at != NULL ? at + 1 : NULL;
}

int edai_processor_of(int number)
{
    enum {
        FIELD_STATE = 3,
        FIELD_PROCESSOR = 39,
        LINE_SIZE = 1024
    };
    char text[LINE_SIZE];
    const char *state;
    const char *processor;
    ssize_t len;
    int file;

    (void)snprintf(text, sizeof(text), "/proc/self/task/%d/stat", number);
    file = open(text, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return -1;
    }
    len = read(file, text, sizeof(text) - 1);
    (void)close(file);
    text[len > 0 ? len : 0] = 0;
    state = field_of(text, FIELD_STATE);
    processor = field_of(text, FIELD_PROCESSOR);
    return state != NULL && *state == 'R' && processor != NULL ? (int)strtol(processor, NULL, 10)
                                                               : -1;
}

bool edai_processors_of(int number, edai_processors *ret_set)
{
    edai_processors set = {{0}};

    if (syscall(SYS_sched_getaffinity, number, sizeof(set), &set) < 0) {
        return false;
    }
    *ret_set = set;
    return true;
}

bool edai_processors_confine(int number, const edai_processors *set)
{
    return syscall(SYS_sched_setaffinity, number, sizeof(*set), set) == 0;
}

/* As sched_setattr(2) has it; not all C libraries declare it. */
struct attributes {
    uint32_t size;
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime;
    uint64_t deadline;
    uint64_t period;
};

void edai_thread_hasten(void)
{
#if defined(SYS_sched_getattr) && defined(SYS_sched_setattr)
    enum {
        SHORTEST_NS = 100000,
        FLAG_RESET_ON_FORK = 1 /* threads that it starts are like others */
    };
    struct attributes mine = {.size = 0};

    if (syscall(SYS_sched_getattr, 0, &mine, sizeof(mine), 0) != 0 || mine.policy != SCHED_OTHER) {
        return; /* whoever chose another policy knows better */
    }
    mine.size = sizeof(mine);
    mine.flags |= FLAG_RESET_ON_FORK;
    mine.runtime = SHORTEST_NS; /* of this policy: how long a slice it asks for */
    mine.deadline = 0;
    mine.period = 0;
    (void)syscall(SYS_sched_setattr, 0, &mine, 0);
#endif
}

#else

int edai_thread_number(void)
{
    return 0;
}

int edai_processor_of(int number)
{
    (void)number;
    return -1;
}

bool edai_processors_of(int number, edai_processors *ret_set)
{
    (void)number;
    (void)ret_set;
    return false;
}

bool edai_processors_confine(int number, const edai_processors *set)
{
    (void)number;
    (void)set;
    return false;
}

void edai_thread_hasten(void)
{
}

#endif
