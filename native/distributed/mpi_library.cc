#include "distributed/mpi_library.h"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "distributed/mpi_constants.h"

#ifndef _WIN32
#include <dlfcn.h>
#endif

namespace blasnet {

#ifdef _WIN32

std::unique_ptr<MpiLibrary> MpiLibrary::Load(const std::vector<std::string>&) {
  throw std::runtime_error("MPI is not supported on Windows");
}

#else

namespace {

// At least as long as any library's longest text.
constexpr size_t kMostText = 16'384;

// A symbol of a library; null if it has none of this name.
template <typename F>
F Find(void* library, const char* name) {
  return reinterpret_cast<F>(dlsym(library, name));
}

// What MPI_Init_thread and its like need to know of a library.
template <typename Handle>
struct Constants {
  Handle world;
  Handle byte;
  Handle errors_return;
  void* status_ignore;
  int funneled;
};

// A library whose handles are of this type: int, or void*.
template <typename Handle>
class LibraryOf final : public MpiLibrary {
 public:
  LibraryOf(void* library, const Constants<Handle>& constants) : constants_(constants) {
    const auto take = [&](auto* function, const char* name) {
      *function = Find<std::remove_reference_t<decltype(*function)> >(library, name);
      if (*function == nullptr) throw std::runtime_error(std::string("it has no ") + name);
    };
    take(&init_thread_, "MPI_Init_thread");
    take(&finalize_, "MPI_Finalize");
    take(&set_errhandler_, "MPI_Comm_set_errhandler");
    take(&error_string_, "MPI_Error_string");
    take(&rank_, "MPI_Comm_rank");
    take(&size_, "MPI_Comm_size");
    take(&isend_, "MPI_Isend");
    take(&irecv_, "MPI_Irecv");
    take(&test_, "MPI_Test");
    take(&abort_, "MPI_Abort");
  }

  void Init() override {
    int provided = -1;
    // The errors of this call end the process: there is no other handler before it.
    const int result = init_thread_(nullptr, nullptr, constants_.funneled, &provided);
    if (result != 0)
      throw std::runtime_error("MPI_Init_thread failed with the code " + std::to_string(result));
    if (provided < constants_.funneled)
      throw std::runtime_error("the library allows no thread but the first to call MPI (MPI_THREAD_SINGLE)");
    Check("MPI_Comm_set_errhandler", set_errhandler_(constants_.world, constants_.errors_return));
  }

  int Rank() override {
    int rank = -1;
    Check("MPI_Comm_rank", rank_(constants_.world, &rank));
    return rank;
  }

  int Size() override {
    int size = -1;
    Check("MPI_Comm_size", size_(constants_.world, &size));
    return size;
  }

  void Send(const void* data, size_t bytes, int rank, int tag, MpiRequest* request) override {
    const int count = static_cast<int>(bytes);
    Check("MPI_Isend", isend_(data, count, constants_.byte, rank, tag, constants_.world, request->bytes));
  }

  void Receive(void* data, size_t bytes, int rank, int tag, MpiRequest* request) override {
    const int count = static_cast<int>(bytes);
    Check("MPI_Irecv", irecv_(data, count, constants_.byte, rank, tag, constants_.world, request->bytes));
  }

  bool Test(MpiRequest* request) override {
    int done = 0;
    Check("MPI_Test", test_(request->bytes, &done, constants_.status_ignore));
    return done != 0;
  }

  void Finalize() override { Check("MPI_Finalize", finalize_()); }

  void Abort(int code) override { abort_(constants_.world, code); }

 private:
  void Check(const char* call, int code) {
    if (code == 0) return;
    std::vector<char> text(kMostText);
    int length = 0;
    error_string_(code, text.data(), &length);
    throw std::runtime_error(std::string(call) + " failed: " + text.data());
  }

  const Constants<Handle> constants_;
  int (*init_thread_)(int*, char***, int, int*);
  int (*finalize_)();
  int (*set_errhandler_)(Handle, Handle);
  int (*error_string_)(int, char*, int*);
  int (*rank_)(Handle, int*);
  int (*size_)(Handle, int*);
  int (*isend_)(const void*, int, Handle, int, int, Handle, void*);
  int (*irecv_)(void*, int, Handle, int, int, Handle, void*);
  int (*test_)(void*, int*, void*);
  int (*abort_)(Handle, int);
};

// Whether the library uses the constants of the standard. Some own interfaces have its version call, too, and
// say -1; MPICH 4.3 says 1 with the constants of a draft, but its MPI is version 4.
bool IsStandard(void* library) {
  int major = -1, minor = -1;
  const auto abi_version = Find<int (*)(int*, int*)>(library, "MPI_Abi_get_version");
  if (abi_version == nullptr || abi_version(&major, &minor) != 0 || major < 1) return false;
  const auto version = Find<int (*)(int*, int*)>(library, "MPI_Get_version");
  return version != nullptr && version(&major, &minor) == 0 && major >= 5;
}

struct Identified {
  std::unique_ptr<MpiLibrary> library;
  const char* family;
};

// A name proves nothing: libmpi.so.12 has been Open MPI's, and is MPICH's. So what it contains decides.
// Wrong constants would end the process, so a library of another family is refused.
Identified Identify(void* library, const std::string& description) {
  if (IsStandard(library)) {
    const auto handle = [](uintptr_t value) { return reinterpret_cast<void*>(value); };
    const Constants<void*> constants{handle(StandardMpi::kWorld), handle(StandardMpi::kByte),
                                     handle(StandardMpi::kErrorsReturn), handle(StandardMpi::kStatusIgnore),
                                     StandardMpi::kFunneled};
    return {std::make_unique<LibraryOf<void*> >(library, constants), "standard"};
  }
  if (void* const world = dlsym(library, OpenMpi::kWorld)) {
    void* const byte = dlsym(library, OpenMpi::kByte);
    void* const errors_return = dlsym(library, OpenMpi::kErrorsReturn);
    if (byte == nullptr || errors_return == nullptr) throw std::runtime_error("it lacks handles of Open MPI");
    const Constants<void*> constants{world, byte, errors_return,
                                     reinterpret_cast<void*>(OpenMpi::kStatusIgnore), OpenMpi::kFunneled};
    return {std::make_unique<LibraryOf<void*> >(library, constants), "Open MPI"};
  }
  const char* const names[] = {"MPICH", "Intel", "MVAPICH"};
  const bool known = std::any_of(std::begin(names), std::end(names), [&](const char* name) {
    return description.find(name) != std::string::npos;
  });
  if (!known) throw std::runtime_error("neither Open MPI, nor MPICH or its kin: " + description);
  const Constants<int> constants{Mpich::kWorld, Mpich::kByte, Mpich::kErrorsReturn,
                                 reinterpret_cast<void*>(Mpich::kStatusIgnore), Mpich::kFunneled};
  return {std::make_unique<LibraryOf<int> >(library, constants), "MPICH"};
}

// The first line of the library's description of itself, which it gives before MPI starts, too.
std::string DescriptionOf(void* library) {
  const auto describe = Find<int (*)(char*, int*)>(library, "MPI_Get_library_version");
  if (describe == nullptr) throw std::runtime_error("it has no MPI_Get_library_version: it is no MPI 3");
  std::vector<char> text(kMostText);
  int length = 0;
  describe(text.data(), &length);
  const std::string description = text.data();
  return description.substr(0, description.find_first_of("\r\n"));
}

std::string PathOf(void* library, const std::string& name) {
  Dl_info found{};
  void* const symbol = dlsym(library, "MPI_Init_thread");
  return symbol != nullptr && dladdr(symbol, &found) != 0 && found.dli_fname != nullptr ? found.dli_fname
                                                                                        : name;
}

}  // namespace

std::unique_ptr<MpiLibrary> MpiLibrary::Load(const std::vector<std::string>& names) {
  std::string tried;
  for (const std::string& name : names) {
    if (!tried.empty()) tried += "; ";
    tried += name + ": ";
    // Visible to the plug-ins that the library loads, which older ones expect.
    void* const handle = dlopen(name.c_str(), RTLD_NOW | RTLD_GLOBAL);
    if (handle == nullptr) {
      const char* const reason = dlerror();
      tried += reason == nullptr ? "it cannot be loaded" : reason;
      continue;
    }
    try {
      std::string version = DescriptionOf(handle);
      Identified found = Identify(handle, version);
      found.library->path_ = PathOf(handle, name);
      found.library->version_ = std::move(version);
      found.library->family_ = found.family;
      return std::move(found.library);
    } catch (const std::runtime_error& error) {
      tried += error.what();
    }
  }
  throw std::runtime_error(tried);
}

#endif

}  // namespace blasnet
