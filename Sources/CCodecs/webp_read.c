// Reading WebP through libwebp; the container is taken apart by libwebpdemux.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <webp/decode.h>
#include <webp/demux.h>

#include "items.h"

typedef struct webp_state {
    const uint8_t *bytes;
    size_t count;
    WebPDemuxer *demuxer;
    WebPIterator frame;
    int has_frame;
} webp_state;

codec_reader *codec_webp_open(const uint8_t *bytes, size_t count) {
    codec_reader *reader = codec_reader_open(sizeof(webp_state));
    if (reader == NULL) return NULL;
    webp_state *state = reader->state;
    state->bytes = bytes;
    state->count = count;
    return reader;
}

static codec_status take_chunk(codec_reader *reader, WebPDemuxer *demuxer, const char *name) {
    WebPChunkIterator chunk;
    if (!WebPDemuxGetChunk(demuxer, name, 1, &chunk)) return codec_ok;
    codec_status status =
        codec_items_add(&reader->items, name, NULL, chunk.chunk.bytes, chunk.chunk.size);
    WebPDemuxReleaseChunkIterator(&chunk);
    return status;
}

static codec_status corrupt(codec_reader *reader, const char *message) {
    codec_fail(reader->message, message);
    return codec_corrupt;
}

// The size that the file's frame says, with its name and length; it may lie.
static size_t riff_size(const webp_state *state) {
    const uint8_t *b = state->bytes + 4;
    return 8 + ((size_t)b[0] | (size_t)b[1] << 8 | (size_t)b[2] << 16 | (size_t)b[3] << 24);
}

codec_status codec_webp_header(codec_reader *reader) {
    webp_state *state = reader->state;
    if (state->count < 20 || riff_size(state) > state->count) {
        return corrupt(reader, "the file ends early");
    }
    WebPData data = {state->bytes, state->count};
    WebPDemuxState found;
    state->demuxer = WebPDemuxPartial(&data, &found);
    if (found == WEBP_DEMUX_PARSING_HEADER || found == WEBP_DEMUX_PARSED_HEADER) {
        return corrupt(reader, "the file ends early");
    }
    if (state->demuxer == NULL || found == WEBP_DEMUX_PARSE_ERROR) {
        return corrupt(reader, "its parts contradict each other");
    }
    reader->width = WebPDemuxGetI(state->demuxer, WEBP_FF_CANVAS_WIDTH);
    reader->height = WebPDemuxGetI(state->demuxer, WEBP_FF_CANVAS_HEIGHT);
    reader->depth = 8;
    uint32_t flags = WebPDemuxGetI(state->demuxer, WEBP_FF_FORMAT_FLAGS);
    reader->animated = (flags & ANIMATION_FLAG) != 0;
    if (!WebPDemuxGetFrame(state->demuxer, 1, &state->frame)) {
        return corrupt(reader, "there is no picture in it");
    }
    state->has_frame = 1;
    if (!state->frame.complete) return corrupt(reader, "the file ends early");
    int covers = state->frame.x_offset == 0 && state->frame.y_offset == 0
        && state->frame.width == (int)reader->width
        && state->frame.height == (int)reader->height;
    int alpha = state->frame.has_alpha || (flags & ALPHA_FLAG) != 0;
    reader->channels = alpha || !covers ? 4 : 3;
    reader->trailing_bytes = state->count - riff_size(state);
    codec_status status = take_chunk(reader, state->demuxer, "ICCP");
    if (status == codec_ok) status = take_chunk(reader, state->demuxer, "EXIF");
    if (status == codec_ok) status = take_chunk(reader, state->demuxer, "XMP ");
    return status;
}

static codec_status status_of(codec_reader *reader, VP8StatusCode code) {
    switch (code) {
    case VP8_STATUS_OK: return codec_ok;
    case VP8_STATUS_OUT_OF_MEMORY: return codec_no_memory;
    case VP8_STATUS_NOT_ENOUGH_DATA: return corrupt(reader, "the file ends early");
    case VP8_STATUS_UNSUPPORTED_FEATURE:
        codec_fail(reader->message, "a feature that libwebp does not know");
        return codec_unsupported;
    default: return corrupt(reader, "its data make no picture");
    }
}

// The frame is on a transparent canvas.
static void put_frame(
    const codec_reader *reader, const WebPIterator *frame, const uint8_t *bytes,
    uint16_t *samples) {
    size_t channels = reader->channels;
    memset(samples, 0, (size_t)reader->width * reader->height * channels * sizeof *samples);
    size_t row_samples = (size_t)frame->width * channels;
    for (int y = 0; y < frame->height; y++) {
        size_t start = (size_t)(frame->y_offset + y) * reader->width + frame->x_offset;
        uint16_t *row = samples + start * channels;
        for (size_t i = 0; i < row_samples; i++) row[i] = bytes[y * row_samples + i];
    }
}

codec_status codec_webp_pixels(codec_reader *reader, uint16_t *samples) {
    webp_state *state = reader->state;
    const WebPIterator *frame = &state->frame;
    WebPDecoderConfig configuration;
    if (!WebPInitDecoderConfig(&configuration)) return codec_no_memory;
    size_t stride = (size_t)frame->width * reader->channels;
    uint8_t *bytes = malloc(stride * frame->height);
    if (bytes == NULL) return codec_no_memory;
    configuration.output.colorspace = reader->channels == 4 ? MODE_RGBA : MODE_RGB;
    configuration.output.is_external_memory = 1;
    configuration.output.u.RGBA.rgba = bytes;
    configuration.output.u.RGBA.stride = (int)stride;
    configuration.output.u.RGBA.size = stride * frame->height;
    VP8StatusCode code =
        WebPDecode(frame->fragment.bytes, frame->fragment.size, &configuration);
    WebPFreeDecBuffer(&configuration.output);
    if (code == VP8_STATUS_OK) put_frame(reader, frame, bytes, samples);
    free(bytes);
    return status_of(reader, code);
}

void codec_webp_close(codec_reader *reader) {
    if (reader == NULL) return;
    webp_state *state = reader->state;
    if (state->has_frame) WebPDemuxReleaseIterator(&state->frame);
    WebPDemuxDelete(state->demuxer);
    codec_reader_close(reader);
}
