/* policy.c - what follows a failure, and when the idle go, as declared in the actor's options. */
#include <edacious/supervisor.h>

#define BACKOFF_FIRST EDA_MS(10)
#define BACKOFF_MAX EDA_SEC(30)
#define RESTARTS_MAX 5u

/* 10 ms doubling to 30 s, up to a quarter less so that many do not come back at once. */
static eda_duration backoff_of(uint32_t restart_count, uint64_t random)
{
    eda_duration backoff = restart_count < 12 ? BACKOFF_FIRST << restart_count : BACKOFF_MAX;

    if (backoff > BACKOFF_MAX) {
        backoff = BACKOFF_MAX;
    }
    return backoff - (eda_duration)(random % (uint64_t)(backoff / 4));
}

eda_verdict eda_supervise_failure(const eda_failure *failure)
{
    const eda_actor_options *options = &failure->actor->options;
    uint32_t restarts_max = options->restarts_max != 0 ? options->restarts_max : RESTARTS_MAX;
    eda_verdict verdict = {.decision = options->on_failure != 0 ? options->on_failure : EDA_RESUME};

    if (failure->asked_restart && verdict.decision == EDA_RESUME) {
        verdict.decision = EDA_RESTART;
    }
    if (verdict.decision != EDA_RESTART) {
        return verdict;
    }
    if (failure->restart_count >= restarts_max) {
        verdict.decision = EDA_STOP;
        return verdict;
    }
    verdict.backoff = backoff_of(failure->restart_count, failure->random);
    return verdict;
}

bool eda_supervise_idleness(const eda_idleness *idleness)
{
    return idleness->idle >= idleness->idle_limit;
}
