// Checks arguments from JavaScript for errors that could corrupt memory. lib/ checks the rest and words the
// errors that users see; an error from this file shows a mistake in lib/.
#pragma once

#include <napi.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "binding/read_files.h"
#include "kernels/numbers.h"
#include "kernels/record.h"

namespace blasnet {

// The largest size that CBLAS can take.
constexpr size_t kMostSize = static_cast<size_t>(std::numeric_limits<int32_t>::max());
// The largest number of elements of an array.
constexpr size_t kMostElements = size_t{1} << 53;

// One argument of a call, or one property of it.
class Argument {
 public:
  Argument(napi_env env, napi_value value, size_t index, const char* property = nullptr)
      : value_(env, value), index_(index), property_(property) {}

  // Whether the argument is given: not undefined and not null.
  bool Given() const { return !value_.IsUndefined() && !value_.IsNull(); }

  // Calls Node-API directly, because node-addon-api asks for the type before: twice the time.
  double Number() const {
    double number = 0;
    if (napi_get_value_double(value_.Env(), value_, &number) != napi_ok) throw Wrong("a number");
    return number;
  }

  bool Boolean() const {
    if (!value_.IsBoolean()) throw Wrong("true or false");
    return value_.As<Napi::Boolean>().Value();
  }

  Napi::Function Function() const {
    if (!value_.IsFunction()) throw Wrong("a function");
    return value_.As<Napi::Function>();
  }

  Napi::Object Object() const {
    if (!value_.IsObject()) throw Wrong("an object");
    return value_.As<Napi::Object>();
  }

  // An integer from 0 to `most`.
  size_t Size(size_t most = kMostSize) const { return Whole(Number(), 0, most, "a size"); }
  size_t PositiveSize() const { return Whole(Number(), 1, kMostSize, "a positive size"); }

  std::string Text() const {
    if (!value_.IsString()) throw Wrong("a string");
    return value_.As<Napi::String>().Utf8Value();
  }

  // One of an enum's values, which run from 0 to `last`.
  template <typename E>
  E Enum(E last) const {
    return static_cast<E>(Size(static_cast<size_t>(last)));
  }

  // A number that is a field of this argument, a record: an integer from `least` to `most`, or one of an
  // enum's values.
  size_t SizeOf(double value, size_t least, size_t most) const {
    return Whole(value, least, most, "a record whose sizes are in range");
  }
  template <typename E>
  E EnumOf(double value, E last) const {
    return static_cast<E>(Whole(value, 0, static_cast<size_t>(last), "a record whose codes exist"));
  }

  // Whether the argument is a Float32Array. Refuses everything except Float32Array and Float64Array.
  bool IsFloat32() const {
    const napi_typedarray_type type = Describe().type;
    if (type != napi_float32_array && type != napi_float64_array) {
      throw Wrong("a Float64Array or Float32Array");
    }
    return type == napi_float32_array;
  }

  // The elements of a typed array with at least `least` elements. They stay in place until JavaScript runs
  // again. They stay longer if the array is on a SharedArrayBuffer or lib/ has pinned its buffer, as long as
  // something references the array.
  template <typename T>
  T* Array(size_t least) const {
    const Description array = Describe();
    if (array.type != TypeOf<T>()) throw Wrong("a typed array of the right element type");
    if (array.length < least) throw Wrong("a typed array of at least " + std::to_string(least) + " elements");
    return static_cast<T*>(array.data);
  }

  // Like Array, for numbers of any type that NumberType has.
  Numbers NumberArray(size_t least) const {
    const Description array = Describe();
    if (array.length < least) throw Wrong("a typed array of at least " + std::to_string(least) + " elements");
    return {array.data, NumberTypeOf(array.type)};
  }

  // The memory of a typed array of any type, and its number of bytes.
  std::pair<void*, size_t> Bytes() const {
    const Description array = Describe();
    return {array.data, array.length * BytesPerElement(array.type)};
  }

  // The elements of an array. All are read here: see Properties.
  std::vector<Argument> List() const {
    if (!value_.IsArray()) throw Wrong("an array");
    const Napi::Array array = value_.As<Napi::Array>();
    std::vector<Argument> list;
    for (uint32_t i = 0; i < array.Length(); i++)
      list.emplace_back(value_.Env(), array.Get(i), index_, property_);
    return list;
  }

  Napi::Value Value() const { return value_; }
  size_t Length() const { return Describe().length; }
  napi_typedarray_type Type() const { return Describe().type; }

  // Reads a Float64Array as a record.
  template <class R>
  R Record() const {
    return ReadRecord<R>(Array<double>(FieldCount<R>()));
  }

  // Refuses a typed array that is not on a SharedArrayBuffer.
  void CheckShared() const {
    bool detachable = false;
    napi_is_arraybuffer(value_.Env(), Describe().buffer, &detachable);
    if (detachable) throw Wrong("on a SharedArrayBuffer");
  }

  Napi::TypeError Wrong(const std::string& rule) const {
    const std::string property = property_ == nullptr ? "" : std::string(" (") + property_ + ")";
    Napi::TypeError error = Napi::TypeError::New(
        value_.Env(), "blasnet native: argument " + std::to_string(index_) + property + " must be " + rule);
    // Of lib/base/errors.ts: lib/ lets only arguments pass that lie about themselves.
    error.Set("code", Napi::String::New(value_.Env(), "ERR_BLASNET_ARG_TYPE"));
    return error;
  }

 private:
  struct Description {
    napi_typedarray_type type;
    size_t length;
    void* data;
    napi_value buffer;
  };

  size_t Whole(double value, size_t least, size_t most, const char* rule) const {
    if (!(value >= static_cast<double>(least) && value <= static_cast<double>(most))) throw Wrong(rule);
    const size_t whole = static_cast<size_t>(value);
    if (static_cast<double>(whole) != value) throw Wrong(rule);
    return whole;
  }

  // Calls Node-API directly, because node-addon-api's accessors do not know SharedArrayBuffer.
  Description Describe() const {
    Description array{};
    bool is_typed_array = false;
    napi_is_typedarray(value_.Env(), value_, &is_typed_array);
    if (!is_typed_array) throw Wrong("a typed array");
    napi_get_typedarray_info(value_.Env(), value_, &array.type, &array.length, &array.data, &array.buffer,
                             nullptr);
    NoteRead(array.data);
    return array;
  }

  NumberType NumberTypeOf(napi_typedarray_type type) const {
    switch (type) {
      case napi_float64_array:
        return NumberType::kFloat64;
      case napi_float32_array:
        return NumberType::kFloat32;
      case napi_int32_array:
        return NumberType::kInt32;
      case napi_uint32_array:
        return NumberType::kUint32;
      case napi_uint16_array:
        return NumberType::kUint16;
      case napi_uint8_array:
        return NumberType::kUint8;
      default:
        throw Wrong("a typed array of numbers");
    }
  }

  static size_t BytesPerElement(napi_typedarray_type type) {
    switch (type) {
      case napi_float64_array:
      case napi_bigint64_array:
      case napi_biguint64_array:
        return 8;
      case napi_float32_array:
      case napi_int32_array:
      case napi_uint32_array:
        return 4;
      case napi_int16_array:
      case napi_uint16_array:
        return 2;
      default:
        return 1;
    }
  }

  template <typename T>
  static constexpr napi_typedarray_type TypeOf() {
    if constexpr (std::is_same_v<T, double>) return napi_float64_array;
    if constexpr (std::is_same_v<T, float>) return napi_float32_array;
    if constexpr (std::is_same_v<T, int32_t>) return napi_int32_array;
    if constexpr (std::is_same_v<T, uint32_t>) return napi_uint32_array;
    if constexpr (std::is_same_v<T, uint8_t>) return napi_uint8_array;
    if constexpr (std::is_same_v<T, int8_t>) return napi_int8_array;
  }

  Napi::Value value_;
  size_t index_;
  const char* property_;
};

class Args {
 public:
  explicit Args(const Napi::CallbackInfo& info) : info_(info) {}

  Napi::Env Env() const { return info_.Env(); }
  Argument operator[](size_t i) const { return {info_.Env(), info_[i], i}; }

 private:
  const Napi::CallbackInfo& info_;
};

// An argument that is an object with these properties. All are read before any is checked: a getter is
// JavaScript, and could detach an array that was checked before.
class Properties {
 public:
  Properties(const Args& args, size_t index, std::vector<const char*> names)
      : env_(args.Env()), index_(index), names_(std::move(names)) {
    const Napi::Object object = args[index].Object();
    for (const char* name : names_) values_.push_back(object.Get(name));
  }

  // The properties of a property.
  Properties(const Argument& argument, std::vector<const char*> names)
      : env_(argument.Value().Env()), index_(0), names_(std::move(names)) {
    const Napi::Object object = argument.Object();
    for (const char* name : names_) values_.push_back(object.Get(name));
  }

  Argument operator[](const char* name) const {
    size_t i = 0;
    while (std::string_view(names_.at(i)) != name) i++;
    return {env_, values_[i], index_, names_[i]};
  }

  const std::vector<Napi::Value>& Values() const { return values_; }

 private:
  Napi::Env env_;
  size_t index_;
  std::vector<const char*> names_;
  std::vector<Napi::Value> values_;
};

}  // namespace blasnet
