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
