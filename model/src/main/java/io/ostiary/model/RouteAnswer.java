package io.ostiary.model;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Which route a request would get, and why.
///
/// @param status what the client would be told without policies: 200, where a route was found, 204
///   for `OPTIONS *`, else 400, 404, 405 or another refusal of the head
/// @param sentence why, for people
/// @param host as routing reads it
/// @param path normalised, as it is routed; null: the head is refused before
/// @param candidates routes whose host and path match, the most particular first; at most
///   [#CANDIDATES_MAX]
public record RouteAnswer(
    int status,
    String sentence,
    String host,
    @Nullable String path,
    @Nullable Chosen chosen,
    List<Candidate> candidates) {
  public static final int CANDIDATES_MAX = 50;

  public RouteAnswer {
    candidates = List.copyOf(candidates);
  }

  /// @param upstreamPath before any policy changes it
  /// @param parameters values of `{name}` segments
  /// @param upstream its own, for what no share takes; null: its policies answer
  /// @param policies in the order in which they run
  public record Chosen(
      String api,
      String route,
      String upstreamPath,
      Map<String, String> parameters,
      @Nullable String upstream,
      List<Share> shares,
      List<String> policies) {
    public Chosen {
      parameters = Map.copyOf(parameters);
      shares = List.copyOf(shares);
      policies = List.copyOf(policies);
    }
  }

  /// @param takes whether its condition sends this very request there
  public record Share(String upstream, double percent, boolean takes) {}

  /// @param host as its API is published; empty: every host
  /// @param conditions what its `when` asks, each with whether it holds
  /// @param verdict what became of it
  /// @param why in comparison with the one that was chosen
  public record Candidate(
      String api,
      String route,
      String host,
      String pattern,
      List<String> methods,
      List<Asked> conditions,
      Verdict verdict,
      String why) {
    public Candidate {
      methods = List.copyOf(methods);
      conditions = List.copyOf(conditions);
    }
  }

  /// One condition.
  public record Asked(String text, boolean holds) {}

  public enum Verdict {
    CHOSEN,
    LESS_PARTICULAR,
    CONDITION_FAILS,
    METHOD_DIFFERS
  }
}
