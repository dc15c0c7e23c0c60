// Which counters of the program's edges libFuzzer looks at.
//
// It clears and reads all of them for every input: some 350,000, of which a small reader reaches a thousand,
// so that this is most of the time of a search. Here it is given only the pieces in which a counter was
// reached. A counter that it does not look at is never cleared, so a later look finds what was reached.
// The program is linked so that these functions are called in place of libFuzzer's (`--wrap` of the linker).

#include <stdlib.h>
#include <string.h>

#include "CFuzzer.h"

enum { piece = 512, most_pieces = 4000 };  // libFuzzer takes 4096

#define plain __attribute__((no_sanitize("coverage", "address", "undefined")))

static uint8_t *counters;
static size_t count;
// Two words for each counter: where its code is, and flags.
static const uintptr_t *places;
static uint8_t is_watched[most_pieces];

void __real___sanitizer_cov_8bit_counters_init(uint8_t *first, uint8_t *end);
void __real___sanitizer_cov_pcs_init(const uintptr_t *first, const uintptr_t *end);

// Every file of the program calls these two when it starts, with those of the whole program.
plain void __wrap___sanitizer_cov_8bit_counters_init(uint8_t *first, uint8_t *end) {
    counters = first;
    count = (size_t)(end - first);
}

plain void __wrap___sanitizer_cov_pcs_init(const uintptr_t *first, const uintptr_t *end) {
    (void)end;
    places = first;
}

plain static int is_reached(const uint8_t *bytes, size_t length) {
    uint8_t any = 0;
    for (size_t i = 0; i < length; i++) any |= bytes[i];
    return any != 0;
}

plain void fuzzer_watch_reached(void) {
    size_t step = count / most_pieces + 1 > piece ? count / most_pieces + 1 : piece;
    for (size_t start = 0, index = 0; start < count; start += step, index++) {
        size_t length = count - start < step ? count - start : step;
        if (is_watched[index] || !is_reached(counters + start, length)) continue;
        is_watched[index] = 1;
        memset(counters + start, 0, length);
        __real___sanitizer_cov_8bit_counters_init(counters + start, counters + start + length);
        __real___sanitizer_cov_pcs_init(places + 2 * start, places + 2 * (start + length));
    }
}
