/* line.c - see line.h. */
#include "line.h"
#include <stdlib.h>

bool line_read(FILE *file, char *buffer, size_t *ret_len)
{
    size_t len = 0;
    int c = getc(file);

    if (c == EOF) {
        return false;
    }
    for (; c != EOF && c != '\n'; c = getc(file)) {
        if (len < LINE_SIZE_MAX) {
            buffer[len] = (char)c;
        }
        len++;
    }
    *ret_len = len;
    return true;
}

eda_status line_parse(const char *text, size_t len, line *ret_line)
{
    /* Of what JSON leaves to its readers, this takes the strict side: a key twice is an error, so
     * are NaN, half a surrogate pair and an integer beyond int64. A \u0000 in a string is legal. */
    json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    const json_t *topic =
        json_object_get(root, "topic"); /* NULL too if root is no object, or NULL */
    const json_t *payload = json_object_get(root, "payload");
    char *payload_text = NULL;

    if (!json_is_string(topic) || payload == NULL) {
        json_decref(root);
        return EDA_ESYNTAX;
    }
    payload_text = json_dumps(payload, JSON_COMPACT | JSON_ENCODE_ANY);
    if (payload_text == NULL) {
        json_decref(root);
        return EDA_ENOMEM;
    }
    *ret_line = (line){.root = root,
        .topic = {.ptr = json_string_value(topic), .len = json_string_length(topic)},
        .payload = payload_text};
    return EDA_OK;
}

void line_free(line *parsed)
{
    free(parsed->payload);
    json_decref(parsed->root);
}
