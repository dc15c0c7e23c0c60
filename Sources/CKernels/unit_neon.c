// Dot products of NEON: BFDOT for pairs of bf16, SDOT for fours of int8 (Armv8.6-A and Armv8.4-A: Graviton 3 and
// 2, Ampere Altra for int8, Apple M2 and later for bf16). Tested in emulation, not on silicon.
#if defined(__aarch64__)
#include "unit.h"

#include <arm_neon.h>
#if defined(__linux__)
#include <sys/auxv.h>
#endif

#define ROWS 6
#define LANES 4

#if defined(__clang__)
#define BF16_TARGET __attribute__((target("bf16")))
#define DOT_TARGET __attribute__((target("dotprod")))
#else
#define BF16_TARGET __attribute__((target("arch=armv8.2-a+bf16")))
#define DOT_TARGET __attribute__((target("arch=armv8.2-a+dotprod")))
#endif

// One tile of `rows` by 16 columns; `type` is a register of sums.
#define TILE(target, name, type, load, store, spread, dot)                                        \
    target static inline __attribute__((always_inline)) void name##_tile(                         \
        const int rows, const char *left, const long *offsets, const char *right, long steps,     \
        char *to, long stride, bool add) {                                                        \
        type sums[ROWS][4];                                                                       \
        for (int r = 0; r < rows; r++)                                                            \
            for (int v = 0; v < 4; v++)                                                           \
                sums[r][v] = add ? load((const void *)(to + (r * stride + v * LANES) * 4))        \
                                 : (type){0};                                                     \
        for (long s = 0; s < steps; s++, right += RIGHT_STEP)                                     \
            for (int g = 0; g < STEP; g += 4)                                                     \
                for (int r = 0; r < rows; r++)                                                    \
                    for (int v = 0; v < 4; v++)                                                   \
                        sums[r][v] = dot(                                                         \
                            sums[r][v], right + g * GESSO_PANEL + v * LANES * 4,                  \
                            spread(left + offsets[s] + r * STEP + g));                            \
        for (int r = 0; r < rows; r++)                                                            \
            for (int v = 0; v < 4; v++)                                                           \
                store((void *)(to + (r * stride + v * LANES) * 4), sums[r][v]);                   \
    }                                                                                             \
    target static void name(                                                                      \
        const char *left, const long *offsets, const char *right, long steps, long rows,          \
        void *sums, long stride, bool add) {                                                      \
        for (long v = 0; v < GESSO_PANEL; v += 16) {                                              \
            char *to = (char *)sums + v * 4;                                                      \
            long r = 0;                                                                           \
            for (; r + ROWS <= rows; r += ROWS)                                                   \
                name##_tile(                                                                      \
                    ROWS, left + r * STEP, offsets, right + v * 4, steps, to + r * stride * 4,    \
                    stride, add);                                                                 \
            for (; r < rows; r++)                                                                 \
                name##_tile(                                                                      \
                    1, left + r * STEP, offsets, right + v * 4, steps, to + r * stride * 4,       \
                    stride, add);                                                                 \
        }                                                                                         \
    }

#define SPREAD(p) vdupq_n_s32(*(const int32_t *)(p))
#define DOT_BF16(sum, p, l) \
    vbfdotq_f32(sum, vreinterpretq_bf16_u16(vld1q_u16((const uint16_t *)(p))), vreinterpretq_bf16_s32(l))
#define DOT_INT8(sum, p, l) vdotq_s32(sum, vld1q_s8((const int8_t *)(p)), vreinterpretq_s8_s32(l))
TILE(BF16_TARGET, multiply_bf16, float32x4_t, vld1q_f32, vst1q_f32, SPREAD, DOT_BF16)
TILE(DOT_TARGET, multiply_int8, int32x4_t, vld1q_s32, vst1q_s32, SPREAD, DOT_INT8)

#if defined(__APPLE__)
#include <sys/sysctl.h>
static bool has(const char *feature) {
    int value = 0;
    size_t size = sizeof value;
    return sysctlbyname(feature, &value, &size, NULL, 0) == 0 && value;
}
static bool has_bf16(void) { return has("hw.optional.arm.FEAT_BF16"); }
static bool has_int8(void) { return has("hw.optional.arm.FEAT_DotProd"); }
#elif defined(__linux__)
static bool has_bf16(void) { return getauxval(AT_HWCAP2) >> 14 & 1; }  // HWCAP2_BF16
static bool has_int8(void) { return getauxval(AT_HWCAP) >> 20 & 1; }   // HWCAP_ASIMDDP
#else
static bool has_bf16(void) { return false; }
static bool has_int8(void) { return false; }
#endif

const gesso_unit gesso_unit_neon_bf16 = {
    "neon-bf16", GESSO_BRAIN, has_bf16, "portable", 0, multiply_bf16};
const gesso_unit gesso_unit_neon_int8 = {
    "neon-int8", GESSO_BYTES, has_int8, "portable", 0, multiply_int8};
#endif
