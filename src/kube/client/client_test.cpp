#include "kube/client/client.hpp"

#include <gtest/gtest.h>

#include "kube/object/object.hpp"
#include "kube/testing/fake_api_server.hpp"

namespace dmaas::kube {
namespace {

const Resource pods = resources::pods();
const ObjectKey key{"shop", "mover"};

TEST(EnsureRemovedTest, WhatIsGoneIsASuccess) {
  FakeApiServer server;
  EXPECT_TRUE(ensure_removed(server, pods, key, {}, {}));
  EXPECT_TRUE(ensure_removed(server, pods, key, {.uid = "former"}, {}));
}

TEST(EnsureRemovedTest, AnotherObjectOfTheNameStaysAndIsASuccess) {
  FakeApiServer server;
  auto present = server.seed(pods, make_object(pods, key));
  EXPECT_TRUE(ensure_removed(server, pods, key, {.uid = "former"}, {}));
  EXPECT_TRUE(server.peek(pods, key));
  EXPECT_TRUE(ensure_removed(server, pods, key, {.uid = uid_of(present)}, {}));
  EXPECT_FALSE(server.peek(pods, key));
}

}  // namespace
}  // namespace dmaas::kube
