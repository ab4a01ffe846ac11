"""A local page to watch runs, look at outputs, correct and decide. `animelayers desk --help` tells how."""

from __future__ import annotations

import sys
import webbrowser
from ipaddress import ip_address

from omegaconf import DictConfig

from animelayers import job

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def desk(cfg: DictConfig) -> int:
    """Open the outputs, tell the link, answer until it is stopped."""
    try:
        import uvicorn

        from animelayers.desk.app import app
        from animelayers.desk.state import Desk
    except ImportError as missing:
        raise job.ConfigError(f"the desk needs {missing.name}: pip install 'animelayers[desk]'") from None
    paths = [path for path in [cfg.output, *cfg.outputs] if path]
    made = Desk(paths, cfg.token or "")
    outside = cfg.host not in LOOPBACK
    name = "127.0.0.1" if _everywhere(cfg.host) else cfg.host
    link = f"http://{name}:{cfg.port}/?token={made.token}"
    for book in made.shelf.described():
        sys.stderr.write(f"{book['name']}: {book['said']}\n")
    if outside:
        sys.stderr.write(
            "warning: other machines can reach this desk; whoever has the link may change the outputs\n"
        )
    sys.stderr.write(f"desk  {link}\n")
    sys.stderr.flush()
    if cfg.browser:
        webbrowser.open(link)
    uvicorn.run(
        app(made, ("*",) if outside else LOOPBACK),
        host=cfg.host,
        port=cfg.port,
        log_level="warning",
        timeout_graceful_shutdown=3,
    )
    return 0


def _everywhere(host: str) -> bool:
    """Whether a host stands for all addresses of this machine."""
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return False


if __name__ == "__main__":
    job.launch("desk", desk, "output")
