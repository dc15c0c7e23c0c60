#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "CCodecs.h"

codec_status codec_gunzip(
    const uint8_t *bytes, size_t count, size_t limit, uint8_t **text, size_t *length) {
    *text = NULL;
    *length = 0;
    if (count > 1u << 30 || limit > 1u << 30) return codec_unsupported;
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) return codec_no_memory;
    uint8_t *output = malloc(limit > 0 ? limit : 1);
    if (output == NULL) {
        inflateEnd(&stream);
        return codec_no_memory;
    }
    stream.next_in = (uint8_t *)bytes;
    stream.avail_in = (unsigned)count;
    stream.next_out = output;
    stream.avail_out = (unsigned)limit;
    int status = inflate(&stream, Z_FINISH);
    *length = limit - stream.avail_out;
    inflateEnd(&stream);
    if (status != Z_STREAM_END) {
        free(output);
        *length = 0;
        return codec_corrupt;
    }
    *text = output;
    return codec_ok;
}

uint32_t codec_crc32(const uint8_t *bytes, size_t count) {
    return (uint32_t)crc32_z(crc32(0, NULL, 0), bytes, count);
}
