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

/* What is read, where it is from, and what it may say. */
typedef struct reader {
    const char *name; /* the file's, for sentences */
    const edai_config_item *items;
    size_t items_len;
    eda_bus_problem *problem;
} reader;

static eda_status take_item(const reader *self, const edai_config_item *item, json_t *value)
{
    const char *text = json_string_value(value);
    size_t len = json_string_length(value);

    if (text == NULL || len == 0) {
        return edai_config_refuse(self->problem, EDA_EINVAL,
            "%.120s: \"%s\" must be a text between quotes, not empty", self->name, item->name);
    }
    if (item->only != NULL && strcmp(text, item->only) != 0) {
        return edai_config_refuse(self->problem, EDA_EINVAL,
            "%.120s: \"%s\" is \"%.40s\"; allowed: \"%s\", or leave it out", self->name, item->name,
            text, item->only);
    }
    if (len >= item->size || memchr(text, 0, len) != NULL) {
        return edai_config_refuse(self->problem, EDA_EINVAL,
            "%.120s: \"%s\" has %zu bytes; allowed: %zu, none of them zero", self->name, item->name,
            len, item->size - 1);
    }
    memcpy(item->text, text, len + 1);
    return EDA_OK;
}

static eda_status refuse_name(const reader *self, const char *name)
{
    char known[80];
    size_t len = 0;

    for (size_t i = 0; i < self->items_len && len < sizeof(known); i++) {
        len += (size_t)snprintf(
            known + len, sizeof(known) - len, "%s\"%s\"", i > 0 ? ", " : "", self->items[i].name);
    }
    if (len >= sizeof(known)) {
        memcpy(known + sizeof(known) - sizeof("..."), "...", sizeof("..."));
    }
    return edai_config_refuse(self->problem, EDA_EINVAL, "%.120s: \"%.40s\" is unknown; known: %s",
        self->name, name, known);
}

static eda_status take_object(const reader *self, json_t *object)
{
    const char *name;
    json_t *value;

    if (!json_is_object(object)) {
        return edai_config_refuse(self->problem, EDA_EINVAL,
            "%.120s: must be a JSON object, like {\"name\": \"text\"}", self->name);
    }
    json_object_foreach(object, name, value)
    {
        size_t i = 0;
        while (i < self->items_len && strcmp(self->items[i].name, name) != 0) {
            i++;
        }
        if (i == self->items_len) {
            return refuse_name(self, name);
        }
        EDA_TRY(take_item(self, &self->items[i], value));
    }
    return EDA_OK;
}

static eda_status read_text(const reader *self, eda_str text)
{
    eda_problem why = {.text = {0}};
    json_t *json = NULL;
    eda_status status = edai_json_parse(text, &json, &why);

    if (status == EDA_ENOMEM) {
        return edai_config_refuse(self->problem, EDA_ENOMEM, "%.120s: out of memory", self->name);
    }
    if (status != EDA_OK) {
        return edai_config_refuse(self->problem, EDA_EINVAL,
            "%.120s: %.100s (JSON: keys between quotes, no comments)", self->name, why.text);
    }
    status = take_object(self, json);
    json_decref(json);
    return status;
}

static eda_status read_file(const reader *self)
{
    eda_status status;
    char *text = NULL;
    size_t len;
    FILE *file = fopen(self->name, "rbe");

    if (file == NULL) {
        return edai_config_refuse(self->problem, EDA_EINVAL,
            "configuration: the file %.150s cannot be opened; text must begin with '{'",
            self->name);
    }
    text = edai_alloc(EDAI_CONFIG_FILE_SIZE_MAX + 1);
    if (text == NULL) {
        status = edai_config_refuse(self->problem, EDA_ENOMEM, "configuration: out of memory");
        goto close;
    }
    len = fread(text, 1, EDAI_CONFIG_FILE_SIZE_MAX + 1, file);
    if (ferror(file) != 0 || len > EDAI_CONFIG_FILE_SIZE_MAX) {
        status = edai_config_refuse(self->problem, EDA_EINVAL,
            "configuration: the file %.150s cannot be read, or is over %u bytes", self->name,
            EDAI_CONFIG_FILE_SIZE_MAX);
        goto close;
    }
    status = read_text(self, (eda_str){text, len});
close:
    edai_free(text);
    (void)fclose(file);
    return status;
}

eda_status edai_config_read(const char *config, const edai_config_item *items, size_t items_len,
    eda_bus_problem *ret_problem)
{
    reader self = {
        .name = "configuration", .items = items, .items_len = items_len, .problem = ret_problem};

    if (config == NULL) {
        return EDA_OK;
    }
    if (config[0] == '{') {
        return read_text(&self, eda_str_from(config));
    }
    self.name = config;
    return read_file(&self);
}
