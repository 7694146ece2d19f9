// Quantised weights times rounded activations. A block's products are summed exactly, as integers, and then scaled. M
// rows of activations share each unpacking of a weight block.
#pragma once

#include "block_sums.h"

/// The factor of a weight constant: scale · Σ q over the block, or over the half that the constant covers.
INLINE float scaled_sum(enum volley_format format, const struct volley_activation_header *x, size_t half) {
    return block_scales(format) == 2 ? x->scale * (float)x->half_sums[half] : x->scaled_sum;
}

/// Adds one block's products to the totals of M rows of activations and `vectors` vectors of weight rows, from `lane`
/// on.
INLINE void add_block(enum volley_format format, size_t M, size_t vectors, lane_floats totals[][8], const char *block,
                      const char *header, size_t j, size_t lane, input_blocks input, prefetch_target ahead) {
    size_t halves = block_scales(format), steps = 16 / halves;
#pragma clang loop unroll(full)
    for (size_t half = 0; half < halves; half++) {
        lane_ints sums[2][8];
#pragma clang loop unroll(full)
        for (size_t m = 0; m < M; m++) {
            lane_ints begin = (lane_ints){0} - offset_sum(format, input, m, half);
#pragma clang loop unroll(full)
            for (size_t p = 0; p < vectors; p++) sums[p][m] = begin;
        }
        if (input.activations == VOLLEY_INT8) {
            add_quads(format, M, vectors, sums, block, half * steps / 2, (half + 1) * steps / 2, lane, input, ahead);
        } else if (is_nibbles(format) && M <= 2) {
            add_nibbles(format, M, sums[0], block, lane, input, ahead);
        } else {
            add_pairs(format, M, vectors, sums, block, half * steps, (half + 1) * steps, lane, input, ahead);
        }
#pragma clang loop unroll(full)
        for (size_t p = 0; p < vectors; p++) {
            lane_scales s = panel_scales(format, header, j, half, lane + p * LANES);
#pragma clang loop unroll(full)
            for (size_t m = 0; m < M; m++) {
                const struct volley_activation_header *x = header_of(input, m);
                totals[p][m] += __builtin_convertvector(sums[p][m], lane_floats) * (s.scale * x->scale);
                if (has_constants(format)) totals[p][m] += s.constant * scaled_sum(format, x, half);
            }
        }
    }
}

/// One panel by M rows of activations, whose blocks are interleaved with those of `stride` rows. Writes `count` of the
/// panel's rows. `prefetches` is a constant.
INLINE void panel_tile(enum volley_format format, size_t M, bool prefetches, size_t stride, float *output,
                       size_t output_stride, const char *panel, size_t count, input_blocks input, size_t blocks,
                       read_path path) {
    lane_floats totals[PANEL_VECTORS][8] = {0};
    size_t vectors = vectors_together(format, input.activations, M);
    size_t group = panel_group_blocks(format), header_bytes = panel_header_bytes(format);
    for (size_t first = 0; first < blocks; first += group, panel += panel_group_bytes(format)) {
        if (prefetches) prefetch_far(path, panel, header_bytes);
#pragma clang loop unroll(disable)
        for (size_t j = 0; j < group && first + j < blocks; j++) {
            const char *block = panel + header_bytes + j * panel_block_bytes(format);
            const char *ahead = address_ahead(path, block);
#pragma clang loop unroll(disable)
            for (size_t vector = 0; vector < PANEL_VECTORS; vector += vectors)
                add_block(format, M, vectors, totals + vector, block, panel, j, vector * LANES,
                          blocks_from(input, (first + j) * stride),
                          (prefetch_target){prefetches, ahead + vector * panel_block_bytes(format) / PANEL_VECTORS});
        }
    }
    for (size_t m = 0; m < M; m++) {
        float sums[VOLLEY_PANEL_ROWS];
#pragma clang loop unroll(full)
        for (size_t vector = 0; vector < PANEL_VECTORS; vector++)
            memcpy(sums + vector * LANES, &totals[vector][m], sizeof totals[vector][m]);
        // A constant size compiles to stores instead of a call.
        if (count == VOLLEY_PANEL_ROWS) memcpy(output + m * output_stride, sums, sizeof sums);
        else memcpy(output + m * output_stride, sums, count * sizeof(float));
    }
}

/// One panel by `rows` rows of activations. Seven or eight rows take two tiles if the registers hold no more.
INLINE void panel_rows(enum volley_format format, size_t rows, float *output, size_t output_stride, const char *panel,
                       size_t count, input_blocks input, size_t blocks, read_path path, bool prefetches) {
#define PREFETCHED_TILE(M, prefetches, first)                                                                         \
    panel_tile(format, M, prefetches, rows, output + (first) * output_stride, output_stride, panel, count,            \
               blocks_from(input, first), blocks, path)
#define TILE(M, first) PREFETCHED_TILE(M, true, first)
    _Static_assert(VOLLEY_PREFETCH_ROWS == 4, "cases 1 to 4 heed prefetches");
#define EITHER_TILE(M)                                                                                                \
    if (prefetches) PREFETCHED_TILE(M, true, 0);                                                                      \
    else PREFETCHED_TILE(M, false, 0)
    switch (rows) {
    case 1: EITHER_TILE(1); break;
    case 2: EITHER_TILE(2); break;
    case 3: EITHER_TILE(3); break;
    case 4: EITHER_TILE(4); break;
    case 5: TILE(5, 0); break;
    case 6: TILE(6, 0); break;
    case 7:
        if (MOST_TILE_ROWS >= 7) TILE(7, 0);
        else TILE(4, 0), TILE(3, 4);
        break;
    default:
        if (MOST_TILE_ROWS >= 8) TILE(8, 0);
        else TILE(4, 0), TILE(4, 4);
    }
#undef EITHER_TILE
#undef TILE
#undef PREFETCHED_TILE
}

/// Multiplies groups of panels that stay in L2 by all tiles of rows, one after another.
INLINE void quantized_matmul(enum volley_format format, enum volley_activations activations, float *output,
                             size_t output_stride, const void *weights, const void *input, size_t columns,
                             size_t begin, size_t end, size_t rows, struct volley_prefetch prefetch) {
    enum { GROUP = 4 * VOLLEY_PANEL_ROWS };
    size_t blocks = columns / 32, stride = panel_bytes(format, columns);
    const char *stop = (const char *)weights + (end + VOLLEY_PANEL_ROWS - 1) / VOLLEY_PANEL_ROWS * stride;
    read_path path = {stop, prefetch.next ? prefetch.next : stop};
    for (size_t group = begin; group < end; group += GROUP) {
        size_t group_end = group + GROUP < end ? group + GROUP : end;
        for (size_t tile = 0; tile < volley_row_tile_count(rows); tile++) {
            size_t first = volley_row_tile_begin(rows, tile), m = volley_row_tile_begin(rows, tile + 1) - first;
            input_blocks x = blocks_from((input_blocks){activations, input}, first * blocks);
            for (size_t n = group; n < group_end; n += VOLLEY_PANEL_ROWS) {
                size_t count = end - n < VOLLEY_PANEL_ROWS ? end - n : VOLLEY_PANEL_ROWS;
                panel_rows(format, m, output + first * output_stride + n, output_stride,
                           (const char *)weights + n / VOLLEY_PANEL_ROWS * stride, count, x, blocks, path,
                           prefetch.is_enabled);
            }
        }
    }
}

#define QUANTIZED_MATMUL(name, format, activations)                                                                   \
    static void name(float *output, size_t output_stride, const void *weights, const void *input, size_t columns,     \
                     size_t begin, size_t end, size_t rows, struct volley_prefetch prefetch) {                        \
        quantized_matmul(format, activations, output, output_stride, weights, input, columns, begin, end, rows,       \
                         prefetch);                                                                                   \
    }

#define QUANTIZED_MATMULS(suffix, activations)                                                                        \
    QUANTIZED_MATMUL(matmul_q8_0##suffix, VOLLEY_Q8_0, activations)                                                   \
    QUANTIZED_MATMUL(matmul_q4_0##suffix, VOLLEY_Q4_0, activations)                                                   \
    QUANTIZED_MATMUL(matmul_q4_1##suffix, VOLLEY_Q4_1, activations)                                                   \
    QUANTIZED_MATMUL(matmul_q5_0##suffix, VOLLEY_Q5_0, activations)                                                   \
    QUANTIZED_MATMUL(matmul_q5_1##suffix, VOLLEY_Q5_1, activations)                                                   \
    QUANTIZED_MATMUL(matmul_iq4_nl##suffix, VOLLEY_IQ4_NL, activations)                                               \
    QUANTIZED_MATMUL(matmul_q2_k##suffix, VOLLEY_Q2_K, activations)                                                   \
    QUANTIZED_MATMUL(matmul_q3_k##suffix, VOLLEY_Q3_K, activations)                                                   \
    QUANTIZED_MATMUL(matmul_q4_k##suffix, VOLLEY_Q4_K, activations)                                                   \
    QUANTIZED_MATMUL(matmul_q5_k##suffix, VOLLEY_Q5_K, activations)                                                   \
    QUANTIZED_MATMUL(matmul_q6_k##suffix, VOLLEY_Q6_K, activations)                                                   \
    QUANTIZED_MATMUL(matmul_iq4_xs##suffix, VOLLEY_IQ4_XS, activations)

QUANTIZED_MATMULS(_int16, VOLLEY_INT16)
QUANTIZED_MATMULS(_int8, VOLLEY_INT8)
