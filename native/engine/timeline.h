// What each thread does, and when: for bench/probes/timeline.mjs. Only an addon that is built for it, with
// -DBLASNET_TIMELINE=ON, records anything; in all others a Span is nothing.
#pragma once

namespace blasnet {

#ifdef BLASNET_TIMELINE

// Records the time from its construction to its destruction. The name is a string constant.
class Span {
 public:
  explicit Span(const char* name);
  Span(const Span&) = delete;
  ~Span();

 private:
  const char* const name_;
  const double begin_;
};

#else

class Span {
 public:
  explicit Span(const char*) {}
};

#endif

}  // namespace blasnet
