#pragma once

namespace blasnet {

// A function body(arguments...), which must outlive the reference. (A std::function could need memory.)
template <class... Arguments>
class FunctionRef {
 public:
  template <class F>
  FunctionRef(const F& body)  // NOLINT(google-explicit-constructor): a lambda is passed as a body
      : object_(&body), call_([](const void* object, Arguments... arguments) {
          (*static_cast<const F*>(object))(arguments...);
        }) {}

  void operator()(Arguments... arguments) const { call_(object_, arguments...); }

 private:
  const void* object_;
  void (*call_)(const void* object, Arguments... arguments);
};

}  // namespace blasnet
