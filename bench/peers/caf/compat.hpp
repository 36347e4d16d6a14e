// compat.hpp - what differs between CAF 0.17 (Debian 12) and CAF 1.x, in one place.
//
// 0.17 and 0.18 say self->send(to, ...) and self->request(to, timeout, ...); from 1.0 on it is
// self->mail(...).send(to) and self->mail(...).request(to, timeout).
#ifndef BENCH_CAF_COMPAT_HPP
#define BENCH_CAF_COMPAT_HPP

#include <caf/all.hpp>
#include <caf/init_global_meta_objects.hpp>

#include <cstddef>
#include <string>
#include <utility>

namespace compat
{

template <class Self, class To, class... Values>
void send(Self &&self, const To &to, Values &&...values)
{
#if CAF_VERSION >= 10000
    self->mail(std::forward<Values>(values)...).send(to);
#else
    self->send(to, std::forward<Values>(values)...);
#endif
}

template <class Self, class To, class... Values>
auto request(Self &&self, const To &to, Values &&...values)
{
#if CAF_VERSION >= 10000
    return self->mail(std::forward<Values>(values)...).request(to, caf::infinite);
#else
    return self->request(to, caf::infinite, std::forward<Values>(values)...);
#endif
}

// From 0.18 on the message types of a program are made known before its first system.
template <class Block> void declare_messages()
{
#if CAF_VERSION >= 1800
    caf::init_global_meta_objects<Block>();
    caf::core::init_global_meta_objects();
#endif
}

// CAF's own default is never less than four.
inline void set_workers(caf::actor_system_config &config, std::size_t count)
{
#if CAF_VERSION >= 1800
    config.set("caf.scheduler.max-threads", count);
#else
    config.set("scheduler.max-threads", count);
#endif
}

inline std::string version()
{
    return std::to_string(CAF_VERSION / 10000) + "." + std::to_string(CAF_VERSION / 100 % 100) +
           "." + std::to_string(CAF_VERSION % 100);
}

} // namespace compat

#endif
