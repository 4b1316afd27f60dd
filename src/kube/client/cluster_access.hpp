#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "kube/client/client.hpp"

namespace dmaas::kube {

/// What proves to the API server who we are. PEM texts and tokens; never logged.
struct Identity {
  std::string token{};
  std::string user_name{};  // basic authentication, of old clusters
  std::string password{};
  std::string client_certificate{};
  std::string client_key{};

  bool operator==(const Identity&) const = default;
};

/// Where an identity comes from; it may change while the program runs. Thread-safe.
class IdentitySource {
public:
  virtual ~IdentitySource() = default;
  /// May run a program or read a file. Errors: permission_denied, not_found, timeout,
  /// invalid_input.
  virtual Result<Identity> current(std::stop_token stop) = 0;
  /// The server refused it (401): the next `current` asks anew.
  virtual void forget() = 0;
};

/// Everything that is needed to talk to one API server.
struct ClusterAccess {
  std::string server{};           // "https://host:port", without a slash at the end
  std::string ca_certificates{};  // PEM; empty: the system's
  std::string tls_server_name{};  // expected in the certificate; empty: the host
  enum class Verify { peer, nothing } verify = Verify::peer;
  std::shared_ptr<IdentitySource> identity{};
  std::string namespace_name = "default";  // where commands act when none is named
  std::string context{};                   // name in the kubeconfig; "" in a pod
  std::string source{};                    // kubeconfig files, for messages; "" in a pod
  std::optional<Account> account{};        // acts for somebody else in all it does
};

/// Does not connect yet. `clock` must outlive the client.
Result<std::unique_ptr<Client>> open_client(const ClusterAccess& access, Clock& clock);

/// An identity that never changes.
std::shared_ptr<IdentitySource> fixed_identity(Identity identity);
/// A token file that is read again each minute and after a refusal, because kubelet rotates it.
std::shared_ptr<IdentitySource> token_file_identity(std::string path, Clock& clock);

}  // namespace dmaas::kube
