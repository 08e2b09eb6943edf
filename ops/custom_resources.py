"""Holds what the Prometheus operator and KEDA read of ours against their published definitions: `main(files)`.

The models are cloudcoil's, made of those definitions. A field that is not known there would be left out in silence.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from cloudcoil.models.keda import v1alpha1 as keda
from cloudcoil.models.prometheus_operator import v1 as operator
from pydantic import BaseModel, ValidationError

Document = dict[str, Any]

MODELS: dict[str, type[BaseModel]] = {
    "PrometheusRule": operator.PrometheusRule,
    "ScaledObject": keda.ScaledObject,
    "ServiceMonitor": operator.ServiceMonitor,
}


def main(files: list[Path]) -> int:
    """Says what is strange, file by file; manifests of other kinds are passed over, rule files are read as one rule."""
    found = [f"{file.name}: {said}" for file in files for one in documents(file) for said in strange(one)]
    print("\n".join(found), end="")
    return 1 if found else 0


def documents(file: Path) -> list[Document]:
    """The manifests of a file; the groups of a rule file as the operator takes them."""
    found = [one for one in yaml.safe_load_all(file.read_text()) if one]
    return [rule(one["groups"]) if "groups" in one else one for one in found]


def strange(one: Document) -> list[str]:
    """What in a manifest of these kinds does not fit, or is not known there and would be left out in silence."""
    model = MODELS.get(one.get("kind", ""))
    if model is None:
        return []
    try:
        read = model.model_validate(one).model_dump(by_alias=True, exclude_none=True, mode="json")
    except ValidationError as wrong:
        return [f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in wrong.errors()]
    return [f"{path}: there is no such field" for path in _left_out(one, read)]


def rule(groups: list[Document]) -> Document:
    """A PrometheusRule with these groups."""
    head = {"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule", "metadata": {"name": "turnout"}}
    return {**head, "spec": {"groups": groups}}


def _left_out(given: Any, read: Any, path: str = "") -> Iterator[str]:
    if isinstance(given, dict):
        for name, value in given.items():
            if name in read:
                yield from _left_out(value, read[name], f"{path}.{name}".lstrip("."))
            else:
                yield f"{path}.{name}".lstrip(".")
    elif isinstance(given, list):
        for number, (one, kept) in enumerate(zip(given, read, strict=True)):
            yield from _left_out(one, kept, f"{path}.{number}")


if __name__ == "__main__":
    sys.exit(main([Path(name) for name in sys.argv[1:]]))
