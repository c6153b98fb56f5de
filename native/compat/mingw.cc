// Part of the addon for Windows as MinGW builds it: how it finds Node, and how it comes and goes. Microsoft's
// libraries and cmake-js see to it for their own compiler.
#include <windows.h>

#include <delayimp.h>
#include <string.h>

// ---------------------------------------------------------------------------------------------------
// Node-API's functions are in the program that loads the addon, whatever that program is called: node.exe by
// another name, or Electron. They are looked up at their first call, and the linker's helper asks here first.
// ---------------------------------------------------------------------------------------------------
namespace {

FARPROC WINAPI FindNode(unsigned int event, PDelayLoadInfo info) {
  if (event != dliNotePreLoadLibrary || _stricmp(info->szDll, "node.exe") != 0) return nullptr;
  const HMODULE shared = GetModuleHandleA("libnode.dll");  // of a Node that was built as a library
  return reinterpret_cast<FARPROC>(shared != nullptr ? shared : GetModuleHandleA(nullptr));
}

}  // namespace

PfnDliHook __pfnDliNotifyHook2 = FindNode;

// ---------------------------------------------------------------------------------------------------
// The addon's entry point (CMakeLists.txt names it), around the one of the C library.
// ---------------------------------------------------------------------------------------------------
extern "C" BOOL WINAPI DllMainCRTStartup(HINSTANCE module, DWORD reason, LPVOID process_ends);
extern "C" BOOL WINAPI BlasnetEntry(HINSTANCE module, DWORD reason, LPVOID process_ends);

BOOL WINAPI BlasnetEntry(HINSTANCE module, DWORD reason, LPVOID process_ends) {
  // A process that ends has killed its other threads, with whatever they had locked; OpenBLAS would wait for
  // such a lock for ever before it frees its buffers, which the system is about to free.
  if (reason == DLL_PROCESS_DETACH && process_ends != nullptr) return TRUE;
  if (reason == DLL_PROCESS_ATTACH) {
    // Threads of ours may sleep in this code when a worker ends and Node unloads what the worker loaded.
    HMODULE pinned;
    GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                       reinterpret_cast<LPCSTR>(&BlasnetEntry), &pinned);
  }
  return DllMainCRTStartup(module, reason, process_ends);
}
