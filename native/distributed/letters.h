// What ranks send each other one by one, whenever they have something to say, such as tasks and their
// results: no meeting, and no other rank takes part. All but Post runs on the group's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "distributed/mpi_library.h"

namespace blasnet {

class Letters {
 public:
  struct Letter {
    size_t rank;
    std::string bytes;
  };

  // Any thread may call it: Listen sends the letter to each of these ranks, also when it runs already.
  void Post(const std::vector<size_t>& ranks, std::string bytes);

  // Sends what was posted, and waits until a letter of one of these ranks has come; without ranks, until
  // everything is sent. It waits without a limit. Every rank that is named must send a letter at some time,
  // since what waits for it stays behind otherwise. Throws std::runtime_error of the library.
  std::vector<Letter> Listen(MpiLibrary* library, const std::vector<size_t>& ranks);

 private:
  // A letter on its way: its length, then its parts.
  struct OnItsWay {
    uint64_t length = 0;
    std::shared_ptr<std::string> bytes;
    std::vector<MpiRequest> requests;
    bool has_length = false;  // of a letter that comes
  };

  void Send(MpiLibrary* library);
  void Await(MpiLibrary* library, size_t rank);
  // Whether the letter is here.
  bool Arrived(MpiLibrary* library, size_t rank, OnItsWay* letter);

  struct Posted {
    size_t rank;
    std::shared_ptr<std::string> bytes;
  };

  std::mutex mutex_;
  std::deque<Posted> posted_;
  // MPI has their addresses.
  std::list<OnItsWay> sent_;
  std::map<size_t, OnItsWay> coming_;
};

}  // namespace blasnet
