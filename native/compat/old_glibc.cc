// Only for the prebuilt Linux addon: lets an addon that was built on a newer system run on glibc 2.28 and the
// libstdc++ of GCC 8 (RHEL 8), which Node's own binaries require. Newer systems (Debian 12 and 13) have newer
// versions of the functions below, which the linker would otherwise require. CMakeLists.txt redirects the
// calls to this file (--wrap), which calls the oldest version.
#include <dlfcn.h>
#include <pthread.h>
#include <sys/stat.h>
#include <time.h>

#include <condition_variable>
#include <mutex>
#include <new>

#if defined(__x86_64__)
#define BLASNET_OLDEST_GLIBC "GLIBC_2.2.5"
#elif defined(__aarch64__)
#define BLASNET_OLDEST_GLIBC "GLIBC_2.17"
#endif

// glibc 2.29 left out the wrappers that set errno; the arithmetic did not change.
#define BLASNET_OLD_MATH(name, parameters, arguments)                       \
  extern "C" double blasnet_old_##name parameters;                          \
  __asm__(".symver blasnet_old_" #name "," #name "@" BLASNET_OLDEST_GLIBC); \
  extern "C" double __wrap_##name parameters { return blasnet_old_##name arguments; }

extern "C" double __wrap_exp(double x);
extern "C" double __wrap_log(double x);
extern "C" double __wrap_pow(double x, double y);
BLASNET_OLD_MATH(exp, (double x), (x))
BLASNET_OLD_MATH(log, (double x), (x))
BLASNET_OLD_MATH(pow, (double x, double y), (x, y))

// glibc 2.34 moved these from libdl to libc, with new versions. Programs of older systems, such as Node, have
// libdl loaded.
#define BLASNET_OLD_DL(type, name, parameters, arguments)                   \
  extern "C" type blasnet_old_##name parameters;                            \
  __asm__(".symver blasnet_old_" #name "," #name "@" BLASNET_OLDEST_GLIBC); \
  extern "C" type __wrap_##name parameters;                                 \
  extern "C" type __wrap_##name parameters { return blasnet_old_##name arguments; }

BLASNET_OLD_DL(void*, dlopen, (const char* path, int mode), (path, mode))
BLASNET_OLD_DL(void*, dlsym, (void* library, const char* name), (library, name))
BLASNET_OLD_DL(char*, dlerror, (), ())
BLASNET_OLD_DL(int, dladdr, (const void* address, Dl_info* info), (address, info))

// fstat was an inline function before glibc 2.33, which called this one with the version of struct stat.
#if defined(__x86_64__)
constexpr int kStatVersion = 1;
#else
constexpr int kStatVersion = 0;
#endif
extern "C" int blasnet_old_fxstat(int version, int file, struct stat* about);
__asm__(".symver blasnet_old_fxstat,__fxstat@" BLASNET_OLDEST_GLIBC);
extern "C" int __wrap_fstat(int file, struct stat* about);
extern "C" int __wrap_fstat(int file, struct stat* about) {
  return blasnet_old_fxstat(kStatVersion, file, about);
}

// std::condition_variable::wait, which GCC 12 declares as throwing.
#define BLASNET_WAIT "_ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE"
void OldWait(std::condition_variable* condition,
             std::unique_lock<std::mutex>* lock) __asm__("blasnet_old_wait");
__asm__(".symver blasnet_old_wait," BLASNET_WAIT "@GLIBCXX_3.4.11");
void Wait(std::condition_variable* condition,
          std::unique_lock<std::mutex>* lock) __asm__("__wrap_" BLASNET_WAIT);
void Wait(std::condition_variable* condition, std::unique_lock<std::mutex>* lock) {
  OldWait(condition, lock);
}

// Used by std::condition_variable::wait_for; new in glibc 2.30. Here it waits by the wall clock. If someone
// sets that clock during the wait, the wait gets longer or shorter; nothing in the addon depends on its
// length.
extern "C" int __wrap_pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                                             clockid_t clock, const timespec* end);
extern "C" int __wrap_pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                                             clockid_t clock, const timespec* end) {
  constexpr long kSecond = 1'000'000'000;
  timespec now, wall;
  clock_gettime(clock, &now);
  clock_gettime(CLOCK_REALTIME, &wall);
  wall.tv_sec += end->tv_sec - now.tv_sec;
  wall.tv_nsec += end->tv_nsec - now.tv_nsec;
  if (wall.tv_nsec < 0) wall.tv_sec--, wall.tv_nsec += kSecond;
  if (wall.tv_nsec >= kSecond) wall.tv_sec++, wall.tv_nsec -= kSecond;
  return pthread_cond_timedwait(condition, mutex, &wall);
}

// strtol of C23, new in glibc 2.38, also reads binary numbers. OpenBLAS reads its environment variables with
// it.
extern "C" long blasnet_old_strtol(const char* text, char** end, int base);
__asm__(".symver blasnet_old_strtol,strtol@" BLASNET_OLDEST_GLIBC);
extern "C" __attribute__((visibility("hidden"))) long __isoc23_strtol(const char* text, char** end, int base);
extern "C" long __isoc23_strtol(const char* text, char** end, int base) {
  return blasnet_old_strtol(text, end, base);
}

// New in the libstdc++ of GCC 12: std::allocator calls it if a size is too large.
namespace std {
[[noreturn]] __attribute__((visibility("hidden"))) void __throw_bad_array_new_length() {
  throw bad_array_new_length();
}
}  // namespace std

// New in glibc 2.32. If it is true, libstdc++ counts references without atomic operations. Here it is always
// false.
extern "C" {
__attribute__((visibility("hidden"))) char __libc_single_threaded = 0;
}
