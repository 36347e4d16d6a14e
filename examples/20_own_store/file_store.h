/* file_store.h - a store of one's own: each record is a file below a directory. */
#ifndef FILE_STORE_H
#define FILE_STORE_H

#include <edacious/store.h>

/* Whether a write waits until the disk has it. Without, the last writes may be gone after a power
 * failure; an older record is then whole. */
typedef enum file_sync {
    FILE_SYNC_NEVER = 0,
    FILE_SYNC_EACH
} file_sync;

/* For one process at a time. The directory must be there. NULL: out of memory, or the path is too
 * long. Free with eda_store_free. */
eda_store *file_store_new(const char *directory, file_sync sync);

#endif
