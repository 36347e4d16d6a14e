/* timetext.c - see timetext.h. The calendar is the proleptic Gregorian one, in 400-year cycles. */
#include "base/timetext.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SECOND_NS INT64_C(1000000000)
#define DAY_S INT64_C(86400)
#define CYCLE_DAYS INT64_C(146097) /* days of 400 years */
#define EPOCH_DAYS INT64_C(719468) /* from 0000-03-01 to 1970-01-01 */

/* Years are counted from March, so that the leap day is the last one of its year. */
static int64_t days_from_date(int64_t year, int64_t month, int64_t day)
{
    int64_t march_year = month > 2 ? year : year - 1;
    int64_t cycle = (march_year >= 0 ? march_year : march_year - 399) / 400;
    int64_t year_of_cycle = march_year - cycle * 400;
    int64_t march_month = month > 2 ? month - 3 : month + 9;
    int64_t day_of_year = (153 * march_month + 2) / 5 + day - 1;

    return cycle * CYCLE_DAYS + year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100 +
           day_of_year - EPOCH_DAYS;
}

typedef struct date {
    int64_t year;
    int64_t month;
    int64_t day;
} date;

static date date_from_days(int64_t days)
{
    int64_t shifted = days + EPOCH_DAYS;
    int64_t cycle = (shifted >= 0 ? shifted : shifted - (CYCLE_DAYS - 1)) / CYCLE_DAYS;
    int64_t day_of_cycle = shifted - cycle * CYCLE_DAYS;
    int64_t year_of_cycle =
        (day_of_cycle - day_of_cycle / 1460 + day_of_cycle / 36524 - day_of_cycle / 146096) / 365;
    int64_t day_of_year =
        day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    int64_t march_month = (5 * day_of_year + 2) / 153;
    int64_t month = march_month < 10 ? march_month + 3 : march_month - 9;

    return (date){.year = cycle * 400 + year_of_cycle + (month <= 2 ? 1 : 0),
        .month = month,
        .day = day_of_year - (153 * march_month + 2) / 5 + 1};
}

static int64_t month_days(int64_t year, int64_t month)
{
    static const int64_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && is_leap ? 29 : days[month - 1];
}

/* Writes ".5" for 500 of 1000, nothing for 0; returns the length. */
static size_t format_fraction(int64_t part, int digits, char *buffer)
{
    if (part == 0) {
        buffer[0] = '\0';
        return 0;
    }
    size_t len = (size_t)snprintf(buffer, EDAI_TIMETEXT_SIZE / 2, ".%0*" PRId64, digits, part);
    while (buffer[len - 1] == '0') {
        buffer[--len] = '\0';
    }
    return len;
}

size_t edai_timetext_format(eda_time time, char *buffer)
{
    int64_t seconds = time / SECOND_NS;
    int64_t part = time % SECOND_NS;
    char fraction[EDAI_TIMETEXT_SIZE / 2];

    if (part < 0) {
        part += SECOND_NS;
        seconds--;
    }
    int64_t days = (seconds >= 0 ? seconds : seconds - (DAY_S - 1)) / DAY_S;
    int64_t of_day = seconds - days * DAY_S;
    date on = date_from_days(days);
    (void)format_fraction(part, 9, fraction);
    return (size_t)snprintf(buffer, EDAI_TIMETEXT_SIZE,
        "%04" PRId64 "-%02" PRId64 "-%02" PRId64 "T%02" PRId64 ":%02" PRId64 ":%02" PRId64 "%sZ",
        on.year, on.month, on.day, of_day / 3600, of_day / 60 % 60, of_day % 60, fraction);
}

/* --- reading: a cursor that fails once and for all --- */

typedef struct cursor {
    const char *at;
    const char *end;
    bool is_bad;
} cursor;

static char peek(const cursor *self)
{
    return self->at < self->end ? *self->at : '\0';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool take(cursor *self, char wanted)
{
    if (self->at < self->end && *self->at == wanted) {
        self->at++;
        return true;
    }
    return false;
}

static void expect(cursor *self, char wanted)
{
    if (!take(self, wanted)) {
        self->is_bad = true;
    }
}

/* Exactly `count` digits, within low and high. */
static int64_t take_number(cursor *self, int count, int64_t low, int64_t high)
{
    int64_t number = 0;

    for (int i = 0; i < count; i++) {
        if (!is_digit(peek(self))) {
            self->is_bad = true;
            return low;
        }
        number = number * 10 + (*self->at++ - '0');
    }
    if (number < low || number > high) {
        self->is_bad = true;
        return low;
    }
    return number;
}

/* Nanoseconds of ".5"; 0 where no point stands. */
static int64_t take_second_part(cursor *self)
{
    int64_t part = 0;
    int digits = 0;

    if (!take(self, '.')) {
        return 0;
    }
    for (; is_digit(peek(self)); digits++) {
        if (digits == 9) {
            self->is_bad = true;
            return 0;
        }
        part = part * 10 + (*self->at++ - '0');
    }
    if (digits == 0) {
        self->is_bad = true;
    }
    for (; digits < 9; digits++) {
        part *= 10;
    }
    return part;
}

/* Seconds that local time is ahead. */
static int64_t take_offset(cursor *self)
{
    if (take(self, 'Z') || take(self, 'z')) {
        return 0;
    }
    int64_t sign = peek(self) == '-' ? -1 : 1;
    if (!take(self, '-')) {
        expect(self, '+');
    }
    int64_t hours = take_number(self, 2, 0, 23);
    expect(self, ':');
    int64_t minutes = take_number(self, 2, 0, 59);
    return sign * (hours * 3600 + minutes * 60);
}

static eda_status join(int64_t seconds, int64_t part, eda_time *ret_time)
{
    /* Before 1970 the parts are counted back from the next second: only so is every product of
     * seconds within int64 for every time that is. */
    if (seconds < 0 && part > 0) {
        seconds++;
        part -= SECOND_NS;
    }
    if (seconds > INT64_MAX / SECOND_NS || seconds < INT64_MIN / SECOND_NS) {
        return EDA_ERANGE;
    }
    int64_t whole = seconds * SECOND_NS;
    if ((part > 0 && whole > INT64_MAX - part) || (part < 0 && whole < INT64_MIN - part)) {
        return EDA_ERANGE;
    }
    *ret_time = whole + part;
    return EDA_OK;
}

eda_status edai_timetext_parse(eda_str text, eda_time *ret_time)
{
    cursor self = {.at = text.ptr, .end = text.ptr + text.len};

    int64_t year = take_number(&self, 4, 0, 9999);
    expect(&self, '-');
    int64_t month = take_number(&self, 2, 1, 12);
    expect(&self, '-');
    int64_t day = take_number(&self, 2, 1, month_days(year, month));
    if (!take(&self, 't')) {
        expect(&self, 'T');
    }
    int64_t hour = take_number(&self, 2, 0, 23);
    expect(&self, ':');
    int64_t minute = take_number(&self, 2, 0, 59);
    expect(&self, ':');
    int64_t second = take_number(&self, 2, 0, 59);
    int64_t part = take_second_part(&self);
    int64_t offset = take_offset(&self);
    if (self.is_bad || self.at != self.end) {
        return EDA_EINVAL;
    }
    int64_t seconds = days_from_date(year, month, day) * DAY_S + hour * 3600 + minute * 60 + second;
    return join(seconds - offset, part, ret_time);
}

/* --- durations --- */

typedef struct unit {
    const char *name;
    uint64_t ns;
} unit;

/* Longer names before those that begin them. */
static const unit units[] = {
    {"ns", 1},
    {"us", 1000},
    {"\xc2\xb5s", 1000}, /* micro sign */
    {"\xce\xbcs", 1000}, /* Greek mu */
    {"ms", 1000000},
    {"s", UINT64_C(1000000000)},
    {"m", UINT64_C(60000000000)},
    {"h", UINT64_C(3600000000000)},
};

size_t edai_timetext_format_duration(eda_duration duration, char *buffer)
{
    uint64_t total = duration < 0 ? 0 - (uint64_t)duration : (uint64_t)duration;
    const char *sign = duration < 0 ? "-" : "";
    char fraction[EDAI_TIMETEXT_SIZE / 2];

    if (total > 0 && total < (uint64_t)SECOND_NS) {
        const unit *of = total < 1000 ? &units[0] : total < 1000000 ? &units[1] : &units[4];
        int digits = total < 1000 ? 0 : total < 1000000 ? 3 : 6;
        (void)format_fraction((int64_t)(total % of->ns), digits, fraction);
        return (size_t)snprintf(buffer, EDAI_TIMETEXT_SIZE, "%s%" PRIu64 "%s%s", sign,
            total / of->ns, fraction, of->name);
    }
    uint64_t seconds = total / (uint64_t)SECOND_NS;
    (void)format_fraction((int64_t)(total % (uint64_t)SECOND_NS), 9, fraction);
    if (seconds < 60) {
        return (size_t)snprintf(
            buffer, EDAI_TIMETEXT_SIZE, "%s%" PRIu64 "%ss", sign, seconds, fraction);
    }
    if (seconds < 3600) {
        return (size_t)snprintf(buffer, EDAI_TIMETEXT_SIZE, "%s%" PRIu64 "m%" PRIu64 "%ss", sign,
            seconds / 60, seconds % 60, fraction);
    }
    return (size_t)snprintf(buffer, EDAI_TIMETEXT_SIZE, "%s%" PRIu64 "h%" PRIu64 "m%" PRIu64 "%ss",
        sign, seconds / 3600, seconds / 60 % 60, seconds % 60, fraction);
}

static const unit *take_unit(cursor *self)
{
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        size_t len = strlen(units[i].name);
        if ((size_t)(self->end - self->at) >= len && memcmp(self->at, units[i].name, len) == 0) {
            self->at += len;
            return &units[i];
        }
    }
    return NULL;
}

/* Digits behind the point without the zeros at the end, which change nothing. 13 are the most that
 * any unit can need: an hour is 2^13 * 3^2 * 5^11 ns. */
#define FRACTION_DIGITS_MAX 13

typedef struct decimal {
    uint64_t whole;
    uint64_t part;
    int digits;    /* of part */
    bool is_large; /* whole is beyond uint64 */
} decimal;

static void take_part(cursor *self, decimal *number)
{
    int zeros = 0;

    if (!take(self, '.')) {
        return;
    }
    if (!is_digit(peek(self))) {
        self->is_bad = true;
    }
    while (is_digit(peek(self)) && !self->is_bad) {
        char c = *self->at++;
        zeros++;
        if (c == '0') {
            continue;
        }
        self->is_bad = number->digits + zeros > FRACTION_DIGITS_MAX;
        for (; zeros > 0 && !self->is_bad; zeros--) {
            number->part *= 10;
            number->digits++;
        }
        number->part += (uint64_t)(c - '0');
    }
}

static decimal take_decimal(cursor *self)
{
    decimal number = {0};

    if (!is_digit(peek(self))) {
        self->is_bad = true;
    }
    while (is_digit(peek(self))) {
        uint64_t value = (uint64_t)(*self->at++ - '0');
        if (number.whole > (UINT64_MAX - value) / 10) {
            number.is_large = true;
        } else {
            number.whole = number.whole * 10 + value;
        }
    }
    take_part(self, &number);
    return number;
}

/* part / 10^digits * unit, which must be whole; false otherwise. */
static bool part_ns(decimal number, uint64_t unit_ns, uint64_t *ret_ns)
{
    uint64_t divisor = 1;

    for (int i = 0; i < number.digits; i++) {
        if (unit_ns % 10 == 0) {
            unit_ns /= 10;
        } else {
            divisor *= 10;
        }
    }
    /* A part below 10^13 is multiplied by at most 36 here where many zeros were taken off the unit,
     * and is below 10^11 otherwise. */
    if (number.part * unit_ns % divisor != 0) {
        return false;
    }
    *ret_ns = number.part * unit_ns / divisor;
    return true;
}

eda_status edai_timetext_parse_duration(eda_str text, eda_duration *ret_duration)
{
    cursor self = {.at = text.ptr, .end = text.ptr + text.len};
    bool is_negative = take(&self, '-');
    uint64_t limit = is_negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    uint64_t total = 0;
    bool is_large = false;

    do {
        uint64_t part = 0;
        decimal number = take_decimal(&self);
        const unit *of = self.is_bad ? NULL : take_unit(&self);
        if (of == NULL || !part_ns(number, of->ns, &part)) {
            return EDA_EINVAL;
        }
        if (is_large || number.is_large || number.whole > (limit - total) / of->ns) {
            is_large = true;
            continue;
        }
        total += number.whole * of->ns;
        is_large = part > limit - total;
        total += is_large ? 0 : part;
    } while (self.at < self.end);
    if (is_large) {
        return EDA_ERANGE;
    }
    *ret_duration = is_negative ? (eda_duration)(0 - total) : (eda_duration)total;
    return EDA_OK;
}
