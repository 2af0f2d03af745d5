package io.ostiary.gateway.upstream;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// What is known of a call when a target is chosen for it. Reused with its call; confined to its
/// event loop.
@SuppressWarnings("ReferenceEquality") // Whether it is the same target is the question.
public final class Pick {
  private static final int TRIED_MAX = 8;

  /// Never drawn from: each call brings the source of its loop.
  private static final SplittableRandom NONE = new SplittableRandom(0);

  private final @Nullable Endpoint[] tried = new @Nullable Endpoint[TRIED_MAX];
  private SplittableRandom random;
  private int triedCount;
  private int callsMax;
  private long now;
  private long hash;
  private boolean hashed;
  private @Nullable String sticky;

  public Pick() {
    random = NONE;
  }

  /// A new call.
  public void begin(SplittableRandom draws, long at) {
    random = draws;
    now = at;
    hashed = false;
    sticky = null;
    if (triedCount > 0) {
      Arrays.fill(tried, null);
      triedCount = 0;
    }
  }

  /// Another attempt.
  public void again(long at) {
    now = at;
  }

  /// The call has a key.
  public void key(long ofCall) {
    hash = Hash.mix(ofCall);
    hashed = true;
  }

  /// The client says whom it met before.
  public void sticky(@Nullable String value) {
    sticky = value;
  }

  /// Others are preferred from now on.
  public void tried(Endpoint endpoint) {
    if (triedCount < TRIED_MAX && !isTried(endpoint)) {
      tried[triedCount++] = endpoint;
    }
  }

  public boolean isTried(Endpoint endpoint) {
    for (int i = 0; i < triedCount; i++) {
      if (tried[i] == endpoint) {
        return true;
      }
    }
    return false;
  }

  /// Whether it is passed over: tried before, or as busy as it may be.
  boolean passes(Endpoint endpoint) {
    return (triedCount > 0 && isTried(endpoint)) || full(endpoint);
  }

  boolean full(Endpoint endpoint) {
    return callsMax > 0 && endpoint.inFlight() >= callsMax;
  }

  void callsMax(int ofTarget) {
    callsMax = ofTarget;
  }

  int triedCount() {
    return triedCount;
  }

  public @Nullable String sticky() {
    return sticky;
  }

  boolean hashed() {
    return hashed;
  }

  /// The call's key; without one, a number that is drawn.
  long hash() {
    return hashed ? hash : random.nextLong();
  }

  SplittableRandom random() {
    return random;
  }

  long now() {
    return now;
  }

  /// 0-1: steady for a key, else drawn.
  double draw() {
    return hashed ? Hash.fraction(Hash.mix(hash + 1)) : random.nextDouble();
  }
}
