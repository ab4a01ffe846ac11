"""Imported before all else by what is started as a program: until its work begins, Ctrl-C ends it as it ends
any other, without a word.

Imports take seconds on a busy machine, there is nothing yet to let go of, and Python's own answer is a
traceback.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

# not where it is ignored, as in the background of a shell
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def interruptible() -> Iterator[None]:
    """While the work goes on, Ctrl-C is KeyboardInterrupt."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
