#include "controller/references.hpp"

#include <gtest/gtest.h>

#include "api/restore_session.hpp"
#include "base/yaml.hpp"
#include "controller/accounts.hpp"
#include "controller/restore/restore_source.hpp"
#include "kube/testing/fake_api_server.hpp"

namespace dmaas::controller {
namespace {

/// A cluster `east` with the tenants `shop` and `other`; what is in it is given as YAML.
class ReferencesTest : public ::testing::Test {
protected:
  template <class Kind>
  Kind make(const std::string& namespace_name, const std::string& name, std::string_view spec) {
    auto object = kube::make_object(api::kind_info<Kind>().resource(), {namespace_name, name});
    object.as_object()["spec"] = parse_yaml(spec).value();
    return api::decode<Kind>(object).value();
  }
  template <class Kind>
  void put(kube::Store& store, const std::string& namespace_name, const std::string& name,
           std::string_view spec) {
    store.apply(api::encode(make<Kind>(namespace_name, name, spec)));
  }
  void put_storage(const std::string& namespace_name, const std::string& name,
                   std::string_view more) {
    auto spec =
        "{recoveryPasswordSecretRef: {name: r}, credentialSecretRef: {name: k}, backend: "
        "{s3: {bucket: abc}}, " +
        std::string(more) + "}";
    put<api::BackupStorage>(storages, namespace_name, name, spec);
  }
  api::RestoreSession restore(std::string_view source) {
    return make<api::RestoreSession>("shop", "r", "{source: " + std::string(source) + "}");
  }
  api::BackupConfiguration plan(const std::string& namespace_name, std::string_view target) {
    return make<api::BackupConfiguration>(
        namespace_name, "p", "{runs: [{name: a}], targets: [" + std::string(target) + "]}");
  }
  static std::string outcome(const auto& result) {
    return result ? "" : std::string(name_of(result.error().code()));
  }

  kube::FakeApiServer server;
  Settings settings{.cluster_name = "east"};
  kube::Store storages, repositories, plans, backups, snapshots, restores, retentions, templates,
      given, verifiers, verifications, policies, copies, standbys, refills, pods;
  Grants gateway_grants{server, "dmaas-system"};
  MoverSlots slots{settings, gateway_grants, pods, system_clock()};
  Vault vault{server, settings, "0123456789abcdef", system_clock()};
  MoverReports reports;
  Quiescence quiescence{system_clock()};
  Background background;
  kube::EventRecorder events{server, {}};
  World world{
      .client = server,
      .clock = system_clock(),
      .settings = settings,
      .cluster_uid = "u",
      .cluster_version = "v1.34.2",
      .ca_certificate = "",
      .stores = {storages, repositories, plans, backups, snapshots, restores, retentions, templates,
                 given, verifiers, verifications, policies, copies, standbys, refills, pods},
      .grants = gateway_grants,
      .slots = slots,
      .vault = vault,
      .reports = reports,
      .background = background,
      .quiescence = quiescence,
      .events = events};
};

TEST_F(ReferencesTest, APlanReadsOnlyItsOwnNamespaceHoweverItNamesAnother) {
  EXPECT_EQ(outcome(check_targets(world, plan("shop", "{name: a, allObjects: true}"))), "");
  for (auto target : {"{name: a, allObjects: true, namespaces: [other]}",
                      "{name: a, allObjects: true, namespaces: [shop, other]}",
                      "{name: a, workload: {kind: StatefulSet, name: db, namespace: other}}"}) {
    EXPECT_EQ(outcome(check_targets(world, plan("shop", target))), "permission_denied") << target;
    EXPECT_EQ(outcome(check_targets(world, plan("dmaas-system", target))), "") << target;
  }
}

TEST_F(ReferencesTest, AGrantOpensWhatItNamesAndNoCommands) {
  put<api::BackupGrant>(given, "other", "g", "{to: {namespace: shop}, verbs: [backup]}");
  auto target = "{name: a, allObjects: true, namespaces: [other]}";
  EXPECT_EQ(outcome(check_targets(world, plan("shop", target))), "");
  auto with_dump =
      "{name: a, allObjects: true, namespaces: [other], dumps: [{name: d, command: [id]}]}";
  EXPECT_EQ(outcome(check_targets(world, plan("shop", with_dump))), "permission_denied");
}

TEST_F(ReferencesTest, TheDefaultStorageIsNeverAnotherTenants) {
  put_storage("other", "trap", "default: true, usage: {namespaces: all}");
  auto own_plan = plan("shop", "{name: a, allObjects: true}");
  EXPECT_EQ(outcome(storages_of(world, own_plan)), "not_found");
  put_storage("dmaas-system", "main", "default: true, usage: {namespaces: all}");
  EXPECT_EQ(storages_of(world, own_plan).value().at(0).metadata.key().text(), "dmaas-system/main");
  put_storage("shop", "mine", "default: true");
  EXPECT_EQ(storages_of(world, own_plan).value().at(0).metadata.key().text(), "shop/mine");
}

TEST_F(ReferencesTest, ARepositoryObjectOpensOnlyPathsOfItsNamespace) {
  put_storage("dmaas-system", "main", "usage: {namespaces: all}");
  auto spec = [](std::string_view path) {
    return "{storageRef: {name: main, namespace: dmaas-system}, path: " + std::string(path) + "}";
  };
  put<api::Repository>(repositories, "shop", "own", spec("east/ns/shop/db"));
  put<api::Repository>(repositories, "shop", "thief", spec("east/ns/other/db"));
  put<api::Repository>(repositories, "shop", "namesake", spec("west/ns/shop/db"));
  EXPECT_EQ(outcome(find_source(world, restore("{repositoryRef: {name: own}}"))), "");
  EXPECT_EQ(outcome(find_source(world, restore("{repositoryRef: {name: thief}}"))),
            "invalid_input");
  EXPECT_EQ(outcome(find_source(world, restore("{repositoryRef: {name: namesake}}"))),
            "invalid_input");
}

TEST_F(ReferencesTest, AStoredPathOfAnotherTenantOrClusterIsRefused) {
  put_storage("dmaas-system", "main", "usage: {namespaces: all}");
  put_storage("shop", "mine", "");
  auto source = [&](std::string_view storage, std::string_view path) {
    return outcome(find_source(world, restore("{stored: {path: " + std::string(path) +
                                              ", storageRef: " + std::string(storage) + "}}")));
  };
  auto shared = "{name: main, namespace: dmaas-system}";
  EXPECT_EQ(source(shared, "east/ns/shop/db"), "");
  EXPECT_EQ(source(shared, "east/ns/other/db"), "permission_denied");
  EXPECT_EQ(source(shared, "west/ns/shop/db"), "permission_denied");
  EXPECT_EQ(source("{name: mine}", "west/ns/shop/db"), "");
}

TEST_F(ReferencesTest, AReadGrantOpensTheRepositoriesThatItNames) {
  put_storage("dmaas-system", "main", "usage: {namespaces: all}");
  for (auto name : {"open", "closed"}) {
    put<api::Repository>(
        repositories, "other", name,
        "{storageRef: {name: main, namespace: dmaas-system}, path: east/ns/other/db}");
  }
  put<api::BackupGrant>(given, "other", "g",
                        "{to: {namespace: shop}, verbs: [read], what: {repositories: [open]}}");
  EXPECT_EQ(outcome(find_source(world, restore("{repositoryRef: {name: open, namespace: other}}"))),
            "");
  EXPECT_EQ(
      outcome(find_source(world, restore("{repositoryRef: {name: closed, namespace: other}}"))),
      "permission_denied");
}

TEST_F(ReferencesTest, NoAccountThatActsForANamespaceStandsInIt) {
  auto session = restore("{repositoryRef: {name: own}}");
  EXPECT_EQ(restore_account(world, session).text(), "dmaas-system/dmaas-restore-shop");
  EXPECT_EQ(hook_account(world, "shop").text(), "dmaas-system/dmaas-hooks-shop");
  ASSERT_TRUE(bind_restore_account(world, session, {}));
  ASSERT_TRUE(bind_hook_account(world, "shop", {}));
  EXPECT_TRUE(server.peek_all(kube::resources::service_accounts()).empty());
  auto role = [&](const char* binding) {
    auto object = server.peek(kube::resources::role_bindings(), {"shop", binding}).value();
    return text_at(object, "roleRef", "name");
  };
  EXPECT_EQ(role("dmaas-restore"), "admin");
  EXPECT_EQ(role("dmaas-hooks"), "dmaas-hooks");
  session.spec.service_account_name = "deployer";
  EXPECT_EQ(restore_account(world, session).text(), "shop/deployer");
}

}  // namespace
}  // namespace dmaas::controller
