/* sound.c - a library that exports a driver as drivers must; nothing can be done with it. */
#include <edacious/bus.h>

const eda_bus_driver *eda_bus_driver_table(void);

static eda_status sound_open(
    const eda_bus_options *options, eda_bus **ret_bus, eda_bus_problem *ret_problem)
{
    (void)options;
    (void)ret_bus;
    *ret_problem = (eda_bus_problem){"there is no network"};
    return EDA_EIO;
}

static void sound_close(eda_bus *bus)
{
    (void)bus;
}

static eda_status sound_put(eda_bus *bus, const eda_bus_message *message)
{
    return bus != NULL && message->is_urgent ? EDA_EFULL : EDA_ECLOSED;
}

static eda_status declare(const eda_bus *bus, eda_str key, const void *arg, const uint64_t *ret_id)
{
    (void)bus;
    (void)key;
    (void)arg;
    (void)ret_id;
    return EDA_ECLOSED;
}

static eda_status sound_subscribe(
    eda_bus *bus, eda_str pattern, eda_bus_put_fn *fn, void *arg, uint64_t *ret_id)
{
    (void)fn;
    return declare(bus, pattern, arg, ret_id);
}

static eda_status sound_serve(
    eda_bus *bus, eda_str pattern, eda_bus_get_fn *fn, void *arg, uint64_t *ret_id)
{
    (void)fn;
    return declare(bus, pattern, arg, ret_id);
}

static eda_status sound_token(eda_bus *bus, eda_str key, uint64_t *ret_id)
{
    return declare(bus, key, NULL, ret_id);
}

static eda_status sound_watch(
    eda_bus *bus, eda_str pattern, eda_bus_token_fn *fn, void *arg, uint64_t *ret_id)
{
    (void)fn;
    return declare(bus, pattern, arg, ret_id);
}

static eda_status sound_heard(
    eda_bus *bus, eda_str pattern, eda_bus_heard_fn *fn, void *arg, uint64_t *ret_id)
{
    (void)fn;
    return declare(bus, pattern, arg, ret_id);
}

static void sound_drop(eda_bus *bus, uint64_t id)
{
    (void)bus;
    (void)id;
}

static eda_status sound_get(eda_bus *bus, const eda_bus_message *request, bool is_for_all,
    uint32_t timeout_ms, eda_bus_answer_fn *fn, void *arg)
{
    (void)is_for_all;
    (void)timeout_ms;
    (void)fn;
    return declare(bus, request->key, arg, NULL);
}

static void sound_answer(
    eda_bus *bus, eda_bus_query *query, const eda_bus_message *answer, bool is_error)
{
    (void)bus;
    (void)query;
    (void)answer;
    (void)is_error;
}

const eda_bus_driver *eda_bus_driver_table(void)
{
    static const eda_bus_driver table = {
        .struct_size = sizeof(table),
        .version = EDA_BUS_VERSION,
        .name = "sound",
        .about = "nothing",
        .open = sound_open,
        .close = sound_close,
        .put = sound_put,
        .subscribe = sound_subscribe,
        .serve = sound_serve,
        .token = sound_token,
        .watch = sound_watch,
        .heard = sound_heard,
        .drop = sound_drop,
        .get = sound_get,
        .answer = sound_answer,
    };

    return &table;
}
