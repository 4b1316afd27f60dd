#include "minio_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "http/client.hpp"

namespace dmaas::storage {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr auto ready_timeout = 30s;
constexpr auto poll_interval = 50ms;

std::string environment(const char* name) {
  const char* value = ::getenv(name);
  return value == nullptr ? "" : value;
}

fs::path cache_directory() {
  if (const auto cache = environment("DMAAS_TESTBED_CACHE"); !cache.empty()) return cache;
  if (const auto cache = environment("XDG_CACHE_HOME"); !cache.empty()) {
    return fs::path(cache) / "dmaas-testbed";
  }
  return fs::path(environment("HOME")) / ".cache/dmaas-testbed";
}

Result<std::string> find_program() {
  if (const auto program = environment("DMAAS_MINIO"); !program.empty()) return program;
  std::error_code ignored;
  fs::path newest;
  for (const auto& entry : fs::directory_iterator(cache_directory(), ignored)) {
    const fs::path program = entry.path() / "minio";
    if (!entry.path().filename().string().starts_with("minio-") || !fs::exists(program)) continue;
    if (newest.empty() || fs::last_write_time(program) > fs::last_write_time(newest)) {
      newest = program;
    }
  }
  if (newest.empty()) {
    return fail(ErrorCode::not_found,
                "there is no MinIO; run `python3 -m testbed.build minio` or set DMAAS_MINIO");
  }
  return newest.string();
}

unsigned free_port() {
  const FileDescriptor socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ENSURE(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
  ENSURE(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  return ntohs(address.sin_port);
}

}  // namespace

MinioServer::MinioServer(std::string program, std::string directory, unsigned port)
    : program_(std::move(program)),
      directory_(std::move(directory)),
      port_(port),
      origin_(fmt::format("http://127.0.0.1:{}", port)) {}

MinioServer::~MinioServer() {
  kill();
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

Result<std::unique_ptr<MinioServer>> MinioServer::start() {
  std::string program = TRY(find_program());
  std::string directory = (fs::temp_directory_path() / "dmaas-minio-XXXXXX").string();
  ENSURE(::mkdtemp(directory.data()) != nullptr);
  std::unique_ptr<MinioServer> server{
      new MinioServer(std::move(program), std::move(directory), free_port())};
  TRY(server->run());
  return server;
}

Result<> MinioServer::restart() {
  kill();
  return run();
}

void MinioServer::kill() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

Result<> MinioServer::run() {
  const std::string address = fmt::format("127.0.0.1:{}", port_);
  const std::string data = directory_ + "/data";
  const std::string log = directory_ + "/log";
  pid_ = ::fork();
  if (pid_ < 0) return fail(system_error("fork", errno));
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a killed test leaves no server
    const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    ::setenv("MINIO_ROOT_USER", credentials().access_key.c_str(), 1);
    ::setenv("MINIO_ROOT_PASSWORD", credentials().secret_key.c_str(), 1);
    ::setenv("MINIO_BROWSER", "off", 1);
    ::setenv("HOME", directory_.c_str(), 1);
    ::execl(program_.c_str(), "minio", "server", "--quiet", "--address", address.c_str(),
            data.c_str(), nullptr);
    ::_exit(127);
  }
  const auto client = TRY(http::Client::create({}));
  const auto begin = system_clock().monotonic();
  while (system_clock().monotonic() - begin < ready_timeout) {
    auto ready = client->send({.url = origin_ + "/minio/health/ready"}, {});
    if (ready && ready->status == 200) return {};
    system_clock().sleep(poll_interval, {});
  }
  return fail(ErrorCode::timeout,
              "MinIO did not become ready: " + read_small_file(log).value_or("no log"));
}

}  // namespace dmaas::storage
