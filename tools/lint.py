#!/usr/bin/env python3
"""clang-tidy over the touched files, or with --all over every file of the product.

Tests are left to the touched runs: with gtest's headers they would double the time. Reads the compile commands of the dev preset, where each header has a file that includes it alone.
A file that passed is not looked at again until it, something it includes, or .clang-tidy changes.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

BUILD = pathlib.Path("build/dev")
PASSED = BUILD / "lint"
ASIDE = ("_test", "_fuzz", "_bench")
INCLUDE = re.compile(r'^\s*#\s*include "([^"]+)"', re.MULTILINE)


def with_includes(path, seen):
    """The file and all of ours that it includes."""
    if path in seen or not path.exists():
        return
    seen.add(path)
    for name in INCLUDE.findall(path.read_text()):
        with_includes(pathlib.Path("src") / name, seen)


def key(path):
    seen = set()
    with_includes(path, seen)
    digest = hashlib.sha256(pathlib.Path(".clang-tidy").read_bytes())
    for file in sorted(seen):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def touched():
    out = subprocess.run(["git", "status", "--porcelain", "-uall", "--", "src"], check=True,
                         capture_output=True, text=True).stdout
    return {line[3:].split(" -> ")[-1] for line in out.splitlines()}


def lint(path):
    """What clang-tidy complains about, or nothing."""
    stamp = PASSED / key(path)
    if stamp.exists():
        return ""
    run = subprocess.run(["clang-tidy-19", "-p", str(BUILD), "--quiet", str(path)],
                         capture_output=True, text=True, check=False)
    if run.returncode == 0:
        stamp.touch()
        return ""
    return run.stdout or run.stderr


def candidates(everything):
    known = {pathlib.Path(entry["file"]).relative_to(pathlib.Path.cwd())
             for entry in json.loads((BUILD / "compile_commands.json").read_text())}
    if everything:
        return sorted(p for p in known if p.parts[0] == "src" and not p.stem.endswith(ASIDE))
    # A header is seen through the generated file that includes it alone.
    names = touched()
    alone = {f"build/dev/{name.rpartition('/')[0]}/alone/{name.rpartition('/')[2]}.cc"
             for name in names if name.endswith(".h")}
    return sorted(p for p in known if str(p) in names | alone)


def main():
    os.environ.pop("LIBRARY_PATH", None)
    os.chdir(pathlib.Path(__file__).resolve().parent.parent)
    PASSED.mkdir(parents=True, exist_ok=True)
    paths, broken = candidates("--all" in sys.argv), 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for number, (path, complaint) in enumerate(zip(paths, pool.map(lint, paths)), 1):
            print(f"[{number}/{len(paths)}] {path}", flush=True)
            if complaint:
                broken += 1
                print(complaint)
    print(f"clang-tidy: {len(paths)} files, {broken} with complaints")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
