/* station.c - an actor in C for messages that C++ publishes. */
#include "station.h"
#include <edacious/edacious.h>
#include <stdio.h>

typedef struct station {
    int storm_count;
} station;

static eda_status station_on_weather(station *self, const weather_seen *seen, eda_ctx *ctx)
{
    (void)ctx;
    self->storm_count += seen->kind == WEATHER_STORM;
    printf("%.*s: %.1f degrees, storms so far: %d\n", EDA_STR_ARG(seen->station), seen->celsius,
        self->storm_count);
    return EDA_OK;
}

EDA_ACTOR(station, eda_none, key(station), on(weather_seen, station_on_weather));

eda_value value_of_weather(const weather_seen *message)
{
    return (eda_value){.type = &eda_type_weather_seen, .data = message};
}
