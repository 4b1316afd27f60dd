#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace dmaas::storage {

struct ObjectInfo {
  std::string name;
  std::uint64_t size = 0;
};

/// Half-open part of an object; `length` absent: to the end.
struct Range {
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> length = {};
};

/// The content of an upload, read once per try. Used by one thread at a time.
class ObjectSource {
public:
  virtual ~ObjectSource() = default;
  virtual std::uint64_t size() const = 0;
  /// Fills a prefix of `buffer`; 0 only at the end.
  virtual Result<std::size_t> read(std::span<std::uint8_t> buffer) = 0;
  /// Back to the first byte, for a retry. Errors: unsupported when the bytes are gone (a network
  /// body).
  virtual Result<> rewind() = 0;
};

/// A source over bytes that outlive it.
std::unique_ptr<ObjectSource> source_of(BytesView bytes);

enum class SaveMode {
  replace,      // last writer wins
  create_only,  // an existing object stays as it is and the result is already_exists
};

struct SaveOptions {
  SaveMode mode = SaveMode::replace;
  /// When present, the object becomes visible only if its bytes have this SHA-256; else the result
  /// is corrupt.
  std::optional<std::array<std::uint8_t, 32>> sha256 = {};
  /// `computed`: the caller has hashed these very bytes itself, so a store need not do it again;
  /// servers that check what arrives still do. `claimed`: somebody else says so, and it is checked.
  enum class Sha256Origin { claimed, computed } sha256_origin = Sha256Origin::claimed;

  bool must_check_content() const { return sha256 && sha256_origin == Sha256Origin::claimed; }
};

/// A save that is complete but for its end, which ObjectStore::complete_saves does. Destroyed
/// before that, it leaves nothing behind. It may keep a file open, so keep few.
class PendingSave {
public:
  virtual ~PendingSave() = default;
};

/// Takes consecutive pieces of an object; an error ends the transfer and is passed on.
using Sink = std::function<Result<>(BytesView)>;

/// A flat set of named objects: a directory, a bucket prefix, a REST server.
///
/// Names are relative, '/'-separated, of [A-Za-z0-9._-] segments, never "." or "..": in practice
/// restic's default layout
/// ("config", "keys/<id>", "data/<2 hex>/<id>"). Thread-safe. Every call blocks until done, failed
/// or stopped (cancelled). An object is visible whole or not at all, however a save ends. Errors of
/// every call: permission_denied, unavailable, timeout, cancelled; further ones per call.
class ObjectStore {
public:
  virtual ~ObjectStore() = default;

  /// For people, without secrets: "s3:https://host/bucket/prefix".
  virtual std::string location() const = 0;
  /// How many calls at once are worth while.
  virtual unsigned connections() const = 0;

  /// Errors: not_found.
  virtual Result<ObjectInfo> stat(std::string_view name, std::stop_token stop) = 0;
  /// Streams (part of) an object into `sink`. A range that goes beyond the end is `corrupt`.
  /// Errors: not_found.
  virtual Result<> load(std::string_view name, Range range, const Sink& sink,
                        std::stop_token stop) = 0;
  /// An error of the source ends the transfer and is passed on.
  /// Errors: already_exists, corrupt (see SaveOptions), exhausted (storage full or quota).
  virtual Result<> save(std::string_view name, ObjectSource& source, const SaveOptions& options,
                        std::stop_token stop) = 0;
  /// As save, but the object may stay invisible until complete_saves: waiting for a disk costs less
  /// when it is done for several objects at once. Null: the object is saved already, as in a store
  /// without a disk.
  virtual Result<std::unique_ptr<PendingSave>> begin_save(std::string_view name,
                                                          ObjectSource& source,
                                                          const SaveOptions& options,
                                                          std::stop_token stop);
  /// Makes what this store's begin_save gave visible; it has reached the disk when this returns.
  /// After an error some of it may be visible, and no second try is possible. Errors: as save.
  virtual Result<> complete_saves(std::vector<std::unique_ptr<PendingSave>> saves,
                                  std::stop_token stop);
  /// Removing what is not there is success.
  virtual Result<> remove(std::string_view name, std::stop_token stop) = 0;
  /// Every object whose name begins with `directory` + "/" ("": every object), in any order;
  /// streaming, nothing is collected. An absent directory is empty. An error of `each` ends the
  /// listing and is passed on. Errors: unsupported (a REST server lists one of restic's directories
  /// at a time).
  virtual Result<> list(std::string_view directory,
                        const std::function<Result<>(const ObjectInfo&)>& each,
                        std::stop_token stop) = 0;

  /// The whole object in memory. Errors: not_found, exhausted (over `max_bytes`).
  Result<Bytes> load_all(std::string_view name, std::stop_token stop,
                         std::uint64_t max_bytes = 256 << 20);
  /// Exactly `length` bytes.
  Result<Bytes> load_range(std::string_view name, std::uint64_t offset, std::uint64_t length,
                           std::stop_token stop);
  Result<> save_bytes(std::string_view name, BytesView bytes, const SaveOptions& options,
                      std::stop_token stop);
};

}  // namespace dmaas::storage
