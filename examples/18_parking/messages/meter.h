/* meter.h - what a meter must be given to work. No message, but it stands beside them: the meter
 * and the main that provides it both include it. */
#ifndef METER_H
#define METER_H

#include <edacious/declare.h>

EDA_RECORD(meter_deps, (eda_duration, per_cent, .doc = "The time that a cent buys."));

#endif
