#include <gtest/gtest.h>

#include "api/validate.hpp"
#include "base/yaml.hpp"

namespace dmaas::api {
namespace {

/// What decoding or, after it, validating a verifier with these settings says; "" when it is good.
std::string problem(const std::string& settings, const std::string& more = "") {
  auto yaml = "{plans: [{name: shop}], verification: {" + settings + "}" + more + "}";
  auto spec = from_json<BackupVerifierSpec>(*parse_yaml(yaml), "spec");
  if (!spec) return spec.error().message();
  auto result = validate(*spec, {.namespace_name = "shop"});
  return result ? "" : result.error().message();
}

TEST(ValidateVerificationTest, AcceptsEveryKindOfCheck) {
  EXPECT_EQ(problem("checks: [{name: a, ready: true}, {name: b, files: true}, "
                    "{name: c, exec: {command: [count], output: {matches: '^[0-9]+$'}}}, "
                    "{name: d, http: {service: web, port: 8080, body: {contains: shop}}}]",
                    ", schedule: '@daily', timeZone: Europe/Berlin"),
            "");
  EXPECT_EQ(problem("manifest: {objects: 'kind: Pod'}"), "");
}

TEST(ValidateVerificationTest, ACheckIsOfOneKind) {
  auto what =
      "spec.verification.checks[0]: give exactly one of ready: true, files: true, exec and "
      "http";
  EXPECT_EQ(problem("checks: [{name: a}]"), what);
  EXPECT_EQ(problem("checks: [{name: a, ready: true, http: {service: web}}]"), what);
}

TEST(ValidateVerificationTest, NamesWhatIsWrongInACheck) {
  EXPECT_NE(problem("checks: [{name: a, exec: {command: [x], output: {matches: 'a('}}}]")
                .find("spec.verification.checks[0].exec.output.matches: not a regular expression"),
            std::string::npos);
  EXPECT_EQ(problem("checks: [{name: a, exec: {command: ['']}}]"),
            "spec.verification.checks[0].exec.command: must begin with the name of a program");
  EXPECT_NE(problem("checks: [{name: a, http: {service: web, path: 'no slash'}}]").find("path"),
            std::string::npos);
}

TEST(ValidateVerificationTest, AManifestIsWrittenInOnePlace) {
  EXPECT_EQ(problem("manifest: {}"),
            "spec.verification.manifest: give exactly one of objects and configMapRef");
}

TEST(ValidateVerificationTest, AChartIsFoundInOnePlace) {
  auto chart = [](const std::string& text) {
    return problem("helm: {image: helm:3, " + text + "}");
  };
  EXPECT_EQ(chart("chart: oci://registry/db, version: 1.2.3, values: {claim: data-0}"), "");
  EXPECT_EQ(chart("chart: /charts/db"), "");
  EXPECT_EQ(chart("chart: db, repository: https://charts.example.com"), "");
  EXPECT_EQ(chart("chart: db"),
            "spec.verification.helm.repository: is required by the name of a chart: the URL of the "
            "repository, unless chart is a URL or a path within the image");
  EXPECT_EQ(chart("chart: /charts/db, repository: https://charts.example.com"),
            "spec.verification.helm.repository: goes only with the name of a chart; remove it");
  EXPECT_EQ(chart("chart: db, repository: --debug"),
            "spec.verification.helm.repository: must begin with https:// or http://");
  EXPECT_EQ(chart("chart: /charts/db, version: 1.0.0"),
            "spec.verification.helm.version: goes not with a path within the image; remove it");
  EXPECT_EQ(problem("helm: {image: helm:3, chart: /db}, manifest: {objects: 'kind: Pod'}"),
            "spec.verification: give one of manifest and helm");
}

TEST(ValidateVerificationTest, AVerifierNamesWhatItVerifies) {
  BackupVerifierSpec spec;
  EXPECT_EQ(validate(spec, {.namespace_name = "shop"}).error().message(),
            "spec: name at least one of plans and repositories");
  EXPECT_NE(problem("", ", schedule: '61 * * * *'").find("spec.schedule"), std::string::npos);
}

}  // namespace
}  // namespace dmaas::api
