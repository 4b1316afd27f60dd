#include "kube/client/kubeconfig.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

#include "base/encoding.hpp"
#include "base/file.hpp"
#include "base/time_text.hpp"
#include "kube/client/exec_plugin.hpp"
#include "kube/client/in_cluster.hpp"

namespace dmaas::kube {
namespace {

class KubeconfigTest : public testing::Test {
protected:
  KubeconfigTest() {
    std::string name = testing::TempDir() + "kubeconfig.XXXXXX";
    directory_ = ::mkdtemp(name.data());
  }
  ~KubeconfigTest() override { std::filesystem::remove_all(directory_); }

  std::string write(const std::string& name, std::string_view text, unsigned mode = 0600) {
    auto path = directory_ + "/" + name;
    EXPECT_TRUE(write_file_atomically(path, bytes_of(text), mode));
    return path;
  }
  /// One cluster, one context, and a user with these lines.
  std::string config_with_user(const std::string& user) {
    return write("config", R"(
apiVersion: v1
kind: Config
current-context: c
clusters: [{name: k, cluster: {server: "https://k:6443/"}}]
contexts: [{name: c, context: {cluster: k, user: u, namespace: shop}}]
users:
- name: u
  user: )" + user + "\n");
  }
  Result<ClusterAccess> load(const std::string& path, const std::string& context = "") {
    return load_kubeconfig({.path = path, .context = context, .environment = environment_}, clock_);
  }
  Result<Identity> identity_of(const std::string& user) {
    auto access = TRY(load(config_with_user(user)));
    return access.identity->current({});
  }

  std::string directory_;
  ManualClock clock_{Timestamp{}};
  std::map<std::string, std::string> environment_{{"PATH", "/usr/bin:/bin"}};
};

TEST_F(KubeconfigTest, ReadsTheCurrentContext) {
  auto access = load(config_with_user("{token: secret}")).value();
  EXPECT_EQ(access.server, "https://k:6443");
  EXPECT_EQ(access.namespace_name, "shop");
  EXPECT_EQ(access.context, "c");
  EXPECT_EQ(access.identity->current({}).value().token, "secret");
}

TEST_F(KubeconfigTest, TheFirstFileOfAListWins) {
  auto first = write("first", "current-context: a\nusers: [{name: u, user: {token: one}}]\n");
  auto second = write("second", R"(
current-context: b
clusters: [{name: k, cluster: {server: "https://second"}}]
contexts: [{name: a, context: {cluster: k, user: u}}, {name: b, context: {cluster: k, user: u}}]
users: [{name: u, user: {token: two}}]
)");
  environment_["KUBECONFIG"] = first + ":" + directory_ + "/missing:" + second;
  auto access = load("").value();
  EXPECT_EQ(access.context, "a");
  EXPECT_EQ(access.server, "https://second");
  EXPECT_EQ(access.identity->current({}).value().token, "one");
  EXPECT_EQ(load("", "b").value().context, "b");
}

TEST_F(KubeconfigTest, SaysWhatIsMissing) {
  EXPECT_TRUE(load(directory_ + "/none").failed_with(ErrorCode::not_found));
  environment_["KUBECONFIG"] = directory_ + "/none";
  auto none = load("");
  ASSERT_TRUE(none.failed_with(ErrorCode::not_found));
  EXPECT_NE(none.error().message().find("set KUBECONFIG"), std::string::npos);
  auto context = load(config_with_user("{}"), "other");
  ASSERT_TRUE(context.failed_with(ErrorCode::not_found));
  EXPECT_NE(context.error().message().find("no context \"other\""), std::string::npos);
  EXPECT_TRUE(load(write("broken", "a: [")).failed_with(ErrorCode::invalid_input));
  EXPECT_TRUE(load(write("list", "[1]")).failed_with(ErrorCode::invalid_input));
}

TEST_F(KubeconfigTest, TakesCertificatesInlineOrBesideTheFile) {
  auto inline_data = base64_encode(bytes_of("INLINE"));
  write("key.pem", "KEY");
  auto identity =
      identity_of("{client-certificate: ignored.pem, client-certificate-data: " + inline_data +
                  ", client-key: key.pem}")
          .value();
  EXPECT_EQ(identity.client_certificate, "INLINE");
  EXPECT_EQ(identity.client_key, "KEY");
  EXPECT_TRUE(identity_of("{client-key-data: '***'}").failed_with(ErrorCode::invalid_input));
  EXPECT_TRUE(identity_of("{client-key: none.pem}").failed_with(ErrorCode::not_found));
}

TEST_F(KubeconfigTest, ReadsTokenFilesAgain) {
  auto path = write("token", "old\n");
  auto access = load(config_with_user("{tokenFile: token}")).value();
  EXPECT_EQ(access.identity->current({}).value().token, "old");
  write("token", "new\n");
  EXPECT_EQ(access.identity->current({}).value().token, "old");
  clock_.advance(std::chrono::minutes{1});
  EXPECT_EQ(access.identity->current({}).value().token, "new");
  write("token", "newer\n");
  access.identity->forget();
  EXPECT_EQ(access.identity->current({}).value().token, "newer");
}

TEST_F(KubeconfigTest, KeepsImpersonationOfTheUser) {
  auto access = load(config_with_user("{token: t, as: jane, as-groups: [dev]}")).value();
  ASSERT_TRUE(access.account);
  EXPECT_EQ(access.account->user, "jane");
  EXPECT_EQ(access.account->groups, std::vector<std::string>{"dev"});
}

TEST_F(KubeconfigTest, RefusesWhatItCannotHonour) {
  EXPECT_TRUE(identity_of("{auth-provider: {name: gcp}}").failed_with(ErrorCode::unsupported));
  EXPECT_TRUE(identity_of("{exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x}}")
                  .failed_with(ErrorCode::unsupported));
  auto cluster = [&](const std::string& fields) {
    return load(write("config", "current-context: c\nclusters: [{name: k, cluster: {" + fields +
                                    "}}]\ncontexts: [{name: c, context: {cluster: k}}]\n"));
  };
  EXPECT_TRUE(
      cluster("server: https://k, proxy-url: http://p").failed_with(ErrorCode::unsupported));
  EXPECT_TRUE(cluster("server: k").failed_with(ErrorCode::invalid_input));
  EXPECT_TRUE(cluster("server: https://k, insecure-skip-tls-verify: true, "
                      "certificate-authority-data: QQ==")
                  .failed_with(ErrorCode::invalid_input));
  EXPECT_EQ(cluster("server: https://k, insecure-skip-tls-verify: true, tls-server-name: n")
                .value()
                .tls_server_name,
            "n");
}

TEST_F(KubeconfigTest, RunsCredentialPlugins) {
  write("plugin", R"sh(#!/bin/sh
echo run >> "$COUNT"
printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s-%s",
"expirationTimestamp":"1970-01-01T01:00:00Z"}}' "$1" "$(echo $KUBERNETES_EXEC_INFO | grep -c https://k:6443)"
)sh",
        0700);
  auto access =
      load(config_with_user(
               "{exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plugin, "
               "args: [word], env: [{name: COUNT, value: " +
               directory_ + "/count}], provideClusterInfo: true, interactiveMode: Never}}"))
          .value();
  EXPECT_EQ(access.identity->current({}).value().token, "word-1");
  EXPECT_EQ(access.identity->current({}).value().token, "word-1");
  EXPECT_EQ(read_small_file(directory_ + "/count").value(), "run\n");
  clock_.advance(std::chrono::hours{1});
  EXPECT_TRUE(access.identity->current({}));
  EXPECT_EQ(read_small_file(directory_ + "/count").value(), "run\nrun\n");
  access.identity->forget();
  EXPECT_TRUE(access.identity->current({}));
  EXPECT_EQ(read_small_file(directory_ + "/count").value(), "run\nrun\nrun\n");
}

TEST_F(KubeconfigTest, TellsHowToInstallAMissingPlugin) {
  auto missing = identity_of(
      "{exec: {apiVersion: client.authentication.k8s.io/v1, command: no-such-plugin, "
      "installHint: get it from the shop}}");
  ASSERT_TRUE(missing.failed_with(ErrorCode::not_found));
  EXPECT_NE(missing.error().message().find("get it from the shop"), std::string::npos);
}

TEST_F(KubeconfigTest, ReportsPluginsThatFailOrHang) {
  auto plugin = [&](const std::string& script) {
    ExecPlugin one;
    one.api_version = "client.authentication.k8s.io/v1";
    one.command = write("plugin", "#!/bin/sh\n" + script, 0700);
    one.environment = environment_;
    one.interaction = ExecPlugin::Interaction::never;
    one.timeout = std::chrono::milliseconds{200};
    return plugin_identity(one, system_clock())->current({});
  };
  EXPECT_TRUE(plugin("exit 3").failed_with(ErrorCode::permission_denied));
  EXPECT_TRUE(plugin("sleep 60").failed_with(ErrorCode::timeout));
  EXPECT_TRUE(plugin("echo secret").failed_with(ErrorCode::invalid_input));
  EXPECT_EQ(plugin("echo secret").error().message().find("secret"), std::string::npos);
  EXPECT_TRUE(plugin("yes | head -c 3000000").failed_with(ErrorCode::invalid_input));
}

TEST_F(KubeconfigTest, RefusesCredentialsThatAreNone) {
  auto parse = [](const std::string& status) {
    return parse_exec_credential(
        R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":)" +
            status + "}",
        "client.authentication.k8s.io/v1");
  };
  EXPECT_TRUE(parse(R"({"token":"t"})"));
  EXPECT_TRUE(parse(R"({"clientCertificateData":"c","clientKeyData":"k"})"));
  EXPECT_TRUE(parse("{}").failed_with(ErrorCode::invalid_input));
  EXPECT_TRUE(parse(R"({"token":"t","clientKeyData":"k"})").failed_with(ErrorCode::invalid_input));
  EXPECT_TRUE(
      parse(R"({"token":"t","expirationTimestamp":"soon"})").failed_with(ErrorCode::invalid_input));
}

TEST_F(KubeconfigTest, UsesThePodsAccountInsideAPod) {
  write("token", "pod-token");
  write("ca.crt", "CA");
  write("namespace", "dmaas-system");
  environment_["KUBERNETES_SERVICE_HOST"] = "fd00::1";
  environment_["KUBERNETES_SERVICE_PORT"] = "443";
  auto access = load_in_cluster(environment_, clock_, directory_).value();
  EXPECT_EQ(access.server, "https://[fd00::1]:443");
  EXPECT_EQ(access.ca_certificates, "CA");
  EXPECT_EQ(access.namespace_name, "dmaas-system");
  EXPECT_EQ(access.identity->current({}).value().token, "pod-token");
  std::filesystem::remove(directory_ + "/token");
  EXPECT_TRUE(load_in_cluster(environment_, clock_, directory_).failed_with(ErrorCode::not_found));
  EXPECT_TRUE(load_in_cluster({}, clock_, directory_).failed_with(ErrorCode::not_found));
}

}  // namespace
}  // namespace dmaas::kube
