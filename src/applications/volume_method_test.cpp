#include "applications/volume_method.hpp"

#include <gmock/gmock.h>

namespace dmaas::applications {
namespace {

using testing::HasSubstr;

/// A bound claim over a volume with this source.
Claim bound(std::string_view source, std::string_view mode = "ReadWriteOnce") {
  const std::string volume =
      R"({"metadata":{"name":"pv-0"},"spec":{"capacity":{"storage":"1Gi"},"accessModes":[")" +
      std::string(mode) +
      R"("],"volumeMode":"Filesystem","persistentVolumeReclaimPolicy":"Delete","storageClassName":"fast",)"
      R"("claimRef":{"namespace":"shop","name":"data","uid":"u"},)" +
      std::string(source) + "}}";
  const std::string claim =
      R"({"metadata":{"namespace":"shop","name":"data","uid":"u"},"spec":{"accessModes":[")" +
      std::string(mode) +
      R"("],"storageClassName":"fast","volumeName":"pv-0"},"status":{"phase":"Bound"}})";
  const Json volume_document = *parse_json(volume);
  return describe_claim(*parse_json(claim), &volume_document, nullptr);
}

constexpr std::string_view csi =
    R"("csi":{"driver":"csi.example.com","volumeHandle":"h1","fsType":"ext4","volumeAttributes":{"a":"b"},
  "nodePublishSecretRef":{"namespace":"kube-system","name":"s"}},"mountOptions":["noatime"])";
constexpr std::string_view local =
    R"("local":{"path":"/disks/1"},"nodeAffinity":{"required":{"nodeSelectorTerms":[]}})";

TEST(VolumeMethodTest, LocalVolumesAreReadFromTheSystemNamespaceWhereTheyAreUsed) {
  Claim claim = bound(local);
  claim.users = {{"db-0", "uid", "east"}};
  const auto choice = choose_mount(claim);
  EXPECT_EQ(choice.place, MountPlace::system_namespace);
  EXPECT_EQ(choice.node, "east");
}

TEST(VolumeMethodTest, DriversThatAttachAreReadInTheApplicationsNamespace) {
  Claim claim = bound(csi);
  claim.attach = AttachRequirement::required;
  EXPECT_EQ(choose_mount(claim).place, MountPlace::application_namespace);
  EXPECT_THAT(choose_mount(claim).reason, HasSubstr("csi.example.com attaches"));
  claim.attach = AttachRequirement::unknown;
  EXPECT_EQ(choose_mount(claim).place, MountPlace::application_namespace);
  claim.attach = AttachRequirement::none;
  EXPECT_EQ(choose_mount(claim).place, MountPlace::system_namespace);
}

TEST(VolumeMethodTest, AClaimForOnePodInUseIsReadThroughATwinOrNotAtAll) {
  Claim claim = bound(csi, "ReadWriteOncePod");
  claim.users = {{"db-0", "uid", "east"}};
  claim.attach = AttachRequirement::none;
  EXPECT_EQ(choose_mount(claim).place, MountPlace::system_namespace);
  claim.attach = AttachRequirement::required;
  EXPECT_EQ(choose_mount(claim).place, MountPlace::impossible);
  EXPECT_THAT(choose_mount(claim).reason, HasSubstr("only pod db-0 may use it"));
  claim.users.clear();
  EXPECT_EQ(choose_mount(claim).place, MountPlace::application_namespace);
}

TEST(VolumeMethodTest, UnboundClaimsCannotBeRead) {
  Claim claim = bound(local);
  claim.phase = "Pending";
  EXPECT_THAT(choose_mount(claim).reason, HasSubstr("Pending, not Bound"));
}

TEST(VolumeMethodTest, TwinOfARawBlockVolumeIsOneToo) {
  Claim claim = bound(local);
  claim.volume_mode = "Block";
  claim.volume.at("spec").as_object()["volumeMode"] = "Block";
  EXPECT_EQ(choose_mount(claim).place, MountPlace::system_namespace);
  EXPECT_EQ(text_at(twin_volume(claim, {"s", "t", {}}), "spec", "volumeMode"), "Block");
  EXPECT_EQ(text_at(twin_claim(claim, {"s", "t", {}}), "spec", "volumeMode"), "Block");
}

TEST(VolumeMethodTest, ADirectoryOnAnUnknownMachineIsNotGuessed) {
  Claim claim = bound(R"("hostPath":{"path":"/data"})");
  EXPECT_EQ(choose_mount(claim).place, MountPlace::impossible);
  claim.users = {{"db-0", "uid", "east"}};
  EXPECT_EQ(choose_mount(claim).place, MountPlace::system_namespace);
}

TEST(VolumeMethodTest, OtherSourcesAreReadInTheApplicationsNamespace) {
  EXPECT_EQ(choose_mount(bound(R"("rbd":{"image":"i"})")).place, MountPlace::application_namespace);
}

TEST(VolumeMethodTest, TwinOfACsiVolumeIsReadOnlyAndNeverDeletesTheData) {
  const TwinPlace place{"dmaas-system", "twin-1", {{"dmaas.io/session-uid", "u1"}}};
  EXPECT_EQ(
      to_canonical_text(twin_volume(bound(csi), place)),
      R"({"apiVersion":"v1","kind":"PersistentVolume","metadata":{"labels":{"dmaas.io/session-uid":"u1"},"name":"twin-1"},)"
      R"("spec":{"accessModes":["ReadWriteOnce"],"capacity":{"storage":"1Gi"},)"
      R"("claimRef":{"apiVersion":"v1","kind":"PersistentVolumeClaim","name":"twin-1","namespace":"dmaas-system"},)"
      R"("csi":{"driver":"csi.example.com","fsType":"ext4","nodePublishSecretRef":{"name":"s","namespace":"kube-system"},)"
      R"("readOnly":true,"volumeAttributes":{"a":"b"},"volumeHandle":"h1"},"mountOptions":["noatime"],)"
      R"("persistentVolumeReclaimPolicy":"Retain","storageClassName":"","volumeMode":"Filesystem"}})");
  EXPECT_EQ(
      to_canonical_text(twin_claim(bound(csi), place)),
      R"({"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"labels":{"dmaas.io/session-uid":"u1"},)"
      R"("name":"twin-1","namespace":"dmaas-system"},"spec":{"accessModes":["ReadWriteOnce"],)"
      R"("resources":{"requests":{"storage":"1Gi"}},"storageClassName":"","volumeMode":"Filesystem","volumeName":"twin-1"}})");
}

TEST(VolumeMethodTest, TwinThatIsWrittenIsNotReadOnly) {
  const TwinPlace place{.name = "twin-1", .access = TwinAccess::read_write};
  EXPECT_EQ(find(twin_volume(bound(csi), place), "spec", "csi", "readOnly"), nullptr);
}

TEST(VolumeMethodTest, TwinOfADirectoryDoesNotCreateIt) {
  const auto twin = twin_volume(bound(R"("hostPath":{"path":"/data","type":"DirectoryOrCreate"})"),
                                {"s", "t", {}});
  EXPECT_EQ(to_text(*find(twin, "spec", "hostPath")), R"({"path":"/data","type":"Directory"})");
}

TEST(VolumeMethodTest, TwinOfALocalVolumeStaysOnItsMachine) {
  const auto twin = twin_volume(bound(local), {"s", "t", {}});
  EXPECT_EQ(to_text(*find(twin, "spec", "local")), R"({"path":"/disks/1"})");
  EXPECT_NE(find(twin, "spec", "nodeAffinity"), nullptr);
}

TEST(DescribeClaimTest, ADriverAttachesUnlessItSaysOtherwise) {
  const Json claim = *parse_json(R"({"status":{"phase":"Bound"}})");
  const Json volume = *parse_json(R"({"spec":{"csi":{"driver":"d"}}})");
  const Json silent = *parse_json(R"({"spec":{}})"),
             no_attach = *parse_json(R"({"spec":{"attachRequired":false}})");
  EXPECT_EQ(describe_claim(claim, &volume, &silent).attach, AttachRequirement::required);
  EXPECT_EQ(describe_claim(claim, &volume, &no_attach).attach, AttachRequirement::none);
  EXPECT_EQ(describe_claim(claim, &volume, nullptr).attach, AttachRequirement::unknown);
}

}  // namespace
}  // namespace dmaas::applications
