// The versions of the libraries that are in use, as far as they tell.
#include "CCodecs.h"

#include <png.h>
#include <stdio.h>

#include <jpeglib.h>
#include <webp/decode.h>

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

const char *codec_png_version(void) { return png_get_libpng_ver(NULL); }

const char *codec_jpeg_version(void) {
#ifdef LIBJPEG_TURBO_VERSION
    return "libjpeg-turbo " TEXT(LIBJPEG_TURBO_VERSION);
#else
    return "libjpeg " TEXT(JPEG_LIB_VERSION);
#endif
}

const char *codec_webp_version(void) {
    static char text[16];
    int version = WebPGetDecoderVersion();
    snprintf(text, sizeof text, "%d.%d.%d", version >> 16, version >> 8 & 255, version & 255);
    return text;
}
