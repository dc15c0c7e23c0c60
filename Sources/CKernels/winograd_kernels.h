// The inner loops of winograd.c: transforms of inputs, filters and results.
#ifndef GESSO_WINOGRAD_KERNELS_H
#define GESSO_WINOGRAD_KERNELS_H

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
    bool streamed;                    // y is written past the caches
    float *inputs;                    // [blocks of a group, slices, points, block, CHANNELS], padded
} winograd;

// A line more between the points keeps them from falling on the same sets of the cache.
INLINE long input_step(const winograd *w) { return w->block * CHANNELS + 16; }
#define WEIGHT_STEP (CHANNELS * GESSO_PANEL + 16)
INLINE long sum_step(const winograd *w) { return w->block * GESSO_PANEL + 16; }

// Where a tile is: its image and its first result.
typedef struct {
    long image, y, x;
} place;

INLINE place place_of(const winograd *w, long tile) {
    const long inside = tile % w->in_image;
    return (place){tile / w->in_image, inside / w->across * w->tile, inside % w->across * w->tile};
}

// The patch of a tile, some channels of it: where it is in x, or with zeros around it in `copy`.
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
INLINE void transform_tiles_of_size(const winograd *w, const int tile, long index) {
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
                UNROLL for (int i = 0; i < size; i++) {
                    const float *at = from + i * row + j * column + c;
                    d[i] = load(at);
                    // What the next tile has and this one has not.
                    if (j >= 2) __builtin_prefetch(at + tile * column);
                }
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
INLINE void transform_tiles(const winograd *w, long index) {
    if (w->tile == 4)
        transform_tiles_of_size(w, 4, index);
    else
        transform_tiles_of_size(w, 6, index);
}

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

// Turns the sums of a block of tiles and a panel into results.
INLINE void finish_tiles_of_size(
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
                UNROLL for (int i = 0; i < size; i++) {
                    const float *at = from + (i * size + j) * sum_step(w);
                    m[i] = load(at);
                    __builtin_prefetch(at + GESSO_PANEL);  // the next tile's
                }
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
                        finish(
                            &w->epilogue, w->y, row + j, column + c, s->out_channels, v[j], w->streamed);
            }
        }
    }
}
INLINE void finish_tiles(const winograd *w, const float *sums, long first, long tiles, long column) {
    if (w->tile == 4)
        finish_tiles_of_size(w, 4, sums, first, tiles, column);
    else
        finish_tiles_of_size(w, 6, sums, first, tiles, column);
}

#endif
