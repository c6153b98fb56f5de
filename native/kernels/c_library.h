// The C library's log, sin and cos. NumPy calls these functions, so numbers that are computed from them agree
// with NumPy's to the last bit. V8's Math.log differs in the last bit for about one argument in thirty.
#pragma once

namespace blasnet::c_library {

double Log(double x);
double Sin(double x);
double Cos(double x);

}  // namespace blasnet::c_library
