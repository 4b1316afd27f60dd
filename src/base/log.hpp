#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace dmaas {

enum class LogFormat { text, json };
enum class LogLevel { debug, info, warning, error };

struct LogField {
  std::string_view key;
  std::string value;
};

/// Sets the form and threshold of the process' log on standard error. Called once, first thing in
/// main.
void configure_log(LogFormat format, LogLevel level);

/// One line: time, level, message, fields. Thread-safe. Never a secret in it.
void log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});

inline void log_info(std::string_view message, std::initializer_list<LogField> fields = {}) {
  log(LogLevel::info, message, fields);
}
inline void log_warning(std::string_view message, std::initializer_list<LogField> fields = {}) {
  log(LogLevel::warning, message, fields);
}
inline void log_error(std::string_view message, std::initializer_list<LogField> fields = {}) {
  log(LogLevel::error, message, fields);
}

}  // namespace dmaas
