/* tenants.h - a supervisor for actors that serve several tenants: each tenant gets activations of
 * its own, at most pool_len of them, and within a tenant the same key always meets the same one.
 *
 *     EDA_ACTOR(worker, eda_none, pool(2, order_id), supervised_by(tenants), on(work, ...));
 *
 * So a tenant in a hurry fills its own two mailboxes and nobody else's, and however many keys it
 * invents, it never takes more than two activations. Every message that is handled needs a field
 * `tenant`, a uint32_t. The key of an activation is tenant * pool_len + index. */
#ifndef EXAMPLE_TENANTS_H
#define EXAMPLE_TENANTS_H

#include <edacious/supervisor.h>

extern const eda_supervisor tenants;

#endif
