#include "kernels.h"
#include "tables.h"

bool volley_isa_available(enum volley_isa isa) {
    switch (isa) {
    case VOLLEY_PORTABLE: return true;
#if defined(__x86_64__)
    case VOLLEY_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
    case VOLLEY_AVX_VNNI: return volley_isa_available(VOLLEY_AVX2) && __builtin_cpu_supports("avxvnni");
    case VOLLEY_AVX512:
        return volley_isa_available(VOLLEY_AVX2) && __builtin_cpu_supports("avx512f") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vnni");
#endif
    default: return false;
    }
}

const struct volley_kernels *volley_kernels_for(enum volley_isa isa) {
    switch (isa) {
#if defined(__x86_64__)
    case VOLLEY_AVX2: return &volley_kernels_avx2;
    case VOLLEY_AVX_VNNI: return &volley_kernels_avxvnni;
    case VOLLEY_AVX512: return &volley_kernels_avx512;
#endif
    default: return &volley_kernels_portable;
    }
}

size_t volley_attention_units(const struct volley_attention *a) {
    return volley_row_blocks(a->row_count) * a->heads;
}

size_t volley_attention_ranges(const struct volley_attention *a) {
    return a->positions[a->row_count - 1] / VOLLEY_KEY_RANGE + 1;
}

size_t volley_attention_partials(const struct volley_attention *a) {
    size_t width = volley_scratch_width(a->ring.head_width) + 2;
    return volley_attention_ranges(a) * a->row_count * a->heads * width;
}

size_t volley_attention_scratch(size_t head_width) {
    size_t width = volley_scratch_width(head_width);
    return VOLLEY_QUERY_BLOCK * (3 * width + VOLLEY_KEY_TILE) + VOLLEY_KEY_TILE * width;
}
