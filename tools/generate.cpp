#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "api/generated_files.hpp"
#include "base/file.hpp"
#include "cli/install/manifests.hpp"

// Writes what is derived from the fields tables of src/api and the manifests of src/cli/install:
//   dmaas_generate ROOT           writes the files below the checkout ROOT
//   dmaas_generate --check ROOT   fails when one of them is stale
namespace dmaas {
namespace {

bool is_current(const std::string& path, const std::string& text) {
  auto present = read_small_file(path);
  if (present && *present == text) return true;
  fmt::print(stderr, "{} is stale: run dmaas_generate\n", path);
  return false;
}

bool write(const std::string& path, const std::string& text) {
  std::error_code ignored;  // the write below says what is wrong
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
  auto written = write_file_atomically(path, bytes_of(text));
  if (!written) fmt::print(stderr, "{}\n", written.error().message());
  return written.has_value();
}

}  // namespace
}  // namespace dmaas

int main(int argc, char** argv) {
  bool check = argc == 3 && std::string_view(argv[1]) == "--check";
  if (argc != 2 && !check) {
    fmt::print(stderr, "usage: dmaas_generate [--check] ROOT\n");
    return 2;
  }
  auto files = dmaas::api::generated_files();
  files.emplace("deploy/install.yaml", dmaas::cli::generated_install_file());
  bool good = true;
  for (const auto& [name, text] : files) {
    auto path = fmt::format("{}/{}", argv[argc - 1], name);
    good = (check ? dmaas::is_current(path, text) : dmaas::write(path, text)) && good;
  }
  return good ? 0 : 1;
}
