// The natural logarithm of FreeBSD's msun, which V8's Math.log is, too. So the cross-entropy has the same
// bits as in JavaScript, whatever C library is linked. Its error is below 1 ulp.
//
// Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved. Developed at SunSoft, a Sun Microsystems,
// Inc. business. Permission to use, copy, modify, and distribute this software is freely granted, provided
// that this notice is preserved.
#pragma once

#include <cstdint>
#include <cstring>

namespace blasnet {

// log(x) for a normal number x > 0.
inline double Logarithm(double x) {
  constexpr double kLn2High = 6.93147180369123816490e-01, kLn2Low = 1.90821492927058770002e-10;
  constexpr double kC1 = 6.666666666666735130e-01, kC2 = 3.999999999940941908e-01,
                   kC3 = 2.857142874366239149e-01, kC4 = 2.222219843214978396e-01,
                   kC5 = 1.818357216161805012e-01, kC6 = 1.531383769920937332e-01,
                   kC7 = 1.479819860511658591e-01;
  uint64_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  int32_t high = static_cast<int32_t>(bits >> 32);
  int32_t exponent = (high >> 20) - 1023;
  high &= 0xfffff;
  // x = 2^exponent * (1 + f), with 1 + f from sqrt(1/2) to sqrt(2).
  const int32_t halves = (high + 0x95f64) & 0x100000;
  exponent += halves >> 20;
  bits = (static_cast<uint64_t>(high | (halves ^ 0x3ff00000)) << 32) | (bits & 0xffffffff);
  std::memcpy(&x, &bits, sizeof x);
  const double f = x - 1, e = exponent;
  if ((0xfffff & (2 + high)) < 3) {  // |f| < 2^-20
    if (f == 0) return exponent == 0 ? 0 : e * kLn2High + e * kLn2Low;
    const double r = f * f * (0.5 - 0.33333333333333333 * f);
    return exponent == 0 ? f - r : e * kLn2High - ((r - e * kLn2Low) - f);
  }
  const double s = f / (2 + f), z = s * s, w = z * z;
  const double odd = w * (kC2 + w * (kC4 + w * kC6));
  const double even = z * (kC1 + w * (kC3 + w * (kC5 + w * kC7)));
  const double r = even + odd;
  if (((high - 0x6147a) | (0x6b851 - high)) > 0) {
    const double half = 0.5 * f * f;
    return exponent == 0 ? f - (half - s * (half + r))
                         : e * kLn2High - ((half - (s * (half + r) + e * kLn2Low)) - f);
  }
  return exponent == 0 ? f - s * (f - r) : e * kLn2High - ((s * (f - r) - e * kLn2Low) - f);
}

}  // namespace blasnet
