#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "kube/client/client.hpp"
#include "kube/client/cluster_access.hpp"
#include "kube/object/object.hpp"

namespace dmaas::kube {

/// A client of the cluster that KUBECONFIG names and a namespace of its own, removed at the end.
class ClusterTest : public testing::Test {
protected:
  void SetUp() override;
  void TearDown() override;

  Json config_map(const std::string& name, const std::string& value) const;
  /// A pod that runs a shell script, ready when this returns.
  ObjectKey run_pod(const std::string& name, const std::string& script);

  std::unique_ptr<Client> client_;
  std::string namespace_;
};

/// Asks until it holds, at most a minute.
bool eventually(const std::function<bool()>& holds);

}  // namespace dmaas::kube
