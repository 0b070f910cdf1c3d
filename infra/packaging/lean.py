"""Build the lean tree: the packages that eemeter's daily and billing models need, from the lock file, pruned.

`python -m infra.packaging.lean build DIRECTORY` builds the engine alone; `--worker` adds what else MeterWorker needs.
The same lock file gives the same tree, byte for byte, on every computer. `chalicelib/metering/lean.py` makes eemeter
run in it.
"""

import argparse
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from infra.locks import exclusive
from infra.packaging import elf
from infra.sources import REPOSITORY

LOCK = REPOSITORY / "requirements-meter.txt"
BUILT = REPOSITORY / ".local" / "lean"
MB = 1_000_000


# never imported by what we run
UNUSED = (
    "bin",
    "eemeter/eemeter/samples",
    "numpy/distutils",
    "pyproj/proj_dir",  # the world's coordinate systems; eeweather measures distances on the ellipsoid
)
UNUSED_BY_DAILY_MODELS = (
    *UNUSED,
    *(f"scipy/{name}" for name in ("cluster", "datasets", "fftpack", "io", "odr", "signal")),
)


class Contents(NamedTuple):
    """The contents of a tree: packages, to which their requirements are added, and its size limit in MB.

    unused: directories that are left out. sourced: packages whose sources are kept next to their bytecode.
    """

    name: str
    packages: tuple[str, ...]
    limit: int
    unused: tuple[str, ...] = UNUSED_BY_DAILY_MODELS
    sourced: tuple[str, ...] = ()


ENGINE = Contents("engine", ("eemeter", "nlopt", "numpy", "pandas", "pydantic", "scipy"), 180)
WORKER = Contents(
    "worker",
    # eeweather imports attrs without declaring it
    (
        *ENGINE.packages,
        "attrs",
        "aws-lambda-powertools",
        "boto3",
        "chalice",
        "eeweather",
        "orjson",
        "pynamodb",
        "tzdata",
    ),
    230,  # AWS's limit is 250 MiB, which is 262 MB, including our own code
)

WITHOUT_REQUIREMENTS = {"chalice", "eemeter"}  # which need theirs only for chalice's CLI and eemeter's hourly models
PRUNED = {"__pycache__", "tests", "INSTALLER", "RECORD", "REQUESTED", "conftest.py", "direct_url.json", "py.typed"}
PRUNED_SUFFIXES = {".a", ".c", ".f", ".h", ".hpp", ".pxd", ".pyi", ".pyx"}
# botocore's descriptions of all of AWS's services take 20 MB
SERVICES = {"dynamodb", "events", "s3", "sqs", "stepfunctions", "sts"}
LINUX = [f"manylinux_2_{minor}" for minor in range(34, 16, -1)] + ["manylinux2014"]  # 2.34 is Amazon Linux 2023's glibc
THIS_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
VISIBLE = "import sys; sys.path += sys.argv[1:3]; del sys.argv[1:3]; "


class LeanError(Exception):
    """The tree could not be built; the message says why."""


def locked(lock: str, packages: Iterable[str], alone: Iterable[str] = WITHOUT_REQUIREMENTS) -> str:
    """Return the part of a lock file that pins these packages and their requirements, except those of `alone`.

    The requirements are read from its comments: `# via pandas`. Raises LeanError for a package that is not pinned.
    """
    pins = {match[1]: match[0] for match in re.finditer(r"^([a-z0-9.-]+)==.*\n(?:[ #].*\n)*", lock, re.MULTILINE)}
    requires: dict[str, list[str]] = defaultdict(list)
    for name, pin in pins.items():
        for parent in re.findall(r"^ +#(?: +via)? +([a-z0-9.-]+)$", pin, re.MULTILINE):
            requires[parent].append(name)
    wanted: set[str] = set()
    found = list(packages)
    while found:
        name = found.pop()
        if name not in pins:
            raise LeanError(
                f"The lock file {LOCK.name} does not pin {name!r}: add it to requirements/, then run `make lock`."
            )
        if name not in wanted:
            wanted.add(name)
            found += [] if name in alone else requires[name]
    return "".join(pins[name] for name in sorted(wanted))


def build(
    target: Path, contents: Contents = ENGINE, *, architecture: str | None = None, python_version: str | None = None
) -> dict[str, int]:
    """Build a tree in a new directory. Return the bytes of each package.

    architecture: the Linux architecture to build for, x86_64 or aarch64. python_version: the Python to build for. Both
    default to this computer's. If `find_python` does not find that Python, the tree holds sources instead of bytecode.
    Raises LeanError.
    """
    if target.exists():
        raise LeanError(f"{target} already exists: name a new directory, or delete that one.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".lean-") as scratch:
        tree = Path(scratch, "tree")
        _install(tree, locked(LOCK.read_text(), contents.packages), architecture, python_version)
        _prune(tree, contents.unused)
        for path in tree.rglob("*.so*"):
            path.write_bytes(elf.shorten(path.read_bytes()))
        version = python_version or THIS_PYTHON
        interpreter = find_python(version)
        if interpreter:
            _compile(tree, interpreter, version, contents.sourced)
        sizes = by_package(tree)
        total = sum(sizes.values())
        if total > contents.limit * MB:
            raise LeanError(
                f"The tree takes {total / MB:.0f} MB; the limit is {contents.limit} MB:\n{table(sizes)}"
                "\nAdd directories that are never imported to UNUSED, or raise the limit."
            )
        tree.replace(target)
    return sizes


def find_python(version: str) -> str | None:
    """Return an interpreter of this version, such as 3.13, that actually runs; None if there is none."""
    if version == THIS_PYTHON:
        return sys.executable
    found = shutil.which(f"python{version}")
    output = subprocess.run([found, "--version"], capture_output=True, text=True).stdout if found else ""
    return found if output.startswith(f"Python {version}.") else None


def built(contents: Contents = ENGINE) -> Path:
    """Return the tree of this lock file for this computer, building it if needed. Raises LeanError."""
    makers = (LOCK, Path(__file__), Path(elf.__file__))
    key = hashlib.sha256(b"".join(path.read_bytes() for path in makers))
    key.update(f"{contents} {sys.implementation.cache_tag} {platform.machine()}".encode())
    target = BUILT / contents.name / key.hexdigest()[:16]
    with exclusive(target.parent.with_name(f"{contents.name}.lock")):
        if not target.exists():
            for old in target.parent.glob("[0-9a-f]*"):  # built from another lock file
                shutil.rmtree(old)
            build(target, contents)
    return target


def run_in_lean(
    tree: Path, code: str, *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run Python code with these `sys.argv[1:]` and nothing but the tree, this repository and the standard library."""
    command = [sys.executable, "-I", "-S", "-c", VISIBLE + code, str(tree), str(REPOSITORY), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def by_package(tree: Path) -> dict[str, int]:
    """Return bytes by package name, including its libraries and metadata, largest first."""
    sizes: Counter[str] = Counter()
    for path in tree.rglob("*"):
        if path.is_file():
            sizes[re.split(r"[-.]", path.relative_to(tree).parts[0])[0]] += path.stat().st_size
    return dict(sizes.most_common())


def table(sizes: Mapping[str, int]) -> str:
    """Return the sizes in MB, one line each, with their sum."""
    rows = [*sizes.items(), ("all", sum(sizes.values()))]
    return "\n".join(f"{size / MB:8.1f} MB  {name}" for name, size in rows)


def _install(tree: Path, pins: str, architecture: str | None, python_version: str | None) -> None:
    options = ["--only-binary=:all:", "--require-hashes", "--no-deps", "--no-compile", "--target", str(tree)]
    if architecture:
        options += [f"--platform={linux}_{architecture}" for linux in LINUX]
    if python_version:
        options += ["--python-version", python_version]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirements:
        requirements.write(pins)
        requirements.flush()
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *options]
        made = subprocess.run([*command, "-r", requirements.name], capture_output=True, text=True)
    if made.returncode:
        raise LeanError(f"pip could not install the packages (is the network available?):\n{made.stderr.strip()}")


def _prune(tree: Path, unused: Iterable[str]) -> None:
    services = [path for path in tree.glob("botocore/data/*") if path.is_dir() and path.name not in SERVICES]
    for path in [*services, *(tree / name for name in unused)]:
        shutil.rmtree(path, ignore_errors=True)
    for path in sorted(tree.rglob("*"), reverse=True):
        if path.is_dir():
            if path.name in PRUNED or not any(path.iterdir()):
                shutil.rmtree(path)
        elif path.name in PRUNED or path.suffix in PRUNED_SUFFIXES:
            path.unlink()


def _compile(tree: Path, interpreter: str, version: str, sourced: Iterable[str]) -> None:
    """Replace sources with bytecode: a function cannot save what it compiles, and both together would be too large."""
    code = (
        "import compileall, py_compile, sys; compileall.compile_dir(sys.argv[1], maxlevels=99, quiet=2, legacy=True,"
        " stripdir=sys.argv[1], invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)"
    )
    # its own process with a fixed seed, since bytecode depends on the state of the process
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    subprocess.run([interpreter, "-P", "-S", "-c", code, str(tree)], env=environment, check=True)
    for source in tree.rglob("*.py"):
        compiled = source.with_suffix(".pyc")
        if compiled.exists() and source.relative_to(tree).parts[0] in sourced:
            cache = source.parent / "__pycache__"
            cache.mkdir(exist_ok=True)
            compiled.replace(cache / f"{source.stem}.cpython-{version.replace('.', '')}.pyc")
        elif compiled.exists():
            source.unlink()


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.packaging.lean", description=__doc__)
    command = parser.add_subparsers(required=True).add_parser("build", help="build a tree and show its size")
    command.add_argument("directory", type=Path, help="where to build it; must not exist yet")
    command.add_argument("--worker", action="store_true", help="include everything that MeterWorker needs")
    command.add_argument("--platform", choices=["x86_64", "aarch64"], help="build for Linux on this architecture")
    command.add_argument(
        "--python-version", metavar="3.N", help="build for this Python; install it here too, to compile bytecode"
    )
    given = parser.parse_args(arguments)
    contents = WORKER if given.worker else ENGINE
    target = given.directory.resolve()
    print(table(build(target, contents, architecture=given.platform, python_version=given.python_version)))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except LeanError as error:
        sys.exit(str(error))
