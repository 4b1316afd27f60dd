#include "kube/runtime/fenced_client.hpp"

#include <gtest/gtest.h>

#include "kube/object/object.hpp"
#include "kube/testing/fake_api_server.hpp"

namespace dmaas::kube {
namespace {

using namespace std::chrono_literals;

class FencedClientTest : public testing::Test {
protected:
  const Resource maps_ = resources::config_maps();
  const ObjectKey key_{"shop", "settings"};
  ManualClock clock_{Timestamp(1'800'000'000s)};
  FakeApiServer server_{clock_};
  Tenure tenure_;
  FencedClient client_{server_, tenure_, clock_};
};

TEST_F(FencedClientTest, WritesWhileTheLeaseLasts) {
  tenure_.extend_to(clock_.monotonic() + 15s);
  clock_.advance(14s);
  EXPECT_TRUE(client_.create(maps_, make_object(maps_, key_), {}, {}));
  EXPECT_TRUE(client_.remove(maps_, key_, {}, {}));
}

TEST_F(FencedClientTest, ChangesNothingOnceItHasRunOutAndReadsOn) {
  tenure_.extend_to(clock_.monotonic() + 15s);
  auto object = *client_.create(maps_, make_object(maps_, key_), {}, {});
  server_.clear_calls();
  clock_.advance(15s);
  Patch patch{PatchKind::merge, JsonObject{{"data", JsonObject{{"a", "b"}}}}};
  for (auto code :
       {client_.create(maps_, make_object(maps_, {"shop", "other"}), {}, {}).code(),
        client_.replace(maps_, object, {}, {}).code(),
        client_.apply(maps_, make_object(maps_, key_), {}, {}).code(),
        client_.patch(maps_, key_, patch, {}, {}).code(),
        client_.remove(maps_, key_, {}, {}).code(), client_.open_exec({.pod = key_}, {}).code(),
        client_.impersonating({.user = "somebody"})
            ->create(maps_, make_object(maps_, {"shop", "other"}), {}, {})
            .code()})
    EXPECT_EQ(code, ErrorCode::unavailable);
  EXPECT_TRUE(server_.calls().empty());
  EXPECT_TRUE(client_.get(maps_, key_, {}));
}

TEST_F(FencedClientTest, MayActForOthersWhileTheLeaseLasts) {
  tenure_.extend_to(clock_.monotonic() + 15s);
  auto acting = client_.impersonating({.user = "somebody"});
  ASSERT_TRUE(acting->create(maps_, make_object(maps_, key_), {}, {}));
  EXPECT_EQ(server_.calls().back().user, "somebody");
}

}  // namespace
}  // namespace dmaas::kube
