// Vectors of eight floats in clang's vector types, and float16 conversions. Each isa_*.c includes this once.
#pragma once

#include <math.h>
#include <string.h>

#include "kernels.h"

// No ABI concern: functions that take vectors are always inlined.
#pragma clang diagnostic ignored "-Wpsabi"

#define INLINE static inline __attribute__((always_inline))

typedef float f8 __attribute__((vector_size(32)));
typedef int32_t i8 __attribute__((vector_size(32)));
typedef uint16_t h8 __attribute__((vector_size(16)));

INLINE f8 f8_load(const float *p) {
    f8 v;
    memcpy(&v, p, sizeof v);
    return v;
}

INLINE void f8_store(float *p, f8 v) { memcpy(p, &v, sizeof v); }

INLINE f8 f8_all(float x) { return (f8){x, x, x, x, x, x, x, x}; }

INLINE float f8_largest(f8 v) {
    float largest = v[0];
    for (int i = 1; i < 8; i++) largest = v[i] > largest ? v[i] : largest;
    return largest;
}

INLINE float bf16_value(const void *p) {
    uint16_t half;
    memcpy(&half, p, sizeof half);
    uint32_t bits = (uint32_t)half << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

#if defined(VOLLEY_TARGET_AVX2)

#include <immintrin.h>

INLINE float f16_value(const void *p) {
    uint16_t half;
    memcpy(&half, p, sizeof half);
    return _cvtsh_ss(half);
}

INLINE void f16_store(uint16_t *p, f8 v) {
    _mm_storeu_si128((__m128i *)p, _mm256_cvtps_ph((__m256)v, _MM_FROUND_TO_NEAREST_INT));
}

INLINE uint16_t f16_bits(float x) { return (uint16_t)_cvtss_sh(x, _MM_FROUND_TO_NEAREST_INT); }

#elif defined(__aarch64__)

#include <arm_neon.h>

INLINE float32x4_t f16_quarter(const void *p) {
    uint16x4_t halves;
    memcpy(&halves, p, sizeof halves);
    return vcvt_f32_f16(vreinterpret_f16_u16(halves));
}

INLINE float f16_value(const void *p) {
    __fp16 half;
    memcpy(&half, p, sizeof half);
    return half;
}

INLINE uint16_t f16_bits(float x) {
    __fp16 half = (__fp16)x;
    uint16_t bits;
    memcpy(&bits, &half, sizeof bits);
    return bits;
}

INLINE void f16_store(uint16_t *p, f8 v) {
    for (int i = 0; i < 2; i++) {
        float32x4_t part;
        memcpy(&part, (const char *)&v + 16 * i, sizeof part);
        uint16x4_t halves = vreinterpret_u16_f16(vcvt_f16_f32(part));
        memcpy(p + 4 * i, &halves, sizeof halves);
    }
}

#else

/// Exact for every float16, including subnormals, infinities and NaN.
INLINE float f16_value(const void *p) {
    uint16_t half;
    memcpy(&half, p, sizeof half);
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, magnitude = half & 0x7fff, bits;
    if (magnitude >= 0x7c00) {
        bits = 0x7f800000 | (magnitude & 0x3ff) << 13;
    } else if (magnitude >= 0x400) {
        bits = (magnitude << 13) + (112u << 23);
    } else {
        float small = (float)magnitude * 0x1p-24f;
        memcpy(&bits, &small, sizeof bits);
    }
    bits |= sign;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/// Rounds to nearest even, as hardware does.
INLINE uint16_t f16_bits(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    uint16_t sign = bits >> 16 & 0x8000;
    bits &= 0x7fffffff;
    if (bits > 0x7f800000) return sign | 0x7e00 | (bits >> 13 & 0x1ff);
    if (bits >= 0x477ff000) return sign | 0x7c00;
    if (bits < 0x38800000) {
        float magnitude;
        memcpy(&magnitude, &bits, sizeof magnitude);
        magnitude += 0.5f;  // the sum's last bit is worth 2^-24, the smallest step of float16
        memcpy(&bits, &magnitude, sizeof bits);
        return sign | (uint16_t)(bits - 0x3f000000);
    }
    return sign | (uint16_t)((bits - (112u << 23) + 0xfff + (bits >> 13 & 1)) >> 13);
}

INLINE void f16_store(uint16_t *p, f8 v) {
    for (int i = 0; i < 8; i++) p[i] = f16_bits(v[i]);
}

#endif
