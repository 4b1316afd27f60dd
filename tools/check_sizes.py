#!/usr/bin/python3
"""Refuses files over 700 lines and C++ functions over 70; tables that must be longer are listed here with their reason."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MAX_FILE_LINES = 700
MAX_FUNCTION_LINES = 70
EXEMPT_FILES = {}  # path: reason


def tracked(*patterns):
    listing = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listing.stdout.split() if (ROOT / name).exists()]


def long_functions(path):
    """Functions are recognised by an opening line at indentation 0 or 2 that ends with '{' and has a ')'."""
    start, indent = None, ""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        opening = re.match(r"^( {0,2})\S.*\).*\{$", line)
        if opening and start is None and not re.match(r"\s*(namespace|class|struct|enum|TEST|INSTANTIATE)", line):
            start, indent = number, opening.group(1)
        elif start is not None and line.startswith(indent + "}") and len(line.rstrip(";,)")) <= len(indent) + 1:
            if number - start + 1 > MAX_FUNCTION_LINES:
                yield start, number - start + 1
            start = None


def main():
    errors = []
    for path in tracked("*.cpp", "*.hpp", "*.py", "*.go", "x"):
        name = str(path.relative_to(ROOT))
        lines = len(path.read_text().splitlines())
        if lines > MAX_FILE_LINES and name not in EXEMPT_FILES:
            errors.append(f"{name}: {lines} lines, at most {MAX_FILE_LINES}")
        if path.suffix in (".cpp", ".hpp") and not name.endswith("_test.cpp"):
            errors += [f"{name}:{line}: function of {size} lines, at most {MAX_FUNCTION_LINES}"
                       for line, size in long_functions(path)]
    print("\n".join(errors) if errors else "sizes: within limits")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
