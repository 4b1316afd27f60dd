#pragma once

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "http/client.hpp"
#include "storage/location.hpp"
#include "storage/object_store.hpp"
#include "storage/throttle.hpp"

namespace dmaas::storage {

struct RestCredentials {
  std::string user;  // empty: the location's, else "dmaas" when there is a password
  std::string password;
  std::string password_file;  // read for every request; empty: `password`
};

/// Objects on a restic REST server (rest-server, rclone, the DMaaS gateway). Names are restic's
/// default layout; every other name is invalid_input. A first "config" creates the repository. The
/// server checks content whose name is its SHA-256; other content is checked before its last byte
/// is sent. create_only is a look before the save. A refused save (403) of what exists in the same
/// size is success, because names (but "config") are hashes of contents, and servers refuse to
/// write over them.
std::unique_ptr<ObjectStore> open_rest_store(std::shared_ptr<http::Client> client,
                                             RestLocation location, RestCredentials credentials,
                                             Clock& clock, std::shared_ptr<Throttle> throttle,
                                             unsigned connections);

}  // namespace dmaas::storage
