// Pictures as a convolution reads them, some lines at a time.
#include "kernel_set.h"

static void prepare_one_line(void *context, long index) { gesso_current_set()->prepare_line(context, index); }

void gesso_prepare_lines(
    const float *x, gesso_convolution s, gesso_prologue p, long first, long count, float *to) {
    prologue_job v = {x, s, p, first, to};
    gesso_parallel(count, prepare_one_line, &v);
}

#define AHEAD 16  // lines of room beyond those that are asked for, so that not every call moves lines

static size_t window_bytes(const gesso_window *w) {
    return (size_t)(w->room * w->shape.width * w->shape.channels) * sizeof(float);
}

// Makes room for lines from `from` to `to`; those that are there already stay.
static void make_room(gesso_window *w, long from, long to) {
    const long line = w->shape.width * w->shape.channels, kept = w->end > from ? w->end - from : 0;
    const float *lines = w->lines + (kept > 0 ? (from - w->first) * line : 0);
    gesso_window before = *w;
    if (to - from > w->room) {
        w->room = least(to - from + AHEAD, w->shape.batch * w->shape.height);
        w->lines = gesso_allocate(window_bytes(w));
    }
    if (kept > 0) memmove(w->lines, lines, (size_t)(kept * line) * sizeof(float));
    if (w->lines != before.lines) gesso_close_window(&before);
    w->first = from;
    w->end = from + kept;
}

void gesso_move_window(gesso_window *w, long from, long to) {
    if (to - w->first > w->room) make_room(w, from, to);
    if (to <= w->end) return;
    const long line = w->shape.width * w->shape.channels;
    float *end = w->lines + (w->end - w->first) * line;
    gesso_prepare_lines(w->x, w->shape, w->prologue, w->end, to - w->end, end);
    w->end = to;
}

void gesso_close_window(gesso_window *w) { gesso_release(w->lines, window_bytes(w)); }
