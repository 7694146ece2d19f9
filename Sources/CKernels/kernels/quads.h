// Products of 8-bit codes: four columns of a weight row in each lane, times four activations. `quad_sums` holds the
// sums of a few quads, as many as cannot overflow it, before they are added to 32-bit sums.
#pragma once

#include "lanes.h"
#include "panel.h"

/// Whether the kernels multiply signed 8-bit codes.
INLINE bool has_signed_quads(enum volley_format format) { return format == VOLLEY_Q8_0 || has_table(format); }

#if defined(VOLLEY_TARGET_AVX2) && !defined(VOLLEY_TARGET_VNNI)

/// 16-bit sums: one instruction adds two products.
typedef lane_pairs quad_sums;

/// Quads whose sums stay below 2^15: one for signed codes (2 · 128 · 127), more for smaller codes.
INLINE size_t quads_in_sum(enum volley_format format) {
    if (has_signed_quads(format)) return 1;
    size_t bits = upper_bits(format) + lower_bits(format);
    return bits <= 4 ? 8 : 8 >> (bits - 4);
}

INLINE quad_sums quad_sums_after(lane_ints sums) {
    (void)sums;
    return (quad_sums){0};
}

INLINE lane_ints with_quad_sums(lane_ints sums, quad_sums more) {
    return sums + (lane_ints)_mm256_madd_epi16((__m256i)more, _mm256_set1_epi16(1));
}

#else

typedef lane_ints quad_sums;

INLINE size_t quads_in_sum(enum volley_format format) {
    (void)format;
    return 8;
}

INLINE quad_sums quad_sums_after(lane_ints sums) { return sums; }

INLINE lane_ints with_quad_sums(lane_ints sums, quad_sums more) {
    (void)sums;
    return more;
}

#endif

/// The offset added to signed codes before they are multiplied: VNNI takes unsigned ones.
#if defined(VOLLEY_TARGET_VNNI)
enum { SIGNED_QUAD_OFFSET = 128 };
#else
enum { SIGNED_QUAD_OFFSET = 0 };
#endif

INLINE lane_quads quads_of_signed(lane_quads codes) { return codes ^ SIGNED_QUAD_OFFSET; }

/// sums + Σ weights[lane][b] · input[b] over four bytes.
INLINE quad_sums add_quad_products(enum volley_format format, quad_sums sums, lane_quads weights, const int8_t *input) {
    (void)format;
    int32_t quad;
    memcpy(&quad, input, sizeof quad);
#if defined(VOLLEY_TARGET_AVX512)
    return (quad_sums)_mm512_dpbusd_epi32((__m512i)sums, (__m512i)weights, _mm512_set1_epi32(quad));
#elif defined(VOLLEY_TARGET_VNNI)
    return in_order((quad_sums)_mm256_dpbusd_avx_epi32((__m256i)sums, (__m256i)weights, _mm256_set1_epi32(quad)));
#elif defined(VOLLEY_TARGET_AVX2)
    __m256i w = (__m256i)weights, x = _mm256_set1_epi32(quad);
    // The instruction takes unsigned weights, so their signs move to the activations.
    if (has_signed_quads(format)) x = _mm256_sign_epi8(x, w), w = _mm256_abs_epi8(w);
    return (quad_sums)in_order((lane_ints)(sums + (quad_sums)_mm256_maddubs_epi16(w, x)));
#elif defined(__ARM_FEATURE_DOTPROD)
    return (quad_sums)vdotq_s32((int32x4_t)sums, (int8x16_t)weights, vreinterpretq_s8_s32(vdupq_n_s32(quad)));
#else
    const int16_t even[2] = {input[0], input[2]}, odd[2] = {input[1], input[3]};
    lane_pairs pairs = (lane_pairs)weights;
    sums = add_pair_products(sums, (lane_pairs)((lane_words)pairs << 8) >> 8, even);
    return add_pair_products(sums, pairs >> 8, odd);
#endif
}
