// Splits floating-point words into planes that compress well: bit planes for the exponents, byte planes for the rest.
// Rotating a word left by one bit moves its exponent into the top byte (all eight bits of bf16 and f32, all five of
// f16). Gray code then makes neighbouring exponents differ in one bit, so that most bit planes rarely change.
//
// Layout for `count` words of W bytes, C = count rounded down to a multiple of 32: W − 1 planes of C bytes (lowest byte
// first), 8 planes of C / 8 bytes (highest bit first; bit j of byte i is word 8·i + j), then the other words unchanged.
#pragma once

#include "vector.h"

typedef uint8_t b32 __attribute__((vector_size(32)));

INLINE uint32_t word_rotated(const uint8_t *p, size_t width) {
    if (width == 2) {
        uint16_t w;
        memcpy(&w, p, 2);
        return (uint16_t)(w << 1 | w >> 15);
    }
    uint32_t w;
    memcpy(&w, p, 4);
    return w << 1 | w >> 31;
}

/// Bit `k` of each of eight bytes; byte j becomes bit j.
INLINE uint8_t bits_of_bytes(uint64_t bytes, int k) {
    return (uint8_t)(((bytes >> k & 0x0101010101010101u) * 0x0102040810204080u) >> 56);
}

INLINE void split_words(uint8_t *output, const uint8_t *input, size_t count, size_t width) {
    size_t whole = count & ~(size_t)31;
    uint8_t *planes = output + (width - 1) * whole;
    for (size_t i = 0; i < whole; i += 8) {
        uint64_t tops = 0;
        for (size_t j = 0; j < 8; j++) {
            uint32_t w = word_rotated(input + (i + j) * width, width);
            for (size_t b = 0; b + 1 < width; b++) output[b * whole + i + j] = (uint8_t)(w >> 8 * b);
            uint8_t top = (uint8_t)(w >> 8 * (width - 1));
            tops |= (uint64_t)(uint8_t)(top ^ top >> 1) << 8 * j;
        }
        for (int k = 0; k < 8; k++) planes[(size_t)(7 - k) * (whole / 8) + i / 8] = bits_of_bytes(tops, k);
    }
    memcpy(output + whole * width, input + whole * width, (count - whole) * width);
}

/// Byte j is 0xFF if bit j of `bits` is set, else 0.
INLINE b32 bytes_of_bits(uint32_t bits) {
    b32 v = {(uint8_t)bits, (uint8_t)(bits >> 8), (uint8_t)(bits >> 16), (uint8_t)(bits >> 24)};
    b32 spread = __builtin_shufflevector(v, v, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2,
                                         3, 3, 3, 3, 3, 3, 3, 3);
    const b32 mask = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128,
                      1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    return (b32)((spread & mask) == mask);
}

/// The top bytes of 32 words; `planes` points at their bits in the highest plane.
INLINE b32 joined_tops(const uint8_t *planes, size_t stride) {
    b32 tops = {0};
    uint32_t bits = 0;
    for (int k = 7; k >= 0; k--) {
        uint32_t plane;
        memcpy(&plane, planes + (size_t)(7 - k) * stride, 4);
        bits ^= plane;  // undoes the Gray code: each bit is the parity of the bits above it
        tops |= bytes_of_bits(bits) & (uint8_t)(1 << k);
    }
    return tops;
}

typedef uint16_t w16x32 __attribute__((vector_size(64)));
typedef uint32_t w32x32 __attribute__((vector_size(128)));

INLINE b32 bytes_from(const uint8_t *p) {
    b32 v;
    memcpy(&v, p, sizeof v);
    return v;
}

/// Stores 32 words of 2 bytes, rotated right by one bit.
INLINE void store_words16(uint8_t *output, b32 tops, const uint8_t *lows) {
    w16x32 w = __builtin_convertvector(tops, w16x32) << 8 | __builtin_convertvector(bytes_from(lows), w16x32);
    w = w >> 1 | w << 15;
    memcpy(output, &w, sizeof w);
}

/// Stores 32 words of 4 bytes, rotated right by one bit. Their lower planes are `stride` bytes apart.
INLINE void store_words32(uint8_t *output, b32 tops, const uint8_t *lows, size_t stride) {
    w32x32 w = __builtin_convertvector(tops, w32x32) << 24;
    for (uint32_t b = 0; b < 3; b++) w |= __builtin_convertvector(bytes_from(lows + b * stride), w32x32) << 8 * b;
    w = w >> 1 | w << 31;
    memcpy(output, &w, sizeof w);
}

INLINE void join_words(uint8_t *output, const uint8_t *input, size_t count, size_t width) {
    size_t whole = count & ~(size_t)31;
    const uint8_t *planes = input + (width - 1) * whole;
    for (size_t i = 0; i < whole; i += 32) {
        b32 tops = joined_tops(planes + i / 8, whole / 8);
        if (width == 2) store_words16(output + 2 * i, tops, input + i);
        else store_words32(output + 4 * i, tops, input + i, whole);
    }
    memcpy(output + whole * width, input + whole * width, (count - whole) * width);
}

static void split_planes(void *output, const void *input, size_t count, size_t width) {
    if (width == 2) split_words(output, input, count, 2);
    else split_words(output, input, count, 4);
}

static void join_planes(void *output, const void *input, size_t count, size_t width) {
    if (width == 2) join_words(output, input, count, 2);
    else join_words(output, input, count, 4);
}
