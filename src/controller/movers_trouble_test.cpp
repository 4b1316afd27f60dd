#include "controller/movers.hpp"

#include <gtest/gtest.h>

#include "base/yaml.hpp"

namespace dmaas::controller {
namespace {

std::string trouble(std::string_view status) {
  return trouble_of(*parse_yaml("status: " + std::string(status)));
}

TEST(MoversTroubleTest, AMoverThatWasKilledForItsMemorySaysWhatHelps) {
  auto text = trouble(
      "{phase: Failed, containerStatuses: [{state: {terminated: {reason: OOMKilled, exitCode: "
      "137}}}]}");
  EXPECT_EQ(text,
            "the mover needed more memory than its limit: raise mover.resources.limits.memory of "
            "the run");
}

TEST(MoversTroubleTest, AMoverWithoutNodeOrImageSaysWhy) {
  EXPECT_EQ(trouble("{phase: Pending, conditions: [{type: PodScheduled, status: 'False', message: "
                    "0/1 nodes are available}]}"),
            "the mover finds no node: 0/1 nodes are available");
  EXPECT_EQ(trouble("{phase: Pending, containerStatuses: [{state: {waiting: {reason: "
                    "ErrImageNeverPull, message: no image}}}]}"),
            "the mover does not start: ErrImageNeverPull: no image");
}

TEST(MoversTroubleTest, AnEvictedMoverSaysWhatEndedIt) {
  EXPECT_EQ(trouble("{phase: Failed, reason: Evicted, message: the node was low on memory}"),
            "the mover's pod was ended: Evicted: the node was low on memory");
}

TEST(MoversTroubleTest, WhatStartsOrWorksHasNoTrouble) {
  EXPECT_EQ(trouble("{phase: Pending, containerStatuses: [{state: {waiting: {reason: "
                    "ContainerCreating}}}]}"),
            "");
  EXPECT_EQ(trouble("{phase: Running, containerStatuses: [{state: {running: {}}}]}"), "");
}

}  // namespace
}  // namespace dmaas::controller
