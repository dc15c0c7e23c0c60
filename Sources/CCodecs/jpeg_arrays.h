#ifndef CODEC_JPEG_ARRAYS_H
#define CODEC_JPEG_ARRAYS_H

#include <stdio.h>

#include <jpeglib.h>

#include "include/CCodecs.h"

// The quantised coefficients of a component: all of them in memory, or as many rows of blocks as libjpeg
// asks for at once.
typedef struct codec_jpeg_array {
    JDIMENSION columns, rows;
    JDIMENSION held;         // rows in memory; fewer than `rows` where they pass by
    JDIMENSION first, count; // the rows that are in memory where not all are
    JBLOCKROW blocks;
    JBLOCKROW *pointers;     // one for each row in memory
} codec_jpeg_array;

// The arrays of a file, which libjpeg fills by the calls of its memory manager.
typedef struct codec_jpeg_arrays {
    codec_jpeg_array list[MAX_COMPONENTS];
    int count;
    int passes_by;  // whether rows are handed on and then overwritten
    // Is given rows of a component that are complete.
    void (*take)(void *context, int component, JDIMENSION first, JDIMENSION count);
    void *context;
} codec_jpeg_arrays;

// The member of libjpeg's structures that client_data points to, by which its calls find the arrays.
typedef struct codec_jpeg_client {
    void *owner;
    codec_jpeg_arrays *arrays;
} codec_jpeg_client;

// Has `jpeg`, just created, keep its coefficients in the arrays of its client.
void codec_jpeg_use_arrays(j_common_ptr jpeg);
// Hands on the rows that are left once all was read.
void codec_jpeg_finish_arrays(codec_jpeg_arrays *arrays);
// The blocks of a row that is in memory.
JBLOCKROW codec_jpeg_array_row(const codec_jpeg_arrays *arrays, int component, JDIMENSION row);

#endif
