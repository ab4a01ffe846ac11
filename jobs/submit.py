"""Send any job to a Ray cluster's job server, with the same overrides, and follow its log."""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import os
import shlex
import sys
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[1]
LEFT_HERE = [".git", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", "demo", "outputs", "__pycache__"]
PATHS = ("source.path", "output")


def main() -> int:
    """Parse, submit, follow; the exit code is the job's own (2 for a submission that is refused)."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="example: python jobs/submit.py --address http://127.0.0.1:8265 decompose source.path=/shared/film.mkv output=/shared/layers",
    )
    parser.add_argument("--address", default="http://127.0.0.1:8265", help="the job server (default: %(default)s)")
    parser.add_argument("--python", default="python", help="the cluster's Python with animelayers' packages (default: %(default)s)")
    parser.add_argument("--no-wait", action="store_true", help="return when the job is accepted instead of following its log")
    parser.add_argument("job", choices=sorted(p.stem for p in (ROOT / "jobs").glob("*.py") if p.stem != "submit"), help="which job")
    parser.add_argument("overrides", nargs="*", help="the job's own words, as on its command line; paths must be reachable from the cluster")
    args = parser.parse_args()
    if not _loopback(args.address) and os.environ.get("RAY_AUTH_MODE") != "token":
        print(f"error: {args.address} is not this machine, and whoever reaches a job server runs anything: set RAY_AUTH_MODE=token", file=sys.stderr)
        return 2
    words = [_absolute(word) for word in args.overrides]
    if not any(word.startswith("cluster") for word in words):
        words.append("cluster=ray")
    try:
        from ray.job_submission import JobSubmissionClient

        client = JobSubmissionClient(args.address)
    except ImportError:
        print("error: sending jobs needs Ray's job client: pip install 'animelayers[cluster]'", file=sys.stderr)
        return 2
    except (ConnectionError, RuntimeError, ValueError) as problem:
        print(f"error: no job server answers at {args.address}: {problem}", file=sys.stderr)
        return 2
    command = shlex.join([args.python, f"jobs/{args.job}.py", *words])
    number = client.submit_job(entrypoint=command, runtime_env={"working_dir": str(ROOT), "excludes": LEFT_HERE, "env_vars": {"PYTHONPATH": "."}})
    print(f"{number}: {command}", file=sys.stderr)
    if args.no_wait:
        return 0
    try:
        asyncio.run(_follow(client, number))
    except KeyboardInterrupt:
        print(f"the job goes on: follow it with `ray job logs --address {args.address} --follow {number}`", file=sys.stderr)
        return 130
    info = client.get_job_info(number)
    if info.driver_exit_code is None:
        print(f"error: {info.status.value.lower()}: {info.message}", file=sys.stderr)
        return 1
    return int(info.driver_exit_code)


async def _follow(client: object, number: str) -> None:
    async for text in client.tail_job_logs(number):  # type: ignore[attr-defined]
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
    return f"{key}={Path(value).expanduser().resolve()}" if key in PATHS and value and "://" not in value else word


if __name__ == "__main__":
    sys.exit(main())
