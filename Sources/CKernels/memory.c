// Reads memory as fast as possible, to measure the bandwidth that bounds decoding.
#include <string.h>

#include "kernels.h"

// Inlined: each value of `prefetches` gets its own loop.
static inline __attribute__((always_inline)) uint64_t read_lines(const char *bytes, size_t count, bool prefetches) {
    typedef uint64_t line __attribute__((vector_size(64)));
    line sums = {0};
    for (size_t i = 0; i + sizeof(line) <= count; i += sizeof(line)) {
        line next;
        // The same distance as in matmuls (PREFETCH_DISTANCE in kernels/lanes.h), so that they cannot exceed this
        // speed.
        if (prefetches) __builtin_prefetch(bytes + i + 24576, 0, 2);
        memcpy(&next, bytes + i, sizeof next);
        sums ^= next;
    }
    uint64_t sum = 0;
    for (int i = 0; i < 8; i++) sum ^= sums[i];
    return sum;
}

uint64_t volley_read(const void *bytes, size_t count, bool prefetches) {
    return prefetches ? read_lines(bytes, count, true) : read_lines(bytes, count, false);
}
