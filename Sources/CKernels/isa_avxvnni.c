// Kernels for AVX2 with VNNI, FMA and F16C. The attribute below selects them whatever the package's baseline.
#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "kernels.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avxvnni"))), apply_to = function)
#define VOLLEY_TARGET_AVX2
#define VOLLEY_TARGET_VNNI
#include "kernels/table.h"
#pragma clang attribute pop

#include "tables.h"

const struct volley_kernels volley_kernels_avxvnni = KERNEL_TABLE;

#endif
