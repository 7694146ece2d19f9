// Kernels for any processor: clang compiles vector types to the baseline's instructions (SSE2, NEON).
#include "kernels/table.h"
#include "tables.h"

const struct volley_kernels volley_kernels_portable = KERNEL_TABLE;
