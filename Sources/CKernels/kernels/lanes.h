// Vectors of the instruction set's largest width, with one weight row in each 32-bit lane.
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

/// Bytes between a read and its prefetch from memory into L2: the fastest of the distances tried (docs/kernels.md).
enum { PREFETCH_DISTANCE = 24576 };
/// Bytes between a read and its prefetch from L2 into L1, divided among the rows that are read together.
enum { PREFETCH_NEAR_DISTANCE = 2048 };

/// The order of a thread's reads: up to `end`, then from `next` on.
typedef struct {
    const char *end, *next;
} read_path;

/// The address that the thread reads PREFETCH_DISTANCE bytes after `address`.
INLINE const char *address_ahead(read_path path, const char *address) {
    const char *ahead = address + PREFETCH_DISTANCE;
    return ahead < path.end ? ahead : path.next + (ahead - path.end);
}

/// Prefetches `bytes` bytes at that address into L2. `bytes` is a constant.
INLINE void prefetch_far(read_path path, const char *address, size_t bytes) {
    const char *ahead = address_ahead(path, address);
#pragma clang loop unroll(full)
    for (size_t line = 0; line < bytes; line += 64) __builtin_prefetch(ahead + line, 0, 2);
}

/// Prefetches a cache line from L2 into L1.
INLINE void prefetch_near(const char *line) { __builtin_prefetch(line, 0, 3); }

/// A later block, and whether to prefetch it, which is a constant.
typedef struct {
    bool is_wanted;
    const char *address;
} prefetch_target;

typedef float lane_floats __attribute__((vector_size(4 * LANES)));
typedef int32_t lane_ints __attribute__((vector_size(4 * LANES)));
/// Two numbers in each lane.
typedef int16_t lane_pairs __attribute__((vector_size(4 * LANES)));
typedef uint16_t lane_words __attribute__((vector_size(4 * LANES)));
/// Four numbers in each lane.
typedef uint8_t lane_quads __attribute__((vector_size(4 * LANES)));
typedef uint8_t lane_bytes __attribute__((vector_size(LANES)));
typedef int8_t lane_signed_bytes __attribute__((vector_size(LANES)));

INLINE lane_floats lane_load(const float *p) {
    lane_floats v;
    memcpy(&v, p, sizeof v);
    return v;
}

INLINE void lane_store(float *p, lane_floats v) { memcpy(p, &v, sizeof v); }

INLINE lane_words lane_words_at(const char *p) {
    lane_words v;
    memcpy(&v, p, sizeof v);
    return v;
}

INLINE lane_quads lane_quads_at(const char *p) {
    lane_quads v;
    memcpy(&v, p, sizeof v);
    return v;
}

/// `v` with its first `count` lanes set to zero.
INLINE lane_floats lane_without(lane_floats v, size_t count) {
    lane_ints lanes;
    for (int i = 0; i < LANES; i++) lanes[i] = i;
    return (lane_floats)((lane_ints)v & (lanes >= (int32_t)count));
}

INLINE lane_floats lane_all(float x) { return x - (lane_floats){0}; }

/// The larger of two values; `b` if either is NaN.
INLINE lane_floats lane_max(lane_floats a, lane_floats b) {
#if defined(VOLLEY_TARGET_AVX512)
    return (lane_floats)_mm512_max_ps((__m512)a, (__m512)b);
#elif defined(VOLLEY_TARGET_AVX2)
    return (lane_floats)_mm256_max_ps((__m256)a, (__m256)b);
#else
    for (int i = 0; i < LANES; i++) b[i] = a[i] > b[i] ? a[i] : b[i];
    return b;
#endif
}

/// The smaller of two values; `b` if either is NaN.
INLINE lane_floats lane_min(lane_floats a, lane_floats b) { return -lane_max(-a, -b); }

/// e^x within 2 ulp; 0 below −87.3, capped at e^88.
INLINE lane_floats lane_exp(lane_floats x) {
    const lane_floats low = lane_all(-87.33654f), high = lane_all(88.0f);
    lane_ints vanishes = x < low;
    x = lane_min(lane_max(x, low), high);
    const lane_floats shift = lane_all(0x1.8p23f);  // adding it rounds to the nearest integer
    lane_floats n = (x * 1.44269504f + shift) - shift;
    lane_floats r = x - n * 0x1.62e4p-1f;  // ln 2 in two parts: n times the first is exact
    r = r - n * 0x1.7f7d1cp-20f;
    lane_floats p = lane_all(1.9875691500e-4f);
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.0f;
    lane_ints exponent = (__builtin_convertvector(n, lane_ints) + 127) << 23;
    lane_ints result = (lane_ints)(p * (lane_floats)exponent) & ~vanishes;
    return (lane_floats)result;
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

#if defined(VOLLEY_TARGET_AVX2) && !defined(VOLLEY_TARGET_AVX512)
/// Keeps the compiler from reordering additions, which would need more registers than there are.
INLINE lane_ints in_order(lane_ints sums) {
    __asm__("" : "+x"(sums));
    return sums;
}
#endif

/// sums + weights[lane][0] · input[0] + weights[lane][1] · input[1]
INLINE lane_ints add_pair_products(lane_ints sums, lane_pairs weights, const void *input) {
    int32_t pair;
    memcpy(&pair, input, sizeof pair);
#if defined(VOLLEY_TARGET_AVX512)
    return (lane_ints)_mm512_dpwssd_epi32((__m512i)sums, (__m512i)weights, _mm512_set1_epi32(pair));
#elif defined(VOLLEY_TARGET_AVX2)
    __m256i both = _mm256_set1_epi32(pair);
#if defined(VOLLEY_TARGET_VNNI)
    // Inline assembly, because the compiler splits the intrinsic into a product and a sum.
    __asm__("%{vex%} vpdpwssd %2, %1, %0" : "+x"(sums) : "x"(weights), "x"(both));
    return sums;
#else
    return in_order(sums + (lane_ints)_mm256_madd_epi16((__m256i)weights, both));
#endif
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
