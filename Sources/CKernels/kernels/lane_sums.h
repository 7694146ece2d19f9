// Sums over the lanes of a vector: halves are added, then their halves. The order is always the same, so a sum does not
// depend on the vectors that are summed with it.
#pragma once

#include "lanes.h"

typedef float four_floats __attribute__((vector_size(16)));

/// The sum of each of four vectors.
INLINE four_floats lane_sums(lane_floats a, lane_floats b, lane_floats c, lane_floats d) {
#if defined(VOLLEY_TARGET_AVX512)
    lane_floats ab = __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
                     __builtin_shufflevector(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
    lane_floats cd = __builtin_shufflevector(c, d, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
                     __builtin_shufflevector(c, d, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
    lane_floats all = __builtin_shufflevector(ab, cd, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27) +
                      __builtin_shufflevector(ab, cd, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
    four_floats quarter[4];
    memcpy(quarter, &all, sizeof all);
    four_floats w = quarter[0], x = quarter[1], y = quarter[2], z = quarter[3];
#elif defined(VOLLEY_TARGET_AVX2)
    lane_floats ab = __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11) +
                     __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15);
    lane_floats cd = __builtin_shufflevector(c, d, 0, 1, 2, 3, 8, 9, 10, 11) +
                     __builtin_shufflevector(c, d, 4, 5, 6, 7, 12, 13, 14, 15);
    four_floats w = __builtin_shufflevector(ab, ab, 0, 1, 2, 3), x = __builtin_shufflevector(ab, ab, 4, 5, 6, 7);
    four_floats y = __builtin_shufflevector(cd, cd, 0, 1, 2, 3), z = __builtin_shufflevector(cd, cd, 4, 5, 6, 7);
#else
    four_floats w = a, x = b, y = c, z = d;
#endif
    four_floats wx = __builtin_shufflevector(w, x, 0, 1, 4, 5) + __builtin_shufflevector(w, x, 2, 3, 6, 7);
    four_floats yz = __builtin_shufflevector(y, z, 0, 1, 4, 5) + __builtin_shufflevector(y, z, 2, 3, 6, 7);
    return __builtin_shufflevector(wx, yz, 0, 2, 4, 6) + __builtin_shufflevector(wx, yz, 1, 3, 5, 7);
}

/// The sum of each 128-bit quarter of four vectors.
INLINE lane_floats lane_fours(const lane_floats v[4]) {
    lane_floats pairs[2];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < 2; i++) {
#if defined(VOLLEY_TARGET_AVX512)
        __m512d a = (__m512d)v[2 * i], b = (__m512d)v[2 * i + 1];
        pairs[i] = (lane_floats)_mm512_unpacklo_pd(a, b) + (lane_floats)_mm512_unpackhi_pd(a, b);
#elif defined(VOLLEY_TARGET_AVX2)
        __m256d a = (__m256d)v[2 * i], b = (__m256d)v[2 * i + 1];
        pairs[i] = (lane_floats)_mm256_unpacklo_pd(a, b) + (lane_floats)_mm256_unpackhi_pd(a, b);
#else
        lane_floats a = v[2 * i], b = v[2 * i + 1];
        pairs[i] = __builtin_shufflevector(a, b, 0, 1, 4, 5) + __builtin_shufflevector(a, b, 2, 3, 6, 7);
#endif
    }
#if defined(VOLLEY_TARGET_AVX512)
    __m512 a = (__m512)pairs[0], b = (__m512)pairs[1];
    return (lane_floats)_mm512_add_ps(_mm512_shuffle_ps(a, b, 0x88), _mm512_shuffle_ps(a, b, 0xdd));
#elif defined(VOLLEY_TARGET_AVX2)
    __m256 a = (__m256)pairs[0], b = (__m256)pairs[1];
    return (lane_floats)_mm256_add_ps(_mm256_shuffle_ps(a, b, 0x88), _mm256_shuffle_ps(a, b, 0xdd));
#else
    lane_floats a = pairs[0], b = pairs[1];
    return __builtin_shufflevector(a, b, 0, 2, 4, 6) + __builtin_shufflevector(a, b, 1, 3, 5, 7);
#endif
}

INLINE float lane_sum(lane_floats v) { return lane_sums(v, v, v, v)[0]; }

/// The sum of each of LANES vectors.
INLINE lane_floats lane_totals(const lane_floats *v) {
    lane_floats quarters[4];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < 4; i++) {
#if defined(VOLLEY_TARGET_AVX512)
        __m512 a = (__m512)v[i], b = (__m512)v[i + 4], c = (__m512)v[i + 8], d = (__m512)v[i + 12];
        a = _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x44), _mm512_shuffle_f32x4(a, b, 0xee));
        c = _mm512_add_ps(_mm512_shuffle_f32x4(c, d, 0x44), _mm512_shuffle_f32x4(c, d, 0xee));
        quarters[i] = (lane_floats)_mm512_add_ps(_mm512_shuffle_f32x4(a, c, 0x88), _mm512_shuffle_f32x4(a, c, 0xdd));
#elif defined(VOLLEY_TARGET_AVX2)
        __m256 a = (__m256)v[i], b = (__m256)v[i + 4];
        quarters[i] =
            (lane_floats)_mm256_add_ps(_mm256_permute2f128_ps(a, b, 0x20), _mm256_permute2f128_ps(a, b, 0x31));
#else
        quarters[i] = v[i];
#endif
    }
    return lane_fours(quarters);
}

INLINE float lane_largest(lane_floats v) { return __builtin_reduce_max(v); }
