# dmaas_module(NAME [USES module...] [LINKS target...])
#
# One static library from every *.cpp below src/NAME, and one test program NAME_test from every *_test.cpp there: no list
# from which a test can be dropped. `USES` is the architecture: only modules declared before may be named, and
# tools/check_layers.py refuses includes of anything else. LINKS are third-party libraries that only this module includes.
set_property(GLOBAL PROPERTY DMAAS_LAYERS "")

function(dmaas_module name)
  cmake_parse_arguments(MODULE "" "" "USES;LINKS" ${ARGN})
  set_property(GLOBAL APPEND_STRING PROPERTY DMAAS_LAYERS "${name}: ${MODULE_USES}\n")
  set(directory ${CMAKE_SOURCE_DIR}/src/${name})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${directory}/*.cpp)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")

  set(dependencies ${MODULE_USES})
  list(TRANSFORM dependencies PREPEND dmaas_)
  if(sources)
    add_library(dmaas_${name} STATIC ${sources})
    target_include_directories(dmaas_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(dmaas_${name} PUBLIC ${dependencies} ${MODULE_LINKS})
  else()
    add_library(dmaas_${name} INTERFACE)
    target_include_directories(dmaas_${name} INTERFACE ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(dmaas_${name} INTERFACE ${dependencies} ${MODULE_LINKS})
  endif()

  if(tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE dmaas_${name} GTest::gmock GTest::gtest_main)
    target_compile_definitions(${name}_test PRIVATE DMAAS_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    add_test(NAME ${name} COMMAND ${name}_test)
    set_tests_properties(${name} PROPERTIES LABELS unit)
  endif()
endfunction()
