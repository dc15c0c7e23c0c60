#ifndef CODEC_ITEMS_H
#define CODEC_ITEMS_H

#include "include/CCodecs.h"

// Appends a copy. Past the limits (see items.c) a reader's item is counted as dropped instead.
codec_status codec_items_add(
    codec_items *items, const char *name, const char *keyword, const uint8_t *bytes, size_t count);
void codec_items_free(codec_items *items);

// A reader with a zeroed state of that size, NULL when memory is out; freed with its items.
codec_reader *codec_reader_open(size_t state_bytes);
void codec_reader_close(codec_reader *reader);

// Appends a line to the reader's warnings; a full buffer swallows the rest.
void codec_warn(codec_reader *reader, const char *message);
// Keeps the first message only: later ones are consequences.
void codec_fail(char message[codec_message_limit], const char *text);

// Makes room for `more` bytes behind writer->count.
codec_status codec_writer_reserve(codec_writer *writer, size_t more);

// Inks (4 bytes a pixel, stored inverted) as RGB, 3 bytes a pixel: by a profile, or naively without one.
void codec_inks_or_naive(
    const codec_inks *inks, const uint8_t *samples, uint8_t *rgb, size_t pixels);

#endif
