// The table of each instruction set, defined in its isa_*.c.
#pragma once

#include "kernels.h"

extern const struct volley_kernels volley_kernels_portable;
#if defined(__x86_64__)
extern const struct volley_kernels volley_kernels_avx2;
extern const struct volley_kernels volley_kernels_avxvnni;
extern const struct volley_kernels volley_kernels_avx512;
#endif
