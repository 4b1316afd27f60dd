#include "engine/format/lock_file.hpp"

#include "base/json.hpp"
#include "base/time_text.hpp"

namespace dmaas::engine {

std::string encode_lock_file(const LockFile& lock) {
  JsonObject json;
  json["time"] = format_nanoseconds(lock.time);
  json["exclusive"] = lock.exclusive;
  json["hostname"] = lock.hostname;
  json["username"] = lock.username;
  json["pid"] = lock.pid;
  if (lock.uid != 0) json["uid"] = lock.uid;
  if (lock.gid != 0) json["gid"] = lock.gid;
  return to_text(json);
}

Result<LockFile> decode_lock_file(std::string_view text) {
  auto json = parse_json(text);
  if (!json || !json->is_object()) return fail(ErrorCode::corrupt, "the lock is no valid JSON");
  auto time = parse_timestamp(text_at(*json, "time"));
  if (!time) return fail(ErrorCode::corrupt, "the lock has no valid time");
  LockFile lock;
  lock.time = *time;
  lock.exclusive = flag_at(*json, "exclusive");
  lock.hostname = text_at(*json, "hostname");
  lock.username = text_at(*json, "username");
  lock.pid = number_at(*json, "pid").value_or(0);
  lock.uid = static_cast<std::uint32_t>(number_at(*json, "uid").value_or(0));
  lock.gid = static_cast<std::uint32_t>(number_at(*json, "gid").value_or(0));
  return lock;
}

}  // namespace dmaas::engine
