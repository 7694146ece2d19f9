// f32, bf16 and f16 weights times float32 activations: M rows share each reading of a weight.
#pragma once

#include "vector.h"

INLINE f8 weight_load(enum volley_format format, const char *row, size_t column) {
    if (format == VOLLEY_F32) return f8_load((const float *)(const void *)row + column);
    return format == VOLLEY_BF16 ? bf16_load(row + 2 * column) : f16_load(row + 2 * column);
}

INLINE float weight_value(enum volley_format format, const char *row, size_t column) {
    if (format == VOLLEY_BF16) return bf16_value(row + 2 * column);
    if (format == VOLLEY_F16) return f16_value(row + 2 * column);
    float value;
    memcpy(&value, row + 4 * column, sizeof value);
    return value;
}

/// R weight rows by M input rows; R and M are constants, so the sums stay in registers.
INLINE void float_tile(enum volley_format format, size_t R, size_t M, float *output, size_t output_stride,
                       const char *weights, size_t row_bytes, const float *input, size_t columns) {
    f8 sums[8] = {0};
    size_t whole = columns & ~(size_t)7;
    for (size_t k = 0; k < whole; k += 8) {
        f8 w[4];
#pragma clang loop unroll(full)
        for (size_t r = 0; r < R; r++) w[r] = weight_load(format, weights + r * row_bytes, k);
#pragma clang loop unroll(full)
        for (size_t m = 0; m < M; m++) {
            f8 x = f8_load(input + m * columns + k);
#pragma clang loop unroll(full)
            for (size_t r = 0; r < R; r++) sums[m * R + r] += w[r] * x;
        }
    }
#pragma clang loop unroll(full)
    for (size_t m = 0; m < M; m++) {
#pragma clang loop unroll(full)
        for (size_t r = 0; r < R; r++) {
            float sum = f8_sum(sums[m * R + r]);
            for (size_t k = whole; k < columns; k++)
                sum += weight_value(format, weights + r * row_bytes, k) * input[m * columns + k];
            output[m * output_stride + r] = sum;
        }
    }
}

INLINE void float_rows(enum volley_format format, size_t R, size_t M, float *output, size_t output_stride,
                       const char *weights, const float *input, size_t columns, size_t begin, size_t end) {
    size_t row_bytes = columns * (format == VOLLEY_F32 ? 4 : 2);
    size_t n = begin;
    for (; n + R <= end; n += R)
        float_tile(format, R, M, output + n, output_stride, weights + n * row_bytes, row_bytes, input, columns);
    for (; n < end; n++)
        float_tile(format, 1, M, output + n, output_stride, weights + n * row_bytes, row_bytes, input, columns);
}

INLINE void float_matmul(enum volley_format format, float *output, size_t output_stride, const void *weights,
                         const void *input, size_t columns, size_t begin, size_t end, size_t rows) {
    // At most 8 rows fit the registers; more go in parts as equal as can be, the weights then in the nearest cache.
    for (size_t done = 0, parts = (rows + 7) / 8; parts > 0; parts--) {
        size_t m = (rows - done + parts - 1) / parts;
        float *y = output + done * output_stride;
        const float *x = (const float *)input + done * columns;
        switch (m) {
        case 1: float_rows(format, 4, 1, y, output_stride, weights, x, columns, begin, end); break;
        case 2: float_rows(format, 4, 2, y, output_stride, weights, x, columns, begin, end); break;
        case 3: float_rows(format, 2, 3, y, output_stride, weights, x, columns, begin, end); break;
        case 4: float_rows(format, 2, 4, y, output_stride, weights, x, columns, begin, end); break;
        case 5: float_rows(format, 1, 5, y, output_stride, weights, x, columns, begin, end); break;
        case 6: float_rows(format, 1, 6, y, output_stride, weights, x, columns, begin, end); break;
        case 7: float_rows(format, 1, 7, y, output_stride, weights, x, columns, begin, end); break;
        default: float_rows(format, 1, 8, y, output_stride, weights, x, columns, begin, end); break;
        }
        done += m;
    }
}

#define FLOAT_MATMUL(name, format)                                                                                    \
    static void name(float *output, size_t output_stride, const void *weights, const void *input, size_t columns,     \
                     size_t begin, size_t end, size_t rows) {                                                         \
        float_matmul(format, output, output_stride, weights, input, columns, begin, end, rows);                       \
    }

FLOAT_MATMUL(matmul_f32, VOLLEY_F32)
FLOAT_MATMUL(matmul_bf16, VOLLEY_BF16)
FLOAT_MATMUL(matmul_f16, VOLLEY_F16)
