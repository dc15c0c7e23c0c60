// Products and convolutions in bf16 and int8: x W^T with both sides rounded, by a unit (unit.h).
//
// The left side is rounded once, into blocks of as many channels as 64 bytes hold: [block, position, 64 bytes].
// Neighbouring positions follow one another, so that a tap of a convolution with stride 1 is the same rows at
// another offset; zeros between the lines of a picture serve as padding of both. Other convolutions lay their
// patches out. The result is cut as matmul.c cuts it, and how a number is summed depends on the number of
// steps alone.
#include "kernel_set.h"
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
    long blocks, stride, positions;  // blocks of channels, bytes of one; positions with results
    float *scales;          // int8: of each row, or of each image of a convolution
    bool scales_images;
} narrow_product;

static long parts(long whole, long part) { return (whole + part - 1) / part; }

// Numbers of a step.
static long each(const narrow_product *n) { return n->unit->precision == GESSO_BYTES ? 64 : 32; }

static void put_row(const narrow_product *n, const float *x, long channels, char *to, float scale) {
    const narrow_row row = {x, channels, to, n->stride};
    if (n->unit->precision == GESSO_BYTES)
        gesso_current_set()->round_to_int8(
            &row, scale > 0 ? 1 / scale : scale, n->unit->left_offset);
    else
        gesso_current_set()->round_to_bf16(&row);
}

static float scale_of(uint32_t most) {
    float size;
    memcpy(&size, &most, sizeof size);
    return size < 1e-30f ? 0 : size / 127;
}

// Rows of a matrix, each with its own scale; a stride of patches takes one for each image.
static void put_matrix_row(void *context, long index) {
    narrow_product *n = context;
    const long end = least(index * 16 + 16, n->s.width);
    for (long row = index * 16; row < end; row++) {
        const float *x = n->x + row * n->s.channels;
        uint32_t most = 0;
        if (n->unit->precision == GESSO_BYTES)
            gesso_current_set()->find_greatest(x, n->s.channels, &most);
        n->scales[row] = scale_of(most);
        put_row(n, x, n->s.channels, n->left + row * STEP, n->scales[row]);
    }
}

static void find_scale(void *context, long image) {
    narrow_product *n = context;
    const long count = n->s.height * n->s.width * n->s.channels;
    uint32_t most = 0;
    gesso_current_set()->find_greatest(n->x + image * count, count, &most);
    n->scales[image] = scale_of(most);
}

static void put_zeros(void *context, long block) {
    const narrow_product *n = context;
    const bool bytes = n->unit->precision == GESSO_BYTES;
    memset(n->left + block * n->stride, bytes ? n->unit->left_offset : 0, (size_t)n->stride);
}

// A line of a picture among zeros.
static void put_line(void *context, long index) {
    const narrow_product *n = context;
    const gesso_convolution *s = &n->s;
    const long image = index / s->height, y = index % s->height;
    const long place = (image * n->at.lines + s->pad_top + y) * n->at.line + s->pad_left;
    for (long i = 0; i < s->width; i++)
        put_row(
            n, n->x + (index * s->width + i) * s->channels, s->channels,
            n->left + (place + i) * STEP, n->scales[image]);
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
            narrow_product own = *n;
            own.stride = n->stride * taps;
            put_row(
                &own, n->x + ((image * s->height + y) * s->width + x) * s->channels, s->channels,
                n->left + tap * n->stride + (index * s->out_width + ox) * STEP, n->scales[image]);
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
            for (long r = 0; r < run && n->unit->precision == GESSO_BYTES; r++)
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

static void multiply_part(void *context, long index) {
    const narrow_product *n = context;
    const product *p = &n->p;
    const long first = index / p->column_blocks * p->block_rows;
    const long column = index % p->column_blocks * p->block_columns;
    const long positions = least(n->positions - first, p->block_rows);
    const long columns = least(p->out - column, p->block_columns);
    const long taps = n->shifts ? n->s.kernel_height * n->s.kernel_width : 1;
    const long all = p->weights->steps;
    float *sums = gesso_scratch(BLOCK_ROWS * BLOCK_COLUMNS * sizeof(float));
    for (long step = 0; step < all; step += CHUNK) {
        const long steps = least(all - step, CHUNK);
        long offsets[CHUNK];
        for (long i = 0; i < steps; i++) {
            const long tap = (step + i) % taps, across = n->s.kernel_width;
            offsets[i] = (step + i) / taps * n->stride +
                         (taps > 1 ? tap / across * n->at.line + tap % across : 0) * STEP;
        }
        for (long part = 0; part <= p->gated; part++)
            for (long c = 0; c < columns; c += GESSO_PANEL) {
                const long panel = (part * p->out + column + c) / GESSO_PANEL;
                n->unit->multiply(
                    n->left + first * STEP, offsets,
                    (const char *)p->weights->panels + (panel * all + step) * RIGHT_STEP, steps,
                    positions, sums + part * GATES + c, BLOCK_COLUMNS, step > 0);
            }
    }
    write_results(n, sums, first, positions, column, columns);
}

// Rounds the left side, multiplies, and gives its memory back.
static void run(narrow_product n, long blocks, long room, long lines, void (*put)(void *, long)) {
    // An odd number of lines of the cache from block to block: a power of two would fall on few of its sets.
    n.stride = (room | 1) * STEP;
    const size_t bytes = (size_t)(blocks * n.stride);
    const size_t count = (size_t)(n.scales_images ? n.s.batch : n.s.width) * sizeof(float);
    n.left = gesso_allocate(bytes);
    n.scales = gesso_allocate(count);
    if (n.scales_images) {
        if (n.unit->precision == GESSO_BYTES) gesso_parallel(n.s.batch, find_scale, &n);
        gesso_parallel(blocks, put_zeros, &n);
    }
    gesso_parallel(lines, put, &n);
    product *p = &n.p;
    p->block_rows = even_part(n.positions, BLOCK_ROWS, 32);
    const long row_blocks = parts(n.positions, p->block_rows);
    const long most = p->gated ? GATES : row_blocks >= 4 ? BLOCK_COLUMNS : BLOCK_COLUMNS / 2;
    p->block_columns = even_part(p->out, most, GESSO_PANEL);
    p->column_blocks = parts(p->out, p->block_columns);
    gesso_parallel(row_blocks * p->column_blocks, multiply_part, &n);
    gesso_release(n.scales, count);
    gesso_release(n.left, bytes);
}

void gesso_narrow_matmul(
    const float *x, const gesso_weights *w, float *y, long rows, long out, gesso_epilogue epilogue,
    bool gated) {
    narrow_product n = {
        .p = {.weights = w, .y = y, .rows = rows, .out = out, .epilogue = epilogue, .gated = gated},
        .unit = w->unit, .x = x, .positions = rows,
        .s = {.batch = 1, .height = 1, .width = rows, .channels = w->columns},
        .at = {.line = rows, .lines = 1, .out_width = rows, .out_height = 1}};
    run(n, parts(w->columns, each(&n)), rows, parts(rows, 16), put_matrix_row);
}

void gesso_narrow_convolve(
    const float *x, const gesso_weights *w, float *y, gesso_convolution s, gesso_epilogue epilogue) {
    const long bottom = s.out_height + s.kernel_height - 1 - s.height - s.pad_top;
    const long right = s.out_width + s.kernel_width - 1 - s.width - s.pad_left;
    narrow_product n = {
        .p = {.weights = w, .y = y, .rows = s.batch * s.out_height * s.out_width,
              .out = s.out_channels, .epilogue = epilogue},
        .unit = w->unit, .x = x, .s = s, .scales_images = true};
    const long blocks = parts(s.channels, each(&n));
    n.at = (geometry){
        .line = s.width + (right > s.pad_left ? right : s.pad_left),
        .lines = s.height + (bottom > s.pad_top ? bottom : s.pad_top),
        .out_width = s.out_width, .out_height = s.out_height};
    n.shifts = s.stride == 1 && right >= 0 && bottom >= 0 && s.out_width <= n.at.line &&
               s.out_height <= n.at.lines;
    if (n.shifts) {
        n.positions = s.batch * n.at.lines * n.at.line;
        const long room = n.positions + s.kernel_height * n.at.line + s.kernel_width;
        run(n, blocks, room, s.batch * s.height, put_line);
    } else {
        n.at = (geometry){
            .line = s.out_width, .lines = s.out_height, .out_width = s.out_width,
            .out_height = s.out_height};
        n.positions = n.p.rows;
        run(n, blocks * s.kernel_height * s.kernel_width, n.positions, s.batch * s.out_height,
            put_patches);
    }
}
