#include "gateway/scope.hpp"

#include <gtest/gtest.h>

#include <set>
#include <tuple>

namespace dmaas::gateway {
namespace {

using api::GatewayScope;
using Allowed = std::set<std::tuple<GatewayScope, Action, ObjectKind, LockMaker>>;

constexpr GatewayScope scopes[] = {GatewayScope::backup, GatewayScope::read,
                                   GatewayScope::maintain};
constexpr Action actions[] = {Action::stat,   Action::load, Action::save,
                              Action::remove, Action::list, Action::create_repository};
constexpr ObjectKind kinds[] = {ObjectKind::config,    ObjectKind::keys,  ObjectKind::locks,
                                ObjectKind::snapshots, ObjectKind::index, ObjectKind::data};
constexpr LockMaker makers[] = {LockMaker::caller, LockMaker::other};

/// Every combination that is allowed, written down independently of the rules in the code.
Allowed expected() {
  Allowed allowed;
  for (auto scope : scopes) {
    for (auto kind : kinds) {
      for (auto maker : makers) {
        for (auto action : {Action::stat, Action::load, Action::list})
          allowed.emplace(scope, action, kind, maker);
      }
    }
  }
  for (auto maker : makers) {
    for (auto kind :
         {ObjectKind::data, ObjectKind::index, ObjectKind::snapshots, ObjectKind::locks}) {
      allowed.emplace(GatewayScope::backup, Action::save, kind, maker);
    }
    allowed.emplace(GatewayScope::read, Action::save, ObjectKind::locks, maker);
    for (auto kind : kinds) {
      for (auto action : {Action::save, Action::remove, Action::create_repository}) {
        allowed.emplace(GatewayScope::maintain, action, kind, maker);
      }
    }
  }
  allowed.emplace(GatewayScope::backup, Action::remove, ObjectKind::locks, LockMaker::caller);
  allowed.emplace(GatewayScope::read, Action::remove, ObjectKind::locks, LockMaker::caller);
  return allowed;
}

TEST(ScopeTest, AllowsExactlyWhatEachScopeNeeds) {
  const auto allowed = expected();
  for (auto scope : scopes) {
    for (auto action : actions) {
      for (auto kind : kinds) {
        for (auto maker : makers) {
          EXPECT_EQ(!find_refusal(scope, action, kind, maker),
                    allowed.contains({scope, action, kind, maker}))
              << api::names_of(scope)[static_cast<std::size_t>(scope)] << " " << name_of(action)
              << " " << name_of(kind) << (maker == LockMaker::caller ? " own" : " other's");
        }
      }
    }
  }
}

}  // namespace
}  // namespace dmaas::gateway
