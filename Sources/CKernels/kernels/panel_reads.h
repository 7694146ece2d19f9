// Reads a panel's codes and scales into vectors with one weight row in each lane.
#pragma once

#include "lanes.h"
#include "code_table.h"
#include "panel.h"
#include "quads.h"

/// `width` bits of two neighbouring columns of quad `quad`: the even bytes if `shift` is 0, the odd ones if it is 8.
INLINE lane_words pair_bits(const char *words, size_t quad, size_t shift, size_t width, size_t lane) {
    size_t quads = 8 / width;
    shift += width * (quad % quads);
    return lane_words_at(words + 64 * (quad / quads) + 4 * lane) >> (uint16_t)shift & (uint16_t)((1 << width) - 1);
}

/// `width` bits of every byte of quad `k`, moved to bit `bit` of the byte.
INLINE lane_quads quad_bits(const char *words, size_t k, size_t width, size_t bit, size_t lane) {
    size_t quads = 8 / width;
    lane_words bits = lane_words_at(words + 64 * (k / quads) + 4 * lane);
    // Words are shifted whole; the mask removes bits that cross into another byte.
    int left = (int)bit - (int)(width * (k % quads));
    bits = left >= 0 ? bits << (uint16_t)left : bits >> (uint16_t)-left;
    return (lane_quads)bits & (uint8_t)(((1 << width) - 1) << bit);
}

/// The codes of columns 2 · `step` and 2 · `step` + 1 of a block plus `code_offset`, for the rows from `lane` on.
INLINE lane_pairs panel_pairs(enum volley_format format, const char *block, size_t step, size_t lane) {
    // Two neighbouring columns are the even bytes of a quad, or the odd ones.
    size_t quad = step / 4 * 2 + step % 2, odd = step % 4 / 2 * 8;
    if (format == VOLLEY_Q8_0) {
        lane_pairs pairs;
        memcpy(&pairs, block + 64 * quad + 4 * lane, sizeof pairs);
        return odd ? pairs >> 8 : (lane_pairs)((lane_words)pairs << 8) >> 8;
    }
    size_t lower = lower_bits(format), upper = upper_bits(format);
    if (has_table(format)) {
        lane_words words = lane_words_at(block + 64 * (quad / 2) + 4 * lane);
        return table_pairs(words, 4 * (quad % 2), odd, (uint8_t)code_offset(format));
    }
    lane_words codes = pair_bits(block + panel_lower(format), quad, odd, lower, lane);
    if (upper > 0) codes |= pair_bits(block, quad, odd, upper, lane) << (uint16_t)lower;
    return (lane_pairs)codes;
}

/// Quad `k` of a block's codes, for the rows from `lane` on, in the form that `add_quad_products` takes.
INLINE lane_quads panel_quads(enum volley_format format, const char *block, size_t k, size_t lane) {
    if (format == VOLLEY_Q8_0) return quads_of_signed(lane_quads_at(block + 64 * k + 4 * lane));
    size_t lower = lower_bits(format), upper = upper_bits(format);
    lane_quads codes = quad_bits(block + panel_lower(format), k, lower, 0, lane);
    if (has_table(format)) return table_quads(codes, SIGNED_QUAD_OFFSET);
    if (upper > 0) codes |= quad_bits(block, k, upper, lower, lane);
    return codes;
}

/// value = scale · code + constant. `constant` is set only in formats that have one.
typedef struct {
    lane_floats scale, constant;
} lane_scales;

INLINE lane_ints lane_unsigned_ints(const char *p) {
    lane_bytes bytes;
    memcpy(&bytes, p, sizeof bytes);
    return __builtin_convertvector(bytes, lane_ints);
}

INLINE lane_floats lane_unsigned(const char *p) { return __builtin_convertvector(lane_unsigned_ints(p), lane_floats); }

INLINE lane_floats lane_signed(const char *p) {
    lane_signed_bytes bytes;
    memcpy(&bytes, p, sizeof bytes);
    return __builtin_convertvector(bytes, lane_floats);
}

/// Scales of block `j` of a group, or of half `half` of it, for the rows from `lane` on.
INLINE lane_scales panel_scales(enum volley_format format, const char *header, size_t j, size_t half, size_t lane) {
    lane_scales s;
    const char *stored = header + panel_scale_offset(format, j) + 2 * lane;
    s.scale = lane_f16(stored);
    if (has_constants(format)) s.constant = lane_f16(stored + PANEL_CONSTANTS);
    if (format == VOLLEY_Q4_K || format == VOLLEY_Q5_K) {
        s.scale *= lane_unsigned(header + PANEL_SCALES + 16 * j + lane);
        s.constant *= -lane_unsigned(header + PANEL_MINIMUMS + 16 * j + lane);
    } else if (format == VOLLEY_Q2_K) {
        lane_ints both = lane_unsigned_ints(header + PANEL_SCALES + 16 * (2 * j + half) + lane);
        s.scale *= __builtin_convertvector(both & 15, lane_floats);
        s.constant *= -__builtin_convertvector(both >> 4, lane_floats);
    } else if (span_blocks(format) > 1) {
        s.scale *= lane_signed(header + PANEL_SIGNED_SCALES + 16 * (block_scales(format) * j + half) + lane);
    }
    return s;
}
