// Products and convolutions by a unit (unit.h): x W^T with both sides rounded to bf16 or int8, or as floats in
// bf16 parts.
//
// The left side is rounded once, into blocks of as many channels as 64 bytes hold: [block, part, position, 64
// bytes]. Neighbouring positions follow one another, so that a tap of a convolution with stride 1 is the same
// rows at another offset; zeros between the lines of a picture serve as padding of both. Other convolutions lay
// their patches out. The result is cut as matmul.c cuts it, and how a number is summed depends on the number of
// steps alone.
#include "kernel_set.h"
#include "outliers.h"
#include "unit.h"

#define CHUNK 18  // steps between visits to the sums, at most: two blocks of channels of a 3x3 filter

// Where positions are in a picture: `line` positions a line, `lines` lines an image. Results take the first
// out_width of a line and the first out_height lines of an image.
typedef struct {
    long line, lines, out_width, out_height;
} geometry;

typedef struct {
    product p;
    const gesso_unit *unit;
    gesso_convolution s;    // of rows: height 1, width rows
    bool shifts;            // taps are offsets, not patches
    geometry at;
    const float *x;
    char *left;
    int parts;              // of a number of the left side
    long blocks, stride, positions;  // blocks of channels times taps of patches; bytes of a part of a block;
                                     // positions with results
    float *scales;          // int8: of each row, or of each image of a convolution
    bool scales_images;
    gesso_outliers outliers;  // int8: their high parts are one more block
} narrow_product;

static long parts(long whole, long part) { return (whole + part - 1) / part; }

static bool is_int8(const narrow_product *n) { return n->unit->precision == GESSO_BYTES; }

// The taps that have blocks of their own.
static long patch_taps(const narrow_product *n) {
    return n->shifts ? 1 : n->s.kernel_height * n->s.kernel_width;
}

// Rounds the channels at one place; `tap` counts where patches are laid out.
static void put_row(const narrow_product *n, const float *x, long tap, long position, float scale) {
    const long step = n->parts * patch_taps(n) * n->stride;
    char *to = n->left + tap * n->parts * n->stride + position * STEP;
    narrow_row row = {x, n->s.channels, to, step, n->parts, n->stride};
    if (!is_int8(n)) {
        gesso_current_set()->round_to_bf16(&row);
        return;
    }
    const float up = scale > 0 ? 1 / scale : scale;
    if (n->outliers.count > 0) {
        float *own = gesso_scratch((size_t)(n->s.channels + STEP) * sizeof(float));
        float *high = own + n->s.channels;
        memcpy(own, x, (size_t)n->s.channels * sizeof(float));
        gesso_part_outliers(&n->outliers, own, high, scale);
        row.x = own;
        const narrow_row last = {high, STEP, to + parts(n->s.channels, STEP) * step, step, 1, 0};
        gesso_current_set()->round_to_int8(&last, up, n->unit->left_offset);
    }
    gesso_current_set()->round_to_int8(&row, up, n->unit->left_offset);
}

#define ROWS_AT_ONCE 16

// The scale of a row of a matrix.
static float row_scale(const narrow_product *n, const float *x) {
    const gesso_outliers *o = &n->outliers;
    uint32_t usual = 0, outlying = 0;
    if (o->count == 0) {
        gesso_current_set()->find_greatest(x, n->s.channels, &usual);
        return gesso_outlier_scale(usual, 0);
    }
    for (long c = 0, i = 0; i <= o->count; i++) {
        const long end = i < o->count ? o->channels[i] : n->s.channels;
        gesso_current_set()->find_greatest(x + c, end - c, &usual);
        if (i < o->count) gesso_current_set()->find_greatest(x + end, 1, &outlying);
        c = end + 1;
    }
    return gesso_outlier_scale(usual, outlying);
}

// Rows of a matrix, each with its own scale; a stride of patches takes one for each image.
static void put_matrix_rows(void *context, long index) {
    narrow_product *n = context;
    const long end = least((index + 1) * ROWS_AT_ONCE, n->s.width);
    for (long row = index * ROWS_AT_ONCE; row < end; row++) {
        const float *x = n->x + row * n->s.channels;
        if (is_int8(n)) n->scales[row] = row_scale(n, x);
        put_row(n, x, 0, row, n->scales[row]);
    }
}

// The greatest sizes of the channels, of each image by itself: [pieces, images, channels].
typedef struct {
    const narrow_product *n;
    long piece, pieces;  // rows of a piece, pieces of an image
    uint32_t *most;
} greatest_of_channels;

static void find_greatest_of_piece(void *context, long index) {
    const greatest_of_channels *g = context;
    const gesso_convolution *s = &g->n->s;
    const long image = index / g->pieces, first = index % g->pieces * g->piece;
    uint32_t *most = g->most + index * s->channels;
    memset(most, 0, (size_t)s->channels * sizeof *most);
    gesso_current_set()->find_greatest_of_channels(
        g->n->x + (image * s->height * s->width + first) * s->channels,
        least(s->height * s->width - first, g->piece), s->channels, most);
}

static void raise(uint32_t *most, const uint32_t *others, long count) {
    for (long i = 0; i < count; i++)
        if (others[i] > most[i]) most[i] = others[i];
}

// Finds the outliers and, where images have scales, these.
static void find_scales(narrow_product *n) {
    const gesso_convolution *s = &n->s;
    greatest_of_channels g = {.n = n, .piece = 256};
    g.pieces = parts(s->height * s->width, g.piece);
    const size_t bytes = (size_t)((s->batch * g.pieces + 1) * s->channels) * sizeof(uint32_t);
    g.most = gesso_allocate(bytes);
    gesso_parallel(s->batch * g.pieces, find_greatest_of_piece, &g);
    uint32_t *all = g.most + s->batch * g.pieces * s->channels;
    memset(all, 0, (size_t)s->channels * sizeof *all);
    for (long i = 0; i < s->batch * g.pieces; i++) raise(all, g.most + i * s->channels, s->channels);
    n->outliers = gesso_find_outliers(all, s->channels);
    for (long image = 0; image < s->batch && n->scales_images; image++) {
        uint32_t *most = g.most + image * g.pieces * s->channels, outlying = 0, usual = 0;
        for (long i = 1; i < g.pieces; i++) raise(most, most + i * s->channels, s->channels);
        for (int i = 0; i < n->outliers.count; i++) {
            raise(&outlying, most + n->outliers.channels[i], 1);
            most[n->outliers.channels[i]] = 0;
        }
        for (long c = 0; c < s->channels; c++) raise(&usual, most + c, 1);
        n->scales[image] = gesso_outlier_scale(usual, outlying);
    }
    gesso_release(g.most, bytes);
}

static void put_zeros(void *context, long part) {
    const narrow_product *n = context;
    memset(
        n->left + part * n->stride, is_int8(n) ? n->unit->left_offset : 0, (size_t)n->stride);
}

// A line of a picture among zeros.
static void put_line(void *context, long index) {
    const narrow_product *n = context;
    const gesso_convolution *s = &n->s;
    const long image = index / s->height, y = index % s->height;
    const long place = (image * n->at.lines + s->pad_top + y) * n->at.line + s->pad_left;
    for (long i = 0; i < s->width; i++)
        put_row(
            n, n->x + (index * s->width + i) * s->channels, 0, place + i, n->scales[image]);
}

// A line of results' patches, each tap in blocks of its own; zeros are there already.
static void put_patches(void *context, long index) {
    const narrow_product *n = context;
    const gesso_convolution *s = &n->s;
    const long image = index / s->out_height, oy = index % s->out_height;
    const long taps = s->kernel_height * s->kernel_width;
    for (long tap = 0; tap < taps; tap++) {
        const long y = oy * s->stride + tap / s->kernel_width - s->pad_top;
        if (y < 0 || y >= s->height) continue;
        for (long ox = 0; ox < s->out_width; ox++) {
            const long x = ox * s->stride + tap % s->kernel_width - s->pad_left;
            if (x < 0 || x >= s->width) continue;
            put_row(
                n, n->x + ((image * s->height + y) * s->width + x) * s->channels, tap,
                index * s->out_width + ox, n->scales[image]);
        }
    }
}

// Writes the sums of some positions where they belong, a run of neighbouring results at a time.
static void write_results(
    const narrow_product *n, float *sums, long first, long positions, long column, long columns) {
    const product *p = &n->p;
    const geometry *g = &n->at;
    for (long done = 0; done < positions;) {
        const long place = first + done, x = place % g->line, line = place / g->line;
        const long image = line / g->lines, y = line % g->lines;
        const long run = least(positions - done, (x < g->out_width ? g->out_width : g->line) - x);
        if (x < g->out_width && y < g->out_height) {
            const long row = (image * g->out_height + y) * g->out_width + x;
            float *own = sums + done * BLOCK_COLUMNS;
            for (long r = 0; r < run && is_int8(n); r++)
                for (long part = 0; part <= p->gated; part++)
                    gesso_current_set()->scale_sums(
                        (int32_t *)own + r * BLOCK_COLUMNS + part * GATES, columns,
                        n->scales[n->scales_images ? image : row + r],
                        p->weights->scales + part * p->out + column,
                        p->weights->corrections + part * p->out + column);
            if (p->gated)
                gesso_current_set()->gate_rows(p, own, row, run, column, columns);
            else
                gesso_current_set()->finish_rows(p, own, row, run, column, columns);
        }
        done += run;
    }
}

// What a block of the result needs beside the sums.
typedef struct {
    float sums[BLOCK_ROWS * BLOCK_COLUMNS];
    char right[RIGHT_PARTS * CHUNK * RIGHT_STEP];  // of split floats
    int32_t outliers[BLOCK_ROWS * GESSO_PANEL];
    int32_t corrections[GESSO_PANEL];
} scratch;

// The offsets of some steps' left sides, of all parts.
static void find_offsets(const narrow_product *n, long step, long steps, long *offsets) {
    const long taps = n->shifts ? n->s.kernel_height * n->s.kernel_width : 1, across = n->s.kernel_width;
    for (long i = 0; i < steps; i++)
        for (int part = 0; part < n->parts; part++) {
            const long tap = (step + i) % taps;
            offsets[i * n->parts + part] =
                ((step + i) / taps * n->parts + part) * n->stride +
                (taps > 1 ? tap / across * n->at.line + tap % across : 0) * STEP;
        }
}

// Sums of some steps of a panel and all rows of a block.
static void multiply_steps(
    const narrow_product *n, scratch *s, long panel, long step, long steps, const long *offsets,
    long first, long positions, float *sums) {
    const gesso_weights *w = n->p.weights;
    const char *right = (const char *)w->panels + (panel * w->steps + step) * gesso_step_bytes(w);
    if (n->parts > 1) {
        gesso_current_set()->split_weights(right, w->type, steps, s->right);
        right = s->right;
    }
    n->unit->multiply(
        n->left + first * STEP, offsets, right, steps, positions, sums, BLOCK_COLUMNS,
        step > 0);
}

// Adds what the high parts of outliers come to, some taps at a time.
static void multiply_outliers(
    const narrow_product *n, scratch *s, long panel, long first, long positions, float *sums) {
    const gesso_weights *w = n->p.weights;
    char *right = gesso_allocate((size_t)(w->taps * RIGHT_STEP));
    gesso_gather_outliers(&n->outliers, w, panel, right, s->corrections);
    for (long tap = 0; tap < w->taps; tap += CHUNK) {
        const long taps = least(w->taps - tap, CHUNK);
        long offsets[CHUNK];
        find_offsets(n, w->steps + tap, taps, offsets);
        n->unit->multiply(
            n->left + first * STEP, offsets, right + tap * RIGHT_STEP, taps, positions, s->outliers,
            GESSO_PANEL, tap > 0);
    }
    gesso_current_set()->add_outliers(
        (int32_t *)sums, BLOCK_COLUMNS, s->outliers, s->corrections, positions);
    gesso_release(right, (size_t)(w->taps * RIGHT_STEP));
}

static void multiply_part(void *context, long index) {
    const narrow_product *n = context;
    const product *p = &n->p;
    const long first = index / p->column_blocks * p->block_rows;
    const long column = index % p->column_blocks * p->block_columns;
    const long positions = least(n->positions - first, p->block_rows);
    const long columns = least(p->out - column, p->block_columns);
    const long all = p->weights->steps;
    scratch *s = gesso_scratch(sizeof *s);
    for (long step = 0; step < all; step += CHUNK) {
        const long steps = least(all - step, CHUNK);
        long offsets[LEFT_PARTS * CHUNK];
        find_offsets(n, step, steps, offsets);
        for (long part = 0; part <= p->gated; part++)
            for (long c = 0; c < columns; c += GESSO_PANEL)
                multiply_steps(
                    n, s, (part * p->out + column + c) / GESSO_PANEL, step, steps, offsets, first,
                    positions, s->sums + part * GATES + c);
    }
    for (long part = 0; part <= p->gated && n->outliers.count > 0; part++)
        for (long c = 0; c < columns; c += GESSO_PANEL)
            multiply_outliers(
                n, s, (part * p->out + column + c) / GESSO_PANEL, first, positions,
                s->sums + part * GATES + c);
    write_results(n, s->sums, first, positions, column, columns);
    end_stream(n->p.streamed);
}

// Rounds the left side, multiplies, and gives its memory back.
static void run(narrow_product n, long room, long lines, void (*put)(void *, long)) {
    const size_t count = (size_t)(n.scales_images ? n.s.batch : n.s.width) * sizeof(float);
    n.scales = memset(gesso_allocate(count), 0, count);
    n.parts = n.unit->precision == GESSO_EXACT ? LEFT_PARTS : 1;
    if (is_int8(&n)) find_scales(&n);
    n.blocks = (parts(n.s.channels, gesso_step_numbers(n.unit->precision)) + (n.outliers.count > 0)) *
               patch_taps(&n);
    // An odd number of lines of the cache from block to block: a power of two would fall on few of its sets.
    n.stride = (room | 1) * STEP;
    const size_t bytes = (size_t)(n.blocks * n.parts * n.stride);
    n.left = gesso_allocate(bytes);
    if (n.scales_images) gesso_parallel(n.blocks * n.parts, put_zeros, &n);
    gesso_parallel(lines, put, &n);
    product *p = &n.p;
    p->streamed = streams(p->y, p->out, p->rows * p->out);
    p->block_rows = even_part(n.positions, BLOCK_ROWS, 32);
    const long row_blocks = parts(n.positions, p->block_rows);
    const long most = p->gated ? GATES : row_blocks >= 4 ? BLOCK_COLUMNS : BLOCK_COLUMNS / 2;
    p->block_columns = even_part(p->out, most, GESSO_PANEL);
    p->column_blocks = parts(p->out, p->block_columns);
    gesso_parallel(row_blocks * p->column_blocks, multiply_part, &n);
    gesso_release(n.left, bytes);
    gesso_release(n.scales, count);
}

void gesso_narrow_matmul(
    const float *x, const gesso_weights *w, float *y, long rows, long out, gesso_epilogue epilogue,
    bool gated) {
    narrow_product n = {
        .p = {.weights = w, .y = y, .rows = rows, .out = out, .epilogue = epilogue, .gated = gated},
        .unit = w->unit, .x = x, .positions = rows, .shifts = true,
        .s = {.batch = 1, .height = 1, .width = rows, .channels = w->columns,
              .kernel_height = 1, .kernel_width = 1},
        .at = {.line = rows, .lines = 1, .out_width = rows, .out_height = 1}};
    run(n, rows, parts(rows, ROWS_AT_ONCE), put_matrix_rows);
}

void gesso_narrow_convolve(
    const float *x, const gesso_weights *w, float *y, gesso_convolution s, gesso_epilogue epilogue) {
    const long bottom = s.out_height + s.kernel_height - 1 - s.height - s.pad_top;
    const long right = s.out_width + s.kernel_width - 1 - s.width - s.pad_left;
    narrow_product n = {
        .p = {.weights = w, .y = y, .rows = s.batch * s.out_height * s.out_width,
              .out = s.out_channels, .epilogue = epilogue},
        .unit = w->unit, .x = x, .s = s, .scales_images = true};
    n.at = (geometry){
        .line = s.width + (right > s.pad_left ? right : s.pad_left),
        .lines = s.height + (bottom > s.pad_top ? bottom : s.pad_top),
        .out_width = s.out_width, .out_height = s.out_height};
    n.shifts = s.stride == 1 && right >= 0 && bottom >= 0 && s.out_width <= n.at.line &&
               s.out_height <= n.at.lines;
    if (n.shifts) {
        n.positions = s.batch * n.at.lines * n.at.line;
        const long room = n.positions + s.kernel_height * n.at.line + s.kernel_width;
        run(n, room, s.batch * s.height, put_line);
    } else {
        n.at = (geometry){
            .line = s.out_width, .lines = s.out_height, .out_width = s.out_width,
            .out_height = s.out_height};
        n.positions = n.p.rows;
        run(n, n.positions, s.batch * s.out_height, put_patches);
    }
}
