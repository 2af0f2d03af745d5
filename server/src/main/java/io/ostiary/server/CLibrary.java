package io.ostiary.server;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/// Functions of the C library. To link one takes some milliseconds, so it is done when it is first
/// called, and not while the start is waited for.
final class CLibrary {
  private CLibrary() {}

  /// Null: this C library has none of that name.
  static @Nullable MethodHandle find(String name, FunctionDescriptor type) {
    var linker = Linker.nativeLinker();
    return linker
        .defaultLookup()
        .find(name)
        .map(address -> linker.downcallHandle(address, type))
        .orElse(null);
  }
}
