"""Does any damaged file make a reader crash, hang, eat memory or answer with anything but one clear line?

    python benchmarks/fuzz_readers.py [mutations per format, 10000] [format ...]

Good files of every format are damaged (bytes flipped, cut, spliced, doubled, zeroed, numbers set to extremes) and read
in forked workers with limits on time and memory. Allowed are a recording or an `InscapeError`; all else is listed.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import lzma
import multiprocessing
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import warnings
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from inscape.errors import InscapeError
from inscape.trajectories import Trajectories, Trajectory, read, write

SECONDS = 20
MEMORY = 6 << 30
OWN_SLIPS = (TypeError, KeyError, IndexError, AttributeError, AssertionError, ValueError, ArithmeticError)


def seeds(folder: Path) -> dict[str, list[Path]]:
    """Good files to start from, ours and foreign, by format."""
    rng = np.random.default_rng(0)
    times = np.arange(40) * 0.1
    run = Trajectory(
        times, rng.normal(size=(40, 3)), rng.normal(size=40), {"mass": 2.5, "who": "A"}, units={"time": "s"}
    )
    many = Trajectories([run, run[:7]])
    field = Trajectory(times[:6], rng.normal(size=(6, 4, 5)))
    found: dict[str, list[Path]] = {}
    suffixes = {
        "csv": (".csv", ".tsv", ".csv.gz", ".csv.xz"),
        "parquet": (".parquet",),
        "npz": (".npz",),
        "mat": (".mat",),
        "mat-v7.3": (".mat",),
        "hdf5": (".h5",),
        "netcdf": (".nc",),
        "zarr": (".zarr",),
        "wav": (".wav",),
    }
    for name, ends in suffixes.items():
        found[name] = []
        for end in ends:
            for label, value in (("run", run), ("many", many), ("field", field)):
                path = folder / f"{label}-{name}{end}"
                write(value, path, format=name)
                found[name].append(path)
    found["csv"] += _foreign_tables(folder)
    found["npz"] += _saved(folder / "plain.npz", lambda p: np.savez(p, t=times, x=rng.normal(size=(40, 2))))
    found["npz"] += _saved(folder / "bare.npy", lambda p: np.save(p, rng.normal(size=(40, 2))))
    from scipy.io import netcdf_file, savemat, wavfile

    found["mat"] += _saved(
        folder / "plain.mat", lambda p: savemat(p, {"t": times, "s": {"x": rng.normal(size=(3, 40))}})
    )
    found["wav"] += _saved(
        folder / "plain.wav", lambda p: wavfile.write(p, 8000, (rng.normal(size=400) * 99).astype("i2"))
    )

    def classic(path: Path) -> None:
        with netcdf_file(str(path), "w") as file:
            file.createDimension("time", 40)
            file.createVariable("time", "d", ("time",))[:] = times
            file.variables["time"].units = "days since 2000-01-01"
            file.createVariable("h", "h", ("time",))[:] = np.arange(40)
            file.variables["h"].scale_factor = 0.5

    found["netcdf"] += _saved(folder / "classic.nc", classic)
    import pandas

    dates = pandas.DataFrame({"date": pandas.date_range("2020-01-01", periods=40), "x": rng.normal(size=40)})
    found["parquet"] += _saved(folder / "dates.parquet", dates.to_parquet)
    return found


def _saved(path: Path, save: Any) -> list[Path]:
    save(path)
    return [path]


def _foreign_tables(folder: Path) -> list[Path]:
    texts = {
        "dates.csv": "date;x [m];y\n" + "".join(f"2020-01-{i + 1:02d}T00:00Z;{i},5;-1\n" for i in range(28)),
        "blank.dat": "# made by hand\n" + "".join(f"  {i * 0.5}   {i**2}  1e{i}\n" for i in range(30)),
        "quoted.csv": '"t (s)","x, y"\r\n' + "".join(f'"{i}","{-i}"\r\n' for i in range(30)),
    }
    out = []
    for name, text in texts.items():
        (folder / name).write_text(text)
        out.append(folder / name)
    (folder / "packed.csv.gz").write_bytes(gzip.compress(texts["quoted.csv"].encode()))
    (folder / "wide.csv").write_bytes(texts["quoted.csv"].encode("utf-16"))
    return [*out, folder / "packed.csv.gz", folder / "wide.csv"]


def damaged(content: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """One mutation, or a few at once."""
    out = bytearray(content)
    for _ in range(int(rng.choice([1, 1, 1, 1, 2, 4]))):
        if not out:
            break
        place = int(rng.integers(len(out)))
        # Headers lie at the ends of a file; most bytes between are mere numbers.
        if rng.random() < 0.35:
            near = min(len(out), 600)
            place = int(rng.integers(near)) if rng.random() < 0.6 else len(out) - 1 - int(rng.integers(near))
        match int(rng.integers(9)):
            case 0:
                out[place] ^= 1 << int(rng.integers(8))
            case 1:
                out[place] = int(rng.integers(256))
            case 2:
                del out[place:]
            case 3:
                size = int(rng.integers(1, 64))
                del out[place : place + size]
            case 4:
                start, size = int(rng.integers(max(1, len(other)))), int(rng.integers(1, 200))
                out[place : place + size] = other[start : start + size]
            case 5:
                size = int(rng.integers(1, 64))
                out[place:place] = out[place : place + size]
            case 6:
                size = int(rng.integers(1, 16))
                out[place : place + size] = bytes(len(out[place : place + size]))
            case 7:
                extreme = rng.choice(
                    [b"\xff" * 4, b"\xff" * 8, b"\x00\x00\x00\x80", b"\x7f" + b"\xff" * 7, b"\xff\xff"]
                )
                out[place : place + len(extreme)] = extreme
            case 8:
                words = [
                    b"nan",
                    b"1e999",
                    b"-",
                    b"\n",
                    b",",
                    b'"',
                    b"\x00",
                    b"#",
                    b"{",
                    b"9" * 30,
                    b"\xef\xbb\xbf",
                    b"inf",
                ]
                out[place:place] = words[int(rng.integers(len(words)))]
    return bytes(out)


def damage_copy(good: Path, other: Path, target: Path, rng: np.random.Generator) -> None:
    """Write a damaged copy of a file, or of a store with one or two of its files damaged."""
    if good.is_dir():
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(good, target)
        files = sorted(p for p in target.rglob("*") if p.is_file())
        # Metadata is the small part and the dangerous one.
        meta = [p for p in files if p.name.startswith((".z", "zarr"))]
        for _ in range(int(rng.integers(1, 3))):
            pool = meta if rng.random() < 0.7 else files
            file = pool[int(rng.integers(len(pool)))]
            if not file.exists():
                continue
            draw = rng.random()
            if draw < 0.5 and file in meta:
                with contextlib.suppress(ValueError, IndexError):
                    file.write_bytes(damaged_json(file.read_bytes(), rng))
            elif draw < 0.55:
                file.unlink()
            else:
                file.write_bytes(damaged(file.read_bytes(), files[0].read_bytes() if files[0].exists() else b"", rng))
    elif rng.random() < 0.5:
        target.write_bytes(damaged_inside(good, rng))
    else:
        target.write_bytes(damaged(good.read_bytes(), other.read_bytes(), rng))


def damaged_inside(good: Path, rng: np.random.Generator) -> bytes:
    """The content damaged and packed again, so that no checksum of the packing gives it away."""
    content = good.read_bytes()
    if good.suffix == ".gz":
        return gzip.compress(damaged(gzip.decompress(content), content, rng), 1)
    if good.suffix == ".xz":
        return lzma.compress(damaged(lzma.decompress(content), content, rng), preset=0)
    if good.suffix == ".npz":
        packed = io.BytesIO()
        with zipfile.ZipFile(good) as old, zipfile.ZipFile(packed, "w") as new:
            hit = int(rng.integers(len(old.namelist())))
            for number, name in enumerate(old.namelist()):
                member = old.read(name)
                new.writestr(name, damaged(member, content, rng) if number == hit else member)
        return packed.getvalue()
    return damaged(content, content, rng)


def damaged_json(content: bytes, rng: np.random.Generator) -> bytes:
    """Metadata that is still JSON, with one value of it replaced by another."""
    tree = json.loads(content)
    places: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        for key in list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
            places.append((node, key))
            walk(node[key])

    walk(tree)
    node, key = places[int(rng.integers(len(places)))]
    odd = [
        None,
        -1,
        0,
        1 << 40,
        1e300,
        "",
        "pickle",
        "float32",
        "|O",
        [],
        {},
        [0],
        [[1]],
        True,
        "x" * 300,
        "NaN",
        "<f8",
    ]
    node[key] = odd[int(rng.integers(len(odd)))]
    return json.dumps(tree).encode()


def look_at(path: Path) -> str:
    """Read a file and look at all it holds; the name of what came of it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = read(path, dt=1.0) if path.suffix in (".npy", ".dat") else read(path)
            for run in [found] if isinstance(found, Trajectory) else found:
                run.states.sum()
    except InscapeError as error:
        if ours := _own_slip(error):
            return ours
        return "clear line" if "\n" not in str(error) and len(str(error)) < 1500 else f"unclear: {str(error)[:100]!r}"
    except BaseException as error:
        return f"{type(error).__name__}: {str(error)[:100]}"
    return "read"


def _own_slip(error: BaseException) -> str:
    """A foreign error that was raised by our own lines and caught at the door: a check that is missing."""
    cause, frame = error.__cause__, None
    frame = cause.__traceback__ if cause is not None else None
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    if cause is None or frame is None or isinstance(cause, InscapeError):
        return ""
    place = Path(frame.tb_frame.f_code.co_filename)
    if "inscape" not in place.parts or not isinstance(cause, OWN_SLIPS):
        return ""
    return f"slip: {type(cause).__name__} {str(cause)[:80]} at {place.name}:{frame.tb_lineno}"


def worker(jobs: Any, answers: Any, memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    for path in iter(jobs.recv, None):
        answers.send(look_at(Path(path)))


def fuzz(name: str, good: list[Path], count: int, folder: Path) -> tuple[Counter, list[str], float]:
    """Damage and read `count` files of one format."""
    context = multiprocessing.get_context("fork")
    rng = np.random.default_rng(abs(hash_of(name)))
    outcomes: Counter = Counter()
    bad: list[str] = []
    slowest, process, jobs, answers = 0.0, None, None, None
    for number in range(count):
        if process is None:
            (child_jobs, jobs), (answers, child_answers) = context.Pipe(False), context.Pipe(False)
            process = context.Process(target=worker, args=(child_jobs, child_answers, MEMORY), daemon=True)
            process.start()
            child_jobs.close()
            child_answers.close()
        seed, other = good[int(rng.integers(len(good)))], good[int(rng.integers(len(good)))]
        target = folder / f"damaged{''.join(seed.suffixes)}"
        damage_copy(seed, other if not other.is_dir() else seed, target, rng)
        start = time.perf_counter()
        jobs.send(str(target))
        try:
            outcome = answers.recv() if answers.poll(SECONDS) else "hang"
        except EOFError:
            process.join()
            code = process.exitcode or 0
            outcome = f"crash by {signal.Signals(-code).name}" if code < 0 else f"exit {code}"
        slowest = max(slowest, time.perf_counter() - start)
        if outcome in ("hang",) or outcome.startswith(("crash", "exit")):
            process.kill()
            process.join()
            process = None
        outcomes[outcome.split(":")[0]] += 1
        if outcome not in ("read", "clear line"):
            kept = folder / "kept" / f"{name}-{number}{''.join(seed.suffixes)}"
            kept.parent.mkdir(exist_ok=True)
            (shutil.copytree if target.is_dir() else shutil.copy)(target, kept)
            bad.append(f"{outcome}  {kept}")
    if process is not None:
        jobs.send(None)
        process.join()
    return outcomes, bad, slowest


def hash_of(name: str) -> int:
    return int.from_bytes(name.encode(), "little") % (1 << 32)


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    os.nice(10)
    base = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="fuzz", dir=base))
    found = seeds(folder)
    failed = False
    print(f"{'format':10} {'files':>7} {'read':>7} {'clear':>7} {'other':>6} {'slowest':>8} {'seconds':>8}")
    for name in sys.argv[2:] or found:
        start = time.perf_counter()
        outcomes, bad, slowest = fuzz(name, found[name], count, folder)
        spent = time.perf_counter() - start
        other = count - outcomes["read"] - outcomes["clear line"]
        row = f"{name:10} {count:7} {outcomes['read']:7} {outcomes['clear line']:7} {other:6}"
        print(f"{row} {slowest:7.2f}s {spent:7.0f}s", flush=True)
        for line in bad[:20]:
            print("   ", line)
        failed |= bool(bad)
    if not failed:
        shutil.rmtree(folder)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
