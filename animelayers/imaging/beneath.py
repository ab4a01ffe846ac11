"""The clean plate of a shot behind each of its drawings, in full size and on the small pictures that are searched.

Pictures are uint8 sRGB (H, W, 3), masks bool (H, W).
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from animelayers.imaging import changing, claims

Base = tuple[np.ndarray, np.ndarray]
"""What lies under an effect, uint8 sRGB (H, W, 3), and where that is known, bool (H, W)."""


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

    def without(self, size: tuple[int, int], drawings: Sequence[np.ndarray], mattes: Sequence[np.ndarray], asked: Sequence[np.ndarray]) -> np.ndarray:
        """Paint over what is claimed in every drawing, see `claims.always`; where that was, bool (P, Q). All given are of `size`."""
        plate, seen = self._shrunk(size)
        views = []
        for k, (drawing, matte, claim) in enumerate(zip(drawings, mattes, asked, strict=True)):
            camera, extent = self._small_camera(size, k), plate.shape[1::-1]
            free = (cv2.dilate(matte, np.ones((5, 5), np.uint8)) < 32).view(np.uint8)
            flat = [cv2.warpPerspective(plane, camera, extent, flags=cv2.INTER_NEAREST) > 0 for plane in (free, claim.astype(np.uint8))]
            views.append((cv2.warpPerspective(drawing, camera, extent), flat[0], flat[1]))
        under, hole = claims.always(plate, seen > 254, views)
        wide = enlarged(hole * np.uint8(255), self.plate.shape[:2])
        if wide.any():
            smooth = cv2.resize(under, self.plate.shape[1::-1], interpolation=cv2.INTER_LINEAR)
            self.plate, self.seen = np.where(wide[..., None], smooth, self.plate), np.where(wide, np.uint8(255), self.seen)
        return wide

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
