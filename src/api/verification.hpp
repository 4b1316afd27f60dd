#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "api/references.hpp"

/// What a verification does with a restored backup; BackupVerifier and VerificationSession share
/// it.
namespace dmaas::api {

/// What a text has to be. Empty: anything.
struct ExpectedText {
  std::optional<std::string> equals{};
  std::string contains{};
  std::string matches{};
  bool operator==(const ExpectedText&) const = default;

  static void fields(auto& self, auto&& field) {
    field("equals", self.equals, "The whole text, without white space at its end.",
          rule::max_length(4096));
    field("contains", self.contains, "A part of the text.", rule::max_length(4096));
    field("matches", self.matches,
          "A regular expression (Perl's) that some part of the text matches.",
          rule::max_length(1024));
  }
};

/// A command in one pod of the restored application.
struct ExecCheck {
  std::optional<LabelSelector> pod_selector{};
  std::string container{};
  std::vector<std::string> command{};
  std::int32_t exit_code = 0;
  ExpectedText output{};
  bool operator==(const ExecCheck&) const = default;

  static void fields(auto& self, auto&& field) {
    field("podSelector", self.pod_selector,
          "The first ready pod with these labels, by name; of all pods when absent.");
    field("container", self.container, "Container of the pod; the first one when empty.",
          rule::max_length(63));
    field("command", self.command, "Program and arguments; there is no shell unless you name one.",
          rule::required, rule::min_items(1), rule::max_items(64));
    field("exitCode", self.exit_code, "How it has to end.", rule::with_default, rule::minimum(0),
          rule::maximum(255));
    field("output", self.output, "What it has to write to standard output.");
  }
};

/// A request to a Service of the restored application, from a pod beside it.
struct HttpCheck {
  std::string service{};
  std::int32_t port = 80;
  std::string path = "/";
  std::int32_t status = 200;
  ExpectedText body{};
  bool operator==(const HttpCheck&) const = default;

  static void fields(auto& self, auto&& field) {
    field("service", self.service, "Name of the Service.", rule::required,
          rule::pattern("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "must be the name of a Service"),
          rule::max_length(63));
    field("port", self.port, "Port of the Service.", rule::with_default, rule::minimum(1),
          rule::maximum(65535));
    field("path", self.path, "Path and query of the request, percent-encoded.", rule::with_default,
          rule::pattern("^/[!-~]*$", "must begin with '/' and hold no space, such as /healthz"),
          rule::max_length(1024));
    field("status", self.status, "Status of the response.", rule::with_default, rule::minimum(100),
          rule::maximum(599));
    field("body", self.body, "What the first 64 KiB of the response's body have to be.");
  }
};

struct VerificationCheck {
  std::string name{};
  bool ready = false;
  bool files = false;
  std::optional<ExecCheck> exec{};
  std::optional<HttpCheck> http{};
  std::chrono::nanoseconds timeout = std::chrono::minutes{2};
  bool operator==(const VerificationCheck&) const = default;

  static void fields(auto& self, auto&& field) {
    field("name", self.name, "Names the check in statuses.", rule::required, name_rule,
          rule::max_length(63));
    field("ready", self.ready, "Every workload has to be ready.");
    field("files", self.files,
          "Every file of the restored volumes is read back before workloads start, and has to have "
          "the hashes that the backup knows.");
    field("exec", self.exec, "A command in a restored pod.");
    field("http", self.http, "A request to a restored Service.");
    field("timeout", self.timeout, "The check is repeated until it passes, at most for so long.",
          rule::with_default);
    field.rule(
        "[has(self.ready) && self.ready, has(self.files) && self.files, has(self.exec), "
        "has(self.http)].filter(given, given).size() == 1",
        "give exactly one of ready: true, files: true, exec and http");
  }
};

/// Objects that are launched on the restored data.
struct LaunchManifest {
  std::string objects{};
  std::optional<ConfigMapKeyReference> config_map{};
  bool operator==(const LaunchManifest&) const = default;

  static void fields(auto& self, auto&& field) {
    field("objects", self.objects, "The objects, as YAML documents.", rule::max_length(65536));
    field("configMapRef", self.config_map,
          "An entry of a ConfigMap in the same namespace that holds the YAML documents.");
    field.rule("(has(self.objects) && self.objects != '') != has(self.configMapRef)",
               "give exactly one of objects and configMapRef");
  }
};

/// A Helm chart that is installed on the restored data.
struct LaunchChart {
  std::string image{};
  std::string chart{};
  std::string repository{};
  std::string version{};
  std::string release_name = "verified";
  JsonObject values{};
  bool operator==(const LaunchChart&) const = default;

  static void fields(auto& self, auto&& field) {
    field("image", self.image,
          "Image that has the program helm (version 3) and runs it, in the scratch namespace.",
          rule::required, rule::min_length(1), rule::max_length(512));
    field("chart", self.chart,
          "oci://REGISTRY/PATH, the URL of a packaged chart, the name of one in repository, or the "
          "absolute path of one within the image.",
          rule::required, rule::min_length(1), rule::max_length(1024));
    field("repository", self.repository, "URL of the chart repository that chart is a name in.",
          rule::max_length(1024));
    field("version", self.version,
          "Version of the chart; the newest when empty. Not with a path within the image.",
          rule::max_length(128));
    field("releaseName", self.release_name, "What the release is called.", rule::with_default,
          rule::pattern("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
                        "must be lower-case letters, digits and '-', such as verified"),
          rule::max_length(53));
    field("values", self.values,
          "Values of the chart, such as the claims that it has to use: restored claims have the "
          "names that they have in the backup.");
  }
};

struct VerificationSettings {
  std::optional<LaunchManifest> manifest{};
  std::optional<LaunchChart> helm{};
  std::vector<VerificationCheck> checks{};
  std::chrono::nanoseconds timeout = std::chrono::hours{1};
  bool keep_on_failure = false;
  std::string service_account_name{};
  bool allow_unisolated = false;
  bool operator==(const VerificationSettings&) const = default;

  static void fields(auto& self, auto&& field) {
    field("manifest", self.manifest,
          "Launch these objects on the restored volumes. Absent: the backup is restored whole.");
    field("helm", self.helm,
          "Install this Helm chart on the restored volumes, as an account that has rights in the "
          "scratch namespace only. Either this or manifest.");
    field("checks", self.checks,
          "What is asked of the restored application. All of them run, one after another; empty: "
          "that it restores and becomes ready is enough.",
          rule::keys("name"), rule::max_items(32));
    field("timeout", self.timeout, "A verification that takes longer is stopped and fails.",
          rule::with_default);
    field("keepOnFailure", self.keep_on_failure,
          "Keep the scratch namespace of a restore or check that failed, to look at it. It goes "
          "with the session.");
    field(
        "serviceAccountName", self.service_account_name,
        "Account in the session's namespace that creates objects and runs commands in the scratch "
        "namespace; it needs its rights there from elsewhere. Empty: an account that dmaas keeps, "
        "which may in the scratch namespace what the role admin may, and nothing anywhere else.",
        rule::max_length(253));
    field("allowUnisolated", self.allow_unisolated,
          "Verify even where the cluster's network does not keep the restored application from "
          "reaching what is outside the scratch namespace, such as databases of production.");
    field.rule("!has(self.manifest) || !has(self.helm)", "give one of manifest and helm");
  }
};

}  // namespace dmaas::api
