#include <fmt/format.h>

#include <algorithm>

#include "api/problems.hpp"
#include "api/validate.hpp"
#include "api/validate_parts.hpp"
#include "base/regular_expression.hpp"

namespace dmaas::api {
namespace {

void check_expected(const ExpectedText& text, const std::string& path, Problems& problems) {
  if (text.matches.empty()) return;
  if (auto checked = check_regular_expression(text.matches); !checked)
    problems.add(path + ".matches", checked.error());
}

void check_check(const VerificationCheck& check, const std::string& path, Problems& problems) {
  int kinds =
      (check.ready ? 1 : 0) + (check.files ? 1 : 0) + (check.exec ? 1 : 0) + (check.http ? 1 : 0);
  problems.add_unless(kinds == 1, path,
                      "give exactly one of ready: true, files: true, exec and http");
  check_timeout(check.timeout, path + ".timeout", problems);
  if (check.exec) {
    check_command(check.exec->command, path + ".exec.command", problems);
    if (check.exec->pod_selector)
      check_selector(*check.exec->pod_selector, path + ".exec.podSelector", problems);
    check_expected(check.exec->output, path + ".exec.output", problems);
  }
  if (check.http) check_expected(check.http->body, path + ".http.body", problems);
}

void check_chart(const LaunchChart& helm, const std::string& path, Problems& problems) {
  bool is_path = helm.chart.starts_with('/');
  bool is_url = helm.chart.find("://") != std::string::npos;
  bool is_plain = !helm.chart.empty() && !helm.chart.starts_with('-');
  problems.add_unless(is_plain, path + ".chart", "must name a chart, such as oci://registry/db");
  problems.add_unless(!helm.image.empty(), path + ".image", "is required: one that has helm");
  bool is_in_repository = !is_path && !is_url;
  problems.add_unless(is_in_repository == !helm.repository.empty(), path + ".repository",
                      is_in_repository
                          ? "is required by the name of a chart: the URL of the repository, unless "
                            "chart is a URL or a path within the image"
                          : "goes only with the name of a chart; remove it");
  bool is_web = helm.repository.empty() || helm.repository.starts_with("https://") ||
                helm.repository.starts_with("http://");
  problems.add_unless(is_web, path + ".repository", "must begin with https:// or http://");
  problems.add_unless(!is_path || helm.version.empty(), path + ".version",
                      "goes not with a path within the image; remove it");
}

void check_settings(const VerificationSettings& settings, const std::string& path,
                    Problems& problems) {
  check_timeout(settings.timeout, path + ".timeout", problems);
  for (std::size_t i = 0; i < settings.checks.size(); ++i)
    check_check(settings.checks[i], fmt::format("{}.checks[{}]", path, i), problems);
  problems.add_unless(!settings.manifest || !settings.helm, path, "give one of manifest and helm");
  if (settings.helm) check_chart(*settings.helm, path + ".helm", problems);
  if (!settings.manifest) return;
  bool is_one = settings.manifest->objects.empty() == settings.manifest->config_map.has_value();
  problems.add_unless(is_one, path + ".manifest", "give exactly one of objects and configMapRef");
}

}  // namespace

Result<> validate(const BackupVerifierSpec& spec, const Surroundings&) {
  Problems problems;
  problems.add_unless(!spec.plans.empty() || !spec.repositories.empty(), "spec",
                      "name at least one of plans and repositories");
  check_schedule(spec.schedule, spec.time_zone, "spec", problems);
  check_settings(spec.verification, "spec.verification", problems);
  return problems.result();
}

Result<> validate(const VerificationSessionSpec& spec, const Surroundings&) {
  Problems problems;
  problems.add_unless(!spec.repository.name.empty(), "spec.repositoryRef.name",
                      "is required: name a Repository");
  check_settings(spec.verification, "spec.verification", problems);
  return problems.result();
}

}  // namespace dmaas::api
