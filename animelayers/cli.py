"""The command `animelayers JOB …`: every job of `jobs/` by its name, with the same words as its script."""

from __future__ import annotations

import animelayers.early  # noqa: F401  (before what takes long)

# isort: split
import ast
import difflib
import runpy
import sys
from collections.abc import Iterator

from animelayers import __version__
from animelayers.job import JOBS

_HEAD = """animelayers takes animation apart: characters, effects, background and masks, for people who train models on it.

  animelayers decompose FILM OUT      the layers of a film, or of a folder of films or frames
  animelayers annotate OUT            what its frames show
  animelayers curate OUT SET          a balanced training set of them
  animelayers export kohya OUT SET    the layers in the form a trainer or an editor reads

animelayers JOB --help tells what a job takes. Jobs:
"""


def run() -> None:
    """The command: see `main`."""
    sys.exit(main())


def main() -> int:
    """Run a job by its name; gives the exit code of what is no job. A job exits for itself."""
    words = sys.argv[1:]
    names = dict(jobs())
    if not words or words[0] in ("-h", "--help", "help"):
        width = max(map(len, names))
        sys.stdout.write(_HEAD + "".join(f"  {name:<{width}}  {what}\n" for name, what in names.items()))
        return 0 if words else 2
    if words[0] in ("-V", "--version"):
        sys.stdout.write(f"animelayers {__version__}\n")
        return 0
    name = words[0].replace("-", "_")
    if name not in names:
        near = difflib.get_close_matches(name, names, 1)
        hint = f"did you mean {near[0]}?" if near else f"there is: {', '.join(names)}"
        sys.stderr.write(f"error: {words[0]} is no job; {hint}\n")
        return 2
    path = JOBS / f"{name}.py"
    sys.argv = [str(path), *words[1:]]
    sys.path.insert(0, str(JOBS))  # as Python does for a script: jobs use each other
    runpy.run_path(str(path), run_name="__main__")
    return 0


def jobs() -> Iterator[tuple[str, str]]:
    """The jobs that are installed, and what each does."""
    for path in sorted(JOBS.glob("*.py")):
        said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        yield path.stem, said.split("`")[0].splitlines()[0].strip() if said else ""
