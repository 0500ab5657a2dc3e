"""The rules of the house: each takes one file and yields what is wrong, with the line and what to do instead.

What a rule allows stands in the tables of house.py. test_house.py runs the rules over the tree, and shows of each that
it can fail.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

from tests.house import (
    CODE,
    FAMILIES,
    FILE_METHODS,
    HOMES,
    IMPURE,
    KNOWN_TO,
    LINES_MAX,
    MAY_IMPORT,
    NOT_OURS,
    PACKAGES,
    PURE_ALL_THE_SAME,
    ROOT,
    SEEDED,
    Source,
    is_pure,
)

BANNED_STEMS = re.compile(r"(utils?|helpers?|common|misc|base|(manager|handler|processor)s?)\Z")
BANNED_CLASSES = re.compile(r"(Base(?![a-z])\w*|\w*(Manager|Handler|Processor|Utils?|Helpers?)|Common\w*)\Z")
UNFINISHED = re.compile(rf"\b({'TO' + 'DO'}|{'FIX' + 'ME'}|{'X' * 3})\b")
BARE_IGNORE = re.compile(r"#.*(\btype:\s*ignore(?!\[[\w-])|\bnoqa\b(?!:\s*[A-Z]+[0-9]))")


class Finding(NamedTuple):
    """One broken rule: at which line, what is wrong and what to do instead."""

    line: int
    wrong: str


Rule = Callable[[Source], Iterator[Finding]]


def _within(dotted: str, module: str) -> bool:
    return dotted == module or dotted.startswith(module + ".")


def packages_meet_on_the_wire(source: Source) -> Iterator[Finding]:
    """`edge`, `cloud` and `firmware_sim` never import one another."""
    if source.tree is None:
        return
    if source.room not in MAY_IMPORT:
        yield Finding(1, f"no room is planned for {source.room}: put it into a package, or into MAY_IMPORT")
    allowed = MAY_IMPORT.get(source.room, ())
    for line, dotted in source.imports:
        package = dotted.partition(".")[0]
        if package in (*PACKAGES, "tests") and package not in allowed:
            yield Finding(line, f"{source.room} imports {dotted}: they meet on the wire; what both need is a protocol")


def pure_rooms_do_no_io(source: Source) -> Iterator[Finding]:
    """No asyncio, clock, files, sockets, environment, logging or global random in a pure room."""
    if not is_pure(source.path):
        return
    used = [(line, dotted) for line, dotted in source.imports]
    for node in source.nodes:
        if isinstance(node, ast.Attribute | ast.Name):
            used.append((node.lineno, source.meant(node)))
        if not isinstance(node, ast.Call):
            continue
        name = source.meant(node.func)
        if name in SEEDED and (not node.args or getattr(node.args[0], "value", 0) is None):
            yield Finding(node.lineno, f"{name} without a seed in a pure room: give it one, or take a generator")
        if isinstance(node.func, ast.Name) and not name:
            used.append((node.lineno, node.func.id))
        if isinstance(node.func, ast.Attribute) and node.func.attr in FILE_METHODS:
            yield Finding(node.lineno, f"{node.func.attr} in a pure room: {IMPURE['open']}")
    found: dict[tuple[int, str], Finding] = {}
    for line, dotted in used:
        for banned, instead in IMPURE.items():
            hit = dotted.startswith(banned) if banned.endswith(".") else _within(dotted, banned)
            if hit and dotted not in PURE_ALL_THE_SAME:
                found.setdefault((line, banned), Finding(line, f"{dotted} in a pure room: {instead}"))
    yield from found.values()


def pure_rooms_know_only_pure_rooms(source: Source) -> Iterator[Finding]:
    """What a pure room imports of ours is pure too."""
    if not is_pure(source.path):
        return
    for line, dotted in source.imports:
        if dotted.partition(".")[0] in PACKAGES and not is_pure(dotted.replace(".", "/") + "/"):
            yield Finding(line, f"a pure room imports {dotted}, which is none: take the value as an argument")


def libraries_stay_at_home(source: Source) -> Iterator[Finding]:
    """A third-party library is imported in its homes only."""
    if source.room == "tests":
        return
    for line, dotted in source.imports:
        library = dotted.partition(".")[0]
        ours = library in (*PACKAGES, "tests", "")
        if library not in HOMES and not ours and library not in sys.stdlib_module_names:
            yield Finding(line, f"{library} has no home: a new library is a decision; give it one in HOMES")
        elif library in HOMES and not source.path.startswith(HOMES[library]):
            yield Finding(line, f"{library} lives in {', '.join(HOMES[library])}: ask for what you need there")


def adapters_do_not_know_the_shell(source: Source) -> Iterator[Finding]:
    """The shell is imported by those who start or show it, the command line by `__main__` only."""
    if source.room == "tests":
        return
    for line, dotted in source.imports:
        for module, knowers in KNOWN_TO.items():
            if _within(dotted, module) and source.path not in knowers:
                yield Finding(line, f"{module} is known to {', '.join(knowers)} only: let it pass in what you need")


def siblings_are_strangers(source: Source) -> Iterator[Finding]:
    """Rules, device formats and history stores never import one another."""
    family = next((one for one in FAMILIES if source.path.startswith(one)), None)
    if family is None or source.path.endswith("__init__.py"):
        return
    for line, dotted in source.imports:
        module = "/".join(dotted.split(".")[: family.count("/") + 1])
        if module.startswith(family) and (ROOT / f"{module}.py").exists() and f"{module}.py" != source.path:
            yield Finding(line, f"{dotted} is a sibling: what both need belongs a floor above them")


def imports_are_absolute(source: Source) -> Iterator[Finding]:
    """No relative imports."""
    for line, dotted in source.imports:
        if dotted.startswith("."):
            yield Finding(line, "a relative import: write the whole name, as the logs will")


def modules_say_what_they_are_for(source: Source) -> Iterator[Finding]:
    """Every module opens with its purpose; an `__init__` with the folder's charter."""
    if source.tree is not None and not ast.get_docstring(source.tree):
        what = "the folder's charter" if source.path.endswith("__init__.py") else "what the module is for"
        yield Finding(1, f"no docstring: say {what}")


def public_things_have_docstrings(source: Source) -> Iterator[Finding]:
    """Every public function, class and method of the four packages."""
    if source.tree is None or source.room not in PACKAGES:
        return
    within: list[tuple[str, ast.stmt]] = [("", node) for node in source.tree.body]
    for owner, node in within:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        if not ast.get_docstring(node):
            yield Finding(node.lineno, f"{owner}{node.name} has no docstring: one sentence, with units and errors")
        if isinstance(node, ast.ClassDef):
            within += [(f"{node.name}.", member) for member in node.body]


def names_say_something(source: Source) -> Iterator[Finding]:
    """No Manager, Handler, Processor, Base..., utils, helpers, common."""
    for part in source.path.split("/"):
        if BANNED_STEMS.match(part.partition(".")[0]):
            yield Finding(1, f"{part} says nothing about what is in it: name the thing it makes or decides")
    for node in source.nodes:
        if isinstance(node, ast.ClassDef) and BANNED_CLASSES.match(node.name):
            yield Finding(node.lineno, f"class {node.name}: name the value it is, in the field's own words")


def files_are_short(source: Source) -> Iterator[Finding]:
    """No file of code over LINES_MAX lines."""
    lines = source.text.count("\n")
    if source.path.endswith(CODE) and lines > LINES_MAX:
        yield Finding(lines, f"{lines} lines, at most {LINES_MAX}: there are two things in it; part them")


def nothing_is_left_unfinished(source: Source) -> Iterator[Finding]:
    """No notes to oneself, nothing that is not implemented."""
    for number, line in _lines_with(UNFINISHED, source.text):
        yield Finding(number, f"{UNFINISHED.findall(line)[0]}: do it, or leave it out")
    for node in source.nodes:
        if isinstance(node, ast.Name) and node.id == "NotImplementedError":
            yield Finding(node.lineno, "NotImplementedError: use a typing.Protocol with `...`, or leave it out")


def errors_are_not_swallowed(source: Source) -> Iterator[Finding]:
    """No `except Exception: pass`."""
    anything = ("Exception", "BaseException")
    for node in source.nodes:
        if isinstance(node, ast.ExceptHandler):
            every = node.type is None or (isinstance(node.type, ast.Name) and node.type.id in anything)
            if every and all(isinstance(step, ast.Pass | ast.Continue) for step in node.body):
                yield Finding(node.lineno, "an error is swallowed: catch the one you expect, and count it or say it")
        if isinstance(node, ast.Call) and source.meant(node.func) == "contextlib.suppress":
            for one in node.args:
                if isinstance(one, ast.Name) and one.id in anything:
                    yield Finding(node.lineno, "an error is swallowed: suppress only the one you expect")


def ignores_carry_their_code(source: Source) -> Iterator[Finding]:
    """`type: ignore` and `noqa` name what they ignore."""
    if source.tree is not None:
        for number, _ in _lines_with(BARE_IGNORE, source.text):
            yield Finding(number, "everything is ignored here: name the code, as in [arg-type] or S104")


def files_speak_of_the_project_alone(source: Source) -> Iterator[Finding]:
    """No paths of one machine, no hosts of package registries."""
    for word, instead in NOT_OURS.items():
        if word in source.text:
            for number, _ in _lines_with(re.compile(re.escape(word)), source.text):
                yield Finding(number, f"{word} is not the project's: {instead}")


def _lines_with(pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, str]]:
    if pattern.search(text):
        yield from ((number, line) for number, line in enumerate(text.splitlines(), 1) if pattern.search(line))


RULES: tuple[Rule, ...] = (
    packages_meet_on_the_wire,
    pure_rooms_do_no_io,
    pure_rooms_know_only_pure_rooms,
    libraries_stay_at_home,
    adapters_do_not_know_the_shell,
    siblings_are_strangers,
    imports_are_absolute,
    modules_say_what_they_are_for,
    public_things_have_docstrings,
    names_say_something,
    files_are_short,
    nothing_is_left_unfinished,
    errors_are_not_swallowed,
    ignores_carry_their_code,
    files_speak_of_the_project_alone,
)
