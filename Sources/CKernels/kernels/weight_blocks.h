// Reads stored quantised weights as blocks of 32 integers with a scale and a constant. A span is what the format stores
// together: one block, or a superblock of eight. Layouts: ggml-common.h.
#pragma once

#include "vector.h"

typedef int16_t s16 __attribute__((vector_size(32)));
typedef int8_t signed_codes __attribute__((vector_size(16)));
typedef uint8_t codes __attribute__((vector_size(16)));
typedef uint8_t u8x8 __attribute__((vector_size(8)));

/// Blocks of 32 values in a span: 1, or 8 in a superblock.
INLINE size_t span_blocks(enum volley_format format) { return volley_values_per_block(format) / 32; }

INLINE bool has_constants(enum volley_format format) {
    return format == VOLLEY_Q4_1 || format == VOLLEY_Q5_1 || format == VOLLEY_Q2_K || format == VOLLEY_Q4_K ||
           format == VOLLEY_Q5_K;
}

/// Scales of a block of 32 values: one, or one for each half.
INLINE size_t block_scales(enum volley_format format) {
    return format == VOLLEY_Q2_K || format == VOLLEY_Q3_K || format == VOLLEY_Q6_K ? 2 : 1;
}

/// Whether codes are indices into `IQ4_VALUES`.
INLINE bool has_table(enum volley_format format) { return format == VOLLEY_IQ4_NL || format == VOLLEY_IQ4_XS; }

/// Values of the 4-bit codes of iq4_NL and iq4_XS: `kvalues_iq4nl` in ggml-common.h.
static const int8_t IQ4_VALUES[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

/// value = scale · q + constant. `constant` is 0 in formats that have none.
typedef struct {
    float scale;
    float constant;
} value_scale;

/// Unpacks the eight 6-bit scales and minimums of q4_K and q5_K from 12 bytes.
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

/// The signed scale of half `half` of block `j` in q3_K (6 bits, packed into 12 bytes) and q6_K, or of block `j` in
/// iq4_XS.
INLINE int8_t signed_scale(enum volley_format format, const char *p, size_t j, size_t half) {
    const uint8_t *bytes = (const uint8_t *)p;
    size_t i = 2 * j + half;
    if (format == VOLLEY_Q6_K) return (int8_t)bytes[192 + i];
    if (format == VOLLEY_Q3_K)
        return (int8_t)((bytes[96 + i % 8] >> 4 * (i / 8) & 15) | (bytes[104 + i % 4] >> 2 * (i / 4) & 3) << 4) - 32;
    return (int8_t)((bytes[4 + j / 2] >> 4 * (j % 2) & 15) | (bytes[2 + j / 4] >> 2 * (j % 4) & 3) << 4) - 32;
}

/// Scale and constant of half `half` of block `j` of the span at `p`.
INLINE value_scale weight_scale(enum volley_format format, const char *p, size_t j, size_t half) {
    switch (format) {
    case VOLLEY_Q2_K: {
        uint8_t both = (uint8_t)p[2 * j + half];
        return (value_scale){(float)(both & 15) * f16_value(p + 80), (float)(both >> 4) * -f16_value(p + 82)};
    }
    case VOLLEY_Q4_K: case VOLLEY_Q5_K: {
        uint8_t scales[8], minimums[8];
        packed_scales(p, scales, minimums);
        return (value_scale){(float)scales[j] * f16_value(p), (float)minimums[j] * -f16_value(p + 2)};
    }
    case VOLLEY_Q3_K: return (value_scale){.scale = f16_value(p + 108) * (float)signed_scale(format, p, j, half)};
    case VOLLEY_Q6_K: return (value_scale){.scale = f16_value(p + 208) * (float)signed_scale(format, p, j, half)};
    case VOLLEY_IQ4_XS: return (value_scale){.scale = f16_value(p) * (float)signed_scale(format, p, j, half)};
    default: return (value_scale){f16_value(p), has_constants(format) ? f16_value(p + 2) : 0};
    }
}

/// 32 integers: values 0 to 15, and 16 to 31.
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

/// Element i is 16 if bit i of `bits` is set, else 0.
INLINE s16 fifth_bits(uint16_t bits) {
    const s16 mask = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, -32768};
    return (s16)((((s16){0} + (int16_t)bits) & mask) != 0) & 16;
}

/// Nibbles of 16 bytes, low nibbles first, with the fifth bits at `bits` unless it is NULL.
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

/// Table values of the nibbles of 16 bytes, low nibbles first.
INLINE weight_codes table_codes(const char *p) {
    int16_t values[32];
    for (size_t i = 0; i < 16; i++) {
        values[i] = IQ4_VALUES[(uint8_t)p[i] & 15];
        values[i + 16] = IQ4_VALUES[(uint8_t)p[i] >> 4];
    }
    weight_codes w;
    memcpy(&w, values, sizeof w);
    return w;
}

/// `width` bits of each of 32 bytes, starting at bit `shift`.
INLINE weight_codes bit_field(const char *p, size_t shift, int16_t width) {
    int16_t mask = (int16_t)((1 << width) - 1), by = (int16_t)shift;
    return (weight_codes){bytes_at(p) >> by & mask, bytes_at(p + 16) >> by & mask};
}

/// The integers of block `j` of the span at `p`.
INLINE weight_codes weight_block(enum volley_format format, const char *p, size_t j) {
    switch (format) {
    case VOLLEY_Q8_0: return (weight_codes){signed_bytes_at(p + 2), signed_bytes_at(p + 18)};
    case VOLLEY_Q4_0: return nibble_codes(p + 2, NULL, 8);
    case VOLLEY_Q4_1: return nibble_codes(p + 4, NULL, 0);
    case VOLLEY_Q5_0: return nibble_codes(p + 6, p + 2, 16);
    case VOLLEY_Q5_1: return nibble_codes(p + 8, p + 4, 0);
    case VOLLEY_IQ4_NL: return table_codes(p + 2);
    case VOLLEY_IQ4_XS: return table_codes(p + 8 + 16 * j);
    case VOLLEY_Q2_K: return bit_field(p + 16 + 32 * (j / 4), 2 * (j % 4), 2);
    case VOLLEY_Q3_K: {
        weight_codes w = bit_field(p + 32 + 32 * (j / 4), 2 * (j % 4), 2), third = bit_field(p, j, 1);
        return (weight_codes){(w.low | third.low << 2) - 4, (w.high | third.high << 2) - 4};
    }
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
