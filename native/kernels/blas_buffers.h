// The work buffers of OpenBLAS. Each running call needs one, of kBlasBuffer bytes. OpenBLAS makes them when
// they are first needed, and keeps them. If memory is short, it asks for a buffer again and again, for ever.
// So a call begins only when there is a buffer for it.
#pragma once

#include <cstddef>

namespace blasnet {

// The largest buffer of any processor type.
inline constexpr size_t kBlasBuffer = size_t{32} << 22;

// A running call of OpenBLAS. While more calls run than there are buffers, and memory is short, the
// constructor waits for the end of another call. It throws std::bad_alloc if there is no buffer at all.
class BlasCall {
 public:
  BlasCall();
  ~BlasCall();
  BlasCall(const BlasCall&) = delete;
  BlasCall& operator=(const BlasCall&) = delete;
};

}  // namespace blasnet
