// y[b, oy, ox, :] = epilogue(sum_{ky, kx} W[ky, kx] x[b, oy + ky - pad_top, ox + kx - pad_left, :]) for
// 3x3 filters, channels-last, by the minimal filtering F(4x4, 3x3) (Winograd 1980, Lavin & Gray 2016).
//
// A tile of 4x4 results needs 6x6 values of x. Transformed, x and W multiply point by point, which
// makes 36 matrix products of tiles x channels by channels x out: a quarter of the multiplications.
// The points 0, 2/3, -2/3, 3/2, -3/2 and infinity halve the rounding error of the customary 0, 1, -1,
// 2, -2. Tiles are taken in groups, so that transformed inputs stay in the last-level cache; weights
// are transformed as they are needed and never stored as a whole.
#include "block.h"
#include "epilogue.h"
#include "prologue.h"

#include <stdlib.h>

#define TILE 4             // results on a side
#define PATCH 6            // inputs on a side
#define POINTS 36          // of a transformed patch
#define MOST_TILES 72         // of a block, the work of one thread
#define CHANNELS 64        // summed over at a time
#define GROUP_BYTES (8 << 20)
#define LINES_AHEAD 16        // room for lines beyond those of a group

typedef struct {
    const float *x;        // lines of all pictures, one after the other, from first_line on
    long first_line;
    const char *weights;
    gesso_type type;
    float *y;
    gesso_convolution s;
    gesso_epilogue epilogue;
    long across, in_image, tiles;     // tiles side by side, of an image, of all images
    long block, slices, panels;       // tiles of a block, parts of the channels, parts of out
    long first;                       // the group's first tile
    float *inputs;                    // [blocks of a group, slices, POINTS, block, CHANNELS], padded
} winograd;

// A line more between the points keeps them from falling on the same sets of the cache.
INLINE long input_step(const winograd *w) { return w->block * CHANNELS + 16; }
#define WEIGHT_STEP (CHANNELS * GESSO_PANEL + 16)
INLINE long sum_step(const winograd *w) { return w->block * GESSO_PANEL + 16; }

// B^T d for one column of a patch.
INLINE void transform_input(const v16 d[PATCH], v16 to[PATCH]) {
    const v16 even1 = d[4] - d[2] * (9 / 4.0f), odd1 = d[3] * (2 / 3.0f) - d[1] * (3 / 2.0f);
    const v16 even2 = d[4] - d[2] * (4 / 9.0f), odd2 = d[3] * (3 / 2.0f) - d[1] * (2 / 3.0f);
    to[0] = d[0] - d[2] * (97 / 36.0f) + d[4];
    to[1] = even1 + odd1;
    to[2] = even1 - odd1;
    to[3] = even2 + odd2;
    to[4] = even2 - odd2;
    to[5] = d[1] - d[3] * (97 / 36.0f) + d[5];
}

// G g for one column of a filter.
INLINE void transform_filter(const v16 g[3], v16 to[PATCH]) {
    const v16 even1 = g[0] * (-81 / 130.0f) - g[2] * (18 / 65.0f), odd1 = g[1] * (27 / 65.0f);
    const v16 even2 = g[0] * (8 / 65.0f) + g[2] * (18 / 65.0f), odd2 = g[1] * (12 / 65.0f);
    to[0] = g[0];
    to[1] = even1 - odd1;
    to[2] = even1 + odd1;
    to[3] = even2 + odd2;
    to[4] = even2 - odd2;
    to[5] = g[2];
}

// A^T m for one column of products.
INLINE void transform_output(const v16 m[PATCH], v16 to[TILE]) {
    const v16 even1 = m[1] + m[2], odd1 = m[1] - m[2];
    const v16 even2 = m[3] + m[4], odd2 = m[3] - m[4];
    to[0] = m[0] + even1 + even2;
    to[1] = odd1 * (2 / 3.0f) + odd2 * (3 / 2.0f);
    to[2] = even1 * (4 / 9.0f) + even2 * (9 / 4.0f);
    to[3] = odd1 * (8 / 27.0f) + odd2 * (27 / 8.0f) + m[5];
}

// Where a tile lies: its image and its first result.
typedef struct {
    long image, y, x;
} place;

INLINE place place_of(const winograd *w, long tile) {
    const long inside = tile % w->in_image;
    return (place){tile / w->in_image, inside / w->across * TILE, inside % w->across * TILE};
}

// The patch of a tile, some channels of it: where it lies in x, or with zeros around it in `copy`.
INLINE const float *patch(
    const winograd *w, place p, long channel, long channels, float *copy, long *row, long *column) {
    const gesso_convolution *s = &w->s;
    const long top = p.y - s->pad_top, left = p.x - s->pad_left;
    const long line = p.image * s->height + top - w->first_line;
    const bool inside =
        top >= 0 && left >= 0 && top + PATCH <= s->height && left + PATCH <= s->width;
    *column = inside ? s->channels : CHANNELS;
    *row = inside ? s->width * s->channels : PATCH * CHANNELS;
    if (inside && channels % 16 == 0)
        return w->x + (line * s->width + left) * s->channels + channel;
    *column = CHANNELS;
    *row = PATCH * CHANNELS;
    memset(copy, 0, POINTS * CHANNELS * sizeof(float));
    for (long i = 0; i < PATCH; i++)
        for (long j = 0; j < PATCH; j++)
            if (top + i >= 0 && top + i < s->height && left + j >= 0 && left + j < s->width)
                memcpy(
                    copy + i * *row + j * *column,
                    w->x + ((line + i) * s->width + left + j) * s->channels + channel,
                    (size_t)channels * sizeof(float));
    return copy;
}

// One slice of the channels of one block of tiles.
INLINE void prepare(const winograd *w, long index) {
    const long first = w->first + index / w->slices * w->block;
    const long channel = index % w->slices * CHANNELS;
    const long channels = least(w->s.channels - channel, CHANNELS), step = input_step(w);
    float *to = w->inputs + index * POINTS * step;
    float copy[POINTS * CHANNELS];
    for (long tile = 0; tile < least(w->tiles - first, w->block); tile++) {
        long row, column;
        const float *from =
            patch(w, place_of(w, first + tile), channel, channels, copy, &row, &column);
        for (long c = 0; c < channels; c += 16) {
            v16 half[PATCH][PATCH];
            UNROLL for (int j = 0; j < PATCH; j++) {
                v16 d[PATCH], t[PATCH];
                UNROLL for (int i = 0; i < PATCH; i++) d[i] = load(from + i * row + j * column + c);
                transform_input(d, t);
                UNROLL for (int i = 0; i < PATCH; i++) half[i][j] = t[i];
            }
            UNROLL for (int i = 0; i < PATCH; i++) {
                v16 t[PATCH];
                transform_input(half[i], t);
                UNROLL for (int j = 0; j < PATCH; j++)
                    store(to + (i * PATCH + j) * step + tile * CHANNELS + c, t[j]);
            }
        }
    }
}
FOR_EACH_SET(prepare, (const winograd *w, long index), w, index)
static void prepare_slice(void *context, long index) { DISPATCH(prepare, context, index) }

// Transforms one slice of the channels of one panel of weights: to[POINTS, CHANNELS, GESSO_PANEL].
INLINE void transform_panel(
    const winograd *w, const gesso_type type, long panel, long channel, long channels, float *to) {
    const long in = w->s.channels, size = type == GESSO_F32 ? 4 : 2;
    const char *from = w->weights + (panel * 9 * in + channel) * GESSO_PANEL * size;
    for (long at = 0; at < channels * GESSO_PANEL; at += 16) {
        v16 half[PATCH][3];
        UNROLL for (int j = 0; j < 3; j++) {
            v16 g[3], t[PATCH];
            UNROLL for (int i = 0; i < 3; i++)
                g[i] = load_as(type, from + ((i * 3 + j) * in * GESSO_PANEL + at) * size);
            transform_filter(g, t);
            UNROLL for (int i = 0; i < PATCH; i++) half[i][j] = t[i];
        }
        UNROLL for (int i = 0; i < PATCH; i++) {
            v16 t[PATCH];
            transform_filter(half[i], t);
            UNROLL for (int j = 0; j < PATCH; j++) store(to + (i * PATCH + j) * WEIGHT_STEP + at, t[j]);
        }
    }
}
INLINE void transform_weights(
    const winograd *w, long panel, long channel, long channels, float *to) {
    switch (w->type) {
        case GESSO_F32: transform_panel(w, GESSO_F32, panel, channel, channels, to); break;
        case GESSO_F16: transform_panel(w, GESSO_F16, panel, channel, channels, to); break;
        case GESSO_BF16: transform_panel(w, GESSO_BF16, panel, channel, channels, to); break;
    }
}
FOR_EACH_SET(
    transform_weights, (const winograd *w, long panel, long channel, long channels, float *to), w,
    panel, channel, channels, to)

// Turns the sums of a block of tiles and a panel into results.
INLINE void leave(const winograd *w, const float *sums, long first, long tiles, long column) {
    const gesso_convolution *s = &w->s;
    for (long tile = 0; tile < tiles; tile++) {
        const place p = place_of(w, first + tile);
        for (long c = 0; c < least(s->out_channels - column, GESSO_PANEL); c += 16) {
            const float *from = sums + tile * GESSO_PANEL + c;
            v16 half[TILE][PATCH];
            UNROLL for (int j = 0; j < PATCH; j++) {
                v16 m[PATCH], t[TILE];
                UNROLL for (int i = 0; i < PATCH; i++)
                    m[i] = load(from + (i * PATCH + j) * sum_step(w));
                transform_output(m, t);
                UNROLL for (int i = 0; i < TILE; i++) half[i][j] = t[i];
            }
            UNROLL for (int i = 0; i < TILE; i++) {
                v16 t[TILE];
                transform_output(half[i], t);
                if (p.y + i >= s->out_height) continue;
                const long row = (p.image * s->out_height + p.y + i) * s->out_width + p.x;
                UNROLL for (int j = 0; j < TILE; j++)
                    if (p.x + j < s->out_width)
                        finish(&w->epilogue, w->y, row + j, column + c, s->out_channels, t[j]);
            }
        }
    }
}
FOR_EACH_SET(
    leave, (const winograd *w, const float *sums, long first, long tiles, long column), w, sums,
    first, tiles, column)

// One block of tiles times one panel of weights.
static void multiply(void *context, long index) {
    const winograd *w = context;
    const long block = index / w->panels, panel = index % w->panels, column = panel * GESSO_PANEL;
    const long first = w->first + block * w->block, tiles = least(w->tiles - first, w->block);
    const long columns = least(w->s.out_channels - column, GESSO_PANEL);
    float *weights =
        gesso_scratch((size_t)(POINTS * (WEIGHT_STEP + sum_step(w))) * sizeof(float));
    float *sums = weights + POINTS * WEIGHT_STEP;
    for (long slice = 0; slice < w->slices; slice++) {
        const long channel = slice * CHANNELS, channels = least(w->s.channels - channel, CHANNELS);
        const float *inputs = w->inputs + (block * w->slices + slice) * POINTS * input_step(w);
        DISPATCH(transform_weights, w, panel, channel, channels, weights)
        for (long point = 0; point < POINTS; point++)
            gesso_block(
                tiles, columns, channels, inputs + point * input_step(w), CHANNELS,
                weights + point * WEIGHT_STEP, sums + point * sum_step(w), GESSO_PANEL,
                slice > 0);
    }
    DISPATCH(leave, w, sums, first, tiles, column)
}

static long parts(long whole, long part) { return (whole + part - 1) / part; }

bool gesso_winograd_pays(gesso_convolution s) {
    if (s.kernel_height != 3 || s.kernel_width != 3 || s.stride != 1 || s.channels < 32)
        return false;
    const long tiles = s.batch * parts(s.out_height, TILE) * parts(s.out_width, TILE);
    const long weights = 100;  // what transforming the weights costs, in multiplications
    return tiles * POINTS + weights < s.batch * s.out_height * s.out_width * 9;
}

// The part of a picture that a group of tiles sees, made of x as the tiles go on.
typedef struct {
    const float *x;
    gesso_prologue p;
    float *lines;          // from `first` on, up to before `end`
    long first, end, room;
} window;

// Lines, of all pictures, from the first that tile `first` sees up to before the last that `last` does.
static void seen_lines(const winograd *w, long first, long last, long *from, long *to) {
    const gesso_convolution *s = &w->s;
    const place a = place_of(w, first), b = place_of(w, last);
    const long top = a.y - s->pad_top, bottom = b.y - s->pad_top + PATCH;
    *from = a.image * s->height + (top < 0 ? 0 : least(top, s->height));
    *to = b.image * s->height + least(bottom, s->height);
}

static void open_window(const winograd *w, window *v, long group) {
    const long lines = w->s.batch * w->s.height;
    for (long tile = 0; tile < w->tiles; tile += group) {
        long from, to;
        seen_lines(w, tile, least(tile + group, w->tiles) - 1, &from, &to);
        if (to - from + LINES_AHEAD > v->room) v->room = to - from + LINES_AHEAD;
    }
    v->room = least(v->room, lines);
    v->lines = gesso_allocate((size_t)(v->room * w->s.width * w->s.channels) * sizeof(float));
}

// Makes what tiles `first`...`last` see and is not there yet; what is seen no more gives way.
static void move_window(winograd *w, window *v, long first, long last) {
    const long line = w->s.width * w->s.channels;
    long from, to;
    seen_lines(w, first, last, &from, &to);
    if (to - v->first > v->room) {
        const long kept = v->end > from ? v->end - from : 0;
        memmove(
            v->lines, v->lines + (from - v->first) * line, (size_t)(kept * line) * sizeof(float));
        v->first = from;
        v->end = from + kept;
    }
    if (to > v->end) {
        gesso_see(v->x, w->s, v->p, v->end, to - v->end, v->lines + (v->end - v->first) * line);
        v->end = to;
    }
    w->x = v->lines;
    w->first_line = v->first;
}

static void close_window(const winograd *w, const window *v) {
    gesso_release(v->lines, (size_t)(v->room * w->s.width * w->s.channels) * sizeof(float));
}

void gesso_convolve_winograd(
    const float *x, const void *weights, gesso_type type, float *y, gesso_convolution s,
    gesso_prologue prologue, gesso_epilogue epilogue) {
    winograd w = {.x = x, .weights = weights, .type = type, .y = y, .s = s, .epilogue = epilogue};
    w.across = parts(s.out_width, TILE);
    w.in_image = parts(s.out_height, TILE) * w.across;
    w.tiles = s.batch * w.in_image;
    w.block = parts(parts(w.tiles, parts(w.tiles, MOST_TILES)), 4) * 4;
    w.slices = parts(s.channels, CHANNELS);
    w.panels = parts(s.out_channels, GESSO_PANEL);
    const long block_size = w.slices * POINTS * input_step(&w) * (long)sizeof(float);
    long blocks = GROUP_BYTES / block_size;
    blocks = least(parts(w.tiles, w.block), blocks < 1 ? 1 : blocks);
    w.inputs = gesso_allocate((size_t)(blocks * block_size));
    const bool looks = changes(prologue, s);
    window v = {.x = x, .p = prologue};
    if (looks) open_window(&w, &v, blocks * w.block);
    for (; w.first < w.tiles; w.first += blocks * w.block) {
        const long here = least(blocks, parts(w.tiles - w.first, w.block));
        if (looks) move_window(&w, &v, w.first, least(w.first + here * w.block, w.tiles) - 1);
        gesso_parallel(here * w.slices, prepare_slice, &w);
        gesso_parallel(here * w.panels, multiply, &w);
    }
    if (looks) close_window(&w, &v);
    gesso_release(w.inputs, (size_t)(blocks * block_size));
}
