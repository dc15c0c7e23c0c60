// A TIFF in memory as libtiff's client.

#if __has_include(<tiffio.h>)

#include "tiff_file.h"

#include <stdio.h>
#include <string.h>

enum { most_stray_bytes = 16 };

static tmsize_t read_some(thandle_t handle, void *target, tmsize_t count) {
    codec_tiff_file *file = handle;
    const uint8_t *bytes = file->writer != NULL ? file->writer->bytes : file->bytes;
    size_t length = file->writer != NULL ? file->writer->count : file->count;
    if (count < 0 || file->position >= length) return 0;
    size_t some = length - file->position;
    if (some > (size_t)count) some = (size_t)count;
    memcpy(target, bytes + file->position, some);
    file->position += some;
    return (tmsize_t)some;
}

static tmsize_t write_some(thandle_t handle, void *source, tmsize_t count) {
    codec_tiff_file *file = handle;
    codec_writer *writer = file->writer;
    if (writer == NULL || count < 0) return 0;
    size_t end = file->position + (size_t)count;
    if (end > writer->count) {
        if (codec_writer_reserve(writer, end - writer->count) != codec_ok) return 0;
        // What is skipped over by a seek is zero.
        if (file->position > writer->count) {
            memset(writer->bytes + writer->count, 0, file->position - writer->count);
        }
        writer->count = end;
    }
    memcpy(writer->bytes + file->position, source, (size_t)count);
    file->position = end;
    return count;
}

static toff_t seek(thandle_t handle, toff_t offset, int from) {
    codec_tiff_file *file = handle;
    size_t length = file->writer != NULL ? file->writer->count : file->count;
    switch (from) {
    case SEEK_SET: file->position = offset; break;
    case SEEK_CUR: file->position += offset; break;
    case SEEK_END: file->position = length + offset; break;
    }
    return file->position;
}

static int leave_open(thandle_t handle) {
    (void)handle;
    return 0;
}

static toff_t size(thandle_t handle) {
    codec_tiff_file *file = handle;
    return file->writer != NULL ? file->writer->count : file->count;
}

static int map(thandle_t handle, void **base, toff_t *count) {
    codec_tiff_file *file = handle;
    if (file->writer != NULL) return 0;
    *base = file->bytes;
    *count = file->count;
    return 1;
}

static void unmap(thandle_t handle, void *base, toff_t count) {
    (void)handle;
    (void)base;
    (void)count;
}

// Whether a warning means that samples are a guess, or may be: of a fax in any case, and of a JPEG, for libjpeg tells the
// first of its warnings alone, behind which there may be worse. A few bytes between the samples and the end marker
// belong to nothing, and nothing is behind them.
static int is_of_damage(const char *module, const char *text) {
    int stray = 0;
    unsigned marker = 0;
    if (sscanf(text, "Corrupt JPEG data: %d extraneous bytes before marker %x", &stray, &marker)
        == 2) {
        return stray > most_stray_bytes || marker != 0xD9;
    }
    return strncmp(module, "Fax", 3) == 0 || strcmp(module, "JPEGLib") == 0;
}

static void keep(
    codec_tiff_file *file, const char *module, const char *format, va_list arguments,
    int is_warning) {
    char text[codec_message_limit];
    vsnprintf(text, sizeof text, format, arguments);
    if (file == NULL || (is_warning && !is_of_damage(module == NULL ? "" : module, text))) return;
    codec_fail(file->message, text);
}

#if TIFFLIB_VERSION >= 20221213

enum { largest_allocation = 1 << 30 };

static int keep_error(
    TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
    (void)tiff;
    keep(user, module, format, arguments, 0);
    return 1;
}

static int keep_damage(
    TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
    (void)tiff;
    keep(user, module, format, arguments, 1);
    return 1;
}

TIFF *codec_tiff_open_file(codec_tiff_file *file, const char *mode) {
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (options == NULL) return NULL;
    TIFFOpenOptionsSetErrorHandlerExtR(options, keep_error, file);
    TIFFOpenOptionsSetWarningHandlerExtR(options, keep_damage, file);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, largest_allocation);
    TIFF *tiff = TIFFClientOpenExt(
        "picture", mode, file, read_some, write_some, seek, leave_open, size, map, unmap, options);
    TIFFOpenOptionsFree(options);
    return tiff;
}

#else

static void keep_error(
    thandle_t handle, const char *module, const char *format, va_list arguments) {
    keep(handle, module, format, arguments, 0);
}

static void keep_damage(
    thandle_t handle, const char *module, const char *format, va_list arguments) {
    keep(handle, module, format, arguments, 1);
}

TIFF *codec_tiff_open_file(codec_tiff_file *file, const char *mode) {
    // Older versions have handlers for the whole process alone, which are given the file.
    TIFFSetErrorHandler(NULL);
    TIFFSetWarningHandler(NULL);
    TIFFSetErrorHandlerExt(keep_error);
    TIFFSetWarningHandlerExt(keep_damage);
    return TIFFClientOpen(
        "picture", mode, file, read_some, write_some, seek, leave_open, size, map, unmap);
}

#endif
#endif
