// Where libjpeg reads a file in memory, and how it goes on at a restart marker of another number than the next.

#ifndef CODEC_JPEG_SOURCE_H
#define CODEC_JPEG_SOURCE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jpeglib.h>

typedef struct codec_jpeg_source {
    struct jpeg_source_mgr manager;  // first, for libjpeg knows this alone
    const uint8_t *bytes;
    size_t count;
    int scan;               // whose restart markers were counted; 0 for none
    int has_all_restarts;   // as many as the scan must have
    int has_wrong_numbers;  // of restart markers, in any scan
} codec_jpeg_source;

// Begins to read bytes, which outlive the reading.
void codec_jpeg_read_from(
    j_decompress_ptr jpeg, codec_jpeg_source *source, const uint8_t *bytes, size_t count);

#endif
