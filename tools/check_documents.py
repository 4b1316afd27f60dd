#!/usr/bin/python3
"""Documents may name only what exists: every `path` in backquotes, and every `name()` that follows a path on its line."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOCUMENTS = ["ARCHITECTURE.md", "README.md", "CONTRIBUTING.md", "STYLE.md", "docs/test-strategy.md"]
TOP = "(?:src|tests|testbed|sites|demo|tools|docs|deploy|bench|fuzz|cmake|web|changelog)"
PATH = re.compile(rf"`({TOP}/[\w./-]*)`")
FUNCTION = re.compile(r"`(\w+)\(\)`")


def problems_of(document):
    for number, line in enumerate((ROOT / document).read_text().splitlines(), 1):
        paths = PATH.findall(line)
        for path in paths:
            if not (ROOT / path).exists():
                yield f"{document}:{number}: {path} does not exist"
        files = [ROOT / path for path in paths if (ROOT / path).is_file()]
        if not files:
            continue
        text = "".join(file.read_text() for file in files)
        for name in FUNCTION.findall(line):
            if not re.search(rf"\b{name}\b", text):
                yield f"{document}:{number}: {name}() is not in {', '.join(paths)}"


def main():
    errors = [p for d in DOCUMENTS if (ROOT / d).exists() for p in problems_of(d)]
    print("\n".join(errors) if errors else "documents: every path and name exists")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
