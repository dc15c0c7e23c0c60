// Reading HEIC and AVIF through libheif, which turns the picture upright, puts a grid together and makes
// RGB of it.

#include <stdlib.h>
#include <string.h>

#include "items.h"

#if __has_include(<libheif/heif.h>)
#include <libheif/heif.h>

enum { metadata_limit = 20 };

typedef struct heif_state {
    const uint8_t *bytes;
    size_t count;
    struct heif_context *context;
    struct heif_image_handle *handle;
    int bits;
} heif_state;

codec_reader *codec_heif_open(const uint8_t *bytes, size_t count) {
    codec_reader *reader = codec_reader_open(sizeof(heif_state));
    if (reader == NULL) return NULL;
    heif_state *state = reader->state;
    state->bytes = bytes;
    state->count = count;
    return reader;
}

static codec_status status_of(codec_reader *reader, struct heif_error error) {
    switch (error.code) {
    case heif_error_Ok: return codec_ok;
    case heif_error_Memory_allocation_error:
        if (error.subcode != heif_suberror_Security_limit_exceeded) return codec_no_memory;
        codec_fail(reader->message, "larger than libheif allows");
        return codec_unsupported;
    case heif_error_Unsupported_filetype:
    case heif_error_Unsupported_feature:
    case heif_error_Plugin_loading_error:
        if (error.subcode == heif_suberror_Unsupported_codec) {
            codec_fail(reader->message, "libheif has no decoder for it; install its codecs");
        }
        codec_fail(reader->message, error.message);
        return codec_unsupported;
    default:
        if (error.subcode == heif_suberror_End_of_data) {
            codec_fail(reader->message, "the file ends early");
        }
        codec_fail(reader->message, error.message);
        return codec_corrupt;
    }
}

static codec_status take_profile(codec_reader *reader, const struct heif_image_handle *handle) {
    size_t count = heif_image_handle_get_raw_color_profile_size(handle);
    if (count > 0) {
        uint8_t *bytes = malloc(count);
        if (bytes == NULL) return codec_no_memory;
        codec_status status =
            status_of(reader, heif_image_handle_get_raw_color_profile(handle, bytes));
        if (status == codec_ok) {
            status = codec_items_add(&reader->items, "ICCP", NULL, bytes, count);
        }
        free(bytes);
        return status;
    }
    struct heif_color_profile_nclx *colors = NULL;
    if (heif_image_handle_get_nclx_color_profile(handle, &colors).code == heif_error_Ok) {
        reader->primaries = colors->color_primaries;
        reader->transfer = colors->transfer_characteristics;
        heif_nclx_color_profile_free(colors);
    }
    return codec_ok;
}

// The block without the number in front of it, which says where the TIFF structure begins.
static codec_status take_exif(codec_reader *reader, const uint8_t *bytes, size_t count) {
    if (count < 4) return codec_ok;
    size_t start = (size_t)bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
    if (start > count - 4) return codec_ok;
    return codec_items_add(&reader->items, "EXIF", NULL, bytes + 4 + start, count - 4 - start);
}

static codec_status take_block(
    codec_reader *reader, const struct heif_image_handle *handle, heif_item_id id) {
    const char *type = heif_image_handle_get_metadata_type(handle, id);
    const char *content = heif_image_handle_get_metadata_content_type(handle, id);
    int is_exif = type != NULL && strcmp(type, "Exif") == 0;
    int is_xmp = content != NULL && strcmp(content, "application/rdf+xml") == 0;
    size_t count = heif_image_handle_get_metadata_size(handle, id);
    if ((!is_exif && !is_xmp) || count == 0 || count > reader->items.total_bytes + (64u << 20)) {
        return codec_ok;
    }
    uint8_t *bytes = malloc(count);
    if (bytes == NULL) return codec_no_memory;
    codec_status status = status_of(reader, heif_image_handle_get_metadata(handle, id, bytes));
    if (status == codec_ok) {
        status = is_exif ? take_exif(reader, bytes, count)
                         : codec_items_add(&reader->items, "XMP ", NULL, bytes, count);
    }
    free(bytes);
    return status;
}

static codec_status take_metadata(codec_reader *reader, const struct heif_image_handle *handle) {
    heif_item_id ids[metadata_limit];
    int count = heif_image_handle_get_list_of_metadata_block_IDs(
        handle, NULL, ids, metadata_limit);
    for (int i = 0; i < count; i++) {
        codec_status status = take_block(reader, handle, ids[i]);
        if (status != codec_ok) return status;
    }
    return codec_ok;
}

// What there is beside the picture and its transparency.
static void find_companions(codec_reader *reader, const struct heif_image_handle *handle) {
    if (heif_image_handle_has_depth_image(handle)) reader->companions |= codec_depth_map;
    int filter = LIBHEIF_AUX_IMAGE_FILTER_OMIT_ALPHA | LIBHEIF_AUX_IMAGE_FILTER_OMIT_DEPTH;
    heif_item_id ids[metadata_limit];
    int count = heif_image_handle_get_list_of_auxiliary_image_IDs(
        handle, filter, ids, metadata_limit);
    for (int i = 0; i < count; i++) {
        struct heif_image_handle *other = NULL;
        const char *type = NULL;
        if (heif_image_handle_get_auxiliary_image_handle(handle, ids[i], &other).code
            != heif_error_Ok) {
            continue;
        }
        int is_known =
            heif_image_handle_get_auxiliary_type(other, &type).code == heif_error_Ok;
        int is_gain_map = is_known && type != NULL && strstr(type, "gainmap") != NULL;
        reader->companions |= is_gain_map ? codec_gain_map : codec_other_auxiliary;
        if (is_known) heif_image_handle_free_auxiliary_types(other, &type);
        heif_image_handle_release(other);
    }
}

codec_status codec_heif_header(codec_reader *reader) {
    heif_state *state = reader->state;
    state->context = heif_context_alloc();
    if (state->context == NULL) return codec_no_memory;
    codec_status status = status_of(
        reader, heif_context_read_from_memory_without_copy(
                    state->context, state->bytes, state->count, NULL));
    if (status != codec_ok) return status;
    status = status_of(
        reader, heif_context_get_primary_image_handle(state->context, &state->handle));
    if (status != codec_ok) return status;
    const struct heif_image_handle *handle = state->handle;
    int width = heif_image_handle_get_width(handle);
    int height = heif_image_handle_get_height(handle);
    if (width < 1 || height < 1) {
        codec_fail(reader->message, "it has no size");
        return codec_corrupt;
    }
    reader->width = (uint32_t)width;
    reader->height = (uint32_t)height;
    state->bits = heif_image_handle_get_luma_bits_per_pixel(handle);
    if (state->bits < 8) state->bits = 8;
    reader->depth = state->bits > 8 ? 16 : 8;
    reader->channels = heif_image_handle_has_alpha_channel(handle) ? 4 : 3;
    int pictures = heif_context_get_number_of_top_level_images(state->context);
    reader->pictures = pictures > 1 ? (uint32_t)pictures : 0;
    find_companions(reader, handle);
    status = take_profile(reader, handle);
    return status == codec_ok ? take_metadata(reader, handle) : status;
}

// Samples of `bits` bits as 8 or 16.
static void take_row(
    const codec_reader *reader, int bits, const uint8_t *row, uint16_t *samples) {
    size_t count = (size_t)reader->width * reader->channels;
    if (reader->depth == 8) {
        for (size_t i = 0; i < count; i++) samples[i] = row[i];
        return;
    }
    uint32_t largest = (1u << bits) - 1;
    for (size_t i = 0; i < count; i++) {
        uint32_t value = row[2 * i] | (uint32_t)row[2 * i + 1] << 8;
        if (value > largest) value = largest;
        samples[i] = (uint16_t)((value * 65535u + largest / 2) / largest);
    }
}

// Colours that were multiplied with their alpha, as they are without it.
static void divide_by_alpha(const codec_reader *reader, uint16_t *samples) {
    uint32_t white = reader->depth == 8 ? 255 : 65535;
    size_t pixels = (size_t)reader->width * reader->height;
    for (size_t i = 0; i < pixels; i++) {
        uint32_t alpha = samples[4 * i + 3];
        for (int c = 0; alpha > 0 && c < 3; c++) {
            uint32_t value = (uint32_t)(((uint64_t)samples[4 * i + c] * white + alpha / 2) / alpha);
            samples[4 * i + c] = (uint16_t)(value > white ? white : value);
        }
    }
}

static codec_status take_pixels(
    codec_reader *reader, struct heif_image *image, uint16_t *samples) {
    heif_state *state = reader->state;
    int stride = 0;
    const uint8_t *plane =
        heif_image_get_plane_readonly(image, heif_channel_interleaved, &stride);
    int width = heif_image_get_width(image, heif_channel_interleaved);
    int height = heif_image_get_height(image, heif_channel_interleaved);
    int bits = heif_image_get_bits_per_pixel_range(image, heif_channel_interleaved);
    if (plane == NULL || width != (int)reader->width || height != (int)reader->height
        || (bits > 8) != (state->bits > 8) || bits > 16) {
        codec_fail(reader->message, "its picture is not of the size and depth that it says");
        return codec_corrupt;
    }
    size_t row_samples = (size_t)reader->width * reader->channels;
    for (int y = 0; y < height; y++) {
        take_row(reader, bits, plane + (size_t)y * stride, samples + row_samples * y);
    }
    if (reader->channels == 4 && heif_image_is_premultiplied_alpha(image)) {
        divide_by_alpha(reader, samples);
    }
    return codec_ok;
}

codec_status codec_heif_pixels(codec_reader *reader, uint16_t *samples) {
    heif_state *state = reader->state;
    struct heif_decoding_options *options = heif_decoding_options_alloc();
    if (options == NULL) return codec_no_memory;
    // Damage is an error, not a guess.
    options->strict_decoding = 1;
    int alpha = reader->channels == 4;
    enum heif_chroma chroma = reader->depth == 16
        ? (alpha ? heif_chroma_interleaved_RRGGBBAA_LE : heif_chroma_interleaved_RRGGBB_LE)
        : (alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB);
    struct heif_image *image = NULL;
    codec_status status = status_of(
        reader,
        heif_decode_image(state->handle, &image, heif_colorspace_RGB, chroma, options));
    heif_decoding_options_free(options);
    if (status == codec_ok) status = take_pixels(reader, image, samples);
    if (image != NULL) heif_image_release(image);
    return status;
}

void codec_heif_close(codec_reader *reader) {
    if (reader == NULL) return;
    heif_state *state = reader->state;
    if (state->handle != NULL) heif_image_handle_release(state->handle);
    if (state->context != NULL) heif_context_free(state->context);
    codec_reader_close(reader);
}

const char *codec_heif_version(void) { return heif_get_version(); }
int codec_reads_heic(void) { return heif_have_decoder_for_format(heif_compression_HEVC); }
int codec_reads_avif(void) { return heif_have_decoder_for_format(heif_compression_AV1); }
int codec_writes_avif(void) { return heif_have_encoder_for_format(heif_compression_AV1); }

#else

codec_reader *codec_heif_open(const uint8_t *bytes, size_t count) {
    (void)bytes;
    (void)count;
    return codec_reader_open(1);
}

codec_status codec_heif_header(codec_reader *reader) {
    codec_fail(reader->message, "this build is without libheif");
    return codec_unsupported;
}

codec_status codec_heif_pixels(codec_reader *reader, uint16_t *samples) {
    (void)samples;
    return codec_heif_header(reader);
}

void codec_heif_close(codec_reader *reader) {
    if (reader != NULL) codec_reader_close(reader);
}

const char *codec_heif_version(void) { return NULL; }
int codec_reads_heic(void) { return 0; }
int codec_reads_avif(void) { return 0; }
int codec_writes_avif(void) { return 0; }

#endif
