// Packs rows in GGUF's layout into panels, and reads one row of a panel. Scalar loops suffice: weights are packed once,
// at load.
#include "kernels/panel.h"

/// The 32 codes of block `j` of a span, as stored.
static void stored_codes(enum volley_format format, const uint8_t *p, size_t j, uint8_t codes[32]) {
    size_t shift = 4 * (j % 2);
    switch (format) {
    case VOLLEY_Q8_0: memcpy(codes, p + 2, 32); return;
    case VOLLEY_Q2_K:
        for (size_t i = 0; i < 32; i++) codes[i] = p[16 + 32 * (j / 4) + i] >> 2 * (j % 4) & 3;
        return;
    case VOLLEY_Q3_K:
        for (size_t i = 0; i < 32; i++)
            codes[i] = (uint8_t)((p[32 + 32 * (j / 4) + i] >> 2 * (j % 4) & 3) | (p[i] >> j & 1) << 2);
        return;
    case VOLLEY_Q4_K:
        for (size_t i = 0; i < 32; i++) codes[i] = p[16 + 32 * (j / 2) + i] >> shift & 15;
        return;
    case VOLLEY_Q5_K:
        for (size_t i = 0; i < 32; i++)
            codes[i] = (uint8_t)((p[48 + 32 * (j / 2) + i] >> shift & 15) | (p[16 + i] >> j & 1) << 4);
        return;
    case VOLLEY_Q6_K:
        for (size_t i = 0; i < 32; i++)
            codes[i] = (uint8_t)((p[64 * (j / 4) + 32 * (j % 2) + i] >> 4 * (j % 4 / 2) & 15) |
                                 (p[128 + 32 * (j / 4) + i] >> 2 * (j % 4) & 3) << 4);
        return;
    default: break;
    }
    bool has_fifth_bits = upper_bits(format) > 0;
    const uint8_t *bits = p + (has_constants(format) ? 4 : 2), *nibbles = bits + (has_fifth_bits ? 4 : 0);
    if (format == VOLLEY_IQ4_XS) nibbles = p + 8 + 16 * j;
    uint32_t fifth = 0;
    if (has_fifth_bits) memcpy(&fifth, bits, sizeof fifth);
    for (size_t i = 0; i < 16; i++) {
        codes[i] = (uint8_t)((nibbles[i] & 15) | (fifth >> i & 1) << 4);
        codes[i + 16] = (uint8_t)(nibbles[i] >> 4 | (fifth >> (i + 16) & 1) << 4);
    }
}

/// Packs bits `bit` to `bit` + `width` − 1 of each code into words (layout: panel.h).
static void pack_bits(char *words, size_t row, const uint8_t codes[32], uint32_t bit, uint32_t width) {
    uint32_t mask = (1u << width) - 1;
    for (uint32_t k = 0; k < 8;) {
        uint32_t word = 0;
        for (uint32_t shift = 0; shift < 8; shift += width, k++) {
            for (uint32_t b = 0; b < 4; b++) word |= (codes[quad_column(k, b)] >> bit & mask) << (8 * b + shift);
        }
        memcpy(words + 4 * row, &word, sizeof word);
        words += 64;
    }
}

static void pack_codes(enum volley_format format, char *block, size_t row, const uint8_t codes[32]) {
    uint32_t lower = (uint32_t)lower_bits(format), upper = (uint32_t)upper_bits(format);
    pack_bits(block + panel_lower(format), row, codes, 0, lower);
    if (upper > 0) pack_bits(block, row, codes, lower, upper);
}

/// Address of a span's f16 scale; its constant, if any, follows.
static const uint8_t *stored_scale(enum volley_format format, const uint8_t *p) {
    switch (format) {
    case VOLLEY_Q2_K: return p + 80;
    case VOLLEY_Q3_K: return p + 108;
    case VOLLEY_Q6_K: return p + 208;
    default: return p;
    }
}

static void pack_header(enum volley_format format, char *header, size_t row, const uint8_t *p) {
    memcpy(header + 2 * row, stored_scale(format, p), 2);
    if (has_constants(format)) memcpy(header + PANEL_CONSTANTS + 2 * row, stored_scale(format, p) + 2, 2);
    if (span_blocks(format) == 1) return;
    if (format == VOLLEY_Q2_K) {
        for (size_t half = 0; half < 16; half++) header[PANEL_SCALES + 16 * half + row] = (char)p[half];
    } else if (!has_constants(format)) {
        size_t halves = block_scales(format);
        for (size_t i = 0; i < 8 * halves; i++)
            header[PANEL_SIGNED_SCALES + 16 * i + row] =
                (char)signed_scale(format, (const char *)p, i / halves, i % halves);
    } else {
        uint8_t scales[8], minimums[8];
        packed_scales((const char *)p, scales, minimums);
        for (size_t j = 0; j < 8; j++) {
            header[PANEL_SCALES + 16 * j + row] = (char)scales[j];
            header[PANEL_MINIMUMS + 16 * j + row] = (char)minimums[j];
        }
    }
}

size_t volley_panel_bytes(enum volley_format format, size_t columns) { return panel_bytes(format, columns); }

void volley_pack_panel(enum volley_format format, void *panel, const void *rows, size_t row_count, size_t columns) {
    size_t blocks = columns / 32, span = span_blocks(format), group = panel_group_blocks(format);
    // Rows that are missing, and bytes that no block uses: a checksum of the panel depends on the weights alone.
    memset(panel, 0, panel_bytes(format, columns));
    for (size_t row = 0; row < row_count; row++) {
        const uint8_t *spans = (const uint8_t *)rows + row * (blocks / span) * volley_bytes_per_block(format);
        for (size_t b = 0; b < blocks; b++) {
            const uint8_t *p = spans + b / span * volley_bytes_per_block(format);
            char *header = (char *)panel + b / group * panel_group_bytes(format);
            if (b % span == 0) pack_header(format, header + panel_scale_offset(format, b % group), row, p);
            uint8_t codes[32];
            stored_codes(format, p, b % span, codes);
            pack_codes(
                format, header + panel_header_bytes(format) + b % group * panel_block_bytes(format), row, codes);
        }
    }
}

/// `width` bits of byte `b` of quad `k`, as `pack_bits` stores them.
static uint32_t packed_bits(const char *words, size_t row, uint32_t k, size_t b, uint32_t width) {
    uint32_t quads = 8 / width;
    return (uint8_t)words[64 * (k / quads) + 4 * row + b] >> width * (k % quads) & ((1u << width) - 1);
}

/// The integer value of the code in byte `b` of quad `k`.
static int32_t panel_number(enum volley_format format, const char *block, size_t row, uint32_t k, size_t b) {
    uint32_t lower = (uint32_t)lower_bits(format), upper = (uint32_t)upper_bits(format);
    uint32_t code = packed_bits(block + panel_lower(format), row, k, b, lower);
    if (format == VOLLEY_Q8_0) return (int8_t)code;
    if (has_table(format)) return IQ4_VALUES[code];
    if (upper > 0) code |= packed_bits(block, row, k, b, upper) << lower;
    return (int32_t)code - code_offset(format);
}

/// The scale of half `half` of block `j` of a group.
static value_scale panel_scale(enum volley_format format, const char *header, size_t row, size_t j, size_t half) {
    const char *stored = header + panel_scale_offset(format, j) + 2 * row;
    value_scale s = {f16_value(stored), has_constants(format) ? f16_value(stored + PANEL_CONSTANTS) : 0};
    size_t i = block_scales(format) * j + half;
    if (span_blocks(format) == 1) return s;
    if (format == VOLLEY_Q2_K) {
        uint8_t both = (uint8_t)header[PANEL_SCALES + 16 * i + row];
        return (value_scale){s.scale * (float)(both & 15), s.constant * -(float)(both >> 4)};
    }
    if (!has_constants(format)) {
        s.scale *= (float)(int8_t)header[PANEL_SIGNED_SCALES + 16 * i + row];
        return s;
    }
    s.scale *= (float)(uint8_t)header[PANEL_SCALES + 16 * i + row];
    s.constant *= -(float)(uint8_t)header[PANEL_MINIMUMS + 16 * i + row];
    return s;
}

void volley_panel_row(enum volley_format format, float *output, const void *panel, size_t row, size_t columns) {
    size_t group = panel_group_blocks(format);
    for (size_t b = 0; b < columns / 32; b++) {
        size_t j = b % group;
        const char *first = (const char *)panel + b / group * panel_group_bytes(format);
        const char *block = first + panel_header_bytes(format) + j * panel_block_bytes(format);
        value_scale scales[2];
        for (size_t half = 0; half < 2; half++)
            scales[half] = panel_scale(format, first, row, j, half % block_scales(format));
        for (uint32_t i = 0; i < 32; i++) {
            float value = scales[i / 16].scale * (float)panel_number(format, block, row, i / 4, i % 4);
            // Two roundings, as in GGUF's reference. Adding 0 in other formats would lose the sign of a zero.
            if (has_constants(format)) value += scales[i / 16].constant;
            output[32 * b + quad_column(i / 4, i % 4)] = value;
        }
    }
}
