// f32, bf16 and f16 weights times float32 activations. M rows of activations share each load of a weight.
#pragma once

#include "float_weights.h"
#include "lane_sums.h"

/// Shortest row, in bytes, whose weights are prefetched. Models with shorter rows fit the caches, where prefetching
/// costs more than it gains (docs/kernels.md).
enum { SHORTEST_FAR_ROW = 1024 };

/// sums[m][r] += weights[r][k] · input[m][k] for LANES columns from `column` on, without the first `left_out` of them.
INLINE void add_products(enum volley_format format, size_t R, size_t M, lane_floats *sums, const char *weights,
                         size_t row_bytes, const float *input, size_t columns, size_t column, size_t left_out) {
    lane_floats w[4];
#pragma clang loop unroll(full)
    for (size_t r = 0; r < R; r++) w[r] = weight_load(format, weights + r * row_bytes, column);
#pragma clang loop unroll(full)
    for (size_t m = 0; m < M; m++) {
        lane_floats x = lane_load(input + m * columns + column);
        if (left_out > 0) x = lane_without(x, left_out);
#pragma clang loop unroll(full)
        for (size_t r = 0; r < R; r++) sums[m * R + r] += w[r] * x;
    }
}

/// Prefetches, once a cache line, what will be read of each of R rows shortly after `byte`.
INLINE void prefetch_rows_near(size_t R, size_t byte, const char *weights, size_t row_bytes) {
    if (byte % 64 != 0) return;
#pragma clang loop unroll(full)
    for (size_t r = 0; r < R; r++) prefetch_near(weights + r * row_bytes + byte + PREFETCH_NEAR_DISTANCE / R);
}

/// output[m][r] = sum of the lanes of sums[m][r]. LANES vectors are summed at once, or four where half would be idle.
INLINE void store_totals(size_t R, size_t M, float *output, size_t output_stride, const lane_floats *sums) {
    float totals[32 + LANES];
    size_t done = 0;
#pragma clang loop unroll(full)
    for (; done + LANES / 2 < R * M; done += LANES) lane_store(totals + done, lane_totals(sums + done));
#pragma clang loop unroll(full)
    for (; done < R * M; done += 4) {
        four_floats four = lane_sums(sums[done], sums[done + 1], sums[done + 2], sums[done + 3]);
        memcpy(totals + done, &four, sizeof four);
    }
#pragma clang loop unroll(full)
    for (size_t m = 0; m < M; m++) memcpy(output + m * output_stride, totals + m * R, R * sizeof(float));
}

/// R weight rows by M input rows. R and M are constants, so the sums stay in registers.
INLINE void float_tile(enum volley_format format, bool is_far, size_t R, size_t M, float *output, size_t output_stride,
                       const char *weights, size_t row_bytes, const float *input, size_t columns,
                       read_path path) {
    lane_floats sums[32 + LANES] = {0};  // elements after R · M stay zero
    size_t whole = columns & ~(size_t)(LANES - 1), value_bytes = format == VOLLEY_F32 ? 4 : 2;
    for (size_t k = 0; k < whole; k += LANES) {
        if (is_far) {
            prefetch_far(path, weights + R * k * value_bytes, R * LANES * value_bytes);
            prefetch_rows_near(R, k * value_bytes, weights, row_bytes);
        }
        add_products(format, R, M, sums, weights, row_bytes, input, columns, k, 0);
    }
    if (columns >= LANES && whole < columns)  // the last vector overlaps columns that are summed already
        add_products(format, R, M, sums, weights, row_bytes, input, columns, columns - LANES, whole + LANES - columns);
    store_totals(R, M, output, output_stride, sums);
    for (size_t m = 0; m < M && columns < LANES; m++) {
        for (size_t r = 0; r < R; r++) {
            for (size_t k = 0; k < columns; k++)
                output[m * output_stride + r] +=
                    weight_value(format, weights + r * row_bytes, k) * input[m * columns + k];
        }
    }
}

/// Weight rows of a tile: as many as let sums, weights and one vector of activations fit the registers. Reading two
/// rows at a time from memory is faster than four, unless arithmetic is the limit (docs/kernels.md).
INLINE size_t float_tile_rows(bool is_far, size_t M) {
    size_t fitting = ((LANES == 16 ? 32 : 16) - 1) / (M + 1), most = is_far && M <= 2 ? 2 : 4;
    return fitting < most ? fitting : most;
}

INLINE void float_rows(enum volley_format format, bool is_far, size_t M, float *output, size_t output_stride,
                       const char *weights, const float *input, size_t columns, size_t begin, size_t end,
                       read_path path) {
    size_t row_bytes = columns * (format == VOLLEY_F32 ? 4 : 2), R = float_tile_rows(is_far, M);
    size_t n = begin;
    for (; n + R <= end; n += R)
        float_tile(format, is_far, R, M, output + n, output_stride, weights + n * row_bytes, row_bytes, input, columns,
                   path);
    for (; n < end; n++)
        float_tile(format, is_far, 1, M, output + n, output_stride, weights + n * row_bytes, row_bytes, input, columns,
                   path);
}

INLINE void float_matmul(enum volley_format format, bool is_far, float *output, size_t output_stride,
                         const void *weights, const void *input, size_t columns, size_t begin, size_t end,
                         size_t rows, struct volley_prefetch prefetch) {
    const char *stop = (const char *)weights + end * columns * (format == VOLLEY_F32 ? 4 : 2);
    read_path path = {stop, prefetch.next ? prefetch.next : stop};
    // More rows than fit the registers are cut into tiles of nearly equal size; later tiles read the weights from
    // cache.
    enum { MOST = LANES == 16 ? 8 : 6 };
    size_t tiles = (rows + MOST - 1) / MOST;
    for (size_t tile = 0; tile < tiles; tile++) {
        size_t first = rows * tile / tiles;
        float *y = output + first * output_stride;
        const float *x = (const float *)input + first * columns;
        switch (rows * (tile + 1) / tiles - first) {
        case 1: float_rows(format, is_far, 1, y, output_stride, weights, x, columns, begin, end, path); break;
        case 2: float_rows(format, is_far, 2, y, output_stride, weights, x, columns, begin, end, path); break;
        case 3: float_rows(format, is_far, 3, y, output_stride, weights, x, columns, begin, end, path); break;
        case 4: float_rows(format, is_far, 4, y, output_stride, weights, x, columns, begin, end, path); break;
        case 5: float_rows(format, is_far, 5, y, output_stride, weights, x, columns, begin, end, path); break;
        case 6: float_rows(format, is_far, 6, y, output_stride, weights, x, columns, begin, end, path); break;
        case 7: float_rows(format, is_far, 7, y, output_stride, weights, x, columns, begin, end, path); break;
        default: float_rows(format, is_far, 8, y, output_stride, weights, x, columns, begin, end, path); break;
        }
    }
}

#define FLOAT_MATMUL(name, format)                                                                                    \
    static void name(float *output, size_t output_stride, const void *weights, const void *input, size_t columns,     \
                     size_t begin, size_t end, size_t rows, struct volley_prefetch prefetch) {                        \
        if (columns * (format == VOLLEY_F32 ? 4 : 2) >= SHORTEST_FAR_ROW)                                             \
            float_matmul(format, true, output, output_stride, weights, input, columns, begin, end, rows, prefetch);   \
        else                                                                                                          \
            float_matmul(format, false, output, output_stride, weights, input, columns, begin, end, rows, prefetch);  \
    }

FLOAT_MATMUL(matmul_f32, VOLLEY_F32)
FLOAT_MATMUL(matmul_bf16, VOLLEY_BF16)
FLOAT_MATMUL(matmul_f16, VOLLEY_F16)
