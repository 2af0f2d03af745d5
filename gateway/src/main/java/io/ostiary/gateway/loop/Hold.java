package io.ostiary.gateway.loop;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/// Which policy runs on an event loop at the moment. Written by the loop, two plain stores for each
/// filter and no clock; read by [StallWatch], which knows a filter that stays by its turn.
public final class Hold {
  private static final VarHandle TURN;

  static {
    try {
      TURN = MethodHandles.lookup().findVarHandle(Hold.class, "turn", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private @Nullable String policy;
  private long call;
  private volatile long turn;
  private volatile @Nullable Thread thread;

  /// The thread that the loop runs on.
  void ofThread(Thread loop) {
    thread = loop;
  }

  public void enter(String name, long callId) {
    policy = name;
    call = callId;
    TURN.setRelease(this, turn + 1);
  }

  public void leave() {
    TURN.setRelease(this, turn + 1);
  }

  /// Odd while a filter runs.
  long turn() {
    return turn;
  }

  @Nullable String policy() {
    return policy;
  }

  long call() {
    return call;
  }

  public @Nullable Thread thread() {
    return thread;
  }
}
