/* station.h - the C side, as C++ sees it. */
#ifndef EXAMPLE_CPP_STATION_H
#define EXAMPLE_CPP_STATION_H

#include "messages.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Descriptors are C. A message with its type; borrows. */
eda_value value_of_weather(const weather_seen *message);

#ifdef __cplusplus
}
#endif
#endif
