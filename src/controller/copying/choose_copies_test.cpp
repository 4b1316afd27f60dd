#include "controller/copying/choose_copies.hpp"

#include <gtest/gtest.h>

#include "api/kinds.hpp"
#include "base/time_text.hpp"
#include "base/yaml.hpp"
#include "controller/testing/memory_world.hpp"

namespace dmaas::controller {
namespace {

constexpr std::string_view path = "cluster/ns/shop/db";

/// Namespace shop with the repository of db on the storages main and second of administrators.
class ChooseCopiesTest : public testing::Test {
protected:
  ChooseCopiesTest() {
    for (auto name : {"main", "second"}) {
      put<api::BackupStorage>(memory_.storages, "dmaas-system", name,
                              "{recoveryPasswordSecretRef: {name: r}, usage: {namespaces: all}, "
                              "backend: {local: {path: /srv}}}");
      put_repository("shop", std::string("db-") + name, name, path);
    }
  }

  template <class Kind>
  Kind put(kube::Store& store, const std::string& namespace_name, const std::string& name,
           const std::string& spec) {
    auto object = kube::make_object(api::kind_info<Kind>().resource(), {namespace_name, name});
    object.as_object()["spec"] = parse_yaml(spec).value();
    store.apply(object);
    return api::decode<Kind>(object).value();
  }
  void put_repository(const std::string& namespace_name, const std::string& name,
                      const std::string& storage, std::string_view repository_path) {
    put<api::Repository>(memory_.repositories, namespace_name, name,
                         "{storageRef: {name: " + storage + ", namespace: dmaas-system}, path: " +
                             std::string(repository_path) + "}");
  }
  void back_up(const std::string& repository, const std::string& name, std::string_view time,
               const std::string& session) {
    api::Snapshot snapshot;
    snapshot.metadata = {.name = name, .namespace_name = "shop"};
    snapshot.spec.repository.name = repository;
    snapshot.spec.snapshot_id = std::string(64, 'a');
    snapshot.spec.time = *parse_timestamp(time);
    snapshot.status.complete = true;
    snapshot.status.plan = "shop/db";
    snapshot.status.session = session;
    snapshot.status.cluster = api::ClusterIdentity{"cluster", memory_.world.cluster_uid};
    memory_.snapshots.apply(api::encode(snapshot));
  }
  api::CopySession session(const std::string& spec, const std::string& namespace_name = "shop") {
    auto object =
        kube::make_object(api::kind_info<api::CopySession>().resource(), {namespace_name, "c"});
    object.as_object()["spec"] = parse_yaml(spec).value();
    return api::decode<api::CopySession>(object).value();
  }
  std::vector<std::string> chosen(const std::string& backups) {
    auto copy = session(
        "{sourceRepositoryRef: {name: db-main}, storageRef: {name: second, "
        "namespace: dmaas-system}, backups: " +
        backups + "}");
    auto places = find_places(memory_.world, copy);
    EXPECT_TRUE(places) << places.error().message();
    auto copies = choose_copies(memory_.world, copy, *places);
    if (!copies) return {std::string(name_of(copies.error().code()))};
    std::vector<std::string> names;
    for (const auto& one : *copies) names.push_back(one.snapshot);
    return names;
  }
  std::string refusal(const std::string& source, const std::string& storage,
                      const std::string& namespace_name = "shop") {
    auto copy = session("{sourceRepositoryRef: " + source + ", storageRef: " + storage +
                            ", backups: {missing: true}}",
                        namespace_name);
    auto places = find_places(memory_.world, copy);
    return places ? "" : std::string(name_of(places.error().code()));
  }

  kube::FakeApiServer server_;
  MemoryWorld memory_{server_};
};

using Names = std::vector<std::string>;
constexpr auto second = "{name: second, namespace: dmaas-system}";

TEST_F(ChooseCopiesTest, WhatIsMissingIsCopiedTheNewestFirst) {
  back_up("db-main", "main-1", "2026-01-01T00:00:00Z", "s1");
  back_up("db-main", "main-2", "2026-01-02T00:00:00Z", "s2");
  back_up("db-main", "main-3", "2026-01-03T00:00:00Z", "s3");
  back_up("db-second", "second-2", "2026-01-02T00:00:00Z", "s2");
  EXPECT_EQ(chosen("{missing: true}"), (Names{"main-3", "main-1"}));
}

TEST_F(ChooseCopiesTest, WhatRetentionWouldNotKeepThereIsNotCopied) {
  put<api::RetentionPolicy>(memory_.retention_policies, "shop", "two", "{last: 2}");
  put<api::BackupConfiguration>(
      memory_.plans, "shop", "db",
      "{targets: [{name: db, allObjects: true}], runs: [{name: r}], "
      "storages: [{storageRef: {name: main, namespace: dmaas-system}}, {storageRef: "
      "{name: second, namespace: dmaas-system}}], retentionPolicyRef: {name: two}}");
  back_up("db-main", "main-1", "2026-01-01T00:00:00Z", "s1");
  back_up("db-main", "main-2", "2026-01-02T00:00:00Z", "s2");
  back_up("db-second", "second-3", "2026-01-03T00:00:00Z", "s3");
  EXPECT_EQ(chosen("{missing: true}"), Names{"main-2"});
}

TEST_F(ChooseCopiesTest, NamedBackupsAreCopiedIfTheyAreInTheSource) {
  back_up("db-main", "main-1", "2026-01-01T00:00:00Z", "s1");
  back_up("db-second", "second-2", "2026-01-02T00:00:00Z", "s2");
  EXPECT_EQ(chosen("{snapshots: [main-1]}"), Names{"main-1"});
  EXPECT_EQ(chosen("{snapshots: [second-2]}"), Names{"invalid_input"});
  EXPECT_EQ(chosen("{snapshots: [absent]}"), Names{"not_found"});
}

TEST_F(ChooseCopiesTest, TheCopiesAreShownByTheObjectThatIsThereAlready) {
  auto places =
      find_places(memory_.world, session("{sourceRepositoryRef: {name: db-main}, storageRef: " +
                                         std::string(second) + ", backups: {missing: true}}"));
  ASSERT_TRUE(places) << places.error().message();
  EXPECT_EQ(places->destination.object.text(), "shop/db-second");
  EXPECT_EQ(places->destination.place.path, path);
  EXPECT_EQ(places->destination.application.name, "db");
  EXPECT_EQ(places->destination.application.namespace_name, "shop");
}

TEST_F(ChooseCopiesTest, ASessionReachesOnlyWhatItsNamespaceMay) {
  EXPECT_EQ(refusal("{name: db-main}", second), "");
  EXPECT_EQ(refusal("{name: db-main}", "{name: main, namespace: dmaas-system}"), "invalid_input");
  EXPECT_EQ(refusal("{name: absent}", second), "not_found");
  // Another tenant's repository, by reference or by an object of one's own that names its path.
  EXPECT_EQ(refusal("{name: db-main, namespace: shop}", second, "other"), "permission_denied");
  put_repository("other", "thief", "main", path);
  EXPECT_NE(refusal("{name: thief}", second, "other"), "");
  // A storage that is not open to the namespace.
  put<api::BackupStorage>(memory_.storages, "dmaas-system", "closed",
                          "{recoveryPasswordSecretRef: {name: r}, backend: {local: {path: /x}}}");
  EXPECT_EQ(refusal("{name: db-main}", "{name: closed, namespace: dmaas-system}"),
            "permission_denied");
}

TEST_F(ChooseCopiesTest, AReadGrantOpensNoPlaceToCopyTo) {
  put<api::BackupGrant>(memory_.grant_objects, "shop", "g",
                        "{to: {namespace: other}, verbs: [read], what: {repositories: [db-main]}}");
  EXPECT_EQ(refusal("{name: db-main, namespace: shop}", second, "other"), "permission_denied");
  EXPECT_EQ(refusal("{name: db-main, namespace: shop}", second, "dmaas-system"), "");
}

TEST_F(ChooseCopiesTest, BackupsOfAnotherClusterAreNotCopied) {
  auto repository = api::decode<api::Repository>(*memory_.repositories.find({"shop", "db-main"}));
  repository->status.owner_cluster = api::ClusterIdentity{"west", "another"};
  memory_.repositories.apply(api::encode(*repository));
  EXPECT_EQ(refusal("{name: db-main}", second), "permission_denied");
}

}  // namespace
}  // namespace dmaas::controller
