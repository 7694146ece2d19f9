#include <xxhash.h>

// The library's own choice among the instruction sets of the machine, where its package has it.
#if defined(__linux__) && defined(__x86_64__) && __has_include(<xxh_x86dispatch.h>)
#include <xxh_x86dispatch.h>
static inline XXH64_hash_t volley_xxh3(const void *bytes, size_t count) { return XXH3_64bits_dispatch(bytes, count); }
#else
static inline XXH64_hash_t volley_xxh3(const void *bytes, size_t count) { return XXH3_64bits(bytes, count); }
#endif
