// Pictures as a convolution sees them, some lines at a time.
#include "prologue.h"

typedef struct {
    const float *x;
    gesso_convolution s;
    gesso_prologue p;
    long first;
    float *to;
} view;

INLINE void see_run(const view *v, const float *scales, const float *x, float *to, long pixels) {
    const long channels = v->s.channels;
    if (scales)
        see_pixels(x, to, pixels, channels, scales, v->p.activation);
    else
        memcpy(to, x, (size_t)(pixels * channels) * sizeof(float));
}

INLINE void see(const view *v, long index) {
    const long width = v->s.width, channels = v->s.channels, height = v->s.height;
    const long line = v->first + index, picture = line / height;
    const long from = picture * v->p.height + line % height * v->p.height / height;
    const float *x = v->x + from * v->p.width * channels;
    const float *scales = v->p.scales ? v->p.scales + picture * 2 * channels : NULL;
    float *to = v->to + index * width * channels;
    if (v->p.width == width)
        see_run(v, scales, x, to, width);
    else
        for (long i = 0; i < width; i++)
            see_run(v, scales, x + i * v->p.width / width * channels, to + i * channels, 1);
}
FOR_EACH_SET(see, (const view *v, long index), v, index)
static void see_line(void *context, long index) { DISPATCH(see, context, index) }

void gesso_see(
    const float *x, gesso_convolution s, gesso_prologue p, long first, long count, float *to) {
    view v = {x, s, p, first, to};
    gesso_parallel(count, see_line, &v);
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
    gesso_see(w->x, w->shape, w->prologue, w->end, to - w->end, end);
    w->end = to;
}

void gesso_close_window(gesso_window *w) { gesso_release(w->lines, window_bytes(w)); }
