"""Addresses inside the site: functions of ids and project names alone, and so stable. Pure.

A link is made only here, never from record text: whatever is not an id or a valid name is refused.
Each address names its file (``…/index.html``), so that links also work from ``file://``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal

from labrec.errors import UnsafeError
from labrec.record.digest import Digest
from labrec.record.ids import parse_id
from labrec.record.layout import check_project, check_slug

HOME: Final = "index.html"
DATA: Final = "data/index.html"
RUNS: Final = "runs/index.html"
MACHINES: Final = "machines/index.html"
DATASETS: Final = "datasets/index.html"
METRICS: Final = "metrics/index.html"
REPORTS: Final = "reports/index.html"
COMPARE: Final = "compare/index.html"
SEARCH: Final = "search/index.html"
CITE: Final = "cite/index.html"
FEED: Final = "feed.xml"
ASSETS: Final = "assets/labrec/"
"""Where the site's own styles and scripts lie; the theme's are in ``assets/``."""

# What a relative address may be made of: no scheme, no query, no escape, no way up.
_SAFE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*", re.ASCII)
_UP = re.compile(r"\A(?:\.\./)*")
_DIGEST = re.compile("[0-9a-f]{64}")
_SHARD = re.compile("[a-z0-9-]{1,80}", re.ASCII)
_MACHINE = re.compile("[0-9a-f]{20}")
_ANCHOR = re.compile(r"(?:#[A-Za-z0-9_-]+)?", re.ASCII)


def project(name: str) -> str:
    """Return the page of a project.

    Raises:
        InvalidError: The name is none that a project can have.
    """
    return f"p/{check_project(name)}/index.html"


Section = Literal[
    "graph", "hypotheses", "attribution", "hardware", "pareto", "drift", "reproducibility", "rigor"
]
"""Pages that every project has beside its first."""


def section(name: str, which: Section) -> str:
    """Return one of the further pages of a project.

    Raises:
        InvalidError: The name is none that a project can have.
    """
    return f"p/{check_project(name)}/{which}/index.html"


def graph(name: str) -> str:
    """Return the page of a project's graph.

    Raises:
        InvalidError: The name is none that a project can have.
    """
    return section(name, "graph")


def hypothesis(name: str, slug: str) -> str:
    """Return the page of a hypothesis, whatever its registrations.

    Raises:
        InvalidError: The project's name or the slug is none.
    """
    return f"p/{check_project(name)}/h/{check_slug(slug)}/index.html"


def design(name: str, digest: str) -> str:
    """Return the page of a design: some factors, and a metric.

    Args:
        name: Its project.
        digest: Of the design, ``sha256:…``; its first 16 digits name the page.

    Raises:
        InvalidError: The project's name is none.
        UnsafeError: The digest is none.
    """
    hexadecimal = digest.removeprefix("sha256:")
    if not _DIGEST.fullmatch(hexadecimal):
        raise UnsafeError(f"no design has the digest {digest!a:.100}")
    return f"p/{check_project(name)}/attribution/{hexadecimal[:16]}/index.html"


def is_machine(machine_id: str) -> bool:
    """Say whether a machine's id is one that labrec makes, and so has a page."""
    return _MACHINE.fullmatch(machine_id) is not None


def machine(machine_id: str) -> str:
    """Return the page of a machine.

    Args:
        machine_id: Its pseudonymous id.

    Raises:
        UnsafeError: It is none.
    """
    if not is_machine(machine_id):
        raise UnsafeError(f"no machine has the id {machine_id!a:.100}")
    return f"machines/{machine_id}/index.html"


def pair(name: str, run_id: str) -> str:
    """Return the page that shows a run beside its parent.

    Raises:
        InvalidError: The name or the id is none.
    """
    return run(name, run_id).removesuffix("index.html") + "parent/index.html"


def shard(name: str, what: str) -> str:
    """Return where data of a project lies that the page of comparisons asks for.

    Args:
        name: The project.
        what: Which data: ``[a-z0-9-]+``.

    Raises:
        InvalidError: The name is none that a project can have.
        UnsafeError: There can be no such data.
    """
    if not _SHARD.fullmatch(what):
        raise UnsafeError(f"there is no data called {what!a:.100}")
    return f"compare/p/{check_project(name)}/{what}.js"


def report(slug: str, version: int | None = None) -> str:
    """Return the page of a report.

    Args:
        slug: Its name.
        version: One of its frozen versions, from 1; None = the page that leads to all of them.

    Raises:
        InvalidError: The name is none.
    """
    place = f"reports/{check_slug(slug)}/"
    return f"{place}index.html" if version is None else f"{place}v{version}/index.html"


def experiment(name: str, key: str) -> str:
    """Return where an experiment stands on the page of its project.

    Args:
        name: Its project.
        key: Its config digest.

    Raises:
        InvalidError: The name is none that a project can have.
    """
    return f"{project(name)}#{experiment_anchor(key)}"


def experiment_anchor(key: str) -> str:
    """Return the id of an experiment's row in the page of its project."""
    hexadecimal = key.removeprefix("sha256:")
    if not _DIGEST.fullmatch(hexadecimal):
        hexadecimal = Digest.of(key.encode()).short
    return f"x-{hexadecimal[:12]}"


def dataset(digest: str) -> str:
    """Return where a dataset version that the lab holds stands.

    Args:
        digest: Of its document, ``sha256:…``.
    """
    return f"{DATASETS}#{dataset_anchor(digest)}"


def dataset_anchor(digest: str) -> str:
    """Return the id of a dataset version's row in the page of datasets."""
    return f"dataset-{_short(digest)}"


def unheld(name: str, called: str, version: str | None, digest: str | None) -> str:
    """Return where a dataset stands that runs of a project name and the lab does not hold.

    Args:
        name: The project.
        called: What the runs call it.
        version: The version that they name.
        digest: The digest that they name.
    """
    return f"{DATASETS}#{unheld_anchor(name, called, version, digest)}"


def unheld_anchor(name: str, called: str, version: str | None, digest: str | None) -> str:
    """Return the id of such a dataset's row in the page of datasets."""
    return f"dataset-{_hashed(name, called, version or '', digest or '')}"


def metric(name: str, called: str) -> str:
    """Return where a metric stands.

    Args:
        name: Its project.
        called: What its runs call it.
    """
    return f"{METRICS}#{metric_anchor(name, called)}"


def metric_anchor(name: str, called: str) -> str:
    """Return the id of a metric's row in the page of metrics."""
    return f"metric-{_hashed(name, called)}"


def definition_anchor(digest: str) -> str:
    """Return the id of a definition's row in the page of metrics."""
    return f"definition-{_short(digest)}"


def _short(digest: str) -> str:
    """Return the first digits of a digest; what is none is hashed."""
    hexadecimal = digest.removeprefix("sha256:")
    return hexadecimal[:16] if _DIGEST.fullmatch(hexadecimal) else _hashed(digest)


def _hashed(*texts: str) -> str:
    """Return digits that stand for texts: record text is part of no address."""
    return Digest.of("\0".join(texts).encode("utf-8", "surrogatepass")).hex[:16]


@lru_cache(maxsize=1 << 15)  # a dozen pages name each run
def run(name: str, run_id: str) -> str:
    """Return the page of a run.

    Args:
        name: Its project.
        run_id: Its id.

    Raises:
        InvalidError: The name or the id is none.
    """
    return f"p/{check_project(name)}/r/{parse_id(run_id)}/index.html"


def record(name: str, run_id: str) -> str:
    """Return where the stored bytes of a run's record are served.

    Raises:
        InvalidError: The name or the id is none.
    """
    return run(name, run_id).removesuffix("index.html") + "record.json"


def check(url: str) -> str:
    """Return an address inside the site as it is.

    Raises:
        UnsafeError: It could lead anywhere else.
    """
    path, hash_sign, anchor = url.partition("#")
    is_safe = (not path or _SAFE.fullmatch(path)) and _ANCHOR.fullmatch(hash_sign + anchor)
    if not url or not is_safe:
        raise UnsafeError(
            f"no page of the site has the address {url!a:.100}",
            hint="This is a bug in labrec: an address was made from something else than ids.",
        )
    return url


def relative(url: str) -> str:
    """Return an address that is relative to a page as it is: ways up, then one inside the site.

    Raises:
        UnsafeError: It could lead anywhere else.
    """
    check(_UP.sub("", url))
    return url


def to_root(path: str) -> str:
    """Return the relative way from a file of the site back to its root."""
    return "../" * path.count("/") or "./"
