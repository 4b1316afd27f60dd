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
ETCD = GoProgram("etcd", "etcd", package="go.etcd.io/etcd/server/v3")
COREDNS = GoProgram("coredns", "coredns")
LOCAL_PATH_PROVISIONER = GoProgram(
    "local-path-provisioner", "local_path_provisioner",
    package="github.com/rancher/local-path-provisioner")
MINIO = GoProgram("minio", "minio", package="github.com/minio/minio")
PAUSE = GoProgram("pause", "images/pause")

ALL = (KUBERNETES, ETCD, COREDNS, LOCAL_PATH_PROVISIONER, MINIO, PAUSE)
