/* parking.h - what is said about parking spaces. */
#ifndef PARKING_H
#define PARKING_H

#include <edacious/declare.h>

EDA_MESSAGE(meter_coin, "parking/{space_id}/coin",
    (eda_str, space_id),
    (uint32_t, cents, .range = {5, 200}));
EDA_MESSAGE(meter_expired, "parking/{space_id}/expired", (eda_str, space_id));

EDA_RECORD(meter_status, (bool, is_paid), (uint64_t, taken_cents));
EDA_REQUEST(meter_status_get, meter_status, "parking/{space_id}/status/get", (eda_str, space_id));

EDA_RECORD(warden_report, (uint32_t, ticket_count), (eda_str, last_space));
EDA_REQUEST(warden_report_get, warden_report, "warden/report/get");

#endif
