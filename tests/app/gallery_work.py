"""Work for the tests of the gallery's jobs: well-behaved, endless, deadly and greedy."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from inscape.errors import InputError
from inscape.parallel import parallel_map


def squares(settings, folder, tell):
    found = parallel_map(abs, range(settings["count"]), label="counting", backend="serial", progress=False)
    return {"sum": sum(found)}


def endless(settings, folder, tell):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path(folder, "child.txt").write_text(str(child.pid))
    tell("sleeping", 1, 10)
    time.sleep(600)
    return {}


def deadly(settings, folder, tell):
    os.kill(os.getpid(), signal.SIGKILL)


def greedy(settings, folder, tell):
    return {"held": len(bytearray(settings["bytes"]))}


def refusing(settings, folder, tell):
    raise InputError("column: none found,\nexpected one")


def broken(settings, folder, tell):
    raise ZeroDivisionError("a secret of the machine")


def interrupted(settings, folder, tell):
    os.write(int(sys.argv[2]), b'{"result": {"half of a wo')
    os.kill(os.getpid(), signal.SIGKILL)


def homeless(settings, folder, tell):
    shutil.rmtree(folder)
    Path(folder).write_text("no folder any more, so that nothing can be written into it")
    return {"found": 1}
