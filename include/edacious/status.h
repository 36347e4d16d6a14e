/* status.h - the result of every call that can fail.
 *
 * Numbers are stable. 0: success; 1 to 999: the library's; from 1000 on: the application's own. */
#ifndef EDA_STATUS_H
#define EDA_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* EDA_CHECK: the result must be looked at. EDA_PRINTF: arguments are checked against the format. */
#if defined(__GNUC__)
#define EDA_CHECK __attribute__((warn_unused_result))
#define EDA_PRINTF(format_, first_) __attribute__((format(printf, format_, first_)))
#else
#define EDA_CHECK
#define EDA_PRINTF(format_, first_)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* X(name, number, text): the one list of statuses. */
#define EDA_STATUS_LIST(X)                                                                         \
    X(EDA_OK, 0, "success")                                                                        \
    X(EDA_ENOMEM, 1, "out of memory")                                                              \
    X(EDA_EINVAL, 2, "invalid argument or payload")                                                \
    X(EDA_ESYNTAX, 3, "malformed input: not what its encoding demands")                            \
    X(EDA_ERANGE, 4, "a value lies outside its declared range or length")                          \
    X(EDA_EKEY, 5, "a field or topic cannot form a key")                                           \
    X(EDA_ENOTYPE, 6, "no message type has that name or topic")                                    \
    X(EDA_ENOENT, 7, "nobody is there to answer, or nothing has that name")                        \
    X(EDA_EFULL, 8, "a bounded queue is full")                                                     \
    X(EDA_ELIMIT, 9, "a configured limit was reached")                                             \
    X(EDA_ETIMEOUT, 10, "the deadline passed")                                                     \
    X(EDA_ECANCELED, 11, "canceled: stopped or restarted meanwhile")                               \
    X(EDA_EDEADLOCK, 12, "waiting would close a cycle")                                            \
    X(EDA_EREFUSED, 13, "the responder refused, with a text")                                      \
    X(EDA_EFAILED, 14, "a handler failed")                                                         \
    X(EDA_ESTATE, 15, "not possible in this state")                                                \
    X(EDA_EPERM, 16, "not declared: the contract does not allow it")                               \
    X(EDA_ECONFLICT, 17, "two declarations of one name differ")                                    \
    X(EDA_EMISSING, 18, "a dependency, store or option is missing")                                \
    X(EDA_ESTALE, 19, "a newer version or epoch exists")                                           \
    X(EDA_EIO, 20, "input or output failed")                                                       \
    X(EDA_ECLOSED, 21, "stopped or closed")                                                        \
    X(EDA_ESHED, 22, "refused by an overload policy or a limit on the receiver's side")            \
    X(EDA_EDEAD, 23, "became a dead letter")                                                       \
    X(EDA_EUNKNOWN, 24, "the outcome is unknown: it may have been handled")

#define EDA_STATUS_ENUM_(name_, number_, text_) name_ = number_,
/* Their numbers. */
enum eda_status_number {
    EDA_STATUS_LIST(EDA_STATUS_ENUM_) EDA_STATUS_USER = 1000
};
#undef EDA_STATUS_ENUM_

/* An int, so that an application may add statuses of its own from EDA_STATUS_USER on. */
typedef int eda_status;

/* The name ("EDA_EFULL") and the text of a status; "application" for numbers from 1000 on. Never
 * NULL; static. */
const char *eda_status_name(eda_status status);
const char *eda_status_text(eda_status status);

/* Returns the status of a failed call from the enclosing function; only where nothing is owned yet.
 * Plain C: eda_status s = call; if (s != EDA_OK) return s; */
#define EDA_TRY(call_)                                                                             \
    do {                                                                                           \
        eda_status eda_try_status_ = (call_);                                                      \
        if (eda_try_status_ != EDA_OK) {                                                           \
            return eda_try_status_;                                                                \
        }                                                                                          \
    } while (0)

#ifdef __cplusplus
}
#endif
#endif
