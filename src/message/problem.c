/* problem.c - see problem.h. */
#include "message/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* snprintf cuts at a byte, so the last sequence may be half of one. */
static void drop_half_sequence(char *text)
{
    size_t len = strlen(text);
    size_t back = 0;

    while (back < 3 && back < len && ((unsigned char)text[len - 1 - back] & 0xc0) == 0x80) {
        back++;
    }
    if (back == len) {
        return;
    }
    unsigned char lead = (unsigned char)text[len - 1 - back];
    size_t wanted = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
    if (back < wanted) {
        text[len - 1 - back] = '\0';
    }
}

static size_t add(eda_problem *problem, size_t used, const char *format, ...) EDA_PRINTF(3, 4);

static size_t add(eda_problem *problem, size_t used, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int written = vsnprintf(problem->text + used, sizeof problem->text - used, format, args);
    va_end(args);
    size_t next = written < 0 ? used : used + (size_t)written;
    return next < sizeof problem->text ? next : sizeof problem->text - 1;
}

/* Depth of a path is bounded by EDA_CODEC_DEPTH_MAX containers: two frames each at most, and one
 * for the type's name. */
#define PATH_LEN_MAX (2 * EDA_CODEC_DEPTH_MAX + 4)

/* Bytes of a path; of a longer one the middle is left out, so that the sentence has its place. */
#define PATH_SIZE_MAX 110

static size_t add_frame(eda_problem *problem, size_t used, const edai_path *frame)
{
    if (frame->name == NULL) {
        return add(problem, used, "[%zu]", frame->index);
    }
    return add(problem, used, "%s%s", used > 0 ? "." : "", frame->name);
}

static size_t frame_size(const edai_path *frame)
{
    return frame->name == NULL ? sizeof "[65535]" : strlen(frame->name) + 1;
}

static size_t add_path(eda_problem *problem, const edai_path *path)
{
    const edai_path *frames[PATH_LEN_MAX]; /* the last part first */
    size_t count = 0;
    size_t shown = 0; /* last frames that fit */
    size_t size = 0;
    size_t used = 0;

    for (const edai_path *frame = path; frame != NULL && count < PATH_LEN_MAX; frame = frame->up) {
        frames[count++] = frame;
        size += frame_size(frame);
        if (size <= PATH_SIZE_MAX) {
            shown = count;
        }
    }
    if (shown < count) {
        used = add_frame(problem, used, frames[count - 1]);
        used = add(problem, used, "..");
    }
    while (shown > 0) {
        used = add_frame(problem, used, frames[--shown]);
    }
    return used;
}

eda_status edai_problem_set(
    eda_problem *problem, const edai_path *path, eda_status status, const char *format, ...)
{
    va_list args;

    if (problem == NULL) {
        return status;
    }
    problem->text[0] = '\0';
    size_t used = add_path(problem, path);
    if (used > 0) {
        used = add(problem, used, " ");
    }
    va_start(args, format);
    (void)vsnprintf(problem->text + used, sizeof problem->text - used, format, args);
    va_end(args);
    drop_half_sequence(problem->text);
    return status;
}

void edai_problem_number(long double number, char *buffer)
{
    bool is_whole = number > -9.2e18L && number < 9.2e18L && (long double)(int64_t)number == number;

    if (is_whole || number >= 9.2e18L || number <= -9.2e18L) {
        /* the borders of int64 and uint64 in full, DBL_MAX as 1.79769313486231571e+308 */
        (void)snprintf(buffer, EDAI_PROBLEM_NUMBER_SIZE, "%.20Lg", number);
    } else {
        (void)snprintf(buffer, EDAI_PROBLEM_NUMBER_SIZE, "%.6Lg", number);
    }
}
