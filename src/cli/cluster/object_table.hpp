#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/object.hpp"
#include "base/clock.hpp"
#include "base/json.hpp"

namespace dmaas::cli {

/// An age as kubectl writes it: "45s", "3m12s", "7h", "5d".
std::string format_age(std::chrono::nanoseconds age);

/// What a printer column shows of an object: its JSON path, with a filter such as
/// `[?(@.type=="Ready")]`; a date as its age. "" when it is absent.
std::string column_value(const Json& object, const api::PrinterColumn& column, Timestamp now);

struct TableOptions {
  enum class Namespaces { hide, show } namespaces = Namespaces::hide;
  enum class Width { normal, wide } width = Width::normal;
};
/// The kind's printer columns, which kubectl shows too; ends with a newline.
std::string object_table(const api::KindInfo& kind, const std::vector<Json>& objects,
                         const TableOptions& options, Timestamp now);

}  // namespace dmaas::cli
