// Rows in GGUF's layout to panels, and one row of a panel back to values. Plain loops: weights are packed once, at load.
#include "jobs/panel.h"

/// The 32 numbers of block `j` of a span as they are stored, signed or not.
static void stored_codes(enum volley_format format, const uint8_t *p, size_t j, uint8_t codes[32]) {
    size_t shift = 4 * (j % 2);
    switch (format) {
    case VOLLEY_Q8_0: memcpy(codes, p + 2, 32); return;
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
    bool has_fifth_bits = panel_nibbles(format) > 0;
    const uint8_t *bits = p + (has_constants(format) ? 4 : 2), *nibbles = bits + (has_fifth_bits ? 4 : 0);
    uint32_t fifth = 0;
    if (has_fifth_bits) memcpy(&fifth, bits, sizeof fifth);
    for (size_t i = 0; i < 16; i++) {
        codes[i] = (uint8_t)((nibbles[i] & 15) | (fifth >> i & 1) << 4);
        codes[i + 16] = (uint8_t)(nibbles[i] >> 4 | (fifth >> (i + 16) & 1) << 4);
    }
}

/// `width` bits from `bit` on of each code, in words as panel.h says.
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
    if (format == VOLLEY_Q8_0) return pack_bits(block, row, codes, 0, 8);
    size_t nibbles = panel_nibbles(format);
    pack_bits(block + nibbles, row, codes, 0, 4);
    if (nibbles > 0) pack_bits(block, row, codes, 4, (uint32_t)nibbles / 64);
}

static void pack_header(enum volley_format format, char *header, size_t row, const uint8_t *p) {
    memcpy(header + 2 * row, p + (format == VOLLEY_Q6_K ? 208 : 0), 2);
    if (has_constants(format)) memcpy(header + PANEL_CONSTANTS + 2 * row, p + 2, 2);
    if (format == VOLLEY_Q6_K) {
        for (size_t half = 0; half < 16; half++) header[PANEL_SCALES_Q6 + 16 * half + row] = (char)p[192 + half];
    } else if (format == VOLLEY_Q4_K || format == VOLLEY_Q5_K) {
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
    if (row_count < VOLLEY_PANEL_ROWS) memset(panel, 0, panel_bytes(format, columns));
    for (size_t row = 0; row < row_count; row++) {
        const uint8_t *spans = (const uint8_t *)rows + row * (blocks / span) * span_bytes(format);
        for (size_t b = 0; b < blocks; b++) {
            const uint8_t *p = spans + b / span * span_bytes(format);
            char *header = (char *)panel + b / group * panel_group_bytes(format);
            if (b % span == 0) pack_header(format, header + panel_scale_place(format, b % group), row, p);
            uint8_t codes[32];
            stored_codes(format, p, b % span, codes);
            pack_codes(
                format, header + panel_header_bytes(format) + b % group * panel_block_bytes(format), row, codes);
        }
    }
}

/// Byte `b` of quad `k`, `width` bits, as `pack_bits` laid it.
static uint32_t packed_bits(const char *words, size_t row, uint32_t k, size_t b, uint32_t width) {
    uint32_t quads = 8 / width;
    return (uint8_t)words[64 * (k / quads) + 4 * row + b] >> width * (k % quads) & ((1u << width) - 1);
}

/// The code of byte `b` of quad `k` of a block as it is stored.
static int32_t panel_code(enum volley_format format, const char *block, size_t row, uint32_t k, size_t b) {
    if (format == VOLLEY_Q8_0) return (int8_t)packed_bits(block, row, k, b, 8);
    size_t nibbles = panel_nibbles(format);
    uint32_t code = packed_bits(block + nibbles, row, k, b, 4);
    if (nibbles > 0) code |= packed_bits(block, row, k, b, (uint32_t)nibbles / 64) << 4;
    return (int32_t)code;
}

void volley_panel_row(enum volley_format format, float *output, const void *panel, size_t row, size_t columns) {
    size_t group = panel_group_blocks(format);
    bool is_superblock = span_blocks(format) > 1, has_constant = has_constants(format);
    for (size_t b = 0; b < columns / 32; b++) {
        size_t j = b % group;
        const char *first = (const char *)panel + b / group * panel_group_bytes(format);
        const char *header = first + panel_scale_place(format, j);
        const char *block = first + panel_header_bytes(format) + j * panel_block_bytes(format);
        float d = f16_value(header + 2 * row), scale = d, constant = 0;
        if (has_constant) constant = f16_value(header + PANEL_CONSTANTS + 2 * row);
        if (is_superblock && has_constant) {
            scale *= (float)(uint8_t)header[PANEL_SCALES + 16 * j + row];
            constant *= -(float)(uint8_t)header[PANEL_MINIMUMS + 16 * j + row];
        }
        for (uint32_t i = 0; i < 32; i++) {
            if (format == VOLLEY_Q6_K)
                scale = d * (float)(int8_t)header[PANEL_SCALES_Q6 + 16 * (2 * j + i / 16) + row];
            int32_t code = panel_code(format, block, row, i / 4, i % 4) - code_offset(format);
            float value = scale * (float)code;
            // In two roundings, as GGUF's reference, and not + 0 elsewhere, which would lose the sign of a zero.
            if (has_constant) value += constant;
            output[32 * b + quad_column(i / 4, i % 4)] = value;
        }
    }
}
