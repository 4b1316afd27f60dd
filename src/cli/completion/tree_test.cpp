#include "cli/completion/tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fstream>

#include "base/file.hpp"
#include "cli/cluster/commands.hpp"
#include "cli/repo/repo.hpp"

namespace dmaas::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// The program's real commands, their script in a file, and a `dmaas` that only names two plans.
class CompletionTest : public testing::Test {
protected:
  CompletionTest() {
    add_cluster_commands(app_, line_);
    add_repo_commands(app_, line_);
    add_completion_command(app_, line_);
    app_.add_subcommand("mover", "")->group(role_group);
    std::string pattern = "/tmp/dmaas-completion-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    std::ofstream{directory_ + "/script"} << bash_completion(completion_tree(app_));
    std::ofstream{directory_ + "/dmaas"}
        << "#!/bin/sh\necho \"$@\" > " << directory_ << "/called\n"
        << "echo backupconfiguration.dmaas.io/shop\necho backupconfiguration.dmaas.io/web\n";
    ::system(("chmod +x " + directory_ + "/dmaas").c_str());
  }
  ~CompletionTest() override { ::system(("rm -r " + directory_).c_str()); }

  /// What bash offers behind these words; the last one is being typed.
  std::string complete(const std::string& words) {
    auto program = directory_ + "/dmaas";
    auto command = "cd " + directory_ + " && bash --norc -c 'source ./script; COMP_WORDS=(" +
                   program + " " + words +
                   "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _dmaas; echo \"${COMPREPLY[*]}\"' > "
                   "out 2>&1";
    EXPECT_EQ(::system(command.c_str()), 0);
    auto text = read_small_file(directory_ + "/out").value_or("");
    while (text.ends_with('\n')) text.pop_back();
    return text;
  }
  std::string called() { return read_small_file(directory_ + "/called").value_or(""); }

  CLI::App app_{"", "dmaas"};
  CommandLine line_;
  std::string directory_;
};

TEST_F(CompletionTest, BashOffersCommandsThatBeginAsTyped) {
  EXPECT_EQ(complete("pa"), "pause");
  EXPECT_THAT(complete("\"\""),
              AllOf(HasSubstr("backup"), HasSubstr("storage"), HasSubstr("repo")));
  EXPECT_EQ(complete("storage a"), "add");
}

TEST_F(CompletionTest, BashOffersFlagsOfTheCommand) {
  EXPECT_THAT(complete("backup --"), AllOf(HasSubstr("--no-wait"), HasSubstr("--run"),
                                           HasSubstr("--kubeconfig"), Not(HasSubstr("--bucket"))));
  EXPECT_THAT(complete("storage add --b"), HasSubstr("--bucket"));
  EXPECT_EQ(complete("get plans --all"), "--all-namespaces");
}

TEST_F(CompletionTest, BashOffersTheValuesThatAFlagAllows) {
  EXPECT_EQ(complete("backup shop --type \"\""), "full incremental");
  EXPECT_EQ(complete("get plans -o y"), "yaml");
}

TEST_F(CompletionTest, BashAsksForNamesWhereTheLineSays) {
  EXPECT_EQ(complete("backup -n prod \"\""), "shop web");
  EXPECT_EQ(called(), "get plans -o name -n prod\n");
  EXPECT_EQ(complete("get plans s"), "shop");
  EXPECT_EQ(complete("protect --storage w"), "web");
  EXPECT_EQ(called(), "get storages -A -o name\n");
  EXPECT_EQ(complete("storage add -n prod --credential w"), "web");
  EXPECT_EQ(called(), "credential list -o name -n prod\n");
}

TEST_F(CompletionTest, BashOffersKinds) {
  EXPECT_EQ(complete("describe re"), "repositories restores retentionpolicies refills");
}

TEST_F(CompletionTest, ProcessesOfTheClusterAreNotOffered) {
  EXPECT_EQ(complete("mov"), "");
}

TEST_F(CompletionTest, FishKnowsEveryCommandAndItsFlags) {
  auto script = fish_completion(completion_tree(app_));
  EXPECT_THAT(script, HasSubstr("-n '__dmaas_in storage; and __dmaas_without add"));
  EXPECT_THAT(script, HasSubstr("-n '__dmaas_in backup' -l type -r -a 'full incremental' -d"));
}

}  // namespace
}  // namespace dmaas::cli
