/* timer.c - see timer.h: a binary heap that knows where each timer stands. */
#include "core/timer.h"

#include "base/assert.h"
#include "base/memory.h"

void edai_timers_init(edai_timers *timers)
{
    *timers = (edai_timers){.heap = NULL};
}

void edai_timers_fini(edai_timers *timers)
{
    edai_free(timers->heap);
    timers->heap = NULL;
    timers->len = 0;
    timers->capacity = 0;
}

static bool is_before(const edai_timer *a, const edai_timer *b)
{
    return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void put(edai_timers *timers, size_t at, edai_timer *timer)
{
    timers->heap[at] = timer;
    timer->index = at + 1;
}

static void sift_up(edai_timers *timers, size_t at, edai_timer *timer)
{
    while (at > 0) {
        size_t parent = (at - 1) / 2;

        if (!is_before(timer, timers->heap[parent])) {
            break;
        }
        put(timers, at, timers->heap[parent]);
        at = parent;
    }
    put(timers, at, timer);
}

static void sift_down(edai_timers *timers, size_t at, edai_timer *timer)
{
    for (;;) {
        size_t child = 2 * at + 1;

        if (child >= timers->len) {
            break;
        }
        if (child + 1 < timers->len && is_before(timers->heap[child + 1], timers->heap[child])) {
            child++;
        }
        if (!is_before(timers->heap[child], timer)) {
            break;
        }
        put(timers, at, timers->heap[child]);
        at = child;
    }
    put(timers, at, timer);
}

static eda_status grow(edai_timers *timers)
{
    size_t capacity = timers->capacity == 0 ? 64 : timers->capacity * 2;
    edai_timer **grown;

    if (timers->capacity >= EDAI_TIMERS_MAX) {
        return EDA_ELIMIT;
    }
    grown = edai_realloc(timers->heap, capacity * sizeof(*grown));
    if (grown == NULL) {
        return EDA_ENOMEM;
    }
    timers->heap = grown;
    timers->capacity = capacity;
    return EDA_OK;
}

eda_status edai_timers_reserve(edai_timers *timers)
{
    if (EDAI_UNLIKELY(timers->len + timers->reserved == timers->capacity)) {
        EDA_TRY(grow(timers));
    }
    timers->reserved++;
    return EDA_OK;
}

void edai_timers_release(edai_timers *timers)
{
    EDA_ASSERT(timers->reserved > 0, "a place is given back once");
    timers->reserved--;
}

void edai_timers_arm_reserved(edai_timers *timers, edai_timer *timer, int64_t due,
    void (*fire)(edai_worker *worker, edai_timer *timer))
{
    EDA_ASSERT(timer->index == 0, "an armed timer would stand in the heap twice");
    edai_timers_release(timers);
    timer->due = due;
    timer->fire = fire;
    timer->order = timers->order++;
    timers->len++;
    sift_up(timers, timers->len - 1, timer);
}

eda_status edai_timers_arm(edai_timers *timers, edai_timer *timer, int64_t due,
    void (*fire)(edai_worker *worker, edai_timer *timer))
{
    EDA_TRY(edai_timers_reserve(timers));
    edai_timers_arm_reserved(timers, timer, due, fire);
    return EDA_OK;
}

void edai_timers_disarm(edai_timers *timers, edai_timer *timer)
{
    size_t at = timer->index;
    edai_timer *last;

    if (at == 0) {
        return;
    }
    at--;
    EDA_ASSERT(at < timers->len && timers->heap[at] == timer, "the heap knows its timers");
    timer->index = 0;
    timers->len--;
    last = timers->heap[timers->len];
    if (last == timer) {
        return;
    }
    if (at > 0 && is_before(last, timers->heap[(at - 1) / 2])) {
        sift_up(timers, at, last);
    } else {
        sift_down(timers, at, last);
    }
}

edai_timer *edai_timers_due(edai_timers *timers, int64_t now)
{
    edai_timer *first = timers->len > 0 ? timers->heap[0] : NULL;

    if (first == NULL || first->due > now) {
        return NULL;
    }
    edai_timers_disarm(timers, first);
    return first;
}

int64_t edai_timers_next(const edai_timers *timers)
{
    if (timers->reserved > 0) {
        return 0;
    }
    return timers->len > 0 ? timers->heap[0]->due : INT64_MAX;
}
