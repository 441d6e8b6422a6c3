"""Processes that start at once: they are forked from one that has imported the service already.

An import of the service takes seconds, many times what most commands here do.
"""

import multiprocessing
import os
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from multiprocessing.connection import Connection

from service.app import main

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["bench.forks", "bench.purger"])


def kluis(environment: Mapping[str, str], *arguments: str) -> str:
    """What the command prints to standard output; RuntimeError with all it said if it fails."""
    ours, theirs = FORKS.Pipe(duplex=False)
    process = FORKS.Process(target=_command, args=(dict(environment), arguments, theirs))
    process.start()
    theirs.close()
    out, err = ours.recv()
    process.join()
    if process.exitcode:
        raise RuntimeError(f"kluis {' '.join(arguments)}: {out}{err}")
    return str(out)


def _command(environment: dict[str, str], arguments: tuple[str, ...], said: Connection) -> None:
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["kluis", *arguments]
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
        try:
            main()
        finally:
            said.send((out.getvalue(), err.getvalue()))
