package io.ostiary.kernel.stage;

/// Why an object in the folder does not become a stage, in one sentence. Unchecked, since it passes
/// through the loading of an object, which knows of the kernel's errors only.
final class StageRefused extends RuntimeException {
  private static final long serialVersionUID = 1;

  StageRefused(String sentence) {
    super(sentence);
  }
}
