// Writing PNG: chunks through libpng, pixels as they were deflated in stripes. Fixed compression settings: the
// same picture always gives the same bytes.

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "items.h"

enum { compression_level = 6 };  // of profiles

static _Noreturn void fail(png_structp png, png_const_charp message) {
    codec_writer *writer = png_get_error_ptr(png);
    codec_fail(writer->message, message);
    png_longjmp(png, 1);
}

// What libpng warns of while writing does not affect the picture.
static void ignore_warning(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

static void put_bytes(png_structp png, png_bytep bytes, png_size_t count) {
    codec_writer *writer = png_get_io_ptr(png);
    if (codec_writer_reserve(writer, count) != codec_ok) png_error(png, "out of memory");
    memcpy(writer->bytes + writer->count, bytes, count);
    writer->count += count;
}

static void flush_nothing(png_structp png) {
    (void)png;
}

static int color_type(int channels) {
    switch (channels) {
    case 1: return PNG_COLOR_TYPE_GRAY;
    case 2: return PNG_COLOR_TYPE_GRAY_ALPHA;
    case 3: return PNG_COLOR_TYPE_RGB;
    default: return PNG_COLOR_TYPE_RGB_ALPHA;
    }
}

// A colour profile: a name, the method 0, a zlib stream. libpng would refuse some that are in wide
// use; which profiles can be used is decided where the picture is read.
static void put_profile(codec_writer *writer, png_structp png, const codec_item *item) {
    static const uint8_t head[] = "ICC Profile\0";  // with the literal's own end, the method
    uLongf count = compressBound(item->count);
    uint8_t *bytes = malloc(sizeof head + count);
    if (bytes == NULL) png_error(png, "out of memory");
    memcpy(bytes, head, sizeof head);
    int result = compress2(
        bytes + sizeof head, &count, item->bytes, item->count, compression_level);
    // The writer frees it also where libpng jumps.
    writer->scratch = bytes;
    if (result != Z_OK) png_error(png, "the colour profile cannot be compressed");
    png_write_chunk(png, (png_const_bytep)"iCCP", bytes, sizeof head + count);
    writer->scratch = NULL;
    free(bytes);
}

static void put_header(
    codec_writer *writer, png_structp png, png_infop info, uint32_t width, uint32_t height,
    int channels, int depth) {
    png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
    png_set_write_fn(png, writer, put_bytes, flush_nothing);
    png_set_IHDR(
        png, info, width, height, depth, color_type(channels), PNG_INTERLACE_NONE,
        PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (size_t i = 0; i < writer->items.count; i++) {
        const codec_item *item = &writer->items.list[i];
        if (strcmp(item->name, "iCCP") == 0) {
            put_profile(writer, png, item);
        } else {
            png_write_chunk(png, (png_const_bytep)item->name, item->bytes, item->count);
        }
    }
}

// The stripes' streams one after the other, and the checksum of all that was deflated.
static void put_stripes(png_structp png, const codec_png_stripe *stripes, size_t count) {
    static const png_byte name[] = "IDAT";
    uLong adler = adler32(0, NULL, 0);
    for (size_t i = 0; i < count; i++) {
        png_write_chunk(png, name, stripes[i].bytes, stripes[i].count);
        adler = adler32_combine(adler, stripes[i].adler, (z_off_t)stripes[i].length);
    }
    const png_byte sum[] = {
        (png_byte)(adler >> 24), (png_byte)(adler >> 16), (png_byte)(adler >> 8), (png_byte)adler};
    png_write_chunk(png, name, sum, sizeof sum);
    png_write_chunk(png, (png_const_bytep)"IEND", NULL, 0);
}

codec_status codec_png_write(
    codec_writer *writer, uint32_t width, uint32_t height, int channels, int depth,
    const codec_png_stripe *stripes, size_t count) {
    png_structp png =
        png_create_write_struct(PNG_LIBPNG_VER_STRING, writer, fail, ignore_warning);
    png_infop info = png == NULL ? NULL : png_create_info_struct(png);
    if (info == NULL) {
        if (png != NULL) png_destroy_write_struct(&png, NULL);
        return codec_no_memory;
    }
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_write_struct(&png, &info);
        return codec_corrupt;
    }
    put_header(writer, png, info, width, height, channels, depth);
    put_stripes(png, stripes, count);
    png_destroy_write_struct(&png, &info);
    return codec_ok;
}
