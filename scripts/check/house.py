#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks the house rules that a text search can check, each with the reason that a failure prints."""
import re

import tree

HEAVY = "expensive to compile or not the same everywhere; not in the library"
FORBIDDEN_INCLUDES = {name: HEAVY for name in ("iostream", "regex", "future", "random", "filesystem", "chrono")}
ONLY_IN_THREAD_POOL = {"thread", "mutex", "condition_variable"}
CHEAP_MODULES = {"core", "hash", "random", "math"}
AVOIDED_IN_CHEAP = {"string", "functional", "memory", "ranges"}

# (pattern, reason); matched in code without comments and string contents
FORBIDDEN_CODE = [
    (r"\b(?:std::)?(?:printf|fprintf|puts|perror)\s*\(", "the library does not print"),
    (r"\b(?:std::)?(?:abort|terminate|exit|_Exit)\s*\(", "the library does not end its host; use result or ASSAY_EXPECTS"),
    (r"\bassert\s*\(", "use ASSAY_EXPECTS: it does not depend on NDEBUG"),
    (r"\bthrow\b(?!\s*;)", "errors are values: return a result"),
    (r"\b\w+_distribution\b", "standard distributions differ between libraries"),
    (r"\brandom_device\b", "randomness comes from a seed that the caller gives"),
    (r"\bthread_local\b", "no hidden state"),
    (r"\bnamespace\s*\{", "an anonymous namespace in a header makes a copy, and an ODR violation, per translation unit"),
    (r"\busing\s+namespace\b", "leaks names into every user"),
    (r"\b__has_include\b", "the meaning of a header must not depend on what is installed"),
    (r"\bNDEBUG\b", "the meaning of a header must not depend on the build type"),
    (r"\b__(?:AVX\w*|FMA|SSE\w*|SHA|BMI2?|ADX)__\b", "the consumer's flags must not choose the code: dispatch at run time"),
    (r"#\s*pragma\s+once\b", "use the guard"),
    (r"^\s*#\s*pragma\s+(?:GCC|clang)\s+(?:optimize|fp)\b", "use the barriers of core/fp.hpp"),
    (r"^(?:inline|static)\s+(?!const\b|constexpr\b|constinit\b|consteval\b)[\w:<>, ]+?\b\w+\s*(?:=[^=;{}()]*;|\{[^{}()]*\};|;)",
     "a mutable global"),
]
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
TEXT_SUFFIXES = {".hpp", ".h", ".cpp", ".c", ".py", ".sh", ".md", ".txt", ".cmake", ".json", ".yml", ".in"}


def check_includes(relative, problems):
    module = tree.module_of(relative)
    for line, _, name in tree.includes(relative):
        place = f"include/assay/{relative}:{line}"
        if name in FORBIDDEN_INCLUDES:
            problems.append(f"{place}: <{name}>: {FORBIDDEN_INCLUDES[name]}")
        if name in ONLY_IN_THREAD_POOL and relative != "core/thread_pool.hpp":
            problems.append(f"{place}: <{name}> belongs in core/thread_pool.hpp only; take an executor")
        if name in AVOIDED_IN_CHEAP and module in CHEAP_MODULES and not tree.leaf_of(relative):
            problems.append(f"{place}: <{name}> costs compile time in a module that everyone includes")


def check_code(relative, problems):
    code = tree.without_comments(tree.read(relative))
    for pattern, reason in FORBIDDEN_CODE:
        for match in re.finditer(pattern, code, re.MULTILINE):
            line = code.count("\n", 0, match.start()) + 1
            problems.append(f"include/assay/{relative}:{line}: '{match.group(0).strip()}': {reason}")


def check_unfinished(problems):
    count = 0
    for folder in ("include", "tests", "bench", "examples", "docs", "cmake"):
        for path in (tree.ROOT / folder).rglob("*"):
            if path.suffix not in TEXT_SUFFIXES or "vectors" in path.parts or not path.is_file():
                continue
            count += 1
            for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
                if UNFINISHED.search(line):
                    problems.append(f"{path.relative_to(tree.ROOT)}:{number}: unfinished: {line.strip()[:80]}")
    return count


def main():
    problems = []
    for relative in tree.headers():
        check_includes(relative, problems)
        check_code(relative, problems)
    count = check_unfinished(problems)
    tree.report("house", problems, f"{len(tree.headers())} headers, {count} files without unfinished work")


main()
