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

TEST(MoverPodTest, RestoreGetsExactlyTheRightsThatMetadataNeeds) {
  auto pod = volume_mover();
  pod.rights = MoverRights::restore;
  auto text = to_text(mover_pod_manifest(pod, {.image = "dmaas:1"}, "PEM"));
  EXPECT_NE(text.find(R"("add":["CHOWN","FOWNER","DAC_OVERRIDE","FSETID","SETFCAP","MKNOD"])"),
            std::string::npos);
  EXPECT_EQ(text.find("readOnly\":true}}"), std::string::npos);
}

TEST(MoverPodTest, ARawBlockVolumeIsADeviceThatIsOnlyRead) {
  auto pod = volume_mover();
  pod.volume_mode = api::VolumeMode::block;
  auto manifest = mover_pod_manifest(pod, {.image = "dmaas:1"}, "PEM");
  const auto& container = manifest.at("spec").at("containers").at(0);
  auto devices = items_at(container, "volumeDevices");
  ASSERT_EQ(devices.size(), 1u);
  EXPECT_EQ(text_at(devices[0], "devicePath"), volume_of("Block").path);
  EXPECT_EQ(to_text(manifest).find(R"("mountPath":"/volume")"), std::string::npos);
  EXPECT_NE(to_text(manifest).find(R"("claimName":"twin","readOnly":true)"), std::string::npos);
}

TEST(MoverPodTest, AWorkOrderNamesTheVolumeAsThePodHasIt) {
  EXPECT_EQ(volume_of("Block").mode, api::VolumeMode::block);
  EXPECT_EQ(volume_of("Block").path, volume_device_path);
  EXPECT_EQ(volume_of("Filesystem").mode, api::VolumeMode::filesystem);
  EXPECT_EQ(volume_of("").path, volume_mount_path);  // of sessions of older versions
}

/// A mover in the image of one container of an application's pod.
class CarriedMoverTest : public ::testing::Test {
protected:
  Json manifest() {
    auto pod = volume_mover();
    pod.component = "dump/db";
    pod.rights = MoverRights::none;
    pod.claim = "";
    pod.node = "";
    pod.application_pod = &application_;
    pod.application_container = "mariadb";
    return mover_pod_manifest(pod, {.image = "dmaas:1"}, "PEM");
  }
  static Json only(const Json& manifest, const char* list) {
    const auto& items = items_at(manifest, "spec", list);
    EXPECT_EQ(items.size(), 1u);
    return items.at(0);
  }

  Json application_ = *parse_yaml(R"(
metadata: {namespace: shop, labels: {app: mariadb}}
spec:
  serviceAccountName: shop
  securityContext: {fsGroup: 27, runAsUser: 27, supplementalGroups: [5]}
  affinity: {nodeAffinity: {n: 1}, podAntiAffinity: {p: 1}}
  containers:
  - {name: proxy, image: proxy:1, volumeMounts: [{name: proxy-conf, mountPath: /etc/proxy}]}
  - name: mariadb
    image: mariadb:1
    command: [mariadbd]
    ports: [{containerPort: 3306}]
    readinessProbe: {tcpSocket: {port: 3306}}
    env:
    - {name: MARIADB_ROOT_PASSWORD, valueFrom: {secretKeyRef: {name: db, key: root}}}
    - {name: MEMORY, valueFrom: {resourceFieldRef: {containerName: mariadb, resource: limits.memory}}}
    securityContext: {runAsUser: 999, runAsNonRoot: true, privileged: true, capabilities: {add: [SYS_NICE]}}
    volumeMounts:
    - {name: data, mountPath: /var/lib/mysql}
    - {name: conf, mountPath: /etc/mysql/conf.d}
    - {name: kube-api-access-x, mountPath: /var/run/secrets/kubernetes.io/serviceaccount}
  volumes:
  - {name: data, persistentVolumeClaim: {claimName: data-0}}
  - {name: conf, configMap: {name: db}}
  - {name: proxy-conf, secret: {secretName: proxy}}
  - {name: kube-api-access-x, projected: {sources: [{serviceAccountToken: {path: token}}]}}
)");
};

TEST_F(CarriedMoverTest, HasImageEnvironmentAndConfigurationOfItsContainer) {
  auto made = manifest();
  auto container = only(made, "containers");
  EXPECT_EQ(text_at(container, "image"), "mariadb:1");
  auto text = to_text(made);
  EXPECT_NE(text.find("MARIADB_ROOT_PASSWORD"), std::string::npos);
  EXPECT_NE(text.find("/etc/mysql/conf.d"), std::string::npos);
  // It has another name than the container whose limit is meant.
  EXPECT_EQ(text.find("containerName"), std::string::npos);
}

TEST_F(CarriedMoverTest, HasNoDataNoTokenOfTheApiAndNothingOfOtherContainers) {
  auto made = manifest();
  EXPECT_FALSE(flag_at(made, "spec", "automountServiceAccountToken"));
  auto text = to_text(made);
  for (auto absent : {"/var/lib/mysql", "claimName", "kube-api-access", "proxy", "fsGroup",
                      "masterKey", "readinessProbe", "containerPort"}) {
    EXPECT_EQ(text.find(absent), std::string::npos) << absent;
  }
}

TEST_F(CarriedMoverTest, RunsAsTheApplicationsAccountWithoutAnyRight) {
  auto made = manifest();
  EXPECT_EQ(text_at(made, "spec", "serviceAccountName"), "shop");
  EXPECT_EQ(
      to_canonical_text(*find(made, "spec", "securityContext")),
      R"({"runAsUser":27,"seccompProfile":{"type":"RuntimeDefault"},"supplementalGroups":[5,27]})");
  for (auto list : {"containers", "initContainers"}) {
    auto container = only(made, list);
    EXPECT_EQ(number_at(container, "securityContext", "runAsUser"), 999) << list;
    EXPECT_TRUE(flag_at(container, "securityContext", "runAsNonRoot")) << list;
    EXPECT_EQ(to_text(*find(container, "securityContext", "capabilities")), R"({"drop":["ALL"]})")
        << list;
    EXPECT_EQ(find(container, "securityContext", "privileged"), nullptr) << list;
  }
}

TEST_F(CarriedMoverTest, NoServiceOfTheApplicationFindsItAndItMayRunBesideTheApplication) {
  auto made = manifest();
  EXPECT_EQ(text_at(made, "metadata", "labels", "app"), "");
  EXPECT_EQ(to_text(*find(made, "spec", "affinity")), R"({"nodeAffinity":{"n":1}})");
}

TEST_F(CarriedMoverTest, AContainerIsFoundByNameOrIsTheFirst) {
  EXPECT_EQ(text_at(*find_container(application_, "mariadb"), "image"), "mariadb:1");
  EXPECT_EQ(text_at(*find_container(application_, ""), "name"), "proxy");
  EXPECT_EQ(find_container(application_, "postgres"), nullptr);
}

}  // namespace
}  // namespace dmaas::controller
