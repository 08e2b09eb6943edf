"""Names as people look for them: without accents, in any case; "Muller", "mueller" and "Müller" find the same person.

Only marks on Latin and Greek letters are taken off: Cyrillic й and ё are letters of their own, as are the signs of
scripts that write vowels as marks.
"""

import re
import unicodedata

MOST_WORDS = 6
# Letters without a decomposition; ß and the like are already two letters when they come here.
_LETTERS = {"ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ł": "l", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
_SIGNS = {**dict.fromkeys("’ʼ‘´`", "'"), **dict.fromkeys("‐‑–", "-")}
_PLAIN = str.maketrans(_LETTERS | _SIGNS)
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
_MARKED = re.compile(r"([a-z\u0370-\u03ff])[\u0300-\u036f]+")
_PARTS = re.compile(r"[-'.]")


def fold(text: str) -> str:
    """The text as it is compared."""
    apart = unicodedata.normalize("NFD", text.casefold()).translate(_PLAIN)
    return unicodedata.normalize("NFC", _MARKED.sub(r"\1", apart)).casefold()


def words_of(*texts: str) -> list[str]:
    """What somebody can be found by: each word, its parts, and both ways of writing an umlaut without one."""
    found: set[str] = set()
    for text in texts:
        for word in unicodedata.normalize("NFC", text).casefold().split():
            spelled = {fold(word), fold(word.translate(_UMLAUTS))}
            parts = {part for one in spelled if "@" not in one for part in _PARTS.split(one) if part}
            found |= spelled | parts
    return sorted(found)


def beginnings(text: str) -> list[dict[str, dict[str, str]]]:
    """Conditions on `words`, which an index answers: each word of the text begins one of theirs; the longest first."""
    words = sorted(fold(text).split()[:MOST_WORDS], key=len, reverse=True)
    return [{"words": {"$regex": f"^{re.escape(word)}"}} for word in words]
