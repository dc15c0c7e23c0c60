// Intel AMX, bf16 and int8: tiles of 16 rows of 64 bytes (Sapphire Rapids and later). Tested in emulation; not
// run on silicon.
//
// For GESSO_EXACT three bf16 parts of a float are multiplied by two of a float16 weight: x = a0 + a1 + a2 and
// w = b0 + b1 to their last bits. All products but a2 b1 are summed as floats.
#if defined(__x86_64__) || defined(GESSO_EMULATE_TILES)
#include "unit.h"
#include "tiles.h"

#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#define ROW (GESSO_PANEL * 4)  // bytes of a row of the right side

// Tiles 0 to 3 hold sums of 16 rows by 16 columns, 4 and 5 rows of the left side, 6 and 7 the right side.
typedef struct {
    uint8_t palette, start, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} tile_shape;

static tile_shape shape_of(int upper, int lower) {
    tile_shape shape = {.palette = 1};
    for (int t = 0; t < 8; t++) {
        shape.row_bytes[t] = 64;
        shape.rows[t] = (uint8_t)(t == 0 || t == 1 || t == 4   ? upper
                                  : t == 2 || t == 3 || t == 5 ? (lower > 0 ? lower : 1)
                                                               : 16);
    }
    return shape;
}

#define FOR_SUMS(what)                                       \
    what(0, to, stride * 4);                                 \
    what(1, to + 64, stride * 4);                            \
    if (both) {                                              \
        what(2, to + 16 * stride * 4, stride * 4);           \
        what(3, to + 16 * stride * 4 + 64, stride * 4);      \
    }
#define LOAD_RIGHT(b)         \
    TILE_LOAD(6, b, ROW);     \
    TILE_LOAD(7, (b) + 64, ROW);
#define LOAD_LEFT(a)                                   \
    TILE_LOAD(4, a, STEP);                             \
    if (both) TILE_LOAD(5, (a) + 16 * STEP, STEP);
#define DOTS(DOT)      \
    DOT(0, 4, 6);      \
    DOT(1, 4, 7);      \
    if (both) {        \
        DOT(2, 5, 6);  \
        DOT(3, 5, 7);  \
    }
#define ONE_STEP(DOT, s)                     \
    LOAD_RIGHT(b)                            \
    LOAD_LEFT(left + offsets[s] + r * STEP)  \
    DOTS(DOT)
#define LEFT_PART(s, part) LOAD_LEFT(left + offsets[(s) * LEFT_PARTS + part] + r * STEP)
// 14 loads for 20 products, small ones first.
#define SPLIT_STEP(DOT, s)      \
    LOAD_RIGHT(b)               \
    LEFT_PART(s, 2)             \
    DOTS(DOT)                   \
    LEFT_PART(s, 1)             \
    LOAD_RIGHT(b + RIGHT_STEP)  \
    DOTS(DOT)                   \
    LEFT_PART(s, 0)             \
    DOTS(DOT)                   \
    LOAD_RIGHT(b)               \
    DOTS(DOT)                   \
    LEFT_PART(s, 1)             \
    DOTS(DOT)
// 32 rows at a time; PARTS of the right side follow one another in a step. Tile numbers must be literals, hence the macro.
#define MULTIPLY(name, PARTS, STEPS, DOT)                                                        \
    TILE_TARGET static void name(                                                                \
        const char *left, const long *offsets, const char *right, long steps, long rows,         \
        void *sums, long stride, bool add) {                                                     \
        for (long r = 0; r < rows; r += 32) {                                                    \
            const int upper = rows - r < 16 ? (int)(rows - r) : 16;                              \
            const int lower = rows - r - upper < 16 ? (int)(rows - r - upper) : 16;              \
            const bool both = lower > 0;                                                         \
            const tile_shape shape = shape_of(upper, lower);                                     \
            if (r == 0 || upper < 16 || lower < 16) TILE_CONFIGURE(&shape);                      \
            char *to = (char *)sums + r * stride * 4;                                            \
            if (add) {                                                                           \
                FOR_SUMS(TILE_LOAD)                                                              \
            } else {                                                                             \
                TILE_ZERO(0);                                                                    \
                TILE_ZERO(1);                                                                    \
                TILE_ZERO(2);                                                                    \
                TILE_ZERO(3);                                                                    \
            }                                                                                    \
            const char *b = right;                                                               \
            for (long s = 0; s < steps; s++, b += PARTS * RIGHT_STEP) {                          \
                STEPS(DOT, s)                                                                    \
            }                                                                                    \
            FOR_SUMS(TILE_STORE)                                                                 \
        }                                                                                        \
        TILE_RELEASE();                                                                          \
    }
MULTIPLY(multiply_split, RIGHT_PARTS, SPLIT_STEP, TILE_DOT_BF16)
MULTIPLY(multiply_bf16, 1, ONE_STEP, TILE_DOT_BF16)
MULTIPLY(multiply_int8, 1, ONE_STEP, TILE_DOT_INT8)

#if defined(GESSO_EMULATE_TILES)
static bool is_supported(void) { return true; }
#else
// The processor has tiles, the system saves them, and Linux grants their use to the whole process once asked
// (ARCH_REQ_XCOMP_PERM of XTILEDATA, Linux 5.16).
static bool is_supported(void) {
#if defined(__linux__)
    static int granted = -1;
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("amx-tile") || !__builtin_cpu_supports("amx-bf16") ||
        !__builtin_cpu_supports("amx-int8"))
        return false;
    int known = __atomic_load_n(&granted, __ATOMIC_RELAXED);
    if (known < 0) {
        known = syscall(SYS_arch_prctl, 0x1023, 18) == 0;
        __atomic_store_n(&granted, known, __ATOMIC_RELAXED);
    }
    return known;
#else
    return false;
#endif
}
#endif

#if !defined(UNIT_NAME)
#define UNIT_NAME(type) "amx-" type
#define UNIT_SPLIT gesso_unit_amx_split
#define UNIT_BF16 gesso_unit_amx_bf16
#define UNIT_INT8 gesso_unit_amx_int8
#define UNIT_SET "avx512"
#endif
const gesso_unit UNIT_SPLIT = {
    UNIT_NAME("split"), GESSO_EXACT, is_supported, UNIT_SET, 0, multiply_split};
const gesso_unit UNIT_BF16 = {
    UNIT_NAME("bf16"), GESSO_BRAIN, is_supported, UNIT_SET, 0, multiply_bf16};
const gesso_unit UNIT_INT8 = {
    UNIT_NAME("int8"), GESSO_BYTES, is_supported, UNIT_SET, 0, multiply_int8};
#endif
