// Colour profiles through Little CMS: from a profile's colours to sRGB and back, relative
// colorimetric with black point compensation.

#include <stdlib.h>
#include <string.h>

#include <lcms2.h>

#include "items.h"

enum {
    common_flags = cmsFLAGS_BLACKPOINTCOMPENSATION | cmsFLAGS_NOCACHE,
    // Without tables in between: these are wrong by several levels of 65535.
    exact_flags = common_flags | cmsFLAGS_NOOPTIMIZE,
    fast_flags = common_flags | cmsFLAGS_HIGHRESPRECALC,
    grid = 9,  // values a channel at which a profile is compared with sRGB
    largest_profile = 15 << 20,
};

struct codec_color {
    cmsContext context;
    cmsHTRANSFORM to_srgb, from_srgb;
    int channels;
};

// A broken profile is reported by its status; Little CMS is to print nothing.
static void ignore_error(cmsContext context, cmsUInt32Number code, const char *text) {
    (void)context;
    (void)code;
    (void)text;
}

// A context in which nothing is printed; NULL without memory.
static cmsContext quiet_context(void) {
    cmsContext context = cmsCreateContext(NULL, NULL);
    if (context != NULL) cmsSetLogErrorHandlerTHR(context, ignore_error);
    return context;
}

static cmsHTRANSFORM transform(
    cmsContext context, cmsHPROFILE from, cmsUInt32Number from_type, cmsHPROFILE to,
    cmsUInt32Number to_type, cmsUInt32Number flags) {
    return cmsCreateTransformTHR(
        context, from, from_type, to, to_type, INTENT_RELATIVE_COLORIMETRIC, flags);
}

// Which samples a profile of that colour space has; 0 for what pictures here do not have.
static cmsUInt32Number sample_type(cmsHPROFILE profile, int channels) {
    cmsColorSpaceSignature space = cmsGetColorSpace(profile);
    if (space == cmsSigRgbData && channels >= 3) return TYPE_RGB_16;
    if (space == cmsSigGrayData && channels < 3) return TYPE_GRAY_16;
    return 0;
}

static int open_transforms(codec_color *color, const uint8_t *profile, size_t count) {
    cmsHPROFILE own = cmsOpenProfileFromMemTHR(color->context, profile, (cmsUInt32Number)count);
    cmsHPROFILE srgb = cmsCreate_sRGBProfileTHR(color->context);
    if (own != NULL && srgb != NULL) {
        cmsUInt32Number type = sample_type(own, color->channels);
        if (type != 0) {
            color->to_srgb =
                transform(color->context, own, type, srgb, TYPE_RGB_16, exact_flags);
            color->from_srgb =
                transform(color->context, srgb, TYPE_RGB_16, own, type, exact_flags);
        }
    }
    if (own != NULL) cmsCloseProfile(own);
    if (srgb != NULL) cmsCloseProfile(srgb);
    return color->to_srgb != NULL;
}

codec_color *codec_color_open(const uint8_t *profile, size_t count, int channels) {
    if (count > largest_profile) return NULL;
    codec_color *color = calloc(1, sizeof *color);
    if (color == NULL) return NULL;
    color->channels = channels < 3 ? 1 : 3;
    color->context = quiet_context();
    if (color->context != NULL && open_transforms(color, profile, count)) return color;
    codec_color_close(color);
    return NULL;
}

int codec_color_has_way_back(const codec_color *color) { return color->from_srgb != NULL; }

int codec_color_is_srgb(const codec_color *color) {
    if (color->channels != 3) return 0;
    for (int i = 0; i < grid * grid * grid; i++) {
        uint16_t in[3] = {
            (uint16_t)(i % grid * 65535 / (grid - 1)),
            (uint16_t)(i / grid % grid * 65535 / (grid - 1)),
            (uint16_t)(i / grid / grid * 65535 / (grid - 1)),
        };
        uint16_t out[3];
        cmsDoTransform(color->to_srgb, in, out, 1);
        for (int c = 0; c < 3; c++) {
            if (abs(in[c] - out[c]) > 257 / 2) return 0;
        }
    }
    return 1;
}

void codec_color_to_srgb(
    const codec_color *color, const uint16_t *samples, uint16_t *rgb, size_t pixels) {
    cmsDoTransform(color->to_srgb, samples, rgb, (cmsUInt32Number)pixels);
}

void codec_color_from_srgb(
    const codec_color *color, const uint16_t *rgb, uint16_t *samples, size_t pixels) {
    cmsDoTransform(color->from_srgb, rgb, samples, (cmsUInt32Number)pixels);
}

void codec_color_close(codec_color *color) {
    if (color == NULL) return;
    if (color->to_srgb != NULL) cmsDeleteTransform(color->to_srgb);
    if (color->from_srgb != NULL) cmsDeleteTransform(color->from_srgb);
    if (color->context != NULL) cmsDeleteContext(color->context);
    free(color);
}

// The transform to sRGB from a profile of a colour space, which is closed; NULL where there is none.
static cmsHTRANSFORM way_to_srgb(
    cmsContext context, cmsHPROFILE own, cmsColorSpaceSignature space, cmsUInt32Number from,
    cmsUInt32Number to, cmsUInt32Number flags) {
    cmsHTRANSFORM made = NULL;
    cmsHPROFILE srgb = cmsCreate_sRGBProfileTHR(context);
    if (own != NULL && srgb != NULL && cmsGetColorSpace(own) == space) {
        made = transform(context, own, from, srgb, to, flags);
    }
    if (own != NULL) cmsCloseProfile(own);
    if (srgb != NULL) cmsCloseProfile(srgb);
    return made;
}

struct codec_inks {
    cmsContext context;
    cmsHTRANSFORM to_srgb;
};

codec_inks *codec_inks_open(const uint8_t *profile, size_t count) {
    if (count > largest_profile) return NULL;
    codec_inks *inks = calloc(1, sizeof *inks);
    if (inks == NULL) return NULL;
    inks->context = quiet_context();
    if (inks->context != NULL) {
        cmsHPROFILE own =
            cmsOpenProfileFromMemTHR(inks->context, profile, (cmsUInt32Number)count);
        inks->to_srgb = way_to_srgb(
            inks->context, own, cmsSigCmykData, TYPE_CMYK_8_REV, TYPE_RGB_8, fast_flags);
    }
    if (inks->to_srgb != NULL) return inks;
    codec_inks_close(inks);
    return NULL;
}

void codec_inks_to_srgb(
    const codec_inks *inks, const uint8_t *samples, uint8_t *rgb, size_t pixels) {
    cmsDoTransform(inks->to_srgb, samples, rgb, (cmsUInt32Number)pixels);
}

// a * b / 255, rounded, exact for bytes.
static int product(int a, int b) {
    int scaled = a * b + 128;
    return ((scaled >> 8) + scaled) >> 8;
}

// Naively: what most readers (Pillow among them) give for every CMYK JPEG.
void codec_inks_or_naive(
    const codec_inks *inks, const uint8_t *samples, uint8_t *rgb, size_t pixels) {
    if (inks != NULL) {
        codec_inks_to_srgb(inks, samples, rgb, pixels);
        return;
    }
    for (size_t x = 0; x < pixels; x++) {
        int light = samples[4 * x + 3];
        for (int c = 0; c < 3; c++) {
            rgb[3 * x + c] = (uint8_t)(light - product(255 - samples[4 * x + c], light));
        }
    }
}

void codec_inks_close(codec_inks *inks) {
    if (inks == NULL) return;
    if (inks->to_srgb != NULL) cmsDeleteTransform(inks->to_srgb);
    if (inks->context != NULL) cmsDeleteContext(inks->context);
    free(inks);
}

struct codec_lab {
    cmsContext context;
    cmsHTRANSFORM to_srgb;
};

codec_lab *codec_lab_open(void) {
    codec_lab *lab = calloc(1, sizeof *lab);
    if (lab == NULL) return NULL;
    lab->context = quiet_context();
    if (lab->context != NULL) {
        cmsHPROFILE own = cmsCreateLab4ProfileTHR(lab->context, NULL);
        lab->to_srgb =
            way_to_srgb(lab->context, own, cmsSigLabData, TYPE_Lab_16, TYPE_RGB_16, exact_flags);
    }
    if (lab->to_srgb != NULL) return lab;
    codec_lab_close(lab);
    return NULL;
}

void codec_lab_to_srgb(
    const codec_lab *lab, const uint16_t *samples, uint16_t *rgb, size_t pixels) {
    cmsDoTransform(lab->to_srgb, samples, rgb, (cmsUInt32Number)pixels);
}

void codec_lab_close(codec_lab *lab) {
    if (lab == NULL) return;
    if (lab->to_srgb != NULL) cmsDeleteTransform(lab->to_srgb);
    if (lab->context != NULL) cmsDeleteContext(lab->context);
    free(lab);
}

// The bytes of a profile without its time of creation, which would make every file another.
static uint8_t *saved(cmsHPROFILE profile, size_t *made) {
    cmsUInt32Number size = 0;
    if (profile == NULL || !cmsSaveProfileToMem(profile, NULL, &size)) return NULL;
    uint8_t *bytes = malloc(size);
    if (bytes == NULL) return NULL;
    if (!cmsSaveProfileToMem(profile, bytes, &size)) {
        free(bytes);
        return NULL;
    }
    *made = size;
    memset(bytes + 24, 0, 12);
    return bytes;
}

static const cmsCIExyY white_point = {0.3127, 0.3290, 1.0};

// sRGB's primaries with the curve of a grey profile: for equal channels the same colours.
uint8_t *codec_color_profile_of_grey(const uint8_t *profile, size_t count, size_t *made) {
    static const cmsCIExyYTRIPLE primaries = {
        {0.6400, 0.3300, 1.0}, {0.3000, 0.6000, 1.0}, {0.1500, 0.0600, 1.0}};
    cmsContext context = quiet_context();
    if (context == NULL) return NULL;
    uint8_t *bytes = NULL;
    cmsHPROFILE grey = cmsOpenProfileFromMemTHR(context, profile, (cmsUInt32Number)count);
    cmsToneCurve *curve = grey == NULL ? NULL : cmsReadTag(grey, cmsSigGrayTRCTag);
    if (curve != NULL && cmsGetColorSpace(grey) == cmsSigGrayData) {
        cmsToneCurve *curves[3] = {curve, curve, curve};
        cmsHPROFILE rgb = cmsCreateRGBProfileTHR(context, &white_point, &primaries, curves);
        bytes = saved(rgb, made);
        if (rgb != NULL) cmsCloseProfile(rgb);
    }
    if (grey != NULL) cmsCloseProfile(grey);
    cmsDeleteContext(context);
    return bytes;
}

// The primaries that are of daylight's white (ITU-T H.273, table 2); NULL for others.
static const cmsCIExyYTRIPLE *primaries_of(int number) {
    static const cmsCIExyYTRIPLE bt709 = {
        {0.640, 0.330, 1.0}, {0.300, 0.600, 1.0}, {0.150, 0.060, 1.0}};
    static const cmsCIExyYTRIPLE bt2020 = {
        {0.708, 0.292, 1.0}, {0.170, 0.797, 1.0}, {0.131, 0.046, 1.0}};
    static const cmsCIExyYTRIPLE p3 = {
        {0.680, 0.320, 1.0}, {0.265, 0.690, 1.0}, {0.150, 0.060, 1.0}};
    switch (number) {
    case 1: return &bt709;
    case 9: return &bt2020;
    case 12: return &p3;
    default: return NULL;
    }
}

static cmsToneCurve *srgb_curve(cmsContext context) {
    cmsFloat64Number srgb[5] = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
    return cmsBuildParametricToneCurve(context, 4, srgb);
}

// The curve from samples to light (ITU-T H.273, table 3); NULL for others.
static cmsToneCurve *curve_of(cmsContext context, int number) {
    cmsFloat64Number bt709[5] = {1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081};
    switch (number) {
    case 1: case 6: case 14: case 15: return cmsBuildParametricToneCurve(context, 4, bt709);
    case 4: return cmsBuildGamma(context, 2.2);
    case 5: return cmsBuildGamma(context, 2.8);
    case 8: return cmsBuildGamma(context, 1.0);
    case 13: return srgb_curve(context);
    default: return NULL;
    }
}

uint8_t *codec_color_profile_of(int primaries, int transfer, size_t *made) {
    const cmsCIExyYTRIPLE *points = primaries_of(primaries);
    cmsContext context = points == NULL ? NULL : quiet_context();
    if (context == NULL) return NULL;
    uint8_t *bytes = NULL;
    cmsToneCurve *curve = curve_of(context, transfer);
    if (curve != NULL) {
        cmsToneCurve *curves[3] = {curve, curve, curve};
        cmsHPROFILE rgb = cmsCreateRGBProfileTHR(context, &white_point, points, curves);
        bytes = saved(rgb, made);
        if (rgb != NULL) cmsCloseProfile(rgb);
        cmsFreeToneCurve(curve);
    }
    cmsDeleteContext(context);
    return bytes;
}

uint8_t *codec_color_profile_of_points(const double points[8], double power, size_t *made) {
    cmsContext context = quiet_context();
    if (context == NULL) return NULL;
    uint8_t *bytes = NULL;
    cmsToneCurve *curve = power == 0 ? srgb_curve(context) : cmsBuildGamma(context, power);
    if (curve != NULL) {
        cmsHPROFILE profile;
        if (points == NULL) {
            profile = cmsCreateGrayProfileTHR(context, &white_point, curve);
        } else {
            cmsToneCurve *curves[3] = {curve, curve, curve};
            cmsCIExyY white = {points[0], points[1], 1};
            cmsCIExyYTRIPLE primaries = {
                {points[2], points[3], 1}, {points[4], points[5], 1}, {points[6], points[7], 1}};
            profile = cmsCreateRGBProfileTHR(context, &white, &primaries, curves);
        }
        bytes = saved(profile, made);
        if (profile != NULL) cmsCloseProfile(profile);
        cmsFreeToneCurve(curve);
    }
    cmsDeleteContext(context);
    return bytes;
}
