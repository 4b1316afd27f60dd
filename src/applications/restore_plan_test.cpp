#include "applications/restore_plan.hpp"

#include <gmock/gmock.h>

#include "applications/testing/shop.hpp"
#include "kube/object/object.hpp"

namespace dmaas::applications {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;
using testing::SizeIs;

constexpr std::string_view left_out_document =
    R"({"secrets":[{"namespace":"shop","name":"db-root"}],"values":[{"object":"ConfigMap shop/db-conf",)"
    R"("field":"data.DSN","secret":"shop/db-root","key":"password"}]})";

class RestorePlanTest : public testing::Test {
protected:
  RestorePlan planned(const RestoreOptions& options = {}) {
    auto plan = plan_restore(backup_, destination_, options, {});
    EXPECT_TRUE(plan.has_value()) << plan.error().message();
    return *std::move(plan);
  }
  static std::vector<std::string> names(const RestorePlan& plan) {
    std::vector<std::string> names;
    for (const auto& object : plan.objects) names.push_back(object.destination.text());
    return names;
  }
  static std::vector<std::string> names(const std::vector<NotPlanned>& list) {
    std::vector<std::string> names;
    for (const auto& entry : list) names.push_back(entry.source.text());
    return names;
  }
  Json loaded(const RestorePlan& plan, const std::string& name) {
    for (const auto& object : plan.objects) {
      if (object.destination.text() != name) continue;
      auto document = load_planned(backup_, plan, object, {});
      EXPECT_TRUE(document.has_value()) << document.error().message();
      return *std::move(document);
    }
    ADD_FAILURE() << name << " is not in the plan";
    return {};
  }
  static RestoreOptions as_new() {
    RestoreOptions options;
    options.naming.prefix = "test-";
    options.restored_by = "session-uid";
    return options;
  }
  void serve_without(std::string_view plural) {
    std::vector<kube::ServedResource> kept;
    for (const auto& served : destination_.all()) {
      if (served.resource.plural != plural) kept.push_back(served);
    }
    destination_ = kube::Discovery(std::move(kept));
  }

  MemoryFiles backup_ = back_up_shop();
  kube::Discovery destination_ = test_discovery();
};

TEST_F(RestorePlanTest, PutsConfigurationBeforeWorkloadsAndStateBeforeWhatUsesIt) {
  const auto all = names(planned());
  auto position = [&](const std::string& name) {
    return std::ranges::find(all, name) - all.begin();
  };
  const std::vector<std::string> expected = {"CustomResourceDefinition caches.example.com",
                                             "Namespace shop",
                                             "StorageClass local-path",
                                             "Role shop/db-reader",
                                             "ServiceAccount shop/db",
                                             "RoleBinding shop/db-reader",
                                             "Secret shop/db-root",
                                             "PersistentVolumeClaim shop/data-db-0",
                                             "NetworkPolicy shop/db",
                                             "Service shop/db",
                                             "StatefulSet shop/db",
                                             "Deployment shop/web",
                                             "Cache shop/front",
                                             "Ingress shop/web",
                                             "HorizontalPodAutoscaler shop/web"};
  for (std::size_t i = 1; i < expected.size(); ++i) {
    EXPECT_LT(position(expected[i - 1]), position(expected[i]))
        << expected[i - 1] << " before " << expected[i];
  }
  EXPECT_LT(position(expected.back()), std::ssize(all));
  const auto plan = planned();
  for (const auto& object : plan.objects) {
    const std::string& kind = object.destination.kind;
    const bool runs = kind == "StatefulSet" || kind == "Deployment";
    if (!runs && kind != "PersistentVolumeClaim") continue;
    EXPECT_EQ(object.order.part, runs ? RestorePart::workloads : RestorePart::configuration)
        << kind;
  }
}

TEST_F(RestorePlanTest, DoesNotCreateVolumesAgain) {
  const auto plan = planned();
  EXPECT_THAT(names(plan), Not(Contains("PersistentVolume pv-0")));
  EXPECT_THAT(names(plan.skipped), Contains("PersistentVolume pv-0"));
}

TEST_F(RestorePlanTest, MapsNamespacesInNamesAndReferences) {
  RestoreOptions options;
  options.naming.namespaces = {{"shop", "shop-west"}};
  options.restored_by = "session-uid";
  const auto plan = planned(options);
  EXPECT_THAT(names(plan), Contains("Namespace shop-west"));
  EXPECT_THAT(names(plan), Not(Contains(HasSubstr(" shop/"))));
  const Json binding = loaded(plan, "ClusterRoleBinding db-nodes");
  EXPECT_EQ(to_text(*find(binding, "subjects")),
            R"([{"kind":"ServiceAccount","name":"db","namespace":"shop-west"}])");
  const Json database = loaded(plan, "StatefulSet shop-west/db");
  EXPECT_EQ(kube::namespace_of(database), "shop-west");
  EXPECT_EQ(kube::label_of(database, "dmaas.io/restored-by"), "session-uid");
  EXPECT_EQ(kube::uid_of(database), "");
  EXPECT_EQ(number_at(database, "spec", "replicas"), 2);
}

TEST_F(RestorePlanTest, RestoresAsNewWithAllStructuredReferences) {
  const auto plan = planned(as_new());
  const Json database = loaded(plan, "StatefulSet shop/test-db");
  EXPECT_EQ(text_at(database, "spec", "serviceName"), "test-db");
  EXPECT_EQ(text_at(database, "spec", "template", "spec", "serviceAccountName"), "test-db");
  EXPECT_EQ(text_at(database, "spec", "template", "spec", "priorityClassName"), "important");
  EXPECT_EQ(text_at(items_at(database, "spec", "volumeClaimTemplates")[0], "metadata", "name"),
            "data");
  const Json ingress = loaded(plan, "Ingress shop/test-web");
  EXPECT_THAT(to_text(ingress), HasSubstr(R"("secretName":"test-web-tls")"));
  EXPECT_THAT(to_text(ingress), HasSubstr(R"("service":{"name":"test-web")"));
  EXPECT_EQ(text_at(loaded(plan, "HorizontalPodAutoscaler shop/test-web"), "spec", "scaleTargetRef",
                    "name"),
            "test-web");
  EXPECT_EQ(text_at(loaded(plan, "ClusterRoleBinding test-db-nodes"), "roleRef", "name"),
            "test-node-reader");
  EXPECT_THAT(names(plan), Contains("ServiceAccount shop/default"));
}

TEST_F(RestorePlanTest, NamesClaimsAsTheRenamedStatefulSetWillLookForThem) {
  const auto plan = planned(as_new());
  EXPECT_THAT(names(plan), Contains("PersistentVolumeClaim shop/data-test-db-0"));
  ASSERT_THAT(plan.claims, SizeIs(2));
  EXPECT_EQ(plan.claims[0].source.text(), "shop/data-db-0");
  EXPECT_EQ(plan.claims[0].destination.text(), "shop/data-test-db-0");
}

TEST_F(RestorePlanTest, NoSelectorOfTheCopyOrTheOriginalFindsPodsOfTheOther) {
  const auto original = planned(), copy = planned(as_new());
  auto facts_of_plan = [&](const RestorePlan& plan) {
    std::vector<ObjectFacts> facts;
    for (const auto& object : plan.objects) {
      facts.push_back(facts_of(object.resource, *load_planned(backup_, plan, object, {})));
    }
    return facts;
  };
  auto expect_apart = [](const std::vector<ObjectFacts>& selecting,
                         const std::vector<ObjectFacts>& selected) {
    int compared = 0;
    for (const auto& selector : selecting) {
      for (const auto& pods : selected) {
        if (!pods.pod_labels) continue;
        ++compared;
        const auto& labels = *pods.pod_labels;
        EXPECT_FALSE(selector.selects_pods && selector.selects_pods->matches(labels))
            << selector.id.text();
        EXPECT_FALSE(selector.own_selector && selector.own_selector->matches(labels))
            << selector.id.text();
      }
    }
    EXPECT_GT(compared, 0);
  };
  expect_apart(facts_of_plan(original), facts_of_plan(copy));
  expect_apart(facts_of_plan(copy), facts_of_plan(original));
}

TEST_F(RestorePlanTest, SelectorsOfTheCopyFindItsPods) {
  const auto plan = planned(as_new());
  const Json web = loaded(plan, "Deployment shop/test-web");
  EXPECT_EQ(text_at(web, "spec", "selector", "matchLabels", "app"), "test-web");
  EXPECT_EQ(text_at(web, "spec", "template", "metadata", "labels", "app"), "test-web");
  EXPECT_EQ(to_text(*find(loaded(plan, "Service shop/test-web"), "spec", "selector")),
            R"({"app":"test-web"})");
  const Json policy = loaded(plan, "NetworkPolicy shop/test-db");
  EXPECT_EQ(text_at(policy, "spec", "podSelector", "matchLabels", "app"), "test-db");
  EXPECT_THAT(to_text(policy),
              HasSubstr(R"("from":[{"podSelector":{"matchLabels":{"app":"test-web"}}}])"));
  EXPECT_EQ(to_text(*find(loaded(planned(), "Service shop/web"), "spec", "selector")),
            R"({"app":"web"})");
}

TEST_F(RestorePlanTest, SaysWhichNamesInTextStillLeadToTheOriginal) {
  EXPECT_THAT(
      planned(as_new()).warnings,
      Contains("environment variable DB_HOST of Deployment shop/web still names db, not test-db"));
  EXPECT_THAT(planned().warnings, IsEmpty());
}

TEST_F(RestorePlanTest, MapsStorageClassesAndLeavesTheirObjectsOut) {
  RestoreOptions options;
  options.naming.storage_classes = {{"local-path", "fast"}};
  const auto plan = planned(options);
  EXPECT_EQ(
      text_at(loaded(plan, "PersistentVolumeClaim shop/data-db-0"), "spec", "storageClassName"),
      "fast");
  const Json database = loaded(plan, "StatefulSet shop/db");
  EXPECT_EQ(
      text_at(items_at(database, "spec", "volumeClaimTemplates")[0], "spec", "storageClassName"),
      "fast");
  EXPECT_EQ(plan.claims[0].storage_class, "fast");
  EXPECT_THAT(names(plan.skipped), Contains("StorageClass local-path"));

  options.naming.storage_classes = {{"local-path", ""}};
  const Json claim = loaded(planned(options), "PersistentVolumeClaim shop/data-db-0");
  EXPECT_EQ(find(claim, "spec", "storageClassName"), nullptr);
}

TEST_F(RestorePlanTest, AppliesAnotherStoredVersionWhenTheDestinationServesOnlyThat) {
  std::vector<kube::ServedResource> served;
  for (auto entry : destination_.all()) {
    if (entry.resource.api_version() == "autoscaling/v2") continue;
    if (entry.resource.api_version() == "autoscaling/v1") entry.preferred = true;
    served.push_back(entry);
  }
  destination_ = kube::Discovery(std::move(served));
  const auto plan = planned();
  EXPECT_EQ(text_at(loaded(plan, "HorizontalPodAutoscaler shop/web"), "apiVersion"),
            "autoscaling/v1");
  EXPECT_THAT(plan.warnings, Contains("HorizontalPodAutoscaler objects are applied as "
                                      "autoscaling/v1 instead of autoscaling/v2"));
}

TEST_F(RestorePlanTest, NeverDropsAKindThatIsNotServedSilently) {
  serve_without("ingresses");
  const auto plan = planned();
  EXPECT_THAT(names(plan), Not(Contains("Ingress shop/web")));
  ASSERT_THAT(plan.unsupported, SizeIs(1));
  EXPECT_THAT(plan.unsupported[0].reason, HasSubstr("does not serve networking.k8s.io/v1 Ingress"));
}

TEST_F(RestorePlanTest, CustomResourcesComeWithTheirDefinition) {
  serve_without("caches");
  const auto plan = planned();
  const auto cache = std::ranges::find(plan.objects, "Cache",
                                       [](const auto& object) { return object.source.kind; });
  ASSERT_NE(cache, plan.objects.end());
  EXPECT_TRUE(cache->comes_with_plan);
  EXPECT_EQ(cache->resource.plural, "caches");

  RestoreOptions options;
  options.selection.exclude = {{.kinds = {"customresourcedefinitions"}}};
  EXPECT_THAT(names(planned(options).unsupported), Contains("Cache shop/front"));
}

TEST_F(RestorePlanTest, SelectsByRulesAndBringsTheNamespaceAlong) {
  RestoreOptions options;
  options.selection.include = {{.kinds = {"ConfigMap"}, .names = {"*-conf"}}};
  options.selection.exclude = {{.names = {"web-*"}}};
  const auto plan = planned(options);
  EXPECT_THAT(names(plan), testing::ElementsAre("Namespace shop", "ConfigMap shop/db-conf"));
}

TEST_F(RestorePlanTest, DataAloneNeedsOnlyClaimsAndTheirNamespaces) {
  RestoreOptions options;
  options.scope = RestoreScope::claims;
  EXPECT_THAT(names(planned(options)),
              testing::ElementsAre("Namespace shop", "PersistentVolumeClaim shop/data-db-0",
                                   "PersistentVolumeClaim shop/data-db-1"));
}

TEST_F(RestorePlanTest, RefusesToMakeOneObjectOfTwo) {
  auto add = [&](const char* in_namespace) {
    backup_.files.emplace(
        std::string("/core/configmaps/v1/") + in_namespace + "/a.json",
        std::string(
            R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":")") +
            in_namespace + R"("}})");
  };
  add("one");
  add("two");
  RestoreOptions options;
  options.naming.namespaces = {{"one", "same"}, {"two", "same"}};
  EXPECT_THAT(
      planned(options).unsupported,
      testing::ElementsAre(testing::Field(&NotPlanned::reason, HasSubstr("would both become"))));
}

TEST_F(RestorePlanTest, GivesClaimsThePlacementOfTheWorkloadThatMountsThem) {
  auto& file = backup_.files.at("/apps/statefulsets/v1/shop/db.json");
  Json database = *parse_json(file);
  Json& pod = database.as_object()["spec"].as_object()["template"].as_object()["spec"];
  pod.as_object()["nodeSelector"] = JsonObject{{"disk", "ssd"}};
  file = to_text(database);
  EXPECT_EQ(to_text(planned().claims[0].placement), R"({"nodeSelector":{"disk":"ssd"}})");
}

TEST_F(RestorePlanTest, AFileThatHoldsAnotherObjectIsCorrupt) {
  backup_.files["/core/configmaps/v1/shop/a.json"] =
      R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"a","namespace":"kube-system"}})";
  EXPECT_EQ(plan_restore(backup_, destination_, {}, {}).code(), ErrorCode::corrupt);
}

TEST_F(RestorePlanTest, TellsWhatABackupWithoutSecretsLeavesToAPerson) {
  backup_.files["/left-out.json"] = left_out_document;
  RestoreOptions options;
  options.naming.namespaces = {{"shop", "copy"}};
  const auto plan = planned(options);
  ASSERT_THAT(plan.needed_secrets, SizeIs(1));
  EXPECT_EQ(plan.needed_secrets[0].text(), "Secret copy/db-root");
  EXPECT_THAT(plan.warnings, Contains(HasSubstr("data.DSN of ConfigMap shop/db-conf held the value "
                                                "of key password of Secret shop/db-root")));
  options.selection.exclude = {{.names = {"db-conf"}}};
  EXPECT_THAT(planned(options).warnings, Not(Contains(HasSubstr("data.DSN"))));
}

TEST_F(RestorePlanTest, RefusesTheIndexOfANewerFormat) {
  backup_.files["/index.json"] = R"({"formatVersion":2,"resources":[]})";
  EXPECT_EQ(plan_restore(backup_, destination_, {}, {}).code(), ErrorCode::unsupported);
  backup_.files.erase("/index.json");
  EXPECT_EQ(plan_restore(backup_, destination_, {}, {}).code(), ErrorCode::not_found);
}

TEST_F(RestorePlanTest, ATrialTouchesNothingButTheNamespacesThatAreMapped) {
  RestoreOptions options;
  options.defuse = Defuse::yes;
  options.naming.namespaces = {{"shop", "scratch"}};
  const auto plan = planned(options);
  for (const auto& object : plan.objects)
    EXPECT_EQ(object.destination.key.namespace_name, "scratch") << object.destination.text();
  EXPECT_THAT(names(plan), Contains("StatefulSet scratch/db"));
  EXPECT_THAT(names(plan.skipped),
              IsSupersetOf({"Namespace shop", "NetworkPolicy shop/db", "Ingress shop/web"}));
  options.naming.namespaces = {{"other", "scratch"}};
  EXPECT_THAT(planned(options).objects, IsEmpty());
}

}  // namespace
}  // namespace dmaas::applications
