// Files mapped into memory: their bytes are read from the file when they are used, and the system may forget
// them at any time. A map is a private copy: a write changes the page in memory, never the file. (Without the
// permission to write, a write of JavaScript would end the process.)
//
// The file must keep its bytes while it is mapped. If it becomes shorter, zeros stand in place of what it has
// lost (bus_guard.h), and Lost() says so: after each operation, and in a training before each step.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/bus_guard.h"

namespace blasnet {

// Why a file cannot be read.
class FileError : public std::runtime_error {
 public:
  FileError(const std::string& path, const std::string& reason)
      : std::runtime_error("Cannot read \"" + path + "\": " + reason) {}
};

class FileMap {
 public:
  // Maps a whole file. The path is in UTF-8. Throws FileError.
  static std::shared_ptr<FileMap> Open(const std::string& path);

  // The map that holds this address, if one does.
  static std::shared_ptr<FileMap> At(const void* address);

  // Lets the system have the pages of this memory that it can read from the file again: they count as memory
  // of the process no more. Pages that were written stay. On the thread that alone writes to the memory. Does
  // nothing for other memory, and where the system does not say which pages were written (elsewhere than on
  // Linux).
  static void ForgetPages(const void* start, size_t bytes);

  // Whether there are maps at all.
  static bool Any() { return count_.load(std::memory_order_relaxed) > 0; }

  explicit FileMap(const std::string& path);
  ~FileMap();
  FileMap(const FileMap&) = delete;
  FileMap& operator=(const FileMap&) = delete;

  char* Data() const { return data_; }
  size_t Size() const { return size_; }

  // Whether the file has become shorter than the map, or the system could not read a part of it.
  bool Lost() const;
  // The error that says so.
  FileError LostError() const;

 private:
  static std::atomic<size_t> count_;

  void Forget(size_t first, size_t end) const;

  const std::string path_;
  int file_ = -1;  // -1 on Windows, which keeps a mapped file as it is
  char* data_ = nullptr;
  size_t size_ = 0;
  std::optional<BusGuard> guard_;
};

// The maps that an operation reads.
using FileMaps = std::vector<std::shared_ptr<const FileMap>>;

}  // namespace blasnet
