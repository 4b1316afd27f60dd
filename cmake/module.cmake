# dmaas_module(NAME [FAST] [USES module...] [LINKS target...])
#
# One static library from every *.cpp below src/NAME, and one test program NAME_test from every *_test.cpp there: no list
# from which a test can be dropped. `USES` is the architecture: only modules declared before may be named, and
# tools/check_layers.py refuses includes of anything else. LINKS are third-party libraries that only this module includes.
# FAST modules are optimised for speed even where the rest is optimised for build time.
#
# Headers that nearly everything includes are parsed once (src/base/precompiled.hpp): that halves the time of a build.
set(DMAAS_PRECOMPILED ${CMAKE_SOURCE_DIR}/src/base/precompiled.hpp)

function(dmaas_precompile target kind)
  get_property(first GLOBAL PROPERTY DMAAS_PRECOMPILED_${kind})
  if(first)
    target_precompile_headers(${target} REUSE_FROM ${first})
  else()
    target_precompile_headers(${target} PRIVATE ${DMAAS_PRECOMPILED} ${ARGN})
    set_property(GLOBAL PROPERTY DMAAS_PRECOMPILED_${kind} ${target})
  endif()
endfunction()

# What every library and test sees of third parties, so that one precompiled header fits all of them.
function(dmaas_include_basics target)
  target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(${target} PUBLIC Boost::json fmt::fmt)
endfunction()

function(dmaas_module name)
  cmake_parse_arguments(MODULE "FAST" "" "USES;LINKS" ${ARGN})
  set(directory ${CMAKE_SOURCE_DIR}/src/${name})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${directory}/*.cpp)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")

  set(dependencies ${MODULE_USES})
  list(TRANSFORM dependencies PREPEND dmaas_)
  add_library(dmaas_${name} STATIC ${sources})
  dmaas_include_basics(dmaas_${name})
  target_link_libraries(dmaas_${name} PUBLIC ${dependencies} ${MODULE_LINKS})
  if(MODULE_FAST)
    target_compile_options(dmaas_${name} PRIVATE ${DMAAS_FAST_FLAGS})
    dmaas_precompile(dmaas_${name} fast)
  else()
    dmaas_precompile(dmaas_${name} library)
  endif()

  if(tests)
    add_executable(${name}_test ${tests})
    dmaas_test_program(${name}_test dmaas_${name})
    add_test(NAME ${name} COMMAND ${name}_test WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(${name} PROPERTIES LABELS unit)
  endif()
endfunction()

# A GoogleTest program: built without optimisation, since it is compiled more often than it waits for itself.
function(dmaas_test_program target)
  target_link_libraries(${target} PRIVATE ${ARGN} GTest::gmock GTest::gtest_main)
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/src)
  target_compile_options(${target} PRIVATE -O0)
  dmaas_precompile(${target} test <gtest/gtest.h>)
endfunction()
