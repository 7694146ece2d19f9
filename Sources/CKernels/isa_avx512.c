// Kernels for AVX-512 with VNNI. The attribute below selects them whatever the package's baseline.
#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "kernels.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)
#define VOLLEY_TARGET_AVX2
#define VOLLEY_TARGET_AVX512
#define VOLLEY_TARGET_VNNI
#include "kernels/table.h"
#pragma clang attribute pop

#include "tables.h"

const struct volley_kernels volley_kernels_avx512 = KERNEL_TABLE;

#endif
