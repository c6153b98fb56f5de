// Arguments from JavaScript, checked for what could corrupt memory. lib/ has checked the rest and words the
// errors that users see; what is thrown here means that lib/ has a mistake.
#pragma once

#include <napi.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>

namespace blasnet {

// The largest size that CBLAS can take.
constexpr size_t kMostSize = static_cast<size_t>(std::numeric_limits<int32_t>::max());

class Args {
 public:
  explicit Args(const Napi::CallbackInfo& info) : info_(info) {}

  Napi::Env Env() const { return info_.Env(); }
  bool Has(size_t i) const { return i < info_.Length() && !info_[i].IsUndefined() && !info_[i].IsNull(); }

  double Number(size_t i) const {
    if (!info_[i].IsNumber()) throw Wrong(i, "a number");
    return info_[i].As<Napi::Number>().DoubleValue();
  }

  bool Boolean(size_t i) const {
    if (!info_[i].IsBoolean()) throw Wrong(i, "true or false");
    return info_[i].As<Napi::Boolean>().Value();
  }

  Napi::Function Function(size_t i) const {
    if (!info_[i].IsFunction()) throw Wrong(i, "a function");
    return info_[i].As<Napi::Function>();
  }

  // An integer from 0 to `most`.
  size_t Size(size_t i, size_t most = kMostSize) const {
    const double value = Number(i);
    if (!(value >= 0 && value <= static_cast<double>(most) && value == std::floor(value))) {
      throw Wrong(i, "a size");
    }
    return static_cast<size_t>(value);
  }

  size_t PositiveSize(size_t i) const {
    const size_t size = Size(i);
    if (size == 0) throw Wrong(i, "a positive size");
    return size;
  }

  // One of an enum's values, which run from 0 to `last`.
  template <typename E>
  E Enum(size_t i, E last) const {
    return static_cast<E>(Size(i, static_cast<size_t>(last)));
  }

  // Whether argument i is a Float32Array; anything but that and a Float64Array is refused.
  bool IsFloat32(size_t i) const {
    const napi_typedarray_type type = Describe(i).type;
    if (type != napi_float32_array && type != napi_float64_array) {
      throw Wrong(i, "a Float64Array or Float32Array");
    }
    return type == napi_float32_array;
  }

  // The elements of a typed array of at least `least` elements. Valid until JavaScript runs again, unless
  // the array is on a SharedArrayBuffer or lib/ has pinned its buffer; the array is to be referenced
  // meanwhile.
  template <typename T>
  T* Array(size_t i, size_t least) const {
    const Description array = Describe(i);
    if (array.type != TypeOf<T>()) throw Wrong(i, "a typed array of the plan's type");
    if (array.length < least)
      throw Wrong(i, "a typed array of at least " + std::to_string(least) + " elements");
    return static_cast<T*>(array.data);
  }

  size_t Length(size_t i) const { return Describe(i).length; }

  // Refuses a typed array that is not on a SharedArrayBuffer.
  void CheckShared(size_t i) const {
    bool detachable = false;
    napi_is_arraybuffer(Env(), Describe(i).buffer, &detachable);
    if (detachable) throw Wrong(i, "on a SharedArrayBuffer");
  }

  Napi::TypeError Wrong(size_t i, const std::string& rule) const {
    return Napi::TypeError::New(Env(), "blasnet native: argument " + std::to_string(i) + " must be " + rule);
  }

 private:
  struct Description {
    napi_typedarray_type type;
    size_t length;
    void* data;
    napi_value buffer;
  };

  // Straight from Node-API: node-addon-api's accessors do not know SharedArrayBuffer.
  Description Describe(size_t i) const {
    Description array{};
    const napi_value value = info_[i];
    bool is_typed_array = false;
    napi_is_typedarray(Env(), value, &is_typed_array);
    if (!is_typed_array) throw Wrong(i, "a typed array");
    napi_get_typedarray_info(Env(), value, &array.type, &array.length, &array.data, &array.buffer, nullptr);
    return array;
  }

  template <typename T>
  static constexpr napi_typedarray_type TypeOf() {
    if constexpr (std::is_same_v<T, double>) return napi_float64_array;
    if constexpr (std::is_same_v<T, float>) return napi_float32_array;
    if constexpr (std::is_same_v<T, int32_t>) return napi_int32_array;
    if constexpr (std::is_same_v<T, uint32_t>) return napi_uint32_array;
  }

  const Napi::CallbackInfo& info_;
};

}  // namespace blasnet
