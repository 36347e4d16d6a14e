/* edacious.h - all public headers but the simulator's (sim.h). */
#ifndef EDA_EDACIOUS_H
#define EDA_EDACIOUS_H

#include <edacious/actor.h>
#include <edacious/bus.h>
#include <edacious/cluster.h>
#include <edacious/codec.h>
#include <edacious/ctx.h>
#include <edacious/declare.h>
#include <edacious/status.h>
#include <edacious/store.h>
#include <edacious/supervisor.h>
#include <edacious/system.h>
#include <edacious/topic.h>
#include <edacious/type.h>
#include <edacious/value.h>

#endif
