#include "applications/selection.hpp"

#include <gtest/gtest.h>

#include "api/backup_target.hpp"

namespace dmaas::applications {
namespace {

const kube::Resource deployments{"apps", "v1", "deployments", "Deployment", true};

TEST(SelectionTest, KindsAreNamedInAnyOfTheUsualWays) {
  for (const char* text : {"Deployment", "deployment", "deployments", "deployments.apps",
                           "Deployment.apps", "*.apps", "*"}) {
    EXPECT_TRUE(names_kind(text, deployments)) << text;
  }
  for (const char* text : {"deployments.extensions", "deploy", "*.batch", "statefulset"}) {
    EXPECT_FALSE(names_kind(text, deployments)) << text;
  }
}

TEST(SelectionTest, EveryGivenFieldOfARuleMustHold) {
  const std::string in_namespace = "shop", name = "web";
  const std::map<std::string, std::string> labels = {{"app", "web"}};
  const std::map<std::string, std::string> annotations = {{"example.org/tier", "gold-1"}};
  const Described web{deployments, in_namespace, name, labels, annotations};
  EXPECT_TRUE(picks({.kinds = {"Deployment"}, .names = {"w*"}, .namespaces = {"shop"}}, web));
  EXPECT_FALSE(picks({.kinds = {"Deployment"}, .names = {"db"}}, web));
  EXPECT_FALSE(
      picks({.kinds = {"Deployment"}, .labels = *kube::LabelSelector::parse("app=db")}, web));
  EXPECT_TRUE(picks({.annotations = {{"example.org/tier", "gold-*"}}}, web));
  EXPECT_FALSE(picks({.annotations = {{"example.org/tier", "gold"}}}, web));
  EXPECT_FALSE(picks({.names = {"web"}, .annotations = {{"example.org/other", "*"}}}, web));
  EXPECT_FALSE(picks_any({}, web));
}

TEST(SelectionTest, ReadsTheTargetOfAPlan) {
  api::BackupTarget stated;
  stated.name = "database";
  stated.workload = api::ObjectReference{"apps/v1", "StatefulSet", "db", ""};
  stated.volumes.exclude = {"tmp-*"};
  const Target target = to_target(stated, "shop", Secrets::leave_out, Reach::namespaces);
  EXPECT_EQ(target.namespaces, std::vector<std::string>{"shop"});
  EXPECT_EQ(target.object->kind, "StatefulSet.apps");
  EXPECT_EQ(target.selection.secrets, Secrets::leave_out);
  EXPECT_FALSE(takes_data_of(target, "tmp-0"));
  EXPECT_TRUE(takes_data_of(target, "data-0"));
}

}  // namespace
}  // namespace dmaas::applications
