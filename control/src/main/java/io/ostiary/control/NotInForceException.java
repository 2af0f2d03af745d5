package io.ostiary.control;

import java.util.List;

/// A change of records was refused by the data plane or the kernel, and undone.
public final class NotInForceException extends RuntimeException {
  private final List<String> problems;

  NotInForceException(List<Publication.Problem> problems) {
    super(problems.get(0).message());
    this.problems = problems.stream().map(Publication.Problem::message).toList();
  }

  public List<String> problems() {
    return problems;
  }
}
