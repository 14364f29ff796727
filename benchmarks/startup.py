"""How long until `inscape --help` answers, and how long does `import inscape` take?"""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np

REPEATS = 7
CASES = {
    "python -c pass": ["-c", "pass"],
    "import inscape": ["-c", "import inscape"],
    "inscape --help": ["-m", "inscape", "--help"],
    "inscape learn --help": ["-m", "inscape", "learn", "--help"],
    "import numpy, pandas, sklearn": ["-c", "import numpy, pandas, sklearn"],
}


def main() -> None:
    print(f"{'what':<32} {'median s':>9} {'least s':>9}")
    for name, arguments in CASES.items():
        seconds = []
        for _ in range(REPEATS):
            started = time.perf_counter()
            subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
            seconds.append(time.perf_counter() - started)
        print(f"{name:<32} {np.median(seconds):>9.3f} {min(seconds):>9.3f}")


if __name__ == "__main__":
    main()
