// The directories of a TIFF, as far as they must be known before libtiff reads the first of them.

#ifndef CODEC_TIFF_DIRECTORIES_H
#define CODEC_TIFF_DIRECTORIES_H

#include <stddef.h>
#include <stdint.h>

// Whether the tags of the first directory have more bytes together than the file: many that name the same ones,
// of each of which libtiff keeps a copy.
int codec_tiff_has_shared_values(const uint8_t *bytes, size_t count);

// How many directories of pictures follow each other, at most `most`.
uint32_t codec_tiff_pages(const uint8_t *bytes, size_t count, uint32_t most);

#endif
