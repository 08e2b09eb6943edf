"""What the doctor finds: that something is well, or what is wrong and what to do about it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """`cure` is empty where all is well."""

    what: str
    cure: str = ""

    @property
    def is_well(self) -> bool:
        return not self.cure

    def __str__(self) -> str:
        return f"  well   {self.what}." if self.is_well else f"  WRONG  {self.what}: {self.cure}."


def well(what: str) -> Finding:
    return Finding(what)


def wrong(what: str, cure: str) -> Finding:
    """`cure` says what to do, in the imperative."""
    return Finding(what, cure)
