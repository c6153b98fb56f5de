// How fast this core can multiply and add: a loop of fused multiply-adds in registers only. No program that
// computes matrix products in this element type can be faster, so this is the limit for all others.
//
//   fma float32|float64 SECONDS
//
// prints one JSON line: for every vector width the best rate of several trials, and whether the results equal
// those of plain scalar code.
//
// A chain repeats the step x = factor * addend + x. A step takes the processor about four cycles, and it has
// two units, so at least eight independent chains are needed to keep it busy. Compilers merge chains with
// equal numbers, drop chains whose end nobody reads, and may keep x in memory. To prevent this, every step is
// one instruction in assembler, every lane starts from a different number, and all ends are read.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#if defined(__x86_64__) && defined(__FMA__)
#define FMA_FLOAT64(x, f, a) asm volatile("vfmadd231pd %1, %2, %0" : "+v"(x) : "v"(f), "v"(a))
#define FMA_FLOAT32(x, f, a) asm volatile("vfmadd231ps %1, %2, %0" : "+v"(x) : "v"(f), "v"(a))
#elif defined(__aarch64__)
#define FMA_FLOAT64(x, f, a) asm volatile("fmla %0.2d, %1.2d, %2.2d" : "+w"(x) : "w"(f), "w"(a))
#define FMA_FLOAT32(x, f, a) asm volatile("fmla %0.4s, %1.4s, %2.4s" : "+w"(x) : "w"(f), "w"(a))
#else
#error "This processor has no fused multiply-add that is known here"
#endif

namespace {

constexpr int kChains = 12;
constexpr long kCheckedSteps = 1000;
constexpr long kTimedSteps = 1'000'000;  // under a millisecond

template <class T, int kBits>
struct Vector {
  typedef T Type __attribute__((vector_size(kBits / 8)));
};

template <class V>
inline void Step(V& x, V factor, V addend) {
  if constexpr (sizeof(x[0]) == sizeof(double)) {
    FMA_FLOAT64(x, factor, addend);
  } else {
    FMA_FLOAT32(x, factor, addend);
  }
}

// Twelve chains in registers. The variables have names because an array of vectors tends to end up in memory.
template <class V, class T>
__attribute__((noinline)) void RunChains(V* chains, long steps, T factor, T addend) {
  V x0 = chains[0], x1 = chains[1], x2 = chains[2], x3 = chains[3], x4 = chains[4], x5 = chains[5];
  V x6 = chains[6], x7 = chains[7], x8 = chains[8], x9 = chains[9], x10 = chains[10], x11 = chains[11];
  const V f = factor - V{}, a = addend - V{};
  for (long step = 0; step < steps; step++) {
    Step(x0, f, a), Step(x1, f, a), Step(x2, f, a), Step(x3, f, a), Step(x4, f, a), Step(x5, f, a);
    Step(x6, f, a), Step(x7, f, a), Step(x8, f, a), Step(x9, f, a), Step(x10, f, a), Step(x11, f, a);
  }
  chains[0] = x0, chains[1] = x1, chains[2] = x2, chains[3] = x3, chains[4] = x4, chains[5] = x5;
  chains[6] = x6, chains[7] = x7, chains[8] = x8, chains[9] = x9, chains[10] = x10, chains[11] = x11;
}

// The start of a lane, in [1, 2).
template <class T>
T Start(int chain, int lane, int lanes) {
  return T(1) + T(chain * lanes + lane) / T(kChains * lanes);
}

template <class T>
bool Correct(const T* ends, int lanes, T factor, T addend) {
  for (int chain = 0; chain < kChains; chain++) {
    for (int lane = 0; lane < lanes; lane++) {
      T x = Start<T>(chain, lane, lanes);
      for (long step = 0; step < kCheckedSteps; step++) x = std::fma(factor, addend, x);
      if (x != ends[chain * lanes + lane]) return false;
    }
  }
  return true;
}

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

template <class T, int kBits>
void Measure(double seconds, const char* separator) {
  typedef typename Vector<T, kBits>::Type V;
  constexpr int kLanes = kBits / 8 / static_cast<int>(sizeof(T));
  const T factor = T(0.1), addend = T(0.01);
  V chains[kChains];
  for (int chain = 0; chain < kChains; chain++) {
    for (int lane = 0; lane < kLanes; lane++) chains[chain][lane] = Start<T>(chain, lane, kLanes);
  }
  RunChains(chains, kCheckedSteps, factor, addend);
  T ends[kChains * kLanes];
  std::memcpy(ends, chains, sizeof ends);
  const bool correct = Correct(ends, kLanes, factor, addend);

  const int flop_per_step = 2 * kChains * kLanes;
  double best = 0;
  const double stop = Now() + seconds;
  do {
    const double start = Now();
    RunChains(chains, kTimedSteps, factor, addend);
    best = std::max(best, double(flop_per_step) * double(kTimedSteps) / (Now() - start) / 1e9);
  } while (Now() < stop);
  std::printf("%s{\"bits\":%d,\"chains\":%d,\"flopPerStep\":%d,\"correct\":%s,\"gflops\":%.3f}", separator,
              kBits, kChains, flop_per_step, correct ? "true" : "false", best);
}

template <class T>
void MeasureWidths(double seconds) {
  Measure<T, 128>(seconds, "");
#if defined(__x86_64__)
  Measure<T, 256>(seconds, ",");
#endif
#if defined(__AVX512F__)
  Measure<T, 512>(seconds, ",");
#endif
}

}  // namespace

int main(int argc, char** argv) {
  const bool single = argc == 3 && std::strcmp(argv[1], "float32") == 0;
  if (argc != 3 || (!single && std::strcmp(argv[1], "float64") != 0)) {
    std::fprintf(stderr, "Usage: fma float32|float64 SECONDS\n");
    return 2;
  }
  const double seconds = std::atof(argv[2]);
  std::printf("{\"widths\":[");
  if (single) {
    MeasureWidths<float>(seconds);
  } else {
    MeasureWidths<double>(seconds);
  }
  std::printf("]}\n");
  return 0;
}
