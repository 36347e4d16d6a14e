/* config.c - a driver's configuration: a JSON object of named texts. */
#include "bus/driver/config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "message/json.h"

eda_status edai_config_refuse(eda_bus_problem *problem, eda_status status, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(problem->text, sizeof(problem->text), format, args);
    va_end(args);
    return status;
}

static eda_status take_item(const edai_config_item *item, json_t *value, eda_bus_problem *problem)
{
    const char *text = json_string_value(value);
    size_t len = json_string_length(value);

    if (text == NULL || len == 0) {
        return edai_config_refuse(problem, EDA_EINVAL,
            "configuration: \"%s\" must be a text between quotes, not empty", item->name);
    }
    if (len >= item->size || memchr(text, 0, len) != NULL) {
        return edai_config_refuse(problem, EDA_EINVAL,
            "configuration: \"%s\" has %zu bytes; allowed: %zu, none of them zero", item->name, len,
            item->size - 1);
    }
    memcpy(item->text, text, len + 1);
    return EDA_OK;
}

static eda_status take_object(
    json_t *object, const edai_config_item *items, size_t items_len, eda_bus_problem *problem)
{
    const char *name;
    json_t *value;

    if (!json_is_object(object)) {
        return edai_config_refuse(
            problem, EDA_EINVAL, "configuration: must be a JSON object, like {\"name\": \"text\"}");
    }
    json_object_foreach(object, name, value)
    {
        size_t i = 0;
        while (i < items_len && strcmp(items[i].name, name) != 0) {
            i++;
        }
        if (i == items_len) {
            return edai_config_refuse(problem, EDA_EINVAL,
                "configuration: \"%.40s\" is unknown; known: \"%s\"", name, items[0].name);
        }
        EDA_TRY(take_item(&items[i], value, problem));
    }
    return EDA_OK;
}

static eda_status read_text(
    eda_str text, const edai_config_item *items, size_t items_len, eda_bus_problem *problem)
{
    eda_problem why = {.text = {0}};
    json_t *json = NULL;
    eda_status status = edai_json_parse(text, &json, &why);

    if (status == EDA_ENOMEM) {
        return edai_config_refuse(problem, EDA_ENOMEM, "configuration: out of memory");
    }
    if (status != EDA_OK) {
        return edai_config_refuse(problem, EDA_EINVAL, "configuration: %.200s", why.text);
    }
    status = take_object(json, items, items_len, problem);
    json_decref(json);
    return status;
}

static eda_status read_file(
    const char *path, const edai_config_item *items, size_t items_len, eda_bus_problem *problem)
{
    eda_status status;
    char *text = NULL;
    size_t len;
    FILE *file = fopen(path, "rbe");

    if (file == NULL) {
        return edai_config_refuse(problem, EDA_EINVAL,
            "configuration: the file %.150s cannot be opened; text must begin with '{'", path);
    }
    text = edai_alloc(EDAI_CONFIG_FILE_SIZE_MAX + 1);
    if (text == NULL) {
        status = edai_config_refuse(problem, EDA_ENOMEM, "configuration: out of memory");
        goto close;
    }
    len = fread(text, 1, EDAI_CONFIG_FILE_SIZE_MAX + 1, file);
    if (ferror(file) != 0 || len > EDAI_CONFIG_FILE_SIZE_MAX) {
        status = edai_config_refuse(problem, EDA_EINVAL,
            "configuration: the file %.150s cannot be read, or is over %u bytes", path,
            EDAI_CONFIG_FILE_SIZE_MAX);
        goto close;
    }
    status = read_text((eda_str){text, len}, items, items_len, problem);
close:
    edai_free(text);
    (void)fclose(file);
    return status;
}

eda_status edai_config_read(const char *config, const edai_config_item *items, size_t items_len,
    eda_bus_problem *ret_problem)
{
    if (config == NULL) {
        return EDA_OK;
    }
    if (config[0] == '{') {
        return read_text(eda_str_from(config), items, items_len, ret_problem);
    }
    return read_file(config, items, items_len, ret_problem);
}
