/* patience.h - how long a publisher waits for a full receiver.
 *
 * In this building nothing may be lost: a message that finds its receiver full holds back its
 * publisher, and through it in the end the reader of the log. The limit is only there to turn a
 * hang into an error. */
#ifndef BUILDING_PATIENCE_H
#define BUILDING_PATIENCE_H

#define PATIENCE_MS 3600000

#endif
