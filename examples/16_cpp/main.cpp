// main.cpp - a C++17 program around actors in C.
//
// Message headers give C++ the same structs as C; whatever is small and fixed in C may be filled
// from std::string and the like, because a publish copies it.
#include "station.h"

#include <cstdio>
#include <edacious/edacious.h>
#include <memory>
#include <stdexcept>
#include <string>

namespace
{

struct system_free {
    void operator()(eda_system *sys) const
    {
        eda_system_free(sys);
    }
};
using system_ptr = std::unique_ptr<eda_system, system_free>;

// Statuses become exceptions here and not in handlers: those are called from C.
void check(eda_status status)
{
    if (status != EDA_OK) {
        throw std::runtime_error(eda_status_text(status));
    }
}

eda_str str(const std::string &text)
{
    return eda_str{text.data(), text.size()};
}

void publish(eda_ctx *client, const std::string &station, weather_kind kind, double celsius)
{
    weather_seen seen{};

    seen.station = str(station);
    seen.kind = kind;
    seen.celsius = celsius;
    check(eda_publish_wait(client, value_of_weather(&seen), 1000));
}

void run()
{
    eda_system *made = nullptr;

    check(eda_system_new(nullptr, &made));
    const system_ptr sys(made);

    check(eda_add_linked(sys.get()));
    check(eda_system_start(sys.get()));

    eda_ctx *const client = eda_system_client(sys.get());

    for (int i = 1; i <= 2; i++) {
        publish(client, "hill", i == 2 ? WEATHER_STORM : WEATHER_FAIR, 20.5 - i);
    }
    publish(client, "bay", WEATHER_STORM, 12.0);
    try {
        publish(client, "sun", WEATHER_FAIR, 5500.0);
    } catch (const std::runtime_error &error) {
        const eda_str text = eda_error(client);

        std::printf("%s: %.*s\n", error.what(), EDA_STR_ARG(text));
    }
}

} // namespace

int main()
{
    try {
        run();
    } catch (const std::exception &error) {
        std::fprintf(stderr, "weather: %s\n", error.what());
        return 1;
    }
    return 0;
}
