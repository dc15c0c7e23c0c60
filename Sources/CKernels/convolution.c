// y[b, oy, ox, :] = epilogue(sum_{ky, kx} W[ky, kx] x[b, oy * stride + ky - pad_top, ...]), channels-last.
//
// A matrix product whose left side, the patches, is copied together block by block and never stored
// as a whole; a 1x1 convolution needs no copy at all.
#include "gemm.h"
#include "prologue.h"
#include "winograd.h"

typedef struct {
    const float *x;
    gesso_convolution s;
} patches;

// One run of channels of one tap, for one output position.
INLINE void copy_run(
    const patches *p, long image, long oy, long ox, long tap, long channel, long count, float *to) {
    const gesso_convolution *s = &p->s;
    const long y = oy * s->stride + tap / s->kernel_width - s->pad_top;
    const long x = ox * s->stride + tap % s->kernel_width - s->pad_left;
    const size_t bytes = (size_t)count * sizeof(float);
    if (y < 0 || y >= s->height || x < 0 || x >= s->width)
        memset(to, 0, bytes);
    else
        memcpy(to, p->x + ((image * s->height + y) * s->width + x) * s->channels + channel, bytes);
}

static const float *patch_left(
    const void *context, long row, long rows, long column, long columns, float *to, long *stride) {
    const patches *p = context;
    const gesso_convolution *s = &p->s;
    *stride = columns;
    for (long r = row; r < row + rows; r++) {
        const long ox = r % s->out_width, line = r / s->out_width;
        const long oy = line % s->out_height, image = line / s->out_height;
        for (long done = 0; done < columns;) {
            const long at = column + done, channel = at % s->channels;
            long run = s->channels - channel;
            if (run > columns - done) run = columns - done;
            copy_run(p, image, oy, ox, at / s->channels, channel, run, to);
            done += run;
            to += run;
        }
    }
    return to - rows * columns;
}

static void convolve_patches(
    const float *x, const gesso_weights *weights, float *y, gesso_convolution s,
    gesso_epilogue epilogue) {
    const long rows = s.batch * s.out_height * s.out_width;
    const long taps = s.kernel_height * s.kernel_width;
    const patches p = {x, s};
    if (taps == 1 && s.stride == 1 && s.pad_top == 0 && s.pad_left == 0)
        gesso_matmul(x, weights, y, rows, epilogue);
    else
        gesso_gemm((gesso_left){patch_left, &p}, weights, y, rows, epilogue);
}

void gesso_convolve(
    const float *x, const gesso_weights *weights, float *y, gesso_convolution s,
    gesso_prologue prologue, gesso_epilogue epilogue) {
    if (gesso_winograd_pays(s)) {
        gesso_convolve_winograd(x, weights, y, s, prologue, epilogue);
        return;
    }
    if (!changes(prologue, s)) {
        convolve_patches(x, weights, y, s, epilogue);
        return;
    }
    const long lines = s.batch * s.height;
    const size_t bytes = (size_t)(lines * s.width * s.channels) * sizeof(float);
    float *prepared = gesso_allocate(bytes);
    gesso_prepare_lines(x, s, prologue, 0, lines, prepared);
    convolve_patches(prepared, weights, y, s, epilogue);
    gesso_release(prepared, bytes);
}
