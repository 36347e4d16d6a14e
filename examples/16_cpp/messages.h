/* messages.h - what C and C++ share: the messages. */
#ifndef EXAMPLE_CPP_MESSAGES_H
#define EXAMPLE_CPP_MESSAGES_H

#include <edacious/declare.h>

EDA_ENUM(weather_kind,
    (WEATHER_FAIR, "fair"),
    (WEATHER_STORM, "storm"));

EDA_MESSAGE(weather_seen, "weather/{station}",
    (eda_str, station),
    (weather_kind, kind),
    (double, celsius, .range = {-100, 100}));

#endif
