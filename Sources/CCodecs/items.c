#include "items.h"

#include <stdlib.h>
#include <string.h>

enum {
    item_limit = 1000,
    item_bytes_limit = 32 << 20,
};

static codec_status append(
    codec_items *items, const char *name, const char *keyword, const uint8_t *bytes,
    size_t count) {
    if (items->count % 64 == 0) {
        codec_item *grown = realloc(items->list, (items->count + 64) * sizeof(codec_item));
        if (grown == NULL) return codec_no_memory;
        items->list = grown;
    }
    uint8_t *copy = malloc(count > 0 ? count : 1);
    if (copy == NULL) return codec_no_memory;
    if (count > 0) memcpy(copy, bytes, count);
    codec_item *item = &items->list[items->count];
    memset(item, 0, sizeof *item);
    strncpy(item->name, name, sizeof item->name - 1);
    if (keyword != NULL) strncpy(item->keyword, keyword, sizeof item->keyword - 1);
    item->bytes = copy;
    item->count = count;
    items->count += 1;
    items->total_bytes += count;
    return codec_ok;
}

codec_status codec_items_add(
    codec_items *items, const char *name, const char *keyword, const uint8_t *bytes,
    size_t count) {
    if (items->count >= item_limit || count > item_bytes_limit - items->total_bytes) {
        items->dropped += 1;
        return codec_ok;
    }
    return append(items, name, keyword, bytes, count);
}

void codec_items_free(codec_items *items) {
    for (size_t i = 0; i < items->count; i++) free(items->list[i].bytes);
    free(items->list);
    memset(items, 0, sizeof *items);
}

void codec_warn(codec_reader *reader, const char *message) {
    size_t used = strlen(reader->warnings);
    size_t length = strlen(message);
    if (used + length + 2 > sizeof reader->warnings) return;
    memcpy(reader->warnings + used, message, length);
    memcpy(reader->warnings + used + length, "\n", 2);
}

void codec_fail(char message[codec_message_limit], const char *text) {
    if (message[0] != 0) return;
    strncpy(message, text, codec_message_limit - 1);
    message[codec_message_limit - 1] = 0;
    // Some libraries end a message with a line end.
    size_t length = strlen(message);
    while (length > 0 && (message[length - 1] == '\n' || message[length - 1] == ' ')) {
        message[--length] = 0;
    }
}

codec_reader *codec_reader_open(size_t state_bytes) {
    codec_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL) return NULL;
    reader->state = calloc(1, state_bytes);
    if (reader->state != NULL) return reader;
    free(reader);
    return NULL;
}

void codec_reader_close(codec_reader *reader) {
    codec_items_free(&reader->items);
    free(reader->state);
    free(reader);
}

codec_writer *codec_writer_open(void) {
    return calloc(1, sizeof(codec_writer));
}

codec_status codec_writer_add(
    codec_writer *writer, const char *name, const uint8_t *bytes, size_t count) {
    // What was read is within the limits; nothing of it may be lost here.
    return append(&writer->items, name, NULL, bytes, count);
}

codec_status codec_writer_reserve(codec_writer *writer, size_t more) {
    if (writer->capacity - writer->count >= more) return codec_ok;
    size_t capacity = writer->capacity * 2 + more;
    uint8_t *grown = realloc(writer->bytes, capacity);
    if (grown == NULL) return codec_no_memory;
    writer->bytes = grown;
    writer->capacity = capacity;
    return codec_ok;
}

void codec_writer_close(codec_writer *writer) {
    if (writer == NULL) return;
    codec_items_free(&writer->items);
    free(writer->scratch);
    free(writer);
}
