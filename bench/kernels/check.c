// Checks the portable kernels against double precision. arm.sh builds it for another processor and runs it in an emulator.
// Exit codes: 0 right, 1 wrong.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels.h"

static const struct volley_kernels *kernels;
static int faults = 0;

static uint64_t state = 1;

static uint64_t next(void) {
    state += 0x9e3779b97f4a7c15;
    uint64_t z = state;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static float random_value(void) { return (float)((double)(next() >> 40) / (1 << 23) - 1); }

static void fill(float *values, size_t count) {
    for (size_t i = 0; i < count; i++) values[i] = random_value();
}

static void expect(int right, const char *what, int format, size_t rows) {
    if (right) return;
    faults++;
    printf("wrong: %s, format %d, %zu rows\n", what, format, rows);
}

static uint16_t half_bits(float x) {
    uint16_t bits;
    kernels->to_f16(&bits, &x, 1);
    return bits;
}

/// Values and bytes of a block, and the offsets of its float16 numbers.
typedef struct {
    size_t values, bytes, halves[2], half_count;
} layout;

static const layout layouts[VOLLEY_FORMAT_COUNT] = {
    [VOLLEY_F32] = {1, 4, {0}, 0},        [VOLLEY_BF16] = {1, 2, {0}, 0},       [VOLLEY_F16] = {1, 2, {0}, 1},
    [VOLLEY_Q8_0] = {32, 34, {0}, 1},     [VOLLEY_Q4_0] = {32, 18, {0}, 1},     [VOLLEY_Q4_1] = {32, 20, {0, 2}, 2},
    [VOLLEY_Q5_0] = {32, 22, {0}, 1},     [VOLLEY_Q5_1] = {32, 24, {0, 2}, 2},  [VOLLEY_IQ4_NL] = {32, 18, {0}, 1},
    [VOLLEY_Q2_K] = {256, 84, {80, 82}, 2}, [VOLLEY_Q3_K] = {256, 110, {108}, 1}, [VOLLEY_Q4_K] = {256, 144, {0, 2}, 2},
    [VOLLEY_Q5_K] = {256, 176, {0, 2}, 2}, [VOLLEY_Q6_K] = {256, 210, {208}, 1}, [VOLLEY_IQ4_XS] = {256, 136, {0}, 1},
};

/// Random weights in GGUF's layout, with small scales.
static void fill_weights(unsigned char *bytes, size_t spans, int format) {
    layout l = layouts[format];
    for (size_t i = 0; i < spans * l.bytes; i++) bytes[i] = (unsigned char)next();
    for (size_t s = 0; s < spans; s++) {
        unsigned char *span = bytes + s * l.bytes;
        for (size_t h = 0; h < l.half_count; h++) {
            uint16_t bits = half_bits(random_value() * (l.values == 256 ? 0.001f : 0.05f));
            memcpy(span + l.halves[h], &bits, 2);
        }
        float value = random_value();
        if (format == VOLLEY_F32) memcpy(span, &value, 4);
        if (format == VOLLEY_BF16) memcpy(span, (char *)&value + 2, 2);
    }
}

static void check_matmul(int format, enum volley_activations rounding, size_t columns) {
    enum { ROWS = 37, MOST = 20 };
    layout l = layouts[format];
    size_t row_bytes = columns / l.values * l.bytes, panel_bytes = 0;
    unsigned char *weights = malloc(ROWS * row_bytes);
    fill_weights(weights, ROWS * columns / l.values, format);
    float *values = malloc(ROWS * columns * sizeof(float)), *input = malloc(MOST * columns * sizeof(float));
    for (size_t n = 0; n < ROWS; n++) kernels->dequantize[format](values + n * columns, weights + n * row_bytes, columns);
    void *matrix = weights;
    char *blocks = NULL;
    if (l.values > 1) {
        panel_bytes = volley_panel_bytes((enum volley_format)format, columns);
        matrix = aligned_alloc(64, 3 * panel_bytes);
        for (size_t p = 0; p < 3; p++)
            volley_pack_panel((enum volley_format)format, (char *)matrix + p * panel_bytes,
                              weights + 16 * p * row_bytes, p == 2 ? ROWS - 32 : 16, columns);
        blocks = malloc(MOST * (columns / 32) * volley_activation_block_bytes(rounding));
        float *back = malloc(columns * sizeof(float));
        for (size_t n = 0; n < ROWS; n++) {
            volley_panel_row((enum volley_format)format, back, (char *)matrix + n / 16 * panel_bytes, n % 16, columns);
            expect(memcmp(back, values + n * columns, columns * sizeof(float)) == 0, "row of a panel", format, n);
        }
        free(back);
    }
    for (size_t rows = 1; rows <= MOST; rows++) {
        fill(input, rows * columns);
        const void *activations = input;
        if (blocks) {
            for (size_t part = 0; part < volley_row_tile_count(rows); part++) {
                size_t first = volley_row_tile_begin(rows, part);
                volley_quantize(kernels, rounding, blocks + first * (columns / 32) * volley_activation_block_bytes(rounding),
                                input + first * columns, columns, columns, volley_row_tile_begin(rows, part + 1) - first);
            }
            activations = blocks;
        }
        float output[MOST * ROWS];
        volley_matmul(kernels, rounding, (enum volley_format)format, output, ROWS, matrix, activations, columns, 0,
                      ROWS, rows, (struct volley_prefetch){.is_enabled = true});
        double half_step = !blocks ? 0 : rounding == VOLLEY_INT8 ? 0.5 / 127 : 0.5 / 32767;
        int right = 1;
        for (size_t m = 0; m < rows; m++) {
            for (size_t n = 0; n < ROWS; n++) {
                double sum = 0, size = 0, steps = 0;
                for (size_t k = 0; k < columns; k++) {
                    double product = (double)values[n * columns + k] * input[m * columns + k];
                    sum += product;
                    // Activations are at most 1, so rounding is off by at most half a step.
                    steps += fabs((double)values[n * columns + k]) * half_step;
                    size += fabs(product);
                }
                right &= fabs(output[m * ROWS + n] - sum) <= steps + 1e-6 * size;
            }
        }
        expect(right, "matmul", format, rows);
    }
    free(weights), free(values), free(input), free(blocks);
    if (matrix != weights) free(matrix);
}

static void store(enum volley_format format, void *output, const float *values, size_t count) {
    if (format == VOLLEY_F32) memcpy(output, values, 4 * count);
    else if (format == VOLLEY_F16) kernels->to_f16(output, values, count);
    else kernels->to_q8_0(output, values, count);
}

static void check_attention(enum volley_format format, size_t rows, size_t window, size_t sinks) {
    enum { HEADS = 4, KV_HEADS = 2, LENGTH = 1150, CAPACITY = 1160 };
    const size_t WIDTH = format == VOLLEY_Q8_0 ? 32 : 24;
    size_t count = KV_HEADS * CAPACITY * WIDTH;
    float *plain[2];
    void *stored[2];
    for (int side = 0; side < 2; side++) {
        plain[side] = malloc(count * sizeof(float));
        stored[side] = malloc(volley_row_bytes(format, count));
        fill(plain[side], count);
        store(format, stored[side], plain[side], count);
        kernels->dequantize[format](plain[side], stored[side], count);
    }
    float queries[20 * HEADS * 32], output[20 * HEADS * 32];
    fill(queries, rows * HEADS * WIDTH);
    size_t positions[20], window_starts[20];
    for (size_t row = 0; row < rows; row++) {
        positions[row] = LENGTH - rows + row;
        window_starts[row] = positions[row] < window ? 0 : positions[row] + 1 - window;
    }
    float *scratch = malloc(volley_attention_scratch(WIDTH) * sizeof(float));
    struct volley_attention a = {
        .ring = {format, format, CAPACITY, sinks, KV_HEADS, WIDTH}, .keys = stored[0], .values = stored[1], .queries = queries,
        .query_stride = HEADS * WIDTH, .output = output, .row_count = rows, .positions = positions,
        .heads = HEADS, .window_starts = window_starts, .first_position = positions[0], .sinks_seen = sinks,
        .scale = 0.3f};
    kernels->attend(&a, 0, volley_attention_units(&a), scratch);
    int right = 1;
    for (size_t row = 0; row < rows; row++) {
        for (size_t head = 0; head < HEADS; head++) {
            const float *q = queries + (row * HEADS + head) * WIDTH;
            size_t position = LENGTH - rows + row, base = head / (HEADS / KV_HEADS) * CAPACITY;
            double total = 0, sums[32] = {0};
            for (size_t key = 0; key <= position; key++) {
                if (!(key < sinks || position - key < window)) continue;
                double score = 0;
                for (size_t k = 0; k < WIDTH; k++) score += (double)q[k] * plain[0][(base + key) * WIDTH + k];
                double weight = exp(score * (double)a.scale);
                total += weight;
                for (size_t k = 0; k < WIDTH; k++) sums[k] += weight * plain[1][(base + key) * WIDTH + k];
            }
            for (size_t k = 0; k < WIDTH; k++)
                right &= fabs(output[(row * HEADS + head) * WIDTH + k] - sums[k] / total) < 1e-5;
        }
    }
    expect(right, "attention", format, rows);
    if (rows <= VOLLEY_MAX_ROWS && window == SIZE_MAX) {
        float again[20 * HEADS * 32], *partials = malloc(volley_attention_partials(&a) * sizeof(float));
        a.output = again;
        kernels->attend_ranges(&a, 0, KV_HEADS * volley_attention_ranges(&a), scratch, partials);
        kernels->merge_ranges(&a, scratch, partials);
        expect(memcmp(again, output, rows * HEADS * WIDTH * sizeof(float)) == 0, "attention by ranges", format, rows);
        free(partials);
    }
    free(scratch);
    for (int side = 0; side < 2; side++) free(plain[side]), free(stored[side]);
}

static void check_rows(size_t width) {
    float x[131], y[131], weight[131], output[131];
    fill(x, width), fill(y, width), fill(weight, width);
    double squares = 0;
    for (size_t i = 0; i < width; i++) squares += (double)x[i] * x[i];
    kernels->rms_norm(output, x, weight, width, 1e-6f);
    int right = 1;
    for (size_t i = 0; i < width; i++)
        right &= fabs(output[i] - x[i] * weight[i] / sqrt(squares / (double)width + 1e-6)) < 1e-5;
    expect(right, "norm", 0, width);
    kernels->swiglu(output, x, y, width);
    for (size_t i = 0; i < width; i++) right &= fabs(output[i] - x[i] / (1 + exp(-(double)x[i])) * y[i]) < 1e-6;
    expect(right, "gate", 0, width);
    uint16_t halves[131];
    float back[131];
    kernels->to_f16(halves, x, width);
    kernels->dequantize[VOLLEY_F16](back, halves, width);
    for (size_t i = 0; i < width; i++) right &= fabsf(back[i] - x[i]) <= 0x1p-11f;
    expect(right, "float16", 0, width);
}

int main(void) {
    kernels = volley_kernels_for(VOLLEY_PORTABLE);
    for (int format = 0; format < VOLLEY_FORMAT_COUNT; format++) {
        check_matmul(format, VOLLEY_INT16, 256);
        check_matmul(format, VOLLEY_INT16, 1280);
        if (layouts[format].values == 1) check_matmul(format, VOLLEY_INT16, 131);
        if (layouts[format].values == 1) continue;
        check_matmul(format, VOLLEY_INT8, 256);
        check_matmul(format, VOLLEY_INT8, 1280);
        if (layouts[format].values == 32) check_matmul(format, VOLLEY_INT16, 96);
        if (layouts[format].values == 32) check_matmul(format, VOLLEY_INT8, 96);
    }
    for (size_t rows = 1; rows <= 20; rows++) {
        check_attention(VOLLEY_F16, rows, SIZE_MAX, 0);
        check_attention(VOLLEY_F32, rows, SIZE_MAX, 0);
        check_attention(VOLLEY_Q8_0, rows, SIZE_MAX, 0);
        check_attention(VOLLEY_F16, rows, 50, 3);
        check_attention(VOLLEY_Q8_0, rows, 50, 3);
    }
    for (size_t width = 1; width <= 131; width++) check_rows(width);
    printf(faults ? "%d faults\n" : "every kernel is right\n", faults);
    return faults > 0;
}
