// Converts stored weights to float32.
#pragma once

#include "float_weights.h"
#include "weight_blocks.h"

typedef int16_t s16_half __attribute__((vector_size(16)));

INLINE void dequantize_plain(enum volley_format format, float *output, const char *row, size_t columns) {
    size_t k = 0;
    for (; k + LANES <= columns; k += LANES) lane_store(output + k, weight_load(format, row, k));
    for (; k < columns; k++) output[k] = weight_value(format, row, k);
}

INLINE f8 f8_values(const int16_t *q, float scale) {
    s16_half half;
    memcpy(&half, q, sizeof half);
    return __builtin_convertvector(half, f8) * scale;
}

/// The operations of GGUF's reference, in its order: scale · q, then + constant.
INLINE void dequantize_blocks(enum volley_format format, float *output, const char *row, size_t columns) {
    size_t span = span_blocks(format);
    for (size_t b = 0; b < columns / 32; b++) {
        const char *p = row + b / span * volley_bytes_per_block(format);
        size_t j = b % span;
        weight_codes w = weight_block(format, p, j);
        int16_t q[32];
        memcpy(q, &w.low, 32);
        memcpy(q + 16, &w.high, 32);
        value_scale scales[2];
        for (size_t half = 0; half < block_scales(format); half++) scales[half] = weight_scale(format, p, j, half);
        for (size_t i = 0; i < 4; i++) {
            value_scale s = scales[i / 2 % block_scales(format)];
            f8 values = f8_values(q + 8 * i, s.scale);
            // Adding 0 in other formats would lose the sign of a zero.
            if (has_constants(format)) values += s.constant;
            f8_store(output + 32 * b + 8 * i, values);
        }
    }
}

#define DEQUANTIZE(name, body, format)                                                                                \
    static void name(float *output, const void *row, size_t columns) { body(format, output, row, columns); }

DEQUANTIZE(dequantize_f32, dequantize_plain, VOLLEY_F32)
DEQUANTIZE(dequantize_bf16, dequantize_plain, VOLLEY_BF16)
DEQUANTIZE(dequantize_f16, dequantize_plain, VOLLEY_F16)
DEQUANTIZE(dequantize_q8_0, dequantize_blocks, VOLLEY_Q8_0)
DEQUANTIZE(dequantize_q4_0, dequantize_blocks, VOLLEY_Q4_0)
DEQUANTIZE(dequantize_q4_1, dequantize_blocks, VOLLEY_Q4_1)
DEQUANTIZE(dequantize_q5_0, dequantize_blocks, VOLLEY_Q5_0)
DEQUANTIZE(dequantize_q5_1, dequantize_blocks, VOLLEY_Q5_1)
DEQUANTIZE(dequantize_iq4_nl, dequantize_blocks, VOLLEY_IQ4_NL)
DEQUANTIZE(dequantize_q2_k, dequantize_blocks, VOLLEY_Q2_K)
DEQUANTIZE(dequantize_q3_k, dequantize_blocks, VOLLEY_Q3_K)
DEQUANTIZE(dequantize_q4_k, dequantize_blocks, VOLLEY_Q4_K)
DEQUANTIZE(dequantize_q5_k, dequantize_blocks, VOLLEY_Q5_K)
DEQUANTIZE(dequantize_q6_k, dequantize_blocks, VOLLEY_Q6_K)
DEQUANTIZE(dequantize_iq4_xs, dequantize_blocks, VOLLEY_IQ4_XS)
