"""The clean plate of a shot behind each of its drawings, in full size and on the small pictures that are searched.

Pictures are uint8 sRGB (H, W, 3), masks bool (H, W).
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from animelayers.imaging import changing, claims
from animelayers.imaging.burning import Burning, burning, darkest

Base = tuple[np.ndarray, np.ndarray]
"""What lies under an effect, uint8 sRGB (H, W, 3), and where that is known, bool (H, W)."""
Drawn = tuple[np.ndarray, np.ndarray]
"""A drawing, uint8 sRGB (H, W, 3), and its matte, uint8 (H, W)."""


class Plates:
    """The clean plate of a shot as the cameras of its drawings show it; ``size``: width and height of a drawing."""

    def __init__(self, plate: np.ndarray, seen: np.ndarray | None, cameras: Sequence[np.ndarray] | None, size: tuple[int, int]) -> None:
        self.plate, self.size, self.cameras = plate, size, cameras
        self.seen = np.full(plate.shape[:2], 255, np.uint8) if seen is None else seen

    def full(self, number: int) -> Base:
        """The plate behind drawing `number`, and where it is known."""
        return self._shown(self.plate, self.seen, self.camera(number), self.size)

    def small(self, size: tuple[int, int], count: int) -> list[Base]:
        """The same for all drawings, shrunk to `size`."""
        plate, seen = self._shrunk(size)
        return [self._shown(plate, seen, self._small_camera(size, k), size) for k in range(count)]

    def without(
        self, full: Sequence[Drawn], small: Sequence[Drawn], asked: Sequence[np.ndarray] | None, lights: bool = True
    ) -> tuple[np.ndarray, Sequence[np.ndarray] | None]:
        """Paint over light that never rests, see `burning.burning`, and what is `asked` for and claimed in every drawing, see `claims.always`.

        ``lights``: whether there may be light that never rests.
        ``full``, ``small``: all drawings with their mattes, and the same shrunk; the masks asked for are of the size of those. Gives where
        nothing is known now, bool (P, Q), and what is claimed in each drawing, None if nothing is.
        """
        size = (small[0][0].shape[1], small[0][0].shape[0])
        plate, seen = self._shrunk(size)
        views = [self._laid(self._small_camera(size, k), plate, *each) for k, each in enumerate(small)]
        light = burning(views if lights else [], plate)
        hole = light.where
        if hole.any():
            self._darken(enlarged(hole * np.uint8(255), self.plate.shape[:2]), full)
            plate, hole = _unlit(plate, seen < 255, light)
        flags, extent = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP, plate.shape[1::-1]
        cameras = [self._small_camera(size, k) for k in range(len(views))]
        if asked is not None:
            seats = zip(asked, cameras, strict=True)
            laid = [cv2.warpPerspective(mask.view(np.uint8), camera, extent, flags=cv2.INTER_NEAREST) for mask, camera in seats]
            claimed = [(*view, mask > 0) for view, mask in zip(views, laid, strict=True)]
            plate, other = claims.always(plate, (seen > 254) | light.where, claimed)
            hole = hole | other
        if light.where.any():
            burns = [cv2.warpPerspective(light.where.view(np.uint8), camera, size, flags=flags) > 0 for camera in cameras]
            asked = burns if asked is None else [a | b for a, b in zip(asked, burns, strict=True)]
        wide = enlarged(hole * np.uint8(255), self.plate.shape[:2])
        if wide.any():
            smooth = cv2.resize(plate, self.plate.shape[1::-1], interpolation=cv2.INTER_LINEAR)
            self.plate, self.seen = np.where(wide[..., None], smooth, self.plate), np.where(wide, np.uint8(255), self.seen)
        return wide, asked

    def _darken(self, where: np.ndarray, drawings: Sequence[Drawn]) -> None:
        """Give the places `where` (bool (P, Q)) the darkest that some drawing shows of them beside its figure."""
        laid = (self._laid(self.camera(k), self.plate, *each) for k, each in enumerate(drawings))
        self.plate, told = darkest(((picture, free & where) for picture, free in laid), self.plate)
        self.seen = np.where(told, np.uint8(255), self.seen)

    @staticmethod
    def _laid(camera: np.ndarray, plate: np.ndarray, drawing: np.ndarray, matte: np.ndarray) -> Base:
        """A drawing as it lies over a plate, and where it shows no figure."""
        extent = plate.shape[1::-1]
        free = (cv2.dilate(matte, np.ones((5, 5), np.uint8)) < 32).view(np.uint8)
        return cv2.warpPerspective(drawing, camera, extent), cv2.warpPerspective(free, camera, extent, flags=cv2.INTER_NEAREST) > 0

    def _shrunk(self, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        extent = [max(1, round(n * small / full)) for n, small, full in zip(self.plate.shape[1::-1], size, self.size, strict=True)]
        plate, seen = (cv2.resize(plane, extent, interpolation=cv2.INTER_AREA) for plane in (self.plate, self.seen))
        return plate, seen

    def _small_camera(self, size: tuple[int, int], number: int) -> np.ndarray:
        scale = np.diag([size[0] / self.size[0], size[1] / self.size[1], 1.0])
        scale[:2, 2] = (scale[[0, 1], [0, 1]] - 1) / 2  # centres of pixels lie at integers
        camera: np.ndarray = scale @ self.camera(number) @ np.linalg.inv(scale)
        return camera

    def camera(self, number: int) -> np.ndarray:
        """Drawing `number` to plate, (3, 3)."""
        return np.eye(3) if self.cameras is None else np.asarray(self.cameras[number])

    @staticmethod
    def _shown(plate: np.ndarray, seen: np.ndarray, camera: np.ndarray, size: tuple[int, int]) -> Base:
        if np.array_equal(camera, np.eye(3)) and plate.shape[1::-1] == size:
            return plate, seen > 254
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return cv2.warpPerspective(plate, camera, size, flags=flags), cv2.warpPerspective(seen, camera, size, flags=flags) > 254


def _unlit(plate: np.ndarray, unseen: np.ndarray, light: Burning) -> tuple[np.ndarray, np.ndarray]:
    """The plate at its darkest where light never rests, and where even that is light: there it is guessed from around, and never brighter."""
    around = claims.filled(plate, light.where | unseen)
    hole = light.where & (~light.out | changing.luminous(light.low, around))
    plate = np.where(light.where[..., None], light.low, plate)
    guess = claims.filled(plate, hole | (unseen & ~light.where))
    return np.where(hole[..., None], np.minimum(guess, plate), plate), hole


def small_size(shape: tuple[int, ...]) -> tuple[int, int]:
    """Width and height of the small pictures of frames of `shape` (H, W, …)."""
    width = min(shape[1], changing.SIDE)
    return width, max(1, round(width * shape[0] / shape[1]))


def shrunk(planes: Sequence[np.ndarray], size: tuple[int, int]) -> list[np.ndarray]:
    """Planes or pictures shrunk to `size`, width and height."""
    return [cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in planes]


def enlarged(plane: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A uint8 plane of 0 and 255 as a mask of `shape` (H, W), bool."""
    return cv2.resize(plane, shape[::-1], interpolation=cv2.INTER_LINEAR) > 127
