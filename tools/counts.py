#!/usr/bin/env python3
"""Prints `passed failed skipped` for a folder that holds ctest.xml and gtest's JSON files.

A gtest program counts with its cases, any other ctest as one. A program that dies writes no JSON,
or one that knows nothing of its death: it counts as a failure then.
"""
import json
import pathlib
import sys
import xml.etree.ElementTree as xml


def cases(report):
    """(passed, failed, skipped) of one gtest program."""
    passed = failed = skipped = 0
    for suite in report["testsuites"]:
        for case in suite["testsuite"]:
            if "failures" in case:
                failed += 1
            elif case.get("result") == "COMPLETED":
                passed += 1
            else:
                skipped += 1
    return passed, failed, skipped


def main():
    folder = pathlib.Path(sys.argv[1])
    totals = [0, 0, 0]
    for test in xml.parse(folder / "ctest.xml").getroot().iter("testcase"):
        ran_well = test.get("status") == "run"
        report = folder / f"{test.get('name')}.json"
        if report.exists():
            counted = list(cases(json.loads(report.read_text())))
            if not ran_well and counted[1] == 0 or sum(counted) == 0:
                counted[1] += 1
        else:
            counted = [1, 0, 0] if ran_well else [0, 1, 0]
        totals = [a + b for a, b in zip(totals, counted)]
    print(*totals)


if __name__ == "__main__":
    main()
