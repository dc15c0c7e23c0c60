// Restart markers of a JPEG that are numbered wrongly (ITU-T T.81, F.2.2.4 and E.1.4). By their numbers a
// reader sees whether some are lost. A scan that has as many as it must has lost none, whatever their
// numbers, and all of its samples can be read.

#include "jpeg_source.h"

enum { last_restart = JPEG_RST0 + 7 };

static int is_restart(int code) { return code >= JPEG_RST0 && code <= last_restart; }

// Whether the bytes at a place are a marker that ends the samples of a scan.
static int is_other_marker(const uint8_t *bytes) {
    return bytes[0] == 0xFF && bytes[1] != 0 && bytes[1] != 0xFF && !is_restart(bytes[1]);
}

// Counts the restart markers of the scan that a place is in. Takes time in proportion to the scan's length.
static uint64_t restarts_around(const codec_jpeg_source *source, size_t place) {
    const uint8_t *bytes = source->bytes;
    size_t start = place;
    while (start > 0 && (start + 1 >= source->count || !is_other_marker(bytes + start))) start -= 1;
    uint64_t found = 0;
    for (size_t at = start + 2; at + 1 < source->count && !is_other_marker(bytes + at); at++) {
        if (bytes[at] == 0xFF && is_restart(bytes[at + 1])) found += 1;
    }
    return found;
}

static int has_all_restarts(const struct jpeg_decompress_struct *jpeg) {
    const codec_jpeg_source *source = (const codec_jpeg_source *)jpeg->src;
    uint64_t units = (uint64_t)jpeg->MCUs_per_row * jpeg->MCU_rows_in_scan;
    if (jpeg->restart_interval == 0 || units == 0) return 0;
    uint64_t needed = (units - 1) / jpeg->restart_interval;
    size_t left = source->manager.bytes_in_buffer;
    if (left > source->count || source->count - left < 2) return 0;
    // Behind the marker that was read just now.
    return restarts_around(source, source->count - left - 2) == needed;
}

// Called where another marker comes than the next restart. libjpeg guesses which samples are missing.
static boolean take_restart(j_decompress_ptr jpeg, int wanted) {
    codec_jpeg_source *source = (codec_jpeg_source *)jpeg->src;
    if (!is_restart(jpeg->unread_marker)) return jpeg_resync_to_restart(jpeg, wanted);
    if (source->scan != jpeg->input_scan_number) {
        source->scan = jpeg->input_scan_number;
        source->has_all_restarts = has_all_restarts(jpeg);
    }
    if (!source->has_all_restarts) return jpeg_resync_to_restart(jpeg, wanted);
    source->has_wrong_numbers = 1;
    jpeg->unread_marker = 0;
    return TRUE;
}

void codec_jpeg_read_from(
    j_decompress_ptr jpeg, codec_jpeg_source *source, const uint8_t *bytes, size_t count) {
    jpeg_mem_src(jpeg, bytes, count);
    source->manager = *jpeg->src;
    source->manager.resync_to_restart = take_restart;
    source->bytes = bytes;
    source->count = count;
    jpeg->src = &source->manager;
}
