// The progression of a JPEG: which coefficients, and which of their bits, each of its scans holds (ITU-T T.81, G.1.1).
// libjpeg reads it but does not keep it, and writes one of its own, which is often larger.

#include <string.h>

#include "jpeg_scans.h"

enum {
    most_scans = 200,
    last_coefficient = DCTSIZE2 - 1,
    // libjpeg writes no more bits later.
    most_shift = 10,
};

// Scans, and how far the coefficients of each component are known after them.
typedef struct progression {
    jpeg_scan_info *scans;
    int count;
    // The number of low bits that are still missing; -1 where nothing is known.
    int missing[MAX_COMPONENTS][DCTSIZE2];
} progression;

// Finds the next marker from a position on: its code, with the position behind it; 0 at the end.
static int next_marker(const codec_jpeg_part *part, size_t *position) {
    size_t at = *position;
    while (at + 1 < part->count) {
        if (part->bytes[at] != 0xFF) {
            at += 1;
            continue;
        }
        int code = part->bytes[at + 1];
        at += code == 0xFF ? 1 : 2;
        // Bytes of the picture, fill and restarts are none.
        if (code == 0 || code == 0xFF || (code >= JPEG_RST0 && code <= JPEG_RST0 + 7)) continue;
        *position = at;
        return code;
    }
    return 0;
}

static int index_of(const struct jpeg_decompress_struct *file, int id) {
    for (int c = 0; c < file->num_components; c++) {
        if (file->comp_info[c].component_id == id) return c;
    }
    return -1;
}

// Reads the header of a scan; 0 if libjpeg would not write such a one.
static int read_scan(
    const struct jpeg_decompress_struct *file, const uint8_t *bytes, size_t count,
    jpeg_scan_info *scan) {
    if (count < 4 || bytes[0] < 1 || bytes[0] > MAX_COMPS_IN_SCAN || count != 4 + 2 * (size_t)bytes[0]) {
        return 0;
    }
    scan->comps_in_scan = bytes[0];
    for (int i = 0; i < scan->comps_in_scan; i++) {
        int index = index_of(file, bytes[1 + 2 * i]);
        if (index < 0 || (i > 0 && index <= scan->component_index[i - 1])) return 0;
        scan->component_index[i] = index;
    }
    const uint8_t *range = bytes + 1 + 2 * scan->comps_in_scan;
    scan->Ss = range[0];
    scan->Se = range[1];
    scan->Ah = range[2] >> 4;
    scan->Al = range[2] & 15;
    if (scan->Ss > scan->Se || scan->Se > last_coefficient || scan->Al > most_shift) return 0;
    return scan->Ss == 0 ? scan->Se == 0 : scan->comps_in_scan == 1;
}

// Adds a scan to what is known; 0 if it does not follow from the ones before.
static int add(progression *it, const jpeg_scan_info *scan) {
    for (int i = 0; i < scan->comps_in_scan; i++) {
        int *missing = it->missing[scan->component_index[i]];
        if (scan->Ss > 0 && missing[0] < 0) return 0;
        for (int k = scan->Ss; k <= scan->Se; k++) {
            int is_next = missing[k] < 0 ? scan->Ah == 0
                                         : scan->Ah == missing[k] && scan->Al == scan->Ah - 1;
            if (!is_next) return 0;
            missing[k] = scan->Al;
        }
    }
    return 1;
}

static int is_complete(const progression *it, int components) {
    for (int c = 0; c < components; c++) {
        for (int k = 0; k < DCTSIZE2; k++) {
            if (it->missing[c][k] != 0) return 0;
        }
    }
    return 1;
}

static int read_scans(
    const struct jpeg_decompress_struct *file, const codec_jpeg_part *part, progression *it) {
    memset(it->missing, -1, sizeof it->missing);
    size_t position = 2;
    for (int code; (code = next_marker(part, &position)) != 0 && code != JPEG_EOI;) {
        if (part->count - position < 2) return 0;
        size_t length = (size_t)part->bytes[position] << 8 | part->bytes[position + 1];
        if (length < 2 || length > part->count - position) return 0;
        if (code == 0xDA) {
            jpeg_scan_info *scan = &it->scans[it->count];
            if (it->count == most_scans
                || !read_scan(file, part->bytes + position + 2, length - 2, scan)
                || !add(it, scan)) {
                return 0;
            }
            it->count += 1;
        }
        position += length;
    }
    return is_complete(it, file->num_components);
}

void codec_jpeg_use_scans_of(
    const struct jpeg_decompress_struct *file, const codec_jpeg_part *part,
    struct jpeg_compress_struct *fresh) {
    progression it = {0};
    it.scans = fresh->mem->alloc_small(
        (j_common_ptr)fresh, JPOOL_IMAGE, most_scans * sizeof *it.scans);
    if (read_scans(file, part, &it)) {
        fresh->scan_info = it.scans;
        fresh->num_scans = it.count;
    } else {
        jpeg_simple_progression(fresh);
    }
}
