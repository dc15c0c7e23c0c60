// Where libjpeg keeps quantised coefficients when a file is transcoded: in plain arrays in place of its virtual
// ones, which take a fault for every page of them. What only passes by has no more than a row of units.

#include <string.h>

#include "jpeg_arrays.h"

#include <jerror.h>

static codec_jpeg_arrays *arrays_of(j_common_ptr jpeg) {
    return ((codec_jpeg_client *)jpeg->client_data)->arrays;
}

// What libjpeg takes for a pointer to one of its own arrays is one to ours.
static jvirt_barray_ptr request(
    j_common_ptr jpeg, int pool, boolean zeroed, JDIMENSION columns, JDIMENSION rows,
    JDIMENSION most) {
    (void)zeroed;
    codec_jpeg_arrays *arrays = arrays_of(jpeg);
    if (arrays->count == MAX_COMPONENTS) ERREXIT1(jpeg, JERR_OUT_OF_MEMORY, 0);
    codec_jpeg_array *array = &arrays->list[arrays->count++];
    array->columns = columns;
    array->rows = rows;
    array->held = arrays->passes_by ? most : rows;
    size_t bytes = (size_t)array->held * columns * sizeof(JBLOCK);
    array->blocks = jpeg->mem->alloc_large(jpeg, pool, bytes);
    codec_use_large_pages(array->blocks, bytes);
    memset(array->blocks, 0, bytes);
    array->pointers = jpeg->mem->alloc_large(jpeg, pool, array->held * sizeof(JBLOCKROW));
    for (JDIMENSION row = 0; row < array->held; row++) {
        array->pointers[row] = array->blocks + (size_t)row * columns;
    }
    return (jvirt_barray_ptr)array;
}

static void hand_on(codec_jpeg_arrays *arrays, codec_jpeg_array *array) {
    if (array->count > 0 && arrays->take != NULL) {
        arrays->take(arrays->context, (int)(array - arrays->list), array->first, array->count);
    }
    array->count = 0;
}

static JBLOCKARRAY access_rows(
    j_common_ptr jpeg, jvirt_barray_ptr pointer, JDIMENSION first, JDIMENSION count,
    boolean writes) {
    (void)writes;
    codec_jpeg_array *array = (codec_jpeg_array *)pointer;
    if (first + count > array->rows) ERREXIT(jpeg, JERR_BAD_VIRTUAL_ACCESS);
    if (array->held == array->rows) return array->pointers + first;
    if (count > array->held) ERREXIT(jpeg, JERR_BAD_VIRTUAL_ACCESS);
    if (array->count == 0 || array->first != first) {
        hand_on(arrays_of(jpeg), array);
        // Each row of an array is zero before anything is read into it.
        memset(array->blocks, 0, (size_t)count * array->columns * sizeof(JBLOCK));
        array->first = first;
        array->count = count;
    }
    return array->pointers;
}

void codec_jpeg_use_arrays(j_common_ptr jpeg) {
    jpeg->mem->request_virt_barray = request;
    jpeg->mem->access_virt_barray = access_rows;
}

void codec_jpeg_finish_arrays(codec_jpeg_arrays *arrays) {
    for (int i = 0; i < arrays->count; i++) {
        codec_jpeg_array *array = &arrays->list[i];
        if (array->held == array->rows) {
            array->first = 0;
            array->count = array->rows;
        }
        hand_on(arrays, array);
    }
}

JBLOCKROW codec_jpeg_array_row(const codec_jpeg_arrays *arrays, int component, JDIMENSION row) {
    const codec_jpeg_array *array = &arrays->list[component];
    return array->pointers[array->held == array->rows ? row : row - array->first];
}
