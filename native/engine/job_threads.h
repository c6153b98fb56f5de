// The threads that asynchronous operations run on: the addon's own, so that training takes neither Node's
// main thread nor libuv's pool. One set for the process; a thread serves one job after another, sleeps in
// between, and ends when it has slept for long. The end of the process waits for the jobs that run.
#pragma once

#include <functional>

namespace blasnet {

// Runs the job on a thread that has nothing else to do, a new one if need be. The job must not throw.
// Throws std::system_error when the system gives no thread.
void RunJob(std::function<void()> job);

// Whether the process is at its end, and every job is to return soon.
bool ProcessEnds();

}  // namespace blasnet
