#!/bin/sh
# churn.sh - nodes of clusters killed, stopped and halted, for long and without sanitizers. Usage: tools/churn.sh [SECONDS]
#
# By the bus between processes and by Zenoh's, and where this user may make network namespaces, with hosts that vanish.
set -eu
cd "$(dirname "$0")/.."
cmake --preset soak >/dev/null
tools/build.sh soak churn_node
exec python3 -B tests/churn/churn.py --node build/soak/bin/churn_node --zenoh build/soak/lib/libedacious-zenoh.so \
    --seconds "${1:-300}" --seed "${CHURN_SEED:-$(date +%s)}"
