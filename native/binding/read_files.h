// The mapped files that the arguments of the current call from JavaScript are in. Each typed array that a
// call takes is looked up here, so that no call needs to know of files. While no file is mapped, that costs
// one read.
#pragma once

#include <algorithm>
#include <utility>

#include "engine/file_map.h"

namespace blasnet {

inline FileMaps& ReadFiles() {
  static thread_local FileMaps files;
  return files;
}

// Adds the map that this memory is in, if it is in one.
inline void NoteRead(const void* memory) {
  if (!FileMap::Any()) return;
  std::shared_ptr<const FileMap> map = FileMap::At(memory);
  FileMaps& files = ReadFiles();
  if (map == nullptr || std::find(files.begin(), files.end(), map) != files.end()) return;
  files.push_back(std::move(map));
  BusGuard::Renew();
}

inline FileMaps TakeReadFiles() { return FileMap::Any() ? std::exchange(ReadFiles(), {}) : FileMaps(); }

inline void ForgetReadFiles() {
  if (FileMap::Any()) ReadFiles().clear();
}

// Throws FileError if one of them has lost bytes.
inline void CheckReadFiles() {
  for (const auto& map : TakeReadFiles()) {
    if (map->Lost()) throw map->LostError();
  }
}

}  // namespace blasnet
