"""The software a run stands on: interpreter, system, packages, and a few named variables.

Nothing here depends on the time or on the run, so that two runs in one environment have one digest
and share one object. No variable is read that is not on the list, no path of the user is stored.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from labrec.capture.captured import Captured, DocumentWriter, Event, event
from labrec.capture.hardware.facts import Fact, Tree, fact, unavailable, value
from labrec.capture.software.distributions import distributions, names_only, state_of
from labrec.capture.software.interpreter import Python, find_python, this_python

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

VARIABLES = (
    "OMP_NUM_THREADS", "OMP_PROC_BIND", "OMP_PLACES", "OMP_SCHEDULE", "OMP_DYNAMIC",
    "KMP_AFFINITY", "KMP_BLOCKTIME", "GOMP_CPU_AFFINITY",
    "MKL_NUM_THREADS", "MKL_CBWR", "MKL_DYNAMIC", "OPENBLAS_NUM_THREADS", "OPENBLAS_CORETYPE",
    "BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS",
    "POLARS_MAX_THREADS", "RAYON_NUM_THREADS", "TOKENIZERS_PARALLELISM",
    "PYTHONHASHSEED", "PYTHONOPTIMIZE", "PYTHONUTF8", "PYTHONMALLOC",
    "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "CUDA_LAUNCH_BLOCKING", "CUDA_MODULE_LOADING",
    "CUBLAS_WORKSPACE_CONFIG", "NVIDIA_TF32_OVERRIDE", "NVIDIA_VISIBLE_DEVICES",
    "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "HSA_OVERRIDE_GFX_VERSION",
    "NCCL_ALGO", "NCCL_PROTO", "PYTORCH_CUDA_ALLOC_CONF", "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE",
    "TF_DETERMINISTIC_OPS", "TF_CUDNN_DETERMINISTIC", "TF_ENABLE_ONEDNN_OPTS",
    "TF_FORCE_GPU_ALLOW_GROWTH", "TF_XLA_FLAGS", "XLA_FLAGS", "XLA_PYTHON_CLIENT_PREALLOCATE",
    "JAX_ENABLE_X64", "JAX_PLATFORMS", "JAX_DEFAULT_MATMUL_PRECISION",
    "MALLOC_ARENA_MAX", "LANG", "LC_ALL", "LC_CTYPE", "LC_NUMERIC", "TZ",
)  # fmt: skip
"""The variables whose values are stored; ``capture.environment_variables`` adds to them."""

KEY_PACKAGES = (
    "numpy", "scipy", "pandas", "polars", "scikit-learn", "torch", "tensorflow", "jax", "jaxlib",
    "flax", "keras", "lightning", "transformers", "datasets", "accelerate", "peft", "vllm",
    "xgboost", "lightgbm", "catboost", "statsmodels", "numba", "triton", "onnxruntime", "gymnasium",
    "labrec",
)  # fmt: skip
"""The packages whose versions stand in the record itself, at both levels."""

_BLAS = re.compile(
    rb"/lib(openblas|mkl_rt|mkl_core|blis|atlas|cblas|flexiblas|nvblas)[^/\s]*$", re.MULTILINE
)
_writer = DocumentWriter()
_CUDA_PACKAGES = re.compile(r"nvidia-(cuda-runtime|cudnn|cublas|nccl)(-cu\d+)?")


class EnvironmentPolicy(NamedTuple):
    """What is captured of the environment.

    Attributes:
        level: ``basic``: interpreter, system, key packages; ``standard``: every distribution too.
        variables: Names whose values may be stored beside those of ``VARIABLES``.
        cache: Folder for caches; None keeps nothing.
    """

    level: str = "standard"
    variables: tuple[str, ...] = ()
    cache: Path | None = None


def capture_environment(
    policy: EnvironmentPolicy,
    argv: Sequence[str] | None = None,
    *,
    cwd: str | None = None,
    environ: Mapping[str, str] | None = None,
    root: str = "/",
) -> Captured:
    """Capture the environment of this process, or of a command that is about to start.

    Args:
        policy: What is captured.
        argv: The command; None for this process.
        cwd: The command's working directory; the current one when left out.
        environ: The command's environment; this process's when left out.
        root: Folder that stands for ``/`` where the system is described.
    """
    seen = os.environ if environ is None else environ
    tree = Tree(root)
    found = this_python() if argv is None else find_python(argv, cwd or os.getcwd(), seen)
    python = found if isinstance(found, Python) else None
    packages, installed, events = _packages(policy, found)
    interpreter = None
    if python is not None:
        interpreter = {"implementation": python.implementation, "version": python.version or ""}
    uname = os.uname()
    system = {
        "system": uname.sysname,
        "release": uname.release,
        "distribution": _distribution(tree),
    }
    document: dict[str, Any] = {
        "schema": "labrec.environment/1.0",
        "level": policy.level,
        "interpreter": interpreter or unavailable(str(found)),
        "os": system,
        "packages": packages,
        "variables": {
            name: seen[name] for name in sorted({*VARIABLES, *policy.variables}) if name in seen
        },
        "locale": next((seen[n] for n in ("LC_ALL", "LC_CTYPE", "LANG") if seen.get(n)), "C"),
    }
    if policy.level == "standard":
        document["distributions"] = installed
        document |= _system_libraries(tree, seen, installed, own=argv is None)
    written = _writer.write(document)
    section = {
        "minor": 0,
        "level": policy.level,
        "digest": written.digest,
        "object": written.stored.ref,
        "interpreter": interpreter,
        "os": system,
        "packages": packages,
    }
    return Captured(section, [written.stored], events)


_Packages = tuple[dict[str, str], Any, list[Event]]

# The packages of the last run of this process, and what they were read from.
_last_packages: list[tuple[Any, _Packages]] = []


def _packages(policy: EnvironmentPolicy, python: Python | str) -> _Packages:
    """Return key packages, all distributions (standard), and why there are none."""
    if isinstance(python, str):
        return {}, unavailable(python), [event("unavailable", "Python packages", python)]
    state = state_of(python.folders) if policy.cache is not None else None
    if state is None:
        return _read_packages(policy, python)
    key = (policy.level, python.folders, state)
    for seen, packages in _last_packages:
        if seen == key:
            return packages
    packages = _read_packages(policy, python)
    _last_packages[:] = [(key, packages)]
    return packages


def _read_packages(policy: EnvironmentPolicy, python: Python) -> _Packages:
    events = []
    if not python.folders:
        reason = "the interpreter's package folders are not known"
        events.append(event("unavailable", "Python packages", reason))
    if policy.level == "standard":
        listed = distributions(python.folders, policy.cache)
        versions = {one.key: one.version for one in listed}
        rows = [
            {"name": one.name, "version": one.version}
            | ({"origin": one.origin} if one.origin else {})
            for one in listed
        ]
    else:
        versions = names_only(python.folders)
        rows = []
    return {name: versions[name] for name in KEY_PACKAGES if name in versions}, rows, events


def _distribution(tree: Tree) -> str | None:
    """Return name and version of the Linux distribution, from os-release(5)."""
    for place in ("/etc/os-release", "/usr/lib/os-release"):
        text = tree.optional(place)
        if text is not None:
            found = dict(re.findall(r'^([A-Z_]+)="?([^"\n]*)"?$', text, re.MULTILINE))
            named = f"{found.get('ID', '')} {found.get('VERSION_ID', '')}".strip()
            return named or None
    build = tree.optional("/system/build.prop") or ""
    release = re.search(r"^ro\.build\.version\.release=(\S+)$", build, re.MULTILINE)
    return f"android {release[1]}" if release else None


def _system_libraries(
    tree: Tree, environ: Mapping[str, str], installed: Any, *, own: bool
) -> dict[str, Fact]:
    cuda = {
        row["name"]: row["version"]
        for row in (installed if isinstance(installed, list) else [])
        if _CUDA_PACKAGES.fullmatch(row["name"].lower())
    }
    return {
        "timezone": fact(lambda: environ.get("TZ") or _timezone(tree)),
        "libc": fact(lambda: os.confstr("CS_GNU_LIBC_VERSION")),
        "nvidia_driver": fact(lambda: _driver(tree)),
        "cuda": value(cuda) if cuda else fact(lambda: _cuda(tree)),
        "blas": fact(_blas) if own else unavailable("the command had not started"),
    }


def _timezone(tree: Tree) -> str:
    return tree.link("/etc/localtime").partition("zoneinfo/")[2]


def _driver(tree: Tree) -> str | None:
    text = tree.text("/proc/driver/nvidia/version")
    found = re.search(r"\s(\d+\.\d+(?:\.\d+)?)\s", text)
    return found[1] if found else None


def _cuda(tree: Tree) -> dict[str, str]:
    """Return the version of the toolkit that is installed beside the packages."""
    found = re.search(
        r'"cuda"\s*:\s*\{[^}]*"version"\s*:\s*"([^"]+)"', tree.text("/usr/local/cuda/version.json")
    )
    if found is None:
        raise ValueError("version.json")
    return {"toolkit": found[1]}


def _blas() -> list[str]:
    """Return the linear algebra libraries this process has loaded so far, file names only."""
    with open("/proc/self/maps", "rb") as stream:
        names = {os.path.basename(match[0]).decode() for match in _BLAS.finditer(stream.read())}
    return sorted(names)
