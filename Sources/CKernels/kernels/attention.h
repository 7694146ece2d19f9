// Attention over the ring: online softmax over tiles of 32 absolute positions (arXiv 2205.14135). A query's sums
// therefore have the same order whatever the ring's layout, the window or the other rows of the pass.
#pragma once

#include "attention_tile.h"

/// The first position in a query's window.
INLINE size_t window_start(const struct volley_attention *a, size_t query) {
    return a->window_starts[query - a->first_position];
}

INLINE bool is_visible(const struct volley_attention *a, size_t key, size_t query) {
    return key <= query && (key < a->sinks_seen || key >= window_start(a, query));
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
        }
    }
}

/// Fills in the tile's rows. Positions that no query sees get the row of the first: their scores are masked, and their
/// values are not read.
static void find_rows(const struct volley_attention *a, const query_block *q, key_tile *tile) {
    size_t slot = volley_slot(&a->ring, tile->first), base = q->kv_head * a->ring.capacity;
    for (size_t j = 0; j < VOLLEY_KEY_TILE; j++) tile->rows[j] = base + slot;
    for (size_t key = tile->first; key < tile->end; key++) {
        tile->rows[key - tile->start] = base + slot;
        slot = slot + 1 == a->ring.capacity ? a->ring.sinks : slot + 1;
    }
}

/// The lines to prefetch during a tile of `steps` steps: those 24 KiB later in the same KV head, or in the next one.
static line_stream stream_ahead(const struct volley_attention *a, const query_block *q, const key_tile *tile,
                                const tile_rows *source, size_t steps) {
    size_t kv_head = q->kv_head, key = tile->start + PREFETCH_DISTANCE / source->row_bytes;
    if (key >= q->end) {
        key = key - q->end < q->end ? key - q->end : 0;
        kv_head++;
    }
    size_t row = kv_head * a->ring.capacity + volley_slot(&a->ring, key), bytes = VOLLEY_KEY_TILE * source->row_bytes;
    const char *next = source->base + row * source->row_bytes;
    const char *near = tile_row(source, 0) + PREFETCH_NEAR_DISTANCE;
    return (line_stream){next, next + bytes, near, (bytes / 64 + steps - 1) / steps};
}

/// Whether a query sees every position of a whole tile.
INLINE bool sees_all(const struct volley_attention *a, const key_tile *tile, size_t query) {
    return tile->first == tile->start && tile->end == tile->start + VOLLEY_KEY_TILE && tile->end <= query + 1 &&
           (tile->end <= a->sinks_seen || tile->start >= window_start(a, query));
}

/// Sets a query's scores to −∞ for keys that it does not see. Returns false if it sees none of the tile.
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

/// Whether a tile's keys or values are converted to float32 before the queries use them. Up to four queries, but not three, share each
/// load, so these convert a value once in any case.
INLINE bool is_converted(enum volley_format format, const query_block *q) {
    return format != VOLLEY_F32 && (q->count > 4 || q->count == 3);
}

/// The keys or values of a tile, and the lines to prefetch as they are read; converted if that pays.
INLINE tile_rows prepare_rows(const struct volley_attention *a, const query_block *q, const key_tile *tile,
                              enum volley_format format, const void *slab, line_stream *ahead) {
    size_t width = a->ring.head_width;
    tile_rows rows = {format, slab, volley_row_bytes(format, width), tile->rows, width};
    bool converts = is_converted(format, q);
    size_t steps = q->count * q->width / LANES * VOLLEY_KEY_TILE / (converts ? LANES : step_of(format));
    *ahead = stream_ahead(a, q, tile, &rows, steps);
    if (!converts) return rows;
    // The queries' arithmetic leaves time to fetch the next tile.
    ahead->near = tile_row(&rows, 0) + VOLLEY_KEY_TILE * rows.row_bytes;
    return format == VOLLEY_Q8_0 ? convert_rows(VOLLEY_Q8_0, q, &rows) : convert_rows(VOLLEY_F16, q, &rows);
}

INLINE void score_tile(const query_block *q, enum volley_format format, const tile_rows *keys, line_stream *ahead) {
    size_t n = 0;
    for (; n + 4 <= q->count; n += 4) score_keys(q, format, 4, n, keys, ahead);
    for (; n + 2 <= q->count; n += 2) score_keys(q, format, 2, n, keys, ahead);
    for (; n < q->count; n++) score_keys(q, format, 1, n, keys, ahead);
}

INLINE void add_tile(query_block *q, enum volley_format format, const key_tile *tile, const tile_rows *values,
                     line_stream *ahead) {
    size_t n = 0;
    for (; n + 4 <= q->count; n += 4) add_values(q, format, 4, n, tile, values, ahead);
    for (; n + 2 <= q->count; n += 2) add_values(q, format, 2, n, tile, values, ahead);
    for (; n < q->count; n++) add_values(q, format, 1, n, tile, values, ahead);
}

static void attend_tile(const struct volley_attention *a, query_block *q, key_tile *tile) {
    line_stream ahead;
    find_rows(a, q, tile);
    tile_rows keys = prepare_rows(a, q, tile, a->ring.key_format, a->keys, &ahead);
    if (keys.format == VOLLEY_Q8_0) score_tile(q, VOLLEY_Q8_0, &keys, &ahead);
    else if (keys.format == VOLLEY_F16) score_tile(q, VOLLEY_F16, &keys, &ahead);
    else score_tile(q, VOLLEY_F32, &keys, &ahead);
    for (size_t n = 0; n < q->count; n++) {
        float *scores = q->weights + n * VOLLEY_KEY_TILE;
        if (hide_unseen(a, q, n, tile, scores)) rescale(q, n, scores);
        else memset(scores, 0, VOLLEY_KEY_TILE * sizeof(float));
    }
    tile_rows values = prepare_rows(a, q, tile, a->ring.value_format, a->values, &ahead);
    if (values.format == VOLLEY_Q8_0) add_tile(q, VOLLEY_Q8_0, tile, &values, &ahead);
    else if (values.format == VOLLEY_F16) add_tile(q, VOLLEY_F16, tile, &values, &ahead);
    else add_tile(q, VOLLEY_F32, tile, &values, &ahead);
}

/// The first position, from `key` on, that a query at `first_query` or later may see.
INLINE size_t next_visible(const struct volley_attention *a, size_t key, size_t first_query) {
    size_t start = window_start(a, first_query);
    return key < a->sinks_seen || key > start ? key : start;
}

/// Resets the sums.
static void clear_sums(const query_block *q, query_sums *sums) {
    memset(sums->values, 0, q->count * q->width * sizeof(float));
    for (size_t n = 0; n < q->count; n++) {
        sums->total[n] = 0;
        sums->largest[n] = -INFINITY;
    }
}

/// End of the positions of a range that some query sees.
INLINE size_t range_end(const query_block *q, size_t range) {
    size_t end = (range + 1) * VOLLEY_KEY_RANGE;
    return end < q->end ? end : q->end;
}

/// Adds one range to the queries' sums.
static void attend_range(const struct volley_attention *a, query_block *q, size_t range) {
    size_t first_query = a->positions[q->row], end = range_end(q, range);
    for (size_t key = next_visible(a, range * VOLLEY_KEY_RANGE, first_query); key < end;) {
        size_t start = key - key % VOLLEY_KEY_TILE, next = start + VOLLEY_KEY_TILE;
        key_tile tile = {.start = start, .first = key, .end = next < end ? next : end};
        attend_tile(a, q, &tile);
        key = next_visible(a, next, first_query);
    }
}

/// Merges query `n`'s sums over a later range into those over the ranges before it.
static void merge(query_sums *sums, size_t n, size_t width, const float *values, float total, float largest) {
    if (total == 0) return;
    float most = largest > sums->largest[n] ? largest : sums->largest[n];
    float factor = lane_exp(lane_all(sums->largest[n] - most))[0], later = lane_exp(lane_all(largest - most))[0];
    float *target = sums->values + n * width;
    for (size_t k = 0; k < width; k += LANES)
        lane_store(target + k, lane_load(target + k) * factor + lane_load(values + k) * later);
    sums->total[n] = sums->total[n] * factor + total * later;
    sums->largest[n] = most;
}

/// Writes query `n`'s output.
static void store_output(const struct volley_attention *a, const query_block *q, const query_sums *sums, size_t n) {
    size_t row = q->row + n / q->heads, head = q->head + n % q->heads;
    float *output = a->output + (row * a->heads + head) * a->ring.head_width;
    for (size_t k = 0; k < a->ring.head_width; k++) output[k] = sums->values[n * q->width + k] / sums->total[n];
}

/// The queries of one KV head, starting at row `row` and head `head`, for at most `heads` heads.
static query_block query_block_at(const struct volley_attention *a, size_t row, size_t head, size_t heads,
                                  float *scratch) {
    size_t group = a->heads / a->ring.kv_heads, of_group = group - head % group;
    query_block q = {.row = row, .head = head, .kv_head = head / group};
    q.rows = a->row_count - row < VOLLEY_MAX_ROWS ? a->row_count - row : VOLLEY_MAX_ROWS;
    q.heads = VOLLEY_QUERY_BLOCK / q.rows;
    if (q.heads > of_group) q.heads = of_group;
    if (q.heads > heads) q.heads = heads;
    q.count = q.rows * q.heads;
    q.end = a->positions[row + q.rows - 1] + 1;
    q.width = volley_scratch_width(a->ring.head_width);
    q.weights = scratch;
    q.converted = q.weights + VOLLEY_QUERY_BLOCK * VOLLEY_KEY_TILE;
    q.queries = q.converted + VOLLEY_KEY_TILE * q.width;
    return q;
}

/// Scratch after the block's queries: sums 0 are for all ranges, sums 1 for a single range.
static float *block_sums(const query_block *q, size_t number) {
    return q->queries + (1 + number) * VOLLEY_QUERY_BLOCK * q->width;
}

static void attend_block(const struct volley_attention *a, query_block *q) {
    query_sums first = {.values = block_sums(q, 0)}, later = {.values = block_sums(q, 1)};
    load_queries(a, q);
    q->sums = &first;
    clear_sums(q, &first);
    attend_range(a, q, 0);
    q->sums = &later;
    for (size_t range = 1; range * VOLLEY_KEY_RANGE < q->end; range++) {
        // A window skips most ranges of a long context.
        if (next_visible(a, range * VOLLEY_KEY_RANGE, a->positions[q->row]) >= range_end(q, range)) continue;
        clear_sums(q, &later);
        attend_range(a, q, range);
        for (size_t n = 0; n < q->count; n++)
            merge(&first, n, q->width, later.values + n * q->width, later.total[n], later.largest[n]);
    }
    for (size_t n = 0; n < q->count; n++) store_output(a, q, &first, n);
}

static void attend(const struct volley_attention *a, size_t unit, size_t unit_end, float *scratch) {
    size_t group = a->heads / a->ring.kv_heads, of_kv_head = group * volley_row_blocks(a->row_count);
    while (unit < unit_end) {
        // All rows of one KV head follow each other, while its keys and values are in L2.
        size_t row = unit % of_kv_head / group * VOLLEY_MAX_ROWS, head = unit / of_kv_head * group + unit % group;
        query_block q = query_block_at(a, row, head, unit_end - unit, scratch);
        attend_block(a, &q);
        unit += q.heads;
    }
}

/// Offset of a query's sums in `partials`, [row][head][range][width values, total, largest].
static size_t partial_offset(const struct volley_attention *a, const query_block *q, size_t n, size_t range) {
    size_t query = (q->row + n / q->heads) * a->heads + q->head + n % q->heads;
    return (query * volley_attention_ranges(a) + range) * (q->width + 2);
}

static void attend_ranges(const struct volley_attention *a, size_t unit, size_t unit_end, float *scratch,
                          float *partials) {
    size_t group = a->heads / a->ring.kv_heads, ranges = volley_attention_ranges(a);
    for (; unit < unit_end; unit++) {
        size_t heads_end = (unit / ranges + 1) * group;
        for (size_t head = heads_end - group; head < heads_end;) {
            query_block q = query_block_at(a, 0, head, heads_end - head, scratch);
            query_sums sums = {.values = block_sums(&q, 0)};
            q.sums = &sums;
            load_queries(a, &q);
            clear_sums(&q, &sums);
            attend_range(a, &q, unit % ranges);
            for (size_t n = 0; n < q.count; n++) {
                float *partial = partials + partial_offset(a, &q, n, unit % ranges);
                memcpy(partial, sums.values + n * q.width, q.width * sizeof(float));
                partial[q.width] = sums.total[n];
                partial[q.width + 1] = sums.largest[n];
            }
            head += q.heads;
        }
    }
}

static void merge_ranges(const struct volley_attention *a, float *scratch, const float *partials) {
    for (size_t head = 0; head < a->heads;) {
        query_block q = query_block_at(a, 0, head, a->heads - head, scratch);
        query_sums sums = {.values = block_sums(&q, 0)};
        clear_sums(&q, &sums);
        for (size_t n = 0; n < q.count; n++) {
            for (size_t range = 0; range < volley_attention_ranges(a); range++) {
                const float *partial = partials + partial_offset(a, &q, n, range);
                merge(&sums, n, q.width, partial, partial[q.width], partial[q.width + 1]);
            }
            store_output(a, &q, &sums, n);
        }
        head += q.heads;
    }
}
