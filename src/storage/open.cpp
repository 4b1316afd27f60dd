#include "storage/open.hpp"

#include <stdlib.h>

#include "base/file.hpp"
#include "http/client.hpp"
#include "storage/local/local_store.hpp"
#include "storage/location.hpp"
#include "storage/rest/rest_store.hpp"
#include "storage/retry.hpp"
#include "storage/retrying_store.hpp"
#include "storage/s3/s3_store.hpp"

namespace dmaas::storage {
namespace {

constexpr unsigned local_connections = 2;
constexpr unsigned network_connections = 5;

template <class... Cases>
struct Match : Cases... {
  using Cases::operator()...;
};

Result<std::shared_ptr<http::Client>> open_client(const StorageOptions& options) {
  if (options.client != nullptr) return options.client;
  return std::shared_ptr<http::Client>(
      TRY(http::Client::create({.ca_certificates = options.ca_certificates})));
}

Result<std::unique_ptr<S3Session>> open_session(const S3Location& location,
                                                const StorageOptions& options, Clock& clock,
                                                std::shared_ptr<Throttle> throttle) {
  if (options.s3.access_key.empty() || options.s3.secret_key.empty()) {
    return fail(ErrorCode::invalid_input,
                "an S3 storage needs an access key and a secret key (AWS_ACCESS_KEY_ID, "
                "AWS_SECRET_ACCESS_KEY)");
  }
  return std::make_unique<S3Session>(TRY(open_client(options)),
                                     S3Addressing{location, options.region, options.addressing},
                                     options.s3, clock, std::move(throttle));
}

std::string describe(const S3Location& location) {
  const std::string bucket = "s3:" + location.endpoint.origin() + "/" + location.bucket;
  return location.prefix.empty() ? bucket : bucket + "/" + location.prefix;
}

unsigned connections_or(const StorageOptions& options, unsigned otherwise) {
  return options.connections == 0 ? otherwise : options.connections;
}

std::string environment(const char* name) {
  const char* value = ::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

Result<std::unique_ptr<ObjectStore>> open_storage(std::string_view location,
                                                  const StorageOptions& options, Clock& clock) {
  using Opened = Result<std::unique_ptr<ObjectStore>>;
  const auto throttle = std::make_shared<Throttle>();
  const auto open =
      Match{[&](const LocalLocation& local) -> Opened {
              return open_local_store(local.directory, connections_or(options, local_connections));
            },
            [&](const S3Location& s3) -> Opened {
              return open_s3_store(TRY(open_session(s3, options, clock, throttle)),
                                   {.location = describe(s3),
                                    .prefix = s3.prefix,
                                    .connections = connections_or(options, network_connections)});
            },
            [&](const RestLocation& rest) -> Opened {
              return open_rest_store(
                  TRY(open_client(options)), rest,
                  {options.rest_user, options.rest_password, options.rest_password_file}, clock,
                  throttle, connections_or(options, network_connections));
            }};
  const Location parsed = TRY(parse_location(location));
  return retrying(TRY(std::visit(open, parsed)), clock, throttle, options.give_up_after);
}

Result<StorageOptions> storage_options_from_environment() {
  StorageOptions options;
  options.s3 = {environment("AWS_ACCESS_KEY_ID"), environment("AWS_SECRET_ACCESS_KEY"),
                environment("AWS_SESSION_TOKEN")};
  for (const char* name : {"AWS_DEFAULT_REGION", "AWS_REGION"}) {
    if (const std::string region = environment(name); !region.empty()) {
      options.region = region;
      break;
    }
  }
  options.rest_user = environment("RESTIC_REST_USERNAME");
  options.rest_password = environment("RESTIC_REST_PASSWORD");
  if (const std::string file = environment("RESTIC_CACERT"); !file.empty()) {
    options.ca_certificates = TRY(read_small_file(file).context("RESTIC_CACERT"));
  }
  return options;
}

Result<> create_container(std::string_view location, const StorageOptions& options, Clock& clock,
                          std::stop_token stop) {
  const auto create =
      Match{[&](const LocalLocation& local) { return make_directories(local.directory); },
            [&](const S3Location& s3) -> Result<> {
              const auto throttle = std::make_shared<Throttle>();
              const auto session = TRY(open_session(s3, options, clock, throttle));
              Retry retry{clock, *throttle, {.give_up_after = options.give_up_after}};
              return run_with_retries(retry, stop, [&] { return create_bucket(*session, stop); });
            },
            [&](const RestLocation&) -> Result<> {
              return fail(ErrorCode::unsupported,
                          "a REST server makes its repositories itself when they are initialised");
            }};
  const Location parsed = TRY(parse_location(location));
  return std::visit(create, parsed);
}

}  // namespace dmaas::storage
