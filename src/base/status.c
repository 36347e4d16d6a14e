/* status.c - names and texts of statuses, from the one list in <edacious/status.h>. */
#include <edacious/status.h>

typedef struct status_entry {
    eda_status number;
    const char *name;
    const char *text;
} status_entry;

#define STATUS_ENTRY(name_, number_, text_) {number_, #name_, text_},
static const status_entry entries[] = {EDA_STATUS_LIST(STATUS_ENTRY)};
#undef STATUS_ENTRY

static const status_entry unknown = {-1, "unknown", "no status of this library"};
static const status_entry application = {
    EDA_STATUS_USER, "application", "a status of the application"};

static const status_entry *status_find(eda_status status)
{
    if (status >= EDA_STATUS_USER) {
        return &application;
    }
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        if (entries[i].number == status) {
            return &entries[i];
        }
    }
    return &unknown;
}

const char *eda_status_name(eda_status status)
{
    return status_find(status)->name;
}

const char *eda_status_text(eda_status status)
{
    return status_find(status)->text;
}
