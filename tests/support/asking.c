/* asking.c - see asking.h. */
#include "asking.h"

#include "base/clock.h"
#include "base/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <poll.h>

#define NOTES_SIZE 65536u
#define LOG_SIZE 65536u
#define PUMP_ROUNDS_MAX 100000u

static struct {
    edai_mutex mutex;
    bool is_ready;
    size_t len;
    size_t log_len;
    char notes[NOTES_SIZE];
    char log[LOG_SIZE];
} heard;

static void on_log(void *arg, eda_str line)
{
    (void)arg;
    edai_mutex_lock(&heard.mutex);
    if (heard.log_len + line.len + 2 < LOG_SIZE) {
        memcpy(heard.log + heard.log_len, line.ptr, line.len);
        heard.log_len += line.len;
        heard.log[heard.log_len++] = '\n';
        heard.log[heard.log_len] = '\0';
    }
    edai_mutex_unlock(&heard.mutex);
}

static void prepare(void)
{
    if (!heard.is_ready) {
        edai_mutex_init(&heard.mutex);
        heard.is_ready = true;
    }
    asking_forget();
    heard.log_len = 0;
    heard.log[0] = '\0';
}

eda_system *asking_start(const eda_options *options, const eda_actor *const *actors)
{
    eda_options used = {.pumped = true};
    eda_system *sys = NULL;

    prepare();
    if (options != NULL) {
        used = *options;
    }
    used.log = on_log;
    used.seed = 1;
    assert_int_equal(eda_system_new(&used, &sys), EDA_OK);
    for (; *actors != NULL; actors++) {
        eda_status status = eda_add(sys, (eda_added){.actor = *actors});

        if (status != EDA_OK) {
            fail_msg("%s: %s", (*actors)->name, eda_system_error(sys));
        }
    }
    if (eda_system_start(sys) != EDA_OK) {
        fail_msg("%s", eda_system_error(sys));
    }
    return sys;
}

eda_system *asking_start_saving(const eda_actor *const *actors)
{
    const eda_options options = {.pumped = true, .store = EDA_STORE_MEMORY};

    return asking_start(&options, actors);
}

void asking_settle(eda_system *sys)
{
    if (eda_wait_idle(sys, ASKING_TIMEOUT_MS) != EDA_OK) {
        fail_msg("%s; noted: %s", eda_system_error(sys), asking_notes());
    }
}

void asking_end(eda_system *sys)
{
    eda_counts counts;

    eda_system_stop(sys);
    counts = eda_system_counts(sys, NULL, NULL);
    if (eda_counts_balance(&counts) != 0) {
        fail_msg("%lld deliveries are unaccounted for", (long long)eda_counts_balance(&counts));
    }
    assert_int_equal(eda_system_activations(sys, NULL).live, 0);
    eda_system_free(sys);
}

void asking_pump_until(eda_system *sys, const char *note, unsigned at_least)
{
    struct pollfd fd = {.fd = eda_system_fd(sys), .events = POLLIN};
    uint32_t wait_ms = 0;
    uint32_t round;

    for (round = 0; asking_noted(note) < at_least; round++) {
        if (round == PUMP_ROUNDS_MAX) {
            fail_msg("'%s' was not noted %u times: %s", note, at_least, asking_notes());
        }
        (void)eda_system_step(sys, 0, &wait_ms);
        if (asking_noted(note) < at_least) {
            (void)poll(&fd, 1, wait_ms < 100 ? (int)wait_ms : 100);
        }
    }
}

/* --- notes -------------------------------------------------------------------------------- */

void asking_note(const char *format, ...)
{
    char text[256];
    va_list list;
    size_t len;

    va_start(list, format);
    (void)vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    len = strlen(text);
    edai_mutex_lock(&heard.mutex);
    if (heard.len + len + 2 < NOTES_SIZE) {
        if (heard.len > 0) {
            heard.notes[heard.len++] = ' ';
        }
        memcpy(heard.notes + heard.len, text, len + 1);
        heard.len += len;
    }
    edai_mutex_unlock(&heard.mutex);
}

const char *asking_notes(void)
{
    return heard.notes;
}

unsigned asking_noted(const char *note)
{
    size_t len = strlen(note);
    unsigned count = 0;
    const char *at;

    edai_mutex_lock(&heard.mutex);
    for (at = strstr(heard.notes, note); at != NULL; at = strstr(at + 1, note)) {
        count += (at == heard.notes || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0');
    }
    edai_mutex_unlock(&heard.mutex);
    return count;
}

void asking_forget(void)
{
    edai_mutex_lock(&heard.mutex);
    heard.len = 0;
    heard.notes[0] = '\0';
    edai_mutex_unlock(&heard.mutex);
}

bool asking_logged(const char *text)
{
    bool is_there;

    edai_mutex_lock(&heard.mutex);
    is_there = strstr(heard.log, text) != NULL;
    edai_mutex_unlock(&heard.mutex);
    return is_there;
}

/* --- gates -------------------------------------------------------------------------------- */

struct asking_gate {
    edai_mutex mutex;
    edai_cond changed;
    unsigned arrivals;
    bool is_open;
};

asking_gate *asking_gate_new(void)
{
    asking_gate *gate = calloc(1, sizeof(*gate));

    assert_non_null(gate);
    edai_mutex_init(&gate->mutex);
    edai_cond_init(&gate->changed);
    return gate;
}

void asking_gate_free(asking_gate *gate)
{
    edai_cond_fini(&gate->changed);
    edai_mutex_fini(&gate->mutex);
    free(gate);
}

void asking_gate_open(asking_gate *gate)
{
    edai_mutex_lock(&gate->mutex);
    gate->is_open = true;
    edai_cond_broadcast(&gate->changed);
    edai_mutex_unlock(&gate->mutex);
}

void asking_gate_wait(void *arg)
{
    asking_gate *gate = arg;

    edai_mutex_lock(&gate->mutex);
    gate->arrivals++;
    edai_cond_broadcast(&gate->changed);
    while (!gate->is_open) {
        edai_cond_wait(&gate->changed, &gate->mutex);
    }
    edai_mutex_unlock(&gate->mutex);
}

void asking_gate_await(asking_gate *gate, unsigned count)
{
    const int64_t deadline = edai_clock_monotonic_ns() + EDA_MS(ASKING_TIMEOUT_MS);
    bool is_late = false;

    edai_mutex_lock(&gate->mutex);
    while (gate->arrivals < count && !is_late) {
        is_late = !edai_cond_wait_until(&gate->changed, &gate->mutex, deadline);
    }
    edai_mutex_unlock(&gate->mutex);
    assert_false(is_late);
}

asking_gate *asking_the_gate;

int asking_make_gate(void **state)
{
    (void)state;
    asking_the_gate = asking_gate_new();
    return 0;
}

int asking_free_gate(void **state)
{
    (void)state;
    asking_gate_free(asking_the_gate);
    return 0;
}

/* --- counts ------------------------------------------------------------------------------- */

void asking_compare_counts(
    eda_system *sys, const char *message, eda_counts expected, const char *file, int line)
{
    eda_counts counts = eda_system_counts(sys, message, NULL);

    if (memcmp(&counts, &expected, offsetof(eda_counts, is_known)) != 0) {
        print_error(
            "%s: accepted %llu, handled %llu, failed %llu, expired %llu, shed %llu, dead %llu, "
            "stopped %llu, unheard %llu\n",
            message != NULL ? message : "all", (unsigned long long)counts.accepted,
            (unsigned long long)counts.handled, (unsigned long long)counts.failed,
            (unsigned long long)counts.expired, (unsigned long long)counts.shed,
            (unsigned long long)counts.dead, (unsigned long long)counts.stopped,
            (unsigned long long)counts.unheard);
        _fail(file, line);
    }
}
