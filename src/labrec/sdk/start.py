"""What is decided and looked at before a run starts, for both doors: the SDK and the command."""

from __future__ import annotations

import os
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from labrec.capture.plan import RunPlan
from labrec.capture.session import Session
from labrec.errors import IntegrityError, InvalidError, LabrecError, NotFoundError
from labrec.gitio.repository import GitRepository
from labrec.record import layout
from labrec.record.ids import new_run_id
from labrec.sdk.given import level_or_none
from labrec.store.base import find_base

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from labrec.capture.captured import Captured, NewObject
    from labrec.sdk.inputs import FeaturesFile
    from labrec.sdk.planned import PlannedRun
    from labrec.store.lab import Lab
    from labrec.store.view import View

MAX_LOOKED = 4_096  # characters of a name that are searched; a longer one is refused anyway
JOIN_RUN = "LABREC_RUN"
JOIN_SPOOL = "LABREC_SPOOL"


class RunOptions(NamedTuple):
    """What a caller says about a run; everything has a default.

    Attributes:
        project: Name of the project; None = ``labrec.toml``'s, else the code's folder.
        name: Name of the run; None = the program's.
        features: What was varied, any tree of Python values.
        features_file: The file that ``features`` were read from.
        parent: Run id, its beginning, or a name; None = what the run's name says.
        seeds: Seeds by name.
        hypothesis: Slug or digest of a registration; None for none.
        tags: Free words.
        intent: Why the run is made.
        level: ``basic`` or ``standard``; None = the lab's.
        resume: Run that this one continues after preemption.
        fulfils: Planned run that this one carries out; what is left out here is as it says.
        reproduces: Run that this one repeats; project and name are its where they are left out.
        scratch: Never to be committed.
        datasets: Dataset versions of the lab that it uses, ``[ROLE=]NAME@VERSION`` each.
        kept: Options of ``labrec run`` that say what is kept of what the program leaves.
    """

    project: str | None = None
    name: str | None = None
    features: Mapping[str, Any] | None = None
    features_file: FeaturesFile | None = None
    parent: str | None = None
    seeds: Mapping[str, int | str] = {}
    hypothesis: str | None = None
    tags: Sequence[str] = ()
    intent: str | None = None
    level: str | None = None
    resume: str | None = None
    fulfils: str | None = None
    reproduces: str | None = None
    scratch: bool = False
    datasets: Sequence[str] = ()
    kept: tuple[str, ...] = ()


class Prepared(NamedTuple):
    """A run that can start.

    Attributes:
        lab: Where it will be recorded.
        plan: What was decided.
        sources: The bytes of the features file and of the project's definition.
        code_root: Folder of the code that is observed.
        command: Argument list of the observed program; None = this process.
        datasets: What `Session.log_dataset` is told.
    """

    lab: Lab
    plan: RunPlan
    sources: dict[str, NewObject]
    code_root: Path
    command: tuple[str, ...] | None
    datasets: tuple[dict[str, str], ...] = ()


def prepare(lab: Lab, options: RunOptions, command: Sequence[str] | None) -> Prepared:
    """Decide everything about a run that can be decided before it starts.

    Args:
        lab: Where it will be recorded.
        options: What the caller said.
        command: The program to observe; None = this process.

    Raises:
        NotFoundError: A parent, hypothesis or run to resume is not there.
        UsageError: One is ambiguous.
        InvalidError: A name or a definition is not valid.
    """
    from labrec.capture.secrets.guard import clean_argv  # heavy patterns, compiled where needed

    root = code_root()
    argv = tuple(command) if command is not None else own_command()
    sight = _Sight(lab)
    planned = _fulfilled(sight, options.fulfils)
    options = planned.complete(options) if planned is not None else options
    resumed, repeated = _known(sight, options.resume), _known(sight, options.reproduces)
    like = resumed or repeated
    project = project_of(lab, options.project or (like["project"] if like else ""))
    name = options.name or (like["name"] if like else "") or program_name(argv)
    name = layout.check_run_name(name)
    definition, rules = sight.definition(project)
    features = dict(options.features or {})
    if planned is not None and options.parent is None:
        parents, difference = planned.parents, planned.difference(features)
    else:
        parents, difference = _parents(sight, project, name, options.parent, features)
    source = _source(options.features_file, root)
    plan = RunPlan(
        run_id=new_run_id(),
        project=project,
        name=name,
        features=features,
        features_source=source[0] if source else None,
        nuisance=nuisance_of(rules, project),
        feature_diff=difference,
        parents=parents,
        hypotheses=_hypotheses(sight, project, options.hypothesis),
        seeds=_seeds(options.seeds),
        tags=tuple(dict.fromkeys(map(str, options.tags))),
        author=author_of(lab),
        intent=options.intent,
        reproduces=repeated["run_id"] if repeated else None,
        continues=resumed["run_id"] if resumed else None,
        fulfils=planned.run_id if planned is not None else None,
        level=level_or_none(options.level) or lab.settings.level,
        scratch=options.scratch,
        argv=tuple(clean_argv(_stored_argv(argv, root))[0]),
        options=tuple(clean_argv(_stored_argv(("", *options.kept), root)[1:])[0]),
        cwd=_relative(Path.cwd(), root),
        entry=_entry(argv, root),
        definition=definition[0] if definition else None,
        lab=str(lab.root),
    )
    return Prepared(
        lab,
        plan,
        {k: v[1] for k, v in (("features", source), ("definition", definition)) if v},
        root,
        tuple(argv) if command else None,
        tuple(_dataset(sight, project, text) for text in options.datasets),
    )


def begin(prepared: Prepared) -> Session:
    """Create the spool of a run and capture what is known before its program runs.

    Raises:
        StorageError: The spool cannot be created.
        SecretError: What would be captured holds a secret.
    """
    settings = prepared.lab.settings
    held = _held(prepared.lab)
    session = Session.start(
        prepared.lab.spool_root,
        prepared.plan,
        max_artifact=settings.max_artifact,
        known=held,
        sources=prepared.sources,
    )
    try:
        for used in prepared.datasets:
            session.log_dataset(**used)
        _observe(session, prepared, held)
    except BaseException:
        abandon(session)
        raise
    return session


def recover_first(lab: Lab) -> None:
    """Record the runs that were cut off before another one starts; failures are left for later."""
    if not lab.has_spools:
        return  # nearly always: and then none of it is imported
    from labrec.sdk.recovery import recover_quietly

    recover_quietly(lab)


def abandon(session: Session) -> None:
    """Remove the spool of a run that never started."""
    from labrec.capture.spool.ownership import clear_away  # only where a start fails

    session.close()
    clear_away(session.path)


def _held(lab: Lab) -> Callable[[str], bool] | None:
    """Return a test of what the lab holds already; None where that cannot be told."""
    try:
        return lab.holds()
    except LabrecError:
        return None  # then everything is kept in the spool


def _observe(session: Session, prepared: Prepared, held: Callable[[str], bool] | None) -> None:
    from labrec.capture.hardware.capture import capture_hardware
    from labrec.capture.software.environment import EnvironmentPolicy, capture_environment

    plan, settings = prepared.plan, prepared.lab.settings
    cache = prepared.lab.state_dir / "cache"
    policy = EnvironmentPolicy(plan.level, tuple(settings.environment_variables), cache)
    session.capture("code", lambda: _code(prepared, held))
    session.capture("environment", lambda: capture_environment(policy, prepared.command))
    session.capture("hardware", lambda: capture_hardware(settings.lab_id, cache=cache))
    session.capture("determinism", lambda: _determinism(prepared))


def _code(prepared: Prepared, held: Callable[[str], bool] | None) -> Captured:
    from labrec.capture.software.code import CodePolicy, capture_code

    settings = prepared.lab.settings
    script = _script(prepared.command or own_command())
    policy = CodePolicy(
        untracked=tuple(settings.untracked),
        # git knows the file by one name, however the command line leads to it
        script=os.path.normpath(Path(script).absolute())
        if script and Path(script).is_file()
        else None,
        cache=prepared.lab.state_dir / "cache",
        known=held,
    )
    return capture_code(prepared.code_root, policy)


def _determinism(prepared: Prepared) -> Captured:
    from labrec.capture.captured import Captured
    from labrec.capture.software.determinism import capture_determinism

    plan = prepared.plan
    section = capture_determinism(plan.seeds, flags=plan.flags, own=prepared.command is None)
    return Captured(section, [], [])


# --- names and places -------------------------------------------------------------------------


def project_of(lab: Lab, name: object) -> str:
    """Return a valid project name; it is part of every path, so it cannot be redacted later.

    Args:
        lab: Whose settings may name a project.
        name: What the caller said; empty = the lab's project, else the code's folder.

    Raises:
        InvalidError: It is not valid, or looks like a secret, which the message does not show.
    """
    from labrec.capture.secrets.search import scan  # compiled for the command line already

    name = name or lab.settings.project or layout.slugify_project(code_root().name)
    found = scan(str(name)[:MAX_LOOKED], "project name", lab.settings.secrets_allow)
    if found:
        raise InvalidError(
            f"the project name looks like a secret: {found[0].kind}, {found[0].length} bytes",
            hint="Name the project with --project or project in labrec.toml, without the secret.",
        )
    return layout.check_project(name)


def code_root() -> Path:
    """Return the folder of the code that runs here: the worktree around it, else the folder."""
    try:
        with GitRepository.discover(Path.cwd()) as git:
            return git.worktree or Path.cwd()
    except LabrecError:
        return Path.cwd()


def own_command() -> tuple[str, ...]:
    """Return the command line of this process, as far as Python knows it."""
    arguments = list(sys.orig_argv) or [sys.executable, *sys.argv]
    return tuple(arguments)


def program_name(argv: Sequence[str]) -> str:
    """Return what a run is called when nobody said: the script, or the program, without suffix."""
    script = _script(argv)
    name = Path(script or (argv[0] if argv else "") or "python").name
    stem = name.rpartition(".")[0] if script else name
    from labrec.record.text import one_line, storable

    return one_line(storable(stem or name)[0], layout.MAX_NAME) or "run"


def _script(argv: Sequence[str]) -> str | None:
    """Return the Python script or module of a command line, or None for another program."""
    if not argv or not Path(argv[0]).name.startswith(("python", "pypy")):
        return None
    words = iter(argv[1:])
    for word in words:
        if word == "-m":
            return f"{next(words, '')}.module"
        if word in {"-W", "-X", "--check-hash-based-pycs"}:
            next(words, None)
        elif word.startswith("-"):
            if word.startswith("-c") or word == "-":
                return None
        else:
            return word
    return None


def _entry(argv: Sequence[str], root: Path) -> str | None:
    script = _script(argv)
    if script is None or script.endswith(".module"):
        return script.removesuffix(".module") if script else None
    return _relative(Path(script).absolute(), root)


def _stored_argv(argv: Sequence[str], root: Path) -> list[str]:
    """Return a command line without the places of the interpreter and of the code."""
    stored = list(argv)
    if stored and Path(stored[0]).is_absolute():
        stored[0] = Path(stored[0]).name
    prefix = f"{root}{os.sep}"
    return [word.removeprefix(prefix) if word.startswith(prefix) else word for word in stored]


def _relative(path: Path, root: Path) -> str | None:
    """Return where a path lies in the code, ``.`` for its root, or None outside it."""
    from labrec.record.paths import stored_path

    try:
        inside = Path(os.path.normpath(path)).relative_to(root)
    except ValueError:
        return None
    return "." if inside == Path() else str(stored_path(str(inside))["path"])


# --- what the lab says ------------------------------------------------------------------------


class _Sight:
    """What of the lab the decisions about a run need: of most labs one file, and no view."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._base = find_base(lab.git, lab.settings).commit

    @property
    def has_base(self) -> bool:
        """Whether there is a commit to look in."""
        return self._base is not None

    @cached_property
    def view(self) -> View:
        """The whole lab.

        Raises:
            NotFoundError: It has no commit yet.
        """
        if self._base is None:
            raise NotFoundError(
                "the lab has no commit yet, so nothing can be looked up in it",
                hint="`labrec init` makes its first commit.",
            )
        return self._lab.view()

    def published(self, path: str) -> str | None:
        """Return the commit by which a remote has a path in the base branch; None where none has.

        What the clone knows of a remote is what it last fetched or pushed: no network is asked.
        """
        branch = self._lab.settings.base or (self._lab.git.head_branch or "").removeprefix(
            "refs/heads/"
        )
        for ref, commit in sorted(self._lab.git.refs("refs/remotes/").items()):
            if branch and ref.split("/", 3)[3:] == [branch]:
                try:
                    if self._lab.git.read_path(commit, path) is not None:
                        return commit
                except NotFoundError:  # a shallow clone holds no more of it
                    continue
        return None

    def definition(
        self, project: str
    ) -> tuple[tuple[dict[str, Any], NewObject] | None, Mapping[str, object]]:
        """Return the base's definition of a project: its reference and bytes, and what it says.

        Raises:
            IntegrityError: It cannot be read.
            InvalidError: It is no definition.
        """
        path = layout.project_path(project)
        try:
            data = self._lab.git.read_path(self._base, path) if self._base is not None else None
        except NotFoundError as error:  # a tree is missing: damage, and not a wrong call
            raise IntegrityError(error.message, hint=error.hint, paths=error.paths) from error
        if data is None:
            return None, {}
        from labrec.capture.captured import NewObject
        from labrec.store.definitions import read_definition  # brings YAML in, seldom needed

        new = NewObject.of(data)
        return ({"path": path, **new.ref}, new), read_definition(data, path)


def _known(sight: _Sight, text: str | None) -> dict[str, str] | None:
    """Return a run of the lab that this one continues or repeats."""
    if text is None:
        return None
    from labrec.sdk.parents import find_summary

    row = find_summary(sight.view, text)
    return {"run_id": row.run_id, "project": row.project, "name": row.name}


def _dataset(sight: _Sight, project: str, text: str) -> dict[str, str]:
    """Return the dataset version that ``[ROLE=]NAME@VERSION`` means, as a run's record names it."""
    from labrec.catalog.datasets import find_dataset  # validates: few runs name one

    role, equals, name = text.rpartition("=")
    found = find_dataset(sight.view, name, project)
    return {
        "name": found.name,
        "role": role if equals and role else "input",
        "version": found.version,
        "digest": found.digest,
    }


def _fulfilled(sight: _Sight, text: str | None) -> PlannedRun | None:
    if text is None:
        return None
    from labrec.sdk.planned import find_planned  # few runs carry out a plan

    return find_planned(sight.view, text)


def _parents(
    sight: _Sight, project: str, name: str, given: str | None, features: dict[str, Any]
) -> tuple[tuple[dict[str, Any], ...], list[dict[str, Any]] | None]:
    """Return the parents, and how the features differ from those of the first."""
    if given is None and not _may_name_a_parent(sight, project, name):
        return (), None
    from labrec.sdk.parents import features_of, given_parent, named_parent

    if given is not None:
        parent = given_parent(sight.view, project, given)
    else:
        found = named_parent(sight.view, project, name)
        if found is None:
            return (), None
        parent = found
    tree = features_of(sight.view, parent.entry) if parent.entry is not None else None
    if tree is None:
        return (parent.to_json(),), None
    from labrec.lineage.diff import diff
    from labrec.record.values import to_json

    changes = [change.to_json() for change in diff(tree, to_json(features))]
    return (parent.to_json(),), changes


def _may_name_a_parent(sight: _Sight, project: str, name: str) -> bool:
    """Say whether it is worth looking: most names call no parent."""
    return sight.has_base and ("_from_" in name or "parent_rule" in sight.definition(project)[1])


def _hypotheses(sight: _Sight, project: str, text: str | None) -> tuple[dict[str, str], ...]:
    if text is None:
        return ()
    from labrec.sdk.hypotheses import find_registration

    one = find_registration(sight.view, project, text)
    published = sight.published(one.path)
    return (one.to_json() | ({"published": published} if published is not None else {}),)


def nuisance_of(definition: Mapping[str, object], project: str) -> tuple[str, ...]:
    """Return the paths of features that a project declares not to matter.

    Raises:
        InvalidError: They are no list of text.
    """
    paths = definition.get("nuisance", [])
    if not (isinstance(paths, list) and all(isinstance(path, str) for path in paths)):
        raise InvalidError(
            f"nuisance of project {project} must be a list of paths",
            hint="Correct project.yaml on the base branch.",
        )
    return tuple(paths)


def _seeds(seeds: Mapping[str, int | str]) -> dict[str, str]:
    from labrec.capture.software.determinism import capture_determinism

    section = capture_determinism(seeds, environ={}, own=False)
    return dict(section["seeds"])


def author_of(lab: Lab) -> dict[str, str] | None:
    """Whom a record names: nobody who did not ask for it, as with the commits of records."""
    if lab.settings.author:
        return {"name": lab.settings.author, "source": "settings"}
    name = lab.git.setting("user.name") if lab.settings.identity == "git" else None
    return {"name": name, "source": "git"} if name else None


def _source(file: FeaturesFile | None, root: Path) -> tuple[dict[str, Any], NewObject] | None:
    if file is None:
        return None
    from labrec.capture.captured import NewObject
    from labrec.record.paths import stored_path

    new = NewObject.of(file.data)
    place = _relative(file.path.absolute(), root) or stored_path(file.path.name)["path"]
    return {"path": place, **new.ref}, new
