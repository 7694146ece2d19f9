// The kernels for any processor: clang's vector types become whatever the baseline has (SSE2, NEON).
#include "kernels/table.h"
#include "tables.h"

const struct volley_kernels volley_kernels_portable = KERNEL_TABLE;
