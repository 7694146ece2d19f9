// Weight rows side by side, one to each 32-bit lane of the instruction set's widest vector.
#pragma once

#include "vector.h"

#if defined(VOLLEY_TARGET_AVX512)
enum { LANES = 16 };
#elif defined(VOLLEY_TARGET_AVX2)
enum { LANES = 8 };
#else
enum { LANES = 4 };
#if defined(__SSE2__)
#include <emmintrin.h>
#endif
#endif

/// Brings into the second cache what will be read 24 KiB further on: the best distance and cache of those that were tried
/// (docs/speed.md). `bytes` is a constant.
INLINE void fetch_ahead(const char *place, size_t bytes) {
#pragma clang loop unroll(full)
    for (size_t line = 0; line < bytes; line += 64) __builtin_prefetch(place + 24576 + line, 0, 2);
}

typedef float lane_floats __attribute__((vector_size(4 * LANES)));
typedef int32_t lane_ints __attribute__((vector_size(4 * LANES)));
/// Two numbers to a lane.
typedef int16_t lane_pairs __attribute__((vector_size(4 * LANES)));
typedef uint16_t lane_words __attribute__((vector_size(4 * LANES)));
typedef int8_t lane_byte_pairs __attribute__((vector_size(2 * LANES)));
typedef uint8_t lane_bytes __attribute__((vector_size(LANES)));
typedef int8_t lane_signed_bytes __attribute__((vector_size(LANES)));

INLINE lane_floats lane_load(const float *p) {
    lane_floats v;
    memcpy(&v, p, sizeof v);
    return v;
}

INLINE void lane_store(float *p, lane_floats v) { memcpy(p, &v, sizeof v); }

/// v with zeros in its first `count` lanes.
INLINE lane_floats lane_without(lane_floats v, size_t count) {
    lane_ints lanes;
    for (int i = 0; i < LANES; i++) lanes[i] = i;
    return (lane_floats)((lane_ints)v & (lanes >= (int32_t)count));
}

typedef float four_floats __attribute__((vector_size(16)));

/// What each of four vectors adds up to: halves, then halves of those. Always the same tree, so that a sum does not depend on
/// the vectors beside it.
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

INLINE lane_floats lane_f16(const void *p) {
#if defined(VOLLEY_TARGET_AVX512)
    return (lane_floats)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p));
#elif defined(VOLLEY_TARGET_AVX2)
    return (lane_floats)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p));
#elif defined(__aarch64__)
    return (lane_floats)f16_quarter(p);
#else
    lane_floats v;
    for (int i = 0; i < LANES; i++) v[i] = f16_value((const char *)p + 2 * i);
    return v;
#endif
}

INLINE lane_floats lane_bf16(const void *p) {
    uint16_t halves __attribute__((vector_size(2 * LANES)));
    memcpy(&halves, p, sizeof halves);
    lane_ints bits = __builtin_convertvector(halves, lane_ints) << 16;
    return (lane_floats)bits;
}

/// sums + weights[lane][0] · input[0] + weights[lane][1] · input[1]
INLINE lane_ints add_pair_products(lane_ints sums, lane_pairs weights, const int16_t *input) {
    int32_t pair;
    memcpy(&pair, input, sizeof pair);
#if defined(VOLLEY_TARGET_AVX512)
    return (lane_ints)_mm512_dpwssd_epi32((__m512i)sums, (__m512i)weights, _mm512_set1_epi32(pair));
#elif defined(VOLLEY_TARGET_AVX2)
    sums += (lane_ints)_mm256_madd_epi16((__m256i)weights, _mm256_set1_epi32(pair));
    // Keeps the compiler from adding up in another order, for which the registers do not suffice.
    __asm__("" : "+x"(sums));
    return sums;
#elif defined(__SSE2__)
    return sums + (lane_ints)_mm_madd_epi16((__m128i)weights, _mm_set1_epi32(pair));
#elif defined(__aarch64__)
    int32x4_t both = (int32x4_t)weights, result = (int32x4_t)sums;
    int16x4_t x = vreinterpret_s16_s32(vdup_n_s32(pair));
    result = vmlal_lane_s16(result, vmovn_s32(both), x, 0);
    result = vmlal_lane_s16(result, vshrn_n_s32(both, 16), x, 1);
    return (lane_ints)result;
#else
    lane_ints both = (lane_ints)weights;
    return sums + (both << 16 >> 16) * (int32_t)(int16_t)pair + (both >> 16) * (pair >> 16);
#endif
}
