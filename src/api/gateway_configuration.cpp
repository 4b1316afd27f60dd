#include "api/gateway_configuration.hpp"

#include "base/describe.hpp"

DMAAS_DESCRIBE(dmaas::api::GatewayStorage);
DMAAS_DESCRIBE(dmaas::api::GatewayGrant);

namespace dmaas::api {
namespace {

constexpr std::size_t max_text_bytes = 4 << 20;

template <class T>
std::string encode_list(const std::vector<T>& items) {
  JsonArray array;
  for (const auto& item : items) array.push_back(to_json(item));
  return to_text(array);
}

template <class T>
Result<std::vector<T>> decode_list(std::string_view text) {
  auto document = TRY(parse_json(text, {.max_bytes = max_text_bytes}));
  if (!document.is_array()) return fail(ErrorCode::invalid_input, "not a JSON array");
  std::vector<T> items;
  for (const auto& item : document.get_array()) items.push_back(TRY(from_json<T>(item)));
  return items;
}

}  // namespace

std::string encode_gateway_storages(const std::vector<GatewayStorage>& storages) {
  return encode_list(storages);
}

Result<std::vector<GatewayStorage>> decode_gateway_storages(std::string_view text) {
  return decode_list<GatewayStorage>(text).context("storages of the gateway");
}

std::string encode_gateway_grants(const std::vector<GatewayGrant>& grants) {
  return encode_list(grants);
}

Result<std::vector<GatewayGrant>> decode_gateway_grants(std::string_view text) {
  return decode_list<GatewayGrant>(text).context("grants of the gateway");
}

}  // namespace dmaas::api
