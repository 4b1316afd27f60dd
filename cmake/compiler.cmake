# Flags that hold for every target, the linker and the compiler cache.
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Werror)
# GCC 12 reports overflows inside its own std::vector and std::string at -O2 that are not there (GCC PR 105329, 105651).
add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-restrict> $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overflow>
                    $<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds> $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overread>)
add_link_options(-fuse-ld=mold)
# ccache can look through precompiled headers only with this.
add_compile_options(-fpch-preprocess)
set(DMAAS_FAST_FLAGS "" CACHE STRING "flags of the modules whose speed users feel")

set(DMAAS_SANITIZE "" CACHE STRING "empty, 'address' (with undefined) or 'thread'")
if(DMAAS_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(DMAAS_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread -Wno-tsan)
  add_link_options(-fsanitize=thread)
endif()
