// Rows of a PNG, filtered and deflated by themselves, so that several threads can do it: the stream of a PNG may
// be put together of parts that end on a byte. What comes out depends on the rows alone.

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "include/CCodecs.h"

enum { filters = 5, compression_level = 5, memory_level = 8, header_bytes = 2 };

// Rows as bytes: the one above, the row, and what each filter makes of it behind a byte for its number.
typedef struct rows {
    size_t length, pixel;
    uint8_t *above, *row, *filtered[filters];
} rows;

static void load(uint8_t *row, const uint16_t *samples, size_t count, int depth) {
    if (depth == 8) {
        for (size_t i = 0; i < count; i++) row[i] = (uint8_t)samples[i];
        return;
    }
    for (size_t i = 0; i < count; i++) {
        row[2 * i] = (uint8_t)(samples[i] >> 8);
        row[2 * i + 1] = (uint8_t)samples[i];
    }
}

static int paeth(int left, int above, int corner) {
    int to_left = abs(above - corner), to_above = abs(left - corner);
    int to_corner = abs(left + above - 2 * corner);
    int nearer = to_above <= to_corner ? above : corner;
    return to_left <= to_above && to_left <= to_corner ? left : nearer;
}

// The filters of ISO/IEC 15948, 9.2. The first pixel has nothing to its left.
static void filter(rows *it) {
    const uint8_t *row = it->row, *above = it->above;
    uint8_t *none = it->filtered[0] + 1, *sub = it->filtered[1] + 1, *up = it->filtered[2] + 1;
    uint8_t *average = it->filtered[3] + 1, *guess = it->filtered[4] + 1;
    memcpy(none, row, it->length);
    for (size_t i = 0; i < it->length; i++) up[i] = (uint8_t)(row[i] - above[i]);
    for (size_t i = 0; i < it->pixel; i++) {
        sub[i] = row[i];
        average[i] = (uint8_t)(row[i] - above[i] / 2);
        guess[i] = (uint8_t)(row[i] - above[i]);
    }
    for (size_t i = it->pixel; i < it->length; i++) {
        uint8_t left = row[i - it->pixel];
        sub[i] = (uint8_t)(row[i] - left);
        average[i] = (uint8_t)(row[i] - (left + above[i]) / 2);
        guess[i] = (uint8_t)(row[i] - paeth(left, above[i], above[i - it->pixel]));
    }
}

static unsigned long long magnitude(const uint8_t *bytes, size_t count) {
    unsigned long long sum = 0;
    for (size_t i = 0; i < count; i++) sum += bytes[i] < 128 ? bytes[i] : 256 - bytes[i];
    return sum;
}

// The filter with the least sum of magnitudes, the recommendation of 12.7.
static const uint8_t *best(const rows *it) {
    int chosen = 0;
    unsigned long long least = ~0ull;
    for (int i = 0; i < filters; i++) {
        unsigned long long sum = magnitude(it->filtered[i] + 1, it->length);
        if (sum < least) {
            least = sum;
            chosen = i;
        }
    }
    return it->filtered[chosen];
}

static int make_room(codec_png_stripe *stripe, z_stream *stream, size_t *capacity) {
    if (stream->avail_out > 0) return 1;
    size_t larger = *capacity * 2;
    uint8_t *bytes = realloc(stripe->bytes, larger);
    if (bytes == NULL) return 0;
    stripe->bytes = bytes;
    stream->next_out = bytes + *capacity;
    stream->avail_out = (uInt)(larger - *capacity);
    *capacity = larger;
    return 1;
}

static int put(
    codec_png_stripe *stripe, z_stream *stream, size_t *capacity, const uint8_t *bytes,
    size_t count, int flush) {
    stream->next_in = (z_const Bytef *)bytes;
    stream->avail_in = (uInt)count;
    do {
        if (!make_room(stripe, stream, capacity)) return 0;
        if (deflate(stream, flush) == Z_STREAM_ERROR) return 0;
    } while (stream->avail_in > 0 || stream->avail_out == 0);
    return 1;
}

static int deflate_rows(
    codec_png_stripe *stripe, rows *it, const uint16_t *samples, size_t row_samples, int depth,
    uint32_t first, uint32_t count, int is_last) {
    size_t capacity = (it->length + 1) * count / 2 + 4096;
    stripe->bytes = malloc(capacity);
    z_stream stream = {0};
    if (stripe->bytes == NULL
        || deflateInit2(
               &stream, compression_level, Z_DEFLATED, -MAX_WBITS, memory_level, Z_FILTERED)
            != Z_OK) {
        return 0;
    }
    // The stream's own header: deflated with a window of 32 KiB.
    size_t begun = first == 0 ? header_bytes : 0;
    if (begun > 0) memcpy(stripe->bytes, "\x78\x9c", header_bytes);
    stream.next_out = stripe->bytes + begun;
    stream.avail_out = (uInt)(capacity - begun);
    if (first > 0) load(it->above, samples + row_samples * (first - 1), row_samples, depth);
    stripe->adler = (uint32_t)adler32(0, NULL, 0);
    int is_done = 1;
    for (uint32_t y = first; is_done && y < first + count; y++) {
        load(it->row, samples + row_samples * y, row_samples, depth);
        filter(it);
        const uint8_t *bytes = best(it);
        stripe->adler = (uint32_t)adler32(stripe->adler, bytes, (uInt)(it->length + 1));
        stripe->length += it->length + 1;
        int flush = y + 1 < first + count ? Z_NO_FLUSH : is_last ? Z_FINISH : Z_SYNC_FLUSH;
        is_done = put(stripe, &stream, &capacity, bytes, it->length + 1, flush);
        uint8_t *above = it->above;
        it->above = it->row;
        it->row = above;
    }
    stripe->count = (size_t)(stream.next_out - stripe->bytes);
    deflateEnd(&stream);
    return is_done;
}

codec_status codec_png_deflate(
    const uint16_t *samples, uint32_t width, int channels, int depth, uint32_t first,
    uint32_t count, int is_last, codec_png_stripe *stripe) {
    size_t row_samples = (size_t)width * channels;
    rows it = {.length = row_samples * depth / 8, .pixel = (size_t)channels * depth / 8};
    memset(stripe, 0, sizeof *stripe);
    uint8_t *memory = calloc(2 + filters, it.length + 1);
    if (memory == NULL) return codec_no_memory;
    it.above = memory;
    it.row = memory + it.length + 1;
    for (int i = 0; i < filters; i++) {
        it.filtered[i] = memory + (2 + i) * (it.length + 1);
        it.filtered[i][0] = (uint8_t)i;
    }
    int is_done =
        deflate_rows(stripe, &it, samples, row_samples, depth, first, count, is_last);
    free(memory);
    return is_done ? codec_ok : codec_no_memory;
}
