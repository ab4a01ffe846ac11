"""A vision-language model behind an HTTP endpoint that speaks OpenAI's chat completions: vLLM, SGLang,
llama.cpp, Ollama, or a service.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Annotated, Any

import numpy as np

from animelayers.imaging.codecs import encode_jpeg
from animelayers.models.constants import SAID
from animelayers.options import PLACED, Count, Positive

KEY, HOST = "ANIMELAYERS_ENDPOINT_KEY", "ANIMELAYERS_ENDPOINT_HOST"
_LATER = frozenset({408, 409, 425, 429})  # and every 5xx: what may be well a moment later
_QUALITY = 90  # of the JPEGs that are sent, 1..100
_MOST = 1 << 22  # bytes of an answer
_LONGEST_WAIT_S = 60.0


class EndpointError(RuntimeError):
    """An endpoint that is down, refuses, or answers nonsense: the message names its address, what it said and
    the remedy.
    """


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirection is an error: it would carry the key to another host."""

    def redirect_request(
        self, req: Any, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> None:
        return None


class Endpoint:
    """A `protocols.Captioner` that asks an endpoint, each picture as a JPEG in a chat of its own.

    ``url``: up to and with /v1. ``model``: its name there. ``key``: whether a key is sent. The key, and the
    host it may be sent to, stand in the environment (ANIMELAYERS_ENDPOINT_KEY, ANIMELAYERS_ENDPOINT_HOST) and
    in no configuration, which may be a stranger's. ``tokens``: how long a caption may be. ``parallel``:
    requests at a time. ``timeout``: seconds without a sign of life after which a request is given up.
    ``retries``: how often one that failed, or was answered with nonsense, is sent again, after ``backoff``
    seconds, then twice as long each time. ``extra``: further fields of the request. The temperature is 0.
    Raises ValueError for an address that is none or a variable that is not set; a call raises EndpointError
    when all trials failed.
    """

    def __init__(
        self,
        url: Annotated[str, PLACED],
        model: str,
        key: Annotated[bool, PLACED] = False,
        tokens: Count = 96,
        parallel: Annotated[Count, PLACED] = 8,
        timeout: Annotated[Positive, PLACED] = 60.0,
        retries: Annotated[int, PLACED] = 4,
        backoff: Annotated[float, PLACED] = 1.0,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        if not url.startswith(("http://", "https://")):
            raise ValueError(
                f"url must be the address of an endpoint, such as http://localhost:8000/v1, not {url!r}"
            )
        host = urllib.parse.urlsplit(url).hostname or ""
        if key not in (True, False):
            raise ValueError(
                f"key is true or false: the key itself is read from {KEY} and sent to {HOST} only, no other variable can be named"
            )
        if key and not (os.environ.get(KEY) and os.environ.get(HOST) == host):
            raise ValueError(
                f"the environment variables {KEY} and {HOST} must hold the key and the host it may be sent to, {host}; or set key=false"
            )
        if key and url.startswith("http://") and host not in ("localhost", "127.0.0.1", "::1"):
            raise ValueError(f"{url} would carry the key in the clear: use https://")
        if parallel < 1 or tokens < 1 or timeout <= 0 or retries < 0 or backoff < 0:
            raise ValueError(
                f"parallel and tokens are 1 or more, timeout is above 0, retries and backoff are 0 or more: {parallel}, {tokens}, …"
            )
        self._url, self._model, self._parallel, self._timeout = (
            f"{url.rstrip('/')}/chat/completions",
            model,
            parallel,
            timeout,
        )
        self._retries, self._backoff, self._fields = (
            retries,
            backoff,
            {"max_tokens": tokens, "temperature": 0, **(extra or {})},
        )
        self._headers = {
            "Content-Type": "application/json",
            **({"Authorization": f"Bearer {os.environ[KEY]}"} if key else {}),
        }
        self._opener = urllib.request.build_opener(_NoRedirect)

    def __call__(self, pictures: Sequence[np.ndarray], instruction: str) -> list[str]:
        """As `protocols.Captioner`."""
        with ThreadPoolExecutor(self._parallel) as pool:
            asked = [pool.submit(self._caption, picture, instruction) for picture in pictures]
            try:
                return [answer.result() for answer in asked]
            except EndpointError:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _caption(self, picture: np.ndarray, instruction: str) -> str:
        data = base64.b64encode(encode_jpeg(picture, _QUALITY)).decode()
        content = [
            {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{data}"}},
            {"type": "text", "text": instruction},
        ]
        body = json.dumps(
            {"model": self._model, "messages": [{"role": "user", "content": content}], **self._fields}
        ).encode()
        for trial in range(self._retries + 1):
            try:
                return _text(self._sent(body))
            except urllib.error.HTTPError as refusal:
                said, wait = f"HTTP {refusal.code} {refusal.reason}: {_excerpt(refusal)}", _asked_for(refusal)
                if refusal.code not in _LATER and refusal.code < http.HTTPStatus.INTERNAL_SERVER_ERROR:
                    raise EndpointError(f"{self._url} refuses ({said}): check url, model and key") from None
            # URLError and timeouts are OSErrors; ValueError is nonsense
            except (OSError, http.client.HTTPException, ValueError) as problem:
                said, wait = f"{problem}" or type(problem).__name__, 0.0
            if trial < self._retries:
                time.sleep(min(_LONGEST_WAIT_S, max(wait, self._backoff * 2**trial)))
        raise EndpointError(
            f"{self._url} gave no caption in {self._retries + 1} trials (last: {said}): is it running, and is {self._model} loaded?"
        )

    def _sent(self, body: bytes) -> bytes:
        request = urllib.request.Request(self._url, body, self._headers)
        with self._opener.open(request, timeout=self._timeout) as answer:
            data: bytes = answer.read(_MOST)
            return data


def _text(answer: bytes) -> str:
    """The caption in an answer. Raises ValueError for anything else."""
    try:
        text = json.loads(answer)["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError):
        raise ValueError(f"no chat completion: {_short(answer)}") from None
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"no caption: {_short(answer)}")
    return text.strip()


def _excerpt(refusal: urllib.error.HTTPError) -> str:
    try:
        return _short(refusal.read(_MOST))
    except (OSError, http.client.HTTPException):
        return ""


def _short(answer: bytes) -> str:
    return " ".join(answer.decode(errors="replace").split())[:SAID] or "an empty answer"


def _asked_for(refusal: urllib.error.HTTPError) -> float:
    """Seconds an endpoint asks to wait."""
    said = str(refusal.headers.get("Retry-After", ""))
    return float(said) if said.isdecimal() else 0.0
