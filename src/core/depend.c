/* depend.c - dependencies: given explicitly, provided by type, or configured as JSON; one scheme
 * for all three. */
#include "core/contract.h"
#include "core/system.h"

#include "base/memory.h"
#include "message/check.h"
#include "message/flat.h"
#include "message/intern.h"
#include "message/json.h"

#include <stdio.h>
#include <string.h>

#define CONFIGURED_SIZE 256
#define NAMES_SIZE 256

static bool needs_deps(const edai_actor_type *type)
{
    return type->actor->deps != NULL && strcmp(type->actor->deps->name, "eda_none") != 0;
}

/* A copy: records deeply, opaque structs bytewise. */
static eda_status copy_deps(const eda_type *type, const void *deps, void **ret_copy)
{
    void *copy;

    if (type->kind == EDA_KIND_OPAQUE) {
        copy = edai_alloc(type->size);
        if (copy == NULL) {
            return EDA_ENOMEM;
        }
        memcpy(copy, deps, type->size);
        *ret_copy = copy;
        return EDA_OK;
    }
    return edai_flat_clone(type, deps, ret_copy);
}

static eda_status check_deps(eda_system *sys, const eda_type *type, const void *deps)
{
    eda_problem problem = {.text = ""};
    eda_status status = EDA_OK;

    if (type->kind != EDA_KIND_OPAQUE) {
        status = edai_flat_check(type, deps, &problem);
    }
    return status == EDA_OK ? EDA_OK : edai_system_fail(sys, status, "%s", problem.text);
}

eda_status edai_depend_explicit(eda_system *sys, edai_actor_type *type, const void *deps)
{
    void *copy = NULL;

    if (deps == NULL || !needs_deps(type)) {
        return EDA_OK;
    }
    EDA_TRY(check_deps(sys, type->actor->deps, deps));
    EDA_TRY(copy_deps(type->actor->deps, deps, &copy));
    type->deps = copy;
    type->is_deps_owned = true;
    return EDA_OK;
}

/* --- provided ----------------------------------------------------------------------------- */

static void provided_free(edai_provided *provided)
{
    edai_free(provided->name);
    edai_free(provided->json);
    edai_free(provided->source);
    edai_free(provided->data);
    edai_free(provided);
}

static void push(eda_system *sys, edai_provided *provided)
{
    provided->next = sys->provided; /* the last one given stands first: it wins */
    sys->provided = provided;
}

eda_status eda_provide(eda_system *sys, eda_value deps)
{
    eda_problem problem = {.text = ""};
    edai_provided *provided;
    eda_status status;

    EDA_TRY(edai_system_check_building(sys));
    status = edai_type_check(deps.type, &problem);
    if (status != EDA_OK) {
        return edai_system_fail(sys, status, "%s", problem.text);
    }
    EDA_TRY(check_deps(sys, deps.type, deps.data));
    provided = edai_calloc(1, sizeof(*provided));
    if (provided == NULL) {
        return EDA_ENOMEM;
    }
    provided->type = deps.type;
    status = copy_deps(deps.type, deps.data, &provided->data);
    if (status != EDA_OK) {
        provided_free(provided);
        return status;
    }
    push(sys, provided);
    return EDA_OK;
}

/* --- configured --------------------------------------------------------------------------- */

static char *copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = edai_alloc(size);

    if (copy != NULL) {
        memcpy(copy, text, size);
    }
    return copy;
}

static eda_status configure_one(
    eda_system *sys, const char *source, const char *name, json_t *value)
{
    edai_provided *provided;
    char *json;

    if (!json_is_object(value)) {
        return edai_system_fail(
            sys, EDA_EINVAL, "%s: %s must be an object of fields", source, name);
    }
    provided = edai_calloc(1, sizeof(*provided));
    json = json_dumps(value, JSON_COMPACT);
    if (provided == NULL || json == NULL) {
        free(json);
        edai_free(provided);
        return EDA_ENOMEM;
    }
    provided->name = copy_text(name);
    provided->source = copy_text(source);
    provided->json = copy_text(json);
    free(json);
    if (provided->name == NULL || provided->source == NULL || provided->json == NULL) {
        provided_free(provided);
        return EDA_ENOMEM;
    }
    push(sys, provided);
    return EDA_OK;
}

/* All of an object or, on failure, nothing of it. */
static eda_status configure_all(eda_system *sys, const char *source, json_t *json)
{
    edai_provided *before = sys->provided;
    const char *name;
    json_t *value;
    eda_status status = EDA_OK;

    json_object_foreach(json, name, value)
    {
        status = configure_one(sys, source, name, value);
        if (status != EDA_OK) {
            break;
        }
    }
    while (status != EDA_OK && sys->provided != before) {
        edai_provided *next = sys->provided->next;

        provided_free(sys->provided);
        sys->provided = next;
    }
    return status;
}

static eda_status configure(eda_system *sys, const char *source, eda_str text)
{
    eda_problem problem = {.text = ""};
    json_t *json = NULL;
    eda_status status = edai_json_parse(text, &json, &problem);

    if (status == EDA_ESYNTAX) {
        return edai_system_fail(sys, status,
            "%s: %s; it is JSON: keys between double quotes, no comments, no comma behind the last",
            source, problem.text);
    }
    if (status != EDA_OK) {
        return edai_system_fail(sys, status, "%s: %s", source, problem.text);
    }
    if (json_is_object(json)) {
        status = configure_all(sys, source, json);
    } else {
        status = edai_system_fail(
            sys, EDA_EINVAL, "%s: an object {\"NAME_OF_DEPENDENCIES\": {...}} is expected", source);
    }
    json_decref(json);
    return status;
}

eda_status eda_configure_text(eda_system *sys, eda_str text)
{
    EDA_TRY(edai_system_check_building(sys));
    return configure(sys, "configuration", text);
}

eda_status eda_configure(eda_system *sys, const char *path)
{
    FILE *file;
    char *text;
    size_t len;
    eda_status status;

    EDA_TRY(edai_system_check_building(sys));
    file = fopen(path, "rbe");
    if (file == NULL) {
        return edai_system_fail(sys, EDA_EIO, "%s: cannot be opened", path);
    }
    text = edai_alloc(EDA_CODEC_SIZE_MAX + 1);
    if (text == NULL) {
        (void)fclose(file);
        return EDA_ENOMEM;
    }
    len = fread(text, 1, EDA_CODEC_SIZE_MAX + 1, file);
    if (ferror(file) != 0) {
        status = edai_system_fail(sys, EDA_EIO, "%s: cannot be read", path);
    } else if (len > EDA_CODEC_SIZE_MAX) {
        status = edai_system_fail(sys, EDA_ERANGE, "%s: is over 1 MiB", path);
    } else {
        status = configure(sys, path, (eda_str){.ptr = text, .len = len});
    }
    (void)fclose(file);
    edai_free(text);
    return status;
}

void edai_depend_fix(eda_system *sys)
{
    edai_provided *provided;

    for (provided = sys->provided; provided != NULL; provided = provided->next) {
        provided->is_over = true;
    }
}

static const eda_field *find_field(const eda_type *type, const char *name)
{
    const eda_field *field;

    for (field = type->fields; field != NULL && field->name != NULL; field++) {
        if (strcmp(field->name, name) == 0) {
            return field;
        }
    }
    return NULL;
}

/* Unlike in messages, a field nobody knows is a mistake in a configuration. False with its name: in
 * this value. As deep as the value, which the parser has bounded. */
static bool knows_names(
    const eda_type *type, json_t *value, const eda_type **ret_type, const char **ret_name)
{
    void *at;
    size_t i;

    if (type->kind == EDA_KIND_OPTIONAL) {
        return knows_names(type->item, value, ret_type, ret_name);
    }
    if (type->kind == EDA_KIND_LIST) {
        for (i = 0; i < json_array_size(value); i++) {
            if (!knows_names(type->item, json_array_get(value, i), ret_type, ret_name)) {
                return false;
            }
        }
        return true;
    }
    if (type->kind != EDA_KIND_RECORD || !json_is_object(value)) {
        return true;
    }
    for (at = json_object_iter(value); at != NULL; at = json_object_iter_next(value, at)) {
        const char *name = json_object_iter_key(at);
        const eda_field *field = find_field(type, name);

        if (field == NULL) {
            *ret_type = type;
            *ret_name = name;
            return false;
        }
        if (!knows_names(field->type, json_object_iter_value(at), ret_type, ret_name)) {
            return false;
        }
    }
    return true;
}

/* A list of names: what no longer fits is left out, and an ellipsis says so. */
typedef struct names {
    char text[NAMES_SIZE];
    size_t len;
    bool is_cut;
} names;

static void names_add(names *self, const char *name)
{
    int len;

    if (self->is_cut) {
        return;
    }
    len = snprintf(
        self->text + self->len, NAMES_SIZE - self->len, "%s'%s'", self->len == 0 ? "" : ", ", name);
    if (len < 0 || (size_t)len >= NAMES_SIZE - self->len) {
        (void)snprintf(self->text + self->len, NAMES_SIZE - self->len, "%s",
            NAMES_SIZE - self->len > sizeof(", ...") ? ", ..." : "");
        self->is_cut = true;
        return;
    }
    self->len += (size_t)len;
}

static eda_status refuse_field(
    eda_system *sys, const edai_provided *provided, const eda_type *type, const char *name)
{
    names known = {.len = 0};
    const eda_field *field;

    for (field = type->fields; field != NULL && field->name != NULL; field++) {
        names_add(&known, field->name);
    }
    return edai_system_fail(sys, EDA_EINVAL, "%s: %s has no field '%.60s'; known: %s",
        provided->source, type->name, name, known.len > 0 ? known.text : "none");
}

static eda_status decode_configured(eda_system *sys, const eda_type *type, edai_provided *provided)
{
    eda_problem problem = {.text = ""};
    const eda_type *unknown_in = NULL;
    const char *unknown = NULL;
    json_t *json = NULL;
    eda_status status;

    status = edai_json_parse(eda_str_from(provided->json), &json, &problem);
    if (status != EDA_OK) {
        return edai_system_fail(sys, status, "%s: %s", provided->source, problem.text);
    }
    if (!knows_names(type, json, &unknown_in, &unknown)) {
        status = refuse_field(sys, provided, unknown_in, unknown);
    } else {
        status = edai_json_from(type, json, NULL, 0, &provided->data, &problem);
        if (status != EDA_OK) {
            status = edai_system_fail(sys, status, "%s: %s", provided->source, problem.text);
        }
    }
    json_decref(json);
    if (status == EDA_OK) {
        provided->type = type;
    }
    return status;
}

/* --- resolving ---------------------------------------------------------------------------- */

static bool is_for(const edai_provided *provided, const eda_type *type)
{
    if (provided->name != NULL) {
        return type->kind == EDA_KIND_RECORD && strcmp(provided->name, type->name) == 0;
    }
    return strcmp(provided->type->name, type->name) == 0;
}

/* The last one given, but for one that was fixed: then that, and what it wins over is told. */
static edai_provided *find_provided(eda_system *sys, const eda_type *wanted)
{
    edai_provided *last = NULL;
    edai_provided *provided;

    for (provided = sys->provided; provided != NULL; provided = provided->next) {
        if (!is_for(provided, wanted)) {
            continue;
        }
        if (provided->is_over) {
            break;
        }
        last = last != NULL ? last : provided;
    }
    if (provided != NULL && last != NULL && !provided->is_used) {
        edai_system_log(sys, NULL, "%s: '%s' is taken from there, not from what the program %s",
            provided->source, wanted->name, last->name == NULL ? "provides" : "configures itself");
    }
    return provided != NULL ? provided : last;
}

/* The objects that nothing has asked for yet: one of them is probably misspelt. */
static void say_configured(const eda_system *sys, char text[static CONFIGURED_SIZE])
{
    const edai_provided *provided;
    size_t len = 0;

    text[0] = '\0';
    for (provided = sys->provided; provided != NULL; provided = provided->next) {
        if (provided->name == NULL || provided->is_used || len >= CONFIGURED_SIZE - 1) {
            continue;
        }
        int more = snprintf(text + len, CONFIGURED_SIZE - len, "%s '%.60s' in %.80s",
            len == 0 ? "; there is" : ",", provided->name, provided->source);
        len += more > 0 ? (size_t)more : 0;
    }
}

static eda_status missing(eda_system *sys, const edai_actor_type *type)
{
    const eda_type *wanted = type->actor->deps;
    bool may_be_configured = wanted->kind == EDA_KIND_RECORD;
    char configured[CONFIGURED_SIZE] = "";

    if (may_be_configured) {
        say_configured(sys, configured);
    }
    if (sys->is_bare) {
        return edai_system_fail(sys, EDA_EMISSING, "actor '%s' needs '%s': %s%s", type->actor->name,
            wanted->name,
            may_be_configured ? "--config FILE with an object of that name"
                              : "no --config can hold it: start the program without --host",
            configured);
    }
    return edai_system_fail(sys, EDA_EMISSING,
        "actor '%s' needs '%s': eda_provide(sys, EDA_DEPS(%s, ...))%s%s", type->actor->name,
        wanted->name, wanted->name,
        may_be_configured ? ", or an object of that name in the configuration" : "", configured);
}

static eda_status resolve_one(eda_system *sys, edai_actor_type *type)
{
    const eda_type *wanted = type->actor->deps;
    edai_provided *provided;
    eda_status status;

    if (!needs_deps(type) || type->is_deps_owned) {
        return EDA_OK;
    }
    provided = find_provided(sys, wanted);
    if (provided == NULL) {
        return missing(sys, type);
    }
    if (provided->data == NULL) {
        EDA_TRY(decode_configured(sys, wanted, provided));
    }
    status = edai_intern_compare(provided->type, wanted);
    if (status != EDA_OK) {
        return edai_system_fail(sys, status, "actor '%s' needs '%s': %s", type->actor->name,
            wanted->name,
            status == EDA_ECONFLICT
                ? "another declaration of that name was provided, or serves another actor; name "
                  "them differently"
                : eda_status_text(status));
    }
    provided->is_used = true;
    type->deps = provided->data;
    return EDA_OK;
}

/* Another of its name is newer, or was given to an actor instead. */
static bool is_beaten(const eda_system *sys, const edai_provided *provided)
{
    const edai_provided *other;
    bool is_newer = true;

    for (other = sys->provided; other != NULL; other = other->next) {
        if (other == provided) {
            is_newer = false;
        } else if ((is_newer || other->is_used) && other->name != NULL &&
                   strcmp(other->name, provided->name) == 0) {
            return true;
        }
    }
    return false;
}

/* What a configuration may give: the records that actors take, each once. True: `name` is one. */
static bool list_taken(const eda_system *sys, const char *name, names *ret_taken)
{
    bool is_one = false;
    uint32_t i;
    uint32_t before;

    for (i = 0; i < sys->actor_count; i++) {
        const eda_type *deps = sys->actors[i]->actor->deps;

        if (!needs_deps(sys->actors[i]) || deps->kind != EDA_KIND_RECORD) {
            continue;
        }
        is_one = is_one || strcmp(deps->name, name) == 0;
        for (before = 0; before < i; before++) {
            const eda_type *other = sys->actors[before]->actor->deps;

            if (other != NULL && strcmp(other->name, deps->name) == 0) {
                break;
            }
        }
        if (before == i) {
            names_add(ret_taken, deps->name);
        }
    }
    return is_one;
}

/* Probably misspelt; but one file may serve several programs. */
static void report_unused(eda_system *sys)
{
    const edai_provided *provided;

    for (provided = sys->provided; provided != NULL; provided = provided->next) {
        names taken = {.len = 0};

        if (provided->is_used || provided->name == NULL || is_beaten(sys, provided)) {
            continue;
        }
        if (list_taken(sys, provided->name, &taken)) {
            edai_system_log(sys, NULL, "%s: '%s' is not used: the program gives its actors others",
                provided->source, provided->name);
        } else {
            edai_system_log(sys, NULL, "%s: no actor takes '%s'; known: %s", provided->source,
                provided->name, taken.len > 0 ? taken.text : "none");
        }
    }
}

eda_status edai_depend_resolve(eda_system *sys)
{
    uint32_t i;

    for (i = 0; i < sys->actor_count; i++) {
        EDA_TRY(resolve_one(sys, sys->actors[i]));
    }
    report_unused(sys);
    return EDA_OK;
}

void edai_depend_free(eda_system *sys)
{
    while (sys->provided != NULL) {
        edai_provided *next = sys->provided->next;

        provided_free(sys->provided);
        sys->provided = next;
    }
}
