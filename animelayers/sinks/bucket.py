"""The objects of a bucket of S3 or of Google Cloud Storage, each by one request, and written on a condition: what
pyarrow's file systems cannot.

It needs obstore, of the extra `animelayers[buckets]`.
"""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import cache
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

PART = 64 << 20
"""Bytes up to which an object is sent at once, and of each part of a larger one."""
_PAGE = 1000  # that is what a store tells at once
RETRIES = 6
"""How often its client asks again by itself, with pauses of 0.1 s that double; `Store.patiently` does the rest."""
_PATIENT = {"connect_timeout": "20s", "read_timeout": "120s", "timeout": "900s", "allow_http": True}
"""A part over a slow line takes longer than the client's own 30 seconds."""


_GOOGLE = "storage.googleapis.com"
_EMULATOR = "CLOUD_STORAGE_EMULATOR_ENDPOINT"
"""Where pyarrow looks for Google Cloud Storage if its address says nothing."""
_SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"


class Unconditional(Exception):
    """The store puts nothing on a condition."""


@cache
def of(address: str, region: str | None = None) -> Bucket | None:
    """The bucket of an address with pyarrow's options (see `storage.filesystem`); None where obstore is not
    installed, where its options are those of pyarrow alone, and of other stores.
    """
    parts = urlsplit(address)
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    store = {"s3": _s3, "gs": _gs, "gcs": _gs}.get(parts.scheme)
    if (
        not importlib.util.find_spec("obstore")
        or not store
        or not parts.hostname
        or options.get("force_virtual_addressing") == "true"
    ):
        return None
    retries: dict[str, Any] = {"max_retries": RETRIES}
    if "retry_limit_seconds" in options:
        retries["retry_timeout"] = timedelta(seconds=float(options["retry_limit_seconds"]))
    common = {"client_options": _PATIENT, "retry_config": retries}
    made = store(parts, options, region, common)
    return Bucket(made) if made else None


def _s3(parts: SplitResult, options: Mapping[str, str], region: str | None, common: dict[str, Any]) -> Any:
    from obstore.store import S3Store

    config = common | {"region": region, "disable_bulk_delete": True}  # not all that speak S3 know it
    if endpoint := options.get("endpoint_override"):
        config["endpoint"] = _url(endpoint, options)
    key = options.get("access_key") or unquote(parts.username or "")
    if key:
        secret = options.get("secret_key") or unquote(parts.password or "")
        config |= {"access_key_id": key, "secret_access_key": secret}
    elif "AWS_ACCESS_KEY_ID" not in os.environ and importlib.util.find_spec("boto3"):
        from obstore.auth.boto3 import Boto3CredentialProvider

        config["credential_provider"] = Boto3CredentialProvider()  # profiles and single sign-on, as pyarrow
    return S3Store(parts.netloc.rpartition("@")[2], **config)


def _gs(parts: SplitResult, options: Mapping[str, str], _: str | None, common: dict[str, Any]) -> Any:
    from obstore.store import GCSStore

    # never what its own variable says: it has to be where pyarrow goes
    endpoint = options.get("endpoint_override") or os.environ.get(_EMULATOR) or _GOOGLE
    config = common | {"base_url": _url(endpoint, options)}
    if parts.username == "anonymous":
        if endpoint == _GOOGLE:
            return None  # obstore writes nothing without a token, and Google takes no false one
        config |= {"skip_signature": True, "bearer_token": "none"}
    elif importlib.util.find_spec("google") and importlib.util.find_spec("google.auth"):
        import google.auth
        from google.auth.exceptions import DefaultCredentialsError
        from obstore.auth.google import GoogleCredentialProvider

        # workload identity and sign-on for others, as pyarrow; without any obstore says what it looked for
        with suppress(DefaultCredentialsError):
            config["credential_provider"] = GoogleCredentialProvider(google.auth.default(scopes=[_SCOPE])[0])
    return GCSStore(parts.netloc.rpartition("@")[2], **config)


def _url(endpoint: str, options: Mapping[str, str]) -> str:
    return endpoint if "://" in endpoint else f"{options.get('scheme', 'https')}://{endpoint}"


class Bucket:
    """Objects by their path in the bucket. Refusals are `OSError`, those that are told apart by the system's
    own classes.
    """

    def __init__(self, store: Any) -> None:
        self._store = store

    def get(self, path: str) -> tuple[bytes, Any]:
        """The bytes of an object and what its version is told by. Raises FileNotFoundError."""
        import obstore

        with _told():
            found = obstore.get(self._store, path)
            # S3 tells versions by their tag, Google Cloud Storage by their generation
            told = {name: found.meta[name] for name in ("e_tag", "version")}
            return bytes(found.bytes()), {name: value for name, value in told.items() if value}

    def part(self, path: str, offset: int, size: int) -> bytes:
        """Some bytes of an object, fewer where it ends before. Raises FileNotFoundError."""
        import obstore

        with _told():
            return bytes(obstore.get_range(self._store, path, start=offset, length=size)) if size else b""

    def end(self, path: str, size: int) -> bytes:
        """The last bytes of an object, all of a shorter one. Raises FileNotFoundError."""
        import obstore

        with _told():
            return bytes(obstore.get(self._store, path, options={"range": {"suffix": size}}).bytes())

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

    def replace(self, path: str, data: bytes, version: Any) -> bool:
        """Write a small object in the place of one version of it (see `get`); False if that is there no more.
        Raises `Unconditional`.
        """
        with suppress(FileNotFoundError):
            return self._on(path, data, version)
        return False

    def folders(self, path: str) -> list[str]:
        """Names of the folders in a folder."""
        import obstore

        with _told():
            found = obstore.list_with_delimiter(self._store, path or None)["common_prefixes"]
        return sorted(name.rstrip("/").rpartition("/")[2] for name in found)

    def delete(self, path: str) -> None:
        """Delete an object if it is there."""
        import obstore

        with _told(), suppress(FileNotFoundError):
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
