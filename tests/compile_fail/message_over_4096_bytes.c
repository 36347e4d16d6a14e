/* expect-gcc: static assertion failed: "big2: over 4,096 bytes; put what is big into a list" */
/* expect-clang: static_assert failed.*"big2: over 4,096 bytes; put what is big into a list" */
#include <edacious/edacious.h>

EDA_RECORD(big,
    (eda_str, f0), (eda_str, f1), (eda_str, f2), (eda_str, f3), (eda_str, f4), (eda_str, f5),
    (eda_str, f6), (eda_str, f7), (eda_str, f8), (eda_str, f9), (eda_str, f10), (eda_str, f11),
    (eda_str, f12), (eda_str, f13), (eda_str, f14), (eda_str, f15), (eda_str, f16), (eda_str, f17),
    (eda_str, f18), (eda_str, f19), (eda_str, f20), (eda_str, f21), (eda_str, f22), (eda_str, f23),
    (eda_str, f24), (eda_str, f25), (eda_str, f26), (eda_str, f27), (eda_str, f28), (eda_str, f29),
    (eda_str, f30), (eda_str, f31), (eda_str, f32), (eda_str, f33), (eda_str, f34), (eda_str, f35),
    (eda_str, f36), (eda_str, f37), (eda_str, f38), (eda_str, f39));
EDA_RECORD(big2, (big, a), (big, b), (big, c), (big, d), (big, e), (big, f), (big, g));
