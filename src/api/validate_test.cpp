#include "api/validate.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/yaml.hpp"

namespace dmaas::api {
namespace {

/// What decoding or, after it, validating the YAML of a spec says; "" when it is good.
template <class Spec>
std::string problem(std::string_view yaml, std::string_view namespace_name = "shop") {
  auto json = parse_yaml(yaml);
  if (!json) return "yaml: " + json.error().message();
  auto spec = from_json<Spec>(*json, "spec");
  if (!spec) return spec.error().message();
  auto result = validate(*spec, {.namespace_name = std::string(namespace_name)});
  return result ? "" : result.error().message();
}

constexpr std::string_view good_storage = R"(
recoveryPasswordSecretRef: {name: recovery}
credentialSecretRef: {name: keys}
backend: {s3: {bucket: backups, endpoint: "https://minio:9000", prefix: a/b}}
)";

std::string with(std::string_view base, std::string_view more) {
  return std::string(base) + std::string(more);
}

TEST(ValidateStorageTest, AcceptsGoodOnes) {
  EXPECT_EQ(problem<BackupStorageSpec>(good_storage), "");
  EXPECT_EQ(problem<BackupStorageSpec>(
                "{recoveryPasswordSecretRef: {name: r}, backend: {local: {path: /srv/backups}}}",
                "dmaas-system"),
            "");
  EXPECT_EQ(problem<BackupStorageSpec>(with(good_storage, "usage: {namespaces: list, names: [a]}")),
            "");
  EXPECT_EQ(problem<BackupStorageSpec>(with(good_storage, "quota: 500Gi\nwarnAt: [50, 100]")), "");
}

TEST(ValidateStorageTest, RefusesQuotasAndPercentagesThatMeanNothing) {
  EXPECT_EQ(problem<BackupStorageSpec>(with(good_storage, "quota: \"0\"")),
            "spec.quota: must be a quantity of bytes above 0, such as 500Gi");
  EXPECT_EQ(problem<BackupStorageSpec>(with(good_storage, "warnAt: [80, 101]")),
            "spec.warnAt[1]: must be a percentage from 1 to 100");
}

TEST(ValidateStorageTest, NamesFieldAndRemedy) {
  auto backend = [](std::string_view text, std::string_view from = "dmaas-system") {
    return problem<BackupStorageSpec>(
        "{recoveryPasswordSecretRef: {name: r}, backend: " + std::string(text) + "}", from);
  };
  EXPECT_EQ(backend("{local: {path: /srv/backups}}", "shop"),
            "spec.backend.local: a directory of the node may be named only in namespace "
            "dmaas-system: use s3, or ask an administrator for a storage");
  EXPECT_EQ(backend("{}"), "spec.backend: give exactly one backend: s3 or local");
  EXPECT_EQ(backend("{local: {path: /a}, s3: {bucket: abc}}"),
            "spec.backend: give exactly one backend: s3 or local; spec.credentialSecretRef: is "
            "required by backend s3: "
            "name a Secret with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
  EXPECT_EQ(
      backend("{local: {path: relative}}"),
      "spec.backend.local.path: 'relative' must be an absolute path below /, such as /srv/backups");
  EXPECT_EQ(backend("{local: {path: /a/../etc}}"),
            "spec.backend.local.path: must not contain '.' or '..' as a segment");
  EXPECT_NE(backend("{s3: {bucket: s3://b}}")
                .find("spec.backend.s3.bucket: 's3://b' must be the name of a bucket"),
            std::string::npos);
  EXPECT_NE(backend("{s3: {bucket: abc, endpoint: 'minio:9000'}}")
                .find("must be a URL of scheme, host and port only"),
            std::string::npos);
  EXPECT_NE(backend("{s3: {bucket: abc, prefix: /x/}}").find("spec.backend.s3.prefix"),
            std::string::npos);
  EXPECT_NE(backend("{s3: {bucket: abc, pathStyle: maybe}}")
                .find("must be one of auto, path, virtualHost"),
            std::string::npos);
  EXPECT_NE(backend("{s3: {bucket: abc, caCert: rubbish}}")
                .find("spec.backend.s3.caCert: must be PEM text"),
            std::string::npos);
  EXPECT_EQ(problem<BackupStorageSpec>(with(good_storage, "usage: {namespaces: list}")),
            "spec.usage.names: goes with namespaces: list, and only with it");
  EXPECT_EQ(problem<BackupStorageSpec>(with(good_storage, "maxConcurrentMovers: 0")),
            "spec.maxConcurrentMovers: must be at least 1, not 0");
  EXPECT_EQ(problem<BackupStorageSpec>("backend: {local: {path: /a}}"),
            "spec.recoveryPasswordSecretRef: is required");
}

TEST(ValidateStorageTest, NamesFieldAndRemedyOfItsMaintenance) {
  EXPECT_EQ(problem<BackupStorageSpec>(with(good_storage, "maintenance: {schedule: '@hourly'}")),
            "");
  EXPECT_EQ(
      problem<BackupStorageSpec>(with(good_storage, "maintenance: {schedule: never}")),
      "spec.maintenance.schedule: 'never' is not a schedule: write five fields (minute, hour, "
      "day of month, month, day of week), such as 0 3 * * *, or @daily");
  EXPECT_EQ(problem<BackupStorageSpec>(with(good_storage, "maintenance: {readDataPercent: 101}")),
            "spec.maintenance.readDataPercent: must be at most 100, not 101");
}

TEST(ValidateRetentionPolicyTest, WantsARuleAndAZoneThatExists) {
  EXPECT_EQ(problem<RetentionPolicySpec>("{within: 3d, daily: 7}"), "");
  EXPECT_EQ(problem<RetentionPolicySpec>("{minimum: 3}"),
            "spec: give at least one rule, such as within: 3d or daily: 7");
  EXPECT_EQ(problem<RetentionPolicySpec>("{daily: 7, timeZone: Mars}"),
            "spec.timeZone: 'Mars' is not a time zone; use a name such as Europe/Berlin");
}

TEST(ValidateCopySessionTest, CopiesNamedBackupsOrAllThatAreMissing) {
  auto copies = [](std::string_view backups) {
    return problem<CopySessionSpec>(
        "{sourceRepositoryRef: {name: db-main}, storageRef: {name: second}, backups: " +
        std::string(backups) + "}");
  };
  EXPECT_EQ(copies("{snapshots: [db-1]}"), "");
  EXPECT_EQ(copies("{missing: true}"), "");
  auto what = "spec.backups: give snapshots, or missing: true, not both";
  EXPECT_EQ(copies("{}"), what);
  EXPECT_EQ(copies("{snapshots: [db-1], missing: true}"), what);
}

TEST(ValidateRepositoryTest, LetsANamespaceNameOnlyItsOwnPaths) {
  EXPECT_EQ(problem<RepositorySpec>("{storageRef: {name: s}, path: east/ns/shop/db}"), "");
  EXPECT_EQ(problem<RepositorySpec>("{storageRef: {name: s}, path: east/ns/other/db}"),
            "spec.path: 'east/ns/other/db' is not a repository of namespace shop: use "
            "<cluster>/ns/shop/<application>, "
            "or make the object in dmaas-system");
  EXPECT_EQ(
      problem<RepositorySpec>("{storageRef: {name: s}, path: east/ns/other/db}", "dmaas-system"),
      "");
  EXPECT_NE(problem<RepositorySpec>("{storageRef: {name: s}, path: ../x}", "dmaas-system"), "");
}

TEST(ValidateRepositoryTest, HasAStorageOrABackendOfItsOwn) {
  const std::string backend = "backend: {s3: {bucket: backups}}";
  EXPECT_EQ(problem<RepositorySpec>("{" + backend + ", storageSecretName: s}"), "");
  EXPECT_EQ(problem<RepositorySpec>("{" + backend + ", storageSecretName: s, path: e/ns/shop/d}"),
            "");
  EXPECT_EQ(problem<RepositorySpec>("{" + backend + "}"),
            "spec.storageSecretName: goes with backend: name a Secret with RESTIC_PASSWORD");
  EXPECT_NE(
      problem<RepositorySpec>("{" + backend + ", storageSecretName: s, storageRef: {name: s}}"),
      "");
  EXPECT_NE(problem<RepositorySpec>("{path: east/ns/shop/db}"), "");
  EXPECT_NE(problem<RepositorySpec>("{storageRef: {name: s}}"), "");
}

constexpr std::string_view good_plan = R"(
targets: [{name: db, workload: {kind: StatefulSet, name: mariadb}}]
)";

std::string run_problem(std::string_view run) {
  return problem<BackupConfigurationSpec>(
      with(good_plan, "runs: [{name: full, " + std::string(run) + "}]"));
}
std::string target_problem(std::string_view target) {
  return problem<BackupConfigurationSpec>("{runs: [{name: full}], targets: [{name: db, " +
                                          std::string(target) + "}]}");
}

TEST(ValidatePlanTest, AcceptsGoodOnes) {
  EXPECT_EQ(run_problem("schedule: '0 3 * * mon-fri', timeZone: Europe/Berlin"), "");
  EXPECT_EQ(run_problem("hooks: {before: [{name: a, exec: {target: db, command: [sync]}}]}"), "");
  EXPECT_EQ(target_problem("allObjects: true, namespaces: [a, b]"), "");
}

TEST(ValidatePlanTest, NamesFieldAndRemedyOfARun) {
  EXPECT_EQ(run_problem("schedule: '61 * * * *'"),
            "spec.runs[0].schedule: minute '61' does not fit: write values 0-59, lists, ranges or "
            "steps, such as *, 1-5 or */10");
  EXPECT_EQ(run_problem("type: full, fullEvery: 7"),
            "spec.runs[0].fullEvery: goes only with type: incremental; remove one of them");
  EXPECT_EQ(run_problem("schedule: '@daily', timeZone: Berlin"),
            "spec.runs[0].timeZone: 'Berlin' is not a time zone; use a name such as Europe/Berlin");
  EXPECT_EQ(run_problem("timeZone: Europe/Berlin"),
            "spec.runs[0].timeZone: goes only with schedule; remove it or add schedule");
  EXPECT_EQ(run_problem("timeout: 0s"),
            "spec.runs[0].timeout: must be between 1s and 168h, such as 30m");
  EXPECT_EQ(run_problem("timeout: soon"),
            "spec.runs[0].timeout: 'soon' is not a duration such as 90s, 15m or 1h30m");
  EXPECT_EQ(run_problem("hooks: {after: [{name: a}]}"),
            "spec.runs[0].hooks.after[0]: give exactly one of templateRef and exec");
  EXPECT_EQ(run_problem("hooks: {after: [{name: a, exec: {target: web, command: [x]}}]}"),
            "spec.runs[0].hooks: exec.target 'web' of hook a is none of the targets that the run "
            "backs up; correct it or leave it away");
  EXPECT_EQ(run_problem("hooks: {before: [{name: a, exec: {command: [a], undo: [b], maxQuiesce: "
                        "1m}}]}"),
            "");
  EXPECT_EQ(run_problem("hooks: {before: [{name: a, exec: {command: [a], undo: [b]}}]}"),
            "spec.runs[0].hooks.before[0].exec: undo and maxQuiesce go together");
  EXPECT_EQ(run_problem("hooks: {after: [{name: a, exec: {command: [a], undo: [b], maxQuiesce: "
                        "1m}}]}"),
            "spec.runs[0].hooks.after[0].exec.undo: only hooks before a backup can hold an "
            "application still; remove it");
  EXPECT_EQ(run_problem("hooks: {before: [{name: a, exec: {command: ['']}}]}"),
            "spec.runs[0].hooks.before[0].exec.command: must begin with the name of a program");
  EXPECT_EQ(run_problem("mover: {resources: {limits: {memory: 64Mi}}}"),
            "spec.runs[0].mover.resources.limits.memory: must be at least 128Mi");
  EXPECT_EQ(run_problem("mover: {tolerations: [{value: x}]}"),
            "spec.runs[0].mover.tolerations[0].key: is required by operator Equal");
}

TEST(ValidatePlanTest, NamesFieldAndRemedyOfTimes) {
  EXPECT_EQ(run_problem("interval: 1h, jitter: 10m, startDeadline: 5m, retries: 2, firstRun: "
                        "Scheduled, concurrency: Forbid"),
            "");
  EXPECT_EQ(run_problem("interval: 1h, schedule: '@daily'"),
            "spec.runs[0].interval: goes only without schedule; remove one of them");
  auto range =
      "spec.runs[0].interval: must be between 1m and 366d and of whole seconds, such as 1h";
  EXPECT_EQ(run_problem("interval: 59s"), range);
  EXPECT_EQ(run_problem("interval: 90500ms"), range);
  EXPECT_EQ(run_problem("interval: 1h, jitter: 1h"),
            "spec.runs[0].jitter: must be at most 1d and less than interval");
  EXPECT_EQ(run_problem("schedule: '@daily', startDeadline: 1s"),
            "spec.runs[0].startDeadline: must be at least 1m, such as 30m");
  EXPECT_EQ(run_problem("schedule: '@daily', firstRun: Soon"),
            "spec.runs[0].firstRun: must be one of AtOnce, Scheduled, not \"Soon\"");
  for (std::string_view field : {"firstRun", "jitter", "startDeadline", "retries"}) {
    auto value = field == "firstRun" ? "AtOnce" : field == "retries" ? "1" : "5m";
    EXPECT_EQ(run_problem(fmt::format("{}: {}", field, value)),
              fmt::format("spec.runs[0].{}: goes only with schedule or interval; remove it or add "
                          "one of them",
                          field));
  }
}

TEST(ValidatePlanTest, NamesFieldAndRemedyOfTheTargetsOfARun) {
  EXPECT_EQ(run_problem("targets: [db]"), "");
  EXPECT_EQ(run_problem("targets: [web]"),
            "spec.runs[0].targets[0]: 'web' is none of spec.targets; correct it or leave it away");
  EXPECT_EQ(run_problem("targets: [db, db]"),
            "spec.runs[0].targets[1]: 'db' appears more than once; remove one");
  EXPECT_EQ(problem<BackupConfigurationSpec>(R"(
targets: [{name: db, allObjects: true}, {name: web, allObjects: true}]
runs: [{name: full, targets: [db], hooks: {after: [{name: a, exec: {target: web, command: [x]}}]}}]
)"),
            "spec.runs[0].hooks: exec.target 'web' of hook a is none of the targets that the run "
            "backs up; correct it or leave it away");
}

TEST(ValidatePlanTest, NamesFieldAndRemedyOfATarget) {
  auto origin =
      "spec.targets[0]: give exactly one of workload, selector, helmRelease and allObjects: true";
  EXPECT_EQ(target_problem("namespaces: [a]"), origin);
  EXPECT_EQ(target_problem("allObjects: true, helmRelease: x"), origin);
  EXPECT_EQ(
      target_problem("allObjects: true, namespaces: ['shop-*']"),
      "spec.targets[0].namespaces[0]: 'shop-*' must be the name of a namespace, without wildcards");
  EXPECT_EQ(target_problem("workload: {kind: A, name: b, namespace: x}, namespaces: [y]"),
            "spec.targets[0].workload.namespace: must be one of the target's namespaces");
  EXPECT_EQ(target_problem("selector: {matchExpressions: [{key: a, operator: In}]}"),
            "spec.targets[0].selector.matchExpressions[0].values: In and NotIn need values");
  EXPECT_EQ(target_problem("allObjects: true, objects: {exclude: [{}]}"),
            "spec.targets[0].objects.exclude[0]: a rule needs kinds, names, namespaces, "
            "labelSelector or annotations");
  EXPECT_EQ(target_problem("allObjects: true, volumes: {method: magic}"),
            "spec.targets[0].volumes.method: must be one of auto, mount, not \"magic\"");
  EXPECT_EQ(target_problem("allObjects: true, dumps: [{name: d}]"),
            "spec.targets[0].dumps[0].command: is required");
}

TEST(ValidatePlanTest, NamesFieldAndRemedyAcrossFields) {
  EXPECT_EQ(problem<BackupConfigurationSpec>(with(good_plan, "{runs: []}")).substr(0, 5), "yaml:");
  EXPECT_EQ(problem<BackupConfigurationSpec>(with(good_plan, "runs: []")),
            "spec.runs: must have at least 1 entry");
  auto plan = with(good_plan, "runs: [{name: full}]\n");
  EXPECT_EQ(problem<BackupConfigurationSpec>(plan + "trigger: {run: nightly, value: a}"),
            "spec.trigger.run: must name one of runs");
  EXPECT_EQ(problem<BackupConfigurationSpec>(
                plan + "storages: [{storageRef: {name: a}}, {storageRef: {name: a}}]"),
            "spec.storages[1].storageRef: 'a' appears more than once; remove one");
  EXPECT_EQ(problem<BackupConfigurationSpec>(plan + "historyLimit: 0"),
            "spec.historyLimit: must be at least 1, not 0");
  EXPECT_EQ(problem<BackupConfigurationSpec>(R"(
runs: [{name: full}]
targets:
  - {name: a, allObjects: true, dumps: [{name: d, command: [x]}]}
  - {name: b, allObjects: true, dumps: [{name: d, command: [x]}]}
)"),
            "spec.targets[1].dumps: 'd' is the name of another target's dump; choose another name");
}

TEST(ValidateRestoreTest, AcceptsGoodOnes) {
  EXPECT_EQ(problem<RestoreSessionSpec>("source: {repositoryRef: {name: r}}"), "");
  EXPECT_EQ(problem<RestoreSessionSpec>(R"(
source: {stored: {storageRef: {name: s}, path: east/ns/shop/db}, before: "2026-01-02T03:04:05Z"}
namespaceMap: {shop: shop-new}
storageClassMap: {fast: ""}
namePrefix: test-
)"),
            "");
}

TEST(ValidateRestoreTest, NamesFieldAndRemedy) {
  auto restore = [](std::string_view more) {
    return problem<RestoreSessionSpec>("{source: {repositoryRef: {name: r}}, " + std::string(more) +
                                       "}");
  };
  EXPECT_EQ(problem<RestoreSessionSpec>("source: {}"),
            "spec.source: give exactly one of repositoryRef and stored");
  EXPECT_EQ(
      problem<RestoreSessionSpec>(
          "source: {repositoryRef: {name: r}, snapshot: x, before: \"2026-01-02T03:04:05Z\"}"),
      "spec.source.before: goes only with snapshot: latest");
  EXPECT_NE(
      problem<RestoreSessionSpec>(
          "source: {stored: {storageRef: {name: s}, path: east/ns/other/db}}")
          .find(
              "spec.source.stored.path: 'east/ns/other/db' is not a repository of namespace shop"),
      std::string::npos);
  EXPECT_EQ(restore("namespaceMap: {a: c, b: c}"),
            "spec.namespaceMap.b: goes to c as a does; choose another namespace or restore in two "
            "sessions");
  EXPECT_EQ(restore("namespaceMap: {a: 'x*'}"),
            "spec.namespaceMap.a: 'a' to 'x*' must be names of namespaces");
  EXPECT_EQ(restore("namePrefix: x-, existing: recreate"),
            "spec.existing: recreate cannot be used with namePrefix; leave one away");
  EXPECT_EQ(restore("existing: merge"),
            "spec.existing: must be one of skip, update, fail, recreate, not \"merge\"");
  EXPECT_EQ(restore("what: {data: resourcesOnly, volumes: [a]}"),
            "spec.what.volumes: does nothing with data: resourcesOnly; leave one away");
  EXPECT_EQ(restore("namePrefix: Test_"),
            "spec.namePrefix: 'Test_' must be lower-case letters, digits and '-', such as test-");
  auto source = [](std::string_view more) {
    return problem<RestoreSessionSpec>("source: {repositoryRef: {name: r}, " + std::string(more) +
                                       "}");
  };
  EXPECT_EQ(source("oldestOf: 2026-11-23, timeZone: Europe/Berlin"), "");
  EXPECT_EQ(source("latestOf: 2026-02-30"),
            "spec.source.latestOf: '2026-02-30' is no day of the calendar, such as 2026-11-23");
  EXPECT_EQ(source("oldestOf: yesterday").substr(0, 21), "spec.source.oldestOf:");
  EXPECT_EQ(source("oldestOf: 2026-11-23, snapshot: x"),
            "spec.source.snapshot: must be latest, or absent, with latestOf or oldestOf");
  EXPECT_EQ(source("oldestOf: 2026-11-23, latestOf: 2026-11-23"),
            "spec.source: give only one of before, latestOf and oldestOf");
  EXPECT_EQ(source("timeZone: Europe/Berlin"),
            "spec.source.timeZone: goes only with latestOf or oldestOf; remove it");
  EXPECT_EQ(source("oldestOf: 2026-11-23, timeZone: Atlantis").substr(0, 21),
            "spec.source.timeZone:");
  EXPECT_EQ(restore("what: {data: dataOnly}, inPlace: {claimMap: {data-0: data-1}}"), "");
  EXPECT_EQ(restore("inPlace: {}, namePrefix: x-"),
            "spec.inPlace: fills claims that exist and cannot be used with namePrefix; leave one "
            "away");
  EXPECT_EQ(restore("inPlace: {}, what: {data: resourcesOnly}"),
            "spec.inPlace: does nothing with data: resourcesOnly; leave one away");
  EXPECT_EQ(restore("inPlace: {claimMap: {a: b}}"),
            "spec.inPlace.claimMap: goes only with what.data: dataOnly");
  EXPECT_EQ(restore("what: {data: dataOnly}, inPlace: {claimMap: {a: c, b: c}}"),
            "spec.inPlace.claimMap.b: goes to c as a does; choose another claim");
  EXPECT_EQ(restore("inPlace: {quiesce: kill}"),
            "spec.inPlace.quiesce: must be one of refuseIfInUse, scaleToZero, hook, not \"kill\"");
  EXPECT_EQ(restore("inPlace: {quiesce: hook, hookRef: {name: freeze}}"), "");
  EXPECT_EQ(restore("inPlace: {quiesce: hook}"),
            "spec.inPlace.hookRef: is needed by quiesce: hook: name a HookTemplate that has undo");
  EXPECT_EQ(restore("inPlace: {quiesce: scaleToZero, hookRef: {name: freeze}}"),
            "spec.inPlace.hookRef: goes only with quiesce: hook; remove it");
  EXPECT_EQ(restore("what: {files: [{volume: a, paths: [/x]}]}"), "");
  EXPECT_EQ(restore("what: {files: [{volume: a, paths: ['']}]}"),
            "spec.what.files[0].paths: must not be empty, such as /etc/*.conf");
  EXPECT_EQ(restore("what: {files: [{volume: a, paths: [/x]}], volumes: [a]}"),
            "spec.what.files[0]: 'a' is in what.volumes, too; name it in one");
  EXPECT_EQ(restore("timeout: 1000h"), "spec.timeout: must be between 1s and 168h, such as 30m");
}

TEST(ValidateRestoreTest, NamesWhatIsWrongWithChanges) {
  auto changes = [](std::string_view more) {
    return problem<RestoreSessionSpec>("{source: {repositoryRef: {name: r}}, changes: {" +
                                       std::string(more) + "}}");
  };
  EXPECT_EQ(changes("claims: [{size: 2Gi}], replicas: [{name: db, replicas: 0}], transformations: "
                    "[{match: {kinds: [Service]}, mergePatch: {spec: {type: ClusterIP}}}]"),
            "");
  EXPECT_EQ(changes("claims: [{claims: [a]}]"),
            "spec.changes.claims[0]: changes nothing; give size, storageClass or accessModes");
  EXPECT_EQ(changes("claims: [{size: 0}]"),
            "spec.changes.claims[0].size: must be a size, such as 20Gi");
  EXPECT_EQ(changes("claims: [{accessModes: [RWO]}]"),
            "spec.changes.claims[0].accessModes: 'RWO' must be one of ReadWriteOnce, ReadOnlyMany, "
            "ReadWriteMany, ReadWriteOncePod");
  EXPECT_EQ(changes("transformations: [{match: {}, mergePatch: {a: 1}}]"),
            "spec.changes.transformations[0].match: a rule needs kinds, names, namespaces, "
            "labelSelector or annotations");
  EXPECT_EQ(changes("transformations: [{match: {names: [a]}}]"),
            "spec.changes.transformations[0]: give exactly one of jsonPatch and mergePatch");
  EXPECT_EQ(changes("transformations: [{match: {names: [a]}, jsonPatch: [{op: remove, path: x}]}]"),
            "spec.changes.transformations[0].jsonPatch[0].path: 'x' must begin with '/', such as "
            "/spec/replicas");
  EXPECT_EQ(
      changes("transformations: [{match: {names: [a]}, jsonPatch: [{op: move, path: /a}]}]"),
      "spec.changes.transformations[0].jsonPatch[0].from: is required by move and copy, and begins "
      "with '/'");
}

TEST(ValidateGrantTest, NamesFieldAndRemedy) {
  EXPECT_EQ(problem<BackupGrantSpec>("{to: {namespace: other}, verbs: [backup]}"), "");
  EXPECT_EQ(
      problem<BackupGrantSpec>("{to: {namespace: other}, verbs: [read]}"),
      "spec.what.repositories: is required by verb read: name the repositories that may be read");
  EXPECT_EQ(problem<BackupGrantSpec>("{to: {namespace: shop}, verbs: [backup]}"),
            "spec.to.namespace: is this namespace itself, which needs no grant; name another one");
  EXPECT_EQ(problem<BackupGrantSpec>("{to: {namespace: '*'}, verbs: [backup]}"),
            "spec.to.namespace: must be the name of a namespace, without wildcards");
  EXPECT_EQ(problem<BackupGrantSpec>("{to: {namespace: other}, verbs: []}"),
            "spec.verbs: must have at least 1 entry");
}

TEST(ValidateOthersTest, NameFieldAndRemedy) {
  EXPECT_EQ(problem<HookTemplateSpec>("exec: {command: [sync]}"), "");
  EXPECT_EQ(problem<HookTemplateSpec>("{timeout: 1m}"), "spec.exec: is required");
  EXPECT_EQ(problem<BackupSessionSpec>("planRef: {name: shop}"), "");
  EXPECT_EQ(problem<BackupSessionSpec>("planRef: {name: ''}"),
            "spec.planRef.name: must not be empty");
  EXPECT_EQ(problem<SnapshotSpec>(
                "{repositoryRef: {name: r}, snapshotId: abc, time: \"2026-01-02T03:04:05Z\"}"),
            "spec.snapshotId: 'abc' must be the 64 hexadecimal digits of a snapshot id");
}

TEST(GrantTest, AllowsWhatItNames) {
  BackupGrantSpec grant{.to = {"other", "nightly"},
                        .what = {.kinds = {"Secret"}, .names = {"db-*"}},
                        .verbs = {GrantVerb::backup}};
  GrantRequest request{.verb = GrantVerb::backup,
                       .from_namespace = "other",
                       .plan = "nightly",
                       .kind = "Secret",
                       .name = "db-1"};
  EXPECT_TRUE(allows(grant, request));
  auto differs = [&](auto change) {
    auto changed = request;
    change(changed);
    return allows(grant, changed);
  };
  EXPECT_FALSE(differs([](auto& r) { r.from_namespace = "third"; }));
  EXPECT_FALSE(differs([](auto& r) { r.plan = "weekly"; }));
  EXPECT_FALSE(differs([](auto& r) { r.kind = "ConfigMap"; }));
  EXPECT_FALSE(differs([](auto& r) { r.name = "web-1"; }));
  EXPECT_FALSE(differs([](auto& r) { r.verb = GrantVerb::restore; }));
}

TEST(GrantTest, GivesNoRepositoryUnlessNamed) {
  BackupGrantSpec grant{.to = {"other", ""}, .what = {}, .verbs = {GrantVerb::read}};
  GrantRequest request{.verb = GrantVerb::read, .from_namespace = "other", .repository = "db"};
  EXPECT_FALSE(allows(grant, request));
  grant.what.repositories = {"db"};
  EXPECT_TRUE(allows(grant, request));
}

TEST(HookTest, TakesFromItsTemplateWhatItDoesNotSay) {
  HookTemplate hook_template;
  hook_template.spec = {.exec = ExecHook{.command = {"sync"}},
                        .timeout = std::chrono::minutes{5},
                        .on_failure = HookFailure::go_on};
  Hook hook{.name = "flush",
            .template_reference = NamespacedReference{"t", ""},
            .on_failure = HookFailure::abort};
  auto resolved = resolve_hook(hook, &hook_template);
  ASSERT_TRUE(resolved);
  EXPECT_EQ(resolved->exec.command, std::vector<std::string>{"sync"});
  EXPECT_EQ(resolved->timeout, std::chrono::minutes{5});
  EXPECT_EQ(resolved->on_failure, HookFailure::abort);
  EXPECT_EQ(resolve_hook(hook, nullptr).error().message(),
            "hook flush: there is no HookTemplate t; create it or correct templateRef");
}

TEST(StorageTest, MayBeUsedWhereItsUsageSays) {
  BackupStorage storage;
  storage.metadata.namespace_name = "dmaas-system";
  EXPECT_TRUE(may_use(storage, "dmaas-system"));
  EXPECT_FALSE(may_use(storage, "shop"));
  storage.spec.usage = {UsageScope::list, {"shop"}};
  EXPECT_TRUE(may_use(storage, "shop"));
  EXPECT_FALSE(may_use(storage, "shop2"));
  storage.spec.usage = {UsageScope::all, {}};
  EXPECT_TRUE(may_use(storage, "shop2"));
  storage.spec.usage = {UsageScope::policies, {}};
  EXPECT_TRUE(may_use(storage, "shop2"));
}

TEST(ValidatePlanTest, RetentionIsOfItsOwnOrTheSystemNamespace) {
  constexpr std::string_view plan =
      "{targets: [{name: a, allObjects: true}], runs: [{name: b}], retentionPolicyRef: {name: r, "
      "namespace: ";
  EXPECT_EQ(problem<BackupConfigurationSpec>(with(plan, "shop}}")), "");
  EXPECT_EQ(problem<BackupConfigurationSpec>(with(plan, "dmaas-system}}")), "");
  EXPECT_EQ(problem<BackupConfigurationSpec>(with(plan, "other}}")),
            "spec.retentionPolicyRef.namespace: must be dmaas-system, or be left away");
}

TEST(ValidatePolicyTest, AcceptsGoodOnes) {
  EXPECT_EQ(problem<BackupPolicySpec>("{openTo: {kinds: [StatefulSet]}}"), "");
  EXPECT_EQ(problem<BackupPolicySpec>(R"(
openTo: {kinds: [Namespace], namespaces: ["db-*"]}
enforcement: mandatory
allowed: {storages: [{name: main}], minInterval: 1h, mover: {resources: {memory: 1Gi}}}
variables: {schedule: "0 3 * * *"}
template: {runs: [{name: backup, schedule: "${schedule}"}]}
impact: [{type: full, availability: none}]
)"),
            "");
}

TEST(ValidatePolicyTest, NamesEveryProblem) {
  EXPECT_EQ(problem<BackupPolicySpec>("{openTo: {kinds: [Namespace]}, enforcement: default}"),
            "spec.template: is required unless enforcement is offered");
  EXPECT_EQ(problem<BackupPolicySpec>(R"(
openTo: {kinds: ["*"]}
allowed: {minInterval: 1s}
variables: {"a b": c}
)"),
            "spec.openTo.kinds: '*' must be one kind, such as StatefulSet; "
            "spec.allowed.minInterval: must be at least 1m, such as 1h; "
            "spec.variables: 'a b' must be letters, digits, '-' and '_'");
}

TEST(ValidateStandbyTest, AcceptsGoodOnes) {
  EXPECT_EQ(problem<StandbySpec>("{repositoryRef: {name: main}}"), "");
  EXPECT_EQ(problem<StandbySpec>(R"(
repositoryRef: {name: main, namespace: shop}
namespaceMap: {shop: dr}
refreshInterval: 30s
changes: {replicas: [{name: db, replicas: 1}]}
)"),
            "");
}

TEST(ValidateStandbyTest, NamesEveryProblem) {
  EXPECT_EQ(problem<StandbySpec>(R"(
repositoryRef: {name: main}
refreshInterval: 1s
namespaceMap: {a: b, c: b}
)"),
            "spec.refreshInterval: must be 30s or more; spec.namespaceMap.c: goes to b as a does; "
            "choose another namespace or restore in two sessions");
}

constexpr std::string_view good_refill = R"(
schedule: "0 3 * * *"
timeZone: Europe/Berlin
template:
  source: {repositoryRef: {name: main}}
  what: {data: dataOnly}
  inPlace: {quiesce: scaleToZero}
)";

TEST(ValidateRefillTest, AcceptsGoodOnes) {
  EXPECT_EQ(problem<RestoreConfigurationSpec>(good_refill), "");
  EXPECT_EQ(problem<RestoreConfigurationSpec>(R"(
interval: 1h
unchanged: Restore
template: {source: {repositoryRef: {name: main}}, what: {data: resourcesOnly}, existing: update}
)"),
            "");
}

TEST(ValidateRefillTest, NamesEveryProblemWithItsPathInTheTemplate) {
  EXPECT_EQ(problem<RestoreConfigurationSpec>("template: {source: {repositoryRef: {name: main}}}"),
            "spec.schedule: is required, such as 0 3 * * *, unless interval is given; "
            "spec.template.inPlace: is required: without it only the first restore would bring "
            "data; give quiesce: scaleToZero or refuseIfInUse");
  EXPECT_EQ(problem<RestoreConfigurationSpec>(with(good_refill, R"(
  namespaceMap: {a: b, c: b}
  preflightOnly: true
interval: 5s
)")),
            "spec.interval: goes only without schedule; remove one of them; "
            "spec.interval: must be between 1m and 366d and of whole seconds, such as 1h; "
            "spec.template.namespaceMap.c: goes to b as a does; choose another namespace or "
            "restore in two sessions; "
            "spec.template.preflightOnly: restores nothing; remove it");
}

}  // namespace
}  // namespace dmaas::api
