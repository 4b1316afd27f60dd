#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "applications/policy/check_bounds.hpp"
#include "applications/policy/decide_policies.hpp"
#include "applications/policy/expand_template.hpp"
#include "applications/policy/open_policies.hpp"
#include "base/yaml.hpp"

namespace dmaas::applications {
namespace {

constexpr auto system_namespace = "dmaas-system";

template <class T>
T spec_of(std::string_view yaml) {
  auto json = parse_yaml(yaml);
  EXPECT_TRUE(json) << yaml;
  auto spec = from_json<T>(json.value_or(Json()), "spec");
  EXPECT_TRUE(spec) << spec.error().message();
  return spec.value_or(T{});
}

api::BackupPolicy policy(const std::string& name, std::string_view yaml) {
  api::BackupPolicy made;
  made.metadata.name = name;
  made.spec = spec_of<api::BackupPolicySpec>(yaml);
  return made;
}

using Texts = std::map<std::string, std::string>;

PolicyTarget space(const std::string& name, Texts annotations = {}, Texts labels = {}) {
  return {kube::resources::namespaces(), {"", name}, std::move(labels), std::move(annotations)};
}

PolicyTarget stateful_set(const std::string& namespace_name, const std::string& name,
                          Texts annotations = {}, Texts labels = {}) {
  return {kube::resources::stateful_sets(),
          {namespace_name, name},
          std::move(labels),
          std::move(annotations)};
}

constexpr std::string_view offered = R"(
openTo: {kinds: [StatefulSet]}
variables: {schedule: "0 3 * * *"}
template: {runs: [{name: backup, schedule: "${schedule}"}], storages: [{storageRef: {name: main}}]}
)";

PolicyDecision decide(std::vector<api::BackupPolicy> policies, std::vector<PolicyTarget> spaces,
                      std::vector<PolicyTarget> workloads) {
  return decide_policies(
      {std::move(policies), std::move(spaces), std::move(workloads), system_namespace});
}

/// "namespace: policy protects what" of every plan.
std::vector<std::string> plans_of(const PolicyDecision& decision) {
  std::vector<std::string> texts;
  for (const auto& plan : decision.plans) {
    texts.push_back(plan.key.namespace_name + ": " + plan.policy + " protects " +
                    plan.target.text());
  }
  return texts;
}

using Plans = std::vector<std::string>;

TEST(OpenPoliciesTest, EveryPartOfTheScopeMustMatch) {
  auto scope = spec_of<api::PolicyScope>(R"(
kinds: [StatefulSet]
namespaces: ["db-*"]
namespaceSelector: {matchLabels: {stage: live}}
names: ["maria*"]
selector: {matchLabels: {app: db}}
)");
  auto live = space("db-1", {}, {{"stage", "live"}});
  auto database = stateful_set("db-1", "mariadb", {}, {{"app", "db"}});
  EXPECT_TRUE(is_open_to(scope, database, live, system_namespace));
  EXPECT_FALSE(is_open_to(scope, live, live, system_namespace));
  EXPECT_FALSE(is_open_to(scope, database, space("db-1"), system_namespace));
  EXPECT_FALSE(is_open_to(scope, stateful_set("db-1", "mariadb"), live, system_namespace));
  EXPECT_FALSE(is_open_to(scope, stateful_set("db-1", "redis", {}, {{"app", "db"}}), live,
                          system_namespace));
  EXPECT_FALSE(
      is_open_to(scope, database, space("shop", {}, {{"stage", "live"}}), system_namespace));
}

TEST(OpenPoliciesTest, SystemNamespacesHaveToBeNamedAndOursNeverIsOpen) {
  auto all = spec_of<api::PolicyScope>("{kinds: [Namespace]}");
  EXPECT_TRUE(is_open_to_namespace(all, space("shop"), system_namespace));
  EXPECT_FALSE(is_open_to_namespace(all, space("kube-system"), system_namespace));
  auto named = spec_of<api::PolicyScope>("{kinds: [Namespace], namespaces: ['*']}");
  EXPECT_TRUE(is_open_to_namespace(named, space("kube-system"), system_namespace));
  EXPECT_FALSE(is_open_to_namespace(named, space(system_namespace), system_namespace));
}

std::string violation(std::string_view bounds, std::string_view plan,
                      std::vector<kube::ObjectKey> storages = {{system_namespace, "main"}}) {
  auto spec = spec_of<api::BackupConfigurationSpec>("targets: [{name: db, allObjects: true}]\n" +
                                                    std::string(plan));
  auto checked = check_bounds(spec_of<api::PlanBounds>(bounds),
                              {spec, "shop", system_namespace, std::move(storages)});
  EXPECT_TRUE(checked || checked.failed_with(ErrorCode::permission_denied));
  return checked ? "" : checked.error().message();
}

constexpr auto one_run = "runs: [{name: backup}]";

TEST(CheckBoundsTest, EmptyBoundsAllowAllButStoragesOfTheNamespaceItself) {
  EXPECT_EQ(violation("{}", one_run), "");
  EXPECT_EQ(violation("{}", one_run, {{"shop", "own"}}),
            "spec.storages: 'shop/own' is not allowed; use none of its own namespace");
  EXPECT_EQ(violation("{ownStorage: true}", one_run, {{"shop", "own"}}), "");
}

TEST(CheckBoundsTest, StoragesAreThoseThatAreListed) {
  constexpr auto bounds = "{storages: [{name: main}, {name: far, namespace: other}]}";
  EXPECT_EQ(violation(bounds, one_run), "");
  EXPECT_EQ(violation(bounds, one_run, {{"other", "far"}}), "");
  EXPECT_EQ(violation(bounds, "runs: [{name: backup}]\nstorages: [{storageRef: {name: x}}]",
                      {{"other", "main"}}),
            "spec.storages[0].storageRef: 'other/main' is not allowed; use dmaas-system/main, "
            "other/far");
}

TEST(CheckBoundsTest, RunsAreOfAllowedTypesAndNotTooOften) {
  EXPECT_EQ(violation("{runTypes: [full]}", one_run),
            "spec.runs[0].type: 'incremental' is not allowed; choose another type");
  constexpr auto hourly = "runs: [{name: a, schedule: '0 * * * *'}]";
  EXPECT_EQ(violation("{minInterval: 1h}", hourly), "");
  EXPECT_EQ(violation("{minInterval: 2h}", hourly),
            "spec.runs[0].schedule: starts again after 1h; leave at least 2h between two starts");
  EXPECT_NE(violation("{minInterval: 2h}", "runs: [{name: a, schedule: '0 3,4 1 1 *'}]"), "");
  EXPECT_EQ(
      violation("{minInterval: 2h}", "runs: [{name: a, interval: 90m}]"),
      "spec.runs[0].interval: starts again after 1h30m; leave at least 2h between two starts");
  EXPECT_EQ(violation("{minInterval: 24h}",
                      "runs: [{name: a, schedule: '0 3 * * *', timeZone: Europe/Berlin}]"),
            "");
}

TEST(CheckBoundsTest, RetentionIsOneOfTheChoices) {
  constexpr auto bounds = "{retentionPolicies: [week, year]}";
  EXPECT_EQ(violation(bounds, one_run),
            "spec.retentionPolicyRef: must be one of namespace dmaas-system: week, year");
  EXPECT_NE(violation(bounds, "runs: [{name: a}]\nretentionPolicyRef: {name: week}"), "");
  EXPECT_EQ(violation(bounds,
                      "runs: [{name: a}]\nretentionPolicyRef: {name: week, namespace: "
                      "dmaas-system}"),
            "");
  EXPECT_EQ(violation(bounds,
                      "runs: [{name: a}]\nstorages: [{storageRef: {name: main, namespace: "
                      "dmaas-system}, retentionPolicyRef: {name: year, namespace: dmaas-system}}]"),
            "");
}

TEST(CheckBoundsTest, MoversStayBelowTheirBounds) {
  constexpr auto bounds =
      "{mover: {resources: {cpu: 500m, memory: 1Gi}, priorityClassNames: [low]}}";
  auto with = [&](const std::string& mover) {
    return violation(bounds, "runs: [{name: a, mover: " + mover + "}]");
  };
  EXPECT_EQ(with("{resources: {limits: {cpu: '0.5', memory: 1024Mi}}, priorityClassName: low}"),
            "");
  EXPECT_EQ(with("{resources: {requests: {cpu: 501m}}}"),
            "spec.runs[0].mover.resources.requests.cpu: '501m' is too much; at most 500m");
  EXPECT_EQ(with("{resources: {limits: {memory: 2Gi}}, priorityClassName: high}"),
            "spec.runs[0].mover.resources.limits.memory: '2Gi' is too much; at most 1Gi; "
            "spec.runs[0].mover.priorityClassName: 'high' is not allowed; use low");
}

TEST(ExpandTemplateTest, VariablesStandAnywhereInText) {
  auto plan = spec_of<api::PlanTemplate>(R"(
runs:
- name: backup
  schedule: "${minute} 3 * * *"
  hooks: {before: [{name: flush, exec: {command: [sh, -c, "echo ${word} $${HOME} $5"]}}]}
storages: [{storageRef: {name: "${storage}"}, retentionPolicyRef: {name: week}}]
)");
  auto expanded =
      expand_template(plan, {{"minute", "7"}, {"word", "a\"b"}, {"storage", "main"}}, "sys");
  ASSERT_TRUE(expanded) << expanded.error().message();
  EXPECT_EQ(expanded->runs[0].schedule, "7 3 * * *");
  EXPECT_EQ(expanded->runs[0].hooks.before[0].exec->command[2], "echo a\"b ${HOME} $5");
  EXPECT_EQ(expanded->storages[0].storage.key("shop").text(), "sys/main");
  EXPECT_EQ(expanded->storages[0].retention_policy->key("shop").text(), "sys/week");
}

TEST(ExpandTemplateTest, AVariableWithoutValueNamesTheRemedy) {
  auto plan = spec_of<api::PlanTemplate>("{runs: [{name: backup, schedule: '${when}'}]}");
  auto expanded = expand_template(plan, {}, "sys");
  ASSERT_TRUE(expanded.failed_with(ErrorCode::not_found));
  EXPECT_EQ(expanded.error().message(),
            "${when} of the template has no value: set annotation var.dmaas.io/when, or "
            "spec.variables.when of the policy");
}

TEST(DecidePoliciesTest, AnAnnotationOnAWorkloadMakesAPlanBesideIt) {
  auto decision =
      decide({policy("gold", offered)}, {space("shop")},
             {stateful_set("shop", "db",
                           {{"dmaas.io/policy", "gold"}, {"var.dmaas.io/schedule", "0 4 * * *"}}),
              stateful_set("shop", "other")});
  ASSERT_EQ(plans_of(decision), (Plans{"shop: gold protects StatefulSet shop/db"}));
  const auto& spec = decision.plans[0].spec;
  EXPECT_EQ(spec.runs[0].schedule, "0 4 * * *");
  EXPECT_EQ(spec.targets[0].workload->kind, "StatefulSet");
  EXPECT_EQ(spec.policy->name, "gold");
  EXPECT_EQ(decision.counts["gold"].protected_targets, 1);
  EXPECT_EQ(decision.counts["gold"].open_namespaces, 1);
}

TEST(DecidePoliciesTest, AnAnnotationOnANamespaceMeansItselfOrItsWorkloads) {
  auto shop = space("shop", {{"dmaas.io/policy", "gold"}, {"var.dmaas.io/schedule", "0 5 * * *"}});
  std::vector workloads{stateful_set("shop", "a"),
                        stateful_set("shop", "b", {{"dmaas.io/policy", "none"}}),
                        stateful_set("shop", "c", {{"var.dmaas.io/schedule", "0 6 * * *"}})};
  auto decision = decide({policy("gold", offered)}, {shop}, workloads);
  EXPECT_EQ(plans_of(decision), (Plans{"shop: gold protects StatefulSet shop/a",
                                       "shop: gold protects StatefulSet shop/c"}));
  EXPECT_EQ(decision.plans[0].spec.runs[0].schedule, "0 5 * * *");
  EXPECT_EQ(decision.plans[1].spec.runs[0].schedule, "0 6 * * *");
  auto wide = policy("gold", offered);
  wide.spec.open_to.kinds = {"Namespace"};
  EXPECT_EQ(plans_of(decide({wide}, {shop}, workloads)),
            Plans{"shop: gold protects Namespace shop"});
}

TEST(DecidePoliciesTest, DefaultsProtectWhatNobodyHasChosenFor) {
  auto usual = policy("usual", offered);
  usual.spec.enforcement = api::Enforcement::by_default;
  auto decision =
      decide({policy("gold", offered), usual},
             {space("a"), space("b", {{"dmaas.io/policy", "none"}}), space("kube-system")},
             {stateful_set("a", "plain"), stateful_set("a", "out", {{"dmaas.io/policy", "none"}}),
              stateful_set("a", "gold", {{"dmaas.io/policy", "gold"}}), stateful_set("b", "plain"),
              stateful_set("b", "in", {{"dmaas.io/policy", "usual"}}),
              stateful_set("kube-system", "etcd")});
  EXPECT_EQ(plans_of(decision),
            (Plans{"a: gold protects StatefulSet a/gold", "a: usual protects StatefulSet a/plain",
                   "b: usual protects StatefulSet b/in"}));
  EXPECT_TRUE(decision.unprotected.empty());
}

TEST(DecidePoliciesTest, ImposedPlansAreOutOfReachAndListenToNobody) {
  auto must = policy("must", offered);
  must.spec.enforcement = api::Enforcement::mandatory;
  auto decision =
      decide({must}, {space("shop")},
             {stateful_set("shop", "db",
                           {{"dmaas.io/policy", "none"}, {"var.dmaas.io/schedule", "0 0 1 1 *"}})});
  ASSERT_EQ(plans_of(decision), (Plans{"dmaas-system: must protects StatefulSet shop/db"}));
  EXPECT_EQ(decision.plans[0].spec.runs[0].schedule, "0 3 * * *");
  EXPECT_EQ(decision.plans[0].spec.targets[0].namespaces, std::vector<std::string>{"shop"});
}

TEST(DecidePoliciesTest, WhatCannotBeProtectedIsTold) {
  auto bare = policy("bare", "{openTo: {kinds: [StatefulSet]}}");
  auto open = policy("open", offered);
  open.spec.variables.clear();
  auto decision = decide({bare, open}, {space("shop")},
                         {stateful_set("shop", "a", {{"dmaas.io/policy", "gone"}}),
                          stateful_set("shop", "b", {{"dmaas.io/policy", "bare"}}),
                          stateful_set("shop", "c", {{"dmaas.io/policy", "open"}})});
  EXPECT_TRUE(decision.plans.empty());
  ASSERT_EQ(decision.unprotected.size(), 3U);
  EXPECT_EQ(decision.unprotected[0].message, "BackupPolicy gone does not exist (yet)");
  EXPECT_TRUE(decision.unprotected[0].may_come);
  EXPECT_EQ(decision.unprotected[1].message,
            "BackupPolicy bare has no template: make a plan with policyRef bare");
  EXPECT_FALSE(decision.unprotected[2].may_come);
  EXPECT_EQ(decision.counts["open"].failed_targets, 1);
  EXPECT_EQ(decision.counts["bare"].failed_targets, 0);
}

TEST(DecidePoliciesTest, OfSilentPoliciesTheNamespaceLearnsNothing) {
  auto silent = policy("silent", offered);
  silent.spec.enforcement = api::Enforcement::silent;
  silent.spec.plan_template->runs[0].hooks.before = {{.name = "flush"}};
  std::vector workloads{stateful_set("shop", "db", {{"dmaas.io/policy", "silent"}})};
  auto decision = decide({silent}, {space("shop")}, workloads);
  ASSERT_EQ(decision.unprotected.size(), 1U);
  EXPECT_EQ(decision.unprotected[0].message, "BackupPolicy silent does not exist (yet)");
  EXPECT_EQ(decision.counts["silent"].failed_targets, 1);
  EXPECT_EQ(decision.counts["silent"].first_failure, find_noise(silent.spec));
  EXPECT_TRUE(decision.plans.empty());
}

TEST(DecidePoliciesTest, TheOrderOfThingsNeverMatters) {
  auto must = policy("must", offered);
  must.spec.enforcement = api::Enforcement::mandatory;
  auto usual = policy("usual", offered);
  usual.spec.enforcement = api::Enforcement::by_default;
  PolicyScene scene{{must, usual, policy("gold", offered)},
                    {space("a"), space("b"), space("c", {{"dmaas.io/policy", "gold"}})},
                    {stateful_set("a", "x"), stateful_set("a", "y", {{"dmaas.io/policy", "gold"}}),
                     stateful_set("b", "x", {{"dmaas.io/policy", "gone"}}), stateful_set("c", "z")},
                    system_namespace};
  auto expected = plans_of(decide_policies(scene));
  EXPECT_EQ(expected.size(), 7U);
  std::mt19937 random(1);
  for (int i = 0; i < 50; ++i) {
    std::ranges::shuffle(scene.policies, random);
    std::ranges::shuffle(scene.namespaces, random);
    std::ranges::shuffle(scene.workloads, random);
    EXPECT_EQ(plans_of(decide_policies(scene)), expected);
  }
}

}  // namespace
}  // namespace dmaas::applications
