/* state_store.c - see state_store.h. */
#include "state_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static eda_status claim(void *arg, const eda_store_key *key, eda_record *ret_record)
{
    state_store *self = arg;
    eda_status fails = self->claim_fails;

    if (fails != EDA_OK) {
        self->claim_fails = EDA_OK;
        return fails;
    }
    self->claim_count++;
    return self->inner->claim(self->inner->self, key, ret_record);
}

static eda_status write_record(void *arg, const eda_write *write)
{
    state_store *self = arg;
    eda_status fails = self->write_fails;
    eda_status status;

    if (fails != EDA_OK && self->skip > 0) {
        self->skip--;
        fails = EDA_OK;
    }
    if (fails != EDA_OK) {
        self->write_fails = EDA_OK;
        if (!self->write_is_done) {
            return fails;
        }
    }
    status = self->inner->write(self->inner->self, write);
    self->write_count += status == EDA_OK;
    return fails != EDA_OK ? fails : status;
}

static void close_store(void *arg)
{
    (void)arg;
}

void state_store_init(state_store *self)
{
    *self = (state_store){.inner = eda_store_memory_new()};
    assert_non_null(self->inner);
    self->store = (eda_store){.struct_size = sizeof(eda_store),
        .name = "state",
        .self = self,
        .claim = claim,
        .write = write_record,
        .close = close_store};
}

void state_store_fini(state_store *self)
{
    eda_store_free(&self->store);
    eda_store_free(self->inner);
}

static void on_log(void *arg, eda_str line)
{
    state_store *self = arg;
    size_t used = strlen(self->log);

    (void)snprintf(self->log + used, sizeof(self->log) - used, "%.*s\n", EDA_STR_ARG(line));
}

static void drop_log(void *arg, eda_str line)
{
    (void)arg, (void)line;
}

eda_system *state_system_with(state_store *store, eda_options options)
{
    eda_system *sys = NULL;

    options.pumped = true;
    options.seed = 1;
    options.store_object = store != NULL ? &store->store : NULL;
    options.log = store != NULL ? on_log : drop_log;
    options.log_arg = store;
    assert_int_equal(eda_system_new(&options, &sys), EDA_OK);
    return sys;
}

eda_system *state_system_new(state_store *store)
{
    return state_system_with(store, (eda_options){.name = "state"});
}

void state_system_end(eda_system *sys)
{
    eda_counts counts;

    assert_int_equal(eda_wait_idle(sys, EDA_FOREVER), EDA_OK);
    counts = eda_system_counts(sys, NULL, NULL);
    assert_int_equal(eda_counts_balance(&counts), 0);
    eda_system_free(sys);
}

uint8_t *state_store_read(state_store *self, const char *actor, const char *key, size_t *ret_size)
{
    const eda_store_key whose = {.actor = eda_str_from(actor), .key = eda_str_from(key)};
    eda_record record = {.bytes = NULL};

    assert_int_equal(self->inner->claim(self->inner->self, &whose, &record), EDA_OK);
    *ret_size = record.size;
    return record.bytes;
}

void state_store_put(
    state_store *self, const char *actor, const char *key, const void *bytes, size_t size)
{
    const eda_store_key whose = {.actor = eda_str_from(actor), .key = eda_str_from(key)};
    eda_record record = {.bytes = NULL};
    eda_write write = {.key = whose, .bytes = {.ptr = bytes, .len = size}};

    assert_int_equal(self->inner->claim(self->inner->self, &whose, &record), EDA_OK);
    free(record.bytes);
    write.epoch = record.epoch;
    write.version = record.version;
    assert_int_equal(self->inner->write(self->inner->self, &write), EDA_OK);
}
