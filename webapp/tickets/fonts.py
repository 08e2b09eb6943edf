"""The letters of printed tickets, from packages: FiraGO for most scripts, Noto for Chinese, Japanese and Korean."""

import tempfile
import unicodedata
from functools import lru_cache
from pathlib import Path

import pymupdf_fonts
from fontTools.ttLib import TTFont
from noto_cjk_sans_jp_regular import FONT_PATH
from text_unidecode import unidecode

EAST_ASIAN = Path(str(FONT_PATH))


@lru_cache(1)
def firago() -> tuple[Path, Path]:
    """FiraGO, regular and bold, as files; its package has it as Python."""
    # Kept as long as the process is: the finalizer of the folder takes it away.
    folder = _folders[0] if _folders else tempfile.TemporaryDirectory(prefix="turnout-fonts-")
    _folders[:] = [folder]
    files = Path(folder.name, "regular.ttf"), Path(folder.name, "bold.ttf")
    for file, name in zip(files, ("figo", "figbo"), strict=True):
        file.write_bytes(pymupdf_fonts.myfont(name))
    return files


def printable(text: str) -> str:
    """A text in letters that there are: what no font has is written in Latin letters, or left out."""
    whole = " ".join(unicodedata.normalize("NFC", text).split())
    return "".join(_printable(letter) for letter in whole).strip()


def is_east_asian(text: str) -> bool:
    """Whether a printable text needs the large font."""
    return any(ord(letter) not in _letters(firago()[0]) for letter in text)


@lru_cache(4_096)
def _printable(letter: str) -> str:
    if ord(letter) in _letters(firago()[0]) or ord(letter) in _letters(EAST_ASIAN):
        return letter
    return "" if unicodedata.category(letter).startswith("C") else printable(unidecode(letter))


@lru_cache(4)
def _letters(file: Path) -> frozenset[int]:
    with TTFont(file, lazy=True) as font:
        return frozenset(font.getBestCmap())


_folders: list[tempfile.TemporaryDirectory[str]] = []
