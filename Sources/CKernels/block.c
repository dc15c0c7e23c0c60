// The block product for each instruction set: 12x32 tiles of AVX-512, 6x16 of AVX2, 2x16 elsewhere.
#include "block.h"

#if defined(__x86_64__)
TARGET_AVX512 static void block_avx512 BLOCK_PARAMETERS { block(12, 2, BLOCK_ARGUMENTS); }
TARGET_AVX2 static void block_avx2 BLOCK_PARAMETERS { block(6, 1, BLOCK_ARGUMENTS); }
#endif
static void block_portable BLOCK_PARAMETERS { block(2, 1, BLOCK_ARGUMENTS); }

void gesso_block BLOCK_PARAMETERS { DISPATCH(block, BLOCK_ARGUMENTS) }
