// Numbers as a file has them, which start at any byte.
#ifndef GESSO_ANYWHERE_H
#define GESSO_ANYWHERE_H

#include <stdint.h>

typedef uint32_t anywhere32 __attribute__((aligned(1), may_alias));
typedef uint16_t anywhere16 __attribute__((aligned(1), may_alias));
typedef _Float16 anywhere_half __attribute__((aligned(1), may_alias));

#endif
