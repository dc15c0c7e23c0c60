// The list of units.
#include "unit.h"

#include <string.h>

static const gesso_unit *const units[] = {
#if defined(__x86_64__)
    &gesso_unit_amx_split, &gesso_unit_amx_bf16, &gesso_unit_amx_int8, &gesso_unit_avx512_bf16,
    &gesso_unit_avx512_vnni, &gesso_unit_avx_vnni,
#elif defined(__aarch64__)
    &gesso_unit_neon_bf16, &gesso_unit_neon_int8,
#endif
    &gesso_unit_portable_split, &gesso_unit_portable_bf16, &gesso_unit_portable_int8,
    &gesso_unit_emulated_amx_split, &gesso_unit_emulated_amx_bf16, &gesso_unit_emulated_amx_int8,
};

#define COUNT ((int)(sizeof units / sizeof *units))

int gesso_unit_count(void) { return COUNT; }

const gesso_unit *gesso_unit_numbered(int unit) { return unit == GESSO_FLOATS ? NULL : units[unit]; }

const char *gesso_unit_name(int unit) { return units[unit]->name; }

gesso_precision gesso_unit_precision(int unit) { return units[unit]->precision; }

bool gesso_unit_is_hardware(int unit) { return units[unit]->set != NULL; }

bool gesso_unit_is_supported(int unit) {
    if (!gesso_unit_is_hardware(unit)) return true;
    if (!units[unit]->is_supported()) return false;
    for (int set = gesso_kernel_set_in_use(); set >= 0; set--)
        if (strcmp(gesso_kernel_set_name(set), units[unit]->set) == 0) return true;
    return false;
}
