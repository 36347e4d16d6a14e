/* expect-gcc: static assertion failed: "bad_cmd: more than 48 fields and options; group fields in an EDA_RECORD" */
/* expect-clang: static_assert failed.*"bad_cmd: more than 48 fields and options; group fields in an EDA_RECORD" */
#include <edacious/edacious.h>

EDA_MESSAGE(bad_cmd, "bad",
    (bool, f0), (bool, f1), (bool, f2), (bool, f3), (bool, f4), (bool, f5),
    (bool, f6), (bool, f7), (bool, f8), (bool, f9), (bool, f10), (bool, f11),
    (bool, f12), (bool, f13), (bool, f14), (bool, f15), (bool, f16), (bool, f17),
    (bool, f18), (bool, f19), (bool, f20), (bool, f21), (bool, f22), (bool, f23),
    (bool, f24), (bool, f25), (bool, f26), (bool, f27), (bool, f28), (bool, f29),
    (bool, f30), (bool, f31), (bool, f32), (bool, f33), (bool, f34), (bool, f35),
    (bool, f36), (bool, f37), (bool, f38), (bool, f39), (bool, f40), (bool, f41),
    (bool, f42), (bool, f43), (bool, f44), (bool, f45), (bool, f46), (bool, f47),
    (bool, f48));
