// y[b, oy, ox, :] = epilogue(sum_{ky, kx} W[ky, kx] x[b, oy + ky - pad_top, ox + kx - pad_left, :]) for
// 3x3 filters, channels-last, by minimal filtering.
//
// A tile of 4x4 results needs 6x6 values of x, one of 6x6 needs 8x8. Transformed, x and W multiply point by
// point, which makes 36 or 64 matrix products of tiles x channels by channels x out: a quarter of the
// multiplications, or a fifth. Tiles are taken in groups, so that transformed inputs stay in the last-level
// cache; weights are transformed as they are needed and never stored as a whole, but where they are few, a
// thread keeps those of a panel for all blocks of tiles that it multiplies them with.
#include "block.h"
#include "epilogue.h"
#include "filtering.h"
#include "prologue.h"

#define CHANNELS 64               // summed over at a time
#define BLOCK_VALUES 2592         // points times tiles of a block, at most
#define LARGE (192 * 192)         // results of a picture
#define GROUP_BYTES (8 << 20)     // of transformed inputs
#define WEIGHT_BYTES (3 << 20)    // of transformed weights that a thread keeps

typedef struct {
    const float *x;        // lines of all pictures, one after the other, from first_line on
    long first_line;
    const char *weights;
    gesso_type type;
    float *y;
    gesso_convolution s;
    gesso_epilogue epilogue;
    int tile;                         // results on a side, 4 or 6
    long points;                      // of a transformed patch
    long across, in_image, tiles;     // tiles side by side, of an image, of all images
    long block, slices, panels;       // tiles of a block, parts of the channels, parts of out
    long first, blocks;               // the group's first tile, its number of blocks
    long run;                         // blocks that follow one another on a thread
    bool keeps;                       // transformed weights of all slices from block to block
    float *inputs;                    // [blocks of a group, slices, points, block, CHANNELS], padded
} winograd;

// A line more between the points keeps them from falling on the same sets of the cache.
INLINE long input_step(const winograd *w) { return w->block * CHANNELS + 16; }
#define WEIGHT_STEP (CHANNELS * GESSO_PANEL + 16)
INLINE long sum_step(const winograd *w) { return w->block * GESSO_PANEL + 16; }

// Where a tile lies: its image and its first result.
typedef struct {
    long image, y, x;
} place;

INLINE place place_of(const winograd *w, long tile) {
    const long inside = tile % w->in_image;
    return (place){tile / w->in_image, inside / w->across * w->tile, inside % w->across * w->tile};
}

// The patch of a tile, some channels of it: where it lies in x, or with zeros around it in `copy`.
INLINE const float *patch(
    const winograd *w, const int size, place p, long channel, long channels, float *copy, long *row,
    long *column) {
    const gesso_convolution *s = &w->s;
    const long top = p.y - s->pad_top, left = p.x - s->pad_left;
    const long line = p.image * s->height + top - w->first_line;
    const bool inside =
        top >= 0 && left >= 0 && top + size <= s->height && left + size <= s->width;
    if (inside && channels % 16 == 0) {
        *column = s->channels;
        *row = s->width * s->channels;
        return w->x + line * *row + left * *column + channel;
    }
    *column = CHANNELS;
    *row = size * CHANNELS;
    memset(copy, 0, (size_t)(size * size * CHANNELS) * sizeof(float));
    for (long i = 0; i < size; i++)
        for (long j = 0; j < size; j++)
            if (top + i >= 0 && top + i < s->height && left + j >= 0 && left + j < s->width)
                memcpy(
                    copy + i * *row + j * *column,
                    w->x + ((line + i) * s->width + left + j) * s->channels + channel,
                    (size_t)channels * sizeof(float));
    return copy;
}

// One slice of the channels of one block of tiles.
INLINE void prepare_tiles(const winograd *w, const int tile, long index) {
    const int size = tile + 2;
    const long first = w->first + index / w->slices * w->block;
    const long channel = index % w->slices * CHANNELS;
    const long channels = least(w->s.channels - channel, CHANNELS), step = input_step(w);
    float *to = w->inputs + index * w->points * step;
    float copy[MOST_PATCH * MOST_PATCH * CHANNELS];
    for (long t = 0; t < least(w->tiles - first, w->block); t++) {
        long row, column;
        const float *from =
            patch(w, size, place_of(w, first + t), channel, channels, copy, &row, &column);
        for (long c = 0; c < channels; c += 16) {
            v16 half[MOST_PATCH][MOST_PATCH];
            UNROLL for (int j = 0; j < size; j++) {
                v16 d[MOST_PATCH], v[MOST_PATCH];
                UNROLL for (int i = 0; i < size; i++) d[i] = load(from + i * row + j * column + c);
                transform_input(tile, d, v);
                UNROLL for (int i = 0; i < size; i++) half[i][j] = v[i];
            }
            UNROLL for (int i = 0; i < size; i++) {
                v16 v[MOST_PATCH];
                transform_input(tile, half[i], v);
                UNROLL for (int j = 0; j < size; j++)
                    store(to + (i * size + j) * step + t * CHANNELS + c, v[j]);
            }
        }
    }
}
INLINE void prepare(const winograd *w, long index) {
    if (w->tile == 4)
        prepare_tiles(w, 4, index);
    else
        prepare_tiles(w, 6, index);
}
FOR_EACH_SET(prepare, (const winograd *w, long index), w, index)
static void prepare_slice(void *context, long index) { DISPATCH(prepare, context, index) }

// Transforms one slice of the channels of one panel of weights: to[points, CHANNELS, GESSO_PANEL].
INLINE void transform_panel(
    const winograd *w, const int tile, const gesso_type type, long panel, long channel,
    long channels, float *to) {
    const int size = tile + 2, bytes = type == GESSO_F32 ? 4 : 2;
    const long in = w->s.channels;
    const char *from = w->weights + (panel * 9 * in + channel) * GESSO_PANEL * bytes;
    for (long at = 0; at < channels * GESSO_PANEL; at += 16) {
        v16 half[MOST_PATCH][3];
        UNROLL for (int j = 0; j < 3; j++) {
            v16 g[3], v[MOST_PATCH];
            UNROLL for (int i = 0; i < 3; i++)
                g[i] = load_as(type, from + ((i * 3 + j) * in * GESSO_PANEL + at) * bytes);
            transform_filter(tile, g, v);
            UNROLL for (int i = 0; i < size; i++) half[i][j] = v[i];
        }
        UNROLL for (int i = 0; i < size; i++) {
            v16 v[MOST_PATCH];
            transform_filter(tile, half[i], v);
            UNROLL for (int j = 0; j < size; j++)
                store(to + (i * size + j) * WEIGHT_STEP + at, v[j]);
        }
    }
}
INLINE void transform_weights(
    const winograd *w, long panel, long channel, long channels, float *to) {
#define FOR_TYPE(type)                                                \
    case type:                                                        \
        if (w->tile == 4)                                             \
            transform_panel(w, 4, type, panel, channel, channels, to); \
        else                                                          \
            transform_panel(w, 6, type, panel, channel, channels, to); \
        break;
    switch (w->type) { FOR_TYPE(GESSO_F32) FOR_TYPE(GESSO_F16) FOR_TYPE(GESSO_BF16) }
#undef FOR_TYPE
}
FOR_EACH_SET(
    transform_weights, (const winograd *w, long panel, long channel, long channels, float *to), w,
    panel, channel, channels, to)

// Turns the sums of a block of tiles and a panel into results.
INLINE void leave_tiles(
    const winograd *w, const int tile, const float *sums, long first, long tiles, long column) {
    const int size = tile + 2;
    const gesso_convolution *s = &w->s;
    for (long t = 0; t < tiles; t++) {
        const place p = place_of(w, first + t);
        for (long c = 0; c < least(s->out_channels - column, GESSO_PANEL); c += 16) {
            const float *from = sums + t * GESSO_PANEL + c;
            v16 half[MOST_TILE][MOST_PATCH];
            UNROLL for (int j = 0; j < size; j++) {
                v16 m[MOST_PATCH], v[MOST_TILE];
                UNROLL for (int i = 0; i < size; i++)
                    m[i] = load(from + (i * size + j) * sum_step(w));
                transform_output(tile, m, v);
                UNROLL for (int i = 0; i < tile; i++) half[i][j] = v[i];
            }
            UNROLL for (int i = 0; i < tile; i++) {
                v16 v[MOST_TILE];
                transform_output(tile, half[i], v);
                if (p.y + i >= s->out_height) continue;
                const long row = (p.image * s->out_height + p.y + i) * s->out_width + p.x;
                UNROLL for (int j = 0; j < tile; j++)
                    if (p.x + j < s->out_width)
                        finish(&w->epilogue, w->y, row + j, column + c, s->out_channels, v[j]);
            }
        }
    }
}
INLINE void leave(const winograd *w, const float *sums, long first, long tiles, long column) {
    if (w->tile == 4)
        leave_tiles(w, 4, sums, first, tiles, column);
    else
        leave_tiles(w, 6, sums, first, tiles, column);
}
FOR_EACH_SET(
    leave, (const winograd *w, const float *sums, long first, long tiles, long column), w, sums,
    first, tiles, column)

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
    for (long block = start; block < least(start + w->run, w->blocks); block++) {
        const long first = w->first + block * w->block, tiles = least(w->tiles - first, w->block);
        for (long slice = 0; slice < w->slices; slice++) {
            const long channel = slice * CHANNELS;
            const long channels = least(w->s.channels - channel, CHANNELS);
            const float *inputs =
                w->inputs + (block * w->slices + slice) * w->points * input_step(w);
            float *right = weights + (w->keeps ? slice * of_slice : 0);
            if (block == start || !w->keeps)
                DISPATCH(transform_weights, w, panel, channel, channels, right)
            for (long point = 0; point < w->points; point++)
                gesso_block(
                    tiles, columns, channels, inputs + point * input_step(w), CHANNELS,
                    right + point * WEIGHT_STEP, sums + point * sum_step(w), GESSO_PANEL, slice > 0);
        }
        DISPATCH(leave, w, sums, first, tiles, column)
    }
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

// The lines that tiles `first`...`last` see.
static void see(const winograd *w, gesso_window *window, long first, long last) {
    const gesso_convolution *s = &w->s;
    const place a = place_of(w, first), b = place_of(w, last);
    const long top = a.y - s->pad_top, bottom = b.y - s->pad_top + w->tile + 2;
    gesso_move_window(
        window, a.image * s->height + (top < 0 ? 0 : least(top, s->height)),
        b.image * s->height + (bottom < 0 ? 0 : least(bottom, s->height)));
}

void gesso_convolve_winograd(
    const float *x, const void *weights, gesso_type type, float *y, gesso_convolution s,
    gesso_prologue prologue, gesso_epilogue epilogue) {
    winograd w = {.x = x, .weights = weights, .type = type, .y = y, .s = s, .epilogue = epilogue};
    w.tile = best_tile(s);
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
            see(&w, &window, w.first, least(w.first + w.blocks * w.block, w.tiles) - 1);
            w.x = window.lines;
            w.first_line = window.first;
        }
        // Enough pieces of work for all threads to end at about the same time.
        w.run = w.keeps ? parts(w.blocks, parts(4 * gesso_threads(), w.panels)) : 1;
        gesso_parallel(w.blocks * w.slices, prepare_slice, &w);
        gesso_parallel(parts(w.blocks, w.run) * w.panels, multiply, &w);
    }
    gesso_close_window(&window);
    gesso_release(w.inputs, (size_t)(group * block_size));
}
