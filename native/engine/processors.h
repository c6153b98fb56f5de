// Which processor a thread runs on. A scheduler may wake a thread on the processor of the thread that wakes
// it, and leave it there although others are free: two threads of one loop then take turns. On Linux a thread
// can step aside; elsewhere it never needs to, as far as these functions know.
#pragma once

namespace blasnet {

// The number of the processor that runs this thread; -1: unknown.
int ThisProcessor();

// Moves this thread to another processor, if it may use one. Keeps the set of processors that it may use.
void LeaveProcessor(int processor);

}  // namespace blasnet
