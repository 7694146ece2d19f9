// How fast memory can be read: the limit that decoding is held against.
#include <string.h>

#include "kernels.h"

uint64_t volley_read(const void *bytes, size_t count) {
    typedef uint64_t line __attribute__((vector_size(64)));
    line sums = {0};
    for (size_t i = 0; i + sizeof(line) <= count; i += sizeof(line)) {
        const char *p = (const char *)bytes + i;
        line next;
        // As the matmuls do it (jobs/lanes.h): the limit must not be lower than what they reach.
        __builtin_prefetch(p + 24576, 0, 2);
        memcpy(&next, p, sizeof next);
        sums ^= next;
    }
    uint64_t sum = 0;
    for (int i = 0; i < 8; i++) sum ^= sums[i];
    return sum;
}
