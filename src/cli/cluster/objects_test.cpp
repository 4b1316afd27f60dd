#include "cli/cluster/objects.hpp"

#include <gtest/gtest.h>

#include "api/backup_configuration.hpp"
#include "api/backup_policy.hpp"
#include "api/backup_storage.hpp"
#include "kube/object/object.hpp"
#include "kube/testing/fake_api_server.hpp"

namespace dmaas::cli {
namespace {

const api::KindInfo& storages = api::kind_info<api::BackupStorage>();

class ReferenceTest : public testing::Test {
protected:
  void seed(const std::string& namespace_name, const std::string& name) {
    server_.seed(storages.resource(),
                 kube::make_object(storages.resource(), {namespace_name, name}));
  }
  Result<kube::ObjectKey> find(const std::string& text) {
    return find_reference(server_, storages, text, {"shop", "dmaas-system"}, {});
  }

  kube::FakeApiServer server_;
};

TEST_F(ReferenceTest, OwnNamespaceComesBeforeTheSystemNamespace) {
  seed("dmaas-system", "main");
  EXPECT_EQ(find("main")->text(), "dmaas-system/main");
  seed("shop", "main");
  EXPECT_EQ(find("main")->text(), "shop/main");
  EXPECT_EQ(find("dmaas-system/main")->text(), "dmaas-system/main");
}

TEST_F(ReferenceTest, WhatOneMayNotReadCanStillBeReferredTo) {
  seed("dmaas-system", "main");
  server_.set_fault([](const kube::RecordedCall& call) -> std::optional<Error> {
    if (call.key.namespace_name == "dmaas-system") return Error{ErrorCode::permission_denied, ""};
    return std::nullopt;
  });
  EXPECT_EQ(find("main")->text(), "dmaas-system/main");
}

TEST_F(ReferenceTest, MissingOneNamesThoseThatThereAre) {
  seed("dmaas-system", "main");
  auto found = find("mian");
  ASSERT_TRUE(found.failed_with(ErrorCode::not_found));
  EXPECT_EQ(found.error().message(),
            "there is no storage mian in namespace shop; storages of other namespaces are: "
            "dmaas-system/main");
}

TEST(MissingTextTest, NamesNeighboursFirst) {
  const auto& plans = api::kind_info<api::BackupConfiguration>();
  EXPECT_EQ(missing_text(plans, {"shop", "db"}, {{"shop", "web"}, {"www", "db"}}),
            "there is no plan db in namespace shop; its plans are: web");
  EXPECT_EQ(missing_text(plans, {"shop", "db"}, {}),
            "there is no plan db in namespace shop, nor any other");
}

TEST(MissingTextTest, PoliciesAreOfNoNamespace) {
  const auto& policies = api::kind_info<api::BackupPolicy>();
  EXPECT_EQ(key_in(policies, "shop", "gold").text(), "gold");
  EXPECT_EQ(missing_text(policies, {"", "gold"}, {{"", "silver"}}),
            "there is no policy gold; the policies are: silver");
}

}  // namespace
}  // namespace dmaas::cli
