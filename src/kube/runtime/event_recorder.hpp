#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "base/clock.hpp"
#include "kube/client/client.hpp"

namespace dmaas::kube {

enum class EventSeverity { normal, warning };
struct EventNote {
  EventSeverity severity = EventSeverity::normal;
  std::string reason{};   // one CamelCase word
  std::string action{};   // what was being done, one CamelCase word
  std::string message{};  // cut to 1024 bytes
};

struct EventRecorderOptions {
  std::string component = "dmaas-controller";
  std::string instance{};  // pod name
  std::chrono::nanoseconds series_window = std::chrono::minutes{6};
  std::size_t max_waiting = 1000;
  Clock* clock = &system_clock();
};

/// Writes events.k8s.io/v1 events, in the background and as well as it can: they inform people,
/// nothing depends on them. The same reason and message on the same object within the window raises
/// the count of one event instead of making another. Thread-safe. `client` must outlive it. The
/// destructor ends at once and drops what still waits; `flush` first if it matters.
class EventRecorder {
public:
  EventRecorder(Client& client, EventRecorderOptions options);
  ~EventRecorder();
  EventRecorder(const EventRecorder&) = delete;
  EventRecorder& operator=(const EventRecorder&) = delete;

  /// Never blocks; beyond `max_waiting` the event is dropped.
  void record(const Json& regarding, const EventNote& note);
  /// Blocks until everything recorded before was tried. False when `stop` was requested.
  bool flush(std::stop_token stop);

private:
  struct Waiting {
    std::string namespace_name{};
    Json regarding{};  // an ObjectReference
    EventNote note;
    Timestamp time;
  };
  struct Series {
    std::string name{};
    int count = 1;
    Timestamp last;
  };
  void run(std::stop_token stop);
  void write(const Waiting& waiting, std::stop_token stop);
  bool raise_count(const std::string& identity, const Waiting& waiting, std::stop_token stop);
  Json new_event(const Waiting& waiting, const std::string& name) const;

  Client& client_;
  const EventRecorderOptions options_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Waiting> waiting_;
  bool writing_ = false;
  std::map<std::string, Series> series_;  // only the thread's
  std::jthread thread_;
};

}  // namespace dmaas::kube
