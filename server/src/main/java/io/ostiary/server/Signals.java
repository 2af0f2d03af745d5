package io.ostiary.server;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/// What a signal asks a running Ostiary for. SIGTERM and SIGINT are the machine's own: they end the
/// process by way of its shutdown hook.
///
/// `sun.misc.Signal` is the one way to take a signal in Java. The compiler warns of it wherever it
/// is named, and cannot be told not to; so it is found by its name.
final class Signals {
  private Signals() {}

  /// @param act runs on a thread of its own for each signal
  /// @return whether the signal is ours to take: the machine keeps SIGUSR2 for itself, unless
  ///   `_JAVA_SR_SIGNUM` names another one, as the launcher does
  static boolean on(String name, Runnable act) {
    try {
      var signal = Class.forName("sun.misc.Signal");
      var handler = Class.forName("sun.misc.SignalHandler");
      var taker =
          Proxy.newProxyInstance(
              Signals.class.getClassLoader(),
              new Class<?>[] {handler},
              (proxy, method, arguments) -> {
                if (method.getName().equals("handle")) {
                  Thread.ofVirtual().name("signal-" + name).start(act);
                  return null;
                }
                return method.getName().equals("hashCode") ? 0 : name;
              });
      var one = signal.getConstructor(String.class).newInstance(name);
      signal.getMethod("handle", signal, handler).invoke(null, one, taker);
      return true;
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof IllegalArgumentException) {
        return false;
      }
      throw new IllegalStateException("SIG" + name + " cannot be taken", e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("SIG" + name + " cannot be taken", e);
    }
  }
}
