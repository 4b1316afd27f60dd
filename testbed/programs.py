"""The Go programs of the test bed, each with its version in the recipe's go.mod."""

from testbed.go_program import GoProgram

KUBERNETES_VERSION = "v1.34.2"
_VERSION = "k8s.io/component-base/version"

KUBERNETES = GoProgram(
    "kubernetes", "kubernetes",
    linker_flags=(f"-X {_VERSION}.gitVersion={KUBERNETES_VERSION} -X {_VERSION}.gitMajor=1"
                  f" -X {_VERSION}.gitMinor=34"),
    links=("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy",
           "kubelet", "kubectl"))
KUBERNETES_1_24_VERSION = "v1.24.17"
# Without cloud providers: nobody asks them for anything here.
KUBERNETES_1_24 = GoProgram(
    "kubernetes-1.24", "kubernetes_1_24", tags="providerless",
    # Its API server answers with the version that the client library has.
    linker_flags=" ".join(
        f"-X {package}.gitVersion={KUBERNETES_1_24_VERSION} -X {package}.gitMajor=1"
        f" -X {package}.gitMinor=24" for package in (_VERSION, "k8s.io/client-go/pkg/version")),
    links=("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy",
           "kubelet"))
# By version. kubectl is always the newest.
NEWEST = "1.34"
KUBERNETES_VERSIONS = {NEWEST: KUBERNETES, "1.24": KUBERNETES_1_24}
ETCD = GoProgram("etcd", "etcd", package="go.etcd.io/etcd/server/v3")
COREDNS = GoProgram("coredns", "coredns")
LOCAL_PATH_PROVISIONER = GoProgram(
    "local-path-provisioner", "local_path_provisioner",
    package="github.com/rancher/local-path-provisioner")
MINIO = GoProgram("minio", "minio", package="github.com/minio/minio")
HELM = GoProgram("helm", "helm", package="helm.sh/helm/v3/cmd/helm", with_c=False)
PAUSE = GoProgram("pause", "images/pause")

ALL = (KUBERNETES, KUBERNETES_1_24, ETCD, COREDNS, LOCAL_PATH_PROVISIONER, MINIO, HELM, PAUSE)
