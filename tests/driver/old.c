/* old.c - a driver built with a header of another version. */
#include <edacious/bus.h>

const eda_bus_driver *eda_bus_driver_table(void);

const eda_bus_driver *eda_bus_driver_table(void)
{
    static const eda_bus_driver table = {
        .struct_size = sizeof(table) - 8, .version = EDA_BUS_VERSION - 1, .name = "old"};

    return &table;
}
