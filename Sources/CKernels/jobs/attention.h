// Attention over the ring: online softmax over tiles of 32 absolute positions (arXiv 2205.14135), so that a query's
// sums are in the same order whatever the ring's layout, the window or its neighbours in the pass.
#pragma once

#include "attention_tile.h"

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

/// Where the tile's positions lie. Places that no query sees get the first one's: their scores are hidden, and no value
/// is read there.
static void find_rows(const struct volley_attention *a, const query_block *q, key_tile *tile) {
    size_t slot = volley_slot(&a->ring, tile->first), base = q->kv_head * a->ring.capacity;
    for (size_t j = 0; j < VOLLEY_KEY_TILE; j++) tile->places[j] = (base + slot) * q->row_bytes;
    for (size_t key = tile->first; key < tile->end; key++) {
        tile->places[key - tile->start] = (base + slot) * q->row_bytes;
        slot = slot + 1 == a->ring.capacity ? a->ring.sinks : slot + 1;
    }
}

/// What is read 24 KiB after the tile, of the same head or of the one after it, over `steps` steps.
static line_stream stream_ahead(const struct volley_attention *a, const query_block *q, const key_tile *tile,
                                const void *source, size_t steps) {
    size_t kv_head = q->kv_head, key = tile->start + FETCH_DISTANCE / q->row_bytes;
    if (key >= q->end) {
        key = key - q->end < q->end ? key - q->end : 0;
        kv_head++;
    }
    size_t row = kv_head * a->ring.capacity + volley_slot(&a->ring, key), bytes = VOLLEY_KEY_TILE * q->row_bytes;
    const char *next = (const char *)source + row * q->row_bytes;
    return (line_stream){next, next + bytes, (bytes / 64 + steps - 1) / steps};
}

/// Whether a query sees every position of a whole tile.
INLINE bool sees_all(const struct volley_attention *a, const key_tile *tile, size_t query) {
    return tile->first == tile->start && tile->end == tile->start + VOLLEY_KEY_TILE && tile->end <= query + 1 &&
           (tile->end <= a->ring.sinks || query - tile->start < a->window);
}

/// Makes a query's scores −∞ where it does not see a key; false where it sees none.
static bool hide_unseen(const struct volley_attention *a, const query_block *q, size_t n, const key_tile *tile,
                        float *scores) {
    size_t position = query_position(a, q, n);
    if (sees_all(a, tile, position)) return true;
    bool sees_any = false;
    for (size_t j = 0; j < VOLLEY_KEY_TILE; j++) {
        size_t key = tile->start + j;
        bool sees = key >= tile->first && key < tile->end && is_visible(a, key, position);
        if (!sees) scores[j] = -INFINITY;
        sees_any |= sees;
    }
    return sees_any;
}

INLINE void attend_tile(const struct volley_attention *a, query_block *q, bool is_f16, key_tile *tile) {
    size_t n = 0;
    find_rows(a, q, tile);
    line_stream ahead = stream_ahead(a, q, tile, a->keys, q->count * VOLLEY_KEY_TILE / LANES);
    for (; n + 4 <= q->count; n += 4) multiply_keys(a, q, is_f16, 4, n, tile, &ahead);
    for (; n + 2 <= q->count; n += 2) multiply_keys(a, q, is_f16, 2, n, tile, &ahead);
    for (; n < q->count; n++) multiply_keys(a, q, is_f16, 1, n, tile, &ahead);
    for (n = 0; n < q->count; n++) {
        float *scores = q->weights + n * VOLLEY_KEY_TILE;
        if (hide_unseen(a, q, n, tile, scores)) rescale(q, n, scores);
        else memset(scores, 0, VOLLEY_KEY_TILE * sizeof(float));
    }
    ahead = stream_ahead(a, q, tile, a->values, q->count * q->width / LANES * VOLLEY_KEY_TILE / LANES);
    n = 0;
    for (; n + 4 <= q->count; n += 4) mix(a, q, is_f16, 4, n, tile, &ahead);
    for (; n + 2 <= q->count; n += 2) mix(a, q, is_f16, 2, n, tile, &ahead);
    for (; n < q->count; n++) mix(a, q, is_f16, 1, n, tile, &ahead);
}

/// The first position from `key` on that some query from `first_query` on may see.
INLINE size_t next_visible(const struct volley_attention *a, size_t key, size_t first_query) {
    size_t window_start = a->window > first_query ? 0 : first_query + 1 - a->window;
    return key < a->ring.sinks || key > window_start ? key : window_start;
}

INLINE void attend_block(const struct volley_attention *a, query_block *q, bool is_f16) {
    load_queries(a, q);
    size_t first_query = a->positions[q->row];
    q->end = a->positions[q->row + q->rows - 1] + 1;
    for (size_t key = next_visible(a, 0, first_query); key < q->end;) {
        size_t start = key - key % VOLLEY_KEY_TILE, next = start + VOLLEY_KEY_TILE;
        key_tile tile = {.start = start, .first = key, .end = next < q->end ? next : q->end};
        attend_tile(a, q, is_f16, &tile);
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
    query_block q = {.width = volley_scratch_width(a->ring.head_width),
                     .row_bytes = a->ring.head_width * (a->ring.is_f16 ? 2 : 4)};
    q.queries = scratch;
    q.sums = q.queries + VOLLEY_QUERY_BLOCK * q.width;
    q.weights = q.sums + VOLLEY_QUERY_BLOCK * q.width;
    size_t of_kv_head = group * ((a->row_count + VOLLEY_MAX_ROWS - 1) / VOLLEY_MAX_ROWS);
    for (; unit < unit_end; unit += q.heads) {
        // All rows of one kv head after another, while its keys and values are in the second cache.
        q.kv_head = unit / of_kv_head;
        q.row = unit % of_kv_head / group * VOLLEY_MAX_ROWS;
        q.rows = a->row_count - q.row < VOLLEY_MAX_ROWS ? a->row_count - q.row : VOLLEY_MAX_ROWS;
        q.head = q.kv_head * group + unit % group;
        size_t of_group = group - q.head % group, fitting = VOLLEY_QUERY_BLOCK / q.rows;
        q.heads = of_group < fitting ? of_group : fitting;
        if (q.heads > unit_end - unit) q.heads = unit_end - unit;
        q.count = q.rows * q.heads;
        if (a->ring.is_f16) attend_block(a, &q, true);
        else attend_block(a, &q, false);
    }
}
