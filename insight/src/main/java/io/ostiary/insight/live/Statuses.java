package io.ostiary.insight.live;

/// The status codes as texts made once: the same code is the same object.
final class Statuses {
  private static final String[] TEXTS = new String[600];

  static {
    for (int i = 0; i < TEXTS.length; i++) {
      TEXTS[i] = i < 100 ? "none" : Integer.toString(i).intern();
    }
  }

  private Statuses() {}

  static String key(int status) {
    return status < 100 || status > 599 ? TEXTS[0] : TEXTS[status];
  }
}
