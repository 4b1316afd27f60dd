#include "certificates/ensure_certificates.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "certificates/renewal.hpp"
#include "certificates/secrets.hpp"
#include "kube/object/object.hpp"
#include "kube/testing/fake_api_server.hpp"

namespace dmaas::certificates {
namespace {

using namespace std::chrono_literals;

const auto secrets = kube::resources::secrets();

class EnsureCertificatesTest : public testing::Test {
protected:
  Result<> ensure() { return ensure_certificates(server, "dmaas-system", clock, {}); }

  static kube::ObjectKey key_of(std::string_view name) {
    return {"dmaas-system", std::string(name)};
  }
  Json secret(std::string_view name) const {
    return server.peek(secrets, key_of(name)).value_or(nullptr);
  }
  std::string value(std::string_view name, std::string_view key) const {
    auto bytes = *base64_decode(text_at(secret(name), "data", key));
    return {bytes.begin(), bytes.end()};
  }
  void set(std::string_view name, const std::string& key, const std::string& value) {
    Json patch = JsonObject{{"data", {{key, base64_encode(bytes_of(value))}}}};
    ASSERT_TRUE(server.patch(secrets, key_of(name), {kube::PatchKind::merge, patch}, {}, {}));
  }
  bool is_good(std::string_view name, const std::string& service) const {
    crypto::ServerNames names{service_names(service, "dmaas-system"), {}};
    return crypto::check_server_certificate({value(name, "tls.crt"), value(name, "tls.key")},
                                            value(controller_secret, "ca.crt"), names, clock.now())
        .has_value();
  }
  int writes() const {
    auto calls = server.calls();
    return static_cast<int>(std::ranges::count_if(
        calls, [](const kube::RecordedCall& call) { return call.verb != kube::Verb::get; }));
  }

  ManualClock clock{Timestamp(1'800'000'000s)};
  kube::FakeApiServer server{clock};
};

TEST_F(EnsureCertificatesTest, MakesTheThreeSecretsAndNothingWhenTheyAreThere) {
  ASSERT_TRUE(ensure());
  EXPECT_TRUE(is_good(controller_secret, "dmaas-controller"));
  EXPECT_TRUE(is_good(gateway_secret, "dmaas-gateway"));
  for (auto name : secret_names) EXPECT_EQ(text_at(secret(name), "type"), "kubernetes.io/tls");
  server.clear_calls();
  ASSERT_TRUE(ensure());
  EXPECT_EQ(writes(), 0);
}

TEST_F(EnsureCertificatesTest, TheAuthoritysKeyIsInItsOwnSecretOnly) {
  ASSERT_TRUE(ensure());
  auto key = text_at(secret(authority_secret), "data", "tls.key");
  ASSERT_FALSE(key.empty());
  for (auto name : {controller_secret, gateway_secret})
    EXPECT_EQ(to_text(secret(name)).find(key), std::string::npos);
}

TEST_F(EnsureCertificatesTest, RenewsOneCertificateAndLeavesTheOthers) {
  ASSERT_TRUE(ensure());
  auto authority = secret(authority_secret);
  auto controller = secret(controller_secret);
  set(gateway_secret, "tls.crt", "");
  set(gateway_secret, "note", "a person's");
  ASSERT_TRUE(ensure());
  EXPECT_TRUE(is_good(gateway_secret, "dmaas-gateway"));
  EXPECT_EQ(value(gateway_secret, "note"), "a person's");
  EXPECT_EQ(secret(authority_secret), authority);
  EXPECT_EQ(secret(controller_secret), controller);
}

TEST_F(EnsureCertificatesTest, ReadsSecretsWithoutData) {
  server.seed(secrets, kube::make_object(secrets, key_of(gateway_secret)));
  ASSERT_TRUE(ensure());
  EXPECT_TRUE(is_good(gateway_secret, "dmaas-gateway"));
}

TEST_F(EnsureCertificatesTest, TwoAtOnceAgree) {
  bool is_first = true;
  server.set_fault([&](const kube::RecordedCall& call) -> std::optional<Error> {
    if (call.verb == kube::Verb::create && std::exchange(is_first, false)) {
      EXPECT_TRUE(ensure());
    }
    return std::nullopt;
  });
  ASSERT_TRUE(ensure());
  EXPECT_FALSE(is_first);
  EXPECT_EQ(value(controller_secret, "ca.crt"), value(authority_secret, "tls.crt"));
  EXPECT_TRUE(is_good(controller_secret, "dmaas-controller"));
  EXPECT_TRUE(is_good(gateway_secret, "dmaas-gateway"));
}

TEST_F(EnsureCertificatesTest, TwoRenewalsAtOnceAgree) {
  ASSERT_TRUE(ensure());
  set(authority_secret, "tls.key", "");
  set(gateway_secret, "tls.key", "");
  bool is_first = true;
  server.set_fault([&](const kube::RecordedCall& call) -> std::optional<Error> {
    if (call.verb == kube::Verb::patch && std::exchange(is_first, false)) {
      EXPECT_TRUE(ensure());
    }
    return std::nullopt;
  });
  ASSERT_TRUE(ensure());
  EXPECT_FALSE(is_first);
  EXPECT_TRUE(is_good(controller_secret, "dmaas-controller"));
  EXPECT_TRUE(is_good(gateway_secret, "dmaas-gateway"));
}

TEST_F(EnsureCertificatesTest, AnotherRunEndsWhatAFailureCutShort) {
  for (int allowed = 0; allowed < 3; ++allowed) {
    kube::FakeApiServer fresh{clock};
    int left = allowed;
    fresh.set_fault([&](const kube::RecordedCall& call) -> std::optional<Error> {
      if (call.verb != kube::Verb::create || left-- > 0) return std::nullopt;
      return Error(ErrorCode::unavailable, "the API server has gone");
    });
    EXPECT_EQ(ensure_certificates(fresh, "dmaas-system", clock, {}).code(), ErrorCode::unavailable);
    fresh.set_fault(nullptr);
    ASSERT_TRUE(ensure_certificates(fresh, "dmaas-system", clock, {}));
    fresh.clear_calls();
    ASSERT_TRUE(ensure_certificates(fresh, "dmaas-system", clock, {}));
    EXPECT_EQ(fresh.calls().size(), 3);
  }
}

TEST_F(EnsureCertificatesTest, GivesUpWhenOthersDoNotLetItEnd) {
  server.set_fault([](const kube::RecordedCall& call) -> std::optional<Error> {
    if (call.verb != kube::Verb::create) return std::nullopt;
    return Error(ErrorCode::already_exists, "another one was first");
  });
  EXPECT_EQ(ensure().code(), ErrorCode::already_exists);
}

}  // namespace
}  // namespace dmaas::certificates
