/// SIMD kernels: no allocation, no I/O, no state. Sizes are in elements unless they say bytes.
///
/// The order of operations for an output element depends neither on the number of rows in a call nor on the slice that
/// a thread takes. A row therefore gets the same bits alone and in a batch.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Weight formats: GGUF's block layouts (ggml-common.h), rows contiguous, any alignment. Kernels read float formats in
/// this layout, and quantised ones in panels (kernels/panel.h).
enum volley_format {
    VOLLEY_F32,
    VOLLEY_BF16,
    VOLLEY_F16,
    VOLLEY_Q8_0,
    VOLLEY_Q4_0,
    VOLLEY_Q4_1,
    VOLLEY_Q5_0,
    VOLLEY_Q5_1,
    VOLLEY_IQ4_NL,
    // Superblocks of 256 values from here on.
    VOLLEY_Q2_K,
    VOLLEY_Q3_K,
    VOLLEY_Q4_K,
    VOLLEY_Q5_K,
    VOLLEY_Q6_K,
    VOLLEY_IQ4_XS,
    VOLLEY_FORMAT_COUNT
};

/// Values in a block of stored weights; 1 for float formats.
static inline size_t volley_values_per_block(enum volley_format format) {
    return format < VOLLEY_Q8_0 ? 1 : format < VOLLEY_Q2_K ? 32 : 256;
}

/// Bytes of a block of stored weights; 0 for numbers that are no format.
static inline size_t volley_bytes_per_block(enum volley_format format) {
    switch (format) {
    case VOLLEY_F32: return 4;
    case VOLLEY_BF16: case VOLLEY_F16: return 2;
    case VOLLEY_Q8_0: return 34;
    case VOLLEY_Q4_0: case VOLLEY_IQ4_NL: return 18;
    case VOLLEY_Q4_1: return 20;
    case VOLLEY_Q5_0: return 22;
    case VOLLEY_Q5_1: return 24;
    case VOLLEY_Q2_K: return 84;
    case VOLLEY_Q3_K: return 110;
    case VOLLEY_Q4_K: return 144;
    case VOLLEY_Q5_K: return 176;
    case VOLLEY_Q6_K: return 210;
    case VOLLEY_IQ4_XS: return 136;
    default: return 0;
    }
}

/// Instruction sets. Call one only if `volley_isa_available` returns true for it.
enum volley_isa { VOLLEY_PORTABLE, VOLLEY_AVX2, VOLLEY_AVX_VNNI, VOLLEY_AVX512 };

/// The integers that activations are rounded to before a product with quantised weights.
enum volley_activations { VOLLEY_INT16, VOLLEY_INT8, VOLLEY_ACTIVATIONS_COUNT };

/// Header of a block of 32 rounded activations: value = scale · q, scale = max|x| / largest code, q rounded to nearest
/// even.
struct volley_activation_header {
    float scale;
    /// scale · Σ q, which multiplies the constant of a weight block.
    float scaled_sum;
    /// Σ q of each half, which corrects for weight codes that are stored with an offset.
    int32_t half_sums[2];
};

/// Bytes of a block of activations: header and 32 codes.
static inline size_t volley_activation_block_bytes(enum volley_activations activations) {
    return sizeof(struct volley_activation_header) + (activations == VOLLEY_INT8 ? 32 : 64);
}
/// Column, 0 to 31, of code `index` in a block. 8-bit codes are interleaved as in a panel's quads (kernels/panel.h).
static inline size_t volley_activation_column(enum volley_activations activations, size_t index) {
    if (activations == VOLLEY_INT16) return index;
    size_t quad = index / 4, byte = index % 4;
    return quad / 2 * 8 + quad % 2 * 2 + byte / 2 + byte % 2 * 4;
}

/// Matrix rows in a panel of quantised weights (layout: kernels/panel.h).
enum { VOLLEY_PANEL_ROWS = 16 };

/// Matmuls with at most this many rows of rounded activations can turn prefetching off.
enum { VOLLEY_PREFETCH_ROWS = 4 };

/// Query positions in one unit of attention work.
enum { VOLLEY_MAX_ROWS = 16 };

/// Positions in a key tile. Attention sums tile by tile, whatever the ring's layout.
enum { VOLLEY_KEY_TILE = 32 };
/// Positions in a key range. Each range is summed from zero and then merged with the ranges before it, so threads can
/// share the positions of a head.
enum { VOLLEY_KEY_RANGE = 1024 };
/// Most queries (positions × heads) that share a key tile.
enum { VOLLEY_QUERY_BLOCK = 64 };

/// Bytes of a row of `width` values, whole blocks.
static inline size_t volley_row_bytes(enum volley_format format, size_t width) {
    return width / volley_values_per_block(format) * volley_bytes_per_block(format);
}

/// Keys and values of one layer, `[kv_head][capacity][head_width]`, each float32, float16 or q8_0. With q8_0 the head's
/// width is a multiple of 32.
struct volley_ring {
    enum volley_format key_format, value_format;
    size_t capacity;
    /// Entry k is in slot k if k < sinks, else in slot sinks + (k − sinks) mod (capacity − sinks).
    size_t sinks;
    size_t kv_heads;
    size_t head_width;
};

/// Queries at ascending positions over one layer's ring. Positions count the ring's entries; RoPE's positions differ if
/// the trunk skips tokens.
struct volley_attention {
    struct volley_ring ring;
    const void *keys;
    const void *values;
    /// [row_count][heads · head_width]; rows are `query_stride` floats apart.
    const float *queries;
    size_t query_stride;
    /// [row_count][heads · head_width]
    float *output;
    size_t row_count;
    /// Positions of the queries, ascending: [row_count].
    const size_t *positions;
    size_t heads;
    /// Query p sees key k if k ≤ p and (k < sinks_seen or k ≥ window_starts[p − first_position]); ascending.
    const size_t *window_starts;
    size_t first_position;
    size_t sinks_seen;
    float scale;
};

/// Prefetch hints. They affect speed, never results.
struct volley_prefetch {
    /// Whether kernels prefetch weights in software, or leave it to the hardware prefetcher. Matmuls with more than
    /// VOLLEY_PREFETCH_ROWS rows of rounded activations always prefetch: they read too slowly for the hardware's guess.
    bool is_enabled;
    /// The address that the thread reads after this matmul, or NULL if unknown: then the bytes after the last row.
    const void *next;
};

/// One instruction set's kernels.
struct volley_kernels {
    /// output[m][n] = Σ_k weights[n][k] · input[m][k] for row_begin ≤ n < row_end and m < rows. Float formats: `input`
    /// is float [rows][columns]. Quantised formats: `weights` are panels, `row_begin` is the first row of a panel, and
    /// `input` is the output of `quantize` for each tile of `volley_row_tile_begin`.
    void (*matmul[VOLLEY_ACTIVATIONS_COUNT][VOLLEY_FORMAT_COUNT])(float *output, size_t output_stride,
                                                                  const void *weights, const void *input,
                                                                  size_t columns, size_t row_begin, size_t row_end,
                                                                  size_t rows, struct volley_prefetch prefetch);
    /// Converts one weight row to float32, exactly.
    void (*dequantize[VOLLEY_FORMAT_COUNT])(float *output, const void *row, size_t columns);
    /// Rounds one tile of activations, [rows][columns], to blocks, [columns / 32][rows]. Rows are `stride` floats
    /// apart; `columns` is a multiple of 32.
    void (*quantize[VOLLEY_ACTIVATIONS_COUNT])(void *output, const float *input, size_t stride, size_t columns,
                                               size_t rows);
    /// output = input · rsqrt(mean(input²) + epsilon) · weight; `output` may equal `input`.
    void (*rms_norm)(float *output, const float *input, const float *weight, size_t width, float epsilon);
    /// RoPE on one head in place. Value i pairs with value i + width / 2; the tables hold width / 2 values.
    void (*rotate)(float *head, const float *cosines, const float *sines, size_t width);
    /// output = gate / (1 + e^−gate) · up.
    void (*swiglu)(float *output, const float *gate, const float *up, size_t count);
    /// values = tanh(values).
    void (*tanh)(float *values, size_t count);
    /// output += input.
    void (*add)(float *output, const float *input, size_t count);
    /// output += factor · input.
    void (*add_scaled)(float *output, const float *input, float factor, size_t count);
    /// Index of the first largest value; `count` if any value is NaN or `count` is 0.
    size_t (*argmax)(const float *values, size_t count);
    /// Converts float32 to float16, to nearest even. Returns whether a finite value became infinite.
    bool (*to_f16)(uint16_t *output, const float *input, size_t count);
    /// Rounds float32 to blocks of q8_0; `count` is a multiple of 32. A code is the value ÷ the stored scale, to nearest
    /// even. A block with an infinity or NaN becomes NaN. Returns whether a finite block's scale became infinite.
    bool (*to_q8_0)(void *output, const float *input, size_t count);
    /// Attention of work units unit_begin ..< unit_end of `volley_attention_units`.
    void (*attend)(const struct volley_attention *attention, size_t unit_begin, size_t unit_end, float *scratch);
    /// Attention over single key ranges, for at most VOLLEY_MAX_ROWS rows: work units unit_begin ..< unit_end of
    /// kv_heads · `volley_attention_ranges`, into `partials`.
    void (*attend_ranges)(const struct volley_attention *attention, size_t unit_begin, size_t unit_end, float *scratch,
                          float *partials);
    /// Merges the `partials` of all ranges into the output. The result has the bits of `attend`.
    void (*merge_ranges)(const struct volley_attention *attention, float *scratch, const float *partials);
    /// Splits `count` floating-point words of 2 or 4 bytes into planes that compress well (layout: kernels/planes.h).
    void (*split_planes)(void *output, const void *input, size_t count, size_t width);
    /// Inverse of `split_planes`.
    void (*join_planes)(void *output, const void *input, size_t count, size_t width);
};

/// Whether this machine can run the kernels of `isa`.
bool volley_isa_available(enum volley_isa isa);
/// The kernels of `isa`, or the portable ones if this build has none.
const struct volley_kernels *volley_kernels_for(enum volley_isa isa);

/// Number of tiles, of at most 8 rows and nearly equal size, that a matmul cuts `rows` rows of activations into.
static inline size_t volley_row_tile_count(size_t rows) { return (rows + 7) / 8; }
/// The first row of tile `tile`.
static inline size_t volley_row_tile_begin(size_t rows, size_t tile) {
    return rows * tile / volley_row_tile_count(rows);
}

/// Bytes of one panel, a multiple of 64.
size_t volley_panel_bytes(enum volley_format format, size_t columns);
/// Packs `row_count` ≤ 16 quantised rows, contiguous in GGUF's layout, and fills the panel's other rows with zeros.
void volley_pack_panel(enum volley_format format, void *panel, const void *rows, size_t row_count, size_t columns);
/// Converts row `row` of a panel to float32, with the bits that `dequantize` gives for the packed row.
void volley_panel_row(enum volley_format format, float *output, const void *panel, size_t row, size_t columns);

/// Reads `count` bytes as fast as one core can, with or without software prefetch. The result has no meaning; it keeps
/// the compiler from removing the reads.
uint64_t volley_read(const void *bytes, size_t count, bool prefetches);

/// Number of independent work units of `attend`; a thread takes a run of them.
size_t volley_attention_units(const struct volley_attention *attention);
/// Number of key ranges up to the last query.
size_t volley_attention_ranges(const struct volley_attention *attention);
/// Floats of `partials`.
size_t volley_attention_partials(const struct volley_attention *attention);
/// Floats of scratch that one thread needs.
size_t volley_attention_scratch(size_t head_width);

/// Number of groups of at most VOLLEY_MAX_ROWS rows.
static inline size_t volley_row_blocks(size_t row_count) { return (row_count + VOLLEY_MAX_ROWS - 1) / VOLLEY_MAX_ROWS; }

/// Head width rounded up to whole vectors of any instruction set.
static inline size_t volley_scratch_width(size_t head_width) { return (head_width + 15) & ~(size_t)15; }

/// Slot of an entry.
static inline size_t volley_slot(const struct volley_ring *ring, size_t position) {
    return position < ring->sinks ? position : ring->sinks + (position - ring->sinks) % (ring->capacity - ring->sinks);
}

/// *least = min(*least, position), atomically.
static inline void volley_atomic_min(int64_t *least, int64_t position) {
    int64_t seen = __atomic_load_n(least, __ATOMIC_RELAXED);
    while (position < seen &&
           !__atomic_compare_exchange_n(least, &seen, position, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
}

static inline void volley_matmul(const struct volley_kernels *kernels, enum volley_activations activations,
                                 enum volley_format format, float *output, size_t output_stride, const void *weights,
                                 const void *input, size_t columns, size_t row_begin, size_t row_end, size_t rows,
                                 struct volley_prefetch prefetch) {
    kernels->matmul[activations][format](
        output, output_stride, weights, input, columns, row_begin, row_end, rows, prefetch);
}

static inline void volley_quantize(const struct volley_kernels *kernels, enum volley_activations activations,
                                   void *output, const float *input, size_t stride, size_t columns, size_t rows) {
    kernels->quantize[activations](output, input, stride, columns, rows);
}

static inline void volley_dequantize(const struct volley_kernels *kernels, enum volley_format format, float *output,
                                     const void *row, size_t columns) {
    kernels->dequantize[format](output, row, columns);
}

/// Prefetches a cache line into the L2 cache. Any address is allowed.
static inline void volley_prefetch_line(const void *line) { __builtin_prefetch(line, 0, 2); }

/// The processor's hint for a spin loop.
static inline void volley_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}
