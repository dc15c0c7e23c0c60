// Writing JPEG through libjpeg: baseline, optimised Huffman tables, slow exact DCT. The same
// picture always gives the same bytes.

#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

#include "items.h"
#include "jpeg_output.h"

enum { block = 1 << 16 };

typedef struct jpeg_work {
    codec_jpeg_output output;
    struct jpeg_error_mgr errors;
    jmp_buf jump;
    codec_status status;
} jpeg_work;

static _Noreturn void fail(j_common_ptr jpeg) {
    jpeg_work *work = jpeg->client_data;
    char message[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, message);
    codec_fail(work->output.writer->message, message);
    work->status = jpeg->err->msg_code == JERR_OUT_OF_MEMORY ? codec_no_memory : codec_corrupt;
    longjmp(work->jump, 1);
}

static void print_nothing(j_common_ptr jpeg) {
    (void)jpeg;
}

// The destination is the second member of what holds it and libjpeg's own structure.
static codec_jpeg_output *output_of(j_compress_ptr jpeg) {
    return (codec_jpeg_output *)((char *)jpeg->dest - offsetof(codec_jpeg_output, destination));
}

static void offer_space(j_compress_ptr jpeg) {
    codec_jpeg_output *output = output_of(jpeg);
    codec_writer *writer = output->writer;
    if (codec_writer_reserve(writer, block) != codec_ok) ERREXIT1(jpeg, JERR_OUT_OF_MEMORY, 0);
    output->destination.next_output_byte = writer->bytes + writer->count;
    output->destination.free_in_buffer = block;
}

// libjpeg calls this with the whole block full, whatever free_in_buffer says.
static boolean take_block(j_compress_ptr jpeg) {
    output_of(jpeg)->writer->count += block;
    offer_space(jpeg);
    return TRUE;
}

static void take_rest(j_compress_ptr jpeg) {
    codec_jpeg_output *output = output_of(jpeg);
    output->writer->count += block - output->destination.free_in_buffer;
}

void codec_jpeg_output_to(codec_jpeg_output *output, codec_writer *writer) {
    output->writer = writer;
    output->destination.init_destination = offer_space;
    output->destination.empty_output_buffer = take_block;
    output->destination.term_destination = take_rest;
    output->jpeg.dest = &output->destination;
}

static int same_table(const codec_jpeg_coding *coding, int a, int b) {
    return memcmp(coding->tables[a], coding->tables[b], sizeof coding->tables[a]) == 0;
}

static void use_coding(j_compress_ptr jpeg, const codec_jpeg_coding *coding) {
    for (int c = 0; c < jpeg->num_components; c++) {
        int slot = c == 2 && same_table(coding, 1, 2) ? 1 : c;
        if (jpeg->quant_tbl_ptrs[slot] == NULL) {
            jpeg->quant_tbl_ptrs[slot] = jpeg_alloc_quant_table((j_common_ptr)jpeg);
        }
        for (int i = 0; i < DCTSIZE2; i++) {
            jpeg->quant_tbl_ptrs[slot]->quantval[i] = coding->tables[c][i];
        }
        jpeg->quant_tbl_ptrs[slot]->sent_table = FALSE;
        jpeg->comp_info[c].quant_tbl_no = slot;
        // One component alone has nothing to be sampled against.
        jpeg->comp_info[c].h_samp_factor = jpeg->num_components == 1 ? 1 : coding->horizontal[c];
        jpeg->comp_info[c].v_samp_factor = jpeg->num_components == 1 ? 1 : coding->vertical[c];
    }
}

static void use_density(j_compress_ptr jpeg, codec_density density) {
    if (density.x <= 0 || density.y <= 0) return;
    jpeg->density_unit = (UINT8)density.unit;
    jpeg->X_density = (UINT16)density.x;
    jpeg->Y_density = (UINT16)density.y;
}

static void use_quality(j_compress_ptr jpeg, int quality) {
    jpeg_set_quality(jpeg, quality, TRUE);
    for (int c = 0; c < jpeg->num_components; c++) {
        jpeg->comp_info[c].h_samp_factor = 1;
        jpeg->comp_info[c].v_samp_factor = 1;
    }
}

void codec_jpeg_put_markers(j_compress_ptr jpeg, const codec_items *items) {
    for (size_t i = 0; i < items->count; i++) {
        const codec_item *item = &items->list[i];
        int marker = JPEG_COM;
        if (strcmp(item->name, "APP1") == 0) marker = JPEG_APP0 + 1;
        if (strcmp(item->name, "APP2") == 0) marker = JPEG_APP0 + 2;
        if (strcmp(item->name, "APPD") == 0) marker = JPEG_APP0 + 13;
        jpeg_write_marker(jpeg, marker, item->bytes, (unsigned)item->count);
    }
}

static void put_rows(j_compress_ptr jpeg, const uint16_t *samples, uint8_t *bytes) {
    size_t row_samples = (size_t)jpeg->image_width * jpeg->num_components;
    while (jpeg->next_scanline < jpeg->image_height) {
        const uint16_t *row = samples + row_samples * jpeg->next_scanline;
        for (size_t i = 0; i < row_samples; i++) bytes[i] = (uint8_t)row[i];
        JSAMPROW rows[1] = {bytes};
        jpeg_write_scanlines(jpeg, rows, 1);
    }
}

static void prepare(
    jpeg_work *work, codec_writer *writer, uint32_t width, uint32_t height, int channels) {
    j_compress_ptr jpeg = &work->output.jpeg;
    jpeg_create_compress(jpeg);
    codec_jpeg_output_to(&work->output, writer);
    jpeg->image_width = width;
    jpeg->image_height = height;
    jpeg->input_components = channels;
    jpeg->in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(jpeg);
    jpeg->optimize_coding = TRUE;
    jpeg->dct_method = JDCT_ISLOW;
}

codec_status codec_jpeg_write(
    codec_writer *writer, const uint16_t *samples, uint32_t width, uint32_t height, int channels,
    int quality, const codec_jpeg_coding *coding, codec_density density) {
    jpeg_work *work = calloc(1, sizeof *work);
    uint8_t *bytes = malloc((size_t)width * channels);
    if (work == NULL || bytes == NULL) {
        free(work);
        free(bytes);
        return codec_no_memory;
    }
    j_compress_ptr jpeg = &work->output.jpeg;
    work->output.writer = writer;
    jpeg->err = jpeg_std_error(&work->errors);
    work->errors.error_exit = fail;
    work->errors.output_message = print_nothing;
    jpeg->client_data = work;
    if (setjmp(work->jump) == 0) {
        prepare(work, writer, width, height, channels);
        if (coding != NULL) use_coding(jpeg, coding);
        else use_quality(jpeg, quality);
        use_density(jpeg, density);
        jpeg_start_compress(jpeg, TRUE);
        codec_jpeg_put_markers(jpeg, &writer->items);
        put_rows(jpeg, samples, bytes);
        jpeg_finish_compress(jpeg);
    }
    codec_status status = work->status;
    jpeg_destroy_compress(jpeg);
    free(bytes);
    free(work);
    return status;
}
