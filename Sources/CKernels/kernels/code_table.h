// Table lookup of 4-bit codes (`IQ4_VALUES`) for all codes of a vector at once.
#pragma once

#include "lanes.h"
#include "weight_blocks.h"

/// `IQ4_VALUES` + `offset`; `offset` is 0 or makes all values positive.
INLINE codes offset_table(uint8_t offset) {
    codes table;
    memcpy(&table, IQ4_VALUES, sizeof table);
    return table + offset;
}

/// Replaces the code in each byte by its table value plus `offset`.
INLINE lane_quads table_quads(lane_quads indices, uint8_t offset) {
    codes table = offset_table(offset);
#if defined(VOLLEY_TARGET_AVX512)
    return (lane_quads)_mm512_shuffle_epi8(_mm512_broadcast_i32x4((__m128i)table), (__m512i)indices);
#elif defined(VOLLEY_TARGET_AVX2)
    return (lane_quads)_mm256_shuffle_epi8(_mm256_broadcastsi128_si256((__m128i)table), (__m256i)indices);
#elif defined(__aarch64__)
    return (lane_quads)vqtbl1q_u8((uint8x16_t)table, (uint8x16_t)indices);
#else
    for (int i = 0; i < 4 * LANES; i++) indices[i] = table[indices[i]];
    return indices;
#endif
}

/// The table values of the codes at bit `nibble` (0 or 4) of the even bytes (`odd` 0) or the odd ones (`odd` 8), plus
/// `offset`, which makes all of them non-negative.
INLINE lane_pairs table_pairs(lane_words words, size_t nibble, size_t odd, uint8_t offset) {
#if defined(VOLLEY_TARGET_AVX512)
    // The instruction uses five index bits, so both halves of the table are the same.
    s16 half = __builtin_convertvector(offset_table(offset), s16);
    __m512i table = _mm512_broadcast_i64x4((__m256i)half);
    return (lane_pairs)_mm512_permutexvar_epi16((__m512i)(words >> (uint16_t)(nibble + odd)), table);
#else
    lane_words values = (lane_words)table_quads((lane_quads)(words >> (uint16_t)nibble) & 15, offset);
    return (lane_pairs)(odd ? values >> 8 : values & 0xff);
#endif
}
