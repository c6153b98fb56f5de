#include "engine/timeline.h"

#ifdef BLASNET_TIMELINE

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <vector>

namespace blasnet {
namespace {

constexpr size_t kMostSpans = 1'000'000;  // of a thread

struct Recorded {
  const char* name;
  double begin;  // microseconds
  double end;
};

// The spans of one thread. The process writes all of them when it ends.
using Spans = std::vector<Recorded>;

struct Threads {
  std::mutex mutex;
  std::vector<std::unique_ptr<Spans>> spans;

  // Lines of thread, name, begin, end: to the file that BLASNET_TIMELINE names.
  ~Threads() {
    const char* path = std::getenv("BLASNET_TIMELINE");
    std::FILE* file = path == nullptr ? nullptr : std::fopen(path, "w");
    if (file == nullptr) return;
    for (size_t thread = 0; thread < spans.size(); thread++) {
      for (const auto& [name, begin, end] : *spans[thread]) {
        std::fprintf(file, "%zu\t%s\t%.3f\t%.3f\n", thread, name, begin, end);
      }
    }
    std::fclose(file);
  }
};

Spans& OfThisThread() {
  static Threads all;
  thread_local Spans* spans = [] {
    const std::lock_guard<std::mutex> lock(all.mutex);
    all.spans.push_back(std::make_unique<Spans>());
    all.spans.back()->reserve(kMostSpans);
    return all.spans.back().get();
  }();
  return *spans;
}

double Now() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double, std::micro>(now).count();
}

}  // namespace

Span::Span(const char* name) : name_(name), begin_(Now()) {}

Span::~Span() {
  Spans& spans = OfThisThread();
  if (spans.size() < kMostSpans) spans.push_back({name_, begin_, Now()});
}

}  // namespace blasnet

#endif  // BLASNET_TIMELINE
