/* faults.c - a store that fails, and allocations that do, as the seed has it. */
#include "sim/sim.h"

#include "base/memory.h"

typedef struct faulty_store {
    eda_store store; /* first */
    eda_sim *sim;
    eda_store *inner;
} faulty_store;

bool edai_sim_fault(eda_sim *sim, uint32_t per_1000)
{
    bool is_hit;

    if (per_1000 == 0) {
        return false;
    }
    is_hit = edai_random_below(&sim->faults, 1000) < per_1000;
    edai_sim_mix(sim, is_hit);
    return is_hit;
}

static eda_status faulty_claim(void *self, const eda_store_key *key, eda_record *ret_record)
{
    faulty_store *store = self;

    if (edai_sim_fault(store->sim, store->sim->odds.store_fails)) {
        return EDA_EIO;
    }
    return store->inner->claim(store->inner->self, key, ret_record);
}

static eda_status faulty_write(void *self, const eda_write *write)
{
    faulty_store *store = self;
    eda_status status;

    if (edai_sim_fault(store->sim, store->sim->odds.store_fails)) {
        return EDA_EIO;
    }
    status = store->inner->write(store->inner->self, write);
    if (status == EDA_OK && edai_sim_fault(store->sim, store->sim->odds.store_loses)) {
        return EDA_EIO; /* it was written all the same: the outcome is unknown */
    }
    return status;
}

static void faulty_close(void *self)
{
    faulty_store *store = self;

    eda_store_free(store->inner);
    edai_free(store);
}

eda_store *eda_sim_store(eda_sim *sim)
{
    faulty_store *store;

    if (sim->store != NULL) {
        return sim->store;
    }
    store = edai_calloc(1, sizeof(*store));
    if (store == NULL) {
        return NULL;
    }
    store->sim = sim;
    store->inner = eda_store_memory_new();
    if (store->inner == NULL) {
        edai_free(store);
        return NULL;
    }
    store->store = (eda_store){.struct_size = sizeof(eda_store),
        .name = "simulated",
        .self = store,
        .is_shared = true,
        .claim = faulty_claim,
        .write = faulty_write,
        .close = faulty_close};
    sim->store = &store->store;
    return sim->store;
}

void edai_sim_stores_free(eda_sim *sim)
{
    eda_store_free(sim->store);
    sim->store = NULL;
}
