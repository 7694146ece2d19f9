// Memory layout of quantised weights: panels of 16 rows, where a vector holds four columns of each row. A panel is a
// sequence of groups, and a group is a header of whole cache lines with the scales, followed by the codes of its blocks
// of 32 columns. Kernels read a panel from its first byte to its last.
//
// A block's codes are eight quads of four columns. Byte b of a row's 32-bit word belongs to one column of a quad
// (`quad_column`) and holds as many quads as fit, the first in its lowest bits:
//   q8_0           8 × [16 rows] words of one quad
//   q4_* iq4_*     4 × [16 rows] words of two
//   q2_K           2 × [16 rows] words of four
//   q3_K           [16 rows] words of the third bits of all eight, then the lower two bits as in q2_K
//   q5_*           [16 rows] words of the fifth bits of all eight, then nibbles as in q4_*
//   q6_K           2 × [16 rows] words of the upper two bits, four quads to a word, then nibbles as in q4_*
// Columns are interleaved so that a word's even bytes are two neighbouring columns, and so are its odd bytes: a step with
// 16-bit activations multiplies such a pair.
//
// A header covers two blocks, one block (q4_1, q5_1) or the eight blocks of a superblock:
//   q8_0 q4_0 q5_0 iq4_NL
//                  2 × f16 d[16]
//   q4_1 q5_1      f16 d[16], f16 m[16]
//   q2_K           f16 d[16], f16 dmin[16], 16 × uint8 [16]: scale in the lower four bits, minimum in the upper four
//   q4_K q5_K      f16 d[16], f16 dmin[16], 8 × uint8 scales[16], 8 × uint8 minimums[16]
//   q3_K q6_K      f16 d[16], 16 × int8 scales[16], 32 bytes of padding
//   iq4_XS         f16 d[16], 8 × int8 scales[16], 32 bytes of padding
// All numbers are those of the stored format. A panel takes no more memory, except that 6-bit scales become bytes.
#pragma once

#include "weight_blocks.h"

/// Column of byte `b` of quad `k`: 0 4 1 5, 2 6 3 7 in each eight columns.
INLINE size_t quad_column(size_t k, size_t b) { return volley_activation_column(VOLLEY_INT8, 4 * k + b); }

/// Upper bits of a code, which the first words of a block hold.
INLINE size_t upper_bits(enum volley_format format) {
    switch (format) {
    case VOLLEY_Q6_K: return 2;
    case VOLLEY_Q3_K: case VOLLEY_Q5_0: case VOLLEY_Q5_1: case VOLLEY_Q5_K: return 1;
    default: return 0;
    }
}

/// Lower bits of a code, which the following words hold.
INLINE size_t lower_bits(enum volley_format format) {
    if (format == VOLLEY_Q8_0) return 8;
    return format == VOLLEY_Q2_K || format == VOLLEY_Q3_K ? 2 : 4;
}

/// Byte offset of the lower bits in a block.
INLINE size_t panel_lower(enum volley_format format) { return 64 * upper_bits(format); }

INLINE size_t panel_block_bytes(enum volley_format format) {
    return 64 * (upper_bits(format) + lower_bits(format));
}

/// Byte offsets in a header: the second f16, the int8 scales of formats without constants, the uint8 scales and
/// minimums.
enum { PANEL_CONSTANTS = 32, PANEL_SIGNED_SCALES = 32, PANEL_SCALES = 64, PANEL_MINIMUMS = 192 };

INLINE size_t panel_header_bytes(enum volley_format format) {
    if (format == VOLLEY_IQ4_XS) return 192;
    return span_blocks(format) > 1 ? 320 : 64;
}

/// Blocks in a group. A row's last group may have fewer.
INLINE size_t panel_group_blocks(enum volley_format format) {
    if (span_blocks(format) > 1) return span_blocks(format);
    return has_constants(format) ? 1 : 2;
}

INLINE size_t panel_group_bytes(enum volley_format format) {
    return panel_header_bytes(format) + panel_group_blocks(format) * panel_block_bytes(format);
}

/// Byte offset in the header of the first scale of block `j` of a group.
INLINE size_t panel_scale_offset(enum volley_format format, size_t j) { return span_blocks(format) > 1 ? 0 : 32 * j; }

/// The offset of the unsigned codes that kernels multiply: value = code − offset.
INLINE int16_t code_offset(enum volley_format format) {
    switch (format) {
    case VOLLEY_Q3_K: return 4;
    case VOLLEY_Q4_0: return 8;
    case VOLLEY_Q5_0: return 16;
    case VOLLEY_Q6_K: return 32;
    case VOLLEY_IQ4_NL: case VOLLEY_IQ4_XS: return 128;
    default: return 0;
    }
}

INLINE size_t panel_bytes(enum volley_format format, size_t columns) {
    size_t blocks = columns / 32, group = panel_group_blocks(format);
    return (blocks + group - 1) / group * panel_header_bytes(format) + blocks * panel_block_bytes(format);
}
