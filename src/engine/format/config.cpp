#include "engine/format/config.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/encoding.hpp"
#include "base/id.hpp"
#include "base/json.hpp"
#include "engine/format/polynomial.hpp"

namespace dmaas::engine {

namespace {

constexpr std::string_view chunker_key = "dmaas_chunker";
constexpr std::string_view fastcdc_name = "fastcdc-1";
constexpr std::string_view gear_key = "dmaas_gear";

std::unexpected<Error> damaged(std::string_view what) {
  return fail(ErrorCode::corrupt, fmt::format("the repository's config has no valid {}", what));
}

}  // namespace

std::string encode_config(const Config& config) {
  std::string own;
  if (config.chunker == ChunkerKind::fastcdc) {
    own = fmt::format(",\"{}\":\"{}\"", chunker_key, fastcdc_name);
    if (!config.gear.empty())
      own += fmt::format(",\"{}\":\"{}\"", gear_key, base64_encode(config.gear));
  }
  return fmt::format("{{\"version\":{},\"id\":\"{}\",\"chunker_polynomial\":\"{:x}\"{}}}\n",
                     config.version, config.id, config.chunker_polynomial, own);
}

Result<Config> decode_config(std::string_view text) {
  auto json = parse_json(text);
  if (!json) return damaged("JSON");
  Config config;
  const auto version = number_at(*json, "version");
  if (!version || *version < 1) return damaged("version");
  if (*version > 2) {
    return fail(ErrorCode::unsupported,
                fmt::format("the repository has format version {}, and this program reads versions "
                            "1 and 2; use a newer one",
                            *version));
  }
  config.version = static_cast<unsigned>(*version);
  config.id = text_at(*json, "id");
  if (!parse_digest(config.id)) return damaged("id");
  const std::string digits = text_at(*json, "chunker_polynomial");
  auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), config.chunker_polynomial, 16);
  if (error != std::errc{} || end != digits.data() + digits.size() ||
      !is_irreducible(config.chunker_polynomial)) {
    return damaged("chunker_polynomial");
  }
  const std::string chunker = text_at(*json, chunker_key);
  if (!chunker.empty() && chunker != fastcdc_name) {
    return fail(ErrorCode::unsupported,
                fmt::format("the repository's chunker {:?} is unknown to this program; use a newer "
                            "one",
                            chunker));
  }
  config.chunker = chunker.empty() ? ChunkerKind::rabin : ChunkerKind::fastcdc;
  if (auto gear = text_at(*json, gear_key); !gear.empty()) {
    auto decoded = base64_decode(gear);
    if (!decoded || decoded->size() != gear_bytes) return damaged(gear_key);
    config.gear = std::move(*decoded);
  }
  return config;
}

}  // namespace dmaas::engine
