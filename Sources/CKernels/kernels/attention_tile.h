// Attention over one tile of positions: scores, weights and weighted sums of values. Keys and values are converted to
// float32 as they are loaded.
#pragma once

#include "lane_sums.h"

/// State of the online softmax: Σ weight · value, [count][width], Σ weight, and the largest score, which weights are
/// relative to.
typedef struct {
    float *values;
    float total[VOLLEY_QUERY_BLOCK], largest[VOLLEY_QUERY_BLOCK];
} query_sums;

/// The queries of one work unit: `count` = `rows` · `heads`, for query heads of one KV head.
typedef struct {
    size_t row, rows, head, heads, count;
    /// Their KV head, and the end of the positions that some query sees.
    size_t kv_head, end;
    /// Floats of a scratch row: the head width padded with zeros to whole vectors.
    size_t width;
    /// [count][width], [count][VOLLEY_KEY_TILE]
    float *queries, *weights;
    /// Converted keys or values of one tile: [VOLLEY_KEY_TILE][width].
    float *converted;
    query_sums *sums;
} query_block;

/// A tile, positions `start ..< start + VOLLEY_KEY_TILE`, of which some query may see `first ..< end`.
typedef struct {
    size_t start, first, end;
    /// The row of each position in the slab of keys or values.
    size_t rows[VOLLEY_KEY_TILE];
} key_tile;

/// A tile's keys or values: position j is at `base` + `rows[j]` · `row_bytes`.
typedef struct {
    enum volley_format format;
    const char *base;
    size_t row_bytes;
    const size_t *rows;
    /// Values in a row.
    size_t width;
} tile_rows;

INLINE const char *tile_row(const tile_rows *rows, size_t j) { return rows->base + rows->rows[j] * rows->row_bytes; }

/// Cache lines that are prefetched a few at each step, so that memory and arithmetic overlap: `next` from memory into
/// L2, and as many nearer ones, `near`, from L2 into L1.
typedef struct {
    const char *next, *end, *near;
    size_t lines;
} line_stream;

INLINE void prefetch_step(line_stream *s) {
    for (size_t i = 0; i < s->lines && s->next < s->end; i++, s->next += 64, s->near += 64) {
        volley_prefetch_line(s->next);
        prefetch_near(s->near);
    }
}

/// Values k ..< k + LANES of a key or value; zeros after the head's width unless `is_whole`, as rows of q8_0 always are. A
/// code · scale of q8_0 is exact, as it has 19 bits.
INLINE lane_floats ring_values(enum volley_format format, bool is_whole, size_t width, const char *row, size_t k) {
    if (format == VOLLEY_Q8_0) {
        const char *block = row + k / 32 * 34;
        lane_signed_bytes codes;
        memcpy(&codes, block + 2 + k % 32, sizeof codes);
        return __builtin_convertvector(codes, lane_floats) * lane_all(f16_value(block));
    }
    bool is_f16 = format == VOLLEY_F16;
    if (is_whole) return is_f16 ? lane_f16(row + 2 * k) : lane_load((const float *)(const void *)row + k);
    lane_floats values = {0};
    for (size_t i = 0; k + i < width; i++) {
        const char *p = row + (is_f16 ? 2 : 4) * (k + i);
        float value;
        if (is_f16) value = f16_value(p);
        else memcpy(&value, p, sizeof value);
        values[i] = value;
    }
    return values;
}

/// Values that are read together: those of a block share its scale.
INLINE size_t step_of(enum volley_format format) { return format == VOLLEY_Q8_0 ? 32 : LANES; }

/// Converts one key or value, of `width` values, to float32.
INLINE void convert_row(enum volley_format format, float *output, const char *row, size_t width) {
    size_t k = 0, step = step_of(format);
    for (; k + step <= width; k += step)
#pragma clang loop unroll(full)
        for (size_t i = 0; i < step; i += LANES)
            lane_store(output + k + i, ring_values(format, true, width, row, k + i));
    for (; k < width; k++) output[k] = f16_value(row + 2 * k);
}

/// Converts a tile's keys or values to float32.
INLINE tile_rows convert_rows(enum volley_format format, const query_block *q, const tile_rows *source) {
    static const size_t in_order[VOLLEY_KEY_TILE] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                                     16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
    for (size_t j = 0; j < VOLLEY_KEY_TILE; j++)
        convert_row(format, q->converted + j * q->width, tile_row(source, j), source->width);
    return (tile_rows){VOLLEY_F32, (const char *)q->converted, q->width * sizeof(float), in_order, source->width};
}

/// sums += queries · keys for columns k ..< k + LANES.
INLINE void score_columns(enum volley_format format, bool is_whole, size_t N, lane_floats *sums, const query_block *q, size_t n,
                          const char *const *rows, size_t width, size_t k) {
    size_t at_once = LANES / N;
    lane_floats keys[LANES];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < at_once; i++) keys[i] = ring_values(format, is_whole, width, rows[i], k);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < LANES; i++)
        sums[i] += lane_load(q->queries + (n + i / at_once) * q->width + k) * keys[i % at_once];
}

/// Scores of the N queries from `n` on for every key of a tile, LANES sums at a time, which share their loads.
INLINE void score_keys(const query_block *q, enum volley_format format, size_t N, size_t n, const tile_rows *keys,
                       line_stream *ahead) {
    size_t at_once = LANES / N, width = keys->width, step = step_of(format);
    for (size_t j = 0; j < VOLLEY_KEY_TILE; j += at_once) {
        lane_floats sums[LANES] = {0};
        const char *rows[LANES];
#pragma clang loop unroll(full)
        for (size_t i = 0; i < at_once; i++) rows[i] = tile_row(keys, j + i);
        size_t k = 0;
        for (; k + step <= width; k += step) {
            prefetch_step(ahead);
#pragma clang loop unroll(full)
            for (size_t i = 0; i < step; i += LANES)
                score_columns(format, true, N, sums, q, n, rows, width, k + i);
        }
        if (k < width) score_columns(format, false, N, sums, q, n, rows, width, k);
        lane_floats products = lane_totals(sums);
#pragma clang loop unroll(full)
        for (size_t m = 0; m < N; m++)
            memcpy(q->weights + (n + m) * VOLLEY_KEY_TILE + j, (const char *)&products + 4 * m * at_once, 4 * at_once);
    }
}

/// Replaces scores by weights relative to the largest score so far, and rescales the query's sums to match.
static void rescale(query_block *q, size_t n, float *scores) {
    lane_floats best = lane_load(scores), total = {0};
    for (int j = LANES; j < VOLLEY_KEY_TILE; j += LANES) best = lane_max(best, lane_load(scores + j));
    float largest = lane_largest(best);
    if (largest > q->sums->largest[n]) {
        float factor = lane_exp(lane_all(q->sums->largest[n] - largest))[0];
        q->sums->largest[n] = largest;
        q->sums->total[n] *= factor;
        float *sums = q->sums->values + n * q->width;
        for (size_t k = 0; k < q->width; k += LANES) lane_store(sums + k, lane_load(sums + k) * factor);
    }
    for (int j = 0; j < VOLLEY_KEY_TILE; j += LANES) {
        lane_floats weights = lane_exp(lane_load(scores + j) - q->sums->largest[n]);
        lane_store(scores + j, weights);
        total += weights;
    }
    q->sums->total[n] += lane_sum(total);
}

/// sums += Σ weight · value, key by key, for the N queries from `n` on and V vectors of columns from `k` on.
INLINE void add_value_columns(query_block *q, enum volley_format format, bool is_whole, size_t N, size_t V, size_t n,
                              size_t k, const key_tile *tile, const tile_rows *rows, line_stream *ahead) {
    lane_floats sums[LANES];
    float *targets = q->sums->values + n * q->width + k;
#pragma clang loop unroll(full)
    for (size_t i = 0; i < N * V; i++) sums[i] = lane_load(targets + i / V * q->width + i % V * LANES);
    for (size_t j = tile->first - tile->start; j < tile->end - tile->start; j++) {
        prefetch_step(ahead);
        const char *row = tile_row(rows, j);
        const float *weights = q->weights + n * VOLLEY_KEY_TILE + j;
        lane_floats values[LANES];
#pragma clang loop unroll(full)
        for (size_t i = 0; i < V; i++)
            values[i] = ring_values(format, is_whole, rows->width, row, k + i * LANES);
#pragma clang loop unroll(full)
        for (size_t i = 0; i < N * V; i++) sums[i] += weights[i / V * VOLLEY_KEY_TILE] * values[i % V];
    }
#pragma clang loop unroll(full)
    for (size_t i = 0; i < N * V; i++) lane_store(targets + i / V * q->width + i % V * LANES, sums[i]);
}

/// sums += Σ weight · value for the N queries from `n` on, with as many independent sums as possible.
INLINE void add_values(query_block *q, enum volley_format format, size_t N, size_t n, const key_tile *tile, const tile_rows *rows,
                       line_stream *ahead) {
    size_t most = LANES / N, some = most < 4 ? most : 4, k = 0, width = rows->width;
    for (; k + most * LANES <= width; k += most * LANES)
        add_value_columns(q, format, true, N, most, n, k, tile, rows, ahead);
    for (; k + some * LANES <= width; k += some * LANES)
        add_value_columns(q, format, true, N, some, n, k, tile, rows, ahead);
    for (; k + LANES <= width; k += LANES) add_value_columns(q, format, true, N, 1, n, k, tile, rows, ahead);
    if (k < width) add_value_columns(q, format, false, N, 1, n, k, tile, rows, ahead);
}
