// Writing TIFF through libtiff: strips, deflated after a horizontal predictor.

#include <string.h>

#include "items.h"

#if __has_include(<tiffio.h>)
#include "tiff_file.h"

#include <stdlib.h>

enum { strip_bytes = 1 << 20, deflate_level = 6 };

static void describe(
    TIFF *tiff, const codec_items *items, uint32_t width, uint32_t height, int channels,
    int depth) {
    size_t row_bytes = (size_t)width * channels * depth / 8;
    uint32_t rows = (uint32_t)(strip_bytes / row_bytes);
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, width);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, height);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, depth);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, channels);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(
        tiff, TIFFTAG_PHOTOMETRIC, channels < 3 ? PHOTOMETRIC_MINISBLACK : PHOTOMETRIC_RGB);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE);
    TIFFSetField(tiff, TIFFTAG_ZIPQUALITY, deflate_level);
    TIFFSetField(tiff, TIFFTAG_PREDICTOR, PREDICTOR_HORIZONTAL);
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, rows < 1 ? 1 : rows > height ? height : rows);
    if (channels % 2 == 0) {
        uint16_t kind = EXTRASAMPLE_UNASSALPHA;
        TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &kind);
    }
    for (size_t i = 0; i < items->count; i++) {
        const codec_item *item = &items->list[i];
        uint32_t tag = strcmp(item->name, "ICCP") == 0 ? TIFFTAG_ICCPROFILE
            : strcmp(item->name, "XMP ") == 0          ? TIFFTAG_XMLPACKET
            : strcmp(item->name, "8BIM") == 0          ? TIFFTAG_PHOTOSHOP
                                                       : 0;
        if (tag != 0) TIFFSetField(tiff, tag, (uint32_t)item->count, item->bytes);
    }
}

static int put_rows(
    TIFF *tiff, const uint16_t *samples, uint32_t height, size_t row_samples, int depth,
    uint8_t *row) {
    for (uint32_t y = 0; y < height; y++) {
        const uint16_t *from = samples + row_samples * y;
        if (depth == 16) memcpy(row, from, row_samples * 2);
        for (size_t i = 0; depth == 8 && i < row_samples; i++) row[i] = (uint8_t)from[i];
        if (TIFFWriteScanline(tiff, row, y, 0) < 0) return 0;
    }
    return 1;
}

codec_status codec_tiff_write(
    codec_writer *writer, const uint16_t *samples, uint32_t width, uint32_t height, int channels,
    int depth, int is_big_endian) {
    codec_tiff_file file = {.writer = writer, .message = writer->message};
    size_t row_samples = (size_t)width * channels;
    uint8_t *row = malloc(row_samples * 2);
    TIFF *tiff = row == NULL ? NULL : codec_tiff_open_file(&file, is_big_endian ? "wb" : "wl");
    if (tiff == NULL) {
        free(row);
        return codec_no_memory;
    }
    describe(tiff, &writer->items, width, height, channels, depth);
    int done = put_rows(tiff, samples, height, row_samples, depth, row) && TIFFFlush(tiff);
    TIFFClose(tiff);
    free(row);
    if (done) return codec_ok;
    codec_fail(writer->message, "libtiff cannot write it");
    return codec_corrupt;
}

#else

codec_status codec_tiff_write(
    codec_writer *writer, const uint16_t *samples, uint32_t width, uint32_t height, int channels,
    int depth, int is_big_endian) {
    (void)samples, (void)width, (void)height, (void)channels, (void)depth, (void)is_big_endian;
    codec_fail(writer->message, "this build is without libtiff");
    return codec_unsupported;
}

#endif
