// Integer dot products of one block of weight codes, with one weight row in each lane, and M blocks of activation
// codes.
#pragma once

#include "panel_reads.h"

/// Consecutive blocks of activations.
typedef struct {
    enum volley_activations activations;
    const char *first;
} input_blocks;

INLINE input_blocks blocks_from(input_blocks input, size_t index) {
    return (input_blocks){input.activations, input.first + index * volley_activation_block_bytes(input.activations)};
}

INLINE const struct volley_activation_header *header_of(input_blocks input, size_t index) {
    return (const struct volley_activation_header *)blocks_from(input, index).first;
}

INLINE const int8_t *quads_of(input_blocks input, size_t index) {
    return (const int8_t *)(header_of(input, index) + 1);
}

INLINE const int16_t *pairs_of(input_blocks input, size_t index) {
    return (const int16_t *)(header_of(input, index) + 1);
}

/// The surplus in a sum of products: the offset of the weight codes times the sum of the activation codes.
INLINE int32_t offset_sum(enum volley_format format, input_blocks input, size_t index, size_t half) {
    const struct volley_activation_header *x = header_of(input, index);
    bool is_signed_quad = input.activations == VOLLEY_INT8 && has_signed_quads(format);
    int32_t offset = is_signed_quad ? SIGNED_QUAD_OFFSET : code_offset(format);
    return offset * (block_scales(format) == 2 ? x->half_sums[half] : x->half_sums[0] + x->half_sums[1]);
}

/// Whether a code is a nibble without further bits or a table.
INLINE bool is_nibbles(enum volley_format format) {
    return format == VOLLEY_Q4_0 || format == VOLLEY_Q4_1 || format == VOLLEY_Q4_K;
}

/// Vectors that hold a panel's 16 rows.
enum { PANEL_VECTORS = VOLLEY_PANEL_ROWS / LANES };

/// Most rows of activations that share one unpacking: as many as the registers have room for sums.
enum { MOST_TILE_ROWS = LANES == 8 ? 6 : 8 };

/// How many of a panel's vectors share each load of an activation.
INLINE size_t vectors_together(enum volley_format format, enum volley_activations activations, size_t M) {
    // Multiplying nibbles in place, and moving signs from weights to activations, need registers themselves.
    bool in_place = activations == VOLLEY_INT16 && is_nibbles(format) && M <= 2;
    bool moves_signs = activations == VOLLEY_INT8 && quads_in_sum(format) == 1;
    return PANEL_VECTORS == 1 || in_place || moves_signs ? 1 : 2;
}

/// Prefetches the lines of a later block, spread over this block's 16 steps: all at once they would delay the loads
/// that the sums need. `ahead` points to the later block's share of these vectors.
INLINE void prefetch_at_step(enum volley_format format, size_t vectors, size_t step, prefetch_target ahead) {
    size_t lines = (panel_block_bytes(format) * vectors / PANEL_VECTORS + 63) / 64, every = 16 / lines;
    bool begins_line = step % every == 0 && step / every < lines;
    if (ahead.is_wanted && begins_line) volley_prefetch_line(ahead.address + step / every * 64);
}

/// Adds Σ code · q over one block of nibbles to M sums. Codes are multiplied where they are in their words, as 1, 16 or
/// 256 times their value. For few rows this takes fewer instructions than shifting the codes first, and the three sums
/// are independent. It is exact: the sums of products stay below 2^30 and are multiples of 16 or 256.
INLINE void add_nibbles(enum volley_format format, size_t M, lane_ints *sums, const char *block, size_t lane,
                        input_blocks input, prefetch_target ahead) {
    lane_ints sixteenfold[2] = {0}, large[2] = {0};
#pragma clang loop unroll(full)
    for (size_t i = 0; i < 4; i++) {
        lane_words words = lane_words_at(block + 64 * i + 4 * lane);
#pragma clang loop unroll(full)
        for (size_t step = 4 * i; step < 4 * i + 4; step++) prefetch_at_step(format, 1, step, ahead);
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

/// Adds Σ code · q over the steps of a block, or of the half that a scale covers, to M sums. One or two rows use two
/// independent sums each.
INLINE void add_pairs(enum volley_format format, size_t M, size_t vectors, lane_ints sums[][8], const char *block,
                      size_t first, size_t end, size_t lane, input_blocks input, prefetch_target ahead) {
    lane_ints others[2][8] = {0};
#pragma clang loop unroll(full)
    for (size_t step = first; step < end; step++) {
        prefetch_at_step(format, vectors, step, ahead);
        lane_ints(*target)[8] = M <= 2 && step % 2 ? others : sums;
        lane_pairs codes[2];
#pragma clang loop unroll(full)
        for (size_t p = 0; p < vectors; p++) codes[p] = panel_pairs(format, block, step, lane + p * LANES);
#pragma clang loop unroll(full)
        for (size_t m = 0; m < M; m++) {
#pragma clang loop unroll(full)
            for (size_t p = 0; p < vectors; p++)
                target[p][m] = add_pair_products(target[p][m], codes[p], pairs_of(input, m) + 2 * step);
        }
    }
#pragma clang loop unroll(full)
    for (size_t m = 0; m < M && M <= 2; m++) {
#pragma clang loop unroll(full)
        for (size_t p = 0; p < vectors; p++) sums[p][m] += others[p][m];
    }
}

/// Adds Σ code · q over the quads of a block, or of the half that a scale covers, to M sums.
INLINE void add_quads(enum volley_format format, size_t M, size_t vectors, lane_ints sums[][8], const char *block,
                      size_t first, size_t end, size_t lane, input_blocks input, prefetch_target ahead) {
    quad_sums more[2][8];
    size_t run = quads_in_sum(format);
#pragma clang loop unroll(full)
    for (size_t k = first; k < end; k++) {
        prefetch_at_step(format, vectors, 2 * k, ahead);
        prefetch_at_step(format, vectors, 2 * k + 1, ahead);
        lane_quads codes[2];
#pragma clang loop unroll(full)
        for (size_t p = 0; p < vectors; p++) codes[p] = panel_quads(format, block, k, lane + p * LANES);
#pragma clang loop unroll(full)
        for (size_t m = 0; m < M; m++) {
            const int8_t *q = quads_of(input, m) + 4 * k;
#pragma clang loop unroll(full)
            for (size_t p = 0; p < vectors; p++) {
                if ((k - first) % run == 0) more[p][m] = quad_sums_after(sums[p][m]);
                more[p][m] = add_quad_products(format, more[p][m], codes[p], q);
                if ((k - first) % run == run - 1 || k + 1 == end)
                    sums[p][m] = with_quad_sums(sums[p][m], more[p][m]);
            }
        }
    }
}
