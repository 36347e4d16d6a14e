/* file_store.c - see file_store.h.
 *
 * A file holds epoch, version and the record. It is replaced as a whole: written beside, then
 * renamed, so that after a crash there is the old one or the new one. Threads: one mutex, which
 * makes "look at epoch and version, then write" one step. Between processes nothing does that, so
 * .is_shared stays false. */
#define _XOPEN_SOURCE 700 /* O_CLOEXEC, O_DIRECTORY */

#include "file_store.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 2048
#define DIRECTORY_LEN_MAX 512
#define NAME_LEN_MAX 200 /* of a file system's 255; a key of 255 bytes takes several names */

typedef struct file_store {
    eda_store store; /* first: what file_store_new returns */
    pthread_mutex_t mutex;
    file_sync sync;
    char directory[DIRECTORY_LEN_MAX + 1];
} file_store;

/* What a file begins with, in this machine's byte order. */
typedef struct head {
    uint64_t epoch;
    uint64_t version; /* 0: claimed, never written */
    uint64_t size;
} head;

/* --- names: letters, digits, '_' and '-' stand for themselves, other bytes as %2F ---------------
 */

typedef struct path {
    char text[PATH_SIZE];
    size_t len;
    size_t name; /* where the last name begins */
} path;

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static void add(path *at, eda_str part)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < part.len; i++) {
        unsigned char c = (unsigned char)part.ptr[i];

        if (at->len - at->name > NAME_LEN_MAX) {
            (void)mkdir(at->text, 0700); /* if it fails, so does opening the file */
            at->text[at->len++] = '/';
            at->name = at->len;
        }
        if (is_plain(part.ptr[i])) {
            at->text[at->len++] = part.ptr[i];
        } else { /* capitals, too: not every file system tells them apart */
            at->text[at->len++] = '%';
            at->text[at->len++] = digits[c >> 4];
            at->text[at->len++] = digits[c & 15];
        }
        at->text[at->len] = '\0';
    }
}

/* directory/actor/key.record; at most 512 + (63 + 255) * 3 bytes and the slashes between. */
static void make_path(const file_store *self, const eda_store_key *key, path *ret_path)
{
    *ret_path = (path){.len = strlen(self->directory)};
    memcpy(ret_path->text, self->directory, ret_path->len);
    ret_path->text[ret_path->len++] = '/';
    ret_path->name = ret_path->len;
    add(ret_path, key->actor);
    (void)mkdir(ret_path->text, 0700);
    ret_path->text[ret_path->len++] = '/';
    ret_path->name = ret_path->len;
    add(ret_path, key->key);
    /* No key gives a '.', so that a file is never taken for a longer key's folder. */
    memcpy(ret_path->text + ret_path->len, ".record", sizeof(".record"));
    ret_path->len += sizeof(".record") - 1;
}

/* --- files -------------------------------------------------------------------------------------
 */

static bool read_all(int file, void *bytes, size_t size)
{
    char *at = bytes;

    while (size > 0) {
        ssize_t count = read(file, at, size);

        if (count == 0 || (count < 0 && errno != EINTR)) {
            return false;
        }
        at += count > 0 ? count : 0;
        size -= count > 0 ? (size_t)count : 0;
    }
    return true;
}

static bool write_all(int file, const void *bytes, size_t size)
{
    const char *at = bytes;

    while (size > 0) {
        ssize_t count = write(file, at, size);

        if (count < 0 && errno != EINTR) {
            return false;
        }
        at += count > 0 ? count : 0;
        size -= count > 0 ? (size_t)count : 0;
    }
    return true;
}

static eda_status read_body(int file, head *found, uint8_t **ret_bytes)
{
    uint8_t *bytes;

    if (!read_all(file, found, sizeof(*found)) || found->size > SIZE_MAX - 1) {
        return EDA_EIO;
    }
    bytes = malloc((size_t)found->size + 1);
    if (bytes == NULL) {
        return EDA_ENOMEM;
    }
    if (!read_all(file, bytes, (size_t)found->size)) {
        free(bytes);
        return EDA_EIO;
    }
    *ret_bytes = bytes;
    return EDA_OK;
}

/* No file: an empty head, no bytes. */
static eda_status read_record(const path *at, head *ret_head, uint8_t **ret_bytes)
{
    head found = {.epoch = 0};
    eda_status status;
    int file = open(at->text, O_RDONLY | O_CLOEXEC);

    if (file < 0) {
        *ret_head = found;
        *ret_bytes = NULL;
        return errno == ENOENT ? EDA_OK : EDA_EIO;
    }
    status = read_body(file, &found, ret_bytes);
    (void)close(file);
    if (status == EDA_OK) {
        *ret_head = found;
    }
    return status;
}

/* A rename is on disk when its directory is. */
static bool sync_directory(const path *at)
{
    path directory = *at;
    int file;
    bool is_done;

    *strrchr(directory.text, '/') = '\0';
    file = open(directory.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    is_done = file >= 0 && fsync(file) == 0;
    if (file >= 0) {
        (void)close(file);
    }
    return is_done;
}

static eda_status replace(const file_store *self, const path *at, head what, const uint8_t *bytes)
{
    char beside[PATH_SIZE + 8];
    bool syncs = self->sync == FILE_SYNC_EACH;
    bool is_done;
    int file;

    (void)snprintf(beside, sizeof(beside), "%s.new", at->text);
    file = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) {
        return EDA_EIO;
    }
    is_done = write_all(file, &what, sizeof(what)) && write_all(file, bytes, (size_t)what.size) &&
              (!syncs || fsync(file) == 0);
    is_done = close(file) == 0 && is_done;
    is_done = is_done && rename(beside, at->text) == 0 && (!syncs || sync_directory(at));
    if (!is_done) {
        (void)unlink(beside);
    }
    return is_done ? EDA_OK : EDA_EIO;
}

/* --- the store ---------------------------------------------------------------------------------
 */

static eda_status claim_locked(file_store *self, const eda_store_key *key, eda_record *ret_record)
{
    path at;
    head found;
    uint8_t *bytes = NULL;
    eda_status status;

    make_path(self, key, &at);
    EDA_TRY(read_record(&at, &found, &bytes));
    found.epoch++;
    status = replace(self, &at, found, bytes);
    if (status != EDA_OK || found.version == 0) {
        free(bytes);
        bytes = NULL;
    }
    if (status == EDA_OK) {
        *ret_record = (eda_record){.epoch = found.epoch,
            .version = found.version,
            .bytes = bytes,
            .size = (size_t)found.size};
    }
    return status;
}

static eda_status claim(void *arg, const eda_store_key *key, eda_record *ret_record)
{
    file_store *self = arg;
    eda_status status;

    (void)pthread_mutex_lock(&self->mutex);
    status = claim_locked(self, key, ret_record);
    (void)pthread_mutex_unlock(&self->mutex);
    return status;
}

static eda_status write_locked(file_store *self, const eda_write *write)
{
    path at;
    head found;
    uint8_t *bytes = NULL;

    make_path(self, &write->key, &at);
    EDA_TRY(read_record(&at, &found, &bytes));
    free(bytes);
    if (found.epoch == 0 || found.epoch != write->epoch || found.version != write->version) {
        return EDA_ESTALE;
    }
    found.version++;
    found.size = write->bytes.len;
    return replace(self, &at, found, write->bytes.ptr);
}

static eda_status write_record(void *arg, const eda_write *write)
{
    file_store *self = arg;
    eda_status status;

    (void)pthread_mutex_lock(&self->mutex);
    status = write_locked(self, write);
    (void)pthread_mutex_unlock(&self->mutex);
    return status;
}

static void close_store(void *arg)
{
    file_store *self = arg;

    (void)pthread_mutex_destroy(&self->mutex);
    free(self);
}

eda_store *file_store_new(const char *directory, file_sync sync)
{
    file_store *self = calloc(1, sizeof(*self));

    if (self == NULL || strlen(directory) > DIRECTORY_LEN_MAX) {
        free(self);
        return NULL;
    }
    memcpy(self->directory, directory, strlen(directory));
    (void)pthread_mutex_init(&self->mutex, NULL);
    self->sync = sync;
    self->store = (eda_store){.struct_size = sizeof(eda_store),
        .name = "files",
        .self = self,
        .claim = claim,
        .write = write_record,
        .close = close_store};
    return &self->store;
}
