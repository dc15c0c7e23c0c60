// JPEG block by block: the quantised coefficients of a file, of which some are replaced by those of
// another, and two files compared that way. Nothing is decoded to pixels, so a block that is not
// replaced stays as it is, bit for bit.

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

#include "items.h"
#include "jpeg_arrays.h"
#include "jpeg_output.h"
#include "jpeg_scans.h"
#include "jpeg_source.h"

// Two files and, for splicing, the one that is written. One of them jumps for all.
typedef struct blocks {
    struct jpeg_decompress_struct files[2];
    struct jpeg_error_mgr errors;
    jvirt_barray_ptr *pointers[2];
    codec_jpeg_arrays arrays[2];
    codec_jpeg_client clients[2];
    codec_jpeg_source sources[2];
    jmp_buf jump;
    codec_status status;
    char *message;
} blocks;

static _Noreturn void fail(j_common_ptr jpeg) {
    blocks *state = ((codec_jpeg_client *)jpeg->client_data)->owner;
    char message[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, message);
    codec_fail(state->message, message);
    state->status = jpeg->err->msg_code == JERR_OUT_OF_MEMORY ? codec_no_memory : codec_corrupt;
    longjmp(state->jump, 1);
}

static _Noreturn void refuse(blocks *state, const char *message) {
    codec_fail(state->message, message);
    state->status = codec_unsupported;
    longjmp(state->jump, 1);
}

// What harms a picture was found when its pixels were read.
static void ignore_warning(j_common_ptr jpeg, int level) {
    (void)jpeg;
    (void)level;
}

static void print_nothing(j_common_ptr jpeg) {
    (void)jpeg;
}

static void prepare(blocks *state, char message[codec_message_limit]) {
    state->message = message;
    jpeg_std_error(&state->errors);
    state->errors.error_exit = fail;
    state->errors.emit_message = ignore_warning;
    state->errors.output_message = print_nothing;
}

static void open_file(blocks *state, int index, const codec_jpeg_part *part) {
    struct jpeg_decompress_struct *file = &state->files[index];
    state->clients[index] = (codec_jpeg_client){state, &state->arrays[index]};
    file->err = &state->errors;
    file->client_data = &state->clients[index];
    jpeg_create_decompress(file);
    file->client_data = &state->clients[index];
    codec_jpeg_use_arrays((j_common_ptr)file);
    codec_jpeg_read_from(file, &state->sources[index], part->bytes, part->count);
    jpeg_read_header(file, TRUE);
}

static void read_file(blocks *state, int index) {
    state->pointers[index] = jpeg_read_coefficients(&state->files[index]);
}

// Pixels across and down that a block of a component stands for.
static uint32_t block_width(const struct jpeg_decompress_struct *file, int c) {
    return DCTSIZE * file->max_h_samp_factor / file->comp_info[c].h_samp_factor;
}

static uint32_t block_height(const struct jpeg_decompress_struct *file, int c) {
    return DCTSIZE * file->max_v_samp_factor / file->comp_info[c].v_samp_factor;
}

// Whether the blocks of both stand for the same areas.
static int have_same_blocks(const blocks *state) {
    const struct jpeg_decompress_struct *a = &state->files[0], *b = &state->files[1];
    if (a->num_components != b->num_components || a->jpeg_color_space != b->jpeg_color_space) {
        return 0;
    }
    for (int c = 0; c < a->num_components; c++) {
        if (block_width(a, c) != block_width(b, c) || block_height(a, c) != block_height(b, c)) {
            return 0;
        }
    }
    return 1;
}

// Whether both, which were read, are quantised alike.
static int have_same_tables(const blocks *state) {
    const struct jpeg_decompress_struct *a = &state->files[0], *b = &state->files[1];
    for (int c = 0; c < a->num_components; c++) {
        const JQUANT_TBL *first = a->comp_info[c].quant_table;
        const JQUANT_TBL *second = b->comp_info[c].quant_table;
        if (first == NULL || second == NULL
            || memcmp(first->quantval, second->quantval, sizeof first->quantval) != 0) {
            return 0;
        }
    }
    return 1;
}

static int is_on_units(const struct jpeg_decompress_struct *file, uint32_t x, uint32_t y) {
    return x % (DCTSIZE * file->max_h_samp_factor) == 0
        && y % (DCTSIZE * file->max_v_samp_factor) == 0;
}

static uint32_t least(uint32_t a, uint32_t b) { return a < b ? a : b; }

// Whether a mask is not zero anywhere in a rectangle; what leaves the mask does not count.
static int is_touched(
    const uint8_t *mask, uint32_t width, uint32_t height, uint32_t x, uint32_t y,
    uint32_t columns, uint32_t rows) {
    if (x >= width) return 0;
    columns = least(columns, width - x);
    for (uint32_t row = y; row < y + rows && row < height; row++) {
        const uint8_t *values = mask + (size_t)row * width + x;
        uint8_t any = 0;
        for (uint32_t column = 0; column < columns; column++) any |= values[column];
        if (any != 0) return 1;
    }
    return 0;
}

// Copies blocks of the second file into the first, which it is on at x, y.
static void splice(
    blocks *state, uint32_t x, uint32_t y, const uint8_t *mask, int takes_touched) {
    struct jpeg_decompress_struct *base = &state->files[0], *donor = &state->files[1];
    for (int c = 0; c < base->num_components; c++) {
        uint32_t w = block_width(base, c), h = block_height(base, c);
        uint32_t column = x / w, row = y / h;
        uint32_t columns =
            least(donor->comp_info[c].width_in_blocks, base->comp_info[c].width_in_blocks - column);
        uint32_t rows =
            least(donor->comp_info[c].height_in_blocks, base->comp_info[c].height_in_blocks - row);
        for (uint32_t j = 0; j < rows; j++) {
            // A block at the donor's edge holds what is behind it, too: it may show only where the
            // base ends as well.
            if (least(y + (j + 1) * h, base->image_height) > y + donor->image_height) continue;
            JBLOCKROW from = codec_jpeg_array_row(&state->arrays[1], c, j);
            JBLOCKROW to = codec_jpeg_array_row(&state->arrays[0], c, row + j);
            for (uint32_t i = 0; i < columns; i++) {
                if (least(x + (i + 1) * w, base->image_width) > x + donor->image_width) continue;
                int touched = is_touched(
                    mask, donor->image_width, donor->image_height, i * w, j * h, w, h);
                if (touched == takes_touched) memcpy(to[column + i], from[i], sizeof(JBLOCK));
            }
        }
    }
}

static int is_same_table(const JHUFF_TBL *a, const JHUFF_TBL *b) {
    if (a == NULL || b == NULL || memcmp(a->bits, b->bits, sizeof a->bits) != 0) return 0;
    size_t count = 0;
    for (int i = 1; i <= 16; i++) count += a->bits[i];
    return count <= sizeof a->huffval && memcmp(a->huffval, b->huffval, count) == 0;
}

// Whether a file is coded by the tables that most cameras use (ITU-T T.81, K.3), as a new file is unless they are
// optimised. Coded so again it keeps its size; tables of its own would not have a code for each new symbol.
static int has_standard_tables(
    const struct jpeg_decompress_struct *file, const struct jpeg_compress_struct *fresh) {
    for (int c = 0; c < file->num_components; c++) {
        const jpeg_component_info *old = &file->comp_info[c], *new = &fresh->comp_info[c];
        if (!is_same_table(
                file->dc_huff_tbl_ptrs[old->dc_tbl_no], fresh->dc_huff_tbl_ptrs[new->dc_tbl_no])
            || !is_same_table(
                file->ac_huff_tbl_ptrs[old->ac_tbl_no],
                fresh->ac_huff_tbl_ptrs[new->ac_tbl_no])) {
            return 0;
        }
    }
    return 1;
}

codec_status codec_jpeg_splice(
    codec_writer *writer, const codec_jpeg_part *base, const codec_jpeg_part *donor, uint32_t x,
    uint32_t y, const uint8_t *mask, int takes_touched) {
    blocks *state = calloc(1, sizeof *state);
    codec_jpeg_output *output = calloc(1, sizeof *output);
    codec_status status = codec_no_memory;
    if (state == NULL || output == NULL) goto end;
    prepare(state, writer->message);
    if (setjmp(state->jump) == 0) {
        open_file(state, 0, base);
        read_file(state, 0);
        const struct jpeg_decompress_struct *file = &state->files[0];
        if (donor != NULL) {
            open_file(state, 1, donor);
            read_file(state, 1);
            if (!have_same_blocks(state) || !have_same_tables(state) || !is_on_units(file, x, y)
                || x >= file->image_width || y >= file->image_height) {
                refuse(state, "the blocks of the two files do not fit");
            }
            splice(state, x, y, mask, takes_touched);
        }
        // The camera's file says how it is stored, whichever of both it is.
        const struct jpeg_decompress_struct *source = &state->files[takes_touched ? 0 : 1];
        output->jpeg.err = &state->errors;
        output->jpeg.client_data = &state->clients[0];
        jpeg_create_compress(&output->jpeg);
        output->jpeg.client_data = &state->clients[0];
        codec_jpeg_use_arrays((j_common_ptr)&output->jpeg);
        codec_jpeg_output_to(output, writer);
        jpeg_copy_critical_parameters(&state->files[0], &output->jpeg);
        output->jpeg.optimize_coding =
            source->progressive_mode || !has_standard_tables(source, &output->jpeg);
        output->jpeg.restart_interval = source->restart_interval;
        if (source->progressive_mode) {
            codec_jpeg_use_scans_of(source, takes_touched ? base : donor, &output->jpeg);
        }
        if (source->saw_JFIF_marker) {
            output->jpeg.density_unit = source->density_unit;
            output->jpeg.X_density = source->X_density;
            output->jpeg.Y_density = source->Y_density;
        }
        jpeg_write_coefficients(&output->jpeg, state->pointers[0]);
        codec_jpeg_put_markers(&output->jpeg, &writer->items);
        jpeg_finish_compress(&output->jpeg);
    }
    status = state->status;
    jpeg_destroy_compress(&output->jpeg);
    jpeg_destroy_decompress(&state->files[0]);
    jpeg_destroy_decompress(&state->files[1]);
end:
    free(state);
    free(output);
    return status;
}

// Whether a block of the first file at x, y of the second may hold other pixels there, for it
// reaches over an edge that only the first has.
static int is_cut_off(
    const blocks *state, uint32_t x, uint32_t y, uint32_t right, uint32_t bottom) {
    const struct jpeg_decompress_struct *small = &state->files[0], *large = &state->files[1];
    return least(x + right, large->image_width) > x + small->image_width
        || least(y + bottom, large->image_height) > y + small->image_height;
}

// What comparing needs to know beside the files.
typedef struct comparison {
    blocks *state;
    uint32_t x, y;
    const uint8_t *mask;
    codec_jpeg_differences *found;
} comparison;

// Counts, in rows of the second file's blocks, those of the first that a mask does not touch, and those of them
// that differ.
static void compare_rows(void *context, int c, JDIMENSION first_row, JDIMENSION count) {
    const comparison *it = context;
    const blocks *state = it->state;
    const struct jpeg_decompress_struct *file = &state->files[0];
    uint32_t w = block_width(file, c), h = block_height(file, c);
    uint32_t column = it->x / w, row = it->y / h;
    for (JDIMENSION place = first_row; place < first_row + count; place++) {
        if (place < row || place - row >= file->comp_info[c].height_in_blocks) continue;
        uint32_t j = place - row;
        JBLOCKROW first = codec_jpeg_array_row(&state->arrays[0], c, j);
        JBLOCKROW second = codec_jpeg_array_row(&state->arrays[1], c, place);
        for (uint32_t i = 0; i < file->comp_info[c].width_in_blocks; i++) {
            if (is_cut_off(state, it->x, it->y, (i + 1) * w, (j + 1) * h)) continue;
            if (is_touched(
                    it->mask, file->image_width, file->image_height, i * w, j * h, w, h)) {
                continue;
            }
            it->found->outside += 1;
            it->found->differing += memcmp(first[i], second[column + i], sizeof(JBLOCK)) != 0;
        }
    }
}

// Reads the second file and compares its blocks as they pass by, or in the end where every scan adds to them.
static void compare(comparison *it) {
    blocks *state = it->state;
    const struct jpeg_decompress_struct *file = &state->files[0];
    for (int c = 0; c < file->num_components; c++) {
        uint32_t w = block_width(file, c), h = block_height(file, c);
        if (w > it->found->block_width) it->found->block_width = w;
        if (h > it->found->block_height) it->found->block_height = h;
    }
    codec_jpeg_arrays *arrays = &state->arrays[1];
    arrays->passes_by = !state->files[1].progressive_mode;
    arrays->take = compare_rows;
    arrays->context = it;
    read_file(state, 1);
    codec_jpeg_finish_arrays(arrays);
}

codec_status codec_jpeg_compare(
    const codec_jpeg_part *first, const codec_jpeg_part *second, uint32_t x, uint32_t y,
    const uint8_t *mask, codec_jpeg_differences *found) {
    blocks *state = calloc(1, sizeof *state);
    if (state == NULL) return codec_no_memory;
    char message[codec_message_limit] = {0};
    memset(found, 0, sizeof *found);
    prepare(state, message);
    if (setjmp(state->jump) == 0) {
        open_file(state, 0, first);
        open_file(state, 1, second);
        read_file(state, 0);
        const struct jpeg_decompress_struct *small = &state->files[0], *large = &state->files[1];
        if (!have_same_blocks(state) || !is_on_units(small, x, y)
            || small->image_width > large->image_width - least(x, large->image_width)
            || small->image_height > large->image_height - least(y, large->image_height)) {
            refuse(state, "the blocks of the two files do not fit");
        }
        comparison it = {state, x, y, mask, found};
        compare(&it);
        if (!have_same_tables(state)) refuse(state, "the two files are not quantised alike");
    }
    codec_status status = state->status;
    jpeg_destroy_decompress(&state->files[0]);
    jpeg_destroy_decompress(&state->files[1]);
    free(state);
    return status;
}
