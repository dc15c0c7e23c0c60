// Reading the first picture of a GIF (CompuServe: Graphics Interchange Format, version 89a, 1990).

#include <stdlib.h>
#include <string.h>

#include "items.h"

enum {
    extension = 0x21,
    descriptor = 0x2C,
    trailer = 0x3B,
    most_codes = 4096,
};

typedef struct gif_state {
    const uint8_t *bytes;
    size_t count, position;
    const uint8_t *palette;  // three bytes a colour
    int colors;
    int transparent;  // the colour that is, -1 for none
    uint32_t left, top, width, height;  // of the first picture on the canvas
    int is_interlaced;
} gif_state;

codec_reader *codec_gif_open(const uint8_t *bytes, size_t count) {
    codec_reader *reader = codec_reader_open(sizeof(gif_state));
    if (reader == NULL) return NULL;
    gif_state *state = reader->state;
    state->bytes = bytes;
    state->count = count;
    return reader;
}

static codec_status corrupt(codec_reader *reader, const char *message) {
    codec_fail(reader->message, message);
    return codec_corrupt;
}

static size_t left_over(const gif_state *state) { return state->count - state->position; }

static uint32_t number(const uint8_t *bytes) { return bytes[0] | (uint32_t)bytes[1] << 8; }

// Goes behind the pieces of a block, each with its length in front, the last one empty.
static int skip_pieces(gif_state *state) {
    while (left_over(state) > 0) {
        size_t length = state->bytes[state->position++];
        if (length == 0) return 1;
        if (length > left_over(state)) return 0;
        state->position += length;
    }
    return 0;
}

// The position is behind a block's pieces afterwards; its bytes, without their lengths, are added.
static codec_status take_block(codec_reader *reader, gif_state *state, const char *name) {
    size_t begin = state->position;
    if (!skip_pieces(state)) return corrupt(reader, "the file ends early");
    uint8_t *block = malloc(state->position - begin);
    if (block == NULL) return codec_no_memory;
    size_t count = 0;
    for (size_t at = begin; state->bytes[at] != 0; at += state->bytes[at] + 1) {
        memcpy(block + count, state->bytes + at + 1, state->bytes[at]);
        count += state->bytes[at];
    }
    codec_status status = codec_items_add(&reader->items, name, NULL, block, count);
    free(block);
    return status;
}

// An XMP packet is not in pieces: behind it are 258 bytes that lead a reader of pieces to its end, from wherever in
// the packet it comes (Adobe: XMP Specification Part 3, 2020, 1.1.2). One that is written otherwise is passed over.
static codec_status take_packet(codec_reader *reader, gif_state *state) {
    enum { magic = 258 };
    size_t begin = state->position;
    if (!skip_pieces(state)) return corrupt(reader, "the file ends early");
    size_t count = state->position - begin;
    const uint8_t *end = state->bytes + state->position;
    if (count <= magic || end[-magic] != 1 || end[1 - magic] != 0xFF || end[-2] != 0) return codec_ok;
    return codec_items_add(&reader->items, "XMP ", NULL, state->bytes + begin, count - magic);
}

// Steps over the name of an application's extension, if it is this one.
static int take_application(gif_state *state, const char *name) {
    const uint8_t *block = state->bytes + state->position;
    if (left_over(state) < 13 || block[0] != 0xFF || block[1] != 11 || memcmp(block + 2, name, 11) != 0) return 0;
    state->position += 13;
    return 1;
}

static codec_status read_extension(codec_reader *reader, gif_state *state) {
    const uint8_t *block = state->bytes + state->position;
    if (left_over(state) < 2) return corrupt(reader, "the file ends early");
    // The graphic control extension: flags, delay, transparent colour.
    if (block[0] == 0xF9 && block[1] == 4 && left_over(state) >= 6) {
        state->transparent = block[2] & 1 ? block[5] : -1;
    }
    if (take_application(state, "ICCRGBG1012")) return take_block(reader, state, "ICCP");
    if (take_application(state, "XMP DataXMP")) return take_packet(reader, state);
    state->position += 1;
    if (block[0] == 0xFE) return take_block(reader, state, "COM ");
    return skip_pieces(state) ? codec_ok : corrupt(reader, "the file ends early");
}

// Takes the palette at the position, whose size is in the lowest bits of `flags`.
static int take_palette(gif_state *state, int flags) {
    int colors = 2 << (flags & 7);
    if (left_over(state) < (size_t)colors * 3) return 0;
    state->palette = state->bytes + state->position;
    state->colors = colors;
    state->position += (size_t)colors * 3;
    return 1;
}

// Goes to the next picture's descriptor. 0 where there is none, -1 where the file breaks off.
static int find_picture(codec_reader *reader, gif_state *state, codec_status *status) {
    while (left_over(state) > 0) {
        switch (state->bytes[state->position++]) {
        case descriptor: return 1;
        case trailer: return 0;
        case extension:
            *status = read_extension(reader, state);
            if (*status != codec_ok) return -1;
            break;
        case 0: break;  // some programs write an empty piece too many
        default:
            *status = corrupt(reader, "an unknown kind of block");
            return -1;
        }
    }
    *status = corrupt(reader, "the file ends early");
    return -1;
}

static codec_status read_descriptor(codec_reader *reader, gif_state *state) {
    const uint8_t *block = state->bytes + state->position;
    if (left_over(state) < 9) return corrupt(reader, "the file ends early");
    state->left = number(block);
    state->top = number(block + 2);
    state->width = number(block + 4);
    state->height = number(block + 6);
    state->is_interlaced = block[8] >> 6 & 1;
    state->position += 9;
    if (state->width == 0 || state->height == 0) return corrupt(reader, "a picture has no size");
    // A picture may reach over the canvas; browsers enlarge that.
    if (state->left + state->width > reader->width) reader->width = state->left + state->width;
    if (state->top + state->height > reader->height) reader->height = state->top + state->height;
    if (block[8] >> 7 && !take_palette(state, block[8])) {
        return corrupt(reader, "the file ends early");
    }
    if (state->palette == NULL) return corrupt(reader, "its palette is missing");
    return codec_ok;
}

codec_status codec_gif_header(codec_reader *reader) {
    gif_state *state = reader->state;
    if (state->count < 13) return corrupt(reader, "the file ends early");
    reader->width = number(state->bytes + 6);
    reader->height = number(state->bytes + 8);
    reader->depth = 8;
    state->position = 13;
    state->transparent = -1;
    if (state->bytes[10] >> 7 && !take_palette(state, state->bytes[10])) {
        return corrupt(reader, "the file ends early");
    }
    codec_status status = codec_ok;
    int found = find_picture(reader, state, &status);
    if (found < 0) return status;
    if (found == 0) return corrupt(reader, "there is no picture in it");
    int transparent = state->transparent;
    status = read_descriptor(reader, state);
    if (status != codec_ok) return status;
    int covers = state->width == reader->width && state->height == reader->height;
    reader->channels = transparent >= 0 || !covers ? 4 : 3;
    return codec_ok;
}

// Bits from the pieces of a block, the lowest first.
typedef struct bits {
    gif_state *state;
    uint32_t held;
    int count;
    size_t left;  // bytes in the piece
    int has_ended;
} bits;

static int next_code(bits *source, int size) {
    gif_state *state = source->state;
    while (source->count < size) {
        while (source->left == 0) {
            if (source->has_ended || left_over(state) == 0) return -1;
            source->left = state->bytes[state->position++];
            source->has_ended = source->left == 0;
        }
        if (left_over(state) == 0) return -1;
        source->held |= (uint32_t)state->bytes[state->position++] << source->count;
        source->count += 8;
        source->left -= 1;
    }
    int code = (int)(source->held & ((1u << size) - 1));
    source->held >>= size;
    source->count -= size;
    return code;
}

// The strings of LZW: each one is another with a last value.
typedef struct strings {
    uint16_t before[most_codes];
    uint8_t last[most_codes], first[most_codes];
    uint8_t text[most_codes];
} strings;

// The values of the picture; 0 where its data break off or make no sense.
static int unpack(gif_state *state, uint8_t *values, size_t count) {
    if (left_over(state) < 1) return 0;
    int least = state->bytes[state->position++];
    if (least < 1 || least > 8) return 0;
    strings *known = malloc(sizeof *known);
    if (known == NULL) return 0;
    int clear = 1 << least, size = least + 1, next = clear + 2, old = -1;
    for (int i = 0; i < clear; i++) known->last[i] = known->first[i] = (uint8_t)i;
    bits source = {.state = state};
    size_t filled = 0;
    while (filled < count) {
        int code = next_code(&source, size);
        if (code == clear) {
            size = least + 1;
            next = clear + 2;
            old = -1;
            continue;
        }
        if (code < 0 || code == clear + 1 || code > next || (code == next && old < 0)) break;
        // The code that is about to be defined is the old string with its own first value.
        int from = code, length = 0;
        if (code == next) {
            known->text[length++] = known->first[old];
            from = old;
        }
        while (from >= clear + 2) {
            known->text[length++] = known->last[from];
            from = known->before[from];
        }
        known->text[length++] = known->last[from];
        if (old >= 0 && next < most_codes) {
            known->before[next] = (uint16_t)old;
            known->last[next] = known->text[length - 1];
            known->first[next] = known->first[old];
            next += 1;
            if (next == 1 << size && size < 12) size += 1;
        }
        while (length > 0 && filled < count) values[filled++] = known->text[--length];
        old = code;
    }
    free(known);
    // What is left of the block.
    if (filled == count && !source.has_ended && source.left <= left_over(state)) {
        state->position += source.left;
        skip_pieces(state);
    }
    return filled == count;
}

// Interlaced rows come in four passes.
static uint32_t row_of(const gif_state *state, uint32_t stored) {
    static const uint32_t starts[4] = {0, 4, 2, 1}, steps[4] = {8, 8, 4, 2};
    if (!state->is_interlaced) return stored;
    for (int pass = 0; pass < 4; pass++) {
        uint32_t rows = state->height > starts[pass]
            ? (state->height - starts[pass] + steps[pass] - 1) / steps[pass] : 0;
        if (stored < rows) return starts[pass] + stored * steps[pass];
        stored -= rows;
    }
    return 0;
}

static codec_status put_pixels(
    codec_reader *reader, const gif_state *state, const uint8_t *values, uint16_t *samples) {
    size_t channels = reader->channels;
    if (channels == 4) {
        memset(samples, 0, (size_t)reader->width * reader->height * channels * sizeof *samples);
    }
    for (uint32_t y = 0; y < state->height; y++) {
        size_t place = (size_t)(state->top + row_of(state, y)) * reader->width + state->left;
        uint16_t *out = samples + place * channels;
        for (uint32_t x = 0; x < state->width; x++, out += channels) {
            int value = values[(size_t)y * state->width + x];
            if (value >= state->colors) return corrupt(reader, "a colour outside the palette");
            for (int c = 0; c < 3; c++) out[c] = state->palette[3 * value + c];
            if (channels == 4) out[3] = value == state->transparent ? 0 : 255;
        }
    }
    return codec_ok;
}

codec_status codec_gif_pixels(codec_reader *reader, uint16_t *samples) {
    gif_state *state = reader->state;
    size_t count = (size_t)state->width * state->height;
    uint8_t *values = malloc(count);
    if (values == NULL) return codec_no_memory;
    codec_status status = unpack(state, values, count)
        ? put_pixels(reader, state, values, samples)
        : corrupt(reader, "its data end early or make no picture");
    free(values);
    if (status != codec_ok) return status;
    // Whatever is wrong behind the first picture does not harm it.
    char message[codec_message_limit];
    memcpy(message, reader->message, sizeof message);
    codec_status ignored = codec_ok;
    reader->animated = find_picture(reader, state, &ignored) == 1;
    memcpy(reader->message, message, sizeof message);
    return codec_ok;
}

void codec_gif_close(codec_reader *reader) {
    if (reader != NULL) codec_reader_close(reader);
}
