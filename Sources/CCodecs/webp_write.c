// Writing WebP through libwebp, on one thread with fixed settings: the same picture always gives
// the same bytes. Only the picture; metadata are put around it in Swift.

#include <stdlib.h>
#include <string.h>

#include <webp/encode.h>

#include "items.h"

// The higher level takes six times as long for half a percent of a photo's bytes.
enum { lossless_level = 6, large_level = 2, large_pixels = 4 << 20, effort = 4 };

static int put_bytes(const uint8_t *bytes, size_t count, const WebPPicture *picture) {
    codec_writer *writer = picture->custom_ptr;
    if (codec_writer_reserve(writer, count) != codec_ok) return 0;
    memcpy(writer->bytes + writer->count, bytes, count);
    writer->count += count;
    return 1;
}

// Lossless keeps the colours under transparent pixels, too.
static int configure(WebPConfig *configuration, int quality, uint64_t pixels) {
    if (!WebPConfigInit(configuration)) return 0;
    if (quality >= 0) {
        configuration->quality = (float)quality;
        configuration->method = effort;
    } else {
        int level = pixels > large_pixels ? large_level : lossless_level;
        if (!WebPConfigLosslessPreset(configuration, level)) return 0;
    }
    configuration->exact = 1;
    configuration->thread_level = 0;
    return WebPValidateConfig(configuration);
}

static void put_pixels(WebPPicture *picture, const uint16_t *samples, int channels) {
    for (int y = 0; y < picture->height; y++) {
        uint32_t *row = picture->argb + (size_t)y * picture->argb_stride;
        const uint16_t *source = samples + (size_t)y * picture->width * channels;
        for (int x = 0; x < picture->width; x++) {
            const uint16_t *pixel = source + (size_t)x * channels;
            uint32_t alpha = channels == 4 ? pixel[3] : 255;
            row[x] = alpha << 24 | (uint32_t)pixel[0] << 16 | (uint32_t)pixel[1] << 8 | pixel[2];
        }
    }
}

static codec_status status_of(codec_writer *writer, WebPEncodingError error) {
    switch (error) {
    case VP8_ENC_ERROR_OUT_OF_MEMORY:
    case VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY:
    case VP8_ENC_ERROR_BAD_WRITE: return codec_no_memory;
    case VP8_ENC_ERROR_BAD_DIMENSION: codec_fail(writer->message, "it is too large"); break;
    case VP8_ENC_ERROR_PARTITION0_OVERFLOW:
    case VP8_ENC_ERROR_PARTITION_OVERFLOW:
    case VP8_ENC_ERROR_FILE_TOO_BIG:
        codec_fail(writer->message, "it is too large at this quality");
        break;
    default: codec_fail(writer->message, "libwebp refused it");
    }
    return codec_corrupt;
}

codec_status codec_webp_write(
    codec_writer *writer, const uint16_t *samples, uint32_t width, uint32_t height, int channels,
    int quality) {
    WebPConfig configuration;
    WebPPicture picture;
    if (!configure(&configuration, quality, (uint64_t)width * height) || !WebPPictureInit(&picture)) {
        codec_fail(writer->message, "libwebp is of another version");
        return codec_corrupt;
    }
    picture.use_argb = 1;
    picture.width = (int)width;
    picture.height = (int)height;
    picture.writer = put_bytes;
    picture.custom_ptr = writer;
    codec_status status = codec_no_memory;
    if (WebPPictureAlloc(&picture)) {
        put_pixels(&picture, samples, channels);
        int done = WebPEncode(&configuration, &picture);
        status = done ? codec_ok : status_of(writer, picture.error_code);
    }
    WebPPictureFree(&picture);
    return status;
}
