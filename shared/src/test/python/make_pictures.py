"""Writes small pictures of many kinds, and beside each what Pillow with littleCMS makes of it: NAME.expected.png.

Run from the folder of the repository: python shared/src/test/python/make_pictures.py
"""

import io
import struct
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps

OUT = Path("shared/src/test/resources/io/ruido/image/kinds")
S = 24
y, x = np.mgrid[0:S, 0:S]
RGB = np.stack([x * 255 // (S - 1), y * 255 // (S - 1), (x + y) * 255 // (2 * S - 2)], -1).astype(np.uint8)
RGB[:8, :8] = (230, 40, 30)
INKS = np.stack([x * 200 // S, y * 220 // S, (S - x) * 180 // S, (x * y) * 120 // (S * S)], -1).astype(np.uint8)


def s15(*values):
    return b"".join(struct.pack(">i", round(v * 65536)) for v in values)


def icc(kind, space, pcs, tags):
    """A profile of version 2 (ICC.1:2001-04, §6)."""
    start = 128 + 4 + 12 * len(tags)
    table, data = struct.pack(">I", len(tags)), b""
    for name, value in tags:
        table += name + struct.pack(">II", start + len(data), len(value))
        data += value + b"\0" * (-len(value) % 4)
    header = struct.pack(">I4sI4s4s4s", start + len(data), b"none", 0x02400000, kind, space, pcs)
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28 + s15(0.9642, 1, 0.8249)
    return header.ljust(128, b"\0") + table + data


def text(t):
    return b"desc\0\0\0\0" + struct.pack(">I", len(t) + 1) + t + b"\0" + b"\0" * 78


def wide_rgb():
    """Adobe RGB's primaries and gamma."""
    xyz = lambda *v: b"XYZ \0\0\0\0" + s15(*v)
    gamma = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.19921875 * 256)) + b"\0\0"
    return icc(
        b"mntr",
        b"RGB ",
        b"XYZ ",
        [
            (b"desc", text(b"wide")),
            (b"cprt", b"text\0\0\0\0none\0"),
            (b"wtpt", xyz(0.9505, 1, 1.0891)),
            (b"rXYZ", xyz(0.60974, 0.31111, 0.01947)),
            (b"gXYZ", xyz(0.20528, 0.62567, 0.06087)),
            (b"bXYZ", xyz(0.14919, 0.06322, 0.74457)),
            (b"rTRC", gamma),
            (b"gTRC", gamma),
            (b"bTRC", gamma),
        ],
    )


def grey_profile():
    gamma = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(1.8 * 256)) + b"\0\0"
    return icc(
        b"mntr",
        b"GRAY",
        b"XYZ ",
        [
            (b"desc", text(b"grey")),
            (b"cprt", b"text\0\0\0\0none\0"),
            (b"wtpt", b"XYZ \0\0\0\0" + s15(0.9505, 1, 1.0891)),
            (b"kTRC", gamma),
        ],
    )


def inks_profile():
    """Inks as filters, by a table of three points a side to CIELAB."""
    grid = np.stack(np.meshgrid(*[np.linspace(0, 1, 3)] * 4, indexing="ij"), -1).reshape(-1, 4)
    c, m, ye, k = grid.T
    light = 1 - 0.95 * k
    lab = np.stack(
        [
            light * (100 - 35 * c - 45 * m - 8 * ye),
            light * (-18 * c + 40 * m - 3 * ye),
            light * (-25 * c - 3 * m + 45 * ye),
        ],
        -1,
    )
    encoded = (
        np.stack([lab[:, 0] * 652.8, (lab[:, 1] + 128) * 256, (lab[:, 2] + 128) * 256], -1)
        .round()
        .clip(0, 65535)
        .astype(">u2")
    )
    lut = b"mft2\0\0\0\0" + bytes([4, 3, 3, 0]) + s15(1, 0, 0, 0, 1, 0, 0, 0, 1) + struct.pack(">HH", 2, 2)
    lut += struct.pack(">2H", 0, 65535) * 4 + encoded.tobytes() + struct.pack(">2H", 0, 65535) * 3
    return icc(
        b"prtr",
        b"CMYK",
        b"Lab ",
        [
            (b"desc", text(b"inks")),
            (b"cprt", b"text\0\0\0\0none\0"),
            (b"wtpt", b"XYZ \0\0\0\0" + s15(0.9642, 1, 0.8249)),
            (b"A2B0", lut),
        ],
    )


def exif(orientation):
    e = Image.Exif()
    e[0x112] = orientation
    return e.tobytes()


def ycck(profile=None):
    """The same inks, brightness and colour apart: Pillow writes the numbers, and the marker says how they are meant."""
    r, g, b = INKS[..., :3].astype(float).transpose(2, 0, 1)
    ycc = np.stack(
        [
            0.299 * r + 0.587 * g + 0.114 * b,
            128 - 0.168736 * r - 0.331264 * g + 0.5 * b,
            128 + 0.5 * r - 0.418688 * g - 0.081312 * b,
        ],
        -1,
    )
    stored = np.concatenate([ycc.round().clip(0, 255), 255 - INKS[..., 3:].astype(float)], -1).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(255 - stored, "CMYK").save(out, "JPEG", quality=97, **({"icc_profile": profile} if profile else {}))
    data = bytearray(out.getvalue())
    at = data.index(b"Adobe")
    data[at + 11] = 2
    return bytes(data)


def expected(file):
    """As it is to be seen."""
    image = Image.open(io.BytesIO(file))
    image.seek(0)
    profile = image.info.get("icc_profile")
    image = ImageOps.exif_transpose(image)
    if profile and image.mode in ("RGBA", "RGBX"):
        image = image.convert("RGB")
    if profile:
        image = ImageCms.profileToProfile(image, io.BytesIO(profile), ImageCms.createProfile("sRGB"), outputMode="RGB")
    if image.mode.startswith("I;16") or image.mode == "I":
        image = Image.fromarray((np.asarray(image).astype(int) >> 8).astype(np.uint8))
    return image.convert("RGB")


def encoded(array, format, mode=None, **options):
    out = io.BytesIO()
    image = array if isinstance(array, Image.Image) else Image.fromarray(array, mode)
    image.save(out, format, **options)
    return out.getvalue()


ALPHA = np.dstack([RGB, np.where(x < S // 2, 0, 255).astype(np.uint8)])
GREY = RGB[..., 0]
PALETTE = Image.fromarray(RGB).quantize(16)
frame = Image.fromarray(RGB)
KINDS = {
    "rgb.jpg": encoded(RGB, "JPEG", quality=95, subsampling=0),
    "grey.jpg": encoded(GREY, "JPEG", quality=95),
    "progressive.jpg": encoded(RGB, "JPEG", quality=95, progressive=True, subsampling=0),
    "wide.jpg": encoded(RGB, "JPEG", quality=95, subsampling=0, icc_profile=wide_rgb()),
    "grey-profile.jpg": encoded(GREY, "JPEG", quality=95, icc_profile=grey_profile()),
    "turned.jpg": encoded(RGB, "JPEG", quality=95, subsampling=0, exif=exif(6)),
    "cmyk.jpg": encoded(INKS, "JPEG", "CMYK", quality=97),
    "cmyk-profile.jpg": encoded(INKS, "JPEG", "CMYK", quality=97, icc_profile=inks_profile()),
    "ycck.jpg": ycck(),
    "ycck-profile.jpg": ycck(inks_profile()),
    "wide.png": encoded(RGB, "PNG", icc_profile=wide_rgb()),
    "wide-alpha.png": encoded(ALPHA, "PNG", icc_profile=wide_rgb()),
    "grey-profile.png": encoded(GREY, "PNG", icc_profile=grey_profile()),
    "grey-alpha.png": encoded(np.dstack([GREY, ALPHA[..., 3]]), "PNG", "LA"),
    "grey-16.png": encoded(GREY.astype(np.uint16) * 257, "PNG"),
    "palette.png": encoded(PALETTE, "PNG"),
    "palette-transparent.png": encoded(PALETTE, "PNG", transparency=3),
    "bilevel.png": encoded(Image.fromarray(GREY).convert("1"), "PNG"),
    **{f"turned-{o}.png": encoded(RGB, "PNG", exif=exif(o)) for o in range(2, 9)},
    "lossless.webp": encoded(RGB, "WEBP", lossless=True),
    "alpha.webp": encoded(ALPHA, "WEBP", lossless=True, exact=True),
    "wide.webp": encoded(RGB, "WEBP", lossless=True, icc_profile=wide_rgb()),
    "turned.webp": encoded(RGB, "WEBP", lossless=True, exif=exif(8)),
    "palette.gif": encoded(PALETTE, "GIF"),
    "animated.gif": encoded(PALETTE, "GIF", save_all=True, append_images=[PALETTE.rotate(90)]),
    "rgb.bmp": encoded(RGB, "BMP"),
    "palette.bmp": encoded(PALETTE, "BMP"),
    "bilevel.bmp": encoded(Image.fromarray(GREY).convert("1"), "BMP"),
    "grey.bmp": encoded(GREY, "BMP"),
    "rgb.tif": encoded(RGB, "TIFF"),
    "lzw.tif": encoded(RGB, "TIFF", compression="tiff_lzw"),
    "deflate.tif": encoded(RGB, "TIFF", compression="tiff_adobe_deflate"),
    "packbits.tif": encoded(RGB, "TIFF", compression="packbits"),
    "alpha.tif": encoded(ALPHA, "TIFF"),
    "grey.tif": encoded(GREY, "TIFF"),
    "grey-16.tif": encoded(GREY.astype(np.uint16) * 257, "TIFF"),
    "palette.tif": encoded(PALETTE, "TIFF"),
    "cmyk.tif": encoded(INKS, "TIFF", "CMYK"),
    "cmyk-profile.tif": encoded(INKS, "TIFF", "CMYK", icc_profile=inks_profile()),
    "wide.tif": encoded(RGB, "TIFF", icc_profile=wide_rgb()),
    "turned.tif": encoded(RGB, "TIFF", tiffinfo={274: 5}),
    "pages.tif": encoded(frame, "TIFF", save_all=True, append_images=[frame.rotate(90)]),
}

OUT.mkdir(parents=True, exist_ok=True)
for name, data in KINDS.items():
    (OUT / name).write_bytes(data)
    expected(data).save(OUT / f"{name}.expected.png")
