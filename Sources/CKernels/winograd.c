// y[b, oy, ox, :] = epilogue(sum_{ky, kx} W[ky, kx] x[b, oy + ky - pad_top, ox + kx - pad_left, :]) for
// 3x3 filters, channels-last, by minimal filtering.
//
// A tile of 4x4 results needs 6x6 values of x, one of 6x6 needs 8x8. Transformed, x and W multiply point by
// point, which makes 36 or 64 matrix products of tiles x channels by channels x out: a quarter of the
// multiplications, or a fifth. Tiles are taken in groups, so that transformed inputs stay in the last-level
// cache; weights are transformed as they are needed and never stored as a whole, but where they are few, a
// thread keeps those of a panel for all blocks of tiles that it multiplies them with.
#include "kernel_set.h"
#include "weights.h"
#include "winograd.h"

static void transform_slice(void *context, long index) { gesso_current_set()->transform_tiles(context, index); }

// A run of blocks of tiles times one panel of weights.
static void multiply(void *context, long index) {
    const winograd *w = context;
    const long panel = index % w->panels, column = panel * GESSO_PANEL;
    const long start = index / w->panels * w->run;
    const long columns = least(w->s.out_channels - column, GESSO_PANEL);
    const long of_slice = w->points * WEIGHT_STEP, kept = w->keeps ? w->slices : 1;
    float *weights = gesso_scratch(
        (size_t)(kept * of_slice + w->points * sum_step(w)) * sizeof(float));
    float *sums = weights + kept * of_slice;
    // Of few tiles most is fetched before it would be of use.
    const bool far = w->block >= 24;
    for (long block = start; block < least(start + w->run, w->blocks); block++) {
        const long first = w->first + block * w->block, tiles = least(w->tiles - first, w->block);
        for (long slice = 0; slice < w->slices; slice++) {
            const long channel = slice * CHANNELS;
            const long channels = least(w->s.channels - channel, CHANNELS);
            const float *inputs =
                w->inputs + (block * w->slices + slice) * w->points * input_step(w);
            float *right = weights + (w->keeps ? slice * of_slice : 0);
            if (block == start || !w->keeps)
                gesso_current_set()->transform_weights(w, panel, channel, channels, right);
            for (long point = 0; point < w->points; point++)
                gesso_current_set()->multiply_block(
                    tiles, columns, channels, inputs + point * input_step(w), CHANNELS, 1, far,
                    right + point * WEIGHT_STEP, false, sums + point * sum_step(w), GESSO_PANEL, slice > 0);
        }
        gesso_current_set()->finish_tiles(w, sums, first, tiles, column);
    }
    end_stream(w->streamed);
}

static long parts(long whole, long part) { return (whole + part - 1) / part; }

// Multiplications for each pair of channels.
static long work(gesso_convolution s, long tile) {
    return s.batch * parts(s.out_height, tile) * parts(s.out_width, tile) * (tile + 2) * (tile + 2);
}

// Results on a side of the tiles that pay, 0 if none do. Tiles of 6 save a fifth in large pictures, but round
// more: they are for autoencoders, which work once. A UNet, whose steps add up, has latents of that size only
// from pictures of 1536x1536 on.
static int best_tile(gesso_convolution s) {
    if (s.kernel_height != 3 || s.kernel_width != 3 || s.stride != 1 || s.channels < 32) return 0;
    if (s.out_height * s.out_width >= LARGE && work(s, 6) < work(s, 4)) return 6;
    const long weights = 100;  // what transforming the weights costs
    return work(s, 4) + weights < s.batch * s.out_height * s.out_width * 9 ? 4 : 0;
}

bool gesso_winograd_pays(gesso_convolution s) { return best_tile(s) > 0; }

// Makes available the lines that tiles `first`...`last` read.
static void move_lines(const winograd *w, gesso_window *window, long first, long last) {
    const gesso_convolution *s = &w->s;
    const place a = place_of(w, first), b = place_of(w, last);
    const long top = a.y - s->pad_top, bottom = b.y - s->pad_top + w->tile + 2;
    gesso_move_window(
        window, a.image * s->height + (top < 0 ? 0 : least(top, s->height)),
        b.image * s->height + (bottom < 0 ? 0 : least(bottom, s->height)));
}

void gesso_convolve_winograd(
    const float *x, const gesso_weights *weights, float *y, gesso_convolution s,
    gesso_prologue prologue, gesso_epilogue epilogue) {
    winograd w = {
        .x = x, .weights = weights->panels, .type = weights->type, .y = y, .s = s,
        .epilogue = epilogue};
    w.tile = best_tile(s);
    w.streamed = streams(y, s.out_channels, s.batch * s.out_height * s.out_width * s.out_channels);
    w.points = (w.tile + 2) * (w.tile + 2);
    w.across = parts(s.out_width, w.tile);
    w.in_image = parts(s.out_height, w.tile) * w.across;
    w.tiles = s.batch * w.in_image;
    w.block = parts(parts(w.tiles, parts(w.tiles, BLOCK_VALUES / w.points)), 4) * 4;
    w.slices = parts(s.channels, CHANNELS);
    w.panels = parts(s.out_channels, GESSO_PANEL);
    w.keeps = w.slices * w.points * WEIGHT_STEP * (long)sizeof(float) <= WEIGHT_BYTES;
    const long block_size = w.slices * w.points * input_step(&w) * (long)sizeof(float);
    const long most = GROUP_BYTES / block_size;
    const long group = least(parts(w.tiles, w.block), most < 1 ? 1 : most);
    w.inputs = gesso_allocate((size_t)(group * block_size));
    gesso_window window = {.x = x, .shape = s, .prologue = prologue};
    for (; w.first < w.tiles; w.first += group * w.block) {
        w.blocks = least(group, parts(w.tiles - w.first, w.block));
        if (changes(prologue, s)) {
            move_lines(&w, &window, w.first, least(w.first + w.blocks * w.block, w.tiles) - 1);
            w.x = window.lines;
            w.first_line = window.first;
        }
        // Enough pieces of work for all threads to end at about the same time.
        w.run = w.keeps ? parts(w.blocks, parts(4 * gesso_threads(), w.panels)) : 1;
        gesso_parallel(w.blocks * w.slices, transform_slice, &w);
        gesso_parallel(parts(w.blocks, w.run) * w.panels, multiply, &w);
    }
    gesso_close_window(&window);
    gesso_release(w.inputs, (size_t)(group * block_size));
}
