// The tile instructions of Intel AMX that unit_amx.c uses: the processor's own, or with
// GESSO_EMULATE_TILES the same computed in C (Intel, Architecture Instruction Set Extensions Programming
// Reference, chapter 3), for processors without them.
#ifndef GESSO_TILES_H
#define GESSO_TILES_H

#if !defined(GESSO_EMULATE_TILES)
#include <immintrin.h>
#define TILE_TARGET __attribute__((target("amx-tile,amx-bf16,amx-int8")))
#define TILE_CONFIGURE(shape) _tile_loadconfig(shape)
#define TILE_RELEASE() _tile_release()
#define TILE_ZERO(t) _tile_zero(t)
#define TILE_LOAD(t, p, stride) _tile_loadd(t, p, stride)
#define TILE_STORE(t, p, stride) _tile_stored(t, p, stride)
#define TILE_DOT_BF16(t, a, b) _tile_dpbf16ps(t, a, b)
#define TILE_DOT_INT8(t, a, b) _tile_dpbssd(t, a, b)
#else
#include <math.h>
#include <string.h>
#define TILE_TARGET
#define TILE_CONFIGURE(shape) emulate_configure(shape)
#define TILE_RELEASE() emulate_release()
#define TILE_ZERO(t) memset(emulated_tiles[t], 0, sizeof *emulated_tiles)
#define TILE_LOAD(t, p, stride) emulate_load(t, p, stride)
#define TILE_STORE(t, p, stride) emulate_store(t, p, stride)
#define TILE_DOT_BF16(t, a, b) emulate_bf16(t, a, b)
#define TILE_DOT_INT8(t, a, b) emulate_int8(t, a, b)

static _Thread_local char emulated_tiles[8][16][64];
static _Thread_local int emulated_rows[8];

static void emulate_configure(const void *shape) {
    for (int t = 0; t < 8; t++) emulated_rows[t] = ((const uint8_t *)shape)[48 + t];
}
static void emulate_release(void) { memset(emulated_rows, 0, sizeof emulated_rows); }
static void emulate_load(int t, const void *p, long stride) {
    memset(emulated_tiles[t], 0, sizeof *emulated_tiles);
    for (int r = 0; r < emulated_rows[t]; r++)
        memcpy(emulated_tiles[t][r], (const char *)p + r * stride, 64);
}
static void emulate_store(int t, void *p, long stride) {
    for (int r = 0; r < emulated_rows[t]; r++)
        memcpy((char *)p + r * stride, emulated_tiles[t][r], 64);
}
static float emulated_brain(const char *at) {
    uint16_t half;
    memcpy(&half, at, sizeof half);
    const uint32_t bits = (half & 0x7f80) == 0 ? (uint32_t)(half & 0x8000) << 16 : (uint32_t)half << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
static float emulated_flush(float x) { return fabsf(x) < 0x1p-126f ? copysignf(0, x) : x; }

// TDPBF16PS: the even and the odd numbers of a row are summed apart, by fused multiply-adds, then both and the
// sum so far.
static void emulate_bf16(int t, int a, int b) {
    for (int m = 0; m < emulated_rows[t]; m++)
        for (int n = 0; n < 16; n++) {
            float even = 0, odd = 0, sum;
            for (int k = 0; k < 16; k++) {
                const char *l = emulated_tiles[a][m] + 4 * k, *r = emulated_tiles[b][k] + 4 * n;
                even = emulated_flush(fmaf(emulated_brain(l), emulated_brain(r), even));
                odd = emulated_flush(fmaf(emulated_brain(l + 2), emulated_brain(r + 2), odd));
            }
            memcpy(&sum, emulated_tiles[t][m] + 4 * n, sizeof sum);
            sum = emulated_flush(emulated_flush(sum) + emulated_flush(even + odd));
            memcpy(emulated_tiles[t][m] + 4 * n, &sum, sizeof sum);
        }
}

// TDPBSSD.
static void emulate_int8(int t, int a, int b) {
    for (int m = 0; m < emulated_rows[t]; m++)
        for (int n = 0; n < 16; n++) {
            int32_t sum;
            memcpy(&sum, emulated_tiles[t][m] + 4 * n, sizeof sum);
            for (int k = 0; k < 64; k++)
                sum += (int8_t)emulated_tiles[a][m][k] *
                       (int8_t)emulated_tiles[b][k / 4][4 * n + k % 4];
            memcpy(emulated_tiles[t][m] + 4 * n, &sum, sizeof sum);
        }
}
#endif

#endif
