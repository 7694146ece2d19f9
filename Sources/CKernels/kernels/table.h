// The kernel table of the instruction set that this is compiled for.
#pragma once

#include "attention.h"
#include "dequantize.h"
#include "elementwise.h"
#include "matmul_float.h"
#include "matmul_quantized.h"
#include "planes.h"
#include "quantize.h"

#define MATMULS(suffix)                                                                                               \
    {                                                                                                                 \
        matmul_f32, matmul_bf16, matmul_f16, matmul_q8_0##suffix, matmul_q4_0##suffix, matmul_q4_1##suffix,           \
            matmul_q5_0##suffix, matmul_q5_1##suffix, matmul_iq4_nl##suffix, matmul_q2_k##suffix,                     \
            matmul_q3_k##suffix, matmul_q4_k##suffix, matmul_q5_k##suffix, matmul_q6_k##suffix,                       \
            matmul_iq4_xs##suffix,                                                                                    \
    }

#define KERNEL_TABLE                                                                                                  \
    {                                                                                                                 \
        .matmul = {MATMULS(_int16), MATMULS(_int8)},                                                                  \
        .dequantize = {dequantize_f32, dequantize_bf16, dequantize_f16, dequantize_q8_0, dequantize_q4_0,             \
                       dequantize_q4_1, dequantize_q5_0, dequantize_q5_1, dequantize_iq4_nl, dequantize_q2_k,         \
                       dequantize_q3_k, dequantize_q4_k, dequantize_q5_k, dequantize_q6_k, dequantize_iq4_xs},        \
        .quantize = {quantize_int16, quantize_int8}, .rms_norm = rms_norm, .rotate = rotate, .swiglu = swiglu,        \
        .tanh = tanh_values, .add = add, .add_scaled = add_scaled, .argmax = argmax,                                  \
        .to_f16 = to_f16, .to_q8_0 = to_q8_0, .attend = attend, .attend_ranges = attend_ranges,                       \
        .merge_ranges = merge_ranges,                                                                                 \
        .split_planes = split_planes, .join_planes = join_planes,                                                     \
    }
