#include "base/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/json.hpp"
#include "base/time_text.hpp"

namespace dmaas {
namespace {

struct LogState {
  LogFormat format = LogFormat::text;
  std::shared_ptr<spdlog::logger> logger;

  LogState() {
    logger = std::make_shared<spdlog::logger>("dmaas",
                                              std::make_shared<spdlog::sinks::stderr_sink_mt>());
    logger->set_pattern("%v");
    logger->flush_on(spdlog::level::trace);
  }
};

LogState& state() {
  static LogState instance;
  return instance;
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      return "error";
  }
  return "error";
}

}  // namespace

void configure_log(LogFormat format, LogLevel level) {
  state().format = format;
  state().logger->set_level(spdlog_level(level));
}

void log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  auto& logger = *state().logger;
  if (!logger.should_log(spdlog_level(level))) return;
  std::string line;
  if (state().format == LogFormat::json) {
    JsonObject object{{"time", format_nanoseconds(system_clock().now())},
                      {"level", name_of(level)},
                      {"message", message}};
    for (const auto& field : fields) object[field.key] = field.value;
    line = to_text(object);
  } else {
    line = std::string(name_of(level)) + ": " + std::string(message);
    for (const auto& field : fields) line += " " + std::string(field.key) + "=" + field.value;
  }
  logger.log(spdlog_level(level), "{}", line);
}

}  // namespace dmaas
