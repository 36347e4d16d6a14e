/* outsider.h - whoever is on the bus and no node: what its gets bring.
 *
 * Threads: the test's. To be included behind cmocka.h. */
#ifndef OUTSIDER_H
#define OUTSIDER_H

#include <edacious/bus.h>

/* What a get brought. */
typedef struct outsider_got {
    char text[512];   /* payload of the last answer */
    uint32_t answers; /* how many there were */
    bool is_error;    /* the last answer */
    eda_status end;
} outsider_got;

/* A session of its own. Returns owned: driver->close. */
eda_bus *outsider_join(const eda_bus_driver *driver, const char *config);
/* Gets, and waits for the end: of one server, or of all. */
outsider_got outsider_get(
    const eda_bus_driver *driver, eda_bus *bus, const eda_bus_message *request, bool is_for_all);

#endif
