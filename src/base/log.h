/* log.h - one line of text for people: "2026-11-22T10:00:00Z home door[front]: unlocked".
 *
 * Threads: any. Memory: the caller's buffer only. */
#ifndef EDAI_LOG_H
#define EDAI_LOG_H

#include <edacious/status.h>
#include <edacious/value.h>

#include <stdarg.h>

/* What a line needs at most, with the final 0; longer ones are cut and end in "...". */
#define EDAI_LOG_SIZE_MAX ((size_t)1024)

/* What stands before the text. */
typedef struct edai_log_head {
    eda_time at;        /* shown to the second */
    const char *system; /* NULL or "": left out */
    const char *who;    /* the same */
} edai_log_head;

/* Writes "TIME SYSTEM WHO: TEXT" and a final 0, without a line end. borrows everything. Control
 * characters become \n, \t, \r or \xHH, so that one call is one line whatever the text holds; other
 * bytes stay, and a character of several bytes is never cut in half. size is at least 64. */
void edai_log_format(char *buf, size_t size, const edai_log_head *head, const char *format,
    va_list args) EDA_PRINTF(4, 0);

#endif
