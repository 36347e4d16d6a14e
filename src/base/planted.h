/* planted.h - twelve faults planted on purpose, to prove that the simulator finds what unit tests
 * do not.
 *
 * Only a build with EDAI_HAS_PLANTED has them; one at a time is switched on by edai_planted.
 * Elsewhere EDAI_PLANTED is the constant 0. */
#ifndef EDAI_PLANTED_H
#define EDAI_PLANTED_H

typedef enum edai_fault {
    EDAI_FAULT_NONE = 0,
    /* The parked mark is looked for before the exchange, not in it. */
    EDAI_FAULT_LOST_WAKEUP,
    /* An activation whose first message came from another worker is found only once it has started.
     */
    EDAI_FAULT_DOUBLE_ACTIVATION,
    /* One that was listed is passivated without another look at its mailbox. */
    EDAI_FAULT_PASSIVATION_LOSS,
    /* With a message of another publisher waiting, effects are released before the commit. */
    EDAI_FAULT_EARLY_EFFECTS,
    /* A reply goes to whatever ask its asker waits for. */
    EDAI_FAULT_WRONG_REPLY,
    /* What another worker sends while an activation starts is put first. */
    EDAI_FAULT_CHAIN_ORDER,
    /* A wait for several deliveries ends with one to go. */
    EDAI_FAULT_EARLY_RECEIPT,
    /* A timer that is already due is left armed at passivation. */
    EDAI_FAULT_LATE_TIMER,
    /* keep_latest drops the new one when its predecessor came from another publisher. */
    EDAI_FAULT_KEEP_OLDEST,
    /* With more messages waiting, a stale write claims the record anew and overwrites it. */
    EDAI_FAULT_STALE_EPOCH,
    /* A worker that is given away keeps what it has sent to others, and hands it over later. */
    EDAI_FAULT_UNFLUSHED_MOVE,
    /* Where a worker sits is asked before the push that finds it parked, not after it. */
    EDAI_FAULT_EARLY_SEAT,
    EDAI_FAULT_COUNT
} edai_fault;

#if defined(EDAI_HAS_PLANTED)
extern edai_fault edai_planted;
#define EDAI_PLANTED(name_) (edai_planted == EDAI_FAULT_##name_)
#else
#define EDAI_PLANTED(name_) 0
#endif

#endif
