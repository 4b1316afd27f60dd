#include "mover/bundle.hpp"

#include <link.h>

#include <filesystem>
#include <set>
#include <system_error>

namespace dmaas::mover {
namespace {

namespace fs = std::filesystem;

/// Loader and libraries of this very process, as the loader itself lists them.
std::set<std::string> loaded_libraries() {
  std::set<std::string> paths;
  auto add = [](dl_phdr_info* info, std::size_t, void* set) {
    if (info->dlpi_name != nullptr && info->dlpi_name[0] == '/')
      static_cast<std::set<std::string>*>(set)->insert(info->dlpi_name);
    return 0;
  };
  ::dl_iterate_phdr(add, &paths);
  return paths;
}

Result<> copy_program(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::copy_file(fs::canonical(from, error), to, fs::copy_options::overwrite_existing, error);
  if (error)
    return fail(ErrorCode::unavailable,
                "copy " + from.string() + " to " + to.string() + ": " + error.message());
  return {};
}

}  // namespace

Result<> write_bundle(const std::string& target) {
  std::error_code error;
  auto libraries = fs::path(target) / "lib";
  fs::create_directories(libraries, error);
  if (error)
    return fail(ErrorCode::unavailable, "create " + libraries.string() + ": " + error.message());
  TRY(copy_program("/proc/self/exe", fs::path(target) / "dmaas"));
  for (const auto& library : loaded_libraries())
    TRY(copy_program(library, libraries / fs::path(library).filename()));
  return {};
}

}  // namespace dmaas::mover
