/// SIMD kernels: no allocation, no I/O, no state. Sizes count elements unless they say bytes.
///
/// Every output element is computed in an order that depends neither on how many rows share a call nor on the slice that
/// a thread takes, so that a row alone and a row in a batch give the same bits.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Weight formats: GGUF's block layouts (ggml-common.h), rows contiguous, any alignment. Kernels multiply the plain ones
/// as they lie, the others in panels.
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
    // From here on: superblocks of 256 values.
    VOLLEY_Q2_K,
    VOLLEY_Q3_K,
    VOLLEY_Q4_K,
    VOLLEY_Q5_K,
    VOLLEY_Q6_K,
    VOLLEY_IQ4_XS,
    VOLLEY_FORMAT_COUNT
};

/// Instruction sets; each is callable wherever `volley_isa_available` says so.
enum volley_isa { VOLLEY_PORTABLE, VOLLEY_AVX2, VOLLEY_AVX_VNNI, VOLLEY_AVX512 };

/// What activations are rounded to before they meet quantised weights.
enum volley_activations { VOLLEY_INT16, VOLLEY_INT8, VOLLEY_ACTIVATIONS_COUNT };

/// What 32 rounded activations have beside their codes: value = scale · q, scale = max|x| / largest code, q rounded to
/// nearest even.
struct volley_block_header {
    float scale;
    /// scale · Σ q: what a weight block's constant part is multiplied by.
    float scaled_sum;
    /// Σ q of either half: what codes that are stored with an offset are too large by.
    int32_t half_sums[2];
};

/// Bytes of a block: its header, then its 32 codes.
static inline size_t volley_block_bytes(enum volley_activations activations) {
    return sizeof(struct volley_block_header) + (activations == VOLLEY_INT8 ? 32 : 64);
}
/// Which of the 32 values code `place` is; those of 8 bits are dealt as a panel's quads are (kernels/panel.h).
static inline size_t volley_block_column(enum volley_activations activations, size_t place) {
    if (activations == VOLLEY_INT16) return place;
    size_t quad = place / 4, byte = place % 4;
    return quad / 2 * 8 + quad % 2 * 2 + byte / 2 + byte % 2 * 4;
}

/// Rows of quantised weights that lie together in a panel (layout: kernels/panel.h).
enum { VOLLEY_PANEL_ROWS = 16 };

/// Most rows of rounded activations that can do without asking for weights ahead.
enum { VOLLEY_FETCHING_ROWS = 4 };

/// Positions that share an attention unit.
enum { VOLLEY_MAX_ROWS = 16 };

/// Positions in a key tile: attention adds up in this order whatever the ring's layout.
enum { VOLLEY_KEY_TILE = 32 };
/// Positions of a key range: what a query adds up in one starts from nothing, and joins the ranges before it, so that
/// threads may share a head's positions.
enum { VOLLEY_KEY_RANGE = 1024 };
/// Most query rows (positions × heads) that share a key tile.
enum { VOLLEY_QUERY_BLOCK = 64 };

/// Keys and values of one layer, `[kv_head][capacity][head_width]`, float16 or float32.
struct volley_ring {
    bool is_f16;
    size_t capacity;
    /// Position k sits in slot k below this, else in sinks + (k − sinks) mod (capacity − sinks).
    size_t sinks;
    size_t kv_heads;
    size_t head_width;
};

/// Queries at ascending positions over one layer's ring. A position is the ring's own count of keys here: where a trunk
/// never sees some tokens, RoPE has other ones.
struct volley_attention {
    struct volley_ring ring;
    const void *keys;
    const void *values;
    /// [row_count][heads · head_width], rows `query_stride` apart.
    const float *queries;
    size_t query_stride;
    /// [row_count][heads · head_width]
    float *output;
    size_t row_count;
    /// Of the queries, ascending: [row_count].
    const size_t *positions;
    size_t heads;
    /// Query p sees key k when k ≤ p and (k < sinks_seen or k ≥ window_starts[p − first_position]); ascending.
    const size_t *window_starts;
    size_t first_position;
    size_t sinks_seen;
    float scale;
};

/// How a matmul comes by its weights: a guess, and if it is wrong, it costs time alone.
struct volley_fetching {
    /// Whether kernels ask for weights long before they need them, or leave that to what the processor does by itself.
    /// Up to VOLLEY_FETCHING_ROWS rows of rounded activations heed it; more are too slow for what a processor would guess.
    bool asks_ahead;
    /// Where the thread will go on reading: memory is asked for there before the last rows are done. NULL: behind them.
    const void *next;
};

/// One instruction set's kernels.
struct volley_kernels {
    /// output[m][n] = Σ_k weights[n][k] · input[m][k] for rows n in row_begin ..< row_end, m < rows.
    /// Plain formats: `input` is float [rows][columns]. The others: `weights` are panels, `row_begin` is the first row of
    /// one, and `input` is what `quantize` made of it, part by part of `volley_part_begin`.
    void (*matmul[VOLLEY_ACTIVATIONS_COUNT][VOLLEY_FORMAT_COUNT])(float *output, size_t output_stride,
                                                                  const void *weights, const void *input,
                                                                  size_t columns, size_t row_begin, size_t row_end,
                                                                  size_t rows, struct volley_fetching fetching);
    /// One weight row as float32, exactly.
    void (*dequantize[VOLLEY_FORMAT_COUNT])(float *output, const void *row, size_t columns);
    /// Rounds one part's activations [rows][columns], rows `stride` apart, columns a multiple of 32, to blocks
    /// [columns / 32][rows].
    void (*quantize[VOLLEY_ACTIVATIONS_COUNT])(void *output, const float *input, size_t stride, size_t columns,
                                               size_t rows);
    /// output = input · rsqrt(mean(input²) + epsilon) · weight; output may be input.
    void (*rms_norm)(float *output, const float *input, const float *weight, size_t width, float epsilon);
    /// RoPE on one head in place: value i pairs with i + width / 2; tables hold width / 2 values.
    void (*rotate)(float *head, const float *cosines, const float *sines, size_t width);
    /// output = gate / (1 + e^−gate) · up.
    void (*swiglu)(float *output, const float *gate, const float *up, size_t count);
    /// values = tanh(values).
    void (*tanh)(float *values, size_t count);
    /// output += input.
    void (*add)(float *output, const float *input, size_t count);
    /// output += factor · input.
    void (*add_scaled)(float *output, const float *input, float factor, size_t count);
    /// The first place of the largest of `count` values; `count` where one is NaN, or there is none.
    size_t (*argmax)(const float *values, size_t count);
    /// float32 to float16, nearest even. Returns whether a finite value became infinite.
    bool (*to_f16)(uint16_t *output, const float *input, size_t count);
    /// Attention of work units unit_begin ..< unit_end of `volley_attention_units`.
    void (*attend)(const struct volley_attention *attention, size_t unit_begin, size_t unit_end, float *scratch);
    /// What the queries of at most VOLLEY_MAX_ROWS rows add up in single ranges: work units unit_begin ..< unit_end of
    /// kv_heads · `volley_attention_ranges`, into `partials`.
    void (*attend_ranges)(const struct volley_attention *attention, size_t unit_begin, size_t unit_end, float *scratch,
                          float *partials);
    /// The attention that all ranges' `partials` come to: the bits that `attend` gives.
    void (*join_ranges)(const struct volley_attention *attention, float *scratch, const float *partials);
    /// `count` floating-point words of 2 or 4 bytes taken apart into planes that compress (layout: kernels/planes.h).
    void (*split_planes)(void *output, const void *input, size_t count, size_t width);
    /// Undoes `split_planes`.
    void (*join_planes)(void *output, const void *input, size_t count, size_t width);
};

/// Whether this machine can run the kernels of `isa`.
bool volley_isa_available(enum volley_isa isa);
/// The kernels of `isa`; the portable ones where this build has none.
const struct volley_kernels *volley_kernels_for(enum volley_isa isa);

/// The parts, of 8 rows at most and as equal as can be, in which `rows` rows of activations are multiplied.
static inline size_t volley_part_count(size_t rows) { return (rows + 7) / 8; }
/// The first row of part `part`.
static inline size_t volley_part_begin(size_t rows, size_t part) { return rows * part / volley_part_count(rows); }

/// Bytes of one panel, a multiple of 64.
size_t volley_panel_bytes(enum volley_format format, size_t columns);
/// Packs `row_count` ≤ 16 quantised rows, contiguous in GGUF's layout; the panel's other rows are zeros.
void volley_pack_panel(enum volley_format format, void *panel, const void *rows, size_t row_count, size_t columns);
/// Row `row` of a panel as float32: the bits that `dequantize` makes of what was packed.
void volley_panel_row(enum volley_format format, float *output, const void *panel, size_t row, size_t columns);

/// Reads `count` bytes as fast as one core can in either of the ways of `volley_fetching`; the result is good for nothing
/// but keeping the compiler from leaving it out.
uint64_t volley_read(const void *bytes, size_t count, bool asks_ahead);

/// Independent pieces that attention can be cut into; threads take runs of them.
size_t volley_attention_units(const struct volley_attention *attention);
/// Key ranges that some query may see.
size_t volley_attention_ranges(const struct volley_attention *attention);
/// Floats of `partials`.
size_t volley_attention_partials(const struct volley_attention *attention);
/// Floats of scratch that one thread needs.
size_t volley_attention_scratch(size_t head_width);

/// Blocks of VOLLEY_MAX_ROWS rows.
static inline size_t volley_row_blocks(size_t row_count) { return (row_count + VOLLEY_MAX_ROWS - 1) / VOLLEY_MAX_ROWS; }

/// A head's width rounded up to whole vectors of any instruction set.
static inline size_t volley_scratch_width(size_t head_width) { return (head_width + 15) & ~(size_t)15; }

static inline size_t volley_slot(const struct volley_ring *ring, size_t position) {
    return position < ring->sinks ? position : ring->sinks + (position - ring->sinks) % (ring->capacity - ring->sinks);
}

/// *least = min(*least, position). Threads may call it at once.
static inline void volley_lower(int64_t *least, int64_t position) {
    int64_t seen = __atomic_load_n(least, __ATOMIC_RELAXED);
    while (position < seen &&
           !__atomic_compare_exchange_n(least, &seen, position, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
}

static inline void volley_matmul(const struct volley_kernels *kernels, enum volley_activations activations,
                                 enum volley_format format, float *output, size_t output_stride, const void *weights,
                                 const void *input, size_t columns, size_t row_begin, size_t row_end, size_t rows,
                                 struct volley_fetching fetching) {
    kernels->matmul[activations][format](
        output, output_stride, weights, input, columns, row_begin, row_end, rows, fetching);
}

static inline void volley_quantize(const struct volley_kernels *kernels, enum volley_activations activations,
                                   void *output, const float *input, size_t stride, size_t columns, size_t rows) {
    kernels->quantize[activations](output, input, stride, columns, rows);
}

static inline void volley_dequantize(const struct volley_kernels *kernels, enum volley_format format, float *output,
                                     const void *row, size_t columns) {
    kernels->dequantize[format](output, row, columns);
}

/// Asks for a cache line without waiting for it; no address is wrong.
static inline void volley_fetch(const void *line) { __builtin_prefetch(line, 0, 2); }

/// Tells the processor that a loop waits for another thread.
static inline void volley_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}
