from __future__ import annotations

import socket
import threading
from typing import Any

import numpy as np
import pytest

from animelayers.models.endpoint import Endpoint, EndpointError
from tests.models.chat_server import Answer, Server, said, serving


def grey(*levels: int) -> list[np.ndarray]:
    return [np.full((8 + level % 5, 12, 3), level, np.uint8) for level in levels]


def level(_: int, picture: np.ndarray) -> Answer:
    return said(f"grey {round(float(picture.mean()))}")


def asking(server: Server, **options: Any) -> Endpoint:
    return Endpoint(server.url, "tiny", **{"timeout": 5.0, "backoff": 0.0, **options})


def test_each_picture_gets_its_own_caption_whatever_its_size_and_the_order_of_answers() -> None:
    levels = [*range(0, 250, 10)]
    with serving(level) as server:
        captions = asking(server, parallel=6)(grey(*levels), "What is it?")
        assert all(
            abs(int(text.removeprefix("grey ")) - value) <= 1
            for text, value in zip(captions, levels, strict=True)
        )
        assert asking(server)([], "What is it?") == [] and len(server.requests) == len(levels)


def test_what_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANIMELAYERS_ENDPOINT_KEY", "secret")
    monkeypatch.setenv("ANIMELAYERS_ENDPOINT_HOST", "127.0.0.1")
    with serving(lambda *_: said(" ein Mädchen, 少女 \n")) as server:
        endpoint = asking(server, key=True, tokens=7, extra={"seed": 3})
        assert endpoint(grey(5), "Was ist das – 何?") == ["ein Mädchen, 少女"]
        ((path, headers, body),) = server.requests
    assert path == "/v1/chat/completions" and headers["Authorization"] == "Bearer secret"
    assert (body["model"], body["max_tokens"], body["temperature"], body["seed"]) == ("tiny", 7, 0, 3)
    assert body["messages"][0]["content"][1] == {"type": "text", "text": "Was ist das – 何?"}


def test_no_more_requests_at_a_time_than_asked_for() -> None:
    gate = threading.Barrier(3)

    def together(*_: Any) -> Answer:
        return lambda: (gate.wait(10), said("x"))[1]  # type: ignore[return-value]

    with serving(together) as server:
        assert asking(server, parallel=3, timeout=20)(grey(*range(9)), "?") == ["x"] * 9
        assert server.most == 3


@pytest.mark.parametrize(
    "trouble",
    [(500, b"oops"), (503, b""), (429, b"slowly"), (200, b"<html>maintenance</html>"), (200, b""), (200, b"{}"), (200, b'{"choices": []}'),
     (200, b"\xff\xfe"), (200, b'"text"'), said(""), said(" \n"), said(None), said(["a"]), (0, b"")],
    ids=str,
)  # fmt: skip
def test_trouble_and_nonsense_are_asked_again(trouble: Answer) -> None:
    with serving(lambda number, _: trouble if number < 2 else said("a tree")) as server:
        assert asking(server, retries=2)(grey(9), "?") == ["a tree"]
        assert len(server.requests) == 3
    with serving(lambda *_: trouble) as server:
        with pytest.raises(EndpointError, match=r"gave no caption in 2 trials .* is tiny loaded"):
            asking(server, retries=1)(grey(9), "?")
        assert len(server.requests) == 2


def test_an_endpoint_that_hangs_is_given_up() -> None:
    def hanging(number: int, _: np.ndarray) -> Answer:
        return said("late") if number else lambda: (server.stop.wait(30) and 0, b"")

    with serving(hanging) as server:
        assert asking(server, timeout=0.2)(grey(1), "?") == ["late"]
        assert len(server.requests) == 2


def test_an_endpoint_that_is_down() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        with pytest.raises(EndpointError, match=f"{url}.*gave no caption in 3 trials.*refused"):
            Endpoint(url, "tiny", retries=2, backoff=0.0)(grey(1, 2, 3), "?")


@pytest.mark.parametrize("code", [400, 401, 404, 302])
def test_a_refusal_is_final_and_the_key_goes_nowhere(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANIMELAYERS_ENDPOINT_KEY", "secret")
    monkeypatch.setenv("ANIMELAYERS_ENDPOINT_HOST", "127.0.0.1")
    with serving(level) as other, serving(lambda *_: (code, b"no such model")) as server:
        server.headers = {"Location": f"{other.url}/chat/completions"}
        with pytest.raises(
            EndpointError, match=f"HTTP {code}.*no such model.*check url, model and key"
        ) as told:
            asking(server, key=True)(grey(1), "?")
        assert len(server.requests) == 1 and not other.requests and "secret" not in str(told.value)


@pytest.mark.parametrize("url", ["", "localhost:8000", "file:///etc/hosts", "ftp://host/v1"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(ValueError, match="url must be the address"):
        Endpoint(url, "tiny")


@pytest.mark.parametrize(
    "bad", [{"parallel": 0}, {"timeout": 0}, {"retries": -1}, {"backoff": -1}, {"tokens": 0}]
)
def test_bad_options(bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="parallel and tokens are 1 or more"):
        Endpoint("http://localhost/v1", "tiny", **bad)


def test_a_key_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANIMELAYERS_ENDPOINT_KEY", raising=False)
    with pytest.raises(ValueError, match="ANIMELAYERS_ENDPOINT_KEY"):
        Endpoint("http://localhost/v1", "tiny", key=True)


@pytest.mark.parametrize(
    ("url", "key", "told"),
    [
        ("https://evil.example/v1", True, "the host it may be sent to, evil.example"),
        ("http://good.example/v1", True, "in the clear"),
        ("https://good.example/v1", "AWS_SECRET_ACCESS_KEY", "no other variable can be named"),
        ("https://good.example@evil.example/v1", True, "the host it may be sent to, evil.example"),
    ],
)
def test_a_strangers_configuration_sends_no_key_anywhere_else(
    url: str, key: object, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANIMELAYERS_ENDPOINT_KEY", "secret")
    monkeypatch.setenv("ANIMELAYERS_ENDPOINT_HOST", "good.example")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    with pytest.raises(ValueError, match=told):
        Endpoint(url, "tiny", key=key)  # type: ignore[arg-type]
    Endpoint("https://good.example/v1", "tiny", key=True)
