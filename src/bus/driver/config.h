/* config.h - the configuration of the drivers written here: a JSON object of named texts, as text
 * or as a file.
 *
 * Threads: no shared state. Memory: the caller's buffers. */
#ifndef EDAI_CONFIG_H
#define EDAI_CONFIG_H

#include <edacious/bus.h>

#define EDAI_CONFIG_FILE_SIZE_MAX 65536u

/* One name a driver knows. */
typedef struct edai_config_item {
    const char *name;
    char *text;       /* out: terminated; untouched if the configuration does not name it */
    size_t size;      /* bytes that `text` has room for, the final 0 included */
    const char *only; /* the one text it may be; NULL: any */
} edai_config_item;

/* Fills the items. `config` as in eda_bus_options. Whatever is wrong (no file, no JSON, a name
 * nobody knows, no text, too long, empty) is EDA_EINVAL with its sentence, which names the file;
 * EDA_ENOMEM. */
EDA_CHECK eda_status edai_config_read(const char *config, const edai_config_item *items,
    size_t items_len, eda_bus_problem *ret_problem);

/* Writes the sentence; returns the status. */
EDA_PRINTF(3, 4)
eda_status edai_config_refuse(eda_bus_problem *problem, eda_status status, const char *format, ...);

#endif
