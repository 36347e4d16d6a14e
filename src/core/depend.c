/* depend.c - dependencies: given explicitly, provided by type, or configured as JSON; one scheme for all three. */
#include "core/contract.h"
#include "core/system.h"

#include "base/memory.h"
#include "message/flat.h"
#include "message/json.h"

#include <stdio.h>
#include <string.h>

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

/* --- provided ----------------------------------------------------------------------------------------------------- */

static void provided_free(edai_provided *provided)
{
    edai_free(provided->name);
    edai_free(provided->json);
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
    edai_provided *provided;
    eda_status status;

    EDA_TRY(edai_system_check_building(sys));
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

/* --- configured --------------------------------------------------------------------------------------------------- */

static char *copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = edai_alloc(size);

    if (copy != NULL) {
        memcpy(copy, text, size);
    }
    return copy;
}

static eda_status configure_one(eda_system *sys, const char *name, const json_t *value)
{
    edai_provided *provided;
    char *json;

    if (!json_is_object(value)) {
        return edai_system_fail(sys, EDA_EINVAL, "configuration: %s must be an object of fields", name);
    }
    provided = edai_calloc(1, sizeof(*provided));
    json = json_dumps(value, JSON_COMPACT);
    if (provided == NULL || json == NULL) {
        free(json);
        edai_free(provided);
        return EDA_ENOMEM;
    }
    provided->name = copy_text(name);
    provided->json = copy_text(json);
    free(json);
    if (provided->name == NULL || provided->json == NULL) {
        provided_free(provided);
        return EDA_ENOMEM;
    }
    push(sys, provided);
    return EDA_OK;
}

eda_status eda_configure_text(eda_system *sys, eda_str text)
{
    eda_problem problem = {.text = ""};
    json_t *json = NULL;
    const char *name;
    json_t *value;
    eda_status status;

    EDA_TRY(edai_system_check_building(sys));
    status = edai_json_parse(text, &json, &problem);
    if (status != EDA_OK) {
        return edai_system_fail(sys, status, "configuration: %s", problem.text);
    }
    if (!json_is_object(json)) {
        json_decref(json);
        return edai_system_fail(sys, EDA_EINVAL, "configuration: an object {\"NAME_OF_DEPENDENCIES\": {...}} is expected");
    }
    json_object_foreach(json, name, value)
    {
        status = configure_one(sys, name, value);
        if (status != EDA_OK) {
            break;
        }
    }
    json_decref(json);
    return status;
}

eda_status eda_configure(eda_system *sys, const char *path)
{
    FILE *file = fopen(path, "rbe");
    char *text;
    size_t len;
    eda_status status;

    if (file == NULL) {
        return edai_system_fail(sys, EDA_EIO, "configuration: %s cannot be opened", path);
    }
    text = edai_alloc(EDA_CODEC_SIZE_MAX + 1);
    if (text == NULL) {
        (void)fclose(file);
        return EDA_ENOMEM;
    }
    len = fread(text, 1, EDA_CODEC_SIZE_MAX + 1, file);
    if (ferror(file) != 0) {
        status = edai_system_fail(sys, EDA_EIO, "configuration: %s cannot be read", path);
    } else if (len > EDA_CODEC_SIZE_MAX) {
        status = edai_system_fail(sys, EDA_ERANGE, "configuration: %s is over 1 MiB", path);
    } else {
        status = eda_configure_text(sys, (eda_str){.ptr = text, .len = len});
    }
    (void)fclose(file);
    edai_free(text);
    return status;
}

/* Unlike in messages, a field nobody knows is a mistake in a configuration. */
static eda_status check_names(eda_system *sys, const eda_type *type, const json_t *object)
{
    const char *name;
    json_t *value;
    const eda_field *field;

    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        for (field = type->fields; field->name != NULL; field++) {
            if (strcmp(field->name, name) == 0) {
                break;
            }
        }
        if (field->name == NULL) {
            return edai_system_fail(
                sys, EDA_EINVAL, "configuration: %s has no field '%s'", type->name, name);
        }
    }
    return EDA_OK;
}

static eda_status decode_configured(
    eda_system *sys, const eda_type *type, edai_provided *provided)
{
    eda_problem problem = {.text = ""};
    json_t *json = NULL;
    eda_status status;

    status = edai_json_parse(eda_str_from(provided->json), &json, &problem);
    if (status != EDA_OK) {
        return edai_system_fail(sys, status, "configuration: %s", problem.text);
    }
    status = check_names(sys, type, json);
    if (status == EDA_OK) {
        status = edai_json_from(type, json, NULL, 0, &provided->data, &problem);
        if (status != EDA_OK) {
            status = edai_system_fail(sys, status, "configuration: %s", problem.text);
        }
    }
    json_decref(json);
    if (status == EDA_OK) {
        provided->type = type;
    }
    return status;
}

/* --- resolving ---------------------------------------------------------------------------------------------------- */

static bool is_for(const edai_provided *provided, const eda_type *type)
{
    if (provided->name != NULL) {
        return type->kind == EDA_KIND_RECORD && strcmp(provided->name, type->name) == 0;
    }
    return provided->type == type ||
           (strcmp(provided->type->name, type->name) == 0 && provided->type->size == type->size);
}

static eda_status resolve_one(eda_system *sys, edai_actor_type *type)
{
    const eda_type *wanted = type->actor->deps;
    edai_provided *provided;

    if (!needs_deps(type) || type->deps != NULL) {
        return EDA_OK;
    }
    for (provided = sys->provided; provided != NULL; provided = provided->next) {
        if (is_for(provided, wanted)) {
            break;
        }
    }
    if (provided == NULL) {
        return edai_system_fail(sys, EDA_EMISSING,
            "actor '%s' needs '%s': eda_provide(sys, EDA_DEPS(%s, ...)), or an object of that name in the "
            "configuration",
            type->actor->name, wanted->name, wanted->name);
    }
    if (provided->data == NULL) {
        EDA_TRY(decode_configured(sys, wanted, provided));
    }
    type->deps = provided->data;
    return EDA_OK;
}

eda_status edai_depend_resolve(eda_system *sys)
{
    uint32_t i;

    for (i = 0; i < sys->actor_count; i++) {
        EDA_TRY(resolve_one(sys, sys->actors[i]));
    }
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
