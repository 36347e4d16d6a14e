// main.cpp - benchmarks of the C++ Actor Framework. Usage: bench-caf NAME [SIZE] | bench-caf
// version
//
// NAME is pingpong, count, fanin, ring, big, pubsub, ask, create, idle or keyed; each is described
// where it is. Ends with 0 when every message was handled, with 3 when there is no such benchmark.
#include "bench.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

namespace bench
{

uint64_t now_ns()
{
    auto time = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(time).count());
}

uint64_t resident()
{
    std::ifstream file("/proc/self/status");
    std::string word;
    uint64_t kib = 0;

    while (file >> word && word != "VmRSS:") {
    }
    if (!(file >> kib)) {
        std::fprintf(stderr, "bench-caf: /proc/self/status tells no memory\n");
        std::_Exit(1);
    }
    return kib * 1024;
}

void print(const char *metric, double value, const char *unit)
{
    std::printf("bench caf %s %.*f %s\n", metric, value < 1000 ? 1 : 0, value, unit);
    std::fflush(stdout);
}

void print_rate(const char *metric, uint64_t count, uint64_t time_ns)
{
    print(metric, static_cast<double>(count) / static_cast<double>(time_ns) * 1e9, "1/s");
}

void check_total(const char *what, uint64_t got, uint64_t expected)
{
    if (got != expected) {
        std::fprintf(stderr, "bench-caf: %s: %llu handled, %llu expected\n", what,
            static_cast<unsigned long long>(got), static_cast<unsigned long long>(expected));
        std::_Exit(1);
    }
}

uint64_t receive_done(scoped_actor &self)
{
    uint64_t total = 0;

    self->receive([&](done_atom, uint64_t got, uint64_t) { total = got; });
    return total;
}

uint64_t scramble(uint64_t number)
{
    number = (number ^ number >> 33) * UINT64_C(0xff51afd7ed558ccd);
    number = (number ^ number >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return number ^ number >> 33;
}

static const row *find(const char *name)
{
    for (const auto *rows : {&messaging_rows, &keyed_rows}) {
        auto found = std::find_if(rows->begin(), rows->end(),
            [&](const row &each) { return std::strcmp(each.name, name) == 0; });
        if (found != rows->end()) {
            return &*found;
        }
    }
    return nullptr;
}

static void run(const row &row, uint64_t size)
{
    caf::actor_system_config config;

    compat::set_workers(config, WORKERS);
    caf::actor_system system(config);
    row.run(system, size);
}

} // namespace bench

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    char *end = nullptr;

    if (argc < 2 || argc > 3) {
        std::fprintf(stderr, "usage: bench-caf NAME [SIZE] | bench-caf version\n");
        return 2;
    }
    if (std::strcmp(name, "version") == 0) {
        std::printf("version caf CAF %s\n", compat::version().c_str());
        return 0;
    }
    const auto *row = bench::find(name);
    if (row == nullptr) {
        std::fprintf(stderr, "bench-caf: there is no benchmark %s for CAF\n", name);
        return 3;
    }
    auto size = argc == 3 ? std::strtoull(argv[2], &end, 10) : row->size;
    if (size == 0 || (end != nullptr && *end != '\0')) {
        std::fprintf(stderr, "bench-caf: %s: the size is a number above 0\n", argv[2]);
        return 2;
    }
    compat::declare_messages<caf::id_block::bench>();
    bench::run(*row, size);
    return 0;
}
