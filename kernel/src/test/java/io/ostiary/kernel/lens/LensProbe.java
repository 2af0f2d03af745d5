package io.ostiary.kernel.lens;

/// Tries to attach in a process of its own, and prints what came of it.
final class LensProbe {
  private LensProbe() {}

  static void main() {
    switch (Lens.attach()) {
      case Lens.Attached(var lens) -> {
        lens.close();
        System.out.println("attached");
      }
      case Lens.Refused(var sentence) -> System.out.println(sentence);
    }
  }
}
