// The products of oneDNN: see product.h. It has two ways. `sgemm` takes plain matrices. The primitive
// `matmul` may choose how B lies in memory; it is brought into that order before the clock starts. There is
// no float64.
#include <dnnl.hpp>

#include <unordered_map>

#include "product.h"

namespace {

using dnnl::memory;

memory::desc Rows(int rows, int cols) {
  return {{rows, cols}, memory::data_type::f32, memory::format_tag::ab};
}

void Measure(Shape s, Report& report) {
  Matrix<float> a(s.m, s.k, Order::kRows, 1), b(s.k, s.n, Order::kRows, 2), c(s.m, s.n, Order::kRows, 3);
  report.Add("sgemm", s, a, b, c, [&] {
    dnnl::sgemm('N', 'N', s.m, s.n, s.k, 1, a.data(), s.k, b.data(), s.n, 0, c.data(), s.n);
  });

  dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(engine);
  Matrix<float> product(s.m, s.n, Order::kRows, 4);
  const memory::desc any({s.k, s.n}, memory::data_type::f32, memory::format_tag::any);
  const dnnl::matmul::primitive_desc chosen({Rows(s.m, s.k), any, Rows(s.m, s.n)}, engine);
  memory plain_b(Rows(s.k, s.n), engine, b.data()), packed_b(chosen.weights_desc(), engine);
  dnnl::reorder(plain_b, packed_b).execute(stream, plain_b, packed_b);
  stream.wait();
  const dnnl::matmul matmul(chosen);
  const std::unordered_map<int, memory> args = {
      {DNNL_ARG_SRC, memory(Rows(s.m, s.k), engine, a.data())},
      {DNNL_ARG_WEIGHTS, packed_b},
      {DNNL_ARG_DST, memory(Rows(s.m, s.n), engine, product.data())},
  };
  report.Add("matmul", s, a, b, product, [&] {
    matmul.execute(stream, args);
    stream.wait();
  });
}

void Measure(Shape, double, Report&) {}
void Measure(Shape s, float, Report& report) { Measure(s, report); }

}  // namespace

int main(int argc, char** argv) {
  const dnnl_version_t& version = *dnnl_version();
  const std::string library = "oneDNN " + std::to_string(version.major) + "." +
                              std::to_string(version.minor) + "." + std::to_string(version.patch);
  return RunProducts(argc, argv, library,
                     [](auto element, Shape shape, Report& report) { Measure(shape, element, report); });
}
