// The list of units, and the choice among them.
#include "unit.h"

#include <string.h>

// The better ones come first. The last four are never chosen but for tests.
static const gesso_unit *const units[] = {
#if defined(__x86_64__)
    &gesso_unit_amx_bf16, &gesso_unit_amx_int8, &gesso_unit_avx512_bf16, &gesso_unit_avx512_vnni,
    &gesso_unit_avx_vnni,
#elif defined(__aarch64__)
    &gesso_unit_neon_bf16, &gesso_unit_neon_int8,
#endif
    &gesso_unit_portable_bf16, &gesso_unit_portable_int8,
    &gesso_unit_emulated_amx_bf16, &gesso_unit_emulated_amx_int8,
};

#define COUNT ((int)(sizeof units / sizeof *units))

static _Thread_local int asked_for = -1;

int gesso_unit_count(void) { return COUNT; }

const char *gesso_unit_name(int unit) { return units[unit]->name; }

gesso_precision gesso_unit_precision(int unit) { return units[unit]->precision; }

bool gesso_unit_is_supported(int unit) { return units[unit]->is_supported(); }

void gesso_ask_for_unit(int unit) { asked_for = unit; }

static bool set_allows(const gesso_unit *unit) {
    for (int set = gesso_kernel_set_in_use(); set >= 0; set--)
        if (strcmp(gesso_kernel_set_name(set), unit->set) == 0) return true;
    return false;
}

static bool is_portable(const gesso_unit *unit) {
    return unit == &gesso_unit_portable_bf16 || unit == &gesso_unit_portable_int8;
}

const gesso_unit *gesso_unit_for(gesso_precision precision, long taps) {
    if (precision == GESSO_EXACT) return NULL;
    if (asked_for >= 0) return units[asked_for]->precision == precision ? units[asked_for] : NULL;
    for (int i = 0; i < COUNT; i++)
        if (units[i]->precision == precision && units[i]->is_supported() && set_allows(units[i]))
            return is_portable(units[i]) || (taps == 9 && !units[i]->beats_filtering) ? NULL
                                                                                      : units[i];
    return NULL;
}

const char *gesso_unit_in_use(gesso_precision precision) {
    const gesso_unit *unit = gesso_unit_for(precision, 1);
    return unit ? unit->name : NULL;
}
