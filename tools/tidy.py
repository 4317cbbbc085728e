#!/usr/bin/env python3
"""House rules that compilers do not know; `./dev test` runs it, so breaking one is a red test.

Usage: tools/tidy.py [ROOT]    ROOT holds src/ (default: the repository).
Every rule has a fixture in tests/rules that it must refuse.
"""
import pathlib
import re
import sys

from cpp_text import Blocks, blank, without_comments_and_literals

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 100

# Mechanisms are functions of (state, input, now): nothing in them may wait.
MECHANISMS = {"time", "wire", "model", "raft", "crdt", "storage", "placement", "consistency", "txn"}
NOWHERE = set()
# Benchmarks measure the real machine, so they may use what `os` uses.
REAL_WORLD = {"os", "storage_rocksdb", "bench"}

# (pattern, modules that may, what to do instead). `bench` stands for every *_bench.cc.
BANNED = [
    (r"\bthrow\b", NOWHERE, "return a Result"),
    (r"\bassert\s*\(", NOWHERE, "CHECK, which release builds keep"),
    (r"\bstd::random_device\b|(?<![\w.>])s?rand\s*\(|\bgetrandom\s*\(", REAL_WORLD,
     "take a base::Rng argument"),
    (r"\bstd::(?:\w+_distribution|mt19937\w*|default_random_engine|shuffle)\b", NOWHERE,
     "base::Rng, which gives the same numbers on every library"),
    (r"\b(?:system|steady|high_resolution)_clock::now\b", REAL_WORLD, "take an Instant argument"),
    (r"(?<![\w.>])time\s*\(\s*(?:nullptr|NULL|0|&\w+)\s*\)|\bgettimeofday\s*\(|\bclock_gettime\s*\(",
     REAL_WORLD, "take an Instant argument"),
    (r"\bthis_thread::sleep_\w+|\b(?:usleep|nanosleep|clock_nanosleep)\s*\("
     r"|(?:^\s*|[^\w)]\s*::)sleep\s*\(", NOWHERE,
     "wait for the event itself; a world's timers can be waited for"),
    (r"\bstd::(?:j?thread|async|(?:\w+_)?mutex|condition_variable\w*)\b|\bpthread_\w+\s*\(",
     REAL_WORLD, "one reactor owns the state; send it a message"),
    (r"\bthread_local\b", NOWHERE, "pass the state as an argument"),
    (r"\bstd::unordered_\w+", REAL_WORLD, "std::map or a sorted vector: hash order must not leak"),
    (r"\bis_?(?:simulated|simulation|sim)\b|\bworld\w*(?:\.|->)simulated\b", {"sim"},
     "let the injected world make the difference"),
]
BANNED = [(re.compile(pattern, re.MULTILINE), may, instead) for pattern, may, instead in BANNED]
COROUTINE = re.compile(r"\bco_(?:await|return|yield)\b")
UNFINISHED = re.compile(r"\b(?:FIXME|TODO|XXX)\b")
VAGUE_FILE = re.compile(r"(?:^|_)(?:utils?|common|helpers?|managers?|misc)(?:_|$)")

# Heavy or foreign libraries: (header, folders that may include it, folders whose headers may).
# Two cores compile everything, so a heavy header stays behind the one wrapper that needs it.
LIBRARIES = [
    (r"rocksdb/", {"storage_rocksdb"}, {"storage_rocksdb"}),
    (r"openssl/", {"os"}, {"os"}),
    (r"boost/(?:asio|beast)", {"os", "wire"}, NOWHERE),
    (r"boost/json", {"distkv", "scenario"}, NOWHERE),
    (r"CLI/", {"distkv"}, NOWHERE),
    (r"toml\+\+/|toml\.hpp", {"distkv", "scenario", "node"}, NOWHERE),
    (r"google/protobuf/|.*\.pb\.h$", {"wire"}, NOWHERE),
    (r"spdlog/", NOWHERE, NOWHERE),
    (r"fmt/(?!core\.h)", {"distkv", "scenario"}, NOWHERE),
    (r"GeographicLib/", {"time"}, NOWHERE),
    (r"gtest/|benchmark/", {"test", "bench"}, {"test"}),
]
LIBRARIES = [(re.compile(header), may, may_in_header) for header, may, may_in_header in LIBRARIES]

# (file, what it may use): why this one place may. Keep it short enough to be read.
EXEMPT = {
    ("base/mutant.cc", "static"): "a planted bug must reach pure functions, in its own build only",
    ("distkv/parallel.cc", "std::thread"): "whole simulations side by side, sharing nothing",
    ("distkv/stopwatch.cc", "steady_clock::now"): "tells people how long a run took, outside of it",
}
# A planted bug does on purpose what is banned, and no other build compiles it.
PLANTED = re.compile(r"^#if DISTKV_MUTANTS\b.*?^#(?:else|endif)\b", re.MULTILINE | re.DOTALL)

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)
NAMESPACE = re.compile(r"\bnamespace\s+distkv::(\w+)")
# `static` inside a function or type, unless it is constant or a member function.
LOCAL_STATIC = re.compile(r"^\s*(?:inline\s+)?static\s+(?!const\b|constexpr\b|constinit\s+const\b)"
                          r"(?![^=;{]*\([^=;]*\)[^=;]*(?:\{|$))")
GLOBAL = re.compile(
    r"^(?:static\s+|inline\s+|constinit\s+)*"
    r"(?!(?:const|constexpr|using|typedef|friend|extern|template|static_assert|class|struct|union"
    r"|enum|namespace|concept|return|requires|goto|export)\b)"
    r"[A-Za-z_][\w:]*(?:<[^=;]*>)?[\s*&]+[A-Za-z_]\w*(?:\[\w*\])*\s*(?:[={].*)?$", re.DOTALL)
SHARED = re.compile(r"\bshared_ptr<(?!const\b)|\bmake_shared<(?!const\b)")


def read_layers(path):
    """Module -> the modules it may include, and what is wrong with the file itself."""
    allowed, errors = {}, []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        module, colon, deps = line.partition(":")
        if not colon or not re.fullmatch(r"[a-z][a-z0-9_]*", module):
            errors.append(f"{path}:{number}: cannot read {line!r}: write `module: earlier modules`")
            continue
        if module in allowed:
            errors.append(f"{path}:{number}: {module} stands twice: keep one line")
        for dep in deps.split():
            if dep not in allowed:
                errors.append(f"{path}:{number}: {module} names {dep}, which is not on an earlier "
                              "line: move the line, or turn the dependency round")
        allowed[module] = set(deps.split())
    return allowed, errors


class File:
    """One source file, read once, with the roles that decide which rules apply."""

    def __init__(self, path, src):
        self.path, self.name = path, path.name
        self.key = str(path.relative_to(src))
        self.module = path.relative_to(src).parts[0]
        self.is_header = path.suffix == ".h"
        self.is_test = self.name.endswith(("_test.cc", "_fuzz.cc", "_test.h", "_bench.cc",
                                          "_bench.h"))
        self.roles = {self.module}
        if self.name.endswith(("_bench.cc", "_bench.h")):
            self.roles.add("bench")
        if self.name.endswith(("_test.cc", "_test.h", "_fuzz.cc")):
            self.roles.add("test")
        self.text = path.read_text()
        self.lines = self.text.splitlines()
        self.code = without_comments_and_literals(self.text)
        self.code_lines = self.code.splitlines()

    def at(self, offset):
        return self.text.count("\n", 0, offset) + 1

    def exempt(self, rule):
        return (self.key, rule) in EXEMPT


def check_sizes(file, ratchet):
    lines, allowed = len(file.lines), ratchet.get(file.key)
    if allowed is None and lines > FILE_LINES_MAX:
        yield 1, f"{lines} lines, limit {FILE_LINES_MAX}: split it by verb"
    if allowed is not None and lines > allowed:
        yield 1, f"{lines} lines, ratchet.txt says {allowed}: that number may only go down"
    if allowed is not None and lines < allowed:
        advice = "drop its line" if lines <= FILE_LINES_MAX else f"write {lines}"
        yield 1, f"{lines} lines, ratchet.txt says {allowed}: {advice}"
    for number, line in enumerate(file.lines, 1):
        if len(line) > COLUMNS_MAX:
            yield number, f"{len(line)} columns, limit {COLUMNS_MAX}: ./dev fmt"
    if VAGUE_FILE.search(file.path.stem):
        yield 1, f"{file.name} says nothing: name the file after what it does"


def check_blocks(file):
    blocks = Blocks(file.code)
    for first, opened, last in blocks.functions:
        length = last - first + 1
        if length > FUNCTION_LINES_MAX:
            yield first, (f"function of {length} lines, limit {FUNCTION_LINES_MAX}: keep the "
                          "branching, move straight-line work into helpers")
        for number in range(opened + 1, last + 1):
            if LOCAL_STATIC.match(file.code_lines[number - 1]) and not file.exempt("static"):
                yield number, "mutable static: hold it in an object that somebody owns"
    for number, statement in blocks.namespace_statements:
        if GLOBAL.match(statement) and "operator" not in statement:
            yield number, "mutable global: hold it in an object that somebody owns"
    for number, statement in blocks.type_statements:
        if LOCAL_STATIC.match(statement) and "(" not in statement:
            yield number, "mutable static member: hold it in an object that somebody owns"


def check_words(file):
    code = file.code if file.is_test else PLANTED.sub(blank, file.code)
    for pattern, may, instead in BANNED:
        if not file.roles & may:
            for hit in pattern.finditer(code):
                if file.exempt(hit[0].strip()):
                    continue
                yield file.at(hit.end()), f"`{hit[0].strip()}` is banned here: {instead}"
    if file.module in MECHANISMS and not file.is_test:
        for hit in COROUTINE.finditer(file.code):
            yield file.at(hit.start()), (f"`{hit[0]}` in a mechanism: return effects and let an "
                                         "actor wait")
    for number, line in enumerate(file.lines, 1):
        if hit := UNFINISHED.search(line):
            yield number, f"{hit[0]}: finish it or open an issue"


def check_includes(file, allowed):
    may_include = allowed.get(file.module, set()) | {file.module}
    for hit in INCLUDE.finditer(file.text):
        number, ours, theirs = file.at(hit.start(1 if hit[1] else 2)), hit[1], hit[2]
        module = (ours or theirs).split("/")[0]
        if ours is None:
            if module in allowed and "/" in theirs:
                yield number, f'<{theirs}> is ours: include it as "{theirs}"'
            yield from foreign_include(file, number, theirs)
        elif "/" not in ours or ours.startswith("."):
            yield number, f'"{ours}" is not a full path: write "{file.module}/{ours}"'
        elif module not in allowed:
            yield number, f'"{ours}": layers.txt has no module {module}: use <> for other libraries'
        elif module not in may_include and not file.is_test:
            yield number, (f"{file.module} may not include {module}: see layers.txt; move the code "
                           "or pass the value in")


def foreign_include(file, number, header):
    for pattern, may, may_in_header in LIBRARIES:
        if not pattern.match(header):
            continue
        if not file.roles & may:
            owners = ", ".join(sorted(may)) or "nobody"
            yield number, f"<{header}> belongs behind its wrapper ({owners}): call the wrapper"
        elif file.is_header and not file.roles & may_in_header:
            yield number, f"<{header}> in a header: hide it in the .cc file, it is slow to compile"


def check_shape(file):
    if file.is_header:
        directives = re.findall(r"^[ \t]*#[ \t]*(.*)", file.code, re.MULTILINE)
        if not directives or directives[0].strip() != "pragma once":
            yield 1, "the first directive is not #pragma once: put it there"
        if not file.text.startswith("//"):
            yield 1, "a header opens with a comment: what it is for, what must hold, who may call"
    for hit in NAMESPACE.finditer(file.code):
        if hit[1] != file.module:
            yield file.at(hit.start()), (f"namespace distkv::{hit[1]} in folder {file.module}: one "
                                         "folder, one namespace")


def check_folders(src, allowed):
    for folder in sorted(p for p in src.iterdir() if p.is_dir()):
        if folder.name not in allowed:
            yield f"{folder}:1: folder is not in layers.txt: add a line with what it may include"
        elif not (folder / "CMakeLists.txt").exists():
            yield f"{folder}:1: no CMakeLists.txt: write one with distkv_module({folder.name})"
    for module in allowed:
        if not (src / module).is_dir():
            yield f"{src}/layers.txt:1: {module} has no folder: add it or drop the line"


def check_mutants(root, src, files):
    """Every planted bug is used by the product and named by a test that catches it."""
    mutant_list = src / "base/mutant.h"
    names = re.findall(r"\bX\((\w+), \"", mutant_list.read_text()) if mutant_list.exists() else []
    product, tests = [], []
    for file in files:
        (tests if "test" in file.roles else product).append(file.text)
    extra = root / "tests/mutants.txt"
    named = "\n".join(tests) + (extra.read_text() if extra.exists() else "")
    product = "\n".join(product)
    for name in names:
        if not re.search(rf"\bMUTANT\(\s*{name}\s*\)", product):
            yield f"{mutant_list}:1: {name} is planted nowhere: use MUTANT({name}) or drop it"
        if not re.search(rf"\b{name}\b", named):
            yield f"{mutant_list}:1: no test names {name}: show that a checker catches it"
    for file in files:
        for hit in re.finditer(r"\bMUTANT\((\w+)\)", file.code):
            if hit[1] not in names and file.key != "base/mutant.h":
                yield f"{file.path}:{file.at(hit.start())}: {hit[1]} is not in base/mutant.h: add it"


def read_ratchet(path):
    lines = path.read_text().splitlines() if path.exists() else []
    pairs = [line.rsplit(" ", 1) for line in lines if line and not line.startswith("#")]
    return {name: int(size) for name, size in pairs}


def check_tree(root):
    """(errors, warnings) of the tree that holds src/."""
    src = root / "src"
    allowed, errors = read_layers(src / "layers.txt")
    errors += check_folders(src, allowed)
    ratchet = read_ratchet(src / "ratchet.txt")
    errors += [f"{src}/ratchet.txt:1: {name} is gone: drop its line"
               for name in ratchet if not (src / name).exists()]
    paths = sorted(p for p in src.rglob("*") if p.suffix in (".h", ".cc") and p.parent != src)
    files, warnings = [File(path, src) for path in paths], []
    for file in files:
        found = [*check_sizes(file, ratchet), *check_blocks(file), *check_words(file),
                 *check_includes(file, allowed), *check_shape(file)]
        errors += [f"{file.path}:{number}: {what}" for number, what in sorted(found)]
        warnings += [f"{file.path}:{file.at(hit.start())}: shared_ptr to something mutable: who "
                     "owns it?" for hit in SHARED.finditer(file.code) if "os" not in file.roles]
    errors += check_mutants(root, src, files)
    return errors, warnings


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    errors, warnings = check_tree(root)
    for line in [f"warning: {text}" for text in warnings] + errors:
        print(line)
    print(f"house rules: {len(errors)} broken, {len(warnings)} warnings")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
