// Reading BMP: the files of Windows and of OS/2, of 1 to 32 bits a pixel, as they are or run-length
// encoded (Microsoft: Bitmap Storage, BITMAPINFOHEADER, BITMAPV5HEADER).

#include <stdlib.h>
#include <string.h>

#include "items.h"

// Pixels of a run-length encoded file for each of its bytes, at the most: two bytes give 255, and what is
// skipped costs nothing.
enum { run_pixels_limit = 1024 };

enum { uncompressed = 0, rle8 = 1, rle4 = 2, fields = 3, jpeg = 4, png = 5, alpha_fields = 6 };

typedef struct bmp_state {
    const uint8_t *bytes;
    size_t count;
    size_t data;  // where the pixels begin
    uint32_t header, bits, compression;
    int is_top_down;
    const uint8_t *palette;
    uint32_t colors, color_bytes;
    uint32_t masks[4];  // red, green, blue, alpha of 16 and 32 bits
} bmp_state;

codec_reader *codec_bmp_open(const uint8_t *bytes, size_t count) {
    codec_reader *reader = codec_reader_open(sizeof(bmp_state));
    if (reader == NULL) return NULL;
    bmp_state *state = reader->state;
    state->bytes = bytes;
    state->count = count;
    return reader;
}

static codec_status fail(codec_reader *reader, codec_status status, const char *message) {
    codec_fail(reader->message, message);
    return status;
}

// A number of the header; 0 behind its end.
static uint32_t number(const bmp_state *state, uint32_t at, int size) {
    uint32_t value = 0;
    if (at + size > 14 + state->header && at >= 14) return 0;
    for (int i = 0; i < size; i++) value |= (uint32_t)state->bytes[at + i] << (8 * i);
    return value;
}

static codec_status choose_masks(codec_reader *reader, bmp_state *state) {
    int is_given = state->compression == fields || state->compression == alpha_fields;
    if (state->bits != 16 && state->bits != 32) {
        return is_given ? fail(reader, codec_corrupt, "masks for pixels that have none") : codec_ok;
    }
    if (!is_given) {
        uint32_t bits = state->bits == 16 ? 5 : 8, ones = (1u << bits) - 1;
        for (int c = 0; c < 3; c++) state->masks[c] = ones << (bits * (2 - c));
        return codec_ok;
    }
    // Behind the shortest header, or inside of a longer one.
    int count = state->header > 52 || state->compression == alpha_fields ? 4 : 3;
    if (state->count < 54 + 4 * (size_t)count) {
        return fail(reader, codec_corrupt, "the file ends early");
    }
    for (int c = 0; c < count; c++) {
        const uint8_t *bytes = state->bytes + 54 + 4 * c;
        state->masks[c] = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16
            | (uint32_t)bytes[3] << 24;
    }
    reader->channels = state->masks[3] != 0 ? 4 : 3;
    return codec_ok;
}

static codec_status choose_palette(codec_reader *reader, bmp_state *state) {
    if (state->bits > 8) return codec_ok;
    size_t start = 14 + state->header;
    state->color_bytes = state->header == 12 ? 3 : 4;
    state->colors = number(state, 46, 4);
    if (state->colors == 0 || state->colors > 1u << state->bits) state->colors = 1u << state->bits;
    // Some programs write fewer colours than they say.
    size_t room = state->data > start ? (state->data - start) / state->color_bytes : 0;
    if (room < state->colors) state->colors = (uint32_t)room;
    if (state->colors == 0 || start + (size_t)state->colors * state->color_bytes > state->count) {
        return fail(reader, codec_corrupt, "its palette is missing");
    }
    state->palette = state->bytes + start;
    return codec_ok;
}

// The profile of the longest header, whose place counts from the header.
static codec_status take_profile(codec_reader *reader, const bmp_state *state) {
    if (state->header < 124 || memcmp(state->bytes + 70, "DEBM", 4) != 0) return codec_ok;
    size_t start = 14 + (size_t)number(state, 126, 4), count = number(state, 130, 4);
    if (count == 0 || start > state->count || count > state->count - start) return codec_ok;
    return codec_items_add(&reader->items, "ICCP", NULL, state->bytes + start, count);
}

static codec_status check_kind(codec_reader *reader, const bmp_state *state) {
    uint32_t bits = state->bits;
    switch (state->compression) {
    case uncompressed: case fields: case alpha_fields: break;
    case rle8: case rle4:
        if (bits != (state->compression == rle8 ? 8 : 4) || state->is_top_down) {
            return fail(reader, codec_corrupt, "a compression for other pixels");
        }
        if ((uint64_t)reader->width * reader->height / run_pixels_limit > state->count) {
            return fail(reader, codec_corrupt, "more pixels than its runs can fill");
        }
        break;
    case jpeg: case png:
        return fail(reader, codec_unsupported, "a JPEG or PNG inside of a BMP");
    default: return fail(reader, codec_unsupported, "an unknown compression");
    }
    if (bits != 1 && bits != 2 && bits != 4 && bits != 8 && bits != 16 && bits != 24
        && bits != 32) {
        return fail(reader, codec_unsupported, "an unusual number of bits a pixel");
    }
    return codec_ok;
}

codec_status codec_bmp_header(codec_reader *reader) {
    bmp_state *state = reader->state;
    if (state->count < 26) return fail(reader, codec_corrupt, "the file ends early");
    state->header = state->bytes[14] | (uint32_t)state->bytes[15] << 8
        | (uint32_t)state->bytes[16] << 16 | (uint32_t)state->bytes[17] << 24;
    if (state->header > 1024 || state->count < 14 + (size_t)state->header) {
        return fail(reader, codec_corrupt, "the file ends early");
    }
    state->data = number(state, 10, 4);
    int is_old = state->header == 12;
    int32_t width = is_old ? (int32_t)number(state, 18, 2) : (int32_t)number(state, 18, 4);
    int32_t height = is_old ? (int32_t)number(state, 20, 2) : (int32_t)number(state, 22, 4);
    state->bits = number(state, is_old ? 24 : 28, 2);
    state->compression = is_old ? uncompressed : number(state, 30, 4);
    state->is_top_down = height < 0;
    if (width < 1 || height == 0 || height == INT32_MIN) {
        return fail(reader, codec_corrupt, "it has no size");
    }
    reader->width = (uint32_t)width;
    reader->height = (uint32_t)(height < 0 ? -height : height);
    reader->depth = 8;
    reader->channels = 3;
    codec_status status = check_kind(reader, state);
    if (status == codec_ok) status = choose_masks(reader, state);
    if (status == codec_ok) status = choose_palette(reader, state);
    return status == codec_ok ? take_profile(reader, state) : status;
}

// The bits of a mask as a byte.
static uint16_t masked(uint32_t value, uint32_t mask) {
    if (mask == 0) return 0;
    int shift = __builtin_ctz(mask);
    uint64_t largest = mask >> shift;
    return (uint16_t)(((uint64_t)(value & mask) >> shift) * 255 / largest);
}

static int put_color(const bmp_state *state, uint32_t value, uint16_t *out) {
    if (value >= state->colors) return 0;
    const uint8_t *color = state->palette + (size_t)value * state->color_bytes;
    for (int c = 0; c < 3; c++) out[c] = color[2 - c];
    return 1;
}

static int put_pixel(
    const bmp_state *state, const uint8_t *row, size_t x, int channels, uint16_t *out) {
    uint32_t bits = state->bits;
    if (bits <= 8) {
        uint32_t per_byte = 8 / bits;
        uint32_t value = row[x / per_byte] >> (8 - bits * (1 + x % per_byte)) & ((1u << bits) - 1);
        return put_color(state, value, out);
    }
    const uint8_t *pixel = row + x * bits / 8;
    if (bits == 24) {
        for (int c = 0; c < 3; c++) out[c] = pixel[2 - c];
        return 1;
    }
    uint32_t value = pixel[0] | (uint32_t)pixel[1] << 8;
    if (bits == 32) value |= (uint32_t)pixel[2] << 16 | (uint32_t)pixel[3] << 24;
    for (int c = 0; c < channels; c++) out[c] = masked(value, state->masks[c]);
    return 1;
}

static uint16_t *row_of(
    const codec_reader *reader, const bmp_state *state, uint32_t stored, uint16_t *samples) {
    uint32_t y = state->is_top_down ? stored : reader->height - 1 - stored;
    return samples + (size_t)y * reader->width * reader->channels;
}

static codec_status take_rows(codec_reader *reader, const bmp_state *state, uint16_t *samples) {
    size_t stride = ((size_t)reader->width * state->bits + 31) / 32 * 4;
    size_t needed = stride * (reader->height - 1) + ((size_t)reader->width * state->bits + 7) / 8;
    if (state->data > state->count || needed > state->count - state->data) {
        return fail(reader, codec_corrupt, "the file ends early");
    }
    for (uint32_t y = 0; y < reader->height; y++) {
        const uint8_t *row = state->bytes + state->data + stride * y;
        uint16_t *out = row_of(reader, state, y, samples);
        for (size_t x = 0; x < reader->width; x++, out += reader->channels) {
            if (!put_pixel(state, row, x, reader->channels, out)) {
                return fail(reader, codec_corrupt, "a colour outside the palette");
            }
        }
    }
    return codec_ok;
}

// Runs of a value, or pairs of them, and literal ones; what is skipped has the first colour.
static codec_status take_runs(codec_reader *reader, const bmp_state *state, uint16_t *samples) {
    size_t at = state->data, pixels = (size_t)reader->width * reader->height;
    for (size_t i = 0; i < pixels; i++) put_color(state, 0, samples + 3 * i);
    uint32_t x = 0, y = 0;
    int per_byte = state->compression == rle4 ? 2 : 1;
    while (y < reader->height) {
        if (at > state->count || state->count - at < 2) {
            return fail(reader, codec_corrupt, "the file ends early");
        }
        uint32_t length = state->bytes[at], second = state->bytes[at + 1];
        at += 2;
        size_t step = 0;  // bytes of a literal run
        if (length == 0) {
            if (second == 1) return codec_ok;
            if (second == 0) {
                x = 0;
                y += 1;
                continue;
            }
            if (second == 2) {
                if (state->count - at < 2) continue;
                x += state->bytes[at];
                y += state->bytes[at + 1];
                at += 2;
                continue;
            }
            length = second;
            step = (length + per_byte - 1) / per_byte;
            if (state->count - at < step) {
                return fail(reader, codec_corrupt, "the file ends early");
            }
        }
        if (x > reader->width || length > reader->width - x) {
            return fail(reader, codec_corrupt, "a run that leaves its row");
        }
        uint16_t *out = row_of(reader, state, y, samples) + (size_t)x * 3;
        for (uint32_t i = 0; i < length; i++, out += 3) {
            uint32_t value = step > 0 ? state->bytes[at + i / per_byte] : second;
            if (per_byte == 2) value = i % 2 == 0 ? value >> 4 : value & 15;
            if (!put_color(state, value, out)) {
                return fail(reader, codec_corrupt, "a colour outside the palette");
            }
        }
        x += length;
        at += step + step % 2;
    }
    return codec_ok;
}

// Clipboards and screenshots leave alpha at zero, with which nothing would be seen.
static void leave_out_empty_alpha(codec_reader *reader, uint16_t *samples) {
    size_t count = (size_t)reader->width * reader->height * 4;
    for (size_t i = 3; i < count; i += 4) {
        if (samples[i] != 0) return;
    }
    for (size_t i = 3; i < count; i += 4) samples[i] = 255;
    codec_warn(reader, "its transparency would hide all of it and was left out");
}

codec_status codec_bmp_pixels(codec_reader *reader, uint16_t *samples) {
    const bmp_state *state = reader->state;
    int is_run = state->compression == rle8 || state->compression == rle4;
    codec_status status =
        is_run ? take_runs(reader, state, samples) : take_rows(reader, state, samples);
    if (status == codec_ok && reader->channels == 4) leave_out_empty_alpha(reader, samples);
    return status;
}

void codec_bmp_close(codec_reader *reader) {
    if (reader != NULL) codec_reader_close(reader);
}
