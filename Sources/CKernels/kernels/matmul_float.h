// f32, bf16 and f16 weights times float32 activations: M rows share each reading of a weight.
#pragma once

#include "lane_sums.h"

INLINE lane_floats weight_load(enum volley_format format, const char *row, size_t column) {
    if (format == VOLLEY_F32) return lane_load((const float *)(const void *)row + column);
    return format == VOLLEY_BF16 ? lane_bf16(row + 2 * column) : lane_f16(row + 2 * column);
}

INLINE float weight_value(enum volley_format format, const char *row, size_t column) {
    if (format == VOLLEY_BF16) return bf16_value(row + 2 * column);
    if (format == VOLLEY_F16) return f16_value(row + 2 * column);
    float value;
    memcpy(&value, row + 4 * column, sizeof value);
    return value;
}

/// Bytes of a row from which on weights are asked for ahead. Models with shorter rows stay in the caches, where asking
/// costs more than it gains (docs/speed.md).
enum { SHORTEST_FAR_ROW = 1024 };

/// sums[m][r] += weights[r][k] · input[m][k] for LANES columns from `column` on, but for the first `left_out` of them.
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

/// Asks for what will be read of each of R rows a little later than `byte`, once a line.
INLINE void fetch_rows_near(size_t R, size_t byte, const char *weights, size_t row_bytes) {
    if (byte % 64 != 0) return;
#pragma clang loop unroll(full)
    for (size_t r = 0; r < R; r++) fetch_near(weights + r * row_bytes + byte + NEAR_DISTANCE / R);
}

/// output[m][r] = what sums[m][r] adds up to; of as many vectors at once as hold the results, unless half would be idle.
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

/// R weight rows by M input rows; R and M are constants, so the sums stay in registers.
INLINE void float_tile(enum volley_format format, bool is_far, size_t R, size_t M, float *output, size_t output_stride,
                       const char *weights, size_t row_bytes, const float *input, size_t columns,
                       read_path path) {
    lane_floats sums[32 + LANES] = {0};  // what is beyond R · M stays zero
    size_t whole = columns & ~(size_t)(LANES - 1), value_bytes = format == VOLLEY_F32 ? 4 : 2;
    for (size_t k = 0; k < whole; k += LANES) {
        if (is_far) {
            fetch_ahead(path, weights + R * k * value_bytes, R * LANES * value_bytes);
            fetch_rows_near(R, k * value_bytes, weights, row_bytes);
        }
        add_products(format, R, M, sums, weights, row_bytes, input, columns, k, 0);
    }
    if (columns >= LANES && whole < columns)  // the last columns, in a vector that begins with what is added up already
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

/// Weight rows of a tile, so that its sums, its weights and one vector of activations fit the registers. Of what comes
/// from memory two rows at a time are faster than four, unless arithmetic is what limits (docs/speed.md).
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
                         size_t rows, struct volley_fetching fetching) {
    const char *stop = (const char *)weights + end * columns * (format == VOLLEY_F32 ? 4 : 2);
    read_path path = {stop, fetching.next ? fetching.next : stop};
    // More rows than fit the registers go in parts as equal as can be, the weights then in the nearest cache.
    enum { MOST = LANES == 16 ? 8 : 6 };
    size_t parts = (rows + MOST - 1) / MOST;
    for (size_t part = 0; part < parts; part++) {
        size_t first = rows * part / parts;
        float *y = output + first * output_stride;
        const float *x = (const float *)input + first * columns;
        switch (rows * (part + 1) / parts - first) {
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
                     size_t begin, size_t end, size_t rows, struct volley_fetching fetching) {                        \
        if (columns * (format == VOLLEY_F32 ? 4 : 2) >= SHORTEST_FAR_ROW)                                             \
            float_matmul(format, true, output, output_stride, weights, input, columns, begin, end, rows, fetching);   \
        else                                                                                                          \
            float_matmul(format, false, output, output_stride, weights, input, columns, begin, end, rows, fetching);  \
    }

FLOAT_MATMUL(matmul_f32, VOLLEY_F32)
FLOAT_MATMUL(matmul_bf16, VOLLEY_BF16)
FLOAT_MATMUL(matmul_f16, VOLLEY_F16)
