// Reads from memory of JavaScript that another thread may be changing: what is checked is then what is used.
#pragma once

namespace blasnet {

// Reads the number exactly once. A compiler may read an ordinary one again, after its check.
template <typename T>
T ReadOnce(const T* number) {
  return *static_cast<const volatile T*>(number);
}

}  // namespace blasnet
