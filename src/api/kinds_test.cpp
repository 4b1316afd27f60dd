#include "api/kinds.hpp"

#include <gtest/gtest.h>

#include <set>

namespace dmaas::api {
namespace {

/// Every field below `type`, with its path.
void visit_fields(const TypeDescription& type, const std::string& path,
                  const std::function<void(const std::string&, const FieldDescription&)>& visit) {
  if (type.item != nullptr) visit_fields(*type.item, path, visit);
  for (const auto& field : type.fields) {
    auto field_path = path + "." + std::string(field.name);
    visit(field_path, field);
    visit_fields(*field.type, field_path, visit);
  }
}

TEST(KindsTest, NamesDoNotCollide) {
  // Short names of core, CSI snapshots, OpenShift and KubeStash that were in use when ours were
  // chosen.
  std::set<std::string> taken{"bs",    "bc", "br",  "vs", "vsc", "snap", "repo",
                              "repos", "po", "pvc", "cm", "is",  "dc"};
  for (const auto* kind : all_kinds()) {
    EXPECT_TRUE(taken.insert(kind->short_name).second) << kind->short_name;
    EXPECT_TRUE(taken.insert(kind->plural).second) << kind->plural;
  }
}

TEST(KindsTest, EveryFieldIsDocumentedWithASentence) {
  for (const auto* kind : all_kinds()) {
    for (const auto* type : {&kind->spec(), &kind->status()}) {
      visit_fields(*type, kind->kind, [](const std::string& path, const FieldDescription& field) {
        EXPECT_GT(field.text.size(), 4U) << path;
        EXPECT_EQ(field.text.back(), '.') << path;
        EXPECT_EQ(field.text.find('|'), std::string_view::npos) << path;
      });
    }
  }
}

bool is_bounded(const FieldDescription& field) {
  using Kind = TypeDescription::Kind;
  using Rule = FieldRule::Kind;
  switch (field.type->kind) {
    case Kind::text:
      return field.find_rule(Rule::max_length) != nullptr || field.name == "snapshotId";
    case Kind::list:
    case Kind::map:
      return field.find_rule(Rule::max_items) != nullptr;
    default:
      return true;
  }
}

TEST(KindsTest, EveryListAndTextOfASpecIsBounded) {
  for (const auto* kind : all_kinds()) {
    visit_fields(kind->spec(), kind->kind,
                 [](const std::string& path, const FieldDescription& field) {
                   EXPECT_TRUE(is_bounded(field)) << path;
                 });
  }
}

TEST(KindsTest, DefinesEachKindForTheApiServer) {
  auto definition = definition_of(kind_info<BackupConfiguration>());
  EXPECT_EQ(text_at(definition, "metadata", "name"), "backupconfigurations.dmaas.io");
  EXPECT_EQ(text_at(definition, "spec", "names", "listKind"), "BackupConfigurationList");
  EXPECT_EQ(text_at(definition, "spec", "names", "singular"), "backupconfiguration");
  const auto& version = items_at(definition, "spec", "versions").at(0);
  EXPECT_EQ(text_at(version, "schema", "openAPIV3Schema", "properties", "spec", "type"), "object");
  EXPECT_NE(find(version, "subresources", "status"), nullptr);
}

TEST(KindsTest, KnowsTheResourceOfAKind) {
  EXPECT_EQ(kind_info<Snapshot>().resource(),
            (kube::Resource{"dmaas.io", "v1alpha1", "snapshots", "Snapshot", true}));
}

TEST(KindsTest, PoliciesAreOfTheClusterAndAllElseIsOfANamespace) {
  for (const auto* kind : all_kinds()) {
    bool is_policy = kind->kind == "BackupPolicy";
    EXPECT_EQ(kind->resource().namespaced, !is_policy) << kind->kind;
    EXPECT_EQ(text_at(definition_of(*kind), "spec", "scope"), is_policy ? "Cluster" : "Namespaced");
  }
}

}  // namespace
}  // namespace dmaas::api
