// Reading PNG through libpng's row API.

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "items.h"

enum {
    metadata_budget = 32 << 20,   // large blocks that libpng may take for texts and the profile
    profile_bytes_limit = 15 << 20,  // compressed or not
    chunk_bytes_limit = 4 << 20,  // one other chunk, decompressed
    chunk_bytes_limit_after = 4096,  // the same once the budget is spent
    chunk_count_limit = 1000,
};

typedef struct png_state {
    png_structp png;
    png_infop info;
    const uint8_t *bytes;
    size_t count, position;
    size_t spent;
    int is_spent;
    int reading_metadata;
    int has_profile;
    int is_cut;           // the bytes ended before what was to be read
    png_colorp palette;
    int palette_count;
    png_bytep palette_alpha;  // NULL without transparency
    int palette_alpha_count;
    uint8_t *row;         // of the decoder; NULL before the first
    size_t read_samples;  // in it
    int passes;
    uint32_t rows;        // that were read
} png_state;

// libpng bounds each text by itself but not their sum, and it decompresses a text twice: a file of
// small compressed bombs would cost minutes. So while metadata is read, large blocks come out of one
// budget that is not given back; when it is spent, libpng drops larger chunks with a warning, before
// it has decompressed them.
static png_voidp take_memory(png_structp png, png_alloc_size_t size) {
    png_state *state = png_get_mem_ptr(png);
    if (state->reading_metadata && size > chunk_bytes_limit_after) {
        if (state->spent > metadata_budget || size > metadata_budget - state->spent) {
            png_set_chunk_malloc_max(png, chunk_bytes_limit_after);
            state->is_spent = 1;
            return NULL;
        }
        state->spent += size;
    }
    return malloc(size);
}

static void give_memory(png_structp png, png_voidp pointer) {
    (void)png;
    free(pointer);
}

static _Noreturn void fail(png_structp png, png_const_charp message) {
    codec_reader *reader = png_get_error_ptr(png);
    if (strcmp(message, "Invalid IHDR data") == 0 && reader->warnings[0] != 0) {
        // What is invalid was said in a warning just before.
        reader->warnings[strcspn(reader->warnings, "\n")] = 0;
        message = reader->warnings;
    }
    codec_fail(reader->message, message);
    png_longjmp(png, 1);
}

// Chunks kept as they are; they describe the samples, which stay as they are too. The profile is
// among them because libpng drops some that are in wide use (Hewlett-Packard's sRGB of 1998). Behind them are chunks
// that newer versions of libpng would take without a word.
static const png_byte kept_chunks[] =
    "eXIf\0tEXt\0gAMA\0cHRM\0sRGB\0cICP\0pHYs\0iCCP\0mDCV\0cLLI";
enum { kept_chunk_count = 8, taken_chunk_count = 10 };

static int is_kept(const char *name) {
    for (int i = 0; i < kept_chunk_count; i++) {
        if (memcmp(kept_chunks + 5 * i, name, 4) == 0) return 1;
    }
    return 0;
}

// What a kept chunk of a fixed length has; 0 for the others.
static size_t fixed_length(const char *name) {
    static const struct {
        char name[5];
        size_t length;
    } fixed[] = {{"gAMA", 4}, {"cHRM", 32}, {"sRGB", 1}, {"cICP", 4}, {"pHYs", 9}};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        if (memcmp(fixed[i].name, name, 4) == 0) return fixed[i].length;
    }
    return 0;
}

// Whether a warning of libpng, which begins with the chunk's name, is of one that a reader may ignore.
static int is_of_metadata(const char *message) {
    return strlen(message) > 6 && memcmp(message + 4, ": ", 2) == 0 && (message[0] & 0x20) != 0;
}

// Hands on why metadata is left out. Chunks that are too large are named twice by libpng; of those that are of no
// use here, such as a store of credentials, which is read from the file itself, nothing is said.
static void warn_of_chunk(codec_reader *reader, const char *message) {
    const char *reason = message + 6;
    if (strcmp(reason, "unknown chunk exceeds memory limits") == 0) return;
    int is_large = strcmp(reason, "chunk data is too large") == 0;
    if (is_large && !is_kept(message) && memcmp(message + 1, "TXt", 3) != 0) return;
    char text[160];
    if (memcmp(message, "tRNS", 4) == 0 && strstr(reason, "with alpha channel") == NULL) {
        snprintf(text, sizeof text, "its transparency is broken and was left out: %s", reason);
    } else if (is_kept(message) && strcmp(reason, "CRC error") == 0) {
        snprintf(text, sizeof text, "a block of metadata (%.4s) has a wrong checksum", message);
    } else {
        snprintf(text, sizeof text, "a block of metadata (%.4s) was left out: %s", message,
                 is_large ? "it is larger than 4 MiB" : reason);
    }
    codec_warn(reader, text);
}

// libpng lets damage in the last bytes of the pixel stream pass with a warning, once all rows are
// there. A wrong checksum there means wrong pixels.
static void warn(png_structp png, png_const_charp message) {
    codec_reader *reader = png_get_error_ptr(png);
    if (strncmp(message, "IDAT: ", 6) == 0) {
        if (strstr(message, "xtra compressed data") == NULL
            && strstr(message, "Too much image data") == NULL) {
            fail(png, message);
        }
        codec_warn(reader, "what it has beyond its last pixel was ignored");
        return;
    }
    if (is_of_metadata(message)) return warn_of_chunk(reader, message);
    if (strstr(message, ": chunk data is too large") != NULL) return;
    if (strstr(message, ": unknown chunk exceeds memory limits") != NULL) return;
    codec_warn(reader, message);
}

static void take_bytes(png_structp png, png_bytep out, png_size_t count) {
    png_state *state = png_get_io_ptr(png);
    if (count > state->count - state->position) {
        state->is_cut = 1;
        png_error(png, "the file ends early");
    }
    memcpy(out, state->bytes + state->position, count);
    state->position += count;
    // A chunk's length and name are read at once: a profile may be larger than a text.
    if (count == 8 && state->reading_metadata && !state->is_spent) {
        int profile = memcmp(out + 4, "iCCP", 4) == 0;
        png_set_chunk_malloc_max(png, profile ? profile_bytes_limit : chunk_bytes_limit);
    }
}

// Takes the profile out of its chunk: a name, the method 0, a zlib stream. At most one byte more
// than the limit comes out, which is how the caller sees that a profile is too large.
static codec_status take_profile(codec_reader *reader, const png_unknown_chunk *chunk) {
    const uint8_t *end = chunk->size > 0 ? memchr(chunk->data, 0, chunk->size) : NULL;
    z_stream stream = {0};
    if (end == NULL || end + 2 > chunk->data + chunk->size || inflateInit(&stream) != Z_OK) {
        codec_warn(reader, "the colour profile is broken and was left out");
        return codec_ok;
    }
    stream.next_in = (Bytef *)end + 2;
    stream.avail_in = (uInt)(chunk->data + chunk->size - stream.next_in);
    uint8_t *profile = NULL;
    size_t capacity = 0;
    int result = Z_OK;
    while (result == Z_OK && stream.total_out <= profile_bytes_limit) {
        if (stream.total_out == capacity) {
            capacity = capacity == 0 ? 1 << 12 : 2 * capacity;
            if (capacity > profile_bytes_limit + 1) capacity = profile_bytes_limit + 1;
            uint8_t *grown = realloc(profile, capacity);
            if (grown == NULL) break;
            profile = grown;
        }
        stream.next_out = profile + stream.total_out;
        stream.avail_out = (uInt)(capacity - stream.total_out);
        result = inflate(&stream, Z_NO_FLUSH);
    }
    codec_status status = codec_ok;
    if (result == Z_STREAM_END || stream.total_out > profile_bytes_limit) {
        status = codec_items_add(&reader->items, "iCCP", NULL, profile, stream.total_out);
    } else if (result == Z_OK || result == Z_MEM_ERROR) {
        status = codec_no_memory;
    } else {
        codec_warn(reader, "the colour profile is broken and was left out");
    }
    inflateEnd(&stream);
    free(profile);
    return status;
}

static int take_chunk(png_structp png, png_unknown_chunkp chunk) {
    codec_reader *reader = png_get_user_chunk_ptr(png);
    char name[5] = {0};
    memcpy(name, chunk->name, 4);
    // What is said of light and screens may not hold for an edited picture.
    if (strcmp(name, "mDCV") == 0 || strcmp(name, "cLLI") == 0) {
        static const char note[] = "its HDR metadata is left out";
        if (strstr(reader->warnings, note) == NULL) codec_warn(reader, note);
        return 1;
    }
    if (strcmp(name, "acTL") == 0) {
        reader->animated = 1;
        return 1;
    }
    for (int i = 0; i < kept_chunk_count; i++) {
        if (memcmp(name, kept_chunks + 5 * i, 4) != 0) continue;
        if (strcmp(name, "iCCP") == 0) {
            // A second profile is against the format.
            png_state *state = png_get_mem_ptr(png);
            if (state->has_profile) return 1;
            state->has_profile = 1;
            return take_profile(reader, chunk) == codec_ok ? 1 : -1;
        }
        size_t length = fixed_length(name);
        if (length != 0 && chunk->size != length) {
            char text[80];
            snprintf(text, sizeof text, "a block of metadata (%s) was left out: invalid", name);
            codec_warn(reader, text);
            return 1;
        }
        if (codec_items_add(&reader->items, name, NULL, chunk->data, chunk->size) != codec_ok) {
            return -1;
        }
        return 1;
    }
    // What a reader may ignore is ignored without a word; the rest is libpng's to refuse.
    return (name[0] & 0x20) != 0;
}

codec_reader *codec_png_open(const uint8_t *bytes, size_t count) {
    codec_reader *reader = codec_reader_open(sizeof(png_state));
    if (reader == NULL) return NULL;
    png_state *state = reader->state;
    state->bytes = bytes;
    state->count = count;
    return reader;
}

static void take_header(codec_reader *reader, png_state *state) {
    png_structp png = state->png;
    png_infop info = state->info;
    png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
    png_set_chunk_cache_max(png, chunk_count_limit);
    // Some writers state a smaller window than they used; the stream has a checksum of its own.
    png_set_option(png, PNG_MAXIMUM_INFLATE_WINDOW, PNG_OPTION_ON);
    png_set_chunk_malloc_max(png, chunk_bytes_limit);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_ALWAYS, kept_chunks, taken_chunk_count);
    png_set_read_user_chunk_fn(png, reader, take_chunk);
    png_set_read_fn(png, state, take_bytes);
    state->reading_metadata = 1;
    png_read_info(png, info);
    state->reading_metadata = 0;

    int bits = png_get_bit_depth(png, info);
    int color = png_get_color_type(png, info);
    reader->width = png_get_image_width(png, info);
    reader->height = png_get_image_height(png, info);
    reader->depth = bits == 16 ? 16 : 8;
    reader->interlaced = png_get_interlace_type(png, info) != PNG_INTERLACE_NONE;
    int transparent = png_get_valid(png, info, PNG_INFO_tRNS) != 0;
    if (color == PNG_COLOR_TYPE_PALETTE) {
        if (!png_get_PLTE(png, info, &state->palette, &state->palette_count)) {
            png_error(png, "a palette picture without a palette");
        }
        if (transparent) {
            png_get_tRNS(
                png, info, &state->palette_alpha, &state->palette_alpha_count, NULL);
        }
        png_set_packing(png);
        reader->channels = transparent ? 4 : 3;
    } else {
        if (transparent) png_set_tRNS_to_alpha(png);
        if (bits < 8) png_set_expand_gray_1_2_4_to_8(png);
        if (bits == 16 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) png_set_swap(png);
        int alpha = transparent || (color & PNG_COLOR_MASK_ALPHA) != 0;
        reader->channels = ((color & PNG_COLOR_MASK_COLOR) != 0 ? 3 : 1) + alpha;
    }
}

codec_status codec_png_header(codec_reader *reader) {
    png_state *state = reader->state;
    state->png = png_create_read_struct_2(
        PNG_LIBPNG_VER_STRING, reader, fail, warn, state, take_memory, give_memory);
    if (state->png == NULL) return codec_no_memory;
    if (setjmp(png_jmpbuf(state->png))) return codec_corrupt;
    state->info = png_create_info_struct(state->png);
    if (state->info == NULL) return codec_no_memory;
    take_header(reader, state);
    return codec_ok;
}

static void expand_palette(
    png_state *state, const uint8_t *indices, uint16_t *row, uint32_t width, int channels) {
    for (uint32_t x = 0; x < width; x++) {
        int index = indices[x];
        if (index >= state->palette_count) {
            png_error(state->png, "a pixel points outside the palette");
        }
        uint16_t *pixel = row + (size_t)x * channels;
        pixel[0] = state->palette[index].red;
        pixel[1] = state->palette[index].green;
        pixel[2] = state->palette[index].blue;
        if (channels == 4) {
            pixel[3] = index < state->palette_alpha_count ? state->palette_alpha[index] : 255;
        }
    }
}

// One row as bytes <-> as samples. An interlaced row is visited several times and libpng wants to
// find in it what it left there.
static void read_row(codec_reader *reader, png_state *state, uint8_t *bytes, uint16_t *row,
                     size_t row_samples, int revisited) {
    if (reader->depth == 16) {
        png_read_row(state->png, (png_bytep)row, NULL);
        return;
    }
    if (revisited) {
        for (size_t i = 0; i < row_samples; i++) bytes[i] = (uint8_t)row[i];
    }
    png_read_row(state->png, bytes, NULL);
    for (size_t i = 0; i < row_samples; i++) row[i] = bytes[i];
}

static void start(codec_reader *reader, png_state *state) {
    state->passes = png_set_interlace_handling(state->png);
    png_read_update_info(state->png, state->info);
    // Palette rows hold one index a pixel until the last pass is done.
    state->read_samples =
        state->palette != NULL ? reader->width : (size_t)reader->width * reader->channels;
    size_t expected = state->read_samples * (reader->depth / 8);
    if (png_get_rowbytes(state->png, state->info) != expected) {
        png_error(state->png, "rows of an unexpected length");
    }
}

static void take_rows(
    codec_reader *reader, png_state *state, uint16_t *samples, uint32_t count) {
    size_t row_samples = (size_t)reader->width * reader->channels;
    for (int pass = 0; pass < state->passes; pass++) {
        for (uint32_t y = 0; y < count; y++) {
            uint16_t *row = samples + row_samples * y;
            read_row(reader, state, state->row, row, state->read_samples, pass > 0);
            if (state->palette != NULL && pass == state->passes - 1) {
                expand_palette(state, state->row, row, reader->width, reader->channels);
            }
        }
    }
}

// A text with its language and its translated keyword in front.
static codec_status take_international(codec_reader *reader, const png_text *text) {
    const char *language = text->lang == NULL ? "" : text->lang;
    const char *translated = text->lang_key == NULL ? "" : text->lang_key;
    size_t first = strlen(language) + 1, second = strlen(translated) + 1;
    size_t count = first + second + text->itxt_length;
    uint8_t *bytes = malloc(count);
    if (bytes == NULL) return codec_no_memory;
    memcpy(bytes, language, first);
    memcpy(bytes + first, translated, second);
    memcpy(bytes + first + second, text->text, text->itxt_length);
    codec_status status = codec_items_add(&reader->items, "iTXt", text->key, bytes, count);
    free(bytes);
    return status;
}

// Moves the texts that libpng decompressed to the items.
static codec_status take_items(codec_reader *reader, png_state *state) {
    png_textp texts = NULL;
    int count = 0;
    png_get_text(state->png, state->info, &texts, &count);
    for (int i = 0; i < count; i++) {
        int is_international = texts[i].compression >= PNG_ITXT_COMPRESSION_NONE;
        codec_status status = is_international
            ? take_international(reader, &texts[i])
            : codec_items_add(
                  &reader->items, "zTXt", texts[i].key, (uint8_t *)texts[i].text,
                  texts[i].text_length);
        if (status != codec_ok) return status;
    }
    return codec_ok;
}

// Reads what follows the last row. A file that ends there or is damaged behind its pixels, whose stream is whole,
// is read all the same.
static codec_status take_end(codec_reader *reader, png_state *state) {
    if (setjmp(png_jmpbuf(state->png))) {
        int is_of_pixels = strncmp(reader->message, "IDAT", 4) == 0;
        int is_of_chunk = strstr(reader->message, ": ") != NULL;
        if (!state->is_cut && (is_of_pixels || !is_of_chunk)) return codec_corrupt;
        reader->message[0] = 0;
        codec_warn(reader, state->is_cut ? "its end is missing; all of the picture is there"
                                         : "its end is damaged; all of the picture is there");
    } else {
        state->reading_metadata = 1;
        png_read_end(state->png, state->info);
        reader->trailing_bytes = state->count - state->position;
    }
    return take_items(reader, state);
}

codec_status codec_png_rows(codec_reader *reader, uint16_t *samples, uint32_t count) {
    png_state *state = reader->state;
    if (setjmp(png_jmpbuf(state->png))) return codec_corrupt;
    if (state->row == NULL) {
        state->row = calloc(reader->width, reader->channels);
        if (state->row == NULL) return codec_no_memory;
        start(reader, state);
    }
    take_rows(reader, state, samples, count);
    state->rows += count;
    if (state->rows < reader->height) return codec_ok;
    return take_end(reader, state);
}

codec_status codec_png_pixels(codec_reader *reader, uint16_t *samples) {
    return codec_png_rows(reader, samples, reader->height);
}

void codec_png_close(codec_reader *reader) {
    if (reader == NULL) return;
    png_state *state = reader->state;
    free(state->row);
    if (state->png != NULL) png_destroy_read_struct(&state->png, &state->info, NULL);
    codec_reader_close(reader);
}
