// How fast memory can be read: the limit that decoding is held against.
#include <string.h>

#include "kernels.h"

// Inlined, so that each way has a loop of its own.
static inline __attribute__((always_inline)) uint64_t read_lines(const char *bytes, size_t count, bool asks_ahead) {
    typedef uint64_t line __attribute__((vector_size(64)));
    line sums = {0};
    for (size_t i = 0; i + sizeof(line) <= count; i += sizeof(line)) {
        line next;
        // As the matmuls do it (kernels/lanes.h): the limit must not be lower than what they reach.
        if (asks_ahead) __builtin_prefetch(bytes + i + 24576, 0, 2);
        memcpy(&next, bytes + i, sizeof next);
        sums ^= next;
    }
    uint64_t sum = 0;
    for (int i = 0; i < 8; i++) sum ^= sums[i];
    return sum;
}

uint64_t volley_read(const void *bytes, size_t count, bool asks_ahead) {
    return asks_ahead ? read_lines(bytes, count, true) : read_lines(bytes, count, false);
}
