// Attention over the ring: online softmax over tiles of 32 absolute positions (arXiv 2205.14135), so that a query's sums
// are in the same order whatever the ring's layout, the window or its neighbours in the pass.
#pragma once

#include "vector.h"

/// The pass's queries that one work unit answers: `count` heads of one kv head at each of `rows` positions.
typedef struct {
    size_t row, rows, head, heads;
    /// Head width rounded up to whole vectors; scratch rows are padded with zeros.
    size_t width;
    float *queries, *sums, *keys, *values;
    float largest[VOLLEY_QUERY_BLOCK], total[VOLLEY_QUERY_BLOCK];
} query_block;

INLINE bool is_visible(const struct volley_attention *a, size_t key, size_t query) {
    return key <= query && (key < a->ring.sinks || query - key < a->window);
}

static void load_queries(const struct volley_attention *a, query_block *q) {
    size_t n = 0;
    for (size_t row = q->row; row < q->row + q->rows; row++) {
        for (size_t head = q->head; head < q->head + q->heads; head++, n++) {
            const float *source = a->queries + row * a->query_stride + head * a->ring.head_width;
            float *target = q->queries + n * q->width;
            for (size_t k = 0; k < q->width; k++) target[k] = k < a->ring.head_width ? source[k] * a->scale : 0;
            memset(q->sums + n * q->width, 0, q->width * sizeof(float));
            q->largest[n] = -INFINITY;
            q->total[n] = 0;
        }
    }
}

/// Positions of one tile that some query of the block may see: `first ..< end` of `start ..< start + VOLLEY_KEY_TILE`.
typedef struct {
    size_t start, first, end;
} key_tile;

/// Keys or values of a tile as float32, padded, each in the place that its position has in the tile.
static void load_tile(const struct volley_attention *a, const query_block *q, const void *source, float *rows,
                      key_tile tile) {
    size_t head_width = a->ring.head_width;
    size_t kv_head = q->head / (a->heads / a->ring.kv_heads);
    for (size_t key = tile.first; key < tile.end; key++) {
        float *row = rows + (key - tile.start) * q->width;
        size_t offset = (kv_head * a->ring.capacity + volley_slot(&a->ring, key)) * head_width, k = 0;
        if (a->ring.is_f16) {
            const uint16_t *halves = (const uint16_t *)source + offset;
            for (; k + 8 <= head_width; k += 8) f8_store(row + k, f16_load(halves + k));
            for (; k < head_width; k++) row[k] = f16_value(halves + k);
        } else {
            const float *floats = (const float *)source + offset;
            memcpy(row, floats, head_width * sizeof(float));
            k = head_width;
        }
        for (; k < q->width; k++) row[k] = 0;
    }
}

/// Scores of one query against a tile, −∞ where it does not see a key; false where it sees none.
static bool score(const struct volley_attention *a, const query_block *q, size_t n, key_tile tile, float *scores) {
    const float *query = q->queries + n * q->width;
    size_t position = a->first_position + q->row + n / q->heads;
    bool sees_any = false;
    for (size_t j = 0; j < VOLLEY_KEY_TILE; j++) scores[j] = -INFINITY;
    for (size_t key = tile.first; key < tile.end; key++) {
        if (!is_visible(a, key, position)) continue;
        const float *row = q->keys + (key - tile.start) * q->width;
        f8 sum = {0};
        for (size_t k = 0; k < q->width; k += 8) sum += f8_load(query + k) * f8_load(row + k);
        scores[key - tile.start] = f8_sum(sum);
        sees_any = true;
    }
    return sees_any;
}

/// Turns scores into weights relative to the largest so far, and brings the query's sums to the same measure.
static void rescale(query_block *q, size_t n, float *scores) {
    f8 best = f8_load(scores);
    for (int j = 8; j < VOLLEY_KEY_TILE; j += 8) best = __builtin_elementwise_max(best, f8_load(scores + j));
    float largest = f8_largest(best);
    if (largest < q->largest[n]) largest = q->largest[n];
    float factor = f8_exp(f8_all(q->largest[n] - largest))[0];
    f8 total = {0};
    for (int j = 0; j < VOLLEY_KEY_TILE; j += 8) {
        f8 weight = f8_exp(f8_load(scores + j) - largest);
        f8_store(scores + j, weight);
        total += weight;
    }
    q->total[n] = q->total[n] * factor + f8_sum(total);
    q->largest[n] = largest;
    if (factor != 1) {
        float *sums = q->sums + n * q->width;
        for (size_t k = 0; k < q->width; k += 8) f8_store(sums + k, f8_load(sums + k) * factor);
    }
}

/// sums += Σ weight · value, key by key.
static void mix(query_block *q, size_t n, key_tile tile, const float *weights) {
    float *sums = q->sums + n * q->width;
    for (size_t k = 0; k < q->width; k += 8) {
        f8 sum = f8_load(sums + k);
        for (size_t j = tile.first - tile.start; j < tile.end - tile.start; j++) {
            if (weights[j] != 0) sum += weights[j] * f8_load(q->values + j * q->width + k);
        }
        f8_store(sums + k, sum);
    }
}

static void attend_tile(const struct volley_attention *a, query_block *q, key_tile tile) {
    load_tile(a, q, a->keys, q->keys, tile);
    load_tile(a, q, a->values, q->values, tile);
    for (size_t n = 0; n < q->rows * q->heads; n++) {
        float scores[VOLLEY_KEY_TILE];
        if (!score(a, q, n, tile, scores)) continue;
        rescale(q, n, scores);
        mix(q, n, tile, scores);
    }
}

/// The first position from `key` on that some query from `first_query` on may see.
INLINE size_t next_visible(const struct volley_attention *a, size_t key, size_t first_query) {
    size_t window_start = a->window > first_query ? 0 : first_query + 1 - a->window;
    return key < a->ring.sinks || key > window_start ? key : window_start;
}

static void attend_block(const struct volley_attention *a, query_block *q) {
    load_queries(a, q);
    size_t first_query = a->first_position + q->row, end = first_query + q->rows;
    for (size_t key = next_visible(a, 0, first_query); key < end;) {
        size_t start = key - key % VOLLEY_KEY_TILE, next = start + VOLLEY_KEY_TILE;
        attend_tile(a, q, (key_tile){start, key, next < end ? next : end});
        key = next_visible(a, next, first_query);
    }
    size_t n = 0;
    for (size_t row = q->row; row < q->row + q->rows; row++) {
        for (size_t head = q->head; head < q->head + q->heads; head++, n++) {
            float *output = a->output + (row * a->heads + head) * a->ring.head_width;
            for (size_t k = 0; k < a->ring.head_width; k++) output[k] = q->sums[n * q->width + k] / q->total[n];
        }
    }
}

static void attend(const struct volley_attention *a, size_t unit, size_t unit_end, float *scratch) {
    size_t group = a->heads / a->ring.kv_heads;
    query_block q = {.width = (a->ring.head_width + 7) & ~(size_t)7};
    q.queries = scratch;
    q.sums = q.queries + VOLLEY_QUERY_BLOCK * q.width;
    q.keys = q.sums + VOLLEY_QUERY_BLOCK * q.width;
    q.values = q.keys + VOLLEY_KEY_TILE * q.width;
    for (; unit < unit_end; unit += q.heads) {
        q.row = unit / a->heads * VOLLEY_MAX_ROWS;
        q.rows = a->row_count - q.row < VOLLEY_MAX_ROWS ? a->row_count - q.row : VOLLEY_MAX_ROWS;
        q.head = unit % a->heads;
        size_t of_group = group - q.head % group, fitting = VOLLEY_QUERY_BLOCK / q.rows;
        q.heads = of_group < fitting ? of_group : fitting;
        if (q.heads > unit_end - unit) q.heads = unit_end - unit;
        attend_block(a, &q);
    }
}
