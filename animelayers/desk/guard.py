"""Who may ask the desk: whoever has its token, by its own names alone."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

COOKIE = "animelayers_desk"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Guard:
    """Lets in whoever has the token: in the link once, in a cookie from then on. Answers to its own names
    alone, so that no other page can ask.
    """

    def __init__(self, app: ASGIApp, token: str, hosts: Sequence[str]) -> None:
        self.app, self.token, self.hosts = app, token, set(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 403."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        host = re.sub(r":\d+$", "", request.headers.get("host", ""))
        given = request.query_params.get("token", "")
        if "*" not in self.hosts and host not in self.hosts:
            answer: Response = _refused(f"this desk does not answer to the name {host!r}")
        elif scope["path"] == "/health":
            await self.app(scope, receive, _guarded(send))
            return
        elif given and secrets.compare_digest(given.encode(), self.token.encode()):
            if scope["path"] == "/":
                answer = RedirectResponse("/", 303)
                answer.set_cookie(COOKIE, self.token, httponly=True, samesite="strict")
            else:
                await self.app(scope, receive, _guarded(send))
                return
        elif given or not secrets.compare_digest(
            request.cookies.get(COOKIE, "").encode(), self.token.encode()
        ):
            answer = _refused("open the link that `animelayers desk` printed: it holds the token")
        elif request.method == "POST" and not _own(request):
            answer = _refused("only pages of this desk may change something")
        else:
            await self.app(scope, receive, _guarded(send))
            return
        await answer(scope, receive, send)


def _own(request: Request) -> bool:
    origin = request.headers.get("origin", "")
    return not origin or re.sub(r"^https?://", "", origin) == request.headers.get("host", "")


def _guarded(send: Send) -> Send:
    async def sent(message: Any) -> None:
        if message["type"] == "http.response.start":
            names = {name.lower() for name, _ in message["headers"]}
            more = {
                b"content-security-policy": _POLICY.encode(),
                b"x-content-type-options": b"nosniff",
                b"referrer-policy": b"no-referrer",
            }
            message["headers"] = [*message["headers"], *((k, v) for k, v in more.items() if k not in names)]
        await send(message)

    return sent


def _refused(why: str) -> Response:
    return JSONResponse({"error": why}, 403)
