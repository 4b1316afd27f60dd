#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/verification.hpp"

/// What the controller asks of a probe, a pod of ours in a scratch namespace, and what that answers
/// with as its termination message.
namespace dmaas::api {

struct ProbeOrder {
  std::vector<std::string> addresses{};
  std::string host{};
  std::optional<HttpCheck> http{};
  std::chrono::nanoseconds patience = std::chrono::seconds{20};

  static void fields(auto& self, auto&& field) {
    field("addresses", self.addresses,
          "Addresses as host:port that must not be reached; the probe waits until none is.");
    field("host", self.host, "With http: the name of the Service in the cluster.");
    field("http", self.http, "A request that must succeed; the probe repeats it until it does.");
    field("patience", self.patience, "How long it tries.");
  }
};

struct ProbeReport {
  bool passed = false;
  std::string message{};

  static void fields(auto& self, auto&& field) {
    field("passed", self.passed, "Whether what was asked holds.", rule::always);
    field("message", self.message, "What was seen.");
  }
};

}  // namespace dmaas::api
