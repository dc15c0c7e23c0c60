#ifndef CODEC_TIFF_FILE_H
#define CODEC_TIFF_FILE_H

#include <stddef.h>
#include <stdint.h>

#include <tiffio.h>

#include "items.h"

// A file in memory, as libtiff reads or writes it: of `bytes` alone, or of a writer's, which grow.
typedef struct codec_tiff_file {
    uint8_t *bytes;
    size_t count, position;
    codec_writer *writer;  // NULL for a file that is read
    char *message;         // the first error goes here
} codec_tiff_file;

// NULL where the file cannot be opened; `file` must outlive what is returned.
TIFF *codec_tiff_open_file(codec_tiff_file *file, const char *mode);

#endif
