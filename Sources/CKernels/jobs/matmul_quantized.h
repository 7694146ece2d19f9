// Quantised weights times rounded activations: a block's products are added up as integers, exactly, then scaled; M rows of
// activations share each unpacking of a weight block. Activations of 16 bits lose nothing that can be seen in a logit.
#pragma once

#include "panel_reads.h"

/// Blocks of activations that lie one behind another.
typedef struct {
    enum volley_activations activations;
    const char *first;
} input_blocks;

INLINE input_blocks blocks_from(input_blocks input, size_t index) {
    return (input_blocks){input.activations, input.first + index * volley_block_bytes(input.activations)};
}

INLINE const struct volley_block_header *header_of(input_blocks input, size_t index) {
    return (const struct volley_block_header *)blocks_from(input, index).first;
}

INLINE const int8_t *quads_of(input_blocks input, size_t index) { return (const int8_t *)(header_of(input, index) + 1); }

INLINE const int16_t *pairs_of(input_blocks input, size_t index) {
    return (const int16_t *)(header_of(input, index) + 1);
}

/// What the codes that are multiplied are too large by, times what they meet.
INLINE int32_t offset_sum(enum volley_format format, input_blocks input, size_t index, size_t halves, size_t half) {
    const struct volley_block_header *x = header_of(input, index);
    bool is_signed_quad = input.activations == VOLLEY_INT8 && format == VOLLEY_Q8_0;
    int32_t offset = is_signed_quad ? SIGNED_QUAD_OFFSET : code_offset(format);
    return offset * (halves == 2 ? x->half_sums[half] : x->half_sums[0] + x->half_sums[1]);
}

/// Whether codes are nibbles alone.
INLINE bool is_nibbles(enum volley_format format) {
    return format == VOLLEY_Q4_0 || format == VOLLEY_Q4_1 || format == VOLLEY_Q4_K;
}

/// Vectors that a panel's rows fill.
enum { PANEL_PARTS = VOLLEY_PANEL_ROWS / LANES };

/// Most rows of activations that share an unpacking: as many as the registers have sums for.
enum { ROWS_TOGETHER = LANES == 8 ? 6 : 8 };

/// How many of a panel's vectors share each load of an activation.
INLINE size_t parts_together(enum volley_format format, enum volley_activations activations, size_t M) {
    // Products in place, and signs that go from weights to activations, need registers themselves.
    bool in_place = activations == VOLLEY_INT16 && is_nibbles(format) && M <= 2;
    bool moves_signs = activations == VOLLEY_INT8 && quads_in_sum(format) == 1;
    return PANEL_PARTS == 1 || in_place || moves_signs ? 1 : 2;
}

/// Asks for the lines of a later block that belong to one of this one's 16 steps: all at once they would hold up what the
/// sums need. `ahead` is where the later block's share of the rows at hand begins.
INLINE void fetch_at_step(enum volley_format format, size_t parts, size_t step, const char *ahead) {
    size_t lines = (panel_block_bytes(format) * parts / PANEL_PARTS + 63) / 64, every = 16 / lines;
    if (step % every == 0 && step / every < lines) volley_fetch(ahead + step / every * 64);
}

/// Adds Σ code · q over one block of nibbles to M sums, the codes multiplied where they lie in their words, as 1, 16 or 256
/// times their value: fewer instructions than moving them down where few rows share them, and three sums that do not wait for
/// each other. It is exact: a sum of such products stays below 2^30 and is a whole multiple.
INLINE void add_nibbles(enum volley_format format, size_t M, lane_ints *sums, const char *block, size_t lane,
                        input_blocks input, const char *ahead) {
    lane_ints sixteenfold[2] = {0}, large[2] = {0};
#pragma clang loop unroll(full)
    for (size_t i = 0; i < 4; i++) {
        lane_words words = lane_words_at(block + 64 * i + 4 * lane);
#pragma clang loop unroll(full)
        for (size_t step = 4 * i; step < 4 * i + 4; step++) fetch_at_step(format, 1, step, ahead);
#pragma clang loop unroll(full)
        for (size_t m = 0; m < M; m++) {
            const int16_t *q = pairs_of(input, m) + 8 * i;
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
INLINE void add_pairs(enum volley_format format, size_t M, size_t parts, lane_ints sums[][8], const char *block,
                      size_t first, size_t end, size_t lane, input_blocks input, const char *ahead) {
    lane_ints others[2][8] = {0};
#pragma clang loop unroll(full)
    for (size_t step = first; step < end; step++) {
        fetch_at_step(format, parts, step, ahead);
        lane_ints(*target)[8] = M <= 2 && step % 2 ? others : sums;
        lane_pairs codes[2];
#pragma clang loop unroll(full)
        for (size_t p = 0; p < parts; p++) codes[p] = panel_pairs(format, block, step, lane + p * LANES);
#pragma clang loop unroll(full)
        for (size_t m = 0; m < M; m++) {
#pragma clang loop unroll(full)
            for (size_t p = 0; p < parts; p++)
                target[p][m] = add_pair_products(target[p][m], codes[p], pairs_of(input, m) + 2 * step);
        }
    }
#pragma clang loop unroll(full)
    for (size_t m = 0; m < M && M <= 2; m++) {
#pragma clang loop unroll(full)
        for (size_t p = 0; p < parts; p++) sums[p][m] += others[p][m];
    }
}

/// Adds Σ code · q over the quads of a block, or of half a block in q6_K, to M sums.
INLINE void add_quads(enum volley_format format, size_t M, size_t parts, lane_ints sums[][8], const char *block,
                      size_t first, size_t end, size_t lane, input_blocks input, const char *ahead) {
    quad_sums more[2][8];
    size_t run = quads_in_sum(format);
#pragma clang loop unroll(full)
    for (size_t k = first; k < end; k++) {
        fetch_at_step(format, parts, 2 * k, ahead);
        fetch_at_step(format, parts, 2 * k + 1, ahead);
        lane_quads codes[2];
#pragma clang loop unroll(full)
        for (size_t p = 0; p < parts; p++) codes[p] = panel_quads(format, block, k, lane + p * LANES);
#pragma clang loop unroll(full)
        for (size_t m = 0; m < M; m++) {
            const int8_t *q = quads_of(input, m) + 4 * k;
#pragma clang loop unroll(full)
            for (size_t p = 0; p < parts; p++) {
                if ((k - first) % run == 0) more[p][m] = quad_sums_after(sums[p][m]);
                more[p][m] = add_quad_products(format, more[p][m], codes[p], q);
                if ((k - first) % run == run - 1 || k + 1 == end)
                    sums[p][m] = with_quad_sums(sums[p][m], more[p][m]);
            }
        }
    }
}

/// What one block adds to the sums of M rows of activations and of the weight rows from `lane` on, `parts` vectors of them.
INLINE void add_block(enum volley_format format, size_t M, size_t parts, lane_floats totals[][8], const char *block,
                      const char *header, size_t j, size_t lane, input_blocks input, const char *ahead) {
    size_t halves = format == VOLLEY_Q6_K ? 2 : 1, steps = 16 / halves;
#pragma clang loop unroll(full)
    for (size_t half = 0; half < halves; half++) {
        lane_ints sums[2][8];
#pragma clang loop unroll(full)
        for (size_t m = 0; m < M; m++) {
            lane_ints begin = (lane_ints){0} - offset_sum(format, input, m, halves, half);
#pragma clang loop unroll(full)
            for (size_t p = 0; p < parts; p++) sums[p][m] = begin;
        }
        if (input.activations == VOLLEY_INT8) {
            add_quads(format, M, parts, sums, block, half * steps / 2, (half + 1) * steps / 2, lane, input, ahead);
        } else if (is_nibbles(format) && M <= 2) {
            add_nibbles(format, M, sums[0], block, lane, input, ahead);
        } else {
            add_pairs(format, M, parts, sums, block, half * steps, (half + 1) * steps, lane, input, ahead);
        }
#pragma clang loop unroll(full)
        for (size_t p = 0; p < parts; p++) {
            lane_scales s = panel_scales(format, header, j, half, lane + p * LANES);
#pragma clang loop unroll(full)
            for (size_t m = 0; m < M; m++) {
                const struct volley_block_header *x = header_of(input, m);
                totals[p][m] += __builtin_convertvector(sums[p][m], lane_floats) * (s.scale * x->scale);
                if (has_constants(format)) totals[p][m] += s.constant * x->scaled_sum;
            }
        }
    }
}

/// One panel by M rows of activations, whose blocks lie among those of `stride` rows; `count` of its rows are written.
INLINE void panel_tile(enum volley_format format, size_t M, size_t stride, float *output, size_t output_stride,
                       const char *panel, size_t count, input_blocks input, size_t blocks, read_path path) {
    lane_floats totals[PANEL_PARTS][8] = {0};
    size_t parts = parts_together(format, input.activations, M);
    size_t group = panel_group_blocks(format), header_bytes = panel_header_bytes(format);
    for (size_t first = 0; first < blocks; first += group, panel += panel_group_bytes(format)) {
        fetch_ahead(path, panel, header_bytes);
#pragma clang loop unroll(disable)
        for (size_t j = 0; j < group && first + j < blocks; j++) {
            const char *block = panel + header_bytes + j * panel_block_bytes(format);
            const char *ahead = place_ahead(path, block);
#pragma clang loop unroll(disable)
            for (size_t part = 0; part < PANEL_PARTS; part += parts)
                add_block(format, M, parts, totals + part, block, panel, j, part * LANES,
                          blocks_from(input, (first + j) * stride),
                          ahead + part * panel_block_bytes(format) / PANEL_PARTS);
        }
    }
    for (size_t m = 0; m < M; m++) {
        float sums[VOLLEY_PANEL_ROWS];
#pragma clang loop unroll(full)
        for (size_t part = 0; part < PANEL_PARTS; part++)
            memcpy(sums + part * LANES, &totals[part][m], sizeof totals[part][m]);
        // A whole panel's rows are stored without a call.
        if (count == VOLLEY_PANEL_ROWS) memcpy(output + m * output_stride, sums, sizeof sums);
        else memcpy(output + m * output_stride, sums, count * sizeof(float));
    }
}

/// One panel by `rows` rows of activations, seven and eight of them in two tiles where the registers hold no more.
INLINE void panel_rows(enum volley_format format, size_t rows, float *output, size_t output_stride, const char *panel,
                       size_t count, input_blocks input, size_t blocks, read_path path) {
#define TILE(M, first)                                                                                                \
    panel_tile(format, M, rows, output + (first) * output_stride, output_stride, panel, count,                        \
               blocks_from(input, first), blocks, path)
    switch (rows) {
    case 1: TILE(1, 0); break;
    case 2: TILE(2, 0); break;
    case 3: TILE(3, 0); break;
    case 4: TILE(4, 0); break;
    case 5: TILE(5, 0); break;
    case 6: TILE(6, 0); break;
    case 7:
        if (ROWS_TOGETHER >= 7) TILE(7, 0);
        else TILE(4, 0), TILE(3, 4);
        break;
    default:
        if (ROWS_TOGETHER >= 8) TILE(8, 0);
        else TILE(4, 0), TILE(4, 4);
    }
#undef TILE
}

/// Groups of panels stay in the second cache while all rows of activations pass over them, eight by eight.
INLINE void quantized_matmul(enum volley_format format, enum volley_activations activations, float *output,
                             size_t output_stride, const void *weights, const void *input, size_t columns,
                             size_t begin, size_t end, size_t rows, const void *next) {
    enum { GROUP = 4 * VOLLEY_PANEL_ROWS };
    size_t blocks = columns / 32, stride = panel_bytes(format, columns);
    const char *stop = (const char *)weights + (end + VOLLEY_PANEL_ROWS - 1) / VOLLEY_PANEL_ROWS * stride;
    read_path path = {stop, next ? next : stop};
    for (size_t group = begin; group < end; group += GROUP) {
        size_t group_end = group + GROUP < end ? group + GROUP : end;
        for (size_t part = 0; part < volley_part_count(rows); part++) {
            size_t first = volley_part_begin(rows, part), m = volley_part_begin(rows, part + 1) - first;
            input_blocks x = blocks_from((input_blocks){activations, input}, first * blocks);
            for (size_t n = group; n < group_end; n += VOLLEY_PANEL_ROWS) {
                size_t count = end - n < VOLLEY_PANEL_ROWS ? end - n : VOLLEY_PANEL_ROWS;
                panel_rows(format, m, output + first * output_stride + n, output_stride,
                           (const char *)weights + n / VOLLEY_PANEL_ROWS * stride, count, x, blocks, path);
            }
        }
    }
}

#define QUANTIZED_MATMUL(name, format, activations)                                                                   \
    static void name(float *output, size_t output_stride, const void *weights, const void *input, size_t columns,     \
                     size_t begin, size_t end, size_t rows, const void *next) {                                       \
        quantized_matmul(format, activations, output, output_stride, weights, input, columns, begin, end, rows,       \
                         next);                                                                                       \
    }

#define QUANTIZED_MATMULS(suffix, activations)                                                                        \
    QUANTIZED_MATMUL(matmul_q8_0##suffix, VOLLEY_Q8_0, activations)                                                   \
    QUANTIZED_MATMUL(matmul_q4_0##suffix, VOLLEY_Q4_0, activations)                                                   \
    QUANTIZED_MATMUL(matmul_q4_1##suffix, VOLLEY_Q4_1, activations)                                                   \
    QUANTIZED_MATMUL(matmul_q5_0##suffix, VOLLEY_Q5_0, activations)                                                   \
    QUANTIZED_MATMUL(matmul_q5_1##suffix, VOLLEY_Q5_1, activations)                                                   \
    QUANTIZED_MATMUL(matmul_q4_k##suffix, VOLLEY_Q4_K, activations)                                                   \
    QUANTIZED_MATMUL(matmul_q5_k##suffix, VOLLEY_Q5_K, activations)                                                   \
    QUANTIZED_MATMUL(matmul_q6_k##suffix, VOLLEY_Q6_K, activations)

QUANTIZED_MATMULS(_int16, VOLLEY_INT16)
QUANTIZED_MATMULS(_int8, VOLLEY_INT8)
