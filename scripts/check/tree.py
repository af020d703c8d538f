# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the checkers share: where the headers are, which are leaves, and how a checker reports."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
INCLUDE = ROOT / "include"
HEADERS = INCLUDE / "assay"

INCLUDE_LINE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def leaves():
    """Component -> its header patterns, as CMakeLists.txt states them: the only place that lists the leaf headers."""
    text = (ROOT / "CMakeLists.txt").read_text()
    found = {}
    for body in re.findall(r"^assay_leaf\(([^)]*)\)", text, re.MULTILINE):
        words = body.split()
        found[words[0]] = words[words.index("HEADERS") + 1:]
    return found


def leaf_of(relative):
    """The component that a header (given relative to include/assay) belongs to, or None."""
    for component, patterns in leaves().items():
        if any(pathlib.PurePosixPath(relative).match(pattern) for pattern in patterns):
            return component
    return None


def headers():
    """Every header, as a path relative to include/assay."""
    return sorted(p.relative_to(HEADERS).as_posix() for p in HEADERS.rglob("*") if p.suffix in (".hpp", ".h"))


def modules():
    return sorted(p.name for p in HEADERS.iterdir() if p.is_dir() and any(p.rglob("*.hpp")))


def module_of(relative):
    """The module of a header: its folder, or the umbrella's own name; '' for assay.hpp and version.hpp."""
    head, _, rest = relative.partition("/")
    if rest:
        return head
    stem = head.rsplit(".", 1)[0]
    return stem if (HEADERS / stem).is_dir() else ""


def is_umbrella(relative):
    return "/" not in relative and relative != "version.hpp"


def read(relative):
    return (HEADERS / relative).read_text(encoding="utf-8")


def includes(relative):
    """Yields (line number, delimiter, name) of each #include."""
    text = read(relative)
    for match in INCLUDE_LINE.finditer(text):
        yield text.count("\n", 0, match.start(2)) + 1, match.group(1), match.group(2)


def without_comments(text):
    """The text with comments and string contents blanked, line numbers kept."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)

    def blank(match):
        kept = re.sub(r"[^\n]", " ", match.group(0))
        return '"' + kept[1:-1] + '"' if match.group(0).startswith('"') else kept

    return pattern.sub(blank, text)


def report(checker, problems, summary):
    """Prints the problems, one a line, and ends the program: 0 when there are none, else 1."""
    for problem in problems:
        print(problem)
    if problems:
        print(f"{checker}: {len(problems)} problem(s)")
        sys.exit(1)
    print(f"{checker}: ok, {summary}")
    sys.exit(0)
