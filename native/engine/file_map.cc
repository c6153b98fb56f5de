#include "engine/file_map.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <mutex>
#include <system_error>
#include <utility>

#ifdef _WIN32
#include <windows.h>
#else
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#endif

namespace blasnet {
namespace {

// All maps, by their addresses. They are never destroyed, since a map may be freed after all statics.
struct Register {
  std::mutex mutex;
  std::map<uintptr_t, std::weak_ptr<FileMap>> maps;
};
Register& AllMaps() {
  static Register& all = *new Register;
  return all;
}

uintptr_t AddressOf(const void* place) { return reinterpret_cast<uintptr_t>(place); }

// Called before the memory is unmapped, so that no new map can be at the place yet.
void Leave(const void* place) {
  Register& all = AllMaps();
  const std::lock_guard<std::mutex> lock(all.mutex);
  all.maps.erase(AddressOf(place));
}

#ifdef _WIN32

class Handle {
 public:
  Handle(const std::string& path, HANDLE handle) : handle_(handle) {
    if (handle == nullptr || handle == INVALID_HANDLE_VALUE) {
      throw FileError(path, std::system_category().message(static_cast<int>(GetLastError())));
    }
  }
  ~Handle() { CloseHandle(handle_); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  operator HANDLE() const { return handle_; }

 private:
  HANDLE handle_;
};

std::wstring Wide(const std::string& text) {
  const int bytes = static_cast<int>(text.size());
  std::wstring wide(static_cast<size_t>(MultiByteToWideChar(CP_UTF8, 0, text.data(), bytes, nullptr, 0)),
                    L'\0');
  MultiByteToWideChar(CP_UTF8, 0, text.data(), bytes, wide.data(), static_cast<int>(wide.size()));
  return wide;
}

#else

// Closes the file unless it is taken.
class OpenFile {
 public:
  explicit OpenFile(int file) : file_(file) {}
  explicit OpenFile(const std::string& path) : file_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
    if (file_ < 0) throw FileError(path, std::generic_category().message(errno));
  }
  ~OpenFile() {
    if (file_ >= 0) close(file_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  int Get() const { return file_; }
  int Take() { return std::exchange(file_, -1); }

 private:
  int file_;
};

#endif

}  // namespace

std::atomic<size_t> FileMap::count_{0};

std::shared_ptr<FileMap> FileMap::Open(const std::string& path) {
  std::shared_ptr<FileMap> map = std::make_shared<FileMap>(path);
  Register& all = AllMaps();
  const std::lock_guard<std::mutex> lock(all.mutex);
  all.maps[AddressOf(map->data_)] = map;
  return map;
}

std::shared_ptr<FileMap> FileMap::At(const void* address) {
  Register& all = AllMaps();
  const std::lock_guard<std::mutex> lock(all.mutex);
  auto after = all.maps.upper_bound(AddressOf(address));
  if (after == all.maps.begin()) return nullptr;
  std::shared_ptr<FileMap> map = std::prev(after)->second.lock();
  if (map == nullptr || AddressOf(address) >= AddressOf(map->data_) + map->size_) return nullptr;
  return map;
}

void FileMap::ForgetPages(const void* start, size_t bytes) {
  if (!Any() || bytes == 0) return;
  const std::shared_ptr<FileMap> map = At(start);
  if (map == nullptr) return;
  const size_t first = AddressOf(start) - AddressOf(map->data_);
  map->Forget(first, std::min(map->size_, first + bytes));
}

FileError FileMap::LostError() const {
  return {path_, "it became shorter while it was mapped, or the disk failed"};
}

#ifdef _WIN32

FileMap::FileMap(const std::string& path) : path_(path) {
  const DWORD sharing = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
  const Handle file(path, CreateFileW(Wide(path).c_str(), GENERIC_READ, sharing, nullptr, OPEN_EXISTING,
                                      FILE_ATTRIBUTE_NORMAL, nullptr));
  LARGE_INTEGER size{};
  if (GetFileSizeEx(file, &size) == 0) {
    throw FileError(path, std::system_category().message(static_cast<int>(GetLastError())));
  }
  if (size.QuadPart == 0) throw FileError(path, "it is empty");
  size_ = static_cast<size_t>(size.QuadPart);
  const Handle mapping(path, CreateFileMappingW(file, nullptr, PAGE_WRITECOPY, 0, 0, nullptr));
  data_ = static_cast<char*>(MapViewOfFile(mapping, FILE_MAP_COPY, 0, 0, size_));
  if (data_ == nullptr)
    throw FileError(path, std::system_category().message(static_cast<int>(GetLastError())));
  count_++;
}

FileMap::~FileMap() {
  Leave(data_);
  count_--;
  UnmapViewOfFile(data_);
}

bool FileMap::Lost() const { return false; }

void FileMap::Forget(size_t, size_t) const {}

#else

FileMap::FileMap(const std::string& path) : path_(path) {
  OpenFile file(path);
  struct stat about{};
  if (fstat(file.Get(), &about) != 0) throw FileError(path, std::generic_category().message(errno));
  if (!S_ISREG(about.st_mode)) throw FileError(path, "it is no regular file, so it cannot be mapped");
  if (about.st_size == 0) throw FileError(path, "it is empty");
  size_ = static_cast<size_t>(about.st_size);
  int flags = MAP_PRIVATE;
#ifdef MAP_NORESERVE
  // Else the system would set memory aside for pages that nobody writes.
  flags |= MAP_NORESERVE;
#endif
  void* const place = mmap(nullptr, size_, PROT_READ | PROT_WRITE, flags, file.Get(), 0);
  if (place == MAP_FAILED) throw FileError(path, std::generic_category().message(errno));
  data_ = static_cast<char*>(place);
  try {
    guard_.emplace(place, size_);
  } catch (...) {
    munmap(place, size_);
    throw;
  }
  file_ = file.Take();
  count_++;
}

FileMap::~FileMap() {
  Leave(data_);
  count_--;
  guard_.reset();
  munmap(data_, size_);
  close(file_);
}

// The mark alone would not do: the bytes that are lost may end in the page in which the file now ends, and
// such a page has zeros behind the file without a signal.
bool FileMap::Lost() const {
  struct stat about{};
  return guard_->Broken() || fstat(file_, &about) != 0 || static_cast<size_t>(about.st_size) < size_;
}

#ifdef __linux__

namespace {

// The bits of a page in /proc/self/pagemap: https://docs.kernel.org/admin-guide/mm/pagemap.html
constexpr uint64_t kOfFile = uint64_t{1} << 61, kSwapped = uint64_t{1} << 62, kPresent = uint64_t{1} << 63;
constexpr size_t kFlagsAtOnce = 512;
// The system maps the neighbours of a page that is read, too.
constexpr size_t kAround = size_t{1} << 21;

}  // namespace

// Without the look at each page, what was written to the map would be lost.
void FileMap::Forget(size_t first, size_t end) const {
  const int pages = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (pages < 0) return;
  const OpenFile closes(pages);
  const auto page_size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t first_page = (first - std::min(first, kAround)) / page_size;
  const size_t end_page = (end + page_size - 1) / page_size;
  const size_t page_of_data = AddressOf(data_) / page_size;
  uint64_t flags[kFlagsAtOnce];
  for (size_t page = first_page; page < end_page; page += kFlagsAtOnce) {
    const size_t count = std::min(kFlagsAtOnce, end_page - page);
    const size_t bytes = count * sizeof(uint64_t);
    const auto place = static_cast<off_t>((page_of_data + page) * sizeof(uint64_t));
    if (pread(pages, flags, bytes, place) != static_cast<ssize_t>(bytes)) return;
    const auto clean = [&](size_t i) {
      return (flags[i] & (kOfFile | kSwapped | kPresent)) == (kOfFile | kPresent);
    };
    for (size_t i = 0; i < count; i++) {
      if (!clean(i)) continue;
      const size_t from = i;
      while (i + 1 < count && clean(i + 1)) i++;
      madvise(data_ + (page + from) * page_size, (i + 1 - from) * page_size, MADV_DONTNEED);
    }
  }
}

#else

void FileMap::Forget(size_t, size_t) const {}

#endif

#endif

}  // namespace blasnet
