#ifndef CODEC_JPEG_OUTPUT_H
#define CODEC_JPEG_OUTPUT_H

#include <stdio.h>

#include <jpeglib.h>

#include "include/CCodecs.h"

// A JPEG on its way into a writer's bytes.
typedef struct codec_jpeg_output {
    struct jpeg_compress_struct jpeg;
    struct jpeg_destination_mgr destination;
    codec_writer *writer;
} codec_jpeg_output;

// Sends what `jpeg`, which has been created, writes to the writer.
void codec_jpeg_output_to(codec_jpeg_output *output, codec_writer *writer);

// Writes the items that are markers; after jpeg_start_compress or jpeg_write_coefficients.
void codec_jpeg_put_markers(j_compress_ptr jpeg, const codec_items *items);

#endif
