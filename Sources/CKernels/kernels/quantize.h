// Weights to float32, and activations to blocks of whole numbers.
#pragma once

#include "matmul_float.h"
#include "matmul_quantized.h"

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

/// The same operations in the same order as GGUF's reference: scale · q, then + constant.
INLINE void dequantize_blocks(enum volley_format format, float *output, const char *row, size_t columns) {
    size_t span = span_blocks(format);
    for (size_t b = 0; b < columns / 32; b++) {
        const char *p = row + b / span * span_bytes(format);
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
            // Not + 0 elsewhere, which would lose the sign of a zero.
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

/// 32 values as whole numbers up to `largest_code`, and the scale. Every instruction set gives the same bits: maximum, one
/// division, one product, rounding to nearest even.
INLINE float quantize_block(f8 q[4], const float *input, float largest_code) {
    f8 largest = {0};
    for (int i = 0; i < 4; i++)
        largest = __builtin_elementwise_max(largest, __builtin_elementwise_abs(f8_load(input + 8 * i)));
    float magnitude = f8_largest(largest);
    float inverse = magnitude > 0 ? largest_code / magnitude : 0;
    const f8 shift = f8_all(0x1.8p23f);  // adding it rounds to the nearest whole number, ties to even
    for (int i = 0; i < 4; i++) {
        f8 scaled = f8_load(input + 8 * i) * inverse;
        q[i] = (scaled + shift) - shift;
    }
    return magnitude / largest_code;
}

/// Eight codes to their place, those of 8 bits quad by quad.
INLINE void store_codes(enum volley_activations activations, char *codes, size_t i, h8 narrow) {
    if (activations == VOLLEY_INT16) {
        memcpy(codes + 16 * i, &narrow, sizeof narrow);
        return;
    }
    h8 dealt = __builtin_shufflevector(narrow, narrow, 0, 4, 1, 5, 2, 6, 3, 7);
    u8x8 bytes = __builtin_convertvector(dealt, u8x8);
    memcpy(codes + 8 * i, &bytes, sizeof bytes);
}

/// The rows' blocks lie side by side: block b of row m is number b · rows + m.
INLINE void quantize_rows(enum volley_activations activations, char *output, const float *input, size_t stride,
                          size_t columns, size_t rows) {
    for (size_t m = 0; m < rows; m++) {
        for (size_t b = 0; b < columns / 32; b++) {
            struct volley_block_header *block =
                (struct volley_block_header *)(output + (b * rows + m) * volley_block_bytes(activations));
            f8 q[4];
            block->scale =
                quantize_block(q, input + m * stride + 32 * b, activations == VOLLEY_INT16 ? 32767.0f : 127.0f);
            i8 sums[2] = {0};
            for (size_t i = 0; i < 4; i++) {
                i8 whole = __builtin_convertvector(q[i], i8);
                store_codes(activations, (char *)(block + 1), i, __builtin_convertvector(whole, h8));
                sums[i / 2] += whole;
            }
            for (int half = 0; half < 2; half++) block->half_sums[half] = __builtin_reduce_add(sums[half]);
            block->scaled_sum = block->scale * (float)(block->half_sums[0] + block->half_sums[1]);
        }
    }
}

static void quantize_int16(void *output, const float *input, size_t stride, size_t columns, size_t rows) {
    quantize_rows(VOLLEY_INT16, output, input, stride, columns, rows);
}

static void quantize_int8(void *output, const float *input, size_t stride, size_t columns, size_t rows) {
    quantize_rows(VOLLEY_INT8, output, input, stride, columns, rows);
}
