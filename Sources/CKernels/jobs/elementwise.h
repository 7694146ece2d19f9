// Norm, RoPE, gate, residual, conversion and the largest value: one row or head at a time.
#pragma once

#include "vector.h"

static void rms_norm(float *output, const float *input, const float *weight, size_t width, float epsilon) {
    f8 squares = {0};
    size_t k = 0;
    for (; k + 8 <= width; k += 8) {
        f8 x = f8_load(input + k);
        squares += x * x;
    }
    float sum = f8_sum(squares);
    for (; k < width; k++) sum += input[k] * input[k];
    float scale = 1.0f / sqrtf(sum / (float)width + epsilon);
    for (k = 0; k + 8 <= width; k += 8) f8_store(output + k, f8_load(input + k) * scale * f8_load(weight + k));
    for (; k < width; k++) output[k] = input[k] * scale * weight[k];
}

static void rotate(float *head, const float *cosines, const float *sines, size_t width) {
    size_t half = width / 2;
    for (size_t i = 0; i < half; i++) {
        float x = head[i], y = head[i + half];
        head[i] = x * cosines[i] - y * sines[i];
        head[i + half] = y * cosines[i] + x * sines[i];
    }
}

INLINE f8 silu(f8 x) { return x / (1.0f + f8_exp(-x)); }

static void silu_gate(float *output, const float *gate, const float *up, size_t count) {
    size_t k = 0;
    for (; k + 8 <= count; k += 8) f8_store(output + k, silu(f8_load(gate + k)) * f8_load(up + k));
    for (; k < count; k++) output[k] = silu(f8_all(gate[k]))[0] * up[k];
}

/// Within 3 ulp: by e^2|x| but near zero, where that would cancel, by Cephes' polynomial.
INLINE f8 f8_tanh(f8 x) {
    f8 size = __builtin_elementwise_abs(x);
    f8 far = 1.0f - 2.0f / (f8_exp(size + size) + 1.0f);
    f8 z = x * x;
    f8 p = f8_all(-5.70498872745e-3f);
    p = p * z + 2.06390887954e-2f;
    p = p * z - 5.37397155531e-2f;
    p = p * z + 1.33314422036e-1f;
    p = p * z - 3.33332819422e-1f;
    f8 near = p * z * x + x;
    i8 is_far = size >= 0.625f;
    return f8_bits(((i8)__builtin_elementwise_copysign(far, x) & is_far) | ((i8)near & ~is_far));
}

static void tanh_values(float *values, size_t count) {
    size_t k = 0;
    for (; k + 8 <= count; k += 8) f8_store(values + k, f8_tanh(f8_load(values + k)));
    for (; k < count; k++) values[k] = f8_tanh(f8_all(values[k]))[0];
}

static void add(float *output, const float *input, size_t count) {
    size_t k = 0;
    for (; k + 8 <= count; k += 8) f8_store(output + k, f8_load(output + k) + f8_load(input + k));
    for (; k < count; k++) output[k] += input[k];
}

static void add_scaled(float *output, const float *input, float factor, size_t count) {
    size_t k = 0;
    for (; k + 8 <= count; k += 8) f8_store(output + k, f8_load(output + k) + f8_load(input + k) * factor);
    for (; k < count; k++) output[k] += input[k] * factor;
}

static size_t place_of_largest(const float *values, size_t count) {
    enum { RUN = 1024 };
    size_t best = count, end = 0;
    float most = -INFINITY;
    for (size_t start = 0; start < count; start = end) {
        end = start + RUN < count ? start + RUN : count;
        f8 top = f8_all(-INFINITY);
        i8 is_nan = {0};
        size_t k = start;
        for (; k + 8 <= end; k += 8) {
            f8 x = f8_load(values + k);
            is_nan |= x != x;
            top = __builtin_elementwise_max(top, x);
        }
        bool has_nan = __builtin_reduce_or(is_nan) != 0;
        for (; k < end; k++) {
            has_nan |= values[k] != values[k];
            top[0] = values[k] > top[0] ? values[k] : top[0];
        }
        if (has_nan) return count;
        float largest = f8_largest(top);
        if (best < count && largest <= most) continue;
        most = largest;
        best = start;
    }
    while (best < count && values[best] != most) best++;
    return best;
}

static void to_f16(uint16_t *output, const float *input, size_t count) {
    size_t k = 0;
    for (; k + 8 <= count; k += 8) f16_store(output + k, f8_load(input + k));
    for (; k < count; k++) output[k] = f16_bits(input[k]);
}
