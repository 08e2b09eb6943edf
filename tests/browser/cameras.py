"""What a fake camera sees: a QR code, as the uncompressed film that Chromium plays for it."""

from pathlib import Path

import segno

WIDE, HIGH, DOT, GREY, BLACK, FRAMES = 640, 480, 6, b"\xc0", b"\x10", 4


def film(file: Path, code: str) -> Path:
    """A film of a sheet of paper with this code, in YUV4MPEG2."""
    paper = [bytearray(GREY * WIDE) for _ in range(HIGH)]
    dots = list(segno.make(code, error="m", micro=False).matrix)
    left, top = (WIDE - len(dots) * DOT) // 2, (HIGH - len(dots) * DOT) // 2
    for y, row in enumerate(dots):
        for x, is_dark in enumerate(row):
            for line in paper[top + y * DOT : top + (y + 1) * DOT]:
                if is_dark:
                    line[left + x * DOT : left + (x + 1) * DOT] = BLACK * DOT
    colour = b"\x80" * (WIDE * HIGH // 2)
    frame = b"FRAME\n" + b"".join(map(bytes, paper)) + colour
    file.write_bytes(f"YUV4MPEG2 W{WIDE} H{HIGH} F10:1 Ip A1:1 C420jpeg\n".encode() + frame * FRAMES)
    return file
