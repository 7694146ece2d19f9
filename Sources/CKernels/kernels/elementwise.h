// RMSNorm, RoPE, SwiGLU, tanh, residual, argmax and conversion to float16, for one row or head at a time.
#pragma once

#include "lane_sums.h"

static void rms_norm(float *output, const float *input, const float *weight, size_t width, float epsilon) {
    lane_floats squares[4] = {0};
    size_t k = 0;
    for (; k + 4 * LANES <= width; k += 4 * LANES) {
        for (size_t i = 0; i < 4; i++) {
            lane_floats x = lane_load(input + k + i * LANES);
            squares[i] += x * x;
        }
    }
    for (; k + LANES <= width; k += LANES) squares[0] += lane_load(input + k) * lane_load(input + k);
    float sum = lane_sum((squares[0] + squares[1]) + (squares[2] + squares[3]));
    for (; k < width; k++) sum += input[k] * input[k];
    float scale = 1.0f / sqrtf(sum / (float)width + epsilon);
    for (k = 0; k + LANES <= width; k += LANES)
        lane_store(output + k, lane_load(input + k) * scale * lane_load(weight + k));
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

INLINE lane_floats silu(lane_floats x) { return x / (1.0f + lane_exp(-x)); }

static void swiglu(float *output, const float *gate, const float *up, size_t count) {
    size_t k = 0;
    for (; k + LANES <= count; k += LANES) lane_store(output + k, silu(lane_load(gate + k)) * lane_load(up + k));
    for (; k < count; k++) output[k] = silu(lane_all(gate[k]))[0] * up[k];
}

/// Within 3 ulp: from e^2|x|, and near zero, where that would cancel, by Cephes' polynomial.
INLINE lane_floats lane_tanh(lane_floats x) {
    lane_floats size = __builtin_elementwise_abs(x);
    lane_floats far = 1.0f - 2.0f / (lane_exp(size + size) + 1.0f);
    lane_floats z = x * x;
    lane_floats p = lane_all(-5.70498872745e-3f);
    p = p * z + 2.06390887954e-2f;
    p = p * z - 5.37397155531e-2f;
    p = p * z + 1.33314422036e-1f;
    p = p * z - 3.33332819422e-1f;
    lane_floats near = p * z * x + x;
    lane_ints is_far = size >= 0.625f;
    lane_ints bits = ((lane_ints)__builtin_elementwise_copysign(far, x) & is_far) | ((lane_ints)near & ~is_far);
    return (lane_floats)bits;
}

static void tanh_values(float *values, size_t count) {
    size_t k = 0;
    for (; k + LANES <= count; k += LANES) lane_store(values + k, lane_tanh(lane_load(values + k)));
    for (; k < count; k++) values[k] = lane_tanh(lane_all(values[k]))[0];
}

static void add(float *output, const float *input, size_t count) {
    size_t k = 0;
    for (; k + LANES <= count; k += LANES) lane_store(output + k, lane_load(output + k) + lane_load(input + k));
    for (; k < count; k++) output[k] += input[k];
}

static void add_scaled(float *output, const float *input, float factor, size_t count) {
    size_t k = 0;
    for (; k + LANES <= count; k += LANES)
        lane_store(output + k, lane_load(output + k) + lane_load(input + k) * factor);
    for (; k < count; k++) output[k] += input[k] * factor;
}

/// The largest of `count` values; NaN if any is NaN.
static float largest_of(const float *values, size_t count) {
    lane_floats top[4];
    lane_ints is_nan = {0};
    for (size_t i = 0; i < 4; i++) top[i] = lane_all(-INFINITY);
    size_t k = 0;
    for (; k + 4 * LANES <= count; k += 4 * LANES) {
        for (size_t i = 0; i < 4; i++) {
            lane_floats x = lane_load(values + k + i * LANES);
            is_nan |= x != x;
            top[i] = lane_max(x, top[i]);
        }
    }
    float largest = lane_largest(lane_max(lane_max(top[0], top[1]), lane_max(top[2], top[3])));
    bool has_nan = __builtin_reduce_or(is_nan) != 0;
    for (; k < count; k++) {
        has_nan |= values[k] != values[k];
        largest = values[k] > largest ? values[k] : largest;
    }
    return has_nan ? NAN : largest;
}

static size_t argmax(const float *values, size_t count) {
    enum { RUN = 1024 };  // the search for the index then reads one run
    size_t best = count;
    float most = -INFINITY;
    for (size_t start = 0; start < count; start += RUN) {
        float largest = largest_of(values + start, count - start < RUN ? count - start : RUN);
        if (largest != largest) return count;
        if (best < count && largest <= most) continue;
        most = largest;
        best = start;
    }
    while (best < count && values[best] != most) best++;
    return best;
}

/// The smallest magnitude that rounds to infinity in float16: half a step above its largest number, 65504.
#define F16_OVERFLOW 65520.0f

static bool to_f16(uint16_t *output, const float *input, size_t count) {
    size_t k = 0;
    i8 over = {0};
    for (; k + 8 <= count; k += 8) {
        f8 x = f8_load(input + k), size = __builtin_elementwise_abs(x);
        over |= (size >= F16_OVERFLOW) & (size < INFINITY);
        f16_store(output + k, x);
    }
    bool is_over = __builtin_reduce_or(over) != 0;
    for (; k < count; k++) {
        output[k] = f16_bits(input[k]);
        is_over |= fabsf(input[k]) >= F16_OVERFLOW && fabsf(input[k]) < INFINITY;
    }
    return is_over;
}
