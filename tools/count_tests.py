#!/usr/bin/python3
"""Adds up JUnit results of a folder and prints 'N passed, N failed'. A skipped test counts as failed: nothing is skipped silently."""

import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def main(folder):
    passed = failed = 0
    files = sorted(pathlib.Path(folder).glob("*.xml"))
    for file in files:
        for case in ElementTree.parse(file).getroot().iter("testcase"):
            bad = [child for child in case if child.tag in ("failure", "error", "skipped")]
            failed += bool(bad)
            passed += not bad
            if bad:
                print(f"FAILED {file.stem}: {case.get('classname')}.{case.get('name')}")
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
