// Reading JPEG through libjpeg.

#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

#include "items.h"
#include "jpeg_source.h"

enum {
    scan_limit = 100,     // real progressive files have about ten
    padding_limit = 16,   // stray bytes in front of the end marker that some cameras write
    tail_limit = 64,      // stray bytes in place of the end marker
};

static const char skipped[] = "stray bytes between the parts of the picture were skipped";

typedef struct jpeg_state {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf jump;
    codec_status status;
    codec_reader *reader;
    int is_begun;          // its header was read: later markers are not the picture's
    int is_cut;            // the bytes ended before the end marker
    size_t left_out;       // zeros at the end of the file, and an end marker behind them
    int has_zeros_before_end;
    size_t whole;          // bytes as far as the end marker, those zeros included
    unsigned scanned;      // a bit for each component that a scan was begun for
    codec_jpeg_source source;
    uint8_t *row;      // of the decoder; NULL before the first
    codec_inks *inks;  // NULL where CMYK is converted naively
} jpeg_state;

static _Noreturn void stop(jpeg_state *state, codec_status status, const char *message) {
    state->status = status;
    codec_fail(state->reader->message, message);
    longjmp(state->jump, 1);
}

static _Noreturn void fail(j_common_ptr jpeg) {
    jpeg_state *state = jpeg->client_data;
    switch (jpeg->err->msg_code) {
    case JERR_BAD_PRECISION:
        stop(state, codec_unsupported, "not 8 bits a sample; only 8-bit JPEG is read");
    case JERR_SOF_UNSUPPORTED:
        stop(state, codec_unsupported, "lossless or hierarchical JPEG is not read");
    case JERR_OUT_OF_MEMORY:
        stop(state, codec_no_memory, "out of memory");
    }
    if (state->is_cut) stop(state, codec_corrupt, "the file ends early");
    char message[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, message);
    stop(state, codec_corrupt, message);
}

// Whether so many bytes before the next marker are zeros of which none was taken for samples: those end at a
// byte that is not 0, or with FF 00, or rarely with one byte of 0.
static int are_zeros(const jpeg_state *state, size_t count) {
    const uint8_t *next = state->source.manager.next_input_byte;
    if (state->is_cut || count + 2 > (size_t)(next - state->source.bytes)) return 0;
    const uint8_t *first = next - count;
    for (size_t i = 0; i < count; i++) {
        if (first[i] != 0) return 0;
    }
    return first[-1] != 0 || first[-2] != 0;
}

// Bytes between the samples' data and the marker behind it belong to nothing. Before a restart, the next scan or
// the end marker every sample has been decoded, so a few of them do no harm. Neither do many zeros before a restart;
// at the end libjpeg does not count all that it read. Before the first scan there are no samples to lose: any number
// may be there, as behind a block whose length is too small.
static int is_harmless(const jpeg_state *state, int count, int marker) {
    int is_restart = marker >= JPEG_RST0 && marker < JPEG_RST0 + 8;
    if (!state->scanned || (is_restart && are_zeros(state, (size_t)count))) return 1;
    // Nothing follows from a marker that is missing with them; damaged samples leave many more bytes unread.
    return count <= (state->is_cut && marker == JPEG_EOI ? tail_limit : padding_limit);
}

// libjpeg mends damaged data with a guess and a warning. A guess is not the user's picture, so
// those warnings are errors; the harmless ones are handed on. Where the bytes end, libjpeg goes on
// as if there were an end marker; a sample that is missing then is another warning, and a scan that
// is missing is found at the end (`finish`).
static void message(j_common_ptr jpeg, int level) {
    if (level >= 0) return;
    jpeg_state *state = jpeg->client_data;
    char text[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, text);
    switch (jpeg->err->msg_code) {
    case JWRN_EXTRANEOUS_DATA:
        if (!is_harmless(state, jpeg->err->msg_parm.i[0], jpeg->err->msg_parm.i[1])) break;
        codec_warn(state->reader, skipped);
        return;
    case JWRN_NOT_SEQUENTIAL:
        // What a scan says of its coefficients counts in progressive files alone.
        codec_warn(state->reader, "the header of its scan is wrong; all of the picture is there");
        return;
    case JWRN_ADOBE_XFORM:
    case JWRN_JFIF_MAJOR:
    case JWRN_BOGUS_ICC:
        codec_warn(state->reader, text);
        return;
    case JWRN_JPEG_EOF:
        state->is_cut = 1;
        return;
    }
    stop(state, codec_corrupt, state->is_cut ? "the file ends early" : text);
}

static void print_nothing(j_common_ptr jpeg) {
    (void)jpeg;
}

// Each scan may touch every block of the picture, so many tiny scans cost hours.
static void watch_scans(j_common_ptr common) {
    jpeg_state *state = common->client_data;
    if (!common->is_decompressor) return;
    if (state->jpeg.input_scan_number > scan_limit) {
        stop(state, codec_corrupt, "more than 100 scans");
    }
    for (int i = 0; i < state->jpeg.comps_in_scan; i++) {
        state->scanned |= 1u << state->jpeg.cur_comp_info[i]->component_index;
    }
}

// Whether every component has a scan and, if progressive, every bit of every coefficient.
static int has_all_scans(const jpeg_state *state) {
    const struct jpeg_decompress_struct *jpeg = &state->jpeg;
    for (int c = 0; c < jpeg->num_components; c++) {
        if (!jpeg->progressive_mode) {
            int is_one_scan = jpeg->comps_in_scan == jpeg->num_components;
            if (!is_one_scan && !(state->scanned >> c & 1)) return 0;
            continue;
        }
        for (int i = 0; i < DCTSIZE2; i++) {
            if (jpeg->coef_bits[c][i] != 0) return 0;
        }
    }
    return 1;
}

// Whether nothing at all is known of a component, in a file that lacks scans.
static int lacks_component(const jpeg_state *state) {
    const struct jpeg_decompress_struct *jpeg = &state->jpeg;
    for (int c = 0; c < jpeg->num_components; c++) {
        if (!jpeg->progressive_mode || jpeg->coef_bits[c][0] < 0) return 1;
    }
    return 0;
}

static void finish(jpeg_state *state) {
    // What is known of the coefficients is freed at the end.
    int is_whole = has_all_scans(state);
    int lacks_colour = !is_whole && lacks_component(state);
    jpeg_finish_decompress(&state->jpeg);
    if (state->source.has_wrong_numbers) {
        codec_warn(
            state->reader, "its restart markers are numbered wrongly; all of the picture is there");
    }
    if (!state->is_cut) {
        if (lacks_colour) {
            stop(state, codec_corrupt, "a scan of one of its colours is missing");
        }
        // Some programs leave out the last bits to make a file smaller.
        if (!is_whole) codec_warn(state->reader, "it lacks scans: the picture is coarser than it could be");
        return;
    }
    if (!is_whole) stop(state, codec_corrupt, "the file ends early");
    codec_warn(
        state->reader, state->has_zeros_before_end
            ? skipped : "its end marker is missing; all of the picture is there");
}

static size_t without_zeros(const uint8_t *bytes, size_t count) {
    while (count > 0 && bytes[count - 1] == 0) count -= 1;
    return count;
}

// Leaves out zeros at the end, and those before an end marker there: what a program or a card left empty. libjpeg
// would take them for samples where some are missing. Where they may be samples, `take_back_zeros` finds out.
static void leave_out_zeros(jpeg_state *state, const uint8_t *bytes, size_t count) {
    size_t kept = without_zeros(bytes, count);
    if (kept > 2 && bytes[kept - 2] == 0xFF && bytes[kept - 1] == JPEG_EOI) {
        size_t before = without_zeros(bytes, kept - 2);
        state->whole = kept;
        state->has_zeros_before_end = kept - 2 - before > padding_limit;
        if (state->has_zeros_before_end) kept = before;
    }
    // FF 00 is a byte of the samples' data.
    if (kept > 0 && kept < count && bytes[kept - 1] == 0xFF && bytes[kept] == 0) kept += 1;
    state->source.bytes = bytes;
    state->source.count = kept;
    state->left_out = count - kept;
}

static codec_reader *open_reader(void) {
    codec_reader *reader = codec_reader_open(sizeof(jpeg_state));
    if (reader == NULL) return NULL;
    jpeg_state *state = reader->state;
    state->reader = reader;
    state->jpeg.err = jpeg_std_error(&state->errors);
    state->errors.error_exit = fail;
    state->errors.emit_message = message;
    state->errors.output_message = print_nothing;
    state->jpeg.client_data = state;
    return reader;
}

codec_reader *codec_jpeg_open(const uint8_t *bytes, size_t count) {
    codec_reader *reader = open_reader();
    if (reader != NULL) leave_out_zeros(reader->state, bytes, count);
    return reader;
}

static void choose_output(codec_reader *reader, jpeg_state *state) {
    struct jpeg_decompress_struct *jpeg = &state->jpeg;
    if (jpeg->arith_code) {
        stop(state, codec_unsupported, "arithmetic coding is not read");
    }
    switch (jpeg->jpeg_color_space) {
    case JCS_GRAYSCALE:
        jpeg->out_color_space = JCS_GRAYSCALE;
        reader->channels = 1;
        break;
    case JCS_CMYK:
    case JCS_YCCK:
        jpeg->out_color_space = JCS_CMYK;
        reader->channels = 3;
        reader->converted_from_cmyk = 1;
        break;
    case JCS_RGB:
    case JCS_YCbCr:
        jpeg->out_color_space = JCS_RGB;
        reader->channels = 3;
        break;
    default:
        stop(state, codec_unsupported, "neither grey, YCbCr, RGB nor CMYK");
    }
    jpeg->dct_method = JDCT_ISLOW;
}

// Takes a marker as libjpeg comes to it. libjpeg itself would keep all of them in a list that it goes through for each.
static boolean take_marker(j_decompress_ptr jpeg) {
    jpeg_state *state = jpeg->client_data;
    struct jpeg_source_mgr *source = jpeg->src;
    int code = jpeg->unread_marker;
    const uint8_t *bytes = source->next_input_byte;
    size_t length = source->bytes_in_buffer < 2 ? SIZE_MAX : (size_t)bytes[0] << 8 | bytes[1];
    // A length that does not count itself stands for nothing.
    if (length < 2) length = 2;
    if (length > source->bytes_in_buffer) {
        // Behind the picture it lacks nothing: an end marker is read in its place.
        if (state->is_begun) return source->fill_input_buffer(jpeg);
        stop(state, codec_corrupt, "the file ends early");
    }
    const char *name = code == JPEG_APP0 + 1 ? "APP1"
        : code == JPEG_APP0 + 2              ? "APP2"
        : code == JPEG_COM                   ? "COM "
                                             : "APPD";
    codec_status status = state->is_begun
        ? codec_ok
        : codec_items_add(&state->reader->items, name, NULL, bytes + 2, length - 2);
    if (status != codec_ok) stop(state, status, "out of memory");
    source->next_input_byte += length;
    source->bytes_in_buffer -= length;
    return TRUE;
}

// The profile in the markers that were taken, where libjpeg looks for it.
static int read_profile(jpeg_state *state, JOCTET **profile, unsigned *count) {
    struct jpeg_decompress_struct *jpeg = &state->jpeg;
    const codec_items *items = &state->reader->items;
    struct jpeg_marker_struct *list =
        jpeg->mem->alloc_small((j_common_ptr)jpeg, JPOOL_IMAGE, (items->count + 1) * sizeof *list);
    for (size_t i = items->count; i > 0; i--) {
        const codec_item *item = &items->list[i - 1];
        if (strcmp(item->name, "APP2") != 0) continue;
        list[i] = (struct jpeg_marker_struct){
            .next = jpeg->marker_list, .marker = JPEG_APP0 + 2, .data = item->bytes,
            .original_length = (unsigned)item->count, .data_length = (unsigned)item->count};
        jpeg->marker_list = &list[i];
    }
    return jpeg_read_icc_profile(jpeg, profile, count);
}

codec_status codec_jpeg_header(codec_reader *reader) {
    jpeg_state *state = reader->state;
    struct jpeg_decompress_struct *jpeg = &state->jpeg;
    if (setjmp(state->jump)) return state->status;
    jpeg_create_decompress(jpeg);
    state->progress.progress_monitor = watch_scans;
    jpeg->progress = &state->progress;
    static const int codes[] = {JPEG_APP0 + 1, JPEG_APP0 + 2, JPEG_APP0 + 13, JPEG_COM};
    for (int i = 0; i < 4; i++) jpeg_set_marker_processor(jpeg, codes[i], take_marker);
    codec_jpeg_read_from(jpeg, &state->source, state->source.bytes, state->source.count);
    jpeg_read_header(jpeg, TRUE);
    state->is_begun = 1;
    reader->width = jpeg->image_width;
    reader->height = jpeg->image_height;
    reader->depth = 8;
    reader->density = (codec_density){
        .unit = jpeg->density_unit, .x = jpeg->X_density, .y = jpeg->Y_density};
    choose_output(reader, state);
    return codec_ok;
}

// How to convert CMYK where the file says it by a profile.
static void open_inks(codec_reader *reader, jpeg_state *state) {
    JOCTET *profile = NULL;
    unsigned count = 0;
    if (!reader->converted_from_cmyk) return;
    if (!read_profile(state, &profile, &count)) return;
    state->inks = codec_inks_open(profile, count);
    free(profile);
    if (state->inks != NULL) reader->converted_from_cmyk = 2;
}

static void take_rows(
    codec_reader *reader, jpeg_state *state, uint16_t *samples, uint32_t count) {
    struct jpeg_decompress_struct *jpeg = &state->jpeg;
    size_t row_samples = (size_t)reader->width * reader->channels;
    uint8_t *bytes = state->row;
    for (uint16_t *row = samples; row < samples + row_samples * count; row += row_samples) {
        JSAMPROW rows[1] = {bytes};
        jpeg_read_scanlines(jpeg, rows, 1);
        const uint8_t *from = bytes;
        if (jpeg->out_color_space == JCS_CMYK) {
            uint8_t *rgb = bytes + (size_t)reader->width * 4;
            codec_inks_or_naive(state->inks, bytes, rgb, reader->width);
            from = rgb;
        }
        for (size_t i = 0; i < row_samples; i++) row[i] = from[i];
    }
}

// Sampling factors that libjpeg can write, and tables a baseline file can hold.
static int is_reusable(const struct jpeg_decompress_struct *jpeg) {
    int grey = jpeg->jpeg_color_space == JCS_GRAYSCALE && jpeg->num_components == 1;
    int color = jpeg->jpeg_color_space == JCS_YCbCr && jpeg->num_components == 3;
    if (!grey && !color) return 0;
    for (int c = 0; c < jpeg->num_components; c++) {
        const jpeg_component_info *component = &jpeg->comp_info[c];
        if (jpeg->max_h_samp_factor % component->h_samp_factor != 0) return 0;
        if (jpeg->max_v_samp_factor % component->v_samp_factor != 0) return 0;
        if (component->quant_table == NULL) return 0;
        for (int i = 0; i < DCTSIZE2; i++) {
            int value = component->quant_table->quantval[i];
            if (value < 1 || value > 255) return 0;
        }
    }
    return 1;
}

static void take_coding(codec_jpeg_coding *coding, const struct jpeg_decompress_struct *jpeg) {
    if (!is_reusable(jpeg)) return;
    coding->components = jpeg->num_components;
    for (int c = 0; c < jpeg->num_components; c++) {
        coding->horizontal[c] = jpeg->comp_info[c].h_samp_factor;
        coding->vertical[c] = jpeg->comp_info[c].v_samp_factor;
        for (int i = 0; i < DCTSIZE2; i++) {
            coding->tables[c][i] = jpeg->comp_info[c].quant_table->quantval[i];
        }
    }
}

static int is_whole_with_zeros(const jpeg_state *state);

// The commonest codes of a picture with tables of its own are the one bit 0, so the data of a part in one colour are
// zeros. Filler that is as long as what is missing does not occur.
static void take_back_zeros(jpeg_state *state) {
    if (!state->has_zeros_before_end || !is_whole_with_zeros(state)) return;
    size_t zeros = state->whole - state->source.count;
    state->source.count += zeros;
    state->source.manager.bytes_in_buffer += zeros;
    state->left_out -= zeros;
    state->has_zeros_before_end = 0;
}

codec_status codec_jpeg_rows(codec_reader *reader, uint16_t *samples, uint32_t count) {
    jpeg_state *state = reader->state;
    if (setjmp(state->jump)) return state->status;
    if (state->row == NULL) {
        state->row = malloc((size_t)reader->width * 7);
        if (state->row == NULL) return codec_no_memory;
        open_inks(reader, state);
        take_back_zeros(state);
        jpeg_start_decompress(&state->jpeg);
    }
    take_rows(reader, state, samples, count);
    if (state->jpeg.output_scanline < state->jpeg.output_height) return codec_ok;
    take_coding(&reader->coding, &state->jpeg);
    finish(state);
    if (!state->is_cut) {
        reader->trailing_bytes = state->jpeg.src->bytes_in_buffer + state->left_out;
    }
    return codec_ok;
}

codec_status codec_jpeg_pixels(codec_reader *reader, uint16_t *samples) {
    return codec_jpeg_rows(reader, samples, reader->height);
}

void codec_jpeg_close(codec_reader *reader) {
    if (reader == NULL) return;
    jpeg_state *state = reader->state;
    jpeg_destroy_decompress(&state->jpeg);
    codec_inks_close(state->inks);
    free(state->row);
    codec_reader_close(reader);
}

// Whether the picture is whole, and ends at its end marker, if the zeros before that are samples: it is read so, and the
// samples are thrown away.
static int is_whole_with_zeros(const jpeg_state *state) {
    codec_reader *reader = open_reader();
    if (reader == NULL) return 0;
    jpeg_state *trial = reader->state;
    trial->source.bytes = state->source.bytes;
    trial->source.count = state->whole;
    uint16_t *row = NULL;
    int is_whole = codec_jpeg_header(reader) == codec_ok;
    if (is_whole) row = malloc((size_t)reader->width * reader->channels * sizeof *row);
    for (uint32_t y = 0; is_whole && y < reader->height; y++) {
        is_whole = row != NULL && codec_jpeg_rows(reader, row, 1) == codec_ok;
    }
    is_whole = is_whole && !trial->is_cut;
    free(row);
    codec_jpeg_close(reader);
    return is_whole;
}
