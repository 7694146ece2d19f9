// Quantised weights times int16 activations: a block's 32 products are added up as integers, exactly, then scaled; M rows
// share each unpacking of a weight block. Activations of 16 bits cost on AVX2 what 8 bits do, as the weights are widened
// once for all rows, and lose nothing that can be seen in a logit.
#pragma once

#include "weight_blocks.h"

/// What int16 activations are multiplied by: q6_K's 8-bit scales go into its 6-bit numbers, which gives 13 bits.
INLINE weight_codes weight_factors(enum volley_format format, const char *p, size_t j) {
    weight_codes w = weight_block(format, p, j);
    if (format != VOLLEY_Q6_K) return w;
    return (weight_codes){w.low * half_scale(p, j, 0), w.high * half_scale(p, j, 1)};
}

/// Eight partial sums of the 32 products; none passes 4 · 2¹² · 2¹⁵ = 2²⁹.
INLINE f8 block_products(const weight_codes *w, const struct volley_block *x) {
#if defined(VOLLEY_TARGET_AVX2)
    __m256i low = _mm256_madd_epi16((__m256i)w->low, _mm256_loadu_si256((const __m256i *)x->q));
    __m256i high = _mm256_madd_epi16((__m256i)w->high, _mm256_loadu_si256((const __m256i *)(x->q + 16)));
    return (f8)_mm256_cvtepi32_ps(_mm256_add_epi32(low, high));
#else
    i8 sums;
    for (int lane = 0; lane < 8; lane++) {
        int32_t sum = 0;
        for (int i = 2 * lane; i < 2 * lane + 2; i++)
            sum += (int32_t)w->low[i] * x->q[i] + (int32_t)w->high[i] * x->q[i + 16];
        sums[lane] = sum;
    }
    return __builtin_convertvector(sums, f8);
#endif
}

/// R weight rows by M input rows; R and M are constants, so the sums stay in registers.
INLINE void quantized_tile(enum volley_format format, size_t R, size_t M, float *output, size_t output_stride,
                           const char *weights, size_t row_bytes, const struct volley_block *input, size_t blocks) {
    f8 sums[8] = {0};
    float constants[8] = {0};
    size_t span = span_blocks(format);
    for (size_t s = 0; s < blocks / span; s++) {
        const char *header = weights + s * span_bytes(format);
        span_scales scales[4];
#pragma clang loop unroll(full)
        for (size_t r = 0; r < R; r++) {
            scales[r] = weight_scales(format, header + r * row_bytes);
            // The processor's own prefetching loses R short rows out of sight.
#pragma clang loop unroll(full)
            for (size_t line = 0; line < span_bytes(format); line += 64)
                __builtin_prefetch(header + (R + r) * row_bytes + line);
        }
#pragma clang loop unroll(disable)
        for (size_t j = 0; j < span; j++) {
#pragma clang loop unroll(full)
            for (size_t r = 0; r < R; r++) {
                weight_codes w = weight_factors(format, header + r * row_bytes, j);
#pragma clang loop unroll(full)
                for (size_t m = 0; m < M; m++) {
                    const struct volley_block *x = input + m * blocks + s * span + j;
                    sums[m * R + r] += block_products(&w, x) * f8_all(scales[r].scale[j] * x->scale);
                    if (has_constants(format)) constants[m * R + r] += scales[r].constant[j] * x->scaled_sum;
                }
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
                           const char *weights, const struct volley_block *input, size_t blocks, size_t begin,
                           size_t end) {
    size_t row_bytes = blocks / span_blocks(format) * span_bytes(format);
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

#define QUANTIZED_MATMUL(name, format)                                                                                \
    static void name(float *output, size_t output_stride, const void *weights, const void *input, size_t columns,     \
                     size_t begin, size_t end, size_t rows) {                                                         \
        quantized_matmul(format, output, output_stride, weights, input, columns, begin, end, rows);                   \
    }

QUANTIZED_MATMUL(matmul_q8_0, VOLLEY_Q8_0)
QUANTIZED_MATMUL(matmul_q4_0, VOLLEY_Q4_0)
QUANTIZED_MATMUL(matmul_q4_1, VOLLEY_Q4_1)
QUANTIZED_MATMUL(matmul_q5_0, VOLLEY_Q5_0)
QUANTIZED_MATMUL(matmul_q5_1, VOLLEY_Q5_1)
QUANTIZED_MATMUL(matmul_q4_k, VOLLEY_Q4_K)
QUANTIZED_MATMUL(matmul_q5_k, VOLLEY_Q5_K)
QUANTIZED_MATMUL(matmul_q6_k, VOLLEY_Q6_K)
