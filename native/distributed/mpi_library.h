// An MPI library that the program loads at run time, without its headers: the addon needs none to be built,
// and one binary works with every library. All of them have the same functions with the same names; they
// differ in what a handle is (a pointer, or an int) and in the values of constants. mpi_constants.h has
// those.
//
// Which thread calls what: one thread loads the library, and makes every call except Abort.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace blasnet {

// A nonblocking operation of MPI. A request is a pointer or an int, depending on the library.
struct MpiRequest {
  alignas(8) unsigned char bytes[8] = {};
};

class MpiLibrary {
 public:
  // Loads the first of the libraries that is there: names as the system's loader takes them, or paths. It
  // stays loaded for good. Throws std::runtime_error, which says what became of each name.
  static std::unique_ptr<MpiLibrary> Load(const std::vector<std::string>& names);

  virtual ~MpiLibrary() = default;

  // The path of its file, the first line of its own description, and whose constants it uses.
  const std::string& Path() const { return path_; }
  const std::string& Version() const { return version_; }
  const std::string& Family() const { return family_; }

  // The calls throw std::runtime_error with the library's own words if they fail.

  // Starts MPI. The calling thread makes all later calls.
  virtual void Init() = 0;
  virtual int Rank() = 0;
  virtual int Size() = 0;
  // The memory must stay until Test says that the operation has ended.
  virtual void Send(const void* data, size_t bytes, int rank, int tag, MpiRequest* request) = 0;
  virtual void Receive(void* data, size_t bytes, int rank, int tag, MpiRequest* request) = 0;
  virtual bool Test(MpiRequest* request) = 0;
  virtual void Finalize() = 0;
  // Ends all processes of the job with this exit code. Any thread may call it, also while another is in a
  // call.
  virtual void Abort(int code) = 0;

 protected:
  MpiLibrary() = default;

 private:
  std::string path_;
  std::string version_;
  std::string family_;
};

}  // namespace blasnet
