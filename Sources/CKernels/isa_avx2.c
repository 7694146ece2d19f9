// Kernels for AVX2, FMA and F16C. The attribute below selects them whatever the package's baseline.
#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "kernels.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define VOLLEY_TARGET_AVX2
#include "kernels/table.h"
#pragma clang attribute pop

#include "tables.h"

const struct volley_kernels volley_kernels_avx2 = KERNEL_TABLE;

#endif
