// For Windows addons that MinGW builds: finds Node, and handles the loading and unloading of the addon. For
// Microsoft's compiler, its libraries and cmake-js do this.
#include <windows.h>

#include <delayimp.h>
#include <string.h>

// ---------------------------------------------------------------------------------------------------
// The program that loads the addon holds Node-API's functions, under any file name: a renamed node.exe, or
// Electron. The linker's helper looks each function up at its first call, and asks FindNode for the module.
// ---------------------------------------------------------------------------------------------------
namespace {

FARPROC WINAPI FindNode(unsigned int event, PDelayLoadInfo info) {
  if (event != dliNotePreLoadLibrary || _stricmp(info->szDll, "node.exe") != 0) return nullptr;
  const HMODULE shared = GetModuleHandleA("libnode.dll");  // for a Node that was built as a library
  return reinterpret_cast<FARPROC>(shared != nullptr ? shared : GetModuleHandleA(nullptr));
}

}  // namespace

PfnDliHook __pfnDliNotifyHook2 = FindNode;

// ---------------------------------------------------------------------------------------------------
// The addon's entry point (CMakeLists.txt names it). It wraps the entry point of the C library.
// ---------------------------------------------------------------------------------------------------
extern "C" BOOL WINAPI DllMainCRTStartup(HINSTANCE module, DWORD reason, LPVOID process_ends);
extern "C" BOOL WINAPI BlasnetEntry(HINSTANCE module, DWORD reason, LPVOID process_ends);

BOOL WINAPI BlasnetEntry(HINSTANCE module, DWORD reason, LPVOID process_ends) {
  // A process that ends has killed its other threads, which may have held locks. OpenBLAS would wait forever
  // for such a lock, in order to free buffers that the system is about to free anyway.
  if (reason == DLL_PROCESS_DETACH && process_ends != nullptr) return TRUE;
  if (reason == DLL_PROCESS_ATTACH) {
    // Threads of the addon may sleep in this code when a worker ends and Node unloads the worker's addons.
    HMODULE pinned;
    GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                       reinterpret_cast<LPCSTR>(&BlasnetEntry), &pinned);
  }
  return DllMainCRTStartup(module, reason, process_ends);
}
