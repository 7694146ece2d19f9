// Blocks of quantised weights as kernels want them: 32 whole numbers, and the scale and constant that turn them into
// values. The K formats hold eight such blocks in a superblock of 256 values. Layouts: ggml-common.h.
#pragma once

#include "vector.h"

typedef int16_t s16 __attribute__((vector_size(32)));
typedef int8_t signed_codes __attribute__((vector_size(16)));
typedef uint8_t codes __attribute__((vector_size(16)));
typedef uint8_t u8x8 __attribute__((vector_size(8)));

/// 32-value blocks that share a header: 1, or 8 in a superblock.
INLINE size_t span_blocks(enum volley_format format) { return format >= VOLLEY_Q4_K ? 8 : 1; }

INLINE size_t span_bytes(enum volley_format format) {
    switch (format) {
    case VOLLEY_Q8_0: return 34;
    case VOLLEY_Q4_0: return 18;
    case VOLLEY_Q4_1: return 20;
    case VOLLEY_Q5_0: return 22;
    case VOLLEY_Q5_1: return 24;
    case VOLLEY_Q4_K: return 144;
    case VOLLEY_Q5_K: return 176;
    default: return 210;
    }
}

INLINE bool has_constants(enum volley_format format) {
    return format == VOLLEY_Q4_1 || format == VOLLEY_Q5_1 || format == VOLLEY_Q4_K || format == VOLLEY_Q5_K;
}

/// Value = scale · q + constant, for each block of a span. Constants of formats without any are not set.
typedef struct {
    float scale[8];
    float constant[8];
} span_scales;

/// The eight 6-bit scales and minimums of q4_K and q5_K, which are packed into 12 bytes.
INLINE void packed_scales(const char *p, uint8_t scales[8], uint8_t minimums[8]) {
    uint32_t a, b, c;
    memcpy(&a, p + 4, 4);
    memcpy(&b, p + 8, 4);
    memcpy(&c, p + 12, 4);
    uint64_t high_scales = (c & 0x0F0F0F0F) | (a >> 2 & 0x30303030);
    uint64_t high_minimums = (c >> 4 & 0x0F0F0F0F) | (b >> 2 & 0x30303030);
    uint64_t all_scales = (a & 0x3F3F3F3F) | high_scales << 32;
    uint64_t all_minimums = (b & 0x3F3F3F3F) | high_minimums << 32;
    memcpy(scales, &all_scales, 8);
    memcpy(minimums, &all_minimums, 8);
}

INLINE span_scales weight_scales(enum volley_format format, const char *p) {
    span_scales result;
    if (format == VOLLEY_Q4_K || format == VOLLEY_Q5_K) {
        u8x8 scales, minimums;
        packed_scales(p, (uint8_t *)&scales, (uint8_t *)&minimums);
        f8_store(result.scale, __builtin_convertvector(scales, f8) * f16_value(p));
        f8_store(result.constant, __builtin_convertvector(minimums, f8) * -f16_value(p + 2));
        return result;
    }
    if (format == VOLLEY_Q6_K) {
        f8_store(result.scale, f8_all(f16_value(p + 208)));
        return result;
    }
    result.scale[0] = f16_value(p);
    if (has_constants(format)) result.constant[0] = f16_value(p + 2);
    return result;
}

/// 32 whole numbers: values 0 to 15, and 16 to 31.
typedef struct {
    s16 low, high;
} weight_codes;

INLINE s16 bytes_at(const char *p) {
    codes v;
    memcpy(&v, p, sizeof v);
    return __builtin_convertvector(v, s16);
}

INLINE s16 signed_bytes_at(const char *p) {
    signed_codes v;
    memcpy(&v, p, sizeof v);
    return __builtin_convertvector(v, s16);
}

/// 16 where bit i of `bits` is set, for number i.
INLINE s16 fifth_bits(uint16_t bits) {
    const s16 mask = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, -32768};
    return (s16)((((s16){0} + (int16_t)bits) & mask) != 0) & 16;
}

/// Nibbles of 16 bytes: low ones first; fifth bits lie at `bits` where there are any.
INLINE weight_codes nibble_codes(const char *p, const char *bits, int16_t offset) {
    s16 pairs = bytes_at(p);
    weight_codes w = {pairs & 15, pairs >> 4};
    if (bits) {
        uint16_t halves[2];
        memcpy(halves, bits, sizeof halves);
        w.low |= fifth_bits(halves[0]);
        w.high |= fifth_bits(halves[1]);
    }
    return (weight_codes){w.low - offset, w.high - offset};
}

/// `width` bits of each of 32 bytes, from bit `shift` on.
INLINE weight_codes bit_field(const char *p, size_t shift, int16_t width) {
    int16_t mask = (int16_t)((1 << width) - 1), by = (int16_t)shift;
    return (weight_codes){bytes_at(p) >> by & mask, bytes_at(p + 16) >> by & mask};
}

/// Block `j` of the span at `p`.
INLINE weight_codes weight_block(enum volley_format format, const char *p, size_t j) {
    switch (format) {
    case VOLLEY_Q8_0: return (weight_codes){signed_bytes_at(p + 2), signed_bytes_at(p + 18)};
    case VOLLEY_Q4_0: return nibble_codes(p + 2, NULL, 8);
    case VOLLEY_Q4_1: return nibble_codes(p + 4, NULL, 0);
    case VOLLEY_Q5_0: return nibble_codes(p + 6, p + 2, 16);
    case VOLLEY_Q5_1: return nibble_codes(p + 8, p + 4, 0);
    case VOLLEY_Q4_K: return bit_field(p + 16 + 32 * (j / 2), 4 * (j % 2), 4);
    case VOLLEY_Q5_K: {
        weight_codes w = bit_field(p + 48 + 32 * (j / 2), 4 * (j % 2), 4), fifth = bit_field(p + 16, j, 1);
        return (weight_codes){w.low | fifth.low << 4, w.high | fifth.high << 4};
    }
    default: {
        weight_codes w = bit_field(p + 64 * (j / 4) + 32 * (j % 2), 4 * (j % 4 / 2), 4);
        weight_codes upper = bit_field(p + 128 + 32 * (j / 4), 2 * (j % 4), 2);
        return (weight_codes){(w.low | upper.low << 4) - 32, (w.high | upper.high << 4) - 32};
    }
    }
}

/// q6_K scales 16 values at a time: half 0 or 1 of block `j`.
INLINE int16_t half_scale(const char *p, size_t j, size_t half) {
    return ((const int8_t *)p)[192 + 2 * j + half];
}
