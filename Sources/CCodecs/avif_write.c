// Writing AVIF through libheif and its AV1 encoder.

#include <stdlib.h>
#include <string.h>

#include "items.h"

#if __has_include(<libheif/heif.h>)
#include <libheif/heif.h>

enum { lossless_speed = 8, lossy_speed = 6 };

static codec_status status_of(codec_writer *writer, struct heif_error error) {
    if (error.code == heif_error_Ok) return codec_ok;
    if (error.code == heif_error_Memory_allocation_error) return codec_no_memory;
    codec_fail(writer->message, error.message);
    return codec_corrupt;
}

static struct heif_error put_bytes(
    struct heif_context *context, const void *data, size_t size, void *user) {
    (void)context;
    codec_writer *writer = user;
    struct heif_error error = {heif_error_Ok, heif_suberror_Unspecified, ""};
    if (codec_writer_reserve(writer, size) != codec_ok) {
        error.code = heif_error_Memory_allocation_error;
        return error;
    }
    memcpy(writer->bytes + writer->count, data, size);
    writer->count += size;
    return error;
}

static void put_row(
    const uint16_t *samples, size_t count, int bits, uint8_t *row) {
    if (bits == 8) {
        for (size_t i = 0; i < count; i++) row[i] = (uint8_t)samples[i];
        return;
    }
    uint32_t to = (1u << bits) - 1;
    for (size_t i = 0; i < count; i++) {
        uint32_t value = (samples[i] * to + 32767) / 65535;
        row[2 * i] = (uint8_t)value;
        row[2 * i + 1] = (uint8_t)(value >> 8);
    }
}

static codec_status make_image(
    codec_writer *writer, const uint16_t *samples, uint32_t width, uint32_t height, int channels,
    int depth, struct heif_image **image) {
    int alpha = channels == 4;
    // libheif 1.15 does not get AV1's profile right for 10 bits without subsampling.
    int bits = depth == 8 ? 8 : 12;
    enum heif_chroma chroma = bits > 8
        ? (alpha ? heif_chroma_interleaved_RRGGBBAA_LE : heif_chroma_interleaved_RRGGBB_LE)
        : (alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB);
    codec_status status = status_of(
        writer,
        heif_image_create((int)width, (int)height, heif_colorspace_RGB, chroma, image));
    if (status != codec_ok) return status;
    status = status_of(
        writer, heif_image_add_plane(
                    *image, heif_channel_interleaved, (int)width, (int)height, bits));
    if (status != codec_ok) return status;
    int stride = 0;
    uint8_t *plane = heif_image_get_plane(*image, heif_channel_interleaved, &stride);
    if (plane == NULL) return codec_no_memory;
    size_t count = (size_t)width * channels;
    for (size_t y = 0; y < height; y++) {
        put_row(samples + count * y, count, bits, plane + y * stride);
    }
    for (size_t i = 0; i < writer->items.count; i++) {
        const codec_item *item = &writer->items.list[i];
        if (strcmp(item->name, "ICCP") != 0) continue;
        return status_of(
            writer, heif_image_set_raw_color_profile(*image, "prof", item->bytes, item->count));
    }
    return codec_ok;
}

static codec_status configure(
    codec_writer *writer, struct heif_encoder *encoder, int quality, int threads) {
    int is_lossless = quality < 0;
    struct heif_error error = is_lossless ? heif_encoder_set_lossless(encoder, 1)
                                          : heif_encoder_set_lossy_quality(encoder, quality);
    if (error.code == heif_error_Ok && !is_lossless) {
        error = heif_encoder_set_lossless(encoder, 0);
    }
    if (error.code == heif_error_Ok) {
        error = heif_encoder_set_parameter_string(encoder, "chroma", "444");
    }
    if (error.code == heif_error_Ok) {
        error = heif_encoder_set_parameter_integer(
            encoder, "speed", is_lossless ? lossless_speed : lossy_speed);
    }
    // Not every encoder has these.
    heif_encoder_set_parameter_boolean(encoder, "lossless-alpha", 1);
    // libaom with one thread codes otherwise than with two or more, which all write the same bytes.
    heif_encoder_set_parameter_integer(encoder, "threads", threads < 2 ? 2 : threads);
    return status_of(writer, error);
}

static codec_status put_metadata(
    codec_writer *writer, struct heif_context *context, const struct heif_image_handle *handle) {
    for (size_t i = 0; i < writer->items.count; i++) {
        const codec_item *item = &writer->items.list[i];
        struct heif_error error = {heif_error_Ok, heif_suberror_Unspecified, ""};
        if (item->count > INT32_MAX) continue;
        if (strcmp(item->name, "EXIF") == 0) {
            error = heif_context_add_exif_metadata(context, handle, item->bytes, (int)item->count);
        } else if (strcmp(item->name, "XMP ") == 0) {
            error = heif_context_add_XMP_metadata(context, handle, item->bytes, (int)item->count);
        }
        codec_status status = status_of(writer, error);
        if (status != codec_ok) return status;
    }
    return codec_ok;
}

static codec_status encode(
    codec_writer *writer, struct heif_context *context, struct heif_encoder *encoder,
    struct heif_image *image, int is_lossless) {
    struct heif_encoding_options *options = heif_encoding_options_alloc();
    struct heif_color_profile_nclx *colors = heif_nclx_color_profile_alloc();
    codec_status status = codec_no_memory;
    if (options != NULL && colors != NULL) {
        // sRGB, and lossless only without the conversion to YCbCr.
        colors->color_primaries = heif_color_primaries_ITU_R_BT_709_5;
        colors->transfer_characteristics = heif_transfer_characteristic_IEC_61966_2_1;
        colors->matrix_coefficients = is_lossless ? heif_matrix_coefficients_RGB_GBR
                                                  : heif_matrix_coefficients_ITU_R_BT_601_6;
        colors->full_range_flag = 1;
        options->save_two_colr_boxes_when_ICC_and_nclx_available = 1;
        // libheif before 1.17 looks at the picture's, later ones at the options'.
        options->output_nclx_profile = colors;
        struct heif_image_handle *handle = NULL;
        status = status_of(writer, heif_image_set_nclx_color_profile(image, colors));
        if (status == codec_ok) {
            status = status_of(
                writer, heif_context_encode_image(context, image, encoder, options, &handle));
        }
        if (status == codec_ok) status = put_metadata(writer, context, handle);
        if (handle != NULL) heif_image_handle_release(handle);
    }
    if (colors != NULL) heif_nclx_color_profile_free(colors);
    if (options != NULL) heif_encoding_options_free(options);
    return status;
}

codec_status codec_avif_write(
    codec_writer *writer, const uint16_t *samples, uint32_t width, uint32_t height, int channels,
    int depth, int quality, int threads) {
    struct heif_context *context = heif_context_alloc();
    struct heif_encoder *encoder = NULL;
    struct heif_image *image = NULL;
    struct heif_writer output = {1, put_bytes};
    if (context == NULL) return codec_no_memory;
    codec_status status = status_of(
        writer,
        heif_context_get_encoder_for_format(context, heif_compression_AV1, &encoder));
    if (status == codec_ok) status = configure(writer, encoder, quality, threads);
    if (status == codec_ok) {
        status = make_image(writer, samples, width, height, channels, depth, &image);
    }
    if (status == codec_ok) status = encode(writer, context, encoder, image, quality < 0);
    if (status == codec_ok) {
        status = status_of(writer, heif_context_write(context, &output, writer));
    }
    if (image != NULL) heif_image_release(image);
    if (encoder != NULL) heif_encoder_release(encoder);
    heif_context_free(context);
    return status;
}

#else

codec_status codec_avif_write(
    codec_writer *writer, const uint16_t *samples, uint32_t width, uint32_t height, int channels,
    int depth, int quality, int threads) {
    (void)samples, (void)width, (void)height, (void)channels;
    (void)depth, (void)quality, (void)threads;
    codec_fail(writer->message, "this build is without libheif");
    return codec_unsupported;
}

#endif
