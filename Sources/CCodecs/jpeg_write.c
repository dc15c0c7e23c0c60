// Writing JPEG through libjpeg: baseline, optimised Huffman tables, slow exact DCT. The same
// picture always gives the same bytes.

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

#include "items.h"

enum { block = 1 << 16 };

typedef struct jpeg_output {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_destination_mgr destination;
    jmp_buf jump;
    codec_status status;
    codec_writer *writer;
} jpeg_output;

static _Noreturn void fail(j_common_ptr jpeg) {
    jpeg_output *output = jpeg->client_data;
    char message[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, message);
    codec_fail(output->writer->message, message);
    output->status =
        jpeg->err->msg_code == JERR_OUT_OF_MEMORY ? codec_no_memory : codec_corrupt;
    longjmp(output->jump, 1);
}

static void print_nothing(j_common_ptr jpeg) {
    (void)jpeg;
}

static void offer_space(j_compress_ptr jpeg) {
    jpeg_output *output = jpeg->client_data;
    codec_writer *writer = output->writer;
    if (codec_writer_reserve(writer, block) != codec_ok) ERREXIT1(jpeg, JERR_OUT_OF_MEMORY, 0);
    output->destination.next_output_byte = writer->bytes + writer->count;
    output->destination.free_in_buffer = block;
}

// libjpeg calls this with the whole block full, whatever free_in_buffer says.
static boolean take_block(j_compress_ptr jpeg) {
    jpeg_output *output = jpeg->client_data;
    output->writer->count += block;
    offer_space(jpeg);
    return TRUE;
}

static void take_rest(j_compress_ptr jpeg) {
    jpeg_output *output = jpeg->client_data;
    output->writer->count += block - output->destination.free_in_buffer;
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
    if (coding->density_x > 0 && coding->density_y > 0) {
        jpeg->density_unit = (UINT8)coding->density_unit;
        jpeg->X_density = (UINT16)coding->density_x;
        jpeg->Y_density = (UINT16)coding->density_y;
    }
}

static void use_quality(j_compress_ptr jpeg, int quality) {
    jpeg_set_quality(jpeg, quality, TRUE);
    for (int c = 0; c < jpeg->num_components; c++) {
        jpeg->comp_info[c].h_samp_factor = 1;
        jpeg->comp_info[c].v_samp_factor = 1;
    }
}

static void put_markers(j_compress_ptr jpeg, const codec_items *items) {
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

static void prepare(jpeg_output *output, uint32_t width, uint32_t height, int channels) {
    j_compress_ptr jpeg = &output->jpeg;
    jpeg_create_compress(jpeg);
    output->destination.init_destination = offer_space;
    output->destination.empty_output_buffer = take_block;
    output->destination.term_destination = take_rest;
    jpeg->dest = &output->destination;
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
    int quality, const codec_jpeg_coding *coding) {
    jpeg_output *output = calloc(1, sizeof *output);
    uint8_t *bytes = malloc((size_t)width * channels);
    if (output == NULL || bytes == NULL) {
        free(output);
        free(bytes);
        return codec_no_memory;
    }
    output->writer = writer;
    output->jpeg.err = jpeg_std_error(&output->errors);
    output->errors.error_exit = fail;
    output->errors.output_message = print_nothing;
    output->jpeg.client_data = output;
    if (setjmp(output->jump) == 0) {
        prepare(output, width, height, channels);
        if (coding != NULL) use_coding(&output->jpeg, coding);
        else use_quality(&output->jpeg, quality);
        jpeg_start_compress(&output->jpeg, TRUE);
        put_markers(&output->jpeg, &writer->items);
        put_rows(&output->jpeg, samples, bytes);
        jpeg_finish_compress(&output->jpeg);
    }
    codec_status status = output->status;
    jpeg_destroy_compress(&output->jpeg);
    free(bytes);
    free(output);
    return status;
}
