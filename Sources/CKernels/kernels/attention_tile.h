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
    /// Their KV head, the bytes of one key or value in the ring, and the end of the positions that some query sees.
    size_t kv_head, row_bytes, end;
    /// Floats of a scratch row: the head width padded with zeros to whole vectors.
    size_t width;
    /// [count][width], [count][VOLLEY_KEY_TILE]
    float *queries, *weights;
    query_sums *sums;
} query_block;

/// A tile, positions `start ..< start + VOLLEY_KEY_TILE`, of which some query may see `first ..< end`.
typedef struct {
    size_t start, first, end;
    /// Byte offset of each position's key and value.
    size_t offsets[VOLLEY_KEY_TILE];
} key_tile;

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

/// Values k ..< k + LANES of a key or value; zeros after the head's width unless `is_whole`.
INLINE lane_floats ring_values(bool is_f16, bool is_whole, size_t width, const char *row, size_t k) {
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

/// sums += queries · keys for columns k ..< k + LANES.
INLINE void score_columns(bool is_f16, bool is_whole, size_t N, lane_floats *sums, const query_block *q, size_t n,
                          const char *const *rows, size_t width, size_t k) {
    size_t at_once = LANES / N;
    lane_floats keys[LANES];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < at_once; i++) keys[i] = ring_values(is_f16, is_whole, width, rows[i], k);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < LANES; i++)
        sums[i] += lane_load(q->queries + (n + i / at_once) * q->width + k) * keys[i % at_once];
}

/// Scores of the N queries from `n` on for every key of a tile, LANES sums at a time, which share their loads.
INLINE void score_keys(const struct volley_attention *a, const query_block *q, bool is_f16, size_t N, size_t n,
                       const key_tile *tile, line_stream *ahead) {
    size_t at_once = LANES / N, width = a->ring.head_width;
    for (size_t j = 0; j < VOLLEY_KEY_TILE; j += at_once) {
        lane_floats sums[LANES] = {0};
        const char *rows[LANES];
#pragma clang loop unroll(full)
        for (size_t i = 0; i < at_once; i++) rows[i] = (const char *)a->keys + tile->offsets[j + i];
        size_t k = 0;
        for (; k + LANES <= width; k += LANES) {
            prefetch_step(ahead);
            score_columns(is_f16, true, N, sums, q, n, rows, width, k);
        }
        if (k < width) score_columns(is_f16, false, N, sums, q, n, rows, width, k);
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
INLINE void add_value_columns(const struct volley_attention *a, query_block *q, bool is_f16, bool is_whole,
                              size_t N, size_t V, size_t n, size_t k, const key_tile *tile, line_stream *ahead) {
    lane_floats sums[LANES];
    float *targets = q->sums->values + n * q->width + k;
#pragma clang loop unroll(full)
    for (size_t i = 0; i < N * V; i++) sums[i] = lane_load(targets + i / V * q->width + i % V * LANES);
    for (size_t j = tile->first - tile->start; j < tile->end - tile->start; j++) {
        prefetch_step(ahead);
        const char *row = (const char *)a->values + tile->offsets[j];
        const float *weights = q->weights + n * VOLLEY_KEY_TILE + j;
        lane_floats values[LANES];
#pragma clang loop unroll(full)
        for (size_t i = 0; i < V; i++)
            values[i] = ring_values(is_f16, is_whole, a->ring.head_width, row, k + i * LANES);
#pragma clang loop unroll(full)
        for (size_t i = 0; i < N * V; i++) sums[i] += weights[i / V * VOLLEY_KEY_TILE] * values[i % V];
    }
#pragma clang loop unroll(full)
    for (size_t i = 0; i < N * V; i++) lane_store(targets + i / V * q->width + i % V * LANES, sums[i]);
}

/// sums += Σ weight · value for the N queries from `n` on, with as many independent sums as possible.
INLINE void add_values(const struct volley_attention *a, query_block *q, bool is_f16, size_t N, size_t n,
                       const key_tile *tile, line_stream *ahead) {
    size_t most = LANES / N, some = most < 4 ? most : 4, k = 0, width = a->ring.head_width;
    for (; k + most * LANES <= width; k += most * LANES)
        add_value_columns(a, q, is_f16, true, N, most, n, k, tile, ahead);
    for (; k + some * LANES <= width; k += some * LANES)
        add_value_columns(a, q, is_f16, true, N, some, n, k, tile, ahead);
    for (; k + LANES <= width; k += LANES) add_value_columns(a, q, is_f16, true, N, 1, n, k, tile, ahead);
    if (k < width) add_value_columns(a, q, is_f16, false, N, 1, n, k, tile, ahead);
}
