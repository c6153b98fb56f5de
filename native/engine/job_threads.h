// Job threads run asynchronous operations, so that training does not block the JavaScript thread or libuv's
// pool. binding/operations.h calls RunJob on the JavaScript thread. All plans of the process share the job
// threads. A job thread runs one job after another, sleeps in between, and ends after 10 seconds of sleep.
// When the process ends, it waits for the running jobs (except on Windows, which has ended the threads by
// then).
#pragma once

#include <functional>

namespace blasnet {

// Runs the job on an idle thread, or on a new one if there is none. The job must not throw. Throws
// std::system_error if the system provides no thread.
void RunJob(std::function<void()> job);

// Called within a job: runs this part of it on a thread of low priority, and returns when it has ended. The
// part must not throw. The job goes on at its own priority, so that what it then does with the JavaScript
// thread keeps nobody waiting. Throws std::system_error if the system provides no such thread.
void RunAtLowPriority(const std::function<void()>& part);

// Whether the process is ending. Then every job must return soon.
bool ProcessEnds();

}  // namespace blasnet
