/* sound.c - a library that exports a driver as drivers must: the one built in, under a name of its
 * own. */
#include <edacious/bus.h>

const eda_bus_driver *eda_bus_driver_table(void);

const eda_bus_driver *eda_bus_driver_table(void)
{
    static eda_bus_driver table;

    table = eda_bus_inproc;
    table.name = "sound";
    return &table;
}
