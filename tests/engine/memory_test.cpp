#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "engine/testing/file_tree.hpp"

namespace dmaas::engine {
namespace {

using testing::TemporaryDirectory;

constexpr std::uint64_t mebibyte = 1 << 20;

/// Peaks of `dmaas repo` as a process of its own: what a limit of a container is held against.
class MemoryTest : public ::testing::Test {
protected:
  void SetUp() override {
    program_ = std::getenv("DMAAS");
    ASSERT_NE(program_, nullptr) << "DMAAS names no program: use ./x test integration";
    run({"init"});
  }

  /// Peak resident bytes of one command that succeeds.
  std::uint64_t run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {program_, "repo"});
    arguments.insert(arguments.end(), {"--quiet", "--repo", files_ / "repository"});
    const pid_t pid = ::fork();
    if (pid == 0) exec(arguments);
    int status = -1;
    rusage used{};
    EXPECT_EQ(::wait4(pid, &status, 0, &used), pid);
    EXPECT_EQ(status, 0) << arguments[2];
    return static_cast<std::uint64_t>(used.ru_maxrss) * 1024;
  }

  void make_small_files(const std::string& top, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::string directory = (files_ / top) + "/" + std::to_string(i / 500);
      if (i % 500 == 0) std::filesystem::create_directories(directory);
      testing::write_file(directory + "/" + std::to_string(i), "content " + std::to_string(i));
    }
  }

  /// Piece by piece: what this process holds counts as the child's until it is another program.
  void make_large_file(const std::string& name, std::uint64_t size) {
    std::ofstream file{files_ / name, std::ios::binary};
    constexpr std::uint64_t piece = 4 * mebibyte;
    for (std::uint64_t done = 0; done < size; done += piece)
      file << testing::random_text(piece, static_cast<unsigned>(done / piece));
  }

  TemporaryDirectory files_;

private:
  [[noreturn]] static void exec(std::vector<std::string>& arguments) {
    ::setenv("RESTIC_PASSWORD", "password", 1);
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    ::execv(pointers[0], pointers.data());
    ::_exit(127);
  }

  char* program_ = nullptr;
};

// Each file that was never seen costs an entry of the index and, until an index file is full, its
// line there: 250 bytes together.
TEST_F(MemoryTest, TenTimesTheFilesTakeNoMoreThanTheirEntriesInTheIndex) {
  constexpr std::size_t few = 4'000;
  constexpr std::size_t many = 40'000;
  make_small_files("few", few);
  make_small_files("many", many);
  const auto peak_of_few = run({"backup", files_ / "few"});
  EXPECT_LT(run({"backup", files_ / "many"}), peak_of_few + many * 250 + 8 * mebibyte);
}

TEST_F(MemoryTest, EveryCommandOverManyFilesStaysBelow80MiB) {
  make_small_files("many", 40'000);
  EXPECT_LT(run({"backup", files_ / "many"}), 80 * mebibyte);
  EXPECT_LT(run({"backup", files_ / "many"}), 80 * mebibyte) << "nothing changed";
  EXPECT_LT(run({"check", "--read-data"}), 80 * mebibyte);
  EXPECT_LT(run({"restore", "latest", "--target", files_ / "restored"}), 80 * mebibyte);
}

// What does not compress fills packs as fast as it is read: 3 open, 2 on their way to the disk.
TEST_F(MemoryTest, LargeFileTakesNoMoreThanThePacksInWork) {
  make_large_file("large", 512 * mebibyte);
  EXPECT_LT(run({"backup", files_ / "large"}), 160 * mebibyte);
  EXPECT_LT(run({"check", "--read-data"}), 80 * mebibyte);
  EXPECT_LT(run({"restore", "latest", "--target", files_ / "restored"}), 80 * mebibyte);
}

}  // namespace
}  // namespace dmaas::engine
