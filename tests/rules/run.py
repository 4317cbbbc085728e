#!/usr/bin/env python3
"""Shows that every house rule refuses what it must: one fixture per rule, next to this file.

A fixture starts with `// refused: REGEX` or `// accepted`, then one or more `// file: PATH` parts.
`@repeat N TEXT` stands for N lines of TEXT. The folder says who must refuse:
  tidy      tools/tidy.py on a small tree that holds the parts
  symbols   tools/symbols.py on libraries made of the parts
  compile   the compiler, with the flags of the release preset
  lint      clang-tidy        layout    clang-format        layers    CMake
"""
import json
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import symbols  # noqa: E402
import tidy  # noqa: E402

LAYERS = {"base": "", "time": "base", "world": "base time", "os": "base world", "sim": "world",
          "distkv": "base time sim"}
FIRST = re.compile(r"// (?:refused: (.+)|accepted)\n")


def parts_of(text):
    """[(path, content)] of a fixture."""
    chunks = re.split(r"^// file: (\S+)\n", text, flags=re.MULTILINE)
    repeated = [re.sub(r"^@repeat (\d+) (.*)$", lambda m: "\n".join([m[2]] * int(m[1])), chunk,
                       flags=re.MULTILINE) for chunk in chunks[2::2]]
    return list(zip(chunks[1::2], repeated))


def write(tree, parts):
    for path, content in parts:
        file = tree / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)


def small_tree(tree, parts):
    named = {part for path, _ in parts for part in [str(pathlib.Path(path).parent)]}
    write(tree, [(f"src/{m}/CMakeLists.txt", f"distkv_module({m})\n") for m in LAYERS])
    write(tree, [("src/layers.txt", "".join(f"{m}: {d}\n" for m, d in LAYERS.items()))])
    write(tree, parts)
    return named


def run(*command, cwd=None):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False,
                          cwd=cwd)
    return [] if done.returncode == 0 else [done.stdout + done.stderr]


def by_tidy(tree, parts):
    small_tree(tree, parts)
    return tidy.check_tree(tree)[0]


def by_symbols(tree, parts):
    small_tree(tree, parts)
    for path, _ in parts:
        module = pathlib.Path(path).parts[1]
        errors = run("clang++-19", "-std=c++23", "-O2", "-I", tree / "src", "-c", tree / path, "-o",
                     tree / f"{module}.o")
        errors += run("llvm-ar-19", "rcs", tree / f"libdistkv_{module}.a", tree / f"{module}.o")
        if errors:
            return [f"fixture is broken: {errors}"]
    return symbols.check("time", tree, tree / "src/layers.txt")


def by_compile(tree, parts):
    write(tree, parts)
    commands = json.loads((ROOT / "build/release/compile_commands.json").read_text())
    ours = next(c for c in commands if c["file"].endswith("/src/base/check.cc"))
    command = re.sub(r"-Xclang \S+", "", ours["command"])  # precompiled headers would hide errors
    flags = [word for word in shlex.split(command) if re.match("-[WfDIsOg]", word)]
    path = parts[-1][0]
    (tree / "all.cc").write_text(f'#include "{path}"\n#include "{path}"\n' if path.endswith(".h")
                                 else parts[-1][1])
    return run("clang++-19", *flags, "-I", tree, "-fsyntax-only", tree / "all.cc")


def by_lint(tree, parts):
    write(tree, parts)
    return run("clang-tidy-19", "--quiet", f"--config-file={ROOT}/.clang-tidy", tree / parts[-1][0],
               "--", "-std=c++23", f"-I{ROOT}/src")


def by_layout(tree, parts):
    write(tree, parts)
    return run("clang-format-19", f"--style=file:{ROOT}/.clang-format", "--dry-run", "--Werror",
               tree / parts[-1][0])


def by_layers(tree, parts):
    """The part is a layers.txt for CMake itself."""
    write(tree, parts)
    script = tree / "script.cmake"
    script.write_text(f"include({ROOT}/cmake/DistkvModule.cmake)\n"
                      f"set(PROJECT_SOURCE_DIR {tree})\n"
                      f"distkv_add_modules({tree}/src/layers.txt)\n")
    (tree / "CMakeLists.txt").write_text("cmake_minimum_required(VERSION 3.25)\n"
                                         "project(fixture NONE)\ninclude(script.cmake)\n")
    return run("cmake", "-G", "Ninja", "-S", tree, "-B", tree / "build")


def try_fixture(path):
    """What is wrong with the verdict on this fixture, or nothing."""
    text = path.read_text()
    first = FIRST.match(text)
    if not first:
        return "starts with neither `// refused: REGEX` nor `// accepted`"
    judge = globals()[f"by_{path.parent.name}"]
    with tempfile.TemporaryDirectory() as folder:
        errors = judge(pathlib.Path(folder), parts_of(text))
    if first[1] is None:
        return f"must pass, but: {errors[0]}" if errors else ""
    if not errors:
        return "was not refused"
    # For another reason is not refused either: the fixture would hide a dead rule.
    strangers = [error for error in errors if not re.search(first[1], error)]
    return f"refused for another reason: {strangers[0]}" if strangers else ""


def main():
    fixtures, failures = sorted(HERE.glob("*/*.txt")), []
    for number, path in enumerate(fixtures, 1):
        wrong = try_fixture(path)
        if wrong:
            failures.append(f"{path.relative_to(ROOT)}: {wrong}")
        print(f"[{number}/{len(fixtures)}] {path.relative_to(HERE)}: {'FAILED' if wrong else 'ok'}", flush=True)
    print("\n".join(failures))
    failed = len(failures)
    print(f"rule fixtures: {len(fixtures) - failed} passed, {failed} failed")
    if "--counts" in sys.argv:
        counts = pathlib.Path(sys.argv[sys.argv.index("--counts") + 1])
        counts.write_text(f"{len(fixtures) - failed} {failed} 0\n")
    return 1 if failed or not fixtures else 0


if __name__ == "__main__":
    sys.exit(main())
