package io.ostiary.kernel.capture;

import io.ostiary.model.capture.CaptureRequest;
import io.ostiary.model.capture.CaptureRequest.Verdicts;
import java.util.ArrayList;
import java.util.stream.Collectors;

/// What a capture takes, in one line.
final class Wording {
  private Wording() {}

  static String of(CaptureRequest request) {
    var parts = new ArrayList<String>();
    if (request.verdicts() == Verdicts.DROPPED) {
      parts.add("dropped");
    } else if (request.verdicts() == Verdicts.PASSED) {
      parts.add("passed");
    }
    if (request.source() != null) {
      parts.add("source " + request.source());
    }
    if (request.peerPort() != 0) {
      parts.add("peer port " + request.peerPort());
    }
    if (!request.ports().isEmpty()) {
      parts.add(
          "port "
              + request.ports().stream().map(String::valueOf).collect(Collectors.joining(" or ")));
    }
    if (request.rule() != null) {
      parts.add("rule " + request.rule());
    }
    if (!request.reasons().isEmpty()) {
      parts.add("reason " + String.join(" or ", request.reasons()));
    }
    if (request.interfaceName() != null) {
      parts.add("interface " + request.interfaceName());
    }
    if (request.api() != null) {
      parts.add("api " + request.api());
    }
    if (request.call() != null) {
      parts.add("call " + request.call());
    }
    if (request.oneOf() > 1) {
      parts.add("one of " + request.oneOf());
    }
    parts.add("snap " + request.snap());
    return String.join(", ", parts);
  }
}
