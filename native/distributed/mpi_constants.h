// The constants of MPI's application binary interfaces that are needed here, as the libraries' own mpi.h has
// them (test/distributed/constants.slow.test.mts compares them with both), or the MPI standard 5.0,
// chapter 20.
#pragma once

#include <cstdint>

namespace blasnet {

// Handles of Open MPI are addresses of objects in the library, with these names.
struct OpenMpi {
  static constexpr const char* kWorld = "ompi_mpi_comm_world";
  static constexpr const char* kByte = "ompi_mpi_byte";
  static constexpr const char* kErrorsReturn = "ompi_mpi_errors_return";
  static constexpr uintptr_t kStatusIgnore = 0;
  static constexpr int kFunneled = 1;
};

// MPICH, and all that share its interface: Intel MPI, MVAPICH, Cray MPICH.
struct Mpich {
  static constexpr int kWorld = 0x44000000;
  static constexpr int kByte = 0x4c00010d;
  static constexpr int kErrorsReturn = 0x54000001;
  static constexpr uintptr_t kStatusIgnore = 1;
  static constexpr int kFunneled = 1;
};

// The interface that MPI 5.0 defines for all libraries. Its handles are numbers of the size of a pointer.
struct StandardMpi {
  static constexpr uintptr_t kWorld = 0x101;
  static constexpr uintptr_t kByte = 0x247;
  static constexpr uintptr_t kErrorsReturn = 0x143;
  static constexpr uintptr_t kStatusIgnore = 0;
  static constexpr int kFunneled = 1024;
};

}  // namespace blasnet
