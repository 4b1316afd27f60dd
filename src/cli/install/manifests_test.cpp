#include "cli/install/manifests.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/file.hpp"
#include "base/yaml.hpp"
#include "kube/object/object.hpp"

namespace dmaas::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::vector<Json> of_kind(const std::vector<Json>& manifests, std::string_view kind) {
  std::vector<Json> found;
  std::ranges::copy_if(manifests, std::back_inserter(found),
                       [&](const Json& one) { return kube::kind_of(one) == kind; });
  return found;
}

std::string job_name(const InstallOptions& options) {
  return kube::name_of(of_kind(*installation_manifests(options), "Job").at(0));
}

TEST(InstallManifestsTest, HoldNoSecret) {
  InstallOptions options;
  options.local_directories = {"/srv/backups"};
  auto text = installation_text(options).value();
  EXPECT_THAT(text, Not(HasSubstr("PRIVATE KEY")));
  EXPECT_THAT(text, Not(HasSubstr("BEGIN CERTIFICATE")));
  auto manifests = parse_yaml_documents(text).value();
  for (const auto& manifest : manifests) {
    EXPECT_NE(kube::kind_of(manifest), "Secret");
    EXPECT_EQ(find(manifest, "data"), nullptr) << kube::describe(manifest);
  }
}

TEST(InstallManifestsTest, AreTheSameEveryTime) {
  EXPECT_EQ(installation_text({}).value(), installation_text({}).value());
}

TEST(InstallManifestsTest, FileInDeployIsCurrent) {
  auto present = read_small_file("deploy/install.yaml");
  ASSERT_TRUE(present) << present.error().message() << ": run dmaas_generate";
  EXPECT_TRUE(*present == generated_install_file())
      << "deploy/install.yaml is stale: run dmaas_generate";
}

TEST(InstallManifestsTest, NamespaceComesFirstAndDeploymentsLast) {
  auto manifests = installation_manifests({.namespace_name = "elsewhere"}).value();
  EXPECT_EQ(kube::kind_of(manifests.front()), "Namespace");
  EXPECT_EQ(kube::name_of(manifests.front()), "elsewhere");
  EXPECT_EQ(kube::kind_of(manifests.back()), "Deployment");
  for (const auto& manifest : manifests)
    EXPECT_THAT(to_text(manifest), Not(HasSubstr("dmaas-system"))) << kube::describe(manifest);
}

TEST(InstallManifestsTest, LimitsOfMoversAreTheControllersArguments) {
  auto text = installation_text({.max_movers = 20, .max_movers_per_node = 4}).value();
  EXPECT_THAT(text, HasSubstr("--max-movers"));
  EXPECT_THAT(text, HasSubstr("--max-movers-per-node"));
  EXPECT_THAT(installation_text({}).value(), Not(HasSubstr("--max-movers")));
}

TEST(InstallManifestsTest, AnotherImageIsAnotherJob) {
  EXPECT_EQ(job_name({}), job_name({}));
  EXPECT_THAT(job_name({}), ::testing::MatchesRegex("dmaas-certificates-[0-9a-f]{8}"));
  EXPECT_NE(job_name({}), job_name({.image = "registry.example.com/dmaas:9"}));
  EXPECT_NE(job_name({}), job_name({.image_pull_policy = "Never"}));
}

TEST(InstallManifestsTest, CronJobDoesWhatTheJobDoes) {
  auto manifests = installation_manifests({}).value();
  auto job = of_kind(manifests, "Job").at(0);
  auto cron_job = of_kind(manifests, "CronJob").at(0);
  EXPECT_EQ(cron_job.at("spec").at("jobTemplate").at("spec"), job.at("spec"));
  EXPECT_EQ(kube::name_of(cron_job), certificates_name);
}

TEST(InstallManifestsTest, WhoMakesCertificatesReadsTheirSecretsOnly) {
  auto roles = of_kind(installation_manifests({}).value(), "Role");
  auto role = std::ranges::find(roles, std::string("dmaas-certificates"), kube::name_of);
  ASSERT_NE(role, roles.end());
  EXPECT_EQ(
      to_text(role->at("rules")),
      R"([{"apiGroups":[""],"resources":["secrets"],)"
      R"("resourceNames":["dmaas-ca","dmaas-controller-tls","dmaas-gateway-tls"],)"
      R"("verbs":["get","patch"]},{"apiGroups":[""],"resources":["secrets"],"verbs":["create"]}])");
}

TEST(InstallManifestsTest, NoPodMountsTheAuthoritysKey) {
  auto manifests = installation_manifests({}).value();
  for (const auto& manifest : manifests) {
    if (kube::kind_of(manifest) == "Role") continue;
    EXPECT_THAT(to_text(manifest), Not(HasSubstr("dmaas-ca\""))) << kube::describe(manifest);
  }
}

}  // namespace
}  // namespace dmaas::cli
