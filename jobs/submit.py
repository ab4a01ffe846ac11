"""Send any job to a Ray cluster's job server, with the same overrides, and follow its log."""

from __future__ import annotations

import animelayers.early  # noqa: F401  (before what takes long)

# isort: split
import argparse
import asyncio
import importlib.util
import ipaddress
import logging
import os
import shlex
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from animelayers import job
from animelayers.engine import cluster

SENT = {"animelayers": Path(job.__file__).parent.parent, "conf": job.CONF, "jobs": job.JOBS}
"""What a cluster needs of this package, and where it is here: beside each other in a checkout, all in one
where it is installed.
"""
PATHS = ("source.path", "output")


def main() -> int:
    """Parse, submit, follow; the exit code is the job's own (2 for a submission that is refused)."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="example: animelayers submit --address http://127.0.0.1:8265 decompose source.path=/shared/film.mkv output=/shared/layers",
    )
    parser.add_argument(
        "--address", default="http://127.0.0.1:8265", help="the job server (default: %(default)s)"
    )
    parser.add_argument(
        "--python",
        default="python",
        help="the cluster's Python with animelayers' packages (default: %(default)s)",
    )
    parser.add_argument(
        "--no-wait", action="store_true", help="return when the job is accepted instead of following its log"
    )
    parser.add_argument(
        "job", choices=sorted(p.stem for p in job.JOBS.glob("*.py") if p.stem != "submit"), help="which job"
    )
    parser.add_argument(
        "overrides",
        nargs="*",
        help="the job's own words, as on its command line; paths must be reachable from the cluster",
    )
    args = parser.parse_args()
    if not _loopback(args.address) and os.environ.get("RAY_AUTH_MODE") != "token":
        print(
            f"error: {args.address} is not this machine, and whoever reaches a job server runs anything: set RAY_AUTH_MODE=token",
            file=sys.stderr,
        )
        return 2
    try:
        own = _own()
    except ValueError as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 2
    words = [_absolute(word) for word in args.overrides]
    if not any(word.startswith("cluster") for word in words):
        words.append("cluster=ray")
    try:
        from ray.exceptions import AuthenticationError
        from ray.job_submission import JobSubmissionClient
    except ImportError:
        print(
            "error: sending jobs needs Ray's job client: pip install 'animelayers[cluster]'", file=sys.stderr
        )
        return 2
    try:
        client = JobSubmissionClient(args.address)
    except AuthenticationError:
        print(
            f"error: {args.address} asks for a token: set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN (or RAY_AUTH_TOKEN_PATH)",
            file=sys.stderr,
        )
        return 2
    except (ConnectionError, RuntimeError, ValueError) as problem:
        print(f"error: no job server answers at {args.address}: {problem}", file=sys.stderr)
        return 2
    command = shlex.join([args.python, f"jobs/{args.job}.py", *words])
    try:
        number = _submit(client, command, own)
    except RuntimeError as problem:
        print(f"error: {args.address} did not take the job: {problem}", file=sys.stderr)
        return 1
    print(f"{number}: {command}", file=sys.stderr)
    if args.no_wait:
        return 0
    try:
        asyncio.run(_follow(client, number))
    except KeyboardInterrupt:
        print(
            f"the job goes on: follow it with `ray job logs --address {args.address} --follow {number}`",
            file=sys.stderr,
        )
        return 130
    info = client.get_job_info(number)
    if info.driver_exit_code is None:
        print(f"error: {info.status.value.lower()}: {info.message}", file=sys.stderr)
        return 1
    return int(info.driver_exit_code)


def _own() -> dict[str, Path]:
    """The packages and modules that ANIMELAYERS_ALLOW names, and where they are here. Raises ValueError for
    one that is not.
    """
    found = {}
    for name in filter(None, os.environ.get(job.ALLOW, "").split(",")):
        spec = importlib.util.find_spec(name.partition(".")[0])
        if spec is None or spec.origin is None:
            raise ValueError(f"ANIMELAYERS_ALLOW={name}: there is no package of this name here")
        place = Path(spec.origin)
        place = place.parent if spec.submodule_search_locations else place
        found[place.name] = place
    return found


def _submit(client: Any, command: str, own: dict[str, Path]) -> str:
    """Send the code, a person's `own` too, and the command; a cluster that has just started has no agent for
    the first few seconds.
    """
    logging.getLogger("ray").setLevel(logging.ERROR)
    end = time.monotonic() + 60
    with tempfile.TemporaryDirectory(prefix="animelayers-") as folder:
        for name, place in {**SENT, **own}.items():
            if place.is_dir():
                shutil.copytree(place, Path(folder) / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(place, folder)
        told = {"PYTHONPATH": ".", **{name: os.environ[name] for name in cluster.TOLD if name in os.environ}}
        while True:
            try:
                return str(
                    client.submit_job(
                        entrypoint=command, runtime_env={"working_dir": folder, "env_vars": told}
                    )
                )
            except RuntimeError as problem:
                if "No available agent" not in str(problem) or time.monotonic() > end:
                    raise
                time.sleep(2)


async def _follow(client: Any, number: str) -> None:
    async for text in client.tail_job_logs(number):
        print(text, end="", flush=True)


def _loopback(address: str) -> bool:
    host = urlsplit(address if "//" in address else f"//{address}").hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _absolute(word: str) -> str:
    """An override with a path of this machine made absolute: the job runs in another folder."""
    key, _, value = word.partition("=")
    return (
        f"{key}={Path(value).expanduser().resolve()}"
        if key in PATHS and value and "://" not in value
        else word
    )


if __name__ == "__main__":
    sys.exit(main())
