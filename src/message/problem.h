/* problem.h - where in a message something is wrong, and the sentence that says so.
 *
 * A path is a chain of frames on the callers' stacks, turned into text only on failure:
 * "door_unlock.guests[2].id". Threads: no shared state. Memory: none. */
#ifndef EDAI_PROBLEM_H
#define EDAI_PROBLEM_H

#include <edacious/codec.h>

typedef struct edai_path {
    const struct edai_path *up; /* NULL: this is the type's name */
    const char *name;           /* NULL: element `index` of what stands above */
    size_t index;
} edai_path;

/* Writes the path, then the sentence, cut to fit; never splits a UTF-8 sequence. Returns `status`.
 * `problem` may be NULL, `path` too. */
eda_status edai_problem_set(eda_problem *problem, const edai_path *path, eda_status status,
    const char *format, ...) EDA_PRINTF(4, 5);

/* A bound of a range: whole numbers exactly, others to 6 digits. `buffer` holds that many bytes. */
#define EDAI_PROBLEM_NUMBER_SIZE 48
void edai_problem_number(long double number, char *buffer);

#endif
