#!/usr/bin/env python3
"""Looks at what a module's library asks of others, which the compiler does not judge.

Usage: tools/symbols.py MODULE LIBRARY_FOLDER [LAYERS_FILE]
1. A symbol of ours must come from a module on the line of MODULE in layers.txt, not from one
   further down that merely happens to be linked too.
2. Outside the real world's modules nobody asks the operating system for time, randomness, threads,
   files or sockets: they come in through world::World, else a seed would not replay.
"""
import pathlib
import re
import subprocess
import sys

from tidy import read_layers

# Modules that are the real world, and why.
REAL_WORLD = {
    "os": "it implements the world on the operating system",
    "distkv": "the program: files, terminal, exit codes",
    "storage_rocksdb": "RocksDB has threads and files of its own",
}

# What pure modules may not reference, by mangled or C name, and where to get it instead.
FORBIDDEN = [
    (r"clock_gettime|clock|time|ftime|gettimeofday|localtime(_r)?|gmtime(_r)?|mktime|strftime"
     r"|ntp_adjtime|adjtimex|_ZNSt6chrono3_V21[0-9]\w+_clock3nowEv", "take an Instant argument"),
    (r"sleep|usleep|nanosleep|clock_nanosleep|alarm|setitimer|timerfd_\w+|poll|ppoll|select|epoll_\w+",
     "wait on the world's timers"),
    (r"rand|srand|random|srandom|rand_r|drand48|getrandom|getentropy|arc4random\w*"
     r"|_ZNSt13random_device\w+", "take a base::Rng argument"),
    (r"pthread_(create|mutex_\w+|cond_\w+|rwlock_\w+|spin_\w+)|_ZNSt6thread\w+"
     r"|_ZNSt18condition_variable\w+|_ZNSt5mutex\w+|fork|vfork|execv?[pe]*|system|popen",
     "one reactor owns the state; send it a message"),
    (r"socket|bind|listen|accept4?|connect|send|sendto|sendmsg|recv|recvfrom|recvmsg|getaddrinfo",
     "take world::Network"),
    (r"open(64|at|at64)?|creat|read|write|p?(read|write)v?(64)?|close|fsync|fdatasync|rename|unlink"
     r"|mmap(64)?|f?truncate(64)?|stat|fstat|f(re)?open(64)?|fread|fwrite|remove"
     r"|_ZNSt1[0-9]basic_i?o?f(stream|ilebuf)\w+|_ZNSt10filesystem\w+|_ZNSt13basic_filebuf\w+",
     "take world::Disk"),
    (r"getenv|secure_getenv|setenv|setlocale|gethostname|getpid|_ZNSt6localeC[12]EPKc",
     "pass the setting in: a run may depend on its seed only"),
    (r"signal|sigaction|raise|kill|exit|_exit|quick_exit", "return, and let the program decide"),
]
FORBIDDEN = [(re.compile(rf"(?:{names})(?:@.*)?"), instead) for names, instead in FORBIDDEN]

# (module, symbol): why it may.
EXEMPT = {
    ("base", "write"): "log lines go to stderr, from log.cc alone",
    ("base", "fwrite"): "the last words of a failed CHECK, on stderr",
}


def nm(library, *flags):
    """Symbol -> object file, for one archive."""
    out = subprocess.run(["llvm-nm-19", *flags, "--format=posix", "-A", str(library)], check=True,
                         capture_output=True, text=True).stdout
    symbols = {}
    for line in out.splitlines():
        place, _, rest = line.partition(": ")
        if rest:
            symbols[rest.split(" ")[0]] = re.sub(r".*\[(.*)\]$", r"\1", place)
    return symbols


def readable(symbol):
    return subprocess.run(["llvm-cxxfilt-19", symbol], check=True, capture_output=True,
                          text=True).stdout.strip()


def check(module, folder, layers):
    allowed, errors = read_layers(layers)
    library = folder / f"libdistkv_{module}.a"
    if not library.exists():
        return [f"{library}:1: no such library: ./dev build release"]
    wanted = nm(library, "--undefined-only")
    own = nm(library, "--defined-only")
    for other in allowed:
        neighbour = folder / f"libdistkv_{other}.a"
        if other == module or other in allowed.get(module, set()) or not neighbour.exists():
            continue
        for symbol in sorted(wanted.keys() & nm(neighbour, "--defined-only").keys() - own.keys()):
            errors.append(f"src/{module}/{wanted[symbol]}:1: needs {readable(symbol)} of {other}: "
                          f"add {other} to the line of {module} in layers.txt, or do without")
    if module not in REAL_WORLD:
        for symbol in sorted(wanted):
            for names, instead in FORBIDDEN:
                if names.fullmatch(symbol) and (module, symbol) not in EXEMPT:
                    errors.append(f"src/{module}/{wanted[symbol]}:1: calls {readable(symbol)}, which "
                                  f"asks the machine: {instead}")
    return errors


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    repository = pathlib.Path(__file__).resolve().parent.parent
    layers = pathlib.Path(sys.argv[3]) if len(sys.argv) > 3 else repository / "src/layers.txt"
    errors = check(sys.argv[1], pathlib.Path(sys.argv[2]), layers)
    print("\n".join(errors or [f"{sys.argv[1]}: every symbol comes from where it may"]))
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
