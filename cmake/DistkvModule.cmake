# One folder under src/ = one module = one static library `distkv_<module>`.
#
#   distkv_module(time LIBS GeographicLib::GeographicLib TEST_DEPS sim)
#
# The modules it links come from src/layers.txt. What a file is follows from the end of its name:
#   x_test.cc   part of <module>_test          x_fuzz.cc  <module>_x_fuzz (libFuzzer, or a replay)
#   x_bench.cc  bench/<module>_x_bench         x_main.cc  the program x
#   other .cc   the library
# TEST_DEPS names modules that tests and benchmarks may see and the product may not.

# Reads layers.txt and adds every module folder that exists, lowest floor first.
function(distkv_add_modules layers_file)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${layers_file})
  # A new module folder must be noticed without configuring by hand.
  file(GLOB unused CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/*/CMakeLists.txt)
  file(STRINGS ${layers_file} lines REGEX "^[a-z]")
  set(seen "")
  foreach(line IN LISTS lines)
    if(NOT line MATCHES "^([a-z][a-z0-9_]*): *([a-z0-9_ ]*)$")
      message(FATAL_ERROR "${layers_file}: cannot read '${line}': write 'module: earlier modules'")
    endif()
    set(module ${CMAKE_MATCH_1})
    separate_arguments(deps UNIX_COMMAND "${CMAKE_MATCH_2}")
    foreach(dep IN LISTS deps)
      if(NOT dep IN_LIST seen)
        message(FATAL_ERROR "${layers_file}: ${module} names ${dep}, which is not on an earlier line")
      endif()
    endforeach()
    list(APPEND seen ${module})
    set_property(GLOBAL PROPERTY distkv_deps_${module} ${deps})
    if(EXISTS ${PROJECT_SOURCE_DIR}/src/${module}/CMakeLists.txt)
      add_subdirectory(src/${module})
    else()
      message(WARNING "src/${module} is named in layers.txt but has no CMakeLists.txt")
    endif()
  endforeach()
endfunction()

# The libraries of those of the named modules that exist.
function(distkv_libraries out)
  set(libraries "")
  foreach(module IN LISTS ARGN)
    if(TARGET distkv_${module})
      list(APPEND libraries distkv_${module})
    endif()
  endforeach()
  set(${out} ${libraries} PARENT_SCOPE)
endfunction()

function(distkv_module module)
  cmake_parse_arguments(M "" "" "LIBS;TEST_DEPS;TEST_LIBS" ${ARGN})
  if(M_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "distkv_module(${module}): unknown argument ${M_UNPARSED_ARGUMENTS}")
  endif()
  get_filename_component(folder ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  if(NOT folder STREQUAL module)
    message(FATAL_ERROR "distkv_module(${module}) stands in folder ${folder}: give both one name")
  endif()
  get_property(deps GLOBAL PROPERTY distkv_deps_${module})
  distkv_libraries(libraries ${deps})
  distkv_libraries(test_libraries ${M_TEST_DEPS})

  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  file(GLOB headers CONFIGURE_DEPENDS *.h)
  foreach(kind test fuzz bench main)
    set(${kind}_sources ${sources})
    list(FILTER ${kind}_sources INCLUDE REGEX "_${kind}\\.cc$")
    list(FILTER sources EXCLUDE REGEX "_${kind}\\.cc$")
  endforeach()

  set(library distkv_${module})
  if(sources)
    add_library(${library} STATIC ${sources} ${headers})
    target_include_directories(${library} PUBLIC ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(${library} PUBLIC distkv_flags ${libraries} ${M_LIBS})
    distkv_precompiled(${library} std)
    distkv_link_test(${module})
  else()
    add_library(${library} INTERFACE)
    target_include_directories(${library} INTERFACE ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(${library} INTERFACE distkv_flags ${libraries} ${M_LIBS})
  endif()

  if(DISTKV_FUZZ)
    # Only what some fuzzer needs is built.
    set_target_properties(${library} PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()

  distkv_programs(${module} ${main_sources})
  distkv_fuzzers(${module} ${fuzz_sources})
  if(test_sources AND NOT DISTKV_FUZZ)
    distkv_test(${module} SOURCES ${test_sources} LIBS ${test_libraries} ${M_TEST_LIBS})
  endif()
  if(DISTKV_PRESET STREQUAL "release")
    foreach(source IN LISTS bench_sources)
      get_filename_component(name ${source} NAME_WE)
      add_executable(${module}_${name} ${source})
      set_target_properties(${module}_${name} PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
      target_link_libraries(${module}_${name} PRIVATE ${library} ${test_libraries} ${M_TEST_LIBS}
        benchmark::benchmark)
    endforeach()
  endif()
  if(DISTKV_PRESET STREQUAL "dev")
    distkv_headers_alone(${module} ${headers})
  endif()
endfunction()

# All tests of a module are one program and one ctest; the counts come from the JSON that gtest
# writes. One process per case was rejected: a sanitizer start-up each costs more than the case.
function(distkv_test module)
  cmake_parse_arguments(T "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${module}_test ${T_SOURCES})
  target_link_libraries(${module}_test PRIVATE distkv_${module} ${T_LIBS} GTest::gtest_main)
  distkv_precompiled(${module}_test test)
  target_compile_definitions(${module}_test PRIVATE
    DISTKV_TESTDATA="${CMAKE_CURRENT_SOURCE_DIR}/testdata")
  add_test(NAME ${module}_test COMMAND ${module}_test WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  set_tests_properties(${module}_test PROPERTIES TIMEOUT 600 ENVIRONMENT
    "GTEST_OUTPUT=json:${CMAKE_BINARY_DIR}/test-results/${module}_test.json")
endfunction()

# Lets a target use the precompiled cmake/pch_<kind>.h, which is built once per preset.
function(distkv_precompiled target kind)
  if(DISTKV_FUZZ)
    return()  # so that the fuzzed modules show that each file includes what it uses
  endif()
  set(pch distkv_pch_${kind})
  if(NOT TARGET ${pch})
    add_library(${pch} OBJECT ${PROJECT_SOURCE_DIR}/cmake/pch.cc)
    target_link_libraries(${pch} PRIVATE distkv_flags)
    if(kind STREQUAL "test")
      target_link_libraries(${pch} PRIVATE GTest::gtest)
    endif()
    target_precompile_headers(${pch} PRIVATE ${PROJECT_SOURCE_DIR}/cmake/pch_${kind}.h)
  endif()
  target_precompile_headers(${target} REUSE_FROM ${pch})
endfunction()

# Every symbol must resolve from the declared modules and LIBS. That only *direct* ones are used is
# for tools/symbols.py, because a static library drags its own dependencies along.
function(distkv_link_test module)
  if(NOT DISTKV_PRESET STREQUAL "release")
    return()
  endif()
  add_executable(${module}_linktest ${PROJECT_SOURCE_DIR}/cmake/empty_main.cc)
  target_link_libraries(${module}_linktest PRIVATE
    "$<LINK_LIBRARY:WHOLE_ARCHIVE,distkv_${module}>")
  set_target_properties(${module}_linktest PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/linktest)
  add_test(NAME ${module}_linktest COMMAND ${module}_linktest)
  add_test(NAME ${module}_symbols
    COMMAND ${PROJECT_SOURCE_DIR}/tools/symbols.py ${module} ${CMAKE_ARCHIVE_OUTPUT_DIRECTORY})
endfunction()

function(distkv_programs module)
  if(DISTKV_FUZZ)
    return()
  endif()
  foreach(source IN LISTS ARGN)
    get_filename_component(name ${source} NAME_WE)
    string(REGEX REPLACE "_main$" "" name ${name})
    add_executable(${name} ${source})
    target_link_libraries(${name} PRIVATE distkv_${module})
    # Other presets must never overwrite the program that users run.
    if(DISTKV_PRESET STREQUAL "release" AND name STREQUAL "distkv")
      add_custom_command(TARGET ${name} POST_BUILD VERBATIM
        COMMAND ${CMAKE_COMMAND} -E create_hardlink $<TARGET_FILE:${name}>
                ${PROJECT_SOURCE_DIR}/build/${name})
    endif()
  endforeach()
endfunction()

function(distkv_fuzzers module)
  foreach(source IN LISTS ARGN)
    get_filename_component(stem ${source} NAME_WE)
    string(REGEX REPLACE "_fuzz$" "" name ${stem})
    set(corpus ${CMAKE_CURRENT_SOURCE_DIR}/testdata/fuzz/${name})
    if(DISTKV_FUZZ)
      add_executable(${module}_${stem} ${source})
      target_link_libraries(${module}_${stem} PRIVATE distkv_${module})
      target_link_options(${module}_${stem} PRIVATE -fsanitize=fuzzer)
      set_target_properties(${module}_${stem} PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz/${module} OUTPUT_NAME ${name})
    else()
      if(NOT EXISTS ${corpus})
        set(corpus "")
      endif()
      add_executable(${module}_${name}_replay ${source} ${PROJECT_SOURCE_DIR}/cmake/fuzz_replay.cc)
      target_link_libraries(${module}_${name}_replay PRIVATE distkv_${module})
      add_test(NAME ${module}_${name}_replay COMMAND ${module}_${name}_replay ${corpus})
    endif()
  endforeach()
endfunction()

# One generated file per header, included twice: it must stand alone and bear repetition.
function(distkv_headers_alone module)
  set(generated "")
  foreach(header IN LISTS ARGN)
    get_filename_component(name ${header} NAME)
    set(file ${CMAKE_CURRENT_BINARY_DIR}/alone/${name}.cc)
    file(CONFIGURE OUTPUT ${file}
      CONTENT "#include \"${module}/${name}\"\n#include \"${module}/${name}\"\n")
    list(APPEND generated ${file})
  endforeach()
  if(generated)
    add_library(${module}_headers_alone OBJECT ${generated})
    target_link_libraries(${module}_headers_alone PRIVATE distkv_${module})
    # Nothing runs, so nothing is optimised or instrumented: the parse is the test.
    target_compile_options(${module}_headers_alone PRIVATE -O0 -g0 -fno-sanitize=all
      -Wno-unused-function)
  endif()
endfunction()
