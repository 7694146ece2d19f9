// Attention over the ring: online softmax over tiles of 32 absolute positions (arXiv 2205.14135), so that a query's sums
// are in the same order whatever the ring's layout, the window or its neighbours in the pass.
#pragma once

#include "lanes.h"

/// The pass's queries that one work unit answers: `count` = `rows` · `heads`, heads of one kv head.
typedef struct {
    size_t row, rows, head, heads, count;
    /// Of a scratch row, padded with zeros: whole vectors.
    size_t width;
    /// [count][width], [count][width], [VOLLEY_KEY_TILE][width], [count][VOLLEY_KEY_TILE]
    float *queries, *sums, *tile, *weights;
    float largest[VOLLEY_QUERY_BLOCK], total[VOLLEY_QUERY_BLOCK];
} query_block;

/// Positions of one tile that some query of the block may see: `first ..< end` of `start ..< start + VOLLEY_KEY_TILE`.
typedef struct {
    size_t start, first, end;
} key_tile;

INLINE bool is_visible(const struct volley_attention *a, size_t key, size_t query) {
    return key <= query && (key < a->ring.sinks || query - key < a->window);
}

INLINE size_t query_position(const struct volley_attention *a, const query_block *q, size_t n) {
    return a->positions[q->row + n / q->heads];
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

/// Where the tile's positions begin in keys and values, in bytes, each in the place that it has in the tile.
static void find_rows(const struct volley_attention *a, const query_block *q, key_tile tile, size_t *places) {
    size_t kv_head = q->head / (a->heads / a->ring.kv_heads), row_bytes = a->ring.head_width * (a->ring.is_f16 ? 2 : 4);
    size_t slot = volley_slot(&a->ring, tile.first);
    for (size_t key = tile.first; key < tile.end; key++) {
        places[key - tile.start] = (kv_head * a->ring.capacity + slot) * row_bytes;
        slot = slot + 1 == a->ring.capacity ? a->ring.sinks : slot + 1;
    }
}

/// Values k ..< k + LANES of a ring's row, zeros beyond the head's width.
INLINE lane_floats ring_values(const struct volley_attention *a, const char *row, size_t k) {
    bool is_f16 = a->ring.is_f16;
    if (k + LANES <= a->ring.head_width) {
        return is_f16 ? lane_f16(row + 2 * k) : lane_load((const float *)(const void *)row + k);
    }
    lane_floats values = {0};
    for (size_t i = 0; k + i < a->ring.head_width; i++) {
        const char *p = row + (is_f16 ? 2 : 4) * (k + i);
        float value;
        if (is_f16) value = f16_value(p);
        else memcpy(&value, p, sizeof value);
        values[i] = value;
    }
    return values;
}

/// Asks for the tile's values, which are needed once its keys are multiplied.
static void fetch_values(const struct volley_attention *a, key_tile tile, const size_t *places) {
    size_t row_bytes = a->ring.head_width * (a->ring.is_f16 ? 2 : 4);
    for (size_t key = tile.first; key < tile.end; key++) {
        const char *row = (const char *)a->values + places[key - tile.start];
        for (size_t line = 0; line < row_bytes; line += 64) volley_fetch(row + line);
    }
}

/// The tile's keys, or its values, as float32, each in the place that its position has in the tile. Other places keep what they
/// had: scores against them are hidden, and no value is read there.
static void load_tile(const struct volley_attention *a, const query_block *q, key_tile tile, const void *source,
                      const size_t *places) {
    size_t row_bytes = a->ring.head_width * (a->ring.is_f16 ? 2 : 4);
    for (size_t key = tile.first; key < tile.end; key++) {
        const char *row = (const char *)source + places[key - tile.start];
        for (size_t line = 0; line < row_bytes; line += 64) fetch_ahead(row + line, 64);
        float *target = q->tile + (key - tile.start) * q->width;
        for (size_t k = 0; k < q->width; k += LANES) lane_store(target + k, ring_values(a, row, k));
    }
}

/// Whether a query sees every position of a whole tile.
INLINE bool sees_all(const struct volley_attention *a, key_tile tile, size_t query) {
    return tile.first == tile.start && tile.end == tile.start + VOLLEY_KEY_TILE && tile.end <= query + 1 &&
           (tile.end <= a->ring.sinks || query - tile.start < a->window);
}

/// Products of the N queries from `n` on with every key of a tile: 8 sums at a time, which share their loads.
INLINE void multiply_keys(const query_block *q, size_t N, size_t n) {
    size_t at_once = 8 / N;
    for (size_t j = 0; j < VOLLEY_KEY_TILE; j += at_once) {
        lane_floats sums[8] = {0};
        const float *keys = q->tile + j * q->width, *queries = q->queries + n * q->width;
        for (size_t k = 0; k < q->width; k += LANES) {
#pragma clang loop unroll(full)
            for (size_t i = 0; i < 8; i++)
                sums[i] += lane_load(queries + i / at_once * q->width + k) * lane_load(keys + i % at_once * q->width + k);
        }
#pragma clang loop unroll(full)
        for (size_t i = 0; i < 8; i += 4) {
            four_floats products = lane_sums(sums[i], sums[i + 1], sums[i + 2], sums[i + 3]);
            memcpy(q->weights + (n + i / at_once) * VOLLEY_KEY_TILE + j + i % at_once, &products, sizeof products);
        }
    }
}

/// Makes a query's scores −∞ where it does not see a key; false where it sees none.
static bool hide_unseen(const struct volley_attention *a, const query_block *q, size_t n, key_tile tile, float *scores) {
    size_t position = query_position(a, q, n);
    if (sees_all(a, tile, position)) return true;
    bool sees_any = false;
    for (size_t j = 0; j < VOLLEY_KEY_TILE; j++) {
        size_t key = tile.start + j;
        bool sees = key >= tile.first && key < tile.end && is_visible(a, key, position);
        if (!sees) scores[j] = -INFINITY;
        sees_any |= sees;
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

/// sums += Σ weight · value, key by key, of the N queries from `n` on and V vectors of columns from `k` on.
INLINE void mix_columns(query_block *q, size_t N, size_t V, size_t n, size_t k, key_tile tile) {
    lane_floats sums[8];
    float *targets = q->sums + n * q->width + k;
#pragma clang loop unroll(full)
    for (size_t i = 0; i < N * V; i++) sums[i] = lane_load(targets + i / V * q->width + i % V * LANES);
    for (size_t j = tile.first - tile.start; j < tile.end - tile.start; j++) {
        const float *values = q->tile + j * q->width + k, *weights = q->weights + n * VOLLEY_KEY_TILE + j;
#pragma clang loop unroll(full)
        for (size_t i = 0; i < N * V; i++)
            sums[i] += weights[i / V * VOLLEY_KEY_TILE] * lane_load(values + i % V * LANES);
    }
#pragma clang loop unroll(full)
    for (size_t i = 0; i < N * V; i++) lane_store(targets + i / V * q->width + i % V * LANES, sums[i]);
}

/// Eight sums at a time, so that none waits for itself.
INLINE void mix(query_block *q, size_t N, size_t n, key_tile tile) {
    size_t V = 8 / N, k = 0;
    for (; k + V * LANES <= q->width; k += V * LANES) mix_columns(q, N, V, n, k, tile);
    for (; k < q->width; k += LANES) mix_columns(q, N, 1, n, k, tile);
}

static void attend_tile(const struct volley_attention *a, query_block *q, key_tile tile) {
    size_t places[VOLLEY_KEY_TILE], n = 0;
    find_rows(a, q, tile, places);
    fetch_values(a, tile, places);
    load_tile(a, q, tile, a->keys, places);
    for (; n + 2 <= q->count; n += 2) multiply_keys(q, 2, n);
    for (; n < q->count; n++) multiply_keys(q, 1, n);
    for (n = 0; n < q->count; n++) {
        float *scores = q->weights + n * VOLLEY_KEY_TILE;
        if (hide_unseen(a, q, n, tile, scores)) rescale(q, n, scores);
        else memset(scores, 0, VOLLEY_KEY_TILE * sizeof(float));
    }
    load_tile(a, q, tile, a->values, places);
    n = 0;
    for (; n + 8 <= q->count; n += 8) mix(q, 8, n, tile);
    for (; n + 2 <= q->count; n += 2) mix(q, 2, n, tile);
    for (; n < q->count; n++) mix(q, 1, n, tile);
}

/// The first position from `key` on that some query from `first_query` on may see.
INLINE size_t next_visible(const struct volley_attention *a, size_t key, size_t first_query) {
    size_t window_start = a->window > first_query ? 0 : first_query + 1 - a->window;
    return key < a->ring.sinks || key > window_start ? key : window_start;
}

static void attend_block(const struct volley_attention *a, query_block *q) {
    load_queries(a, q);
    size_t first_query = a->positions[q->row], end = a->positions[q->row + q->rows - 1] + 1;
    for (size_t key = next_visible(a, 0, first_query); key < end;) {
        size_t start = key - key % VOLLEY_KEY_TILE, next = start + VOLLEY_KEY_TILE;
        attend_tile(a, q, (key_tile){start, key, next < end ? next : end});
        key = next_visible(a, next, first_query);
    }
    for (size_t n = 0; n < q->count; n++) {
        size_t row = q->row + n / q->heads, head = q->head + n % q->heads;
        float *output = a->output + (row * a->heads + head) * a->ring.head_width;
        for (size_t k = 0; k < a->ring.head_width; k++) output[k] = q->sums[n * q->width + k] / q->total[n];
    }
}

static void attend(const struct volley_attention *a, size_t unit, size_t unit_end, float *scratch) {
    size_t group = a->heads / a->ring.kv_heads;
    query_block q = {.width = volley_scratch_width(a->ring.head_width)};
    q.queries = scratch;
    q.sums = q.queries + VOLLEY_QUERY_BLOCK * q.width;
    q.tile = q.sums + VOLLEY_QUERY_BLOCK * q.width;
    q.weights = q.tile + VOLLEY_KEY_TILE * q.width;
    for (; unit < unit_end; unit += q.heads) {
        q.row = unit / a->heads * VOLLEY_MAX_ROWS;
        q.rows = a->row_count - q.row < VOLLEY_MAX_ROWS ? a->row_count - q.row : VOLLEY_MAX_ROWS;
        q.head = unit % a->heads;
        size_t of_group = group - q.head % group, fitting = VOLLEY_QUERY_BLOCK / q.rows;
        q.heads = of_group < fitting ? of_group : fitting;
        if (q.heads > unit_end - unit) q.heads = unit_end - unit;
        q.count = q.rows * q.heads;
        attend_block(a, &q);
    }
}
