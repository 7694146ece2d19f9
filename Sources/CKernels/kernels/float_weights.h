// Reads f32, bf16 and f16 weights as float32.
#pragma once

#include "lanes.h"

INLINE lane_floats weight_load(enum volley_format format, const char *row, size_t column) {
    if (format == VOLLEY_F32) return lane_load((const float *)(const void *)row + column);
    return format == VOLLEY_BF16 ? lane_bf16(row + 2 * column) : lane_f16(row + 2 * column);
}

INLINE float weight_value(enum volley_format format, const char *row, size_t column) {
    if (format == VOLLEY_BF16) return bf16_value(row + 2 * column);
    if (format == VOLLEY_F16) return f16_value(row + 2 * column);
    float value;
    memcpy(&value, row + 4 * column, sizeof value);
    return value;
}
