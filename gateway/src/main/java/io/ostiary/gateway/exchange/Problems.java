package io.ostiary.gateway.exchange;

import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.wire.HeadFault;
import io.ostiary.model.CallId;

/// The problems that the gateway itself answers with, and how a problem looks on the wire (RFC
/// 9457). Each code has its page in `docs/problems`.
final class Problems {
  static final Problem NO_ROUTE =
      Problem.of(404, "no-route", "No such path", "No API answers to this path.");
  static final Problem NO_UPSTREAM =
      Problem.of(
          404, "no-upstream", "Nobody answers", "This path has no upstream, nor another answer.");
  static final Problem BODY_TOO_LARGE =
      Problem.of(
          413, "body-too-large", "Body too large", "The body is longer than this gateway takes.");
  static final Problem CLIENT_TIMEOUT =
      Problem.of(408, "client-timeout", "Request too slow", "The request did not arrive in time.");
  static final Problem POLICY_FAILED =
      Problem.of(500, "policy-failed", "Policy failed", "A policy of this gateway failed.");
  static final Problem INTERNAL =
      Problem.of(500, "internal", "Gateway failed", "The gateway failed to handle the call.");
  static final Problem RESPONSE_TOO_LARGE =
      Problem.of(
          502,
          "response-too-large",
          "Response too large",
          "The response is longer than this gateway passes on here.");

  static final Problem BANNED =
      Problem.of(403, "banned", "Banned", "Calls from this address are refused for a time.");
  static final Problem BAN_LIMIT =
      Problem.of(
              429,
              "ban-limit",
              "Held to a rate",
              "Calls from this address are held to a low rate for a time.")
          .withFields(Field.of("Retry-After", "1"));

  /// The upstream took back what it was asked for. Clients of gRPC are told so, and see by their
  /// own clock whether that was because their time is over.
  static final Problem CANCELLED =
      Problem.of(502, "upstream-failed", "Upstream failed", "The upstream cancelled the call.");

  private static final Problem UPSTREAM_TLS =
      Problem.of(
          502,
          "upstream-tls",
          "Upstream not trusted",
          "No secure connection to the upstream came about.");

  private static final String TYPE = "urn:ostiary:problem:";

  private Problems() {}

  static Problem of(HeadFault fault) {
    var title =
        switch (fault.status()) {
          case 414 -> "Target too long";
          case 417 -> "Expectation failed";
          case 431 -> "Head too large";
          case 501 -> "Not supported";
          case 505 -> "Version not supported";
          default -> "Malformed request";
        };
    return Problem.of(fault.status(), fault.code(), title, fault.detail());
  }

  static Problem methodNotAllowed(String allow) {
    return Problem.of(
            405, "method-not-allowed", "Method not allowed", "The path takes: " + allow + ".")
        .withFields(Field.of("Allow", allow));
  }

  /// What a client is told when the upstream, not it, is to blame.
  ///
  /// @param reason as in the ledger
  static Problem upstream(String reason) {
    if (reason.startsWith("tls-")) {
      return UPSTREAM_TLS;
    }
    return switch (reason) {
      case "connect-timeout",
          "answer-timeout",
          "try-timeout",
          "idle-timeout",
          "write-timeout",
          "total-timeout" ->
          Problem.of(
              504, "upstream-timeout", "Upstream too slow", "The upstream did not answer in time.");
      case "connect-refused",
          "connect-failed",
          "unresolved",
          "no-target",
          "no-such-socket",
          "permission-denied",
          "queue-full" ->
          Problem.of(
              503, "upstream-unreachable", "Upstream unreachable", "No upstream could be reached.");
      case "overload", "calls-max", "queue-timeout" ->
          Problem.of(
                  503,
                  "upstream-busy",
                  "Upstream busy",
                  "The upstream has as many calls as it can take.")
              .withFields(Field.of("Retry-After", "1"));
      case "connections-max" ->
          Problem.of(
                  503,
                  "upstream-busy",
                  "Upstream busy",
                  "All connections to the upstream are in use.")
              .withFields(Field.of("Retry-After", "1"));
      case "cancelled-response" -> CANCELLED;
      default ->
          Problem.of(
              502, "upstream-failed", "Upstream failed", "The upstream gave no valid answer.");
    };
  }

  static String type(Problem problem) {
    return TYPE + problem.code();
  }

  static String json(Problem problem, long callId) {
    var out = new StringBuilder(256);
    out.append("{\"type\":\"").append(TYPE);
    text(out, problem.code()).append("\",\"title\":\"");
    text(out, problem.title()).append("\",\"status\":").append(problem.status());
    if (!problem.detail().isEmpty()) {
      text(out.append(",\"detail\":\""), problem.detail()).append('"');
    }
    out.append(",\"call\":\"").append(CallId.text(callId)).append('"');
    if (!problem.faults().isEmpty()) {
      out.append(",\"faults\":[");
      for (int i = 0; i < problem.faults().size(); i++) {
        var fault = problem.faults().get(i);
        text(out.append(i == 0 ? "" : ",").append("{\"in\":\""), fault.in());
        text(out.append("\",\"pointer\":\""), fault.pointer());
        text(out.append("\",\"message\":\""), fault.message()).append("\"}");
      }
      out.append(']');
    }
    return out.append("}\n").toString();
  }

  private static StringBuilder text(StringBuilder out, String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < 0x20) {
        out.append("\\u%04x".formatted((int) c));
      } else {
        out.append(c);
      }
    }
    return out;
  }
}
