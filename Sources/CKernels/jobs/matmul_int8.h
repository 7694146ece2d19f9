// q8_0, q4_0 and q4_1 weights times int8 activations: a block's 32 products are added up as integers, exactly, then
// scaled; M rows share each unpacking of a weight block.
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
    __m256i q;
#else
    int8_t q[32];
#endif
} weight_block;

#if defined(VOLLEY_TARGET_AVX2)

INLINE weight_block weight_unpack(enum volley_format format, const char *p) {
    weight_block block = {.scale = f16_value(p), .constant = 0};
    if (format == VOLLEY_Q8_0) {
        block.q = _mm256_loadu_si256((const __m256i *)(p + 2));
        return block;
    }
    __m128i pairs = _mm_loadu_si128((const __m128i *)(p + (format == VOLLEY_Q4_0 ? 2 : 4)));
    __m256i both = _mm256_set_m128i(_mm_srli_epi16(pairs, 4), pairs);
    block.q = _mm256_and_si256(both, _mm256_set1_epi8(15));
    block.constant = format == VOLLEY_Q4_0 ? -8 * block.scale : f16_value(p + 2);
    return block;
}

/// Eight partial sums of the 32 products; |q| ≤ 128 times |a| ≤ 127 twice stays inside int16.
INLINE f8 block_products(enum volley_format format, const weight_block *w, const struct volley_block *x) {
    __m256i a = _mm256_loadu_si256((const __m256i *)x->q);
    __m256i pairs = format == VOLLEY_Q8_0
                        ? _mm256_maddubs_epi16(_mm256_sign_epi8(w->q, w->q), _mm256_sign_epi8(a, w->q))
                        : _mm256_maddubs_epi16(w->q, a);
    return (f8)_mm256_cvtepi32_ps(_mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

#else

INLINE weight_block weight_unpack(enum volley_format format, const char *p) {
    weight_block block = {.scale = f16_value(p), .constant = 0};
    if (format == VOLLEY_Q8_0) {
        memcpy(block.q, p + 2, 32);
        return block;
    }
    const uint8_t *pairs = (const uint8_t *)p + (format == VOLLEY_Q4_0 ? 2 : 4);
    for (int i = 0; i < 16; i++) {
        block.q[i] = pairs[i] & 15;
        block.q[i + 16] = pairs[i] >> 4;
    }
    block.constant = format == VOLLEY_Q4_0 ? -8 * block.scale : f16_value(p + 2);
    return block;
}

INLINE f8 block_products(enum volley_format format, const weight_block *w, const struct volley_block *x) {
    (void)format;
    i8 sums = {0};
    for (int lane = 0; lane < 8; lane++) {
        int32_t sum = 0;
        for (int i = 0; i < 4; i++) sum += (int32_t)w->q[4 * lane + i] * x->q[4 * lane + i];
        sums[lane] = sum;
    }
    return __builtin_convertvector(sums, f8);
}

#endif

/// R weight rows by M input rows; R and M are constants, so the sums stay in registers.
INLINE void int8_tile(enum volley_format format, size_t R, size_t M, float *output, size_t output_stride,
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
                sums[m * R + r] += block_products(format, &w, x) * f8_all(w.scale * x->scale);
                if (format != VOLLEY_Q8_0) constants[m * R + r] += w.constant * x->scaled_sum;
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

INLINE void int8_rows(enum volley_format format, size_t R, size_t M, float *output, size_t output_stride,
                      const char *weights, const struct volley_block *input, size_t blocks, size_t begin, size_t end) {
    size_t row_bytes = blocks * block_bytes(format);
    size_t n = begin;
    for (; n + R <= end; n += R)
        int8_tile(format, R, M, output + n, output_stride, weights + n * row_bytes, row_bytes, input, blocks);
    for (; n < end; n++)
        int8_tile(format, 1, M, output + n, output_stride, weights + n * row_bytes, row_bytes, input, blocks);
}

INLINE void int8_matmul(enum volley_format format, float *output, size_t output_stride, const void *weights,
                        const void *input, size_t columns, size_t begin, size_t end, size_t rows) {
    size_t blocks = columns / 32;
    for (size_t done = 0, parts = (rows + 7) / 8; parts > 0; parts--) {
        size_t m = (rows - done + parts - 1) / parts;
        float *y = output + done * output_stride;
        const struct volley_block *x = (const struct volley_block *)input + done * blocks;
        switch (m) {
        case 1: int8_rows(format, 4, 1, y, output_stride, weights, x, blocks, begin, end); break;
        case 2: int8_rows(format, 4, 2, y, output_stride, weights, x, blocks, begin, end); break;
        case 3: int8_rows(format, 2, 3, y, output_stride, weights, x, blocks, begin, end); break;
        case 4: int8_rows(format, 2, 4, y, output_stride, weights, x, blocks, begin, end); break;
        case 5: int8_rows(format, 1, 5, y, output_stride, weights, x, blocks, begin, end); break;
        case 6: int8_rows(format, 1, 6, y, output_stride, weights, x, blocks, begin, end); break;
        case 7: int8_rows(format, 1, 7, y, output_stride, weights, x, blocks, begin, end); break;
        default: int8_rows(format, 1, 8, y, output_stride, weights, x, blocks, begin, end); break;
        }
        done += m;
    }
}

#define INT8_MATMUL(name, format)                                                                                     \
    static void name(float *output, size_t output_stride, const void *weights, const void *input, size_t columns,     \
                     size_t begin, size_t end, size_t rows) {                                                         \
        int8_matmul(format, output, output_stride, weights, input, columns, begin, end, rows);                        \
    }

INT8_MATMUL(matmul_q8_0, VOLLEY_Q8_0)
INT8_MATMUL(matmul_q4_0, VOLLEY_Q4_0)
INT8_MATMUL(matmul_q4_1, VOLLEY_Q4_1)
