"""OpenRaster: the layered pictures of Krita, GIMP and MyPaint."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar
from xml.etree import ElementTree

import numpy as np
from PIL import Image

from animelayers.exports.documents import Documents
from animelayers.exports.stack import MOST_DEPTH, MOST_SIDE, Layer, bounded, merged, opaque
from animelayers.imaging import codecs

MIMETYPE = b"image/openraster"
_THUMBNAIL = 256
_MODES: Mapping[str, str] = {
    "over": "svg:src-over",
    "add": "svg:plus",
    "screen": "svg:screen",
    "multiply": "svg:multiply",
}
_LARGEST = 300_000_000  # bytes that a layer of a file may unpack to
_TEXT = 4_000_000


@dataclass(frozen=True, kw_only=True)
class Ora(Documents):
    """An OpenRaster file of every drawing, EPISODE/scene0003_frame000120.ora, and beside it a JSON with the
    digests of its layers.

    A group per character; the effect with its composite operation, svg:plus or svg:screen where it adds
    light. ``plate``: with the clean plate of the shot, hidden. ``frame``: with the whole frame, hidden, as a
    reference. See the OpenRaster specification 0.0.3.
    """

    suffix: ClassVar[str] = "ora"

    def encode(self, layers: Sequence[Layer]) -> bytes:
        """See `to_ora`."""
        return to_ora(layers)


def to_ora(layers: Sequence[Layer]) -> bytes:
    """The bytes of an OpenRaster file of layers of one size, the lowest first; the same for the same layers."""
    height, width = layers[0].picture.shape[:2]
    root = ElementTree.Element(
        "image", {"version": "0.0.3", "w": str(width), "h": str(height), "xres": "72", "yres": "72"}
    )
    top = ElementTree.SubElement(root, "stack")
    groups: dict[str, ElementTree.Element] = {}
    files: dict[str, bytes] = {}
    for number, layer in reversed([*enumerate(layers)]):  # in the file the first is the top one
        parent = top
        if layer.group:
            parent = groups.get(layer.group) or ElementTree.SubElement(
                top, "stack", _facts(layer.group, True, "svg:src-over")
            )
            groups[layer.group] = parent
        file = f"data/layer{number:03d}.png"
        place = {"src": file, "x": "0", "y": "0"}
        ElementTree.SubElement(
            parent, "layer", {**_facts(layer.name, layer.shown, _MODES[layer.mode]), **place}
        )
        files[file] = codecs.encode_png(layer.picture)
    whole = merged(layers)
    small = Image.fromarray(whole)
    small.thumbnail((_THUMBNAIL, _THUMBNAIL))
    head = {"mimetype": MIMETYPE, "stack.xml": ElementTree.tostring(root, "utf-8", xml_declaration=True)}
    last = {
        "mergedimage.png": codecs.encode_png(opaque(whole)),
        "Thumbnails/thumbnail.png": codecs.encode_png(np.asarray(small)),
    }
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in {**head, **files, **last}.items():
            # a name alone would be given the time of day
            archive.writestr(
                zipfile.ZipInfo(name),
                content,
                zipfile.ZIP_DEFLATED if name.endswith("xml") else zipfile.ZIP_STORED,
            )
    return data.getvalue()


def read_ora(data: bytes) -> list[Layer]:
    """The layers of an OpenRaster file, the lowest first, each on the whole canvas; opacity is multiplied
    into alpha; other operations have their own names.

    Raises ValueError for a file that is none, or that names what it does not hold.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if _member(archive, "mimetype", _TEXT).strip() != MIMETYPE:
                raise ValueError("its mimetype is another one")
            root = _parsed(_member(archive, "stack.xml", _TEXT))
            size = (int(root.attrib["h"]), int(root.attrib["w"]))
            stack = root.find("stack")
            nodes = [] if stack is None else _layers(stack)
            bounded(size, len(nodes))
            found = [_layer(archive, node, group, opacity, size) for node, group, opacity in nodes]
    except (
        zipfile.BadZipFile,
        zlib.error,
        KeyError,
        ElementTree.ParseError,
        OSError,
        OverflowError,
        NotImplementedError,
        RuntimeError,
        EOFError,
        Image.DecompressionBombError,
        SyntaxError,
    ) as problem:
        raise ValueError(f"no OpenRaster file: {problem}") from problem
    return found[::-1]


def _member(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """The bytes of a member, which its head and its unpacking may not exceed."""
    info = archive.getinfo(name)
    if info.file_size > most:
        raise ValueError(f"{info.filename} unpacks to {info.file_size} bytes")
    with archive.open(info) as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise ValueError(f"{info.filename} unpacks to more than {most} bytes")
    return data


def _parsed(head: bytes) -> ElementTree.Element:
    """The stack, read as UTF-8 whatever it says of itself: another encoding would carry declarations past the
    check.
    """
    text = head.decode("utf-8-sig")
    if "<!DOCTYPE" in text or "<!ENTITY" in text or "\0" in text:
        raise ValueError("its stack.xml declares entities")
    return ElementTree.fromstring(text.encode(), ElementTree.XMLParser(encoding="utf-8"))


def _facts(name: str, shown: bool, operation: str) -> dict[str, str]:
    return {
        "name": name,
        "opacity": "1.0",
        "visibility": "visible" if shown else "hidden",
        "composite-op": operation,
    }


def _layers(root: ElementTree.Element) -> list[tuple[ElementTree.Element, str, float]]:
    """The layers of a stack and of those in it, the top one first, with their group and the opacity of it and
    them together.
    """
    found: list[tuple[ElementTree.Element, str, float]] = []
    pending = [(node, "", 1.0, 1) for node in reversed(root)]
    while pending:
        node, group, opacity, depth = pending.pop()
        own = opacity * min(1.0, max(0.0, float(node.get("opacity", 1))))
        if node.tag == "stack":
            if depth > MOST_DEPTH:
                raise ValueError(f"its stacks are nested more than {MOST_DEPTH} deep")
            pending += [(inner, node.get("name", ""), own, depth + 1) for inner in reversed(node)]
        elif node.tag == "layer":
            found.append((node, group, own))
    return found


def _layer(
    archive: zipfile.ZipFile, node: ElementTree.Element, group: str, opacity: float, size: tuple[int, int]
) -> Layer:
    with Image.open(io.BytesIO(_member(archive, node.attrib["src"], _LARGEST)), formats=["PNG"]) as file:
        bounded((file.height, file.width), 1)
        part = file.convert("RGBA")
    if opacity < 1:
        part.putalpha(part.getchannel("A").point(lambda alpha: round(alpha * opacity)))
    whole = Image.new("RGBA", size[::-1])
    place = float(node.get("x", 0)), float(node.get("y", 0))
    if all(abs(side) < MOST_SIDE for side in place):  # beyond it nothing of the layer shows
        whole.paste(part, (int(place[0]), int(place[1])))
    modes = {word: mode for mode, word in _MODES.items()}
    operation = node.get("composite-op", "svg:src-over")
    mode = modes.get(operation, operation)
    return Layer(
        node.get("name", ""), np.asarray(whole), group, mode, node.get("visibility", "visible") == "visible"
    )
