// libtiff, where it is installed: pkg-config says how to link it, so a build without it goes on.
#if __has_include(<tiffio.h>)
#include <tiffio.h>
#endif
