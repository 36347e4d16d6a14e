/* intake.c - see intake.h. */
#include "cluster/intake.h"

#include "base/memory.h"
#include "cluster/node.h"

#include <string.h>

/* The envelope is part of the block and is freed with it. */
typedef struct edai_intake_block {
    edai_envelope envelope;
    edai_call call; /* directly behind it: its body */
    edai_intake *intake;
    edai_backing backing;           /* referred to while it is handled, and by messages */
    void *kept;                     /* the payload, the driver's; NULL: it stands in the block */
    struct edai_intake_block *next; /* among those that are lent */
    struct edai_intake_block *before;
    bool is_lent;
    size_t size; /* of what was heard, with the block's own */
    size_t capacity;
    edai_heard heard;
    char bytes[];
} block;

_Static_assert(offsetof(block, call) == sizeof(edai_envelope), "the call is the envelope's body");

void edai_intake_open(edai_intake *intake, edai_node *node)
{
    intake->node = node;
    atomic_store_explicit(&intake->is_open, true, memory_order_release);
}

void edai_intake_close(edai_intake *intake)
{
    atomic_store_explicit(&intake->is_open, false, memory_order_release);
}

/* Of what may be kept: batches, and single messages as large as they may be. */
#define SPARE_SIZE_MIN ((size_t)4 << 10)
#define SPARE_SIZE_MAX ((size_t)5 << 18)
/* Of a payload that the driver keeps, in memory that may be several times as large. */
#define KEPT_SIZE_MIN ((size_t)128 << 10)

/* The last one that was given back, if it is large enough and not much larger: memory that is fresh
 * from the kernel costs more than the copy. NULL: there is none. */
static block *take_spare(edai_intake *intake, size_t size)
{
    block *spare;

    edai_mutex_lock(&intake->mutex);
    spare = intake->spare;
    if (spare != NULL) {
        intake->spare = (block *)(void *)spare->envelope.next;
        intake->spare_size -= spare->capacity;
    }
    edai_mutex_unlock(&intake->mutex);
    if (spare != NULL && (spare->capacity < size || spare->capacity / 4 > size)) {
        edai_free(spare);
        spare = NULL;
    }
    return spare;
}

/* NULL: out of memory. */
static block *make_block(edai_intake *intake, size_t size)
{
    block *self = NULL;
    size_t capacity = size;

    if (size >= SPARE_SIZE_MIN && size <= SPARE_SIZE_MAX) {
        self = take_spare(intake, size);
        capacity += size / 8; /* the next one may be a little larger */
    }
    if (self == NULL) {
        self = edai_alloc(capacity);
        if (self != NULL) {
            self->capacity = capacity;
        }
    }
    return self;
}

static void drop_block(edai_intake *intake, block *self)
{
    bool is_kept = false;

    if (self->kept != NULL) {
        intake->node->driver->release(self->kept);
    }
    if (self->capacity >= SPARE_SIZE_MIN && self->capacity <= SPARE_SIZE_MAX + SPARE_SIZE_MAX / 8) {
        edai_mutex_lock(&intake->mutex);
        is_kept = intake->spare_size + self->capacity <= EDAI_INTAKE_SPARE_MAX;
        if (is_kept) {
            intake->spare_size += self->capacity;
            self->envelope.next = (edai_envelope *)(void *)intake->spare;
            intake->spare = self;
        }
        edai_mutex_unlock(&intake->mutex);
    }
    if (!is_kept) {
        edai_free(self);
    }
}

void edai_intake_init(edai_intake *intake)
{
    edai_mutex_init(&intake->mutex);
}

static size_t memory_of(const block *self)
{
    return self->capacity + (self->kept != NULL ? self->heard.message.payload.len : 0);
}

static void lend(edai_intake *intake, block *self)
{
    atomic_fetch_add_explicit(&intake->lent_size, memory_of(self), memory_order_relaxed);
    edai_mutex_lock(&intake->mutex);
    self->is_lent = true;
    self->before = NULL;
    self->next = intake->lent;
    if (intake->lent != NULL) {
        intake->lent->before = self;
    }
    intake->lent = self;
    edai_mutex_unlock(&intake->mutex);
}

static void take_back(edai_intake *intake, block *self)
{
    atomic_fetch_sub_explicit(&intake->lent_size, memory_of(self), memory_order_relaxed);
    edai_mutex_lock(&intake->mutex);
    if (self->next != NULL) {
        self->next->before = self->before;
    }
    if (self->before != NULL) {
        self->before->next = self->next;
    } else {
        intake->lent = self->next;
    }
    edai_mutex_unlock(&intake->mutex);
}

/* Nobody refers to it any more. */
static void drop(edai_backing *backing)
{
    block *self = (block *)(void *)((char *)backing - offsetof(block, backing));

    if (self->is_lent) {
        take_back(self->intake, self);
    }
    drop_block(self->intake, self);
}

void edai_intake_fini(edai_intake *intake)
{
    while (intake->lent != NULL) { /* their messages went with the workers' memory */
        drop(&intake->lent->backing);
    }
    while (intake->spare != NULL) {
        block *spare = intake->spare;

        intake->spare = (block *)(void *)spare->envelope.next;
        edai_free(spare);
    }
    edai_mutex_fini(&intake->mutex);
}

static void arrived(edai_worker *gateway, void *arg)
{
    block *self = arg;
    edai_intake *intake = self->intake;
    edai_node *node = intake->node;

    (void)gateway;
    if (!node->is_ending && atomic_load_explicit(&intake->is_open, memory_order_acquire)) {
        edai_member_heard(node, &self->heard);
    } else if (self->heard.query != NULL && node->bus != NULL) {
        node->driver->answer(node->bus, self->heard.query, NULL, false);
    }
    atomic_fetch_sub_explicit(&intake->size, self->size, memory_order_relaxed);
    /* relaxed: only this thread adds the first reference beside its own */
    if (atomic_load_explicit(&self->backing.refs, memory_order_relaxed) > 1) {
        lend(intake, self);
    }
    edai_backing_release(&self->backing);
}

static void *copy(char **io_at, const void *bytes, size_t len)
{
    void *result = *io_at;

    if (len > 0) {
        memcpy(result, bytes, len);
        *io_at += len;
    }
    return result;
}

static void fill(block *self, const edai_heard *heard)
{
    const eda_bus_message *from = &heard->message;
    char *at = self->bytes;

    self->heard = *heard;
    self->heard.backing = &self->backing;
    if (self->kept == NULL) {
        self->heard.message.payload.ptr = copy(&at, from->payload.ptr, from->payload.len);
    }
    self->heard.message.attachment = (eda_bytes){
        .ptr = copy(&at, from->attachment.ptr, from->attachment.len), .len = from->attachment.len};
    self->heard.message.key =
        (eda_str){.ptr = copy(&at, from->key.ptr, from->key.len), .len = from->key.len};
    self->heard.message.encoding = (eda_str){
        .ptr = copy(&at, from->encoding.ptr, from->encoding.len), .len = from->encoding.len};
}

/* NULL: it is copied. */
static void *keep(const edai_node *node, const edai_heard *heard)
{
    bool may_be = heard->kind == EDAI_HEARD_BATCH && heard->message.payload.len >= KEPT_SIZE_MIN &&
                  node->driver->keep != NULL;

    return may_be ? node->driver->keep(node->bus, heard->given) : NULL;
}

static block *make_copy(edai_intake *intake, const edai_heard *heard, size_t size)
{
    void *kept = keep(intake->node, heard);
    block *self = make_block(intake, kept != NULL ? size - heard->message.payload.len : size);

    if (self == NULL) {
        if (kept != NULL) {
            intake->node->driver->release(kept);
        }
        return NULL;
    }
    self->envelope = (edai_envelope){.kind = EDAI_CALL, .home = EDAI_HOME_NOWHERE};
    self->call = (edai_call){.fn = arrived, .arg = self};
    self->intake = intake;
    self->backing = (edai_backing){.drop = drop};
    atomic_init(&self->backing.refs, 1);
    self->kept = kept;
    self->is_lent = false;
    self->size = size;
    fill(self, heard);
    return self;
}

bool edai_intake_hear(edai_intake *intake, const edai_heard *heard)
{
    const eda_bus_message *from = &heard->message;
    size_t size = sizeof(block) + from->payload.len + from->attachment.len + from->key.len +
                  from->encoding.len;
    block *self = NULL;

    if (!atomic_load_explicit(&intake->is_open, memory_order_acquire)) {
        return false;
    }
    if (atomic_fetch_add_explicit(&intake->size, size, memory_order_relaxed) + size <=
        EDAI_INTAKE_SIZE_MAX) {
        self = make_copy(intake, heard, size);
    }
    if (self == NULL) {
        atomic_fetch_sub_explicit(&intake->size, size, memory_order_relaxed);
        atomic_fetch_add_explicit(&intake->dropped, 1, memory_order_relaxed);
        return false;
    }
    edai_worker_post(intake->node->gateway, &self->envelope);
    return true;
}
