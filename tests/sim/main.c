/* main.c - edacious-sim: scenarios under seeds. */
#include "scenarios.h"

uint32_t scenario_numbers[8] = {0, 1, 2, 3, 4, 5, 6, 7};

int main(int argc, char **argv)
{
    static const eda_sim_scenario *const scenarios[] = {&scenario_race, &scenario_commit,
        &scenario_ask, &scenario_receipt, &scenario_timer, &scenario_latest, &scenario_epoch,
        &scenario_circle, &scenario_flood, &scenario_failure, &scenario_stop, &scenario_fan, NULL};

    return eda_sim_main(argc, argv, scenarios);
}
