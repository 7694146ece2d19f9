// Quantised weights times int16 activations: a block's products are added up as integers, exactly, then scaled; M rows of
// activations share each unpacking of a weight block. Activations of 16 bits lose nothing that can be seen in a logit.
#pragma once

#include "lanes.h"
#include "panel.h"

/// Step `step` of a block's codes as they are stored, for the rows from `lane` on.
INLINE lane_pairs panel_codes(enum volley_format format, const char *block, size_t step, size_t lane) {
    if (format == VOLLEY_Q8_0) {
        lane_byte_pairs bytes;
        memcpy(&bytes, block + 32 * step + 2 * lane, sizeof bytes);
        return __builtin_convertvector(bytes, lane_pairs);
    }
    size_t nibbles = panel_nibbles(format);
    lane_words words, upper, codes;
    memcpy(&words, block + nibbles + 64 * (step / 4) + 4 * lane, sizeof words);
    codes = words >> (uint16_t)(4 * (step % 4)) & 15;
    if (nibbles == 64) {
        memcpy(&upper, block + 4 * lane, sizeof upper);
        codes |= (upper >> (uint16_t)step & 1) << 4;
    } else if (nibbles == 128) {
        memcpy(&upper, block + 64 * (step / 8) + 4 * lane, sizeof upper);
        codes |= (upper >> (uint16_t)(2 * (step % 8)) & 3) << 4;
    }
    return (lane_pairs)codes;
}

/// Value = scale · code + constant; constants of formats without any are not set.
typedef struct {
    lane_floats scale, constant;
} lane_scales;

INLINE lane_floats lane_unsigned(const char *p) {
    lane_bytes bytes;
    memcpy(&bytes, p, sizeof bytes);
    return __builtin_convertvector(bytes, lane_floats);
}

INLINE lane_floats lane_signed(const char *p) {
    lane_signed_bytes bytes;
    memcpy(&bytes, p, sizeof bytes);
    return __builtin_convertvector(bytes, lane_floats);
}

/// Of block `j` of a group, or of half a block in q6_K, for the rows from `lane` on.
INLINE lane_scales panel_scales(enum volley_format format, const char *header, size_t j, size_t half, size_t lane) {
    lane_scales s;
    const char *stored = header + panel_scale_place(format, j) + 2 * lane;
    s.scale = lane_f16(stored);
    if (has_constants(format)) s.constant = lane_f16(stored + PANEL_CONSTANTS);
    if (format == VOLLEY_Q4_K || format == VOLLEY_Q5_K) {
        s.scale *= lane_unsigned(header + PANEL_SCALES + 16 * j + lane);
        s.constant *= -lane_unsigned(header + PANEL_MINIMUMS + 16 * j + lane);
    } else if (format == VOLLEY_Q6_K) {
        s.scale *= lane_signed(header + PANEL_SCALES_Q6 + 16 * (2 * j + half) + lane);
    }
    return s;
}

INLINE int32_t block_sum(const struct volley_block *x, size_t halves, size_t half) {
    return halves == 2 ? x->half_sums[half] : x->half_sums[0] + x->half_sums[1];
}

/// Whether codes are nibbles alone.
INLINE bool is_nibbles(enum volley_format format) {
    return format == VOLLEY_Q4_0 || format == VOLLEY_Q4_1 || format == VOLLEY_Q4_K;
}

/// Asks for the lines of a later block that belong to one of this one's 16 steps: all at once they would hold up what the
/// sums need. `ahead` is where the later block's share of the rows at hand begins.
INLINE void fetch_at_step(enum volley_format format, size_t step, const char *ahead) {
    size_t lines = (panel_block_bytes(format) * LANES / VOLLEY_PANEL_ROWS + 63) / 64, every = 16 / lines;
    if (step % every == 0 && step / every < lines) volley_fetch(ahead + step / every * 64);
}

/// Adds Σ code · q over one block of nibbles to M sums, the codes multiplied where they lie in their words, as 1, 16 or 256
/// times their value: fewer instructions than moving them down where few rows share them, and three sums that do not wait for
/// each other. It is exact: a sum of such products stays below 2^30 and is a whole multiple.
INLINE void add_nibbles(enum volley_format format, size_t M, lane_ints *sums, const char *block, size_t lane,
                        const struct volley_block *input, const char *ahead) {
    lane_ints sixteenfold[2] = {0}, large[2] = {0};
#pragma clang loop unroll(full)
    for (size_t i = 0; i < 4; i++) {
        lane_words words;
        memcpy(&words, block + 64 * i + 4 * lane, sizeof words);
#pragma clang loop unroll(full)
        for (size_t step = 4 * i; step < 4 * i + 4; step++) fetch_at_step(format, step, ahead);
#pragma clang loop unroll(full)
        for (size_t m = 0; m < M; m++) {
            const int16_t *q = input[m].q + 8 * i;
            sums[m] = add_pair_products(sums[m], (lane_pairs)(words & 0x000f), q);
            sixteenfold[m] = add_pair_products(sixteenfold[m], (lane_pairs)(words & 0x00f0), q + 2);
            large[m] = add_pair_products(large[m], (lane_pairs)(words & 0x0f00), q + 4);
            sums[m] = add_pair_products(sums[m], (lane_pairs)(words >> 12), q + 6);
        }
    }
#pragma clang loop unroll(full)
    for (size_t m = 0; m < M; m++) sums[m] += (sixteenfold[m] >> 4) + (large[m] >> 8);
}

/// Adds Σ code · q over the steps of a block, or of half a block in q6_K, to M sums. Few rows add up in two sums each, which
/// do not wait for each other.
INLINE void add_codes(enum volley_format format, size_t M, lane_ints *sums, const char *block, size_t first, size_t end,
                      size_t lane, const struct volley_block *input, const char *ahead) {
    lane_ints others[2] = {0};
#pragma clang loop unroll(full)
    for (size_t step = first; step < end; step++) {
        fetch_at_step(format, step, ahead);
        lane_pairs codes = panel_codes(format, block, step, lane);
        lane_ints *target = M <= 2 && step % 2 ? others : sums;
#pragma clang loop unroll(full)
        for (size_t m = 0; m < M; m++) target[m] = add_pair_products(target[m], codes, input[m].q + 2 * step);
    }
#pragma clang loop unroll(full)
    for (size_t m = 0; m < M && M <= 2; m++) sums[m] += others[m];
}

/// What one block adds to the sums of M rows of activations and of the weight rows from `lane` on.
INLINE void add_block(enum volley_format format, size_t M, lane_floats *totals, const char *block, const char *header,
                      size_t j, size_t lane, const struct volley_block *input, const char *ahead) {
    size_t halves = format == VOLLEY_Q6_K ? 2 : 1, steps = 16 / halves;
#pragma clang loop unroll(full)
    for (size_t half = 0; half < halves; half++) {
        lane_ints sums[8];
#pragma clang loop unroll(full)
        for (size_t m = 0; m < M; m++)
            sums[m] = (lane_ints){0} - code_offset(format) * block_sum(input + m, halves, half);
        if (is_nibbles(format) && M <= 2) {
            add_nibbles(format, M, sums, block, lane, input, ahead);
        } else {
            add_codes(format, M, sums, block, half * steps, (half + 1) * steps, lane, input, ahead);
        }
        lane_scales s = panel_scales(format, header, j, half, lane);
#pragma clang loop unroll(full)
        for (size_t m = 0; m < M; m++) {
            totals[m] += __builtin_convertvector(sums[m], lane_floats) * (s.scale * input[m].scale);
            if (has_constants(format)) totals[m] += s.constant * input[m].scaled_sum;
        }
    }
}

/// One panel by M rows of activations; `count` of its rows are written.
INLINE void panel_tile(enum volley_format format, size_t M, float *output, size_t output_stride, const char *panel,
                       size_t count, const struct volley_block *input, size_t blocks, read_path path) {
    enum { PARTS = VOLLEY_PANEL_ROWS / LANES };
    lane_floats totals[PARTS][8] = {0};
    size_t group = panel_group_blocks(format), header_bytes = panel_header_bytes(format);
    for (size_t first = 0; first < blocks; first += group, panel += panel_group_bytes(format)) {
        fetch_ahead(path, panel, header_bytes);
#pragma clang loop unroll(disable)
        for (size_t j = 0; j < group && first + j < blocks; j++) {
            const char *block = panel + header_bytes + j * panel_block_bytes(format);
            const char *ahead = place_ahead(path, block);
#pragma clang loop unroll(disable)
            for (size_t part = 0; part < PARTS; part++)
                add_block(format, M, totals[part], block, panel, j, part * LANES, input + (first + j) * M,
                          ahead + part * panel_block_bytes(format) / PARTS);
        }
    }
    for (size_t m = 0; m < M; m++) {
        float sums[VOLLEY_PANEL_ROWS];
#pragma clang loop unroll(full)
        for (size_t part = 0; part < PARTS; part++)
            memcpy(sums + part * LANES, &totals[part][m], sizeof totals[part][m]);
        // A whole panel's rows are stored without a call.
        if (count == VOLLEY_PANEL_ROWS) memcpy(output + m * output_stride, sums, sizeof sums);
        else memcpy(output + m * output_stride, sums, count * sizeof(float));
    }
}

INLINE void panel_rows(enum volley_format format, size_t rows, float *output, size_t output_stride, const char *panel,
                       size_t count, const struct volley_block *input, size_t blocks, read_path path) {
    switch (rows) {
    case 1: panel_tile(format, 1, output, output_stride, panel, count, input, blocks, path); break;
    case 2: panel_tile(format, 2, output, output_stride, panel, count, input, blocks, path); break;
    case 3: panel_tile(format, 3, output, output_stride, panel, count, input, blocks, path); break;
    case 4: panel_tile(format, 4, output, output_stride, panel, count, input, blocks, path); break;
    case 5: panel_tile(format, 5, output, output_stride, panel, count, input, blocks, path); break;
    case 6: panel_tile(format, 6, output, output_stride, panel, count, input, blocks, path); break;
    case 7: panel_tile(format, 7, output, output_stride, panel, count, input, blocks, path); break;
    default: panel_tile(format, 8, output, output_stride, panel, count, input, blocks, path); break;
    }
}

/// Groups of panels stay in the second cache while all rows of activations pass over them, eight by eight.
INLINE void quantized_matmul(enum volley_format format, float *output, size_t output_stride, const void *weights,
                             const void *input, size_t columns, size_t begin, size_t end, size_t rows,
                             const void *next) {
    enum { GROUP = 4 * VOLLEY_PANEL_ROWS };
    size_t blocks = columns / 32, stride = panel_bytes(format, columns);
    const char *stop = (const char *)weights + (end + VOLLEY_PANEL_ROWS - 1) / VOLLEY_PANEL_ROWS * stride;
    read_path path = {stop, next ? next : stop};
    for (size_t group = begin; group < end; group += GROUP) {
        size_t group_end = group + GROUP < end ? group + GROUP : end;
        for (size_t part = 0; part < volley_part_count(rows); part++) {
            size_t first = volley_part_begin(rows, part), m = volley_part_begin(rows, part + 1) - first;
            const struct volley_block *x = (const struct volley_block *)input + first * blocks;
            for (size_t n = group; n < group_end; n += VOLLEY_PANEL_ROWS) {
                size_t count = end - n < VOLLEY_PANEL_ROWS ? end - n : VOLLEY_PANEL_ROWS;
                panel_rows(format, m, output + first * output_stride + n, output_stride,
                           (const char *)weights + n / VOLLEY_PANEL_ROWS * stride, count, x, blocks, path);
            }
        }
    }
}

#define QUANTIZED_MATMUL(name, format)                                                                                \
    static void name(float *output, size_t output_stride, const void *weights, const void *input, size_t columns,     \
                     size_t begin, size_t end, size_t rows, const void *next) {                                       \
        quantized_matmul(format, output, output_stride, weights, input, columns, begin, end, rows, next);             \
    }

QUANTIZED_MATMUL(matmul_q8_0, VOLLEY_Q8_0)
QUANTIZED_MATMUL(matmul_q4_0, VOLLEY_Q4_0)
QUANTIZED_MATMUL(matmul_q4_1, VOLLEY_Q4_1)
QUANTIZED_MATMUL(matmul_q5_0, VOLLEY_Q5_0)
QUANTIZED_MATMUL(matmul_q5_1, VOLLEY_Q5_1)
QUANTIZED_MATMUL(matmul_q4_k, VOLLEY_Q4_K)
QUANTIZED_MATMUL(matmul_q5_k, VOLLEY_Q5_K)
QUANTIZED_MATMUL(matmul_q6_k, VOLLEY_Q6_K)
