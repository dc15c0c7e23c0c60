#include "tiff_directories.h"

#include <stdlib.h>

enum {
    most_tags = 4096,         // of a directory; libtiff refuses more
    shared_limit = 64 << 10,  // bytes that tags may share, as two that have the same short value
    width_tag = 256,
};

// A file in memory, with places of 32 bits or of 64 (BigTIFF).
typedef struct layout {
    const uint8_t *bytes;
    size_t count;
    int is_big_endian, is_big;
} layout;

typedef struct directory {
    uint64_t tags;   // how many
    uint64_t start;  // of the first
    uint64_t next;   // 0 for none
    int is_picture;
} directory;

// A number of the file; 0 where the file does not hold all of it.
static uint64_t number(const layout *file, uint64_t at, unsigned size) {
    if (at > file->count || size > file->count - at) return 0;
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++) {
        value = value << 8 | file->bytes[at + (file->is_big_endian ? i : size - 1 - i)];
    }
    return value;
}

static int open_layout(layout *file, const uint8_t *bytes, size_t count) {
    if (count < 8) return 0;
    *file = (layout){.bytes = bytes, .count = count, .is_big_endian = bytes[0] == 'M'};
    file->is_big = number(file, 2, 2) == 43;
    return 1;
}

static unsigned place_size(const layout *file) { return file->is_big ? 8 : 4; }
static unsigned tag_size(const layout *file) { return file->is_big ? 20 : 12; }
static uint64_t first_place(const layout *file) {
    return number(file, file->is_big ? 8 : 4, place_size(file));
}

// The directory at a place; 0 where the file does not hold all of its tags.
static int read_directory(const layout *file, uint64_t place, directory *found) {
    unsigned head = file->is_big ? 8 : 2, size = tag_size(file);
    if (place == 0 || place > file->count || head > file->count - place) return 0;
    found->tags = number(file, place, head);
    found->start = place + head;
    if (found->tags == 0 || found->tags > most_tags
        || found->tags * size > file->count - found->start) {
        return 0;
    }
    found->next = number(file, found->start + found->tags * size, place_size(file));
    found->is_picture = 0;
    for (uint64_t i = 0; i < found->tags && !found->is_picture; i++) {
        found->is_picture = number(file, found->start + i * size, 2) == width_tag;
    }
    return 1;
}

// Bytes that are read for the value of a tag outside of its entry.
static uint64_t value_bytes(const layout *file, uint64_t tag) {
    static const uint8_t sizes[] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8};
    uint64_t kind = number(file, tag + 2, 2), count = number(file, tag + 4, place_size(file));
    uint64_t size = kind < sizeof sizes ? sizes[kind] : 0;
    uint64_t start = number(file, tag + 4 + place_size(file), place_size(file));
    if (size == 0 || count <= place_size(file) / size || start >= file->count) return 0;
    uint64_t room = file->count - start;
    return count > room / size ? room : count * size;
}

int codec_tiff_has_shared_values(const uint8_t *bytes, size_t count) {
    layout file;
    directory first;
    if (!open_layout(&file, bytes, count) || !read_directory(&file, first_place(&file), &first)) {
        return 0;
    }
    uint64_t sum = 0;
    for (uint64_t i = 0; i < first.tags; i++) {
        sum += value_bytes(&file, first.start + i * tag_size(&file));
    }
    return sum > (uint64_t)count + shared_limit;
}

uint32_t codec_tiff_pages(const uint8_t *bytes, size_t count, uint32_t most) {
    layout file;
    directory page;
    uint64_t *seen = malloc(most * sizeof *seen);
    uint32_t pages = 0;
    uint64_t place = open_layout(&file, bytes, count) ? first_place(&file) : 0;
    while (seen != NULL && pages < most && read_directory(&file, place, &page) && page.is_picture) {
        // A directory that follows itself is none.
        uint32_t i = 0;
        while (i < pages && seen[i] != place) i++;
        if (i < pages) break;
        seen[pages++] = place;
        place = page.next;
    }
    free(seen);
    return pages;
}
