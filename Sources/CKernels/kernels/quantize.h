// Rounds activations to blocks of integers.
#pragma once

#include "weight_blocks.h"

typedef int8_t s8x8 __attribute__((vector_size(8)));

/// Rounds 32 values to integers up to `largest_code` and returns the scale. All instruction sets give the same bits: a
/// maximum, one division, one product, rounding to nearest even.
INLINE float quantize_block(f8 q[4], const float *input, float largest_code) {
    f8 largest = {0};
    for (int i = 0; i < 4; i++)
        largest = __builtin_elementwise_max(largest, __builtin_elementwise_abs(f8_load(input + 8 * i)));
    float magnitude = f8_largest(largest);
    float inverse = magnitude > 0 ? largest_code / magnitude : 0;
    const f8 shift = f8_all(0x1.8p23f);  // adding it rounds to the nearest integer, ties to even
    for (int i = 0; i < 4; i++) {
        f8 scaled = f8_load(input + 8 * i) * inverse;
        q[i] = (scaled + shift) - shift;
    }
    return magnitude / largest_code;
}

/// Stores codes 8 · `i` to 8 · `i` + 7. 8-bit codes are interleaved as in `volley_activation_column`.
INLINE void store_codes(enum volley_activations activations, char *codes, size_t i, h8 narrow) {
    if (activations == VOLLEY_INT16) {
        memcpy(codes + 16 * i, &narrow, sizeof narrow);
        return;
    }
    h8 interleaved = __builtin_shufflevector(narrow, narrow, 0, 4, 1, 5, 2, 6, 3, 7);
    u8x8 bytes = __builtin_convertvector(interleaved, u8x8);
    memcpy(codes + 8 * i, &bytes, sizeof bytes);
}

/// Interleaves the blocks of all rows: block b of row m has index b · rows + m.
INLINE void quantize_rows(enum volley_activations activations, char *output, const float *input, size_t stride,
                          size_t columns, size_t rows) {
    for (size_t m = 0; m < rows; m++) {
        for (size_t b = 0; b < columns / 32; b++) {
            struct volley_activation_header *block =
                (struct volley_activation_header *)(output + (b * rows + m) * volley_activation_block_bytes(activations));
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

/// One block of q8_0. Codes are relative to the scale as it is stored, which rounds less than the unrounded scale would.
INLINE bool store_q8_0(char *block, const float *input) {
    f8 largest = {0}, finite = {0};
    for (int i = 0; i < 4; i++) {
        f8 x = f8_load(input + 8 * i);
        largest = __builtin_elementwise_max(largest, __builtin_elementwise_abs(x));
        finite += x - x;
    }
    bool is_finite = __builtin_reduce_and(finite == 0) != 0;
    float exact = f8_largest(largest) / 127;
    uint16_t bits = is_finite ? f16_bits(exact) : 0x7e00;
    memcpy(block, &bits, sizeof bits);
    float scale = f16_value(&bits);
    bool is_over = is_finite && !(scale < INFINITY);
    float inverse = scale > 0 && scale < INFINITY ? 1 / scale : 0;
    const f8 shift = f8_all(0x1.8p23f), most = f8_all(127);
    for (int i = 0; i < 4; i++) {
        f8 scaled = f8_load(input + 8 * i) * inverse;
        scaled = is_finite ? __builtin_elementwise_max(__builtin_elementwise_min(scaled, most), -most) : most;
        f8 rounded = (scaled + shift) - shift;
        s8x8 codes = __builtin_convertvector(__builtin_convertvector(rounded, i8), s8x8);
        memcpy(block + 2 + 8 * i, &codes, sizeof codes);
    }
    return is_over;
}

static bool to_q8_0(void *output, const float *input, size_t count) {
    bool is_over = false;
    for (size_t b = 0; b < count / 32; b++) is_over |= store_q8_0((char *)output + 34 * b, input + 32 * b);
    return is_over;
}
