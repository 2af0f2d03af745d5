package io.ostiary.model;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/// What clients are told in the place of a problem, for those who accept it.
///
/// @param statuses of problems for which it stands: 404, or 4 for all of 4xx; none: every one
/// @param problems codes of problems for which it stands; none: every one
/// @param type its media type
/// @param status that is answered; 0: the problem's own
/// @param headers more fields of the answer
/// @param upstreams whether it also stands for answers of upstreams with these statuses
public record ErrorPage(
    Set<Integer> statuses,
    Set<String> problems,
    String type,
    PageText text,
    int status,
    Map<String, String> headers,
    boolean upstreams) {
  /// Of one API, or of the gateway.
  public static final int PAGES_MAX = 64;

  private static final Set<String> OURS =
      Set.of(
          "connection",
          "content-encoding",
          "content-length",
          "content-type",
          "date",
          "keep-alive",
          "ostiary-call",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade",
          "vary");

  public ErrorPage {
    statuses = Set.copyOf(statuses);
    problems = Set.copyOf(problems);
    headers = Collections.unmodifiableMap(new LinkedHashMap<>(headers));
    for (int one : statuses) {
      if (one != 4 && one != 5 && (one < 400 || one > 599)) {
        throw Require.invalid("statuses", one, "4xx, 5xx, or one of 400-599");
      }
    }
    for (var code : problems) {
      Require.name("problems", code);
    }
    if (status != 0 && (status < 200 || status > 599)) {
      throw Require.invalid("status", status, "200-599");
    }
    if (status == 204 || status == 205 || status == 304) {
      throw Require.invalid("status", status, "a status whose answer has content");
    }
    if (!type.chars().allMatch(c -> c >= ' ' && c < 0x7f)) {
      throw Require.invalid("type", "'" + type + "'", "a media type");
    }
    if (upstreams && statuses.isEmpty()) {
      throw Require.invalid("upstream", "true", "statuses that say which of its answers");
    }
    headers.forEach(ErrorPage::field);
  }

  private static void field(String name, String value) {
    if (!FieldName.fits(name) || OURS.contains(name.toLowerCase(Locale.ROOT))) {
      throw Require.invalid(
          "headers", "'" + name + "'", "a field that the gateway does not write itself");
    }
    if (!value.chars().allMatch(c -> (c >= ' ' && c < 0x7f) || c == '\t')) {
      throw Require.invalid(
          "headers." + name, "a character that no field may have", "printable ASCII");
    }
  }

  /// Whether it stands for this.
  public boolean standsFor(int of, String code) {
    boolean byStatus = statuses.isEmpty() || statuses.contains(of) || statuses.contains(of / 100);
    return byStatus && (problems.isEmpty() || problems.contains(code));
  }
}
