/* hollow.c - a driver that left a function out. */
#include <edacious/bus.h>

const eda_bus_driver *eda_bus_driver_table(void);

const eda_bus_driver *eda_bus_driver_table(void)
{
    static const eda_bus_driver table = {.struct_size = sizeof(table),
        .version = EDA_BUS_VERSION,
        .name = "hollow",
        .about = "nothing"};

    return &table;
}
