#ifndef CODEC_JPEG_SCANS_H
#define CODEC_JPEG_SCANS_H

#include <stdio.h>

#include <jpeglib.h>

#include "include/CCodecs.h"

// Makes `fresh` write the same scans as a progressive file; where they do not hold all of it, libjpeg's usual ones.
// `file` has read the header of `part`, and `fresh` has its parameters.
void codec_jpeg_use_scans_of(
    const struct jpeg_decompress_struct *file, const codec_jpeg_part *part,
    struct jpeg_compress_struct *fresh);

#endif
