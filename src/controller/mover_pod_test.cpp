#include "controller/mover_pod.hpp"

#include <gtest/gtest.h>

#include "base/yaml.hpp"

namespace dmaas::controller {
namespace {

MoverPod volume_mover() {
  MoverPod pod;
  pod.key = {"dmaas-system", "mover-data-0"};
  pod.session = {.kind = "BackupSession", .namespace_name = "shop", .name = "s", .uid = "u"};
  pod.component = "volume/data-0";
  pod.rights = MoverRights::read;
  pod.claim = "twin";
  pod.node = "n1";
  return pod;
}

TEST(MoverPodTest, ReadsItsVolumeOnlyForReadingAndNeverSetsAGroup) {
  auto manifest = mover_pod_manifest(volume_mover(), {.image = "dmaas:1"}, "PEM");
  auto text = to_text(manifest);
  EXPECT_NE(text.find(R"("claimName":"twin","readOnly":true)"), std::string::npos);
  EXPECT_EQ(text.find("fsGroup"), std::string::npos);
  EXPECT_NE(text.find(R"("add":["DAC_READ_SEARCH"])"), std::string::npos);
  EXPECT_EQ(text.find("nodeName\""), std::string::npos);
}

TEST(MoverPodTest, HoldsNoCredentialButTwoTokensOfOtherAudiences) {
  auto manifest = mover_pod_manifest(volume_mover(), {.image = "dmaas:1"}, "PEM");
  EXPECT_FALSE(flag_at(manifest, "spec", "automountServiceAccountToken"));
  auto text = to_text(manifest);
  EXPECT_EQ(text.find("secretKeyRef"), std::string::npos);
  EXPECT_EQ(text.find("AWS_"), std::string::npos);
  EXPECT_EQ(text.find("masterKey"), std::string::npos);
  EXPECT_NE(text.find("dmaas-gateway"), std::string::npos);
  EXPECT_NE(text.find("dmaas-controller"), std::string::npos);
}

TEST(MoverPodTest, ALimitBelowTheDefaultRequestLowersTheRequest) {
  auto pod = volume_mover();
  pod.settings.resources.limits["memory"] = {"32Mi"};
  auto manifest = mover_pod_manifest(pod, {.image = "dmaas:1"}, "PEM");
  const auto& container = items_at(manifest, "spec", "containers").at(0);
  EXPECT_EQ(text_at(container, "resources", "requests", "memory"), "32Mi");
  EXPECT_EQ(text_at(container, "resources", "limits", "memory"), "32Mi");
}

TEST(MoverPodTest, RestoreGetsExactlyTheRightsThatMetadataNeeds) {
  auto pod = volume_mover();
  pod.rights = MoverRights::restore;
  auto text = to_text(mover_pod_manifest(pod, {.image = "dmaas:1"}, "PEM"));
  EXPECT_NE(text.find(R"("add":["CHOWN","FOWNER","DAC_OVERRIDE","FSETID","SETFCAP","MKNOD"])"),
            std::string::npos);
  EXPECT_EQ(text.find("readOnly\":true}}"), std::string::npos);
}

TEST(MoverPodTest, InTheApplicationsImageItTakesOverEnvironmentAndAccountButNoData) {
  auto application = *parse_yaml(R"(
spec:
  serviceAccountName: shop
  securityContext: {fsGroup: 27, runAsUser: 27}
  containers:
  - name: mariadb
    image: mariadb:1
    command: [mariadbd]
    env: [{name: MARIADB_ROOT_PASSWORD, valueFrom: {secretKeyRef: {name: db, key: root}}}]
    volumeMounts: [{name: data, mountPath: /var/lib/mysql}, {name: conf, mountPath: /etc/mysql/conf.d}]
  volumes:
  - {name: data, persistentVolumeClaim: {claimName: data-0}}
  - {name: conf, configMap: {name: db}}
)");
  auto pod = volume_mover();
  pod.rights = MoverRights::none;
  pod.claim = "";
  pod.application_pod = &application;
  pod.application_container = "mariadb";
  auto manifest = mover_pod_manifest(pod, {.image = "dmaas:1"}, "PEM");
  const auto& container = manifest.at("spec").at("containers").at(0);
  EXPECT_EQ(text_at(container, "image"), "mariadb:1");
  EXPECT_EQ(text_at(manifest, "spec", "serviceAccountName"), "shop");
  auto text = to_text(manifest);
  EXPECT_NE(text.find("MARIADB_ROOT_PASSWORD"), std::string::npos);
  EXPECT_NE(text.find("/etc/mysql/conf.d"), std::string::npos);
  EXPECT_EQ(text.find("/var/lib/mysql"), std::string::npos);
  EXPECT_EQ(text.find("fsGroup"), std::string::npos);
  EXPECT_EQ(items_at(manifest, "spec", "initContainers").size(), 1u);
}

}  // namespace
}  // namespace dmaas::controller
