"""The objects of an S3 bucket, each by one request, and written on a condition: what pyarrow's file systems cannot.

It needs obstore, of the extra `animelayers[s3]`.
"""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

PART = 64 << 20
"""Bytes up to which an object is sent at once, and of each part of a larger one."""
_PAGE = 1000  # that is what a store tells at once
RETRIES = 6
"""How often its client asks again by itself, with pauses of 0.1 s that double; `Store.patiently` does the rest."""
_PATIENT = {"connect_timeout": "20s", "read_timeout": "120s", "timeout": "900s", "allow_http": True}
"""A part over a slow line takes longer than the client's own 30 seconds."""


class Unconditional(Exception):
    """The store puts nothing on a condition."""


@cache
def of(address: str, region: str) -> Bucket | None:
    """The bucket of an address with pyarrow's options (see `storage.filesystem`); None where obstore is not
    installed, and where its options are those of pyarrow alone.
    """
    if not importlib.util.find_spec("obstore"):
        return None
    from obstore.store import S3Store

    parts = urlsplit(address)
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    endpoint = options.get("endpoint_override")
    if parts.scheme != "s3" or not parts.hostname or options.get("force_virtual_addressing") == "true":
        return None
    config: dict[str, Any] = {
        "region": region,
        "disable_bulk_delete": True,  # not all that speak S3 know it
        "client_options": _PATIENT,
        "retry_config": {"max_retries": RETRIES},
    }
    if endpoint:
        config["endpoint"] = (
            endpoint if "://" in endpoint else f"{options.get('scheme', 'https')}://{endpoint}"
        )
    key = options.get("access_key") or unquote(parts.username or "")
    if key:
        secret = options.get("secret_key") or unquote(parts.password or "")
        config |= {"access_key_id": key, "secret_access_key": secret}
    elif "AWS_ACCESS_KEY_ID" not in os.environ and importlib.util.find_spec("boto3"):
        from obstore.auth.boto3 import Boto3CredentialProvider

        config["credential_provider"] = Boto3CredentialProvider()  # profiles and single sign-on, as pyarrow
    return Bucket(S3Store(parts.netloc.rpartition("@")[2], **config))


class Bucket:
    """Objects by their path in the bucket. Refusals are `OSError`, those that are told apart by the system's
    own classes.
    """

    def __init__(self, store: Any) -> None:
        self._store = store

    def get(self, path: str) -> tuple[bytes, str]:
        """The bytes of an object and the tag of its version. Raises FileNotFoundError."""
        import obstore

        with _told():
            found = obstore.get(self._store, path)
            return bytes(found.bytes()), str(found.meta["e_tag"])

    def exists(self, path: str) -> bool:
        """Whether there is such an object."""
        import obstore

        try:
            with _told():
                obstore.head(self._store, path)
        except FileNotFoundError:
            return False
        return True

    def sizes(self, paths: Iterable[str]) -> dict[str, int]:
        """Bytes of those of some objects that are there. Neighbours are listed, a thousand by a request; where
        that would take more requests than asking for each, each is asked for.
        """
        import obstore

        found: dict[str, int] = {}
        folders: dict[str, list[str]] = {}
        for path in sorted(set(paths)):
            folders.setdefault(path.rpartition("/")[0], []).append(path)
        for folder, wanted in folders.items():
            left = set(wanted)
            with _told():
                pages = obstore.list(self._store, folder, offset=wanted[0][:-1], chunk_size=_PAGE)
                for asked, page in enumerate(pages, 1):
                    found |= {meta["path"]: meta["size"] for meta in page if meta["path"] in left}
                    left = {path for path in left if path > page[-1]["path"]}
                    if asked >= len(left):
                        break
                else:
                    left = set()  # all was listed
                for path in left:
                    with suppress(FileNotFoundError):
                        found[path] = obstore.head(self._store, path)["size"]
        return found

    def put(self, path: str, chunks: list[Any]) -> None:
        """Write or replace an object; nothing of it stays where that fails, nor of its parts."""
        import obstore

        with _told():
            if sum(map(len, chunks)) <= PART:
                obstore.put(self._store, path, b"".join(chunks), use_multipart=False)
            else:
                obstore.put(self._store, path, iter(chunks), chunk_size=PART, max_concurrency=4)

    def create(self, path: str, data: bytes) -> bool:
        """Write a small object unless there is one; False if there is. Raises `Unconditional`."""
        return self._on(path, data, "create")

    def replace(self, path: str, data: bytes, tag: str) -> bool:
        """Write a small object in the place of one version of it; False if that is there no more. Raises
        `Unconditional`.
        """
        return self._on(path, data, {"e_tag": tag})

    def delete(self, path: str) -> None:
        """Delete an object if it is there."""
        import obstore

        with _told():
            obstore.delete(self._store, path)

    def _on(self, path: str, data: bytes, condition: Any) -> bool:
        import obstore
        from obstore.exceptions import AlreadyExistsError, NotSupportedError, PreconditionError

        with _told():
            try:
                obstore.put(self._store, path, data, mode=condition)
            except (AlreadyExistsError, PreconditionError):
                # its client asks again where an answer was lost: then it is our own that is there already
                try:
                    return self.get(path)[0] == data
                except FileNotFoundError:
                    return False
            except (NotSupportedError, NotImplementedError) as cannot:
                raise Unconditional(_line(cannot)) from None
            except Exception as refused:
                if " 501 " in str(refused):
                    raise Unconditional(_line(refused)) from None
                raise
        return True


@contextmanager
def _told() -> Iterator[None]:
    """Turn what obstore raises into what the system would, in one line."""
    from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

    try:
        yield
    except FileNotFoundError as gone:
        raise FileNotFoundError(_line(gone)) from None
    except (PermissionDeniedError, UnauthenticatedError) as refused:
        raise PermissionError(_line(refused)) from None
    except BaseError as refused:
        raise OSError(_line(refused)) from None


def _line(refused: Exception) -> str:
    """What went wrong, and the store's own word for it."""
    word = re.search(r"<Code>(\w+)</Code>", str(refused))
    return str(refused).partition("\n")[0].partition(": <?xml")[0] + (f" ({word[1]})" if word else "")
