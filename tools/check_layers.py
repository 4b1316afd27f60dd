#!/usr/bin/python3
"""Refuses an include of a module that src/CMakeLists.txt does not allow, and a third-party header outside its one module."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODULE = re.compile(r"^dmaas_module\((\w+)([^)]*)\)", re.M)
INCLUDE = re.compile(r'^\s*#include\s+["<]([^">]+)[">]', re.M)
# Inside the engine the order of sub-folders is strict too; `testing` knows none of them.
ENGINE_ORDER = ["testing", "format", "chunking", "packs", "index", "repository"]

# Prefix of a third-party header -> modules that may include it.
OWNERS = {
    "boost/json": {"base"},
    "spdlog/": {"base"},
    "yaml-cpp/": {"base"},
    "date/": {"base"},
    "openssl/": {"crypto", "http"},
    "curl/": {"http"},
    "boost/beast": {"http"},
    "boost/asio": {"http"},
    "zstd": {"engine"},
    "simdjson": {"engine"},
    "CLI/": {"cli"},
}


def declared_modules():
    allowed, seen = {}, []
    for name, arguments in MODULE.findall((ROOT / "src/CMakeLists.txt").read_text()):
        words = re.split(r"\bLINKS\b", arguments)[0].split()
        uses = words[words.index("USES") + 1:] if "USES" in words else []
        for use in uses:
            if use not in seen:
                yield_error(f"src/CMakeLists.txt: {name} uses {use}, which is not declared above it")
        allowed[name] = {name, *uses}
        seen.append(name)
    allowed["apps"] = set(seen) | {"apps"}
    return allowed


errors = []


def yield_error(message):
    errors.append(message)


def check_file(path, allowed):
    module = path.relative_to(ROOT / "src").parts[0]
    for included in INCLUDE.findall(path.read_text()):
        first = included.split("/")[0]
        where = f"{path.relative_to(ROOT)}: "
        if "/" in included and first in allowed and first not in allowed[module]:
            yield_error(f"{where}{module} may not include {included}")
        for prefix, owners in OWNERS.items():
            if included.startswith(prefix) and module not in owners:
                yield_error(f"{where}only {', '.join(sorted(owners))} may include {included}")
        check_engine_order(path, included, where)


def check_engine_order(path, included, where):
    parts = path.relative_to(ROOT / "src").parts
    if parts[0] != "engine" or len(parts) < 3 or parts[1] not in ENGINE_ORDER:
        return
    target = included.split("/")
    if target[0] == "engine" and len(target) > 2:
        rank = ENGINE_ORDER.index(target[1]) if target[1] in ENGINE_ORDER else len(ENGINE_ORDER)
        if rank > ENGINE_ORDER.index(parts[1]):
            yield_error(f"{where}engine/{parts[1]} may not include {included}")


def main():
    allowed = declared_modules()
    for path in sorted((ROOT / "src").rglob("*.[ch]pp")):
        check_file(path, allowed)
    print("\n".join(errors) if errors else f"layers: {len(allowed)} modules, no forbidden include")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
