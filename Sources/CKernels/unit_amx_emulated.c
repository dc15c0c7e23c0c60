// unit_amx.c with its tiles computed in C, for tests on processors that have none.
#define GESSO_EMULATE_TILES
#define UNIT_SPLIT gesso_unit_emulated_amx_split
#define UNIT_BF16 gesso_unit_emulated_amx_bf16
#define UNIT_INT8 gesso_unit_emulated_amx_int8
#define UNIT_SET NULL
#define UNIT_NAME(type) "emulated-amx-" type
#include "unit_amx.c"
