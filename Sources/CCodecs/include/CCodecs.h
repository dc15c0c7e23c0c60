// Picture formats as plain C calls, and colour profiles. libpng and libjpeg report errors by longjmp; every
// jump stays inside these files, and the caller sees a status and a message in the reader or writer.
// libheif and libtiff may be missing from a build; what they read is then codec_unsupported.
//
// Samples are uint16_t, interleaved, rows top-down: 0...255 at depth 8, 0...65535 at depth 16.
// Alpha is straight. No gamma and, but for CMYK, no colour management: samples are what the file
// holds.

#ifndef CCODECS_H
#define CCODECS_H

#include <stddef.h>
#include <stdint.h>

typedef enum codec_status {
    codec_ok = 0,
    codec_corrupt,      // the file breaks its format, or ends early
    codec_unsupported,  // a valid file of a kind that is not read
    codec_no_memory,
} codec_status;

// A piece of metadata. PNG: `name` is the chunk's type; zTXt and iTXt arrive decompressed, with
// `keyword` set and the text in `bytes` (zTXt: Latin-1; iTXt: UTF-8, behind its language and its translated
// keyword, which end in a zero each), iCCP is the bare profile,
// other chunks are raw. JPEG: `name` is "APP1", "APP2", "APPD" (13) or "COM ", `bytes` the
// marker's payload. All others: `name` is "ICCP", "EXIF", "XMP " or "8BIM" (Photoshop's resources).
typedef struct codec_item {
    char name[5];
    char keyword[80];
    uint8_t *bytes;
    size_t count;
} codec_item;

typedef struct codec_items {
    codec_item *list;
    size_t count;
    size_t total_bytes;
    int dropped;  // items left out because there were too many or too large
} codec_items;

// How a JPEG was compressed; enough to compress an edited copy the same way.
typedef struct codec_jpeg_coding {
    int components;  // 1 grey or 3 YCbCr; 0 when there is nothing to reuse
    int horizontal[3], vertical[3];
    uint16_t tables[3][64];  // quantisation table of each component, natural order, 1...255
} codec_jpeg_coding;

// Dots a unit as in the JFIF header: of 0 nothing, 1 an inch, 2 a centimetre. Zeros where nothing is said.
typedef struct codec_density {
    int unit, x, y;
} codec_density;

enum { codec_message_limit = 200, codec_warnings_limit = 1000 };

typedef enum codec_companion {
    codec_depth_map = 1,
    codec_gain_map = 2,
    codec_other_auxiliary = 4,
} codec_companion;

// What was changed beside the layout on reading a TIFF.
typedef enum codec_reduction {
    codec_from_float = 1,
    codec_from_32_bits = 2,
    codec_without_extra = 4,
    codec_from_other_colors = 8,
    codec_from_lab = 16,
} codec_reduction;

typedef struct codec_reader {
    uint32_t width, height;
    int channels;  // 1 grey, 2 grey+alpha, 3 RGB, 4 RGBA
    int depth;     // 8 or 16
    codec_items items;
    codec_jpeg_coding coding;
    codec_density density;      // JPEG
    int converted_from_cmyk;    // 1 naively, 2 by the file's own profile
    int interlaced;         // PNG
    int animated;           // PNG with an acTL chunk, or an animated WebP, AVIF or GIF
    uint32_t pictures;      // in the file, where there are several of equal rank; else 0
    int orientation;        // TIFF: 1...8 as in EXIF, else 0
    int primaries, transfer;  // HEIF: the colours' code points (ITU-T H.273); 0 where none are given
    unsigned companions;      // HEIF: a sum of codec_companion
    unsigned reductions;      // TIFF: a sum of codec_reduction
    size_t trailing_bytes;  // after the end of the picture
    char message[codec_message_limit];
    char warnings[codec_warnings_limit];  // one a line
    void *state;
} codec_reader;

// The bytes must outlive the reader. `open` returns NULL only when memory is out; `header` comes
// first, then `pixels` once, which fills width * height * channels samples and finishes the items.
codec_reader *codec_png_open(const uint8_t *bytes, size_t count);
codec_status codec_png_header(codec_reader *reader);
codec_status codec_png_pixels(codec_reader *reader, uint16_t *samples);
// In place of `pixels`: the next `count` rows; the call for the last ones finishes the items. An interlaced
// picture gives all rows at once only.
codec_status codec_png_rows(codec_reader *reader, uint16_t *samples, uint32_t count);
void codec_png_close(codec_reader *reader);

codec_reader *codec_jpeg_open(const uint8_t *bytes, size_t count);
codec_status codec_jpeg_header(codec_reader *reader);
codec_status codec_jpeg_pixels(codec_reader *reader, uint16_t *samples);
// In place of `pixels`, as with PNG.
codec_status codec_jpeg_rows(codec_reader *reader, uint16_t *samples, uint32_t count);
void codec_jpeg_close(codec_reader *reader);

codec_reader *codec_webp_open(const uint8_t *bytes, size_t count);
codec_status codec_webp_header(codec_reader *reader);
codec_status codec_webp_pixels(codec_reader *reader, uint16_t *samples);
void codec_webp_close(codec_reader *reader);

// HEIC and AVIF.
codec_reader *codec_heif_open(const uint8_t *bytes, size_t count);
codec_status codec_heif_header(codec_reader *reader);
codec_status codec_heif_pixels(codec_reader *reader, uint16_t *samples);
void codec_heif_close(codec_reader *reader);

codec_reader *codec_tiff_open(const uint8_t *bytes, size_t count);
codec_status codec_tiff_header(codec_reader *reader);
codec_status codec_tiff_pixels(codec_reader *reader, uint16_t *samples);
void codec_tiff_close(codec_reader *reader);

codec_reader *codec_gif_open(const uint8_t *bytes, size_t count);
codec_status codec_gif_header(codec_reader *reader);
codec_status codec_gif_pixels(codec_reader *reader, uint16_t *samples);
void codec_gif_close(codec_reader *reader);

codec_reader *codec_bmp_open(const uint8_t *bytes, size_t count);
codec_status codec_bmp_header(codec_reader *reader);
codec_status codec_bmp_pixels(codec_reader *reader, uint16_t *samples);
void codec_bmp_close(codec_reader *reader);

typedef struct codec_writer {
    codec_items items;
    uint8_t *bytes;  // the encoded file; the caller frees it
    size_t count, capacity;
    uint8_t *scratch;  // memory in use while a part is written
    char message[codec_message_limit];
} codec_writer;

codec_writer *codec_writer_open(void);
// Adds a chunk (PNG: raw payload, or a bare profile for "iCCP") or a marker ("APP1", "APP2",
// "APPD", "COM "). Copies the bytes.
codec_status codec_writer_add(
    codec_writer *writer, const char *name, const uint8_t *bytes, size_t count);

// Rows of a PNG, deflated; the caller frees the bytes.
typedef struct codec_png_stripe {
    uint8_t *bytes;
    size_t count;
    uint32_t adler;  // the checksum of what was deflated (RFC 1950)
    size_t length;   // bytes that were
} codec_png_stripe;

// Deflates `count` rows from row `first` on; any channels, depth 8 or 16. Stripes may be made on several threads,
// and together they are the pixels of a file. The same rows give the same bytes.
codec_status codec_png_deflate(
    const uint16_t *samples, uint32_t width, int channels, int depth, uint32_t first,
    uint32_t count, int is_last, codec_png_stripe *stripe);
// Writes a PNG of the stripes that all of its rows were deflated to.
codec_status codec_png_write(
    codec_writer *writer, uint32_t width, uint32_t height, int channels, int depth,
    const codec_png_stripe *stripes, size_t count);
// JPEG: depth 8, 1 or 3 channels; `coding` NULL means `quality`
// (1...100) without chroma subsampling. The same input gives the same bytes.
codec_status codec_jpeg_write(
    codec_writer *writer, const uint16_t *samples, uint32_t width, uint32_t height, int channels,
    int quality, const codec_jpeg_coding *coding, codec_density density);

// The bytes of a JPEG file.
typedef struct codec_jpeg_part {
    const uint8_t *bytes;
    size_t count;
} codec_jpeg_part;

// Writes `base` with blocks of `donor`, whose top left pixel is at x, y of the base, which are
// multiples of the base's units; NULL for none. `mask` has a byte for each pixel of the donor. With `takes_touched`
// the blocks are taken that hold a pixel whose byte is not 0, and the base is the file whose way of
// coding (progressive, restarts) is kept; without it the others are taken, and it is the donor.
// Markers are the writer's items. codec_unsupported where tables or sampling differ.
codec_status codec_jpeg_splice(
    codec_writer *writer, const codec_jpeg_part *base, const codec_jpeg_part *donor, uint32_t x,
    uint32_t y, const uint8_t *mask, int takes_touched);

// How the blocks of two files differ.
typedef struct codec_jpeg_differences {
    size_t outside;    // blocks of all components that hold no pixel of the mask
    size_t differing;  // those of them whose coefficients differ
    uint32_t block_width, block_height;  // pixels that the largest block stands for
} codec_jpeg_differences;

// Compares the blocks of `first` with those of `second`, whose part at x, y it is. `mask` has a byte
// for each pixel of the first, 0 outside. codec_unsupported where tables or sampling differ.
codec_status codec_jpeg_compare(
    const codec_jpeg_part *first, const codec_jpeg_part *second, uint32_t x, uint32_t y,
    const uint8_t *mask, codec_jpeg_differences *found);
// WebP: depth 8, 3 or 4 channels, no items; `quality` 0...100, or -1 for lossless.
codec_status codec_webp_write(
    codec_writer *writer, const uint16_t *samples, uint32_t width, uint32_t height, int channels,
    int quality);
// AVIF: 3 or 4 channels, of 8 bits a sample or, at depth 16, of 12; `quality` 0...100, or -1 for lossless;
// the items are "ICCP", "EXIF" and "XMP ". The bytes do not depend on the number of threads.
codec_status codec_avif_write(
    codec_writer *writer, const uint16_t *samples, uint32_t width, uint32_t height, int channels,
    int depth, int quality, int threads);
// TIFF: any channels, depth 8 or 16, deflated; the items are "ICCP", "XMP " and "8BIM".
codec_status codec_tiff_write(
    codec_writer *writer, const uint16_t *samples, uint32_t width, uint32_t height, int channels,
    int depth, int is_big_endian);
void codec_writer_close(codec_writer *writer);

// The versions of the libraries: libjpeg's and libtiff's are those that were built with, the others those
// that run. NULL for what is not built in.
const char *codec_png_version(void);
const char *codec_jpeg_version(void);
const char *codec_webp_version(void);
const char *codec_heif_version(void);
const char *codec_tiff_version(void);
// Whether libheif has what is needed for HEIC and AVIF.
int codec_reads_heic(void);
int codec_reads_avif(void);
int codec_writes_avif(void);

// From the colours of a profile to sRGB and back: relative colorimetric with black point
// compensation. `channels` are the picture's; its alpha plays no part. NULL for a profile that is
// broken, too large or for other channels.
typedef struct codec_color codec_color;
codec_color *codec_color_open(const uint8_t *profile, size_t count, int channels);
// Whether it says which samples a colour has; profiles of scanners may say only which colour samples have.
int codec_color_has_way_back(const codec_color *color);
// Whether the profile's colours are sRGB's to half a level of 255.
int codec_color_is_srgb(const codec_color *color);
// 1 or 3 samples a pixel to 3 and, where there is a way, back, all 0...65535.
void codec_color_to_srgb(
    const codec_color *color, const uint16_t *samples, uint16_t *rgb, size_t pixels);
void codec_color_from_srgb(
    const codec_color *color, const uint16_t *rgb, uint16_t *samples, size_t pixels);
void codec_color_close(codec_color *color);
// An RGB profile in which equal channels have the colours that a grey profile gives them; the
// caller frees it. NULL for what is no grey profile.
uint8_t *codec_color_profile_of_grey(const uint8_t *profile, size_t count, size_t *made);

// An RGB profile of the primaries and the curve with these code points (ITU-T H.273, tables 2 and 3); the
// caller frees it. NULL for those that no profile describes, as PQ and HLG.
uint8_t *codec_color_profile_of(int primaries, int transfer, size_t *made);
// A profile of the white point and the primaries, as x and y each, and of the power of samples that is light; sRGB's
// curve for 0. One of grey without points. The caller frees it; NULL for what is no colour space.
uint8_t *codec_color_profile_of_points(const double points[8], double power, size_t *made);

// From inks (4 bytes a pixel, stored inverted) to sRGB, 3 bytes a pixel.
typedef struct codec_inks codec_inks;
codec_inks *codec_inks_open(const uint8_t *profile, size_t count);
void codec_inks_to_srgb(
    const codec_inks *inks, const uint8_t *samples, uint8_t *rgb, size_t pixels);
void codec_inks_close(codec_inks *inks);

// From L*a*b* to sRGB: L* from 0 to 100 and a*, b* from -128 to 127 (ICC.1:2010, 6.3.4.2), all as 0...65535.
typedef struct codec_lab codec_lab;
codec_lab *codec_lab_open(void);
void codec_lab_to_srgb(const codec_lab *lab, const uint16_t *samples, uint16_t *rgb, size_t pixels);
void codec_lab_close(codec_lab *lab);

// The bytes that gzip packed, at most `limit` of them; `text` is freed by the caller with free().
codec_status codec_gunzip(
    const uint8_t *bytes, size_t count, size_t limit, uint8_t **text, size_t *length);

// Asks for large pages for memory that nothing was written to yet, so that a picture does not cost a fault for
// every 4 KiB. Does nothing for a few megabytes or less.
void codec_use_large_pages(void *bytes, size_t count);

// The checksum of PNG's chunks (ISO/IEC 15948, annex D).
uint32_t codec_crc32(const uint8_t *bytes, size_t count);

#endif
