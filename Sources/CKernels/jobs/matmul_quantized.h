// q8_0, q4_0 and q4_1 weights times int16 activations: a block's 32 products are added up as integers, exactly, then
// scaled; M rows share each unpacking of a weight block. Activations of 16 bits cost on AVX2 what 8 bits do, as the
// weights are widened once for all rows, and lose nothing that can be seen in a logit.
#pragma once

#include "vector.h"

enum { Q8_0_BYTES = 34, Q4_0_BYTES = 18, Q4_1_BYTES = 20 };

INLINE size_t block_bytes(enum volley_format format) {
    return format == VOLLEY_Q8_0 ? Q8_0_BYTES : format == VOLLEY_Q4_0 ? Q4_0_BYTES : Q4_1_BYTES;
}

/// A weight block ready for products: value = scale · q + constant.
typedef struct {
    float scale;
    float constant;
#if defined(VOLLEY_TARGET_AVX2)
    __m256i low, high;
#else
    int16_t q[32];
#endif
} weight_block;

#if defined(VOLLEY_TARGET_AVX2)

INLINE weight_block weight_unpack(enum volley_format format, const char *p) {
    weight_block block = {.scale = f16_value(p), .constant = 0};
    if (format == VOLLEY_Q8_0) {
        block.low = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(p + 2)));
        block.high = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(p + 18)));
        return block;
    }
    __m256i pairs = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(p + (format == VOLLEY_Q4_0 ? 2 : 4))));
    block.low = _mm256_and_si256(pairs, _mm256_set1_epi16(15));
    block.high = _mm256_srli_epi16(pairs, 4);
    if (format == VOLLEY_Q4_0) {
        block.low = _mm256_sub_epi16(block.low, _mm256_set1_epi16(8));
        block.high = _mm256_sub_epi16(block.high, _mm256_set1_epi16(8));
    } else {
        block.constant = f16_value(p + 2);
    }
    return block;
}

/// Eight partial sums of the 32 products: |q| ≤ 128, so that each stays below 2²⁴, which a float32 holds exactly.
INLINE f8 block_products(const weight_block *w, const struct volley_block *x) {
    __m256i low = _mm256_madd_epi16(w->low, _mm256_loadu_si256((const __m256i *)x->q));
    __m256i high = _mm256_madd_epi16(w->high, _mm256_loadu_si256((const __m256i *)(x->q + 16)));
    return (f8)_mm256_cvtepi32_ps(_mm256_add_epi32(low, high));
}

#else

INLINE weight_block weight_unpack(enum volley_format format, const char *p) {
    weight_block block = {.scale = f16_value(p), .constant = format == VOLLEY_Q4_1 ? f16_value(p + 2) : 0};
    if (format == VOLLEY_Q8_0) {
        for (int i = 0; i < 32; i++) block.q[i] = ((const int8_t *)p)[2 + i];
        return block;
    }
    const uint8_t *pairs = (const uint8_t *)p + (format == VOLLEY_Q4_0 ? 2 : 4);
    int16_t offset = format == VOLLEY_Q4_0 ? 8 : 0;
    for (int i = 0; i < 16; i++) {
        block.q[i] = (int16_t)((pairs[i] & 15) - offset);
        block.q[i + 16] = (int16_t)((pairs[i] >> 4) - offset);
    }
    return block;
}

/// The same sums in the same lanes as the other instruction sets have them.
INLINE f8 block_products(const weight_block *w, const struct volley_block *x) {
    i8 sums;
    for (int lane = 0; lane < 8; lane++) {
        int32_t sum = 0;
        for (int i = 2 * lane; i < 2 * lane + 2; i++)
            sum += (int32_t)w->q[i] * x->q[i] + (int32_t)w->q[i + 16] * x->q[i + 16];
        sums[lane] = sum;
    }
    return __builtin_convertvector(sums, f8);
}

#endif

/// R weight rows by M input rows; R and M are constants, so the sums stay in registers.
INLINE void quantized_tile(enum volley_format format, size_t R, size_t M, float *output, size_t output_stride,
                      const char *weights, size_t row_bytes, const struct volley_block *input, size_t blocks) {
    f8 sums[8] = {0};
    float constants[8] = {0};
    for (size_t b = 0; b < blocks; b++) {
#pragma clang loop unroll(full)
        for (size_t r = 0; r < R; r++) {
            weight_block w = weight_unpack(format, weights + r * row_bytes + b * block_bytes(format));
#pragma clang loop unroll(full)
            for (size_t m = 0; m < M; m++) {
                const struct volley_block *x = input + m * blocks + b;
                sums[m * R + r] += block_products(&w, x) * f8_all(w.scale * x->scale);
                if (format == VOLLEY_Q4_1) constants[m * R + r] += w.constant * x->scaled_sum;
            }
        }
    }
#pragma clang loop unroll(full)
    for (size_t m = 0; m < M; m++) {
#pragma clang loop unroll(full)
        for (size_t r = 0; r < R; r++)
            output[m * output_stride + r] = f8_sum(sums[m * R + r]) + constants[m * R + r];
    }
}

INLINE void quantized_rows(enum volley_format format, size_t R, size_t M, float *output, size_t output_stride,
                      const char *weights, const struct volley_block *input, size_t blocks, size_t begin, size_t end) {
    size_t row_bytes = blocks * block_bytes(format);
    size_t n = begin;
    for (; n + R <= end; n += R)
        quantized_tile(format, R, M, output + n, output_stride, weights + n * row_bytes, row_bytes, input, blocks);
    for (; n < end; n++)
        quantized_tile(format, 1, M, output + n, output_stride, weights + n * row_bytes, row_bytes, input, blocks);
}

INLINE void quantized_matmul(enum volley_format format, float *output, size_t output_stride, const void *weights,
                        const void *input, size_t columns, size_t begin, size_t end, size_t rows) {
    size_t blocks = columns / 32;
    for (size_t done = 0, parts = (rows + 7) / 8; parts > 0; parts--) {
        size_t m = (rows - done + parts - 1) / parts;
        float *y = output + done * output_stride;
        const struct volley_block *x = (const struct volley_block *)input + done * blocks;
        switch (m) {
        case 1: quantized_rows(format, 4, 1, y, output_stride, weights, x, blocks, begin, end); break;
        case 2: quantized_rows(format, 4, 2, y, output_stride, weights, x, blocks, begin, end); break;
        case 3: quantized_rows(format, 2, 3, y, output_stride, weights, x, blocks, begin, end); break;
        case 4: quantized_rows(format, 2, 4, y, output_stride, weights, x, blocks, begin, end); break;
        case 5: quantized_rows(format, 1, 5, y, output_stride, weights, x, blocks, begin, end); break;
        case 6: quantized_rows(format, 1, 6, y, output_stride, weights, x, blocks, begin, end); break;
        case 7: quantized_rows(format, 1, 7, y, output_stride, weights, x, blocks, begin, end); break;
        default: quantized_rows(format, 1, 8, y, output_stride, weights, x, blocks, begin, end); break;
        }
        done += m;
    }
}

#define QUANTIZED_MATMUL(name, format)                                                                                     \
    static void name(float *output, size_t output_stride, const void *weights, const void *input, size_t columns,     \
                     size_t begin, size_t end, size_t rows) {                                                         \
        quantized_matmul(format, output, output_stride, weights, input, columns, begin, end, rows);                        \
    }

QUANTIZED_MATMUL(matmul_q8_0, VOLLEY_Q8_0)
QUANTIZED_MATMUL(matmul_q4_0, VOLLEY_Q4_0)
QUANTIZED_MATMUL(matmul_q4_1, VOLLEY_Q4_1)
