# Everything our own targets are compiled with. Third-party headers live in system folders, so the
# warnings below judge only our code.
add_library(distkv_flags INTERFACE)
target_compile_options(distkv_flags INTERFACE
  -Wall -Wextra -Wpedantic -Werror
  -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wold-style-cast -Wcast-align -Wextra-semi
  -Wconversion -Wno-sign-conversion -Wimplicit-fallthrough -Wnull-dereference -Wunused
  -Wdouble-promotion -Wformat=2
  # Options structs are filled by name; what is left out has its default.
  -Wno-missing-designated-field-initializers
  # Backtraces of a failed CHECK must be readable in release builds too.
  -fno-omit-frame-pointer
  # The same seed gives the same hash on every machine: never fuse a multiply with an add.
  -ffp-contract=off
  # Else ccache never recognises a precompiled header again.
  "SHELL:-Xclang -fno-pch-timestamp"
  # No path of the building machine in binaries: a failed CHECK says src/raft/log.cc.
  -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)
target_link_options(distkv_flags INTERFACE -fuse-ld=lld-19)

if(DISTKV_SANITIZE)
  set(sanitize -fsanitize=${DISTKV_SANITIZE})
  if(DISTKV_SANITIZE MATCHES "undefined")
    list(APPEND sanitize -fno-sanitize-recover=all)
  endif()
  target_compile_options(distkv_flags INTERFACE ${sanitize})
  target_link_options(distkv_flags INTERFACE ${sanitize})
endif()
if(DISTKV_FUZZ)
  target_compile_options(distkv_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(DISTKV_COVERAGE)
  set(coverage -fprofile-instr-generate -fcoverage-mapping)
  target_compile_options(distkv_flags INTERFACE ${coverage})
  target_link_options(distkv_flags INTERFACE ${coverage})
endif()
if(DISTKV_MUTANTS)
  target_compile_definitions(distkv_flags INTERFACE DISTKV_MUTANTS=1)
endif()
