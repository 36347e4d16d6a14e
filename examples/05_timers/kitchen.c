/* kitchen.c - timers: eda_after once, eda_every again and again, eda_timer_cancel.
 *
 * A timer is a record that an actor sends itself and handles with on_self: a message like any
 * other, in its own turn. No thread sleeps meanwhile. Timers die with their activation. */
#include <edacious/edacious.h>
#include <semaphore.h>
#include <stdio.h>

#define TICKS 3

EDA_MESSAGE(egg_boil, "kitchen/egg/boil", (eda_duration, period));
EDA_RECORD(egg_tick, (eda_duration, period));
EDA_RECORD(egg_burnt);
EDA_RECORD(egg_done);

/* A plain struct with a pointer in it: no file could hold that, so it is opaque. */
typedef struct kitchen_deps {
    sem_t *is_served; /* how main learns of it: actors have no return value */
} kitchen_deps;
EDA_OPAQUE(kitchen_deps);

typedef struct kitchen {
    const kitchen_deps *deps; /* live as long as the activation */
    eda_timer ticking;
    eda_timer burning;
    int tick_count;
} kitchen;

static eda_status kitchen_start(kitchen *self, const kitchen_deps *deps, eda_ctx *ctx)
{
    (void)ctx;
    self->deps = deps;
    return EDA_OK;
}

static eda_status kitchen_on_boil(kitchen *self, const egg_boil *order, eda_ctx *ctx)
{
    printf("the order is taken\n");
    /* Armed when this turn has succeeded: a turn that fails arms nothing. */
    EDA_TRY(
        eda_every(ctx, EDA_MSG(egg_tick, .period = order->period), order->period, &self->ticking));
    return eda_after(ctx, EDA_MSG(egg_burnt), EDA_SEC(3600), &self->burning);
}

static eda_status kitchen_on_tick(kitchen *self, const egg_tick *tick, eda_ctx *ctx)
{
    (void)tick;
    printf("tick %d\n", ++self->tick_count);
    if (self->tick_count < TICKS) {
        return EDA_OK;
    }
    /* From here on neither is handled, even if it were due already. */
    eda_timer_cancel(ctx, self->ticking);
    eda_timer_cancel(ctx, self->burning);
    return eda_after(ctx, EDA_MSG(egg_done), EDA_MS(0), NULL);
}

static void kitchen_on_burnt(kitchen *self, const egg_burnt *note)
{
    (void)self;
    (void)note;
    printf("burnt\n");
}

static void kitchen_on_done(kitchen *self, const egg_done *note)
{
    (void)note;
    printf("done after %d ticks\n", self->tick_count);
    (void)sem_post(self->deps->is_served); /* fails only after 2 billion posts */
}

EDA_ACTOR(kitchen, kitchen_deps,
    start(kitchen_start),
    on(egg_boil, kitchen_on_boil),
    on_self(egg_tick, kitchen_on_tick),
    on_self(egg_burnt, kitchen_on_burnt),
    on_self(egg_done, kitchen_on_done));

static eda_status run(eda_system *sys, sem_t *is_served)
{
    EDA_TRY(eda_provide(sys, EDA_DEPS(kitchen_deps, .is_served = is_served)));
    EDA_TRY(eda_system_start(sys));
    EDA_TRY(eda_publish_wait(eda_system_client(sys), EDA_MSG(egg_boil, .period = EDA_MS(5)), 1000));
    return EDA_OK; /* a receipt waits for the turn, not for the timers it armed */
}

eda_status eda_app(eda_system *sys)
{
    sem_t is_served;
    eda_status status;

    if (sem_init(&is_served, 0, 0) != 0) {
        return EDA_ELIMIT;
    }
    status = run(sys, &is_served);
    while (status == EDA_OK && sem_wait(&is_served) != 0) {
        /* a signal came in between */
    }
    eda_system_stop(sys); /* nobody uses the semaphore after this */
    (void)sem_destroy(&is_served);
    return status;
}
