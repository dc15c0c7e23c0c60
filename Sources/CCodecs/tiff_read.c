// Reading TIFF through libtiff: the first picture of a file, strip by strip or tile by tile.

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "items.h"

#if __has_include(<tiffio.h>)
#include <tiffio.h>

#include "tiff_directories.h"
#include "tiff_file.h"
#include "tiff_samples.h"

enum {
    most_samples = 8,   // of a pixel: colours, transparency and a few that are left out
    most_pages = 1000,  // that are counted
    more_of_a_side = 4096,  // pixels that a tile may have more than the picture
    profile_step = 256, // pixels that are converted at once
};

typedef struct tiff_state {
    codec_tiff_file file;
    TIFF *tiff;
    uint16_t photometric, bits, samples, format, planar, alpha;
    uint32_t area_width, area_height;  // of a strip or tile
    int colors;        // samples of a colour as they are stored
    int alpha_at;      // which sample is alpha, -1 for none
    int is_premultiplied;
    int is_converted;  // by libtiff, to 8-bit RGB
    uint16_t *palette[3];
    int palette_shift;
    codec_inks *inks;
    codec_lab *lab;  // for L*a*b*
} tiff_state;

static codec_status fail(codec_reader *reader, codec_status status, const char *message) {
    codec_fail(reader->message, message);
    return status;
}

codec_reader *codec_tiff_open(const uint8_t *bytes, size_t count) {
    codec_reader *reader = codec_reader_open(sizeof(tiff_state));
    if (reader == NULL) return NULL;
    tiff_state *state = reader->state;
    state->file.bytes = (uint8_t *)bytes;
    state->file.count = count;
    state->file.message = reader->message;
    return reader;
}

static uint16_t short_of(TIFF *tiff, uint32_t tag, uint16_t otherwise) {
    uint16_t value = otherwise;
    return TIFFGetFieldDefaulted(tiff, tag, &value) ? value : otherwise;
}

static codec_status take_block(
    codec_reader *reader, TIFF *tiff, uint32_t tag, const char *name) {
    uint32_t count = 0;
    void *bytes = NULL;
    if (!TIFFGetField(tiff, tag, &count, &bytes) || bytes == NULL) return codec_ok;
    return codec_items_add(&reader->items, name, NULL, bytes, count);
}

// Which of the samples behind the colours is transparency.
static void find_alpha(tiff_state *state) {
    uint16_t count = 0, *kinds = NULL;
    state->alpha_at = -1;
    if (!TIFFGetField(state->tiff, TIFFTAG_EXTRASAMPLES, &count, &kinds)) return;
    for (int i = 0; i < count && state->colors + i < state->samples; i++) {
        if (kinds[i] == EXTRASAMPLE_UNSPECIFIED) continue;
        state->alpha_at = state->colors + i;
        state->is_premultiplied = kinds[i] == EXTRASAMPLE_ASSOCALPHA;
        return;
    }
}

static int is_lab(const tiff_state *state) {
    return state->photometric == PHOTOMETRIC_CIELAB || state->photometric == PHOTOMETRIC_ICCLAB;
}

static int is_plain(const tiff_state *state) {
    static const uint8_t known[] = {1, 2, 4, 8, 10, 12, 14, 16, 32};
    int is_whole = state->format == SAMPLEFORMAT_UINT && state->bits <= 32
        && memchr(known, state->bits, sizeof known) != NULL;
    switch (state->photometric) {
    case PHOTOMETRIC_CIELAB:
    case PHOTOMETRIC_ICCLAB:
        return state->samples >= 3 && is_whole && (state->bits == 8 || state->bits == 16);
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_RGB:
    case PHOTOMETRIC_SEPARATED: break;
    case PHOTOMETRIC_PALETTE: return is_whole && state->bits <= 8;
    default: return 0;
    }
    if (state->format == SAMPLEFORMAT_IEEEFP) {
        return state->bits == 16 || state->bits == 32 || state->bits == 64;
    }
    return is_whole;
}

static codec_status choose_palette(codec_reader *reader, tiff_state *state) {
    if (!TIFFGetField(
            state->tiff, TIFFTAG_COLORMAP, &state->palette[0], &state->palette[1],
            &state->palette[2])) {
        return fail(reader, codec_corrupt, "its palette is missing");
    }
    // Some programs write bytes instead of 16-bit values.
    for (int c = 0; c < 3; c++) {
        for (int i = 0; i < 1 << state->bits; i++) {
            if (state->palette[c][i] > 255) state->palette_shift = 8;
        }
    }
    return codec_ok;
}

static codec_status choose_layout(codec_reader *reader, tiff_state *state) {
    int is_cmyk = state->photometric == PHOTOMETRIC_SEPARATED;
    int is_palette = state->photometric == PHOTOMETRIC_PALETTE;
    int is_rgb = state->photometric == PHOTOMETRIC_RGB;
    state->colors = is_cmyk ? 4 : is_rgb || is_lab(state) ? 3 : 1;
    if (is_cmyk && short_of(state->tiff, TIFFTAG_INKSET, INKSET_CMYK) != INKSET_CMYK) {
        return fail(reader, codec_unsupported, "inks other than CMYK");
    }
    if (state->samples < state->colors || state->samples > most_samples) {
        return fail(reader, codec_unsupported, "an unusual number of samples a pixel");
    }
    find_alpha(state);
    if (state->samples > state->colors + (state->alpha_at >= 0)) {
        reader->reductions |= codec_without_extra;
    }
    if (state->format == SAMPLEFORMAT_IEEEFP) reader->reductions |= codec_from_float;
    else if (state->bits == 32) reader->reductions |= codec_from_32_bits;
    reader->depth = state->bits > 8 && !is_cmyk ? 16 : 8;
    int grey = state->colors == 1 && !is_palette;
    reader->channels = (grey ? 1 : 3) + (state->alpha_at >= 0);
    reader->converted_from_cmyk = is_cmyk;
    if (is_lab(state)) {
        reader->reductions |= codec_from_lab;
        state->lab = codec_lab_open();
        if (state->lab == NULL) return codec_no_memory;
    }
    return is_palette ? choose_palette(reader, state) : codec_ok;
}

// What is left to libtiff, which makes 8-bit RGB of it: YCbCr, fax and the like.
static codec_status choose_conversion(codec_reader *reader, tiff_state *state) {
    char message[1024] = "";
    if (state->format == SAMPLEFORMAT_INT && !is_lab(state)) {
        return fail(reader, codec_unsupported, "signed samples");
    }
    if (!TIFFRGBAImageOK(state->tiff, message)) {
        return fail(reader, codec_unsupported, message[0] ? message : "an unusual kind of samples");
    }
    state->is_converted = 1;
    reader->reductions |= codec_from_other_colors;
    reader->depth = 8;
    reader->channels = 3;
    return codec_ok;
}

// A strip or tile larger than the picture needs memory and, where there are many, time that the picture does not.
static codec_status choose_areas(codec_reader *reader, tiff_state *state) {
    if (TIFFIsTiled(state->tiff)) {
        TIFFGetField(state->tiff, TIFFTAG_TILEWIDTH, &state->area_width);
        TIFFGetField(state->tiff, TIFFTAG_TILELENGTH, &state->area_height);
    } else {
        state->area_width = reader->width;
        TIFFGetFieldDefaulted(state->tiff, TIFFTAG_ROWSPERSTRIP, &state->area_height);
        if (state->area_height > reader->height) state->area_height = reader->height;
    }
    if (state->area_width == 0 || state->area_height == 0
        || state->area_width > (uint64_t)reader->width + more_of_a_side
        || state->area_height > (uint64_t)reader->height + more_of_a_side) {
        return fail(reader, codec_corrupt, "its strips or tiles have no sensible size");
    }
    return codec_ok;
}

static codec_status take_items(codec_reader *reader, TIFF *tiff) {
    codec_status status = take_block(reader, tiff, TIFFTAG_ICCPROFILE, "ICCP");
    if (status == codec_ok) status = take_block(reader, tiff, TIFFTAG_XMLPACKET, "XMP ");
    if (status == codec_ok) status = take_block(reader, tiff, TIFFTAG_PHOTOSHOP, "8BIM");
    return status;
}

codec_status codec_tiff_header(codec_reader *reader) {
    tiff_state *state = reader->state;
    if (codec_tiff_has_shared_values(state->file.bytes, state->file.count)) {
        return fail(reader, codec_corrupt, "its tags have more bytes together than the file");
    }
    state->tiff = codec_tiff_open_file(&state->file, "rm");
    if (state->tiff == NULL) return fail(reader, codec_corrupt, "its first directory is broken");
    TIFF *tiff = state->tiff;
    // What libtiff passes over is none of the reader's business.
    reader->message[0] = 0;
    uint32_t pages = codec_tiff_pages(state->file.bytes, state->file.count, most_pages);
    reader->pictures = pages > 1 ? pages : 0;
    if (!TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &reader->width)
        || !TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &reader->height) || reader->width == 0
        || reader->height == 0) {
        return fail(reader, codec_corrupt, "it has no size");
    }
    uint32_t kind = 0;
    const uint8_t *dng = NULL;
    int is_raw = TIFFGetField(tiff, TIFFTAG_DNGVERSION, &dng);
    if (is_raw
        || (TIFFGetField(tiff, TIFFTAG_SUBFILETYPE, &kind) && (kind & FILETYPE_REDUCEDIMAGE))) {
        return fail(reader, codec_unsupported, "a camera's raw file; develop it first");
    }
    state->photometric = short_of(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
    state->bits = short_of(tiff, TIFFTAG_BITSPERSAMPLE, 1);
    state->samples = short_of(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
    state->format = short_of(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
    if (state->format == SAMPLEFORMAT_VOID) state->format = SAMPLEFORMAT_UINT;
    state->planar = short_of(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    reader->orientation = short_of(tiff, TIFFTAG_ORIENTATION, 1);
    uint16_t compression = short_of(tiff, TIFFTAG_COMPRESSION, COMPRESSION_NONE);
    if (!TIFFIsCODECConfigured(compression)) {
        return fail(reader, codec_unsupported, "a compression that libtiff does not have");
    }
    if (state->photometric == PHOTOMETRIC_YCBCR && compression == COMPRESSION_JPEG
        && state->planar == PLANARCONFIG_CONTIG && state->samples == 3) {
        TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
        state->photometric = PHOTOMETRIC_RGB;
    }
    codec_status status = is_plain(state) ? choose_layout(reader, state)
                                          : choose_conversion(reader, state);
    if (status == codec_ok) status = choose_areas(reader, state);
    return status == codec_ok ? take_items(reader, tiff) : status;
}

// A sample of a row of them, as 8 or 16 bits; palettes keep their numbers.
static uint16_t sample(const tiff_state *state, const uint8_t *row, size_t i) {
    uint16_t value = 0;
    switch (state->bits) {
    case 8: return row[i];
    case 10: case 12: case 14: return codec_packed_sample(row, i * state->bits, state->bits);
    case 16:
        memcpy(&value, row + 2 * i, 2);
        return state->format == SAMPLEFORMAT_IEEEFP ? codec_half_float(value) : value;
    case 64: {
        double real;
        memcpy(&real, row + 8 * i, 8);
        return real > 0 ? (uint16_t)(fmin(real, 1) * 65535 + 0.5) : 0;
    }
    case 32:
        if (state->format == SAMPLEFORMAT_IEEEFP) {
            float real;
            memcpy(&real, row + 4 * i, 4);
            return real > 0 ? (uint16_t)(fminf(real, 1) * 65535 + 0.5f) : 0;
        } else {
            uint32_t whole;
            memcpy(&whole, row + 4 * i, 4);
            return (uint16_t)(whole >> 16);
        }
    default: {
        int per_byte = 8 / state->bits, largest = (1 << state->bits) - 1;
        int found = row[i / per_byte] >> (8 - state->bits * (1 + i % per_byte)) & largest;
        return (uint16_t)(state->palette[0] != NULL ? found : found * (255 / largest));
    }
    }
}

// Inks, 0 for none, as bytes stored inverted, and from there to RGB.
static void take_inks(
    const tiff_state *state, const uint16_t *pixels, size_t step, uint16_t *out, size_t out_step,
    size_t count) {
    uint8_t inks[4 * profile_step], rgb[3 * profile_step];
    for (size_t start = 0; start < count; start += profile_step) {
        size_t some = count - start < profile_step ? count - start : profile_step;
        for (size_t x = 0; x < some; x++) {
            const uint16_t *pixel = pixels + (start + x) * step;
            for (int c = 0; c < 4; c++) {
                int ink = state->bits > 8 ? (pixel[c] + 128) / 257 : pixel[c];
                inks[4 * x + c] = (uint8_t)(255 - ink);
            }
        }
        codec_inks_or_naive(state->inks, inks, rgb, some);
        for (size_t x = 0; x < some; x++) {
            for (int c = 0; c < 3; c++) out[(start + x) * out_step + c] = rgb[3 * x + c];
        }
    }
}

static void divide_by_alpha(uint16_t *pixel, int colors, uint32_t white) {
    uint32_t alpha = pixel[colors];
    for (int c = 0; alpha > 0 && c < colors; c++) {
        uint32_t value = (uint32_t)(((uint64_t)pixel[c] * white + alpha / 2) / alpha);
        pixel[c] = (uint16_t)(value > white ? white : value);
    }
}

// A row of pixels, all their samples beside each other, as the reader hands them out.
static void put_row(
    const codec_reader *reader, const tiff_state *state, const uint16_t *row, uint16_t *out,
    size_t count) {
    size_t step = state->samples, channels = reader->channels;
    int colors = channels < 3 ? 1 : 3;
    uint16_t white = reader->depth == 16 ? 65535 : 255;
    if (state->photometric == PHOTOMETRIC_SEPARATED) {
        take_inks(state, row, step, out, channels, count);
    } else if (is_lab(state)) {
        int is_signed = state->photometric == PHOTOMETRIC_CIELAB;
        codec_take_lab(state->lab, state->bits, is_signed, row, step, out, channels, count);
    }
    for (size_t x = 0; x < count; x++) {
        const uint16_t *pixel = row + x * step;
        uint16_t *to = out + x * channels;
        switch (state->photometric) {
        case PHOTOMETRIC_SEPARATED:
        case PHOTOMETRIC_CIELAB:
        case PHOTOMETRIC_ICCLAB: break;
        case PHOTOMETRIC_PALETTE:
            for (int c = 0; c < 3; c++) {
                to[c] = state->palette[c][pixel[0]] >> state->palette_shift;
            }
            break;
        case PHOTOMETRIC_MINISWHITE: to[0] = white - pixel[0]; break;
        default:
            for (int c = 0; c < colors; c++) to[c] = pixel[c];
        }
        if (state->alpha_at < 0) continue;
        uint16_t alpha = pixel[state->alpha_at];
        // Beside numbers of a palette it is one, too.
        if (state->palette[0] != NULL) alpha = (uint16_t)(alpha * 255 / ((1 << state->bits) - 1));
        to[colors] = state->bits > 8 && white == 255 ? (uint16_t)((alpha + 128) / 257) : alpha;
        if (state->is_premultiplied) divide_by_alpha(to, colors, white);
    }
}

// One strip or tile: `planes` of them, each with its own samples, or one with all.
static void put_area(
    const codec_reader *reader, const tiff_state *state, const uint8_t *bytes, size_t plane_bytes,
    size_t row_bytes, uint32_t left, uint32_t top, uint16_t *row, uint16_t *samples) {
    uint32_t columns = reader->width - left, rows = reader->height - top;
    if (columns > state->area_width) columns = state->area_width;
    if (rows > state->area_height) rows = state->area_height;
    int is_separate = state->planar == PLANARCONFIG_SEPARATE && state->samples > 1;
    for (uint32_t y = 0; y < rows; y++) {
        const uint8_t *from = bytes + y * row_bytes;
        for (int s = 0; is_separate && s < state->samples; s++) {
            const uint8_t *plane = from + s * plane_bytes;
            for (size_t x = 0; x < columns; x++) {
                row[x * state->samples + s] = sample(state, plane, x);
            }
        }
        size_t all = (size_t)columns * state->samples;
        for (size_t i = 0; !is_separate && i < all; i++) row[i] = sample(state, from, i);
        size_t place = (size_t)(top + y) * reader->width + left;
        put_row(reader, state, row, samples + place * reader->channels, columns);
    }
}

static int read_area(
    const tiff_state *state, uint32_t left, uint32_t top, int plane, uint8_t *bytes,
    tmsize_t count) {
    if (TIFFIsTiled(state->tiff)) {
        uint32_t tile = TIFFComputeTile(state->tiff, left, top, 0, (uint16_t)plane);
        return TIFFReadEncodedTile(state->tiff, tile, bytes, count) >= 0;
    }
    uint32_t strip = TIFFComputeStrip(state->tiff, top, (uint16_t)plane);
    return TIFFReadEncodedStrip(state->tiff, strip, bytes, count) >= 0;
}

static codec_status read_areas(codec_reader *reader, tiff_state *state, uint16_t *samples) {
    int is_tiled = TIFFIsTiled(state->tiff);
    tmsize_t plane_bytes = is_tiled ? TIFFTileSize(state->tiff) : TIFFStripSize(state->tiff);
    tmsize_t row_bytes = is_tiled ? TIFFTileRowSize(state->tiff) : TIFFScanlineSize(state->tiff);
    int planes = state->planar == PLANARCONFIG_SEPARATE ? state->samples : 1;
    uint64_t bits = (uint64_t)state->area_width * state->samples / planes * state->bits;
    if (plane_bytes <= 0 || row_bytes <= 0 || (uint64_t)row_bytes * 8 < bits
        || (uint64_t)plane_bytes < (uint64_t)row_bytes * state->area_height) {
        return fail(reader, codec_corrupt, "its strips or tiles have no sensible size");
    }
    uint8_t *bytes = calloc((size_t)planes, (size_t)plane_bytes);
    uint16_t *row = malloc((size_t)state->area_width * state->samples * sizeof *row);
    codec_status status = bytes == NULL || row == NULL ? codec_no_memory : codec_ok;
    for (uint32_t top = 0; status == codec_ok && top < reader->height; top += state->area_height) {
        for (uint32_t left = 0; left < reader->width; left += state->area_width) {
            for (int plane = 0; status == codec_ok && plane < planes; plane++) {
                if (!read_area(
                        state, left, top, plane, bytes + plane * plane_bytes, plane_bytes)) {
                    status = fail(reader, codec_corrupt, "a part of the picture is missing");
                }
            }
            if (status != codec_ok) break;
            put_area(
                reader, state, bytes, (size_t)plane_bytes, (size_t)row_bytes, left, top, row,
                samples);
        }
    }
    free(bytes);
    free(row);
    return status;
}

static codec_status convert(codec_reader *reader, tiff_state *state, uint16_t *samples) {
    size_t pixels = (size_t)reader->width * reader->height;
    uint32_t *raster = malloc(pixels * sizeof *raster);
    if (raster == NULL) return codec_no_memory;
    int done = TIFFReadRGBAImageOriented(
        state->tiff, reader->width, reader->height, raster, reader->orientation, 1);
    for (size_t i = 0; done && i < pixels; i++) {
        samples[3 * i] = TIFFGetR(raster[i]);
        samples[3 * i + 1] = TIFFGetG(raster[i]);
        samples[3 * i + 2] = TIFFGetB(raster[i]);
    }
    free(raster);
    return done ? codec_ok : fail(reader, codec_corrupt, "a part of the picture is missing");
}

codec_status codec_tiff_pixels(codec_reader *reader, uint16_t *samples) {
    tiff_state *state = reader->state;
    for (size_t i = 0; reader->converted_from_cmyk && i < reader->items.count; i++) {
        const codec_item *item = &reader->items.list[i];
        if (strcmp(item->name, "ICCP") != 0) continue;
        state->inks = codec_inks_open(item->bytes, item->count);
        if (state->inks != NULL) reader->converted_from_cmyk = 2;
    }
    reader->message[0] = 0;
    codec_status status = state->is_converted ? convert(reader, state, samples)
                                              : read_areas(reader, state, samples);
    // libtiff goes on with a guess where a fax or a JPEG is damaged.
    return status == codec_ok && reader->message[0] != 0 ? codec_corrupt : status;
}

void codec_tiff_close(codec_reader *reader) {
    if (reader == NULL) return;
    tiff_state *state = reader->state;
    if (state->tiff != NULL) TIFFClose(state->tiff);
    codec_inks_close(state->inks);
    codec_lab_close(state->lab);
    codec_reader_close(reader);
}

const char *codec_tiff_version(void) {
    // "LIBTIFF, Version 4.5.0", and a line about its authors.
    static char version[32];
    if (sscanf(TIFFGetVersion(), "LIBTIFF, Version %31s", version) != 1) return "of an unknown version";
    return version;
}

#else

codec_reader *codec_tiff_open(const uint8_t *bytes, size_t count) {
    (void)bytes;
    (void)count;
    return codec_reader_open(1);
}

codec_status codec_tiff_header(codec_reader *reader) {
    codec_fail(reader->message, "this build is without libtiff");
    return codec_unsupported;
}

codec_status codec_tiff_pixels(codec_reader *reader, uint16_t *samples) {
    (void)samples;
    return codec_tiff_header(reader);
}

void codec_tiff_close(codec_reader *reader) {
    if (reader != NULL) codec_reader_close(reader);
}

const char *codec_tiff_version(void) { return NULL; }

#endif
