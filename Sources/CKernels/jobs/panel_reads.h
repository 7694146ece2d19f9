// A panel's codes and scales as vectors, a weight row to each lane.
#pragma once

#include "lanes.h"
#include "panel.h"
#include "quads.h"

/// The codes of columns 2 · `step` and 2 · `step` + 1 of a block as they are stored, for the rows from `lane` on.
INLINE lane_pairs panel_pairs(enum volley_format format, const char *block, size_t step, size_t lane) {
    // Two neighbours are the even bytes of a quad, or the odd ones.
    size_t quad = step / 4 * 2 + step % 2, odd = step % 4 / 2 * 8;
    if (format == VOLLEY_Q8_0) {
        lane_pairs pairs;
        memcpy(&pairs, block + 64 * quad + 4 * lane, sizeof pairs);
        return odd ? pairs >> 8 : (lane_pairs)((lane_words)pairs << 8) >> 8;
    }
    size_t nibbles = panel_nibbles(format), width = nibbles / 64;
    lane_words codes = lane_words_at(block + nibbles + 64 * (quad / 2) + 4 * lane);
    codes = codes >> (uint16_t)(odd + 4 * (quad % 2)) & 15;
    if (width > 0) {
        size_t quads = 8 / width, shift = odd + width * (quad % quads);
        lane_words upper = lane_words_at(block + 64 * (quad / quads) + 4 * lane);
        codes |= (upper >> (uint16_t)shift & (uint16_t)((1 << width) - 1)) << 4;
    }
    return (lane_pairs)codes;
}

/// Quad `k` of a block's codes, for the rows from `lane` on, as `add_quad_products` takes them.
INLINE lane_quads panel_quads(enum volley_format format, const char *block, size_t k, size_t lane) {
    if (format == VOLLEY_Q8_0) return quads_of_signed(lane_quads_at(block + 64 * k + 4 * lane));
    size_t nibbles = panel_nibbles(format), width = nibbles / 64;
    lane_words words = lane_words_at(block + nibbles + 64 * (k / 2) + 4 * lane);
    lane_quads codes = (lane_quads)(words >> (uint16_t)(4 * (k % 2))) & 15;
    if (width > 0) {
        size_t quads = 8 / width;
        lane_words upper = lane_words_at(block + 64 * (k / quads) + 4 * lane);
        // Shifted as words, of which the mask leaves what belongs to each byte.
        int left = 4 - (int)(width * (k % quads));
        upper = left >= 0 ? upper << (uint16_t)left : upper >> (uint16_t)-left;
        codes |= (lane_quads)upper & (uint8_t)(((1 << width) - 1) << 4);
    }
    return codes;
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
