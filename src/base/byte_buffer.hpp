#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <utility>

#include "base/bytes.hpp"

namespace dmaas {

/// Bytes that are put in one behind the other and taken out together, for blobs and packs. Unlike a
/// vector it writes no zeros where something else is about to come, and it keeps its capacity:
/// fresh pages of the system cost more than what is done with the bytes in them.
class ByteBuffer {
public:
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  std::uint8_t* data() { return bytes_.get(); }
  BytesView view() const { return {bytes_.get(), size_}; }
  operator BytesView() const { return view(); }

  /// Pages that nothing was put into take no memory.
  void reserve(std::size_t capacity) {
    if (capacity <= capacity_) return;
    auto* grown = static_cast<std::uint8_t*>(std::realloc(bytes_.get(), capacity));
    if (grown == nullptr) throw std::bad_alloc();
    static_cast<void>(bytes_.release());
    bytes_.reset(grown);
    capacity_ = capacity;
  }
  /// So many more bytes at the end, with any content; valid until the buffer is changed.
  std::span<std::uint8_t> extend(std::size_t count) {
    if (count > capacity_ - size_) reserve(std::max(size_ + count, 2 * capacity_));
    size_ += count;
    return {bytes_.get() + size_ - count, count};
  }
  /// `bytes` is not of this buffer.
  void append(BytesView bytes) {
    if (!bytes.empty()) std::memcpy(extend(bytes.size()).data(), bytes.data(), bytes.size());
  }
  /// Only the first `size` of its bytes remain.
  void truncate(std::size_t size) { size_ = std::min(size_, size); }
  void clear() { size_ = 0; }

  ByteBuffer() = default;
  ByteBuffer(ByteBuffer&& other) noexcept
      : bytes_(std::move(other.bytes_)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  ByteBuffer& operator=(ByteBuffer&& other) noexcept {
    bytes_ = std::move(other.bytes_);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }

private:
  struct Free {
    void operator()(std::uint8_t* bytes) const { std::free(bytes); }
  };

  // Of malloc, since realloc moves the pages of large buffers and not their content.
  std::unique_ptr<std::uint8_t[], Free> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace dmaas
