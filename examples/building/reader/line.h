/* line.h - one line of a recorded log: out of the file, and into topic and payload.
 *
 * Memory: bounded, whatever the file holds. */
#ifndef BUILDING_LINE_H
#define BUILDING_LINE_H

#include <edacious/edacious.h>
#include <jansson.h>
#include <stdio.h>

#define LINE_SIZE_MAX (1u << 20)

/* Reads the next line, without its newline, into `buffer` of LINE_SIZE_MAX bytes. Of a longer one
 * it skips the rest; `ret_len` is its true length, so that the caller can tell. False: there is no
 * further line. */
bool line_read(FILE *file, char *buffer, size_t *ret_len);

/* A line that was understood so far as to be published: free with line_free. */
typedef struct line {
    json_t *root;
    eda_str topic; /* borrows from root */
    char *payload; /* JSON text; owned */
} line;

/* EDA_ESYNTAX: not strict JSON, no object, or it lacks a topic that is a string, or a payload.
 * EDA_ENOMEM. */
EDA_CHECK eda_status line_parse(const char *text, size_t len, line *ret_line);
void line_free(line *parsed);

#endif
