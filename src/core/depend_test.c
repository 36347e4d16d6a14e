/* depend_test.c - dependencies: given with the actor, provided, configured; which of them wins, and
 * what is refused. */
#define _XOPEN_SOURCE 700 /* mkstemp */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <edacious/edacious.h>

#include "base/memory.h"
#include "state_store.h"

EDA_ENUM(state_tone, (STATE_QUIET, "quiet"), (STATE_LOUD, "loud"));
EDA_RECORD(state_bell, (eda_str, place), (uint32_t, rings, .range = {1, 9}, .if_missing = 2));
EDA_RECORD(state_deps,
    (eda_str, name),
    (eda_duration, open_for, .if_missing = EDA_SEC(5)),
    (uint8_t, level, .range = {0, 9}, .may_miss = true),
    (state_tone, tone, .may_miss = true),
    (eda_list_of(state_bell), bells, .may_miss = true),
    (eda_optional(state_bell), main_bell));
EDA_MESSAGE(state_poke, "state/poke");

typedef struct state_handle {
    FILE *file;
    uint32_t number;
} state_handle;
EDA_OPAQUE(state_handle);

typedef struct state_needy {
    uint8_t unused;
} state_needy;
typedef state_needy state_twin;
typedef state_needy state_opaque;

static struct {
    char name[32];
    char place[32];
    state_deps deps;
    const state_deps *of_twin;
    const state_deps *of_needy;
    uint32_t number;
    uint32_t starts;
} seen;

static eda_status needy_start(state_needy *self, const state_deps *deps, eda_ctx *ctx)
{
    (void)self, (void)ctx;
    memset(seen.name, 0, sizeof(seen.name));
    memset(seen.place, 0, sizeof(seen.place));
    memcpy(seen.name, deps->name.ptr, deps->name.len);
    seen.deps = *deps;
    seen.of_needy = deps;
    if (deps->bells.len > 0) {
        memcpy(seen.place, deps->bells.items[0].place.ptr, deps->bells.items[0].place.len);
    }
    seen.starts++;
    return EDA_OK;
}

static eda_status twin_start(state_twin *self, const state_deps *deps, eda_ctx *ctx)
{
    (void)self, (void)ctx;
    seen.of_twin = deps;
    return EDA_OK;
}

static eda_status opaque_start(state_opaque *self, const state_handle *deps, eda_ctx *ctx)
{
    (void)self, (void)ctx;
    seen.number = deps->number;
    return EDA_OK;
}

static void on_poke(state_needy *self, const state_poke *poke)
{
    (void)self, (void)poke;
}

EDA_ACTOR(state_needy, state_deps, start(needy_start), on(state_poke, on_poke));
EDA_ACTOR(state_twin, state_deps, start(twin_start), on(state_poke, on_poke));
EDA_ACTOR(state_opaque, state_handle, start(opaque_start), on(state_poke, on_poke));

/* As another file of the program might declare it. */
static const eda_type other_deps = {.name = "state_deps",
    .kind = EDA_KIND_RECORD,
    .size = 8,
    .fields = (const eda_field[]){{.name = "level", .type = &eda_type_uint64_t}, {.name = NULL}}};
static const eda_actor other_needy = {.name = "other_needy",
    .size = 8,
    .deps = &other_deps,
    .handlers = (const eda_handler[]){
        {.type = &eda_type_state_poke, .fn = eda_on_state_needy_state_poke}, {.fn = NULL}}};

static eda_system *new_system(eda_added added)
{
    eda_system *sys = state_system_new(NULL);

    memset(&seen, 0, sizeof(seen));
    assert_int_equal(eda_add(sys, added), EDA_OK);
    return sys;
}

static void run(eda_system *sys)
{
    assert_int_equal(eda_system_start(sys), EDA_OK);
    assert_int_equal(
        eda_publish_wait(eda_system_client(sys), EDA_MSG(state_poke), EDA_FOREVER), EDA_OK);
    state_system_end(sys);
}

static eda_status configure(eda_system *sys, const char *json)
{
    return eda_configure_text(sys, eda_str_from(json));
}

/* --- where they come from ----------------------------------------------------------------- */

static void deps_given_with_the_actor_are_copied(void **state)
{
    char name[] = "front";
    char place[] = "hall";
    state_bell bells[] = {{.place = {place, 4}, .rings = 3}};
    eda_system *sys;

    (void)state;
    sys = new_system(EDA_WITH(state_needy, .name = {name, 5}, .bells = {bells, 1}));
    memset(name, '!', 5);
    memset(place, '!', 4);
    memset(bells, 0, sizeof(bells));
    run(sys);
    assert_string_equal(seen.name, "front");
    assert_string_equal(seen.place, "hall");
    assert_int_equal(seen.deps.open_for, 0); /* in C an unset field is zero */
}

static void deps_provided_are_copied_and_shared(void **state)
{
    char name[] = "front";
    eda_system *sys;

    (void)state;
    sys = new_system(EDA_WITH(state_needy));
    assert_int_equal(eda_add(sys, EDA_WITH(state_twin)), EDA_OK);
    assert_int_equal(eda_provide(sys, EDA_DEPS(state_deps, .name = {name, 5})), EDA_OK);
    memset(name, '!', 5);
    run(sys);
    assert_string_equal(seen.name, "front");
    assert_ptr_equal(seen.of_twin, seen.of_needy);
}

static void deps_configured_by_text_are_decoded(void **state)
{
    eda_system *sys = new_system(EDA_WITH(state_needy));

    (void)state;
    assert_int_equal(
        configure(sys, "{\"state_deps\": {\"name\": \"front\", \"level\": 9, \"tone\": \"loud\","
                       "\"bells\": [{\"place\": \"hall\"}], \"main_bell\": {\"place\": \"x\", "
                       "\"rings\": 9}}}"),
        EDA_OK);
    run(sys);
    assert_string_equal(seen.name, "front");
    assert_string_equal(seen.place, "hall");
    assert_int_equal(seen.deps.open_for, EDA_SEC(5)); /* from outside: what is declared */
    assert_int_equal(seen.deps.level, 9);
    assert_int_equal(seen.deps.tone, STATE_LOUD);
    assert_true(seen.deps.main_bell.is_set);
}

/* A file with that text; removed by the caller. */
static void make_file(char *path, const char *text, size_t size)
{
    int fd;

    memcpy(path, "/tmp/state_deps_XXXXXX", 23);
    fd = mkstemp(path);
    assert_true(fd >= 0);
    while (size > 0) {
        ssize_t count = write(fd, text, size);

        assert_true(count > 0);
        text += count;
        size -= (size_t)count;
    }
    assert_int_equal(close(fd), 0);
}

static void deps_configured_by_file_are_decoded(void **state)
{
    static const char json[] = "{\"state_deps\": {\"name\": \"file\", \"open_for\": \"250ms\"}}";
    char path[32];
    eda_system *sys = new_system(EDA_WITH(state_needy));

    (void)state;
    make_file(path, json, sizeof(json) - 1);
    assert_int_equal(eda_configure(sys, path), EDA_OK);
    assert_int_equal(unlink(path), 0); /* it was read */
    run(sys);
    assert_string_equal(seen.name, "file");
    assert_int_equal(seen.deps.open_for, EDA_MS(250));
}

static void deps_that_are_opaque_are_copied_bytewise(void **state)
{
    state_handle handle = {.file = stderr, .number = 7};
    eda_system *sys = new_system(EDA_WITH(state_opaque));

    (void)state;
    assert_int_equal(
        eda_provide(sys, (eda_value){.type = &eda_type_state_handle, .data = &handle}), EDA_OK);
    handle.number = 0;
    run(sys);
    assert_int_equal(seen.number, 7);
    sys = new_system(EDA_WITH(state_opaque, .number = 8));
    run(sys);
    assert_int_equal(seen.number, 8);
}

static void deps_given_win_over_provided_and_the_last_over_the_first(void **state)
{
    eda_system *sys = new_system(EDA_WITH(state_needy, .name = EDA_STR("given")));

    (void)state;
    assert_int_equal(eda_provide(sys, EDA_DEPS(state_deps, .name = EDA_STR("provided"))), EDA_OK);
    assert_int_equal(configure(sys, "{\"state_deps\": {\"name\": \"configured\"}}"), EDA_OK);
    run(sys);
    assert_string_equal(seen.name, "given");

    sys = new_system(EDA_WITH(state_needy));
    assert_int_equal(eda_provide(sys, EDA_DEPS(state_deps, .name = EDA_STR("provided"))), EDA_OK);
    assert_int_equal(configure(sys, "{\"state_deps\": {\"name\": \"configured\"}}"), EDA_OK);
    run(sys);
    assert_string_equal(seen.name, "configured");

    sys = new_system(EDA_WITH(state_needy));
    assert_int_equal(configure(sys, "{\"state_deps\": {\"name\": \"configured\"}}"), EDA_OK);
    assert_int_equal(eda_provide(sys, EDA_DEPS(state_deps, .name = EDA_STR("provided"))), EDA_OK);
    run(sys);
    assert_string_equal(seen.name, "provided");
}

/* --- what is refused ---------------------------------------------------------------------- */

static void deps_that_are_missing_are_named_at_the_start(void **state)
{
    eda_system *sys = new_system(EDA_WITH(state_needy));

    (void)state;
    assert_int_equal(eda_system_start(sys), EDA_EMISSING);
    assert_string_equal(eda_system_error(sys), "actor 'state_needy' needs 'state_deps': "
                                               "eda_provide(sys, EDA_DEPS(state_deps, ...)), or an "
                                               "object of that name in the configuration");
    /* Nothing was begun: what is missing may still come. */
    assert_int_equal(configure(sys, "{\"state_deps\": {\"name\": \"late\"}}"), EDA_OK);
    run(sys);
    assert_string_equal(seen.name, "late");

    sys = new_system(EDA_WITH(state_opaque));
    assert_int_equal(configure(sys, "{\"state_handle\": {\"number\": 7}}"), EDA_OK);
    assert_int_equal(eda_system_start(sys), EDA_EMISSING);
    assert_string_equal(eda_system_error(sys),
        "actor 'state_opaque' needs 'state_handle': eda_provide(sys, EDA_DEPS(state_handle, ...))");
    eda_system_free(sys);
}

static void deps_out_of_range_are_refused_when_they_are_given(void **state)
{
    eda_system *sys = state_system_new(NULL);

    (void)state;
    assert_int_equal(eda_add(sys, EDA_WITH(state_needy, .level = 10)), EDA_ERANGE);
    assert_string_equal(eda_system_error(sys), "state_deps.level is 10; allowed: 0 to 9");
    assert_int_equal(eda_provide(sys, EDA_DEPS(state_deps, .level = 10)), EDA_ERANGE);
    assert_string_equal(eda_system_error(sys), "state_deps.level is 10; allowed: 0 to 9");
    assert_int_equal(eda_add(sys, EDA_WITH(state_needy, .level = 9)), EDA_OK);
    eda_system_free(sys);
}

static const struct {
    const char *json;
    eda_status status; /* of configuring, or else of the start */
    eda_status start;
    const char *sentence;
} refused[] = {
    {"", EDA_ESYNTAX, EDA_OK, "configuration: "},
    {"{\"state_deps\": {", EDA_ESYNTAX, EDA_OK, "configuration: JSON, line 1"},
    {"{state_deps: {}}", EDA_ESYNTAX, EDA_OK, "configuration: JSON, line 1, column "},
    {"{\"state_deps\": {\"name\": \"a\", \"name\": \"b\"}}", EDA_ESYNTAX, EDA_OK,
        "configuration: "},
    {"{\"state_deps\": {\"name\": \"\xff\"}}", EDA_ESYNTAX, EDA_OK, "configuration: "},
    {"[1]", EDA_EINVAL, EDA_OK,
        "configuration: an object {\"NAME_OF_DEPENDENCIES\": {...}} is expected"},
    {"{\"state_deps\": 5}", EDA_EINVAL, EDA_OK,
        "configuration: state_deps must be an object of fields"},
    {"{\"state_deps\": {\"name\": \"a\", \"nmae\": \"b\"}}", EDA_OK, EDA_EINVAL,
        "configuration: state_deps has no field 'nmae'; known: 'name', 'open_for', 'level', "
        "'tone', 'bells', 'main_bell'"},
    {"{\"state_deps\": {\"name\": \"a\", \"bells\": [{\"place\": \"x\"}, {\"place\": \"x\", "
     "\"tone\": 1}]}}",
        EDA_OK, EDA_EINVAL,
        "configuration: state_bell has no field 'tone'; known: 'place', 'rings'"},
    {"{\"state_deps\": {\"name\": \"a\", \"main_bell\": {\"rigns\": 1}}}", EDA_OK, EDA_EINVAL,
        "configuration: state_bell has no field 'rigns'; known: 'place', 'rings'"},
    {"{\"state_deps\": {\"name\": \"a\", \"level\": 10}}", EDA_OK, EDA_ERANGE,
        "configuration: state_deps.level is 10; allowed: 0 to 9"},
    {"{\"state_deps\": {\"name\": \"a\", \"main_bell\": {\"place\": \"x\", \"rings\": 10}}}",
        EDA_OK, EDA_ERANGE, "configuration: state_deps.main_bell.rings is 10; allowed: 1 to 9"},
    {"{\"state_deps\": {\"level\": 5}}", EDA_OK, EDA_EINVAL, "configuration: state_deps.name"},
    {"{\"state_deps\": {\"name\": \"a\", \"tone\": \"luod\"}}", EDA_OK, EDA_EINVAL,
        "configuration: state_deps.tone is \"luod\", which is no name of state_tone"},
    {"{\"state_deps\": {\"name\": 5}}", EDA_OK, EDA_EINVAL, "configuration: state_deps.name"},
};

static void configuration_that_is_wrong_is_refused_with_a_sentence(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        eda_system *sys = new_system(EDA_WITH(state_needy));

        assert_int_equal(configure(sys, refused[i].json), refused[i].status);
        if (refused[i].status == EDA_OK) {
            assert_int_equal(eda_system_start(sys), refused[i].start);
        }
        if (strstr(eda_system_error(sys), refused[i].sentence) != eda_system_error(sys)) {
            fail_msg(
                "\"%s\" does not begin with \"%s\"", eda_system_error(sys), refused[i].sentence);
        }
        eda_system_free(sys);
    }
}

/* All of an object counts, or nothing of it. */
static void configuration_that_is_refused_leaves_nothing_behind(void **state)
{
    eda_system *sys = new_system(EDA_WITH(state_needy));

    (void)state;
    assert_int_equal(
        configure(sys, "{\"state_deps\": {\"name\": \"half\"}, \"other\": 5}"), EDA_EINVAL);
    assert_int_equal(eda_system_start(sys), EDA_EMISSING);
    eda_system_free(sys);
}

static void configuration_file_that_is_wrong_is_named(void **state)
{
    static char large[(1 << 20) + 1];
    char path[32];
    char expected[128];
    eda_system *sys = new_system(EDA_WITH(state_needy));

    (void)state;
    assert_int_equal(eda_configure(sys, "/no/such/file.json"), EDA_EIO);
    assert_string_equal(eda_system_error(sys), "/no/such/file.json: cannot be opened");
    assert_int_equal(eda_configure(sys, "/tmp"), EDA_EIO);
    assert_string_equal(eda_system_error(sys), "/tmp: cannot be read");

    make_file(path, large, sizeof(large));
    assert_int_equal(eda_configure(sys, path), EDA_ERANGE);
    assert_int_equal(unlink(path), 0);
    (void)snprintf(expected, sizeof(expected), "%s: is over 1 MiB", path);
    assert_string_equal(eda_system_error(sys), expected);

    make_file(path, "{]", 2);
    assert_int_equal(eda_configure(sys, path), EDA_ESYNTAX);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(strncmp(eda_system_error(sys), path, strlen(path)), 0);
    assert_non_null(strstr(eda_system_error(sys),
        "; it is JSON: keys between double quotes, no comments, no comma behind the last"));

    make_file(path, "{\"state_deps\": {\"nmae\": 1}}", 27);
    assert_int_equal(eda_configure(sys, path), EDA_OK);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(eda_system_start(sys), EDA_EINVAL);
    (void)snprintf(expected, sizeof(expected), "%s: state_deps has no field 'nmae'; known: ", path);
    assert_int_equal(strncmp(eda_system_error(sys), expected, strlen(expected)), 0);
    eda_system_free(sys);
}

static void configuration_that_nobody_needs_is_logged(void **state)
{
    state_store store;
    eda_system *sys;

    (void)state;
    state_store_init(&store);
    sys = state_system_new(&store);
    assert_int_equal(eda_add(sys, EDA_WITH(state_needy)), EDA_OK);
    assert_int_equal(
        configure(sys, "{\"state_deps\": {\"name\": \"a\"}, \"stat_deps\": {}}"), EDA_OK);
    assert_int_equal(eda_system_start(sys), EDA_OK);
    assert_non_null(
        strstr(store.log, "configuration: no actor takes 'stat_deps'; known: 'state_deps'"));
    assert_null(strstr(store.log, "'state_deps' is not used"));
    assert_null(strstr(store.log, "no actor takes 'state_deps'"));
    state_system_end(sys);
    state_store_fini(&store);
}

static void deps_of_one_name_that_differ_are_refused(void **state)
{
    eda_system *sys = new_system((eda_added){.actor = &other_needy});

    (void)state;
    assert_int_equal(eda_provide(sys, EDA_DEPS(state_deps, .name = EDA_STR("a"))), EDA_OK);
    assert_int_equal(eda_system_start(sys), EDA_ECONFLICT);
    assert_string_equal(eda_system_error(sys),
        "actor 'other_needy' needs 'state_deps': another declaration of that name was provided, or "
        "serves another actor; name them differently");
    eda_system_free(sys);

    sys = new_system(EDA_WITH(state_needy));
    assert_int_equal(eda_add(sys, (eda_added){.actor = &other_needy}), EDA_OK);
    assert_int_equal(configure(sys, "{\"state_deps\": {\"name\": \"a\", \"level\": 3}}"), EDA_OK);
    assert_int_equal(eda_system_start(sys), EDA_ECONFLICT);
    eda_system_free(sys);
}

static void deps_after_the_start_are_refused(void **state)
{
    eda_system *sys = state_system_new(NULL);

    (void)state;
    assert_int_equal(eda_system_start(sys), EDA_OK);
    assert_int_equal(eda_provide(sys, EDA_DEPS(state_deps, .name = EDA_STR("a"))), EDA_ESTATE);
    assert_int_equal(configure(sys, "{}"), EDA_ESTATE);
    assert_int_equal(eda_configure(sys, "/no/such/file.json"), EDA_ESTATE);
    state_system_end(sys);
}

/* --- without memory ----------------------------------------------------------------------- */

static eda_status give_all(eda_system *sys, const char *path)
{
    state_bell bells[] = {{.place = EDA_STR_INIT("hall"), .rings = 3}};

    EDA_TRY(eda_add(sys, EDA_WITH(state_opaque, .number = 8)));
    EDA_TRY(
        eda_provide(sys, EDA_DEPS(state_deps, .name = EDA_STR("provided"), .bells = {bells, 1})));
    EDA_TRY(configure(sys, "{\"state_deps\": {\"name\": \"configured\", \"level\": 3}}"));
    EDA_TRY(eda_configure(sys, path));
    return eda_system_start(sys);
}

static void deps_without_memory_are_refused_cleanly(void **state)
{
    static const char json[] = "{\"state_deps\": {\"name\": \"file\"}, \"unused\": {}}";
    char path[32];
    uint64_t nth;
    bool has_failed = true;

    (void)state;
    make_file(path, json, sizeof(json) - 1);
    for (nth = 1; has_failed; nth++) {
        eda_system *sys = new_system(EDA_WITH(state_needy));
        uint64_t failed = edai_alloc_failed_count();
        eda_status status;

        edai_alloc_fail_at(nth);
        status = give_all(sys, path);
        edai_alloc_fail_at(0);
        has_failed = edai_alloc_failed_count() != failed;
        assert_int_equal(status, has_failed ? EDA_ENOMEM : EDA_OK);
        eda_system_free(sys);
    }
    assert_true(nth > 20);
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deps_given_with_the_actor_are_copied),
        cmocka_unit_test(deps_provided_are_copied_and_shared),
        cmocka_unit_test(deps_configured_by_text_are_decoded),
        cmocka_unit_test(deps_configured_by_file_are_decoded),
        cmocka_unit_test(deps_that_are_opaque_are_copied_bytewise),
        cmocka_unit_test(deps_given_win_over_provided_and_the_last_over_the_first),
        cmocka_unit_test(deps_that_are_missing_are_named_at_the_start),
        cmocka_unit_test(deps_out_of_range_are_refused_when_they_are_given),
        cmocka_unit_test(configuration_that_is_wrong_is_refused_with_a_sentence),
        cmocka_unit_test(configuration_that_is_refused_leaves_nothing_behind),
        cmocka_unit_test(configuration_file_that_is_wrong_is_named),
        cmocka_unit_test(configuration_that_nobody_needs_is_logged),
        cmocka_unit_test(deps_of_one_name_that_differ_are_refused),
        cmocka_unit_test(deps_after_the_start_are_refused),
        cmocka_unit_test(deps_without_memory_are_refused_cleanly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
